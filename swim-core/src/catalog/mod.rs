//! Catalogues: what a vendor publishes of its images, from the vendor's service or from a file.
//!
//! Everything here is pure: the replies of the service are read by [`metadata`] and [`downloads`] whatever their
//! generation, its error codes are rows of [`CODES`], and [`search`] and [`links`] do what those rows say over the port
//! [`Catalog`](crate::ports::Catalog). A form is never accepted here: that takes a [`Decision`] of a person.

mod codes;
mod document;
mod entry;
mod fetch;
mod flow;
mod form;
mod known_good;
mod query;
mod reply;
mod resume;
mod signature;

pub use codes::{Action, CODES, Code, Exception, code, refusal};
pub use document::Catalogue;
pub use entry::{Crypto, Entry, Lifecycle, Requires, Status, UpgradePath};
pub use fetch::{Fetched, fetch};
pub use flow::{Found, Grant, Links, NotGranted, links, search};
pub use form::{Acknowledged, BusinessFunction, Decision, Form, FormField, FormKind};
pub(crate) use known_good::Index;
pub use known_good::{Judgement, KnownGood, KnownValue, known_good};
pub use query::{DEVICES_AT_ONCE, DownloadRequest, Query, Wanted, check_devices};
pub use reply::{
    CatalogImage, DownloadReply, Granted, LARGEST_REPLY, Link, MetadataReply, acknowledgement, agreement, downloads,
    metadata,
};
pub use resume::{Opening, Resuming};
pub use signature::{Authenticity, Proof, Signature, Trust, verify};
