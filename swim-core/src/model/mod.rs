//! The nouns: devices, inventories, policies, digests, secrets. Values only.

mod device;
mod digest;
mod host_key;
mod inventory;
mod link;
mod location;
mod policy;
mod protocol;
mod schedule;
mod secret;
mod server;
mod trust;

pub use device::{Device, DeviceId, Endpoint, Login, PlatformId};
pub use digest::{Algorithm, Digests, Sha256};
pub use host_key::HostKeyPolicy;
pub use inventory::{
    BootState, FileEntry, FileSystem, InstallRow, InstallState, InstallStateCode, Inventory, Member, Mode, Redundancy,
    Snmp,
};
pub use link::Link;
pub use location::Location;
pub use policy::{ActivateMode, Approach, Demand, FailurePolicy, Policy, UnsavedConfig};
pub use protocol::{Direction, Protocol};
pub use schedule::Schedule;
pub use secret::{Secret, SecretRef};
pub use server::{Door, ImageServer};
pub use trust::{Fingerprint, ServerCertificate, TlsTrust};
