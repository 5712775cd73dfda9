//! IOS XR: packages, ISOs, release archives and SMUs of all its three generations.

use regex::Captures;

use super::rules::{K9, Reader, Rule, normal};
use crate::version::Scheme;

/// Each pattern names the platforms that it is seen with.
pub(super) const IOS_XR: Reader = Reader {
    platform: "iosxr",
    rules: &[
        // 32 bits: asr9k-mcast-px.pie-5.3.3, with the version behind the ending.
        Rule {
            pattern: "(?<platform>asr9k|hfr|c12k)-(?<feature>[a-z0-9-]+?)-(?<arch>px|p)\\.pie(?:-<XR>)?",
            image_type: Some("xr-pie"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?:comp-)?(?<platform>asr9k|hfr|c12k)-(?<feature>[a-z0-9-]+?)\\.pie-<XR>",
            image_type: Some("xr-pie"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<platform>asr9k|hfr|c12k)-(?<feature>[a-z0-9-]+?)-(?<arch>px|p)\\.vm(?:-<XR>)?",
            image_type: Some("xr-vm"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?:comp-)?(?<platform>asr9k|hfr|c12k)-(?<feature>[a-z0-9-]+?)\\.vm-<XR>",
            image_type: Some("xr-vm"),
            k9: K9::OfFeature,
        },
        // What boots the cards of the older ones.
        Rule { pattern: "mbi(?<platform>asr9k|hfr)-[a-z0-9-]+\\.vm(?:-<XR>)?", image_type: None, k9: K9::Silent },
        // Patches of all generations; some come as archives. Service packs are sets of them.
        Rule {
            pattern: "(?<platform>asr9k|hfr|c12k|ncs[0-9]+[a-z]?|xrv9k|8[0-9]{3})(?:-(?<arch>px|p|x64))?(?:-sysadmin)?-<XR>\\.<CSC>(?:-[0-9.]+)?\\.(?:pie|rpm|smu|tar)",
            image_type: Some("xr-smu"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<platform>asr9k|hfr|c12k|ncs[0-9]+[a-z]?|xrv9k|8[0-9]{3})(?:-(?<arch>px|p|x64))?-<XR>\\.(?:k9-)?sp-?[0-9.]*?\\.(?:pie|tar)",
            image_type: None,
            k9: K9::Silent,
        },
        // 64 bits: ncs5500-mini-x-6.3.1.iso; before 6.3 the version stood behind the ending.
        Rule {
            pattern: "(?<platform>asr9k|ncs[0-9]+[a-z]?|xrv9k)-(?<feature>golden(?:k9)?)-(?<arch>x64|x)\\.iso-<XR>(?:\\.[a-z][a-z0-9_]*)?",
            image_type: Some("xr-golden-iso"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<platform>asr9k|ncs[0-9]+[a-z]?|xrv9k)-(?<feature>golden(?:k9)?)-(?<arch>x64|x)-<XR>(?:-[a-z0-9_.]+)?\\.iso",
            image_type: Some("xr-golden-iso"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<platform>asr9k|ncs[0-9]+[a-z]?|xrv9k)-(?<feature>mini|fullk9|full|sysadmin)(?:-(?<arch>x64|x))?-<XR>\\.iso",
            image_type: Some("xr-iso"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<platform>asr9k|ncs[0-9]+[a-z]?|xrv9k)-(?<feature>mini|fullk9|full|sysadmin)(?:-(?<arch>x64|x))?\\.iso(?:-<XR>)?",
            image_type: Some("xr-iso"),
            k9: K9::OfFeature,
        },
        // Disks of virtual routers.
        Rule {
            pattern: "(?<platform>xrv9k)-(?<feature>mini|fullk9|full)-x(?:\\.vrr)?-<XR>\\.(?:qcow2|vmdk|ova|box)",
            image_type: None,
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<platform>iosxrv)(?:-k9)?-demo-<XR>\\.(?:qcow2|vmdk|ova|box)",
            image_type: None,
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<platform>asr9k)-(?<feature>mini|full)-(?<arch>x64)-migrate_to_eXR\\.tar-<XR>",
            image_type: Some("xr-migration-tar"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<platform>ncs[0-9]+[a-z]?)-(?<feature>[a-z0-9-]+?)\\.pkg-<XR>",
            image_type: Some("xr-pkg"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<platform>asr9k|asr9000|crs|xr12k|xr12000|ncs[0-9]+[a-z]?)-(?:(?<arch>x64)-)?iosxr(?:-(?<arch_behind>px|p))?(?:-(?<feature>k9))?-<XR>\\.tar",
            image_type: Some("xr-release-tar"),
            k9: K9::WithFeature,
        },
        // Only what is needed before the release, or to begin anew.
        Rule {
            pattern: "(?<platform>asr9k|asr9000|crs|xr12k|xr12000|ncs[0-9]+[a-z]?)-(?:(?<arch>x64)-)?iosxr(?:-(?<arch_behind>px|p))?(?:-(?<feature>k9))?-<XR>[-.](?:bridge_smus|turboboot)\\.tar",
            image_type: None,
            k9: K9::WithFeature,
        },
        Rule {
            pattern: "(?<feature>fullk9)-R-(?<platform>xrv9000)-(?<version>[0-9]{3,6})(?:-RR)?\\.tar",
            image_type: Some("xr-release-tar"),
            k9: K9::OfFeature,
        },
        // Packages tell the version without its dots: ncs5500-mcast-2.0.0.0-r613.x86_64.rpm.
        Rule {
            pattern: "(?<platform>asr9k|ncs[0-9]+[a-z]?|xrv9k)-(?<feature>[a-z0-9-]+?)(?:-(?<arch>x64|64))?-[0-9]+(?:\\.[0-9]+){3}-<R>\\.<CSC>(?:\\.(?:admin|host))?\\.[a-z0-9_]+\\.rpm",
            image_type: Some("xr-smu"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<platform>asr9k|ncs[0-9]+[a-z]?|xrv9k)-(?<feature>[a-z0-9-]+?)(?:-(?<arch>x64|64))?-[0-9]+(?:\\.[0-9]+){3}-<R>\\.[a-z0-9_]+\\.rpm",
            image_type: Some("xr-rpm"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "iosxr-(?<feature>[a-z0-9-]+?)-(?<platform>asr9k)-(?<arch>64)-[0-9]+(?:\\.[0-9]+){3}-<R>\\.<CSC>\\.[a-z0-9_]+\\.rpm",
            image_type: Some("xr-smu"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "iosxr-(?<feature>[a-z0-9-]+?)-(?<platform>asr9k)-(?<arch>64)-[0-9]+(?:\\.[0-9]+){3}-<R>\\.[a-z0-9_]+\\.rpm",
            image_type: Some("xr-rpm"),
            k9: K9::OfFeature,
        },
        // Parts of the system that are not of the vendor have their own number, and perhaps that of the release.
        Rule {
            pattern: "(?<feature>cisco-[a-z0-9-]+?)-[0-9.]+(?:p[0-9]+)?-r[0-9.]+(?:\\.<R>)?\\.<CSC>(?:\\.(?:admin|host))?\\.[a-z0-9_]+\\.rpm",
            image_type: Some("xr-smu"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<feature>[a-z][a-z0-9-]*?)-[0-9][0-9a-z.]*-r[0-9.]+(?:\\.<R>)?\\.<CSC>\\.(?:admin|host)\\.[a-z0-9_]+\\.rpm",
            image_type: Some("xr-smu"),
            k9: K9::OfFeature,
        },
        // The third generation: 8000-x64-24.3.1.iso.
        Rule {
            pattern: "(?<platform>8[0-9]{3}|ncs[0-9]+[a-z]?)-(?:x64|x86_64|aarch64)(?:-<XR>)?\\.iso",
            image_type: Some("xr7-iso"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<platform>8[0-9]{3}|ncs[0-9]+[a-z]?)-golden-(?:x64|x86_64|aarch64|x)-<XR>(?:-[a-z0-9_.]+)?\\.iso",
            image_type: Some("xr-golden-iso"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<platform>8[0-9]{3}|ncs[0-9]+[a-z]?)-(?:x64|x86_64|aarch64)-<XR>-<CSC>\\.(?:tar(?:\\.gz)?|tgz)",
            image_type: Some("xr-smu"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<platform>asr9k|ncs[0-9]+[a-z]?|8[0-9]{3})(?:-(?<arch>x64))?-(?<feature>usb_boot|usb)(?:-<XR>)?\\.zip",
            image_type: Some("xr-usb-zip"),
            k9: K9::Silent,
        },
        // A partition has sixteen digits in its name, which say nothing.
        Rule {
            pattern: "(?<feature>xr-[a-z0-9-]+?)(?:-[0-9a-f]{16})?-<XR>(?:v[0-9.]+)?-[0-9]+\\.[a-z0-9_]+\\.rpm",
            image_type: Some("xr7-rpm"),
            k9: K9::OfFeature,
        },
    ],
    version: |text| {
        // Some archives leave out the letter as well.
        let bare = text.bytes().all(|b| b.is_ascii_digit());
        if bare { normal(Scheme::IosXr, &format!("r{text}")) } else { normal(Scheme::IosXr, text) }
    },
    family,
};

/// The platform by the name that all generations of its files share, with the architecture where one has several.
fn family(found: &Captures<'_>) -> Option<String> {
    let group = |name: &str| found.name(name).map(|m| m.as_str().to_ascii_lowercase());
    let platform = match group("platform")?.as_str() {
        "hfr" => "crs".to_owned(),
        "c12k" | "xr12000" => "xr12k".to_owned(),
        "asr9000" => "asr9k".to_owned(),
        "xrv9000" => "xrv9k".to_owned(),
        "ncs6000" => "ncs6k".to_owned(),
        "ncs4000" => "ncs4k".to_owned(),
        "ncs5000" => "ncs5k".to_owned(),
        other => other.to_owned(),
    };
    Some(match group("arch").or_else(|| group("arch_behind")).as_deref() {
        Some("x64" | "64") if platform == "asr9k" => format!("{platform}-x64"),
        Some(arch @ ("px" | "p")) => format!("{platform}-{arch}"),
        _ => platform,
    })
}
