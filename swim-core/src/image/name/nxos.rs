//! NX-OS, ACI and UCS: `nxos64-cs.10.3.6.M.bin`, `n7000-s2-dk9.7.3.0.D1.1.bin`, `aci-n9000-dk9.14.0.1h.bin`.

use super::rules::{K9, Reader, Rule, family, normal};
use crate::version::Scheme;

/// Nexus, MDS and the fabric interconnects of UCS.
pub(super) const NXOS: Reader = Reader {
    platform: "nxos",
    rules: &[
        // A patch is called as its system, with the defect behind.
        Rule {
            pattern: "(?<family>n[0-9]{4}(?:-s[0-9])?)-(?<feature>[a-z]{0,2}k9(?:-npe)?)\\.<V>\\.<CSC>\\.bin",
            image_type: Some("nxos-smu"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<family>n9000)-(?<feature>dk9)\\.<V>\\.bin",
            image_type: Some("nxos-bin"),
            k9: K9::OfFeature,
        },
        Rule {
            // The last word is the switch that a smaller image was made for.
            pattern: "(?<family>nxos|nxos64(?:-[a-z0-9]+)?|n3[05]00-compact)\\.<V>(?:\\.comp[0-9]+)?\\.bin",
            image_type: Some("nxos-bin"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<family>n[0-9]{4}(?:-s[0-9])?)-epld\\.<V>\\.img",
            image_type: Some("nxos-epld"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "(?<family>(?:n|ucs-)[0-9]{4}(?:-s[0-9])?)-(?:(?<feature>[a-z]{0,2}k9)-)?kickstart(?:-(?<npe>npe))?\\.<V>\\.bin",
            image_type: Some("nxos-kickstart"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<family>(?:n|ucs-)[0-9]{4}(?:-s[0-9])?)-(?<feature>[a-z]{0,2}k9(?:-npe)?)(?:-system)?\\.<V>\\.bin",
            image_type: Some("nxos-system"),
            k9: K9::OfFeature,
        },
        // The MDS writes how it is compressed, as classic IOS does.
        Rule {
            pattern: "(?<family>m9[0-9]{3})-(?<feature>[a-z0-9]+k9)-kickstart-mz(?:-(?<npe>npe))?\\.<V>\\.bin",
            image_type: Some("nxos-kickstart"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<family>m9[0-9]{3})-(?<feature>[a-z0-9]+k9)-mz(?:-(?<npe>npe))?\\.<V>\\.bin",
            image_type: Some("nxos-system"),
            k9: K9::OfFeature,
        },
        Rule { pattern: "(?<family>m9000)-epld-<V>\\.img", image_type: Some("nxos-epld"), k9: K9::Silent },
        Rule {
            pattern: "(?<family>nxos|nxos64(?:-[a-z0-9]+)?)\\.<CSC>(?:-n9k_(?:ALL|EOR|TOR))?-[0-9.]+-<V>\\.lib32(?:_64)?_n9000\\.rpm",
            image_type: Some("nxos-smu"),
            k9: K9::Silent,
        },
        // Other packages, of the vendor or not.
        Rule {
            pattern: "[a-z][a-z0-9_.-]*?-[0-9]+(?:\\.[0-9]+)+-<V>\\.lib32(?:_64)?_n9000\\.rpm",
            image_type: None,
            k9: K9::Silent,
        },
        // Disks of virtual switches.
        Rule {
            pattern: "(?:(?<family>nxosv|nexus9[35]00v(?:64)?|titanium)(?:-(?:final|lite|d1))?)\\.<V>\\.(?:qcow2|vmdk|ova|box)",
            image_type: None,
            k9: K9::Silent,
        },
    ],
    version: |text| normal(Scheme::Nxos, text),
    family,
};

/// Switches and controllers of ACI.
pub(super) const ACI: Reader = Reader {
    platform: "aci",
    rules: &[
        Rule {
            pattern: "aci-(?<family>n9000)-(?<feature>dk9)\\.<V>(?:-cs_64)?\\.bin",
            image_type: Some("aci-switch"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "aci-(?<family>apic)-(?<feature>dk9)\\.<V>\\.(?:iso|bin)",
            image_type: Some("aci-apic"),
            k9: K9::OfFeature,
        },
    ],
    version: |text| normal(Scheme::Aci, text),
    family,
};
