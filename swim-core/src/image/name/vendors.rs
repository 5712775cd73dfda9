//! Other vendors: Junos, EOS, FortiOS, RouterOS, AOS-CX, Comware.

use super::rules::{K9, Reader, Rule, family, normal};
use crate::version::Scheme;

/// `junos-vmhost-install-mx-x86-64-21.4R3-S5.4.tgz`, `jinstall-host-qfx-5e-x86-64-21.2R3-S4.9-secure-signed.tgz`.
pub(super) const JUNOS: Reader = Reader {
    platform: "junos",
    rules: &[
        Rule {
            pattern: "junos-vmhost-install-usb-(?<family>[a-z0-9]+)-x86-64-<JUNOS>\\.img",
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
            pattern: "jinstall(?:64)?-(?<family>[a-z][a-z0-9-]*?)(?:-x86-64)?-<JUNOS>(?:-(?:limited|domestic|export))?(?:-signed)?\\.tgz",
            image_type: Some("junos-jinstall-tgz"),
            k9: K9::Silent,
        },
        // Other packages: which kind they are, their names do not tell.
        Rule {
            pattern: "junos(?:-evo)?(?:-install)?-(?<family>[a-z][a-z0-9-]*?)(?:-(?:x86|arm)-(?:32|64))?-<JUNOS>(?:-(?:limited|domestic|export))?(?:-signed)?\\.(?:tgz|iso)",
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
    rules: &[Rule { pattern: "(?<family>EOS(?:64)?)-<V>\\.swi", image_type: Some("eos-swi"), k9: K9::Silent }],
    version: |text| normal(Scheme::Eos, text),
    family,
};

/// `FGT_61E-v6.4.11.M-build2030-FORTINET.out`.
pub(super) const FORTIOS: Reader = Reader {
    platform: "fortios",
    rules: &[Rule {
        pattern: "(?<family>F[A-Z]{2,3}_[a-z0-9_]+)-v(?<version>[0-9.]+?)(?:\\.[MF])?-(?<alt>build[0-9]+)-FORTINET\\.out",
        image_type: Some("fortios-out"),
        k9: K9::Silent,
    }],
    version: |text| normal(Scheme::Fortios, text),
    family,
};

/// `routeros-7.17.2-arm64.npk`.
pub(super) const ROUTEROS: Reader = Reader {
    platform: "routeros",
    rules: &[Rule {
        pattern: "(?<family>[a-z][a-z-]*?)-<V>(?:-(?:arm|arm64|mipsbe|mmips|smips|tile|ppc|x86))?\\.npk",
        image_type: Some("npk"),
        k9: K9::Silent,
    }],
    version: |text| normal(Scheme::Routeros, text),
    family,
};

/// `ArubaOS-CX_8360_10_06_0110.swi`.
pub(super) const AOSCX: Reader = Reader {
    platform: "aoscx",
    rules: &[Rule {
        pattern: "ArubaOS-CX_(?<family>[a-z0-9]+)_(?<version>[0-9]+_[0-9]+_[0-9]+)\\.swi",
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
            pattern: "(?<family>[a-z0-9_-]+?)-CMW(?<version>[0-9]{3}-(?<feature>BOOT)-[RFE][0-9]+(?:P[0-9]+)?)(?:-[a-z0-9]+)?\\.(?:bin|ipe)",
            image_type: Some("comware-boot"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<family>[a-z0-9_-]+?)-CMW(?<version>[0-9]{3}-(?<feature>SYSTEM)-[RFE][0-9]+(?:P[0-9]+)?)(?:-[a-z0-9]+)?\\.(?:bin|ipe)",
            image_type: Some("comware-system"),
            k9: K9::Silent,
        },
    ],
    version: |text| {
        let (code, rest) = text.split_once('-')?;
        let (major, minor) = code.split_at_checked(1)?;
        Some(format!("{major}.{minor} {}", rest.rsplit_once('-')?.1))
    },
    family,
};
