//! NX-OS, ACI and UCS: `nxos64-cs.10.3.6.M.bin`, `n7000-s2-dk9.7.3.0.D1.1.bin`, `aci-n9000-dk9.14.0.1h.bin`.

use super::rules::{K9, Reader, Rule, family, normal};
use crate::version::Scheme;

/// Nexus, MDS and the fabric interconnects of UCS.
pub(super) const NXOS: Reader = Reader {
    platform: "nxos",
    rules: &[
        Rule {
            pattern: "(?<family>n9000)-(?<feature>dk9)\\.<V>\\.bin",
            image_type: Some("nxos-bin"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "(?<family>nxos|nxos64|nxos64-(?:cs|msll)|n3[05]00-compact)\\.<V>\\.bin",
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
        Rule {
            pattern: "(?<family>nxos)\\.<CSC>-n9k_ALL-[0-9.]+-<V>\\.lib32_n9000\\.rpm",
            image_type: Some("nxos-smu"),
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
            pattern: "aci-(?<family>n9000)-(?<feature>dk9)\\.<V>\\.bin",
            image_type: Some("aci-switch"),
            k9: K9::OfFeature,
        },
        Rule {
            pattern: "aci-(?<family>apic)-(?<feature>dk9)\\.<V>\\.iso",
            image_type: Some("aci-apic"),
            k9: K9::OfFeature,
        },
    ],
    version: |text| normal(Scheme::Aci, text),
    family,
};
