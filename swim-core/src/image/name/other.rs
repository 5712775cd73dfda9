//! Other platforms, as far as their names can be read without a doubt.

use super::NameFacts;

/// Reads the names of platforms that have no definition here yet.
pub(super) fn parse(_base: &str) -> Option<NameFacts> {
    None
}
