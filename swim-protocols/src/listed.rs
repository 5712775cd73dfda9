//! Names in folders of other machines.

use swim_core::{Error, ErrorKind, Result};

/// Bytes of a listing that are taken: some ten thousand names. A page without end must not fill the memory.
pub(crate) const LONGEST: usize = 4 * 1024 * 1024;

pub(crate) fn too_long(operation: &str) -> Error {
    Error::new(ErrorKind::NoSpace, operation, format!("the listing of the folder is longer than {LONGEST} bytes"))
}

/// A name that can be asked for: one part of a path, without control characters.
pub(crate) fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\']) && !name.chars().any(char::is_control)
}

/// Each name once, in order.
pub(crate) fn sorted(mut names: Vec<String>) -> Result<Vec<String>> {
    names.retain(|name| is_name(name));
    names.sort();
    names.dedup();
    Ok(names)
}
