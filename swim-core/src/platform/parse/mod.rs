//! Parsers of device output: one file a command, shared by drivers, the corpus test and the other languages.
//!
//! They are made for the format: labels, tables and their columns. What the text does not say is absent.

mod boot_statements;
mod copy;
mod dir;
mod install;
mod output;
mod question;
mod reload_console;
mod show_ap;
mod show_boot;
mod show_file_systems;
mod show_install;
mod show_install_package;
mod show_install_rollback;
mod show_inventory;
mod show_issu;
mod show_platform;
mod show_redundancy;
mod show_rom_monitor;
mod show_switch;
mod show_version;
mod software;
#[cfg(test)]
mod tests;
mod text;
mod uptime;
mod verify;

pub use boot_statements::{BootStatement, boot_statements};
pub use copy::{Copy, copy_from_device, copy_to_device};
pub use dir::{Dir, DirFile, dir};
pub use install::{InstallResult, InstallVerdict, install_result};
pub use output::{known_commands, known_platforms, parse_output};
pub use reload_console::{ReloadConsole, reload_console};
pub use show_ap::{ApImage, ShowApImage, ShowApSummary, show_ap_image, show_ap_summary};
pub use show_boot::{BootVariables, ShowBoot, show_boot, show_bootvar};
pub use show_file_systems::{FileSystemRow, ShowFileSystems, show_file_systems};
pub use show_install::{InstallGroup, PackageRow, ShowInstall, show_install_summary};
pub use show_install_package::{ShowInstallPackage, show_install_package};
pub use show_install_rollback::{
    RollbackPoint, ShowInstallRollback, ShowInstallRollbackId, show_install_rollback, show_install_rollback_id,
};
pub use show_inventory::{InventoryItem, ShowInventory, show_inventory};
pub use show_issu::{ShowIssuRollbackTimer, ShowIssuState, show_issu_rollback_timer, show_issu_state_detail};
pub use show_platform::{PlatformModule, ShowPlatform, show_platform};
pub use show_redundancy::{ShowRedundancy, show_redundancy};
pub use show_rom_monitor::{ShowRomMonitor, show_rom_monitor};
pub use show_switch::{ShowSwitch, StackMember, StackPorts, show_chassis, show_switch, show_switch_detail};
pub use show_version::{InstallMode, ShowVersion, SwitchBlock, SwitchRow, show_version};
pub use verify::{Verify, verify};
