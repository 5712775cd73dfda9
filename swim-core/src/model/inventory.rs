//! What a device said of itself. An absent field means that it did not say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DeviceId, PlatformId};
use crate::ports::JobId;
use crate::version::Version;

/// How the software is laid out on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// One image file that the boot statement names.
    Bundle,
    /// Packages named by `packages.conf`.
    Install,
}

/// A file on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Name without the file system.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// A directory?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub directory: bool,
}

/// A file system of one member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSystem {
    /// With the colon: `flash:`, `flash-2:`, `bootflash:`.
    pub prefix: String,
    /// Total bytes.
    pub total: Option<u64>,
    /// Free bytes.
    pub free: Option<u64>,
    /// The files of its root.
    pub files: Vec<FileEntry>,
}

/// One unit: a standalone box, a stack member, a supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its number; 1 for a standalone box.
    pub number: u32,
    /// Active, Standby, Member (new) or Master, Member (old).
    pub role: Option<String>,
    /// Ready, V-Mismatch, ...
    pub state: Option<String>,
    /// Product id.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// The version that it runs.
    pub version: Option<Version>,
    /// Its main memory in bytes.
    pub ram: Option<u64>,
    /// Install or bundle.
    pub mode: Option<Mode>,
    /// Its boot file system.
    pub flash: Option<FileSystem>,
    /// What it boots next, in order.
    pub boot_next: Option<Vec<String>>,
}

/// The boot statements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootState {
    /// Image paths for the next reload, in order; empty = the first image on flash.
    pub next: Option<Vec<String>>,
    /// The `boot system ...` lines of the running configuration, verbatim: they are the undo.
    pub lines: Option<Vec<String>>,
    /// `0x2102` and so on.
    pub config_register: Option<String>,
    /// Manual boot on?
    pub manual: Option<bool>,
}

/// The state of a package or image in the install table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum InstallStateCode {
    /// Inactive.
    I,
    /// Activated, not committed.
    U,
    /// Activated and committed.
    C,
    /// Deactivated, not committed.
    D,
}

/// One row of `show install summary`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallRow {
    /// `IMG`, `SMU`, ...
    pub kind: String,
    /// Its state.
    pub state: InstallStateCode,
    /// Version or file name, as shown.
    pub what: String,
    /// The members for which the row holds; empty when the header did not say.
    pub members: Vec<u32>,
}

/// The install table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallState {
    /// Its rows.
    pub rows: Vec<InstallRow>,
    /// Seconds until the device goes back by itself, when the timer runs.
    pub auto_abort_seconds: Option<u64>,
    /// An install operation that is under way, in the device's words.
    pub busy: Option<String>,
}

/// A redundant pair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redundancy {
    /// `Duplex` or `Simplex`.
    pub hardware: Option<String>,
    /// `sso`, `rpr`, `none`.
    pub operating: Option<String>,
    /// `STANDBY HOT`, ...
    pub peer: Option<String>,
}

/// What SNMP may do on the device. `inspect` does not collect it: it is told by who knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snmp {
    /// Does the community or user that is known here have write access?
    pub write: Option<bool>,
    /// The subtrees that `snmp-server view ... excluded` names.
    pub excluded: Option<Vec<String>>,
}

/// Everything that `inspect` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Which device.
    pub device: DeviceId,
    /// Which platform definition was used.
    pub platform: PlatformId,
    /// When it was asked.
    pub taken: Timestamp,
    /// The job that asked it; absent when it was inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The host name of the prompt.
    pub hostname: Option<String>,
    /// Product id.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// The running version.
    pub version: Option<Version>,
    /// The image code of the running software, e.g. `C2960X-UNIVERSALK9-M` or `CAT9K_IOSXE`.
    pub software: Option<String>,
    /// The running image file.
    pub image: Option<String>,
    /// Install or bundle.
    pub mode: Option<Mode>,
    /// Main memory in bytes.
    pub ram: Option<u64>,
    /// The boot ROM's version line.
    pub boot_rom: Option<String>,
    /// Seconds of uptime (minute resolution).
    pub uptime_seconds: Option<u64>,
    /// Why it last reloaded.
    pub reload_reason: Option<String>,
    /// Boot statements.
    pub boot: BootState,
    /// The install table, in install mode.
    pub install: Option<InstallState>,
    /// The redundant pair, if it is one.
    pub redundancy: Option<Redundancy>,
    /// Is the running configuration unsaved?
    pub config_unsaved: Option<bool>,
    /// The privilege level of the session.
    pub privilege: Option<u8>,
    /// `Autonomous` or `Controller-Managed`.
    pub operating_mode: Option<String>,
    /// What SNMP may do.
    pub snmp: Option<Snmp>,
    /// Every unit; never inferred from the active one.
    pub members: Vec<Member>,
}
