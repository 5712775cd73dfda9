//! Simulated network devices: for tests, for examples, and to rehearse a plan before it meets a real network.
//!
//! A device is written against the vendor's documented behaviour and against outputs of real devices, not against the
//! drivers of this library, so that the two can disagree. It speaks real SSH, or Telnet, over an in-memory [`SimNetwork`] with
//! tokio's paused clock (hundreds of devices that reload for ten minutes take a second) or over TCP ([`loopback`]).
//!
//! What it does that surprises people, because real devices do it:
//!
//! - `boot system` on a fixed switch ([`Kind::IosSwitch`]) takes one path list; a second statement *replaces* the first.
//! - An activation that is not committed is lost at the next plain `reload`, as well as when its timer goes off.
//! - While an activation is not committed, `show install summary` has a `U` row and no row for the version behind it.
//! - `[confirm]` takes one key; what is typed ahead answers the next question.
//! - A copy that was started goes on when its session is lost; a partial file is visible and grows.
//! - `boot system` lines that were not saved are lost at the reload.

mod boot;
mod carrier;
mod clock;
mod device;
mod fault;
mod flash;
mod grammar;
mod identity;
pub mod images;
mod install;
pub mod loopback;
mod network;
mod pace;
mod pull;
mod rehearsal;
mod release;
mod scp_sink;
mod scp_source;
mod shell;
mod show;
mod snapshot;
mod spec;
mod ssh;
mod state;
mod stream;
mod telnet;
mod terminal;
pub mod vendor;
mod write;

pub use device::SimDevice;
pub use fault::{Fault, InstallPhase};
pub use network::SimNetwork;
pub use pace::PacedClock;
pub use snapshot::{FileState, InstallEntry, MemberSnapshot, Received, Snapshot};
pub use spec::{BootStatement, DeviceSpec, FileSpec, Kind, Timing};
pub use swim_core::model::Mode;
