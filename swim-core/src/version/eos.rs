//! EOS: `4.29.2F`, `4.18.3.1F`; F and M tell whether a release brings features, which the order does not know. With the change
//! that was built and its branch: `4.32.1F-37265360.4321F` is the release, for it is of the branch of the release.

use super::keyed::{Keyed, dotted, with_dots};
use super::scan::{Scan, bare, before};

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    // Devices append what kind of build it is: `4.28.0F-26924507.4280F (engineering build)`.
    let engineering = text.contains("(engineering build)");
    let mut scan = Scan::new(before(bare(text), "("));
    let numbers = dotted(&mut scan, 4)?;
    let letter = scan.take_while(|b| matches!(b, b'F' | b'M'));
    let change = if scan.literal("-") { Some(scan.number(12)?) } else { None };
    let branch =
        if change.is_some() && scan.literal(".") { scan.take_while(|b| b.is_ascii_alphanumeric()) } else { "" };
    let own = format!("{}{letter}", numbers.iter().map(u64::to_string).collect::<String>());
    let build = change.filter(|_| engineering || branch != own);
    let [major, minor, ..] = *numbers.as_slice() else { return None };
    if !scan.is_done() || !(3..=4).contains(&numbers.len()) || letter.len() > 1 || major != 4 {
        return None;
    }
    let line = "EOS".to_owned();
    let normal = format!("{}{letter}", with_dots(&numbers));
    let mut key = numbers;
    key.resize(4, 0);
    let group = format!("{major}.{minor}");
    Some(Keyed { train: line.clone(), line, group, normal, key, build: build.map(|b| vec![b]), ..Keyed::default() })
}
