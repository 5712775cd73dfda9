//! Image repository: importing, finding and removing images.

mod source;

pub use source::Source;
