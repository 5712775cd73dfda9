//! ACI: `14.0(1h)` on switches, `4.0(1h)` on controllers; the two count apart.

use super::keyed::{Keyed, with_parentheses};
use super::scan::{Scan, bare, before};

/// Switches are ten above their controllers.
const FIRST_SWITCH: u64 = 11;

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    let mut scan = Scan::new(before(bare(text), "["));
    let (major, minor, part) = with_parentheses(&mut scan)?;
    if !(scan.is_done() && part.has_letters() && (1..30).contains(&major)) {
        return None;
    }
    let line = if major >= FIRST_SWITCH { "switch" } else { "controller" }.to_owned();
    Some(Keyed {
        train: line.clone(),
        line,
        group: format!("{major}.{minor}"),
        normal: format!("{major}.{minor}({})", part.written()),
        key: [major, minor].into_iter().chain(part.key()).collect(),
        ..Keyed::default()
    })
}
