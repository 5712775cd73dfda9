//! Which feature set runs on a device: from its image code, or else from the name of its image file.

use crate::image::{FeatureSet, parse_filename};
use crate::model::Inventory;

/// What is known of the running software.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunningSoftware {
    pub(crate) set: Option<FeatureSet>,
    /// The set as it is written, lower case.
    pub(super) text: String,
    pub(super) k9: Option<bool>,
    pub(super) npe: Option<bool>,
    pub(super) ldpe: Option<bool>,
    /// Where that is from.
    pub(super) from: &'static str,
}

impl RunningSoftware {
    /// `None` when neither the image code nor the file name tells.
    pub(crate) fn of(inventory: &Inventory) -> Option<Self> {
        let code = inventory.software.as_deref().and_then(of_code);
        if let Some((text, set)) = code.and_then(|text| FeatureSet::read(&text).map(|set| (text, set))) {
            let (k9, npe, ldpe) = (Some(set.is_strong()), Some(set.is_npe()), Some(set.is_ldpe()));
            return Some(Self { set: Some(set), text, k9, npe, ldpe, from: "image code of show version" });
        }
        let named = parse_filename(inventory.image.as_deref()?);
        let text = named.feature_set.unwrap_or_default().to_ascii_lowercase();
        let set = FeatureSet::read(&text);
        let known = set.is_some() || named.k9.is_some() || named.npe.is_some() || named.ldpe.is_some();
        let from = "name of the running image in show version";
        known.then_some(Self { set, text, k9: named.k9, npe: named.npe, ldpe: named.ldpe, from })
    }
}

/// The feature set in an image code: `C2960X-UNIVERSALK9-M`, `X86_64_LINUX_IOSD-UNIVERSALK9_NPE-M`, `CAT9K_IOSXE_NPE`,
/// `C9800_IOSXE-K9`.
fn of_code(code: &str) -> Option<String> {
    let lower = code.to_ascii_lowercase();
    // These families have one feature set, which they do not write.
    if let Some((family, rest)) = lower.split_once("_iosxe") {
        let plain = rest.is_empty() || rest.starts_with(['_', '-']);
        return (plain && !family.is_empty()).then(|| format!("universalk9{rest}"));
    }
    let (head, run) = lower.rsplit_once('-')?;
    let (family, set) = head.rsplit_once('-')?;
    let is_run = (1..=2).contains(&run.len()) && run.starts_with(['f', 'm', 'r', 'l', 'v']);
    (is_run && !family.is_empty() && !set.is_empty()).then(|| set.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn image_codes_tell_their_feature_set() {
        for (code, set) in [
            ("C2960X-UNIVERSALK9-M", Some("universalk9")),
            ("X86_64_LINUX_IOSD-UNIVERSALK9_NPE-M", Some("universalk9_npe")),
            ("CAT9K_IOSXE", Some("universalk9")),
            ("CAT9K_IOSXE_NPE", Some("universalk9_npe")),
            ("C9800_IOSXE-K9", Some("universalk9-k9")),
            ("C3750-IPSERVICESK9-M", Some("ipservicesk9")),
            ("C2600-IK9O3S3-MZ", Some("ik9o3s3")),
            ("C2950-I6K2L2Q4-M", Some("i6k2l2q4")),
            ("CAT3K_CAA-UNIVERSALK9-M", Some("universalk9")),
            ("CAT9K_LITE_IOSXE", Some("universalk9")),
            ("flash:packages.conf", None),
            ("CAT9K_IOSXEX", None),
            ("linux", None),
            ("", None),
        ] {
            assert_eq!(of_code(code).as_deref(), set, "{code}");
        }
    }
}
