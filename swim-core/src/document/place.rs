//! Where in a document.

use std::fmt;

/// Names of fields longer than this are cut where they are told.
const SHOWN: usize = 80;

/// A place, from the inside out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// The whole document, or the argument of this name.
    Whole(&'a str),
    /// A field of an object.
    Field(&'a Self, &'a str),
    /// An item of a list, from 0.
    Item(&'a Self, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(name) => f.write_str(name),
            Self::Item(of, at) => write!(f, "{of}[{at}]"),
            Self::Field(of, name) => {
                if !matches!(of, Self::Whole("")) {
                    write!(f, "{of}.")?;
                }
                let plain = |c: &char| !c.is_control() && !c.is_whitespace();
                let cut: String = name.chars().take(SHOWN).collect();
                match cut.chars().all(|c| plain(&c)) && !cut.is_empty() {
                    true => f.write_str(&cut),
                    false => write!(f, "{cut:?}"),
                }
            }
        }
    }
}
