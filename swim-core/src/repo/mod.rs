//! Image repository: importing, finding and removing images.
//!
//! The bytes are in an [`ImageStore`](crate::ports::ImageStore), what is known of them in the table `images` of
//! [`Records`](crate::ports::Records), by SHA-256. An image exists when both are there: the record is written
//! only after the bytes are durable, and taken away before they go. Further names that the same bytes were
//! imported under are in the table `image_names`, one record a name, so that two importers cannot lose one.

mod archive;
mod audit;
mod change;
mod clearance;
pub mod collection;
mod damage;
mod delete;
mod digester;
mod entry;
mod examine;
mod find;
mod import;
mod known_good;
mod query;
mod record;
mod remove;
mod requirements;
mod reread;
mod running;
mod said;
mod scrub;
mod search;
mod source;
mod unjudged;
mod usage;
mod window;

pub use archive::{Conflict, ExportOptions, Exported, Unpacked, export, unpack};
pub use audit::{ImageAudit, image_audit, image_audit_of};
pub(crate) use change::change;
pub use clearance::cleared;
pub use damage::{Damage, DamageKind, damage_of, damages, sound};
pub use delete::{Deleted, Referrer, Referrers, delete, jobs_with};
pub use digester::digests;
pub use entry::{COLUMNS, ImageEntry, fold};
pub use find::{ImageFilter, image, images, names};
pub use import::{ImportOptions, import};
pub use known_good::{
    Judged, KnownGoodList, Rejudged, import_known_good, judgements, known_good_lists, lift_quarantine,
    remove_known_good,
};
pub use query::{Condition, ImageQuery, ImageSort};
pub use record::split_name;
pub use remove::{Swept, remove, sweep};
pub use requirements::{
    RequirementRecord, SetRequirements, requirements, requirements_of, restore_requirements, set_requirements,
};
pub use running::running_image;
pub use said::Said;
pub use scrub::{ScrubOptions, ScrubReport, scrub};
pub use search::{FamilyGroup, Group, TypeGroup, find, grouped, named, search};
pub use source::Source;
pub use unjudged::{judge_pending, standing};
pub use usage::{By, How, InUse, Software, Usage, uses};
