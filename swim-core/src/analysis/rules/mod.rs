//! One rule a file. Adding a rule is adding a file and a line here.

/// Where something comes from, in words that are all in the program: a report has them for each device.
macro_rules! told {
    ($what:literal, $from:expr) => {
        match $from {
            $crate::image::Provenance::Header => concat!($what, " from the header of the file"),
            $crate::image::Provenance::Member => concat!($what, " from a member of the archive"),
            $crate::image::Provenance::Payload => concat!($what, " from the payload"),
            $crate::image::Provenance::FileName => concat!($what, " from the file name"),
            $crate::image::Provenance::Catalogue => concat!($what, " from a catalogue"),
            $crate::image::Provenance::User => concat!($what, " from a person"),
        }
    };
}

mod boot;
mod boot_rom;
mod catalogue;
mod ciphers;
mod config;
mod crypto;
mod damage;
mod family;
mod feature;
mod flash;
mod form;
mod install;
mod known_good;
mod licence;
mod mode;
mod operating_mode;
mod path;
mod privilege;
mod quarantine;
mod ram;
mod redundancy;
mod running_software;
mod session;
mod signature;
mod snmp;
mod stack_format;
mod standing;
mod support;
#[cfg(test)]
mod tests;
mod transfer;
mod version;

use super::Rule;
pub(crate) use family::running_family;
pub(crate) use running_software::RunningSoftware;

pub(super) const ALL: &[Rule] = &[
    support::rule,
    quarantine::rule,
    damage::rule,
    form::rule,
    family::rule,
    version::rule,
    path::rule,
    feature::rule,
    crypto::rule,
    stack_format::rule,
    mode::rule,
    operating_mode::rule,
    redundancy::rule,
    ram::rule,
    flash::rule,
    boot_rom::rule,
    boot::rule,
    install::rule,
    config::rule,
    standing::rule,
    catalogue::rule,
    known_good::rule,
    licence::rule,
    signature::rule,
    privilege::rule,
    session::rule,
    ciphers::rule,
    snmp::rule,
    transfer::rule,
];

/// Rules about image and device themselves, whatever state the device is in. Not how the image stands with its vendor, nor
/// its feature set: who asks for these rules has words of his own for them.
pub(super) const FIT: &[Rule] = &[
    damage::rule,
    form::rule,
    catalogue::rule,
    family::rule,
    version::rule,
    path::rule,
    crypto::rule,
    stack_format::rule,
    ram::rule,
    flash::rule,
    boot_rom::rule,
];
