//! Ports: what the engine needs of the world. Traits only; adapters are in the other crates.

mod catalog;
mod checks;
mod cli;
mod clock;
mod context;
mod image_store;
mod index;
mod job_store;
mod network;
mod records;
mod secrets;
mod sink;
mod transfer;

pub use catalog::Catalog;
pub use checks::{CheckCall, PostChecks, Verdict};
pub use cli::{Cli, CliConnector};
pub use clock::Clock;
pub use context::{Context, Note, NoteSink, Silent};
pub use image_store::{ImageStore, ImageWriter, Opened};
pub use index::Index;
pub use job_store::{Appended, JobId, JobStore, JobSummary, Lease, NewJob, Sequence, Stored, WorkerId};
pub use network::{Accepted, ByteStream, Datagrams, Dialed, Listener, Network};
pub use records::Records;
pub use secrets::Secrets;
pub use sink::Sink;
pub use transfer::{Accept, Blocks, Comparison, Fetch, Offer, Push, Receipt, Served, Transfer, TransferAbility};
