//! One rule a file. Adding a rule is adding a file and a line here.

mod boot;
mod boot_rom;
mod config;
mod family;
mod flash;
mod install;
mod mode;
mod operating_mode;
mod privilege;
mod ram;
mod session;
#[cfg(test)]
mod tests;
mod transfer;
mod version;

use super::Rule;
pub(crate) use family::running_family;

pub(super) const ALL: &[Rule] = &[
    family::rule,
    version::rule,
    mode::rule,
    operating_mode::rule,
    ram::rule,
    flash::rule,
    boot_rom::rule,
    boot::rule,
    install::rule,
    config::rule,
    privilege::rule,
    session::rule,
    transfer::rule,
];
