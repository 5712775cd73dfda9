//! Devices from recorded inventories: a plan is played on them before it meets the real ones.

use swim_core::model::{Inventory, Member, Mode};
use swim_core::{Error, ErrorKind, Result};

use crate::{DeviceSpec, FileSpec};

/// Models of the stack that this crate knows begin with one of these.
const STACK_MODELS: [&str; 3] = ["C9300", "C9200", "C9500"];
/// Models of fixed switches begin so.
const SWITCH_MODELS: [&str; 2] = ["WS-C", "C1000"];

impl DeviceSpec {
    /// A device like the one that an inventory describes: its versions, files, room, boot statements and privilege.
    /// What the inventory does not say keeps the value of the kind; the login is an invented one.
    ///
    /// # Errors
    /// `InvalidInput` when the inventory lacks the running version or the image, `Unsupported` for IOS XE outside of
    /// install mode and for numbers of members that no stack has.
    pub fn from_inventory(inventory: &Inventory) -> Result<Self> {
        let missing = |field: &str| Error::invalid(field, "absent", "a rehearsal needs it");
        let version = inventory.version.as_ref().ok_or_else(|| missing("version"))?.as_str().to_owned();
        let host = inventory.hostname.clone().unwrap_or_else(|| inventory.device.as_str().to_owned());
        let model = inventory.model.clone().unwrap_or_default();
        let count = inventory.members.len().max(1);
        let mut spec = if inventory.platform.0 == "ios_xe" {
            let stack = STACK_MODELS.iter().any(|m| model.starts_with(m));
            if inventory.mode != Some(Mode::Install) || !stack || count > 8 {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "rehearse",
                    format!("{model:?} with {count} members in mode {:?} is not simulated", inventory.mode),
                ));
            }
            Self::cat9300(host, count as u32)
        } else if SWITCH_MODELS.iter().any(|m| model.starts_with(m)) {
            Self::ios_switch(host)
        } else {
            Self::ios_router(host)
        };
        if spec.install_mode() {
            spec.version = crate::release::unpadded(&version);
            spec.image = format!("{}_iosxe.{}.SPA.bin", spec.family, crate::release::padded(&spec.version));
        } else {
            let path = inventory.image.as_deref().ok_or_else(|| missing("image"))?;
            spec.version = version;
            spec.image = path.split_once(':').map_or(path, |(_, n)| n).trim_start_matches('/').to_owned();
        }
        if !model.is_empty() {
            spec.model = model;
        }
        if let Some(software) = inventory.software.clone().filter(|_| !spec.install_mode()) {
            software.split('-').next().unwrap_or_default().clone_into(&mut spec.family);
            spec.software = software;
        }
        if let Some(rom) = &inventory.boot_rom {
            spec.rom.clone_from(rom);
        }
        spec.ram = inventory.ram.unwrap_or(spec.ram);
        spec.privilege = inventory.privilege.unwrap_or(spec.privilege);
        spec.uptime_seconds = inventory.uptime_seconds.unwrap_or(spec.uptime_seconds);
        spec.clock = inventory.taken;
        if let Some(register) = &inventory.boot.config_register {
            spec.config_register.clone_from(register);
        }
        if let Some(next) = &inventory.boot.next {
            spec.boot.clone_from(next);
        }
        if inventory.config_unsaved == Some(true) {
            spec.faults.push(crate::Fault::ConfigUnsaved);
        }
        spec.serials = inventory.members.iter().filter_map(|m| m.serial.clone()).collect();
        if spec.serials.is_empty() {
            spec.serials.extend(inventory.serial.clone());
        }
        for member in &inventory.members {
            spec.take_flash(member);
        }
        Ok(spec)
    }

    /// Room and files of one member. All members get the smallest flash of them: what fits there fits everywhere.
    fn take_flash(&mut self, member: &Member) {
        let Some(flash) = &member.flash else { return };
        let first = self.files.is_empty();
        if let Some(total) = flash.total {
            self.flash_total = if first { total } else { self.flash_total.min(total) };
        }
        if let Some(free) = flash.free {
            self.flash_free = if first { free } else { self.flash_free.min(free) };
        }
        for file in flash.files.iter().filter(|f| !f.directory) {
            if file.name == self.image {
                self.image_bytes = file.bytes;
                // A bundle-mode device has its running image already.
                if !self.install_mode() {
                    continue;
                }
            }
            if file.name == "packages.conf" {
                continue;
            }
            self.files.push(FileSpec::new(&file.name, file.bytes).on(member.number));
        }
    }
}
