//! Which software devices use, as their inventories tell: pure, so that every store finds the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entry::{ImageEntry, fold, release};
use crate::analysis::running_family;
use crate::model::{DeviceId, FileEntry, InstallStateCode, Inventory, Mode, Sha256};
use crate::version::Version;

/// Smaller files on a flash are configurations, keys and logs.
const LEAST_FILE: u64 = 64 * 1024;

/// Files of one device that are looked at: real flashes have some dozens.
const MOST_FILES: usize = 4096;

/// How a device uses software.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum How {
    /// It runs.
    Running,
    /// A boot statement names it.
    BootNext,
    /// It is activated and committed in the install table: what the device goes back to.
    Committed,
    /// It is in the install table, in another state.
    Installed,
    /// It is a file on a flash.
    OnFlash,
}

impl How {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Running, Self::BootNext, Self::Committed, Self::Installed, Self::OnFlash];
}

/// By what a use was recognised as one of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum By {
    /// The file has the image's name and size.
    NameAndSize,
    /// The file has the image's name; its size is not known.
    Name,
    /// The family and the release are those of the image (install mode names no file). Other images of the same release fit
    /// as well.
    Release,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::NameAndSize, Self::Name, Self::Release];
}

/// Software as a device names it: a file by its name and size, or (install mode) a release by its family.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Software {
    /// The name of the file, or the family and the release.
    pub said: String,
    /// The name of the file, [folded](fold); empty for a release.
    pub name: String,
    /// The size of the file, where it is known.
    pub bytes: Option<u64>,
    /// The family of a release, lower case; empty for a file.
    pub family: String,
    /// The release; empty for a file.
    pub release: String,
}

impl Software {
    fn file(name: &str, bytes: Option<u64>) -> Self {
        let said = name.chars().filter(|c| !c.is_control()).collect();
        Self { said, name: fold(name), bytes, family: String::new(), release: String::new() }
    }

    fn release(family: Option<&str>, version: &Version) -> Self {
        let family = family.map(fold).unwrap_or_default();
        let said = format!("{family} {}", version.normal()).trim_start().to_owned();
        Self { said, name: String::new(), bytes: None, family, release: release(version) }
    }

    /// Is it an image, which has these names beside its first one? By what?
    #[must_use]
    pub fn is(&self, image: &ImageEntry) -> Option<By> {
        if self.name.is_empty() {
            let same =
                !self.family.is_empty() && self.family == image.column("family") && self.release == image.release;
            return (same && !image.release.is_empty()).then_some(By::Release);
        }
        let named = image.column("file_name").split('\n').any(|name| name == self.name);
        match self.bytes {
            _ if !named => None,
            None => Some(By::Name),
            Some(bytes) => (bytes == image.bytes).then_some(By::NameAndSize),
        }
    }
}

/// What a device uses, as the record of its inventory tells it: each software once for each way. Nothing for what is no
/// inventory.
#[must_use]
pub fn uses(inventory: &Value) -> BTreeSet<(How, Software)> {
    Inventory::deserialize(inventory).map(|inventory| of(&inventory)).unwrap_or_default()
}

fn of(inventory: &Inventory) -> BTreeSet<(How, Software)> {
    let mut out = BTreeSet::new();
    let flashes = || inventory.members.iter().filter_map(|member| member.flash.as_ref());
    let files: Vec<&FileEntry> = flashes().flat_map(|flash| &flash.files).take(MOST_FILES).collect();
    let size = |name: &str| files.iter().find(|file| !file.directory && file.name == name).map(|file| file.bytes);
    let file = |path: &str| {
        let name = base_name(path);
        (!name.is_empty() && name != PACKAGES).then(|| Software::file(name, size(name)))
    };
    let family = running_family(inventory);
    let release = |version: &Version| Software::release(family.as_deref(), version);
    let by_packages = |path: &str| base_name(path) == PACKAGES;
    let installed = inventory.mode == Some(Mode::Install) || inventory.image.as_deref().is_some_and(by_packages);
    let running = inventory.image.as_deref().filter(|_| !installed).and_then(file);
    out.extend(running.or_else(|| inventory.version.as_ref().map(release)).map(|software| (How::Running, software)));
    // A member that runs another release than the active one.
    let same = |v: &Version| inventory.version.as_ref().is_some_and(|running| running.same_release(v));
    let odd = inventory.members.iter().filter_map(|member| member.version.as_ref()).filter(|version| !same(version));
    out.extend(odd.map(|version| (How::Running, release(version))));
    let next = inventory.boot.next.iter().chain(inventory.members.iter().filter_map(|m| m.boot_next.as_ref()));
    out.extend(next.flatten().filter_map(|path| file(path)).map(|software| (How::BootNext, software)));
    let scheme = inventory.version.as_ref().map(Version::scheme);
    for row in inventory.install.iter().flat_map(|install| &install.rows).filter(|row| row.kind == "IMG") {
        let Some(version) = scheme.and_then(|scheme| Version::parse(scheme, &row.what).ok()) else { continue };
        let how = if row.state == InstallStateCode::C { How::Committed } else { How::Installed };
        out.insert((how, release(&version)));
    }
    let large = files.iter().filter(|file| !file.directory && file.bytes >= LEAST_FILE);
    out.extend(large.map(|file| (How::OnFlash, Software::file(base_name(&file.name), Some(file.bytes)))));
    out
}

/// What install mode boots, on every release: no image.
const PACKAGES: &str = "packages.conf";

/// The name of a file: `flash:/images/x.bin` is `x.bin`.
fn base_name(path: &str) -> &str {
    path.rsplit(['/', ':']).next().unwrap_or(path)
}

/// How a device uses an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// Which device.
    pub device: DeviceId,
    /// How.
    pub how: How,
    /// By what that is known.
    pub by: By,
    /// The software as the device names it.
    pub software: String,
}

impl Usage {
    /// A use.
    #[must_use]
    pub const fn new(device: DeviceId, how: How, by: By, software: String) -> Self {
        Self { device, how, by, software }
    }
}

/// Software that devices run, and how many do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InUse {
    /// What the devices call it: file names, or a family and a version in install mode.
    pub software: Vec<String>,
    /// The image of the repository that it is. None: it was not imported. Several: each of them may be it.
    pub images: Vec<Sha256>,
    /// How many devices run it.
    pub devices: u64,
}

impl InUse {
    /// So many devices run it. What it is called and which images it may be are put in order.
    #[must_use]
    pub fn new(mut software: Vec<String>, mut images: Vec<Sha256>, devices: u64) -> Self {
        software.sort_unstable();
        software.dedup();
        images.sort_unstable();
        images.dedup();
        Self { software, images, devices }
    }
}
