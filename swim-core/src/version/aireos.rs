//! AireOS: `8.10.196.0`; image names write dashes.

use super::keyed::{Keyed, dotted, with_dots};
use super::scan::{Scan, bare};

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    let text = bare(text);
    let plain = if text.contains('.') { text.to_owned() } else { text.replace('-', ".") };
    let mut scan = Scan::new(&plain);
    let key = dotted(&mut scan, 4)?;
    let [major, minor, ..] = *key.as_slice() else { return None };
    if !scan.is_done() || key.len() != 4 || !(2..=9).contains(&major) {
        return None;
    }
    let line = "AireOS".to_owned();
    let group = format!("{major}.{minor}");
    Some(Keyed { train: line.clone(), line, group, normal: with_dots(&key), key, ..Keyed::default() })
}
