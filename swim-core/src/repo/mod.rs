//! Image repository: importing, finding and removing images.
//!
//! The bytes are in an [`ImageStore`](crate::ports::ImageStore), what is known of them in the table `images` of
//! [`Records`](crate::ports::Records), by SHA-256. An image exists when both are there: the record is written
//! only after the bytes are durable, and taken away before they go. Further names that the same bytes were
//! imported under are in the table `image_names`, one record a name, so that two importers cannot lose one.

mod digester;
mod examine;
mod find;
mod import;
mod record;
mod remove;
mod requirements;
mod source;
mod window;

pub use digester::digests;
pub use find::{ImageFilter, image, images, names};
pub use import::{ImportOptions, import};
pub use remove::{Swept, remove, sweep};
pub use requirements::{RequirementRecord, SetRequirements, requirements, restore_requirements, set_requirements};
pub use source::Source;
