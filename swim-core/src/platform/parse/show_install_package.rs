//! `show install package FILE`.

use serde::Serialize;

use super::text::{lines, number, owned, set};

/// What the command says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowInstallPackage {
    /// File name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// For which platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// `SMU`, `PKG`, ...
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The defect that it mends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// State, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `reload` or `non-reload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smu_type: Option<String>,
    /// The version that it fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compatible: Option<String>,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// Reads `show install package FILE`: the head, not the packages inside.
///
/// ```
/// use swim_core::platform::parse::show_install_package;
/// let p = show_install_package("Name: a.smu.bin\nDefect ID:\nPackage State: Inactive\nInternal package information:\nPlatform: X");
/// assert_eq!(p.state.as_deref(), Some("Inactive"));
/// assert_eq!((p.defect, p.platform), (None, None));
/// ```
#[must_use]
pub fn show_install_package(text: &str) -> ShowInstallPackage {
    let mut out = ShowInstallPackage::default();
    for line in lines(text) {
        let Some((label, value)) = line.split_once(':') else { continue };
        let field = match label.trim() {
            "Internal package information" => break,
            "Name" => &mut out.name,
            "Version" => &mut out.version,
            "Platform" => &mut out.platform,
            "Package Type" => &mut out.kind,
            "Defect ID" => &mut out.defect,
            "Package State" => &mut out.state,
            "SMU Type" => &mut out.smu_type,
            "SMU Compatible with Version" => &mut out.compatible,
            "Size" => {
                set(&mut out.size_bytes, number(value.trim()));
                continue;
            }
            _ => continue,
        };
        set(field, owned(value));
    }
    out
}
