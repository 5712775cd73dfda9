//! Other vendors: Junos, EOS, FortiOS, PAN-OS, RouterOS, AOS-CX, Comware.

use super::rules::{K9, Reader, Rule, family, normal};
use crate::version::Scheme;

/// `junos-vmhost-install-mx-x86-64-21.4R3-S5.4.tgz`, `jinstall-host-qfx-5e-x86-64-21.2R3-S4.9-secure-signed.tgz`.
pub(super) const JUNOS: Reader = Reader {
    platform: "junos",
    rules: &[
        Rule {
            pattern: "junos-vmhost-install-usb-(?<family>[a-z0-9]+)-x86-64-<JUNOS>\\.img(?:\\.gz)?",
            image_type: Some("junos-usb-img"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "junos-vmhost-install-(?<family>[a-z0-9]+)-x86-64-<JUNOS>\\.tgz",
            image_type: Some("junos-vmhost-tgz"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "jinstall-host-(?<family>[a-z0-9-]+?)(?:-x86-64)?-<JUNOS>(?:-(?:limited|domestic))?(?:-secure)?(?:-signed)?\\.tgz",
            image_type: Some("junos-jinstall-host-tgz"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "jinstall(?:64)?(?:-(?<family>[a-z][a-z0-9-]*?))?(?:-x86-64)?-<JUNOS>(?:-(?:limited|domestic|export))?(?:-signed)?\\.tgz",
            image_type: Some("junos-jinstall-tgz"),
            k9: K9::Silent,
        },
        // Media to install from, and what boots the others.
        Rule {
            pattern: "junos(?:-vmhost)?-install(?:-media)?-(?:usb|net)-(?<family>[a-z][a-z0-9-]*?)(?:-(?:x86|arm|mips)-(?:32|64))?-<JUNOS>(?:-signed)?\\.(?:tgz|img(?:\\.gz)?)",
            image_type: None,
            k9: K9::Silent,
        },
        Rule {
            pattern: "junos-(?:boot|routing)-[a-z0-9-]*?-<JUNOS>(?:-(?:limited|domestic|export))?(?:-signed)?\\.tgz",
            image_type: None,
            k9: K9::Silent,
        },
        // Virtual routers and switches.
        Rule { pattern: "(?<family>vmx)-bundle-<JUNOS>\\.tgz", image_type: None, k9: K9::Silent },
        Rule {
            pattern: "(?<family>vJunos(?:Evolved|-switch|-router)?)-<JUNOS>\\.qcow2",
            image_type: None,
            k9: K9::Silent,
        },
        // Other packages: which kind they are, their names do not tell.
        Rule {
            pattern: "junos(?:-evo)?(?:-install)?(?:-media)?-(?<family>[a-z][a-z0-9-]*?)(?:-(?:x86|arm|mips)-(?:32|64))?(?:-vmdisk)?-<JUNOS>(?:-(?:limited|domestic|export))?(?:-signed)?\\.(?:tgz|iso|qcow2|vmdk|ova)",
            image_type: None,
            k9: K9::Silent,
        },
    ],
    version: |text| normal(Scheme::Junos, text),
    family,
};

/// `EOS-4.18.3.1F.swi`.
pub(super) const EOS: Reader = Reader {
    platform: "eos",
    rules: &[
        // Made for little memory, or without cryptography: the number is the same.
        Rule {
            pattern: "(?<family>EOS(?:64)?)-<V>(?:-(?:2GB|INT))*\\.swi",
            image_type: Some("eos-swi"),
            k9: K9::Silent,
        },
        // Of the laboratory.
        Rule {
            pattern: "(?<family>[vc]EOS(?:64)?-lab|CloudEOS(?:64)?)-<V>\\.(?:swi|vmdk|qcow2|tar(?:\\.xz)?)",
            image_type: None,
            k9: K9::Silent,
        },
    ],
    version: |text| normal(Scheme::Eos, text),
    family,
};

/// `FGT_61E-v6.4.11.M-build2030-FORTINET.out`.
pub(super) const FORTIOS: Reader = Reader {
    platform: "fortios",
    rules: &[
        // Other letters are other products of the vendor, with systems of their own.
        Rule {
            pattern: "(?<family>F(?:GT|WF|GR|FW|OS)_[a-z0-9_]+)-v(?<version>[0-9.]+?)(?:\\.[MF])?-(?<alt>build[0-9]+)-FORTINET\\.out",
            image_type: Some("fortios-out"),
            k9: K9::Silent,
        },
        // Disks of virtual firewalls.
        Rule {
            pattern: "(?<family>F(?:GT|OS)_[a-z0-9_]+)-v(?<version>[0-9.]+?)(?:\\.[MF])?-(?<alt>build[0-9]+)-FORTINET\\.out\\.[a-z]+\\.(?:zip|qcow2)",
            image_type: None,
            k9: K9::Silent,
        },
    ],
    version: |text| normal(Scheme::Fortios, text),
    family,
};

/// `PanOS_220-9.1.16`, `PanOS_vm-10.1.9-h1`.
pub(super) const PANOS: Reader = Reader {
    platform: "panos",
    rules: &[
        Rule { pattern: "PanOS_(?<family>[a-z0-9]+)-<V>(?:\\.tgz)?", image_type: None, k9: K9::Silent },
        Rule { pattern: "(?<family>PA-VM)-(?:KVM|ESX|HPV)-<V>\\.(?:qcow2|ova|vhdx)", image_type: None, k9: K9::Silent },
    ],
    version: |text| normal(Scheme::Panos, text),
    family,
};

/// `routeros-7.17.2-arm64.npk`.
pub(super) const ROUTEROS: Reader = Reader {
    platform: "routeros",
    rules: &[
        // Before 7 the architecture stood before the version.
        Rule {
            pattern: "(?<family>[a-z][a-z-]*?)(?:-(?:arm|arm64|mipsbe|mipsle|mmips|smips|tile|ppc|powerpc|x86))?-<V>(?:-(?:arm|arm64|mipsbe|mipsle|mmips|smips|tile|ppc|powerpc|x86))?\\.npk",
            image_type: Some("npk"),
            k9: K9::Silent,
        },
        // Disks of virtual routers.
        Rule {
            pattern: "(?<family>chr)-<V>\\.(?:img|vmdk|vdi|vhdx?|qcow2|ova)(?:\\.zip)?",
            image_type: None,
            k9: K9::Silent,
        },
    ],
    version: |text| normal(Scheme::Routeros, text),
    family,
};

/// `ArubaOS-CX_8360_10_06_0110.swi`.
pub(super) const AOSCX: Reader = Reader {
    platform: "aoscx",
    rules: &[Rule {
        pattern: "(?:Aruba|A)OS-CX_(?<family>[a-z0-9-]+)_(?<version>[0-9]+_[0-9]+_[0-9]+)\\.swi",
        image_type: Some("aoscx-swi"),
        k9: K9::Silent,
    }],
    version: |text| normal(Scheme::Aoscx, &text.replace('_', ".")),
    family,
};

/// `VSR1000-CMW710-SYSTEM-R0204P01-X64.bin` is 7.10 R0204P01.
pub(super) const COMWARE: Reader = Reader {
    platform: "comware",
    rules: &[
        Rule {
            pattern: "(?<family>[a-z0-9_-]+?)-CMW(?<version>[0-9]{3}-(?<feature>BOOT)-[RFE][0-9]+(?:[PLH][0-9]+)*)(?:-[a-z0-9]+)?\\.(?:bin|ipe)",
            image_type: Some("comware-boot"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<family>[a-z0-9_-]+?)-CMW(?<version>[0-9]{3}-(?<feature>SYSTEM)-[RFE][0-9]+(?:[PLH][0-9]+)*)(?:-[a-z0-9]+)?\\.(?:bin|ipe)",
            image_type: Some("comware-system"),
            k9: K9::Silent,
        },
        // Both of them in one file, or of a system that has no such parts.
        Rule {
            pattern: "(?<family>[a-z0-9_-]+?)-CMW(?<version>[0-9]{3}-[RFE][0-9]+(?:[PLH][0-9]+)*)(?:-[a-z0-9]+)?\\.(?:bin|ipe)",
            image_type: None,
            k9: K9::Silent,
        },
    ],
    version: |text| {
        let (code, rest) = text.split_once('-')?;
        let (major, minor) = code.split_at_checked(1)?;
        let release = rest.rsplit_once('-').map_or(rest, |(_, release)| release);
        Some(format!("{major}.{minor} {}", release.to_ascii_uppercase()))
    },
    family,
};
