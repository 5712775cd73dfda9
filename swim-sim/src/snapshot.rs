//! What a test can see of a device from outside.

use serde::{Deserialize, Serialize};

use swim_core::model::{InstallStateCode, Mode, Protocol};

/// A file that came in, or part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Where it was put, e.g. `flash:x.bin`.
    pub path: String,
    /// By which protocol; `None` for a copy on the device.
    pub protocol: Option<Protocol>,
    /// Offset of the first byte.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Did it end as it should?
    pub complete: bool,
}

/// A file on flash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// Name without the file system.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// MD5 as `verify` tells it.
    pub md5: String,
    /// SHA-512 as `verify` tells it.
    pub sha512: String,
}

/// A row of the install table of one member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallEntry {
    /// Its state; the committed set behind an uncommitted one is not among the rows.
    pub state: InstallStateCode,
    /// Long version.
    pub version: String,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberSnapshot {
    /// Its number.
    pub number: u32,
    /// Is it in the stack?
    pub present: bool,
    /// The version that it runs.
    pub version: String,
    /// The image that it booted.
    pub image: String,
    /// Install or bundle.
    pub mode: Mode,
    /// Free bytes of flash.
    pub free: u64,
    /// Files on flash.
    pub files: Vec<FileState>,
    /// Install table.
    pub install: Vec<InstallEntry>,
}

/// The state of a device at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The host name.
    pub hostname: String,
    /// Does it take connections?
    pub up: bool,
    /// Every member.
    pub members: Vec<MemberSnapshot>,
    /// How often it has reloaded.
    pub reload_count: u32,
    /// Why it last did.
    pub reload_reason: String,
    /// Boot paths of the running configuration.
    pub boot_running: Vec<String>,
    /// Boot paths of the saved configuration: what the next reload uses.
    pub boot_startup: Vec<String>,
    /// The `boot system` lines of the running configuration.
    pub boot_lines: Vec<String>,
    /// Is the running configuration unsaved?
    pub config_unsaved: bool,
    /// Seconds until the device goes back by itself.
    pub auto_abort_seconds: Option<u64>,
    /// Is an install operation under way?
    pub install_busy: bool,
    /// Copies into flash that are under way.
    pub copies_running: u32,
    /// Every line that was typed, answers and secrets too, and `exec` requests.
    pub commands: Vec<String>,
    /// Every transfer, in the order in which it ended.
    pub received: Vec<Received>,
}

impl Snapshot {
    /// The version of the active unit.
    #[must_use]
    pub fn version(&self) -> &str {
        self.members.first().map_or("", |m| &m.version)
    }

    /// A file of a member.
    #[must_use]
    pub fn file(&self, member: u32, name: &str) -> Option<&FileState> {
        self.members.iter().find(|m| m.number == member)?.files.iter().find(|f| f.name == name)
    }

    /// The long version in this install state on the active unit.
    #[must_use]
    pub fn installed(&self, state: InstallStateCode) -> Option<&str> {
        self.members.first()?.install.iter().find(|e| e.state == state).map(|e| e.version.as_str())
    }
}
