//! Which feature set runs on a device: from its image code, or else from the name of its image file.

use crate::image::parse_filename;
use crate::model::Inventory;

/// Parts of a feature set that are no features: cryptography is judged apart, and `wlc` marks wireless controllers, whose
/// other images do not write it.
const APART: [&str; 4] = ["k9", "npe", "ldpe", "wlc"];

/// A feature set, taken apart: `universalk9_npe` is `universal` with cryptography, without payload encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FeatureSet {
    /// As it is written.
    pub(super) text: String,
    /// Without what is apart.
    pub(super) base: String,
    /// `noli`, `ias`, ..., in order.
    pub(super) variants: Vec<String>,
    pub(super) k9: bool,
    pub(super) npe: bool,
    pub(super) ldpe: bool,
}

impl FeatureSet {
    pub(super) fn read(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let (head, tail) = lower.split_once(['_', '-']).unwrap_or((&lower, ""));
        let base = head.strip_suffix("ldpe").unwrap_or(head).replace("k91", "").replace("k9", "").replace("k8", "");
        let mut variants: Vec<String> =
            tail.split(['_', '-']).filter(|v| !v.is_empty() && !APART.contains(v)).map(str::to_owned).collect();
        variants.sort_unstable();
        Self {
            base,
            variants,
            // The oldest switch images write `k2` for 3DES.
            k9: lower.contains("k9") || lower.contains("k2"),
            npe: lower.contains("npe"),
            ldpe: lower.contains("ldpe"),
            text: lower,
        }
    }

    /// The same features, whatever their cryptography?
    pub(super) fn same_features(&self, other: &Self) -> bool {
        self.base == other.base && self.variants == other.variants
    }
}

/// What is known of the running software.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub(super) set: Option<FeatureSet>,
    pub(super) k9: Option<bool>,
    pub(super) npe: Option<bool>,
    pub(super) ldpe: Option<bool>,
    /// Where that is from.
    pub(super) from: &'static str,
}

impl Running {
    /// `None` when neither the image code nor the file name tells.
    pub(super) fn of(inventory: &Inventory) -> Option<Self> {
        if let Some(set) = inventory.software.as_deref().and_then(of_code) {
            let set = FeatureSet::read(&set);
            let (k9, npe, ldpe) = (Some(set.k9), Some(set.npe), Some(set.ldpe));
            return Some(Self { set: Some(set), k9, npe, ldpe, from: "image code of show version" });
        }
        let named = parse_filename(inventory.image.as_deref()?);
        let set = named.feature_set.as_deref().map(FeatureSet::read);
        let known = set.is_some() || named.k9.is_some() || named.npe.is_some() || named.ldpe.is_some();
        let from = "name of the running image in show version";
        known.then_some(Self { set, k9: named.k9, npe: named.npe, ldpe: named.ldpe, from })
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
            ("CAT9K_IOSXEX", None),
            ("linux", None),
            ("", None),
        ] {
            assert_eq!(of_code(code).as_deref(), set, "{code}");
        }
    }

    #[test]
    fn cryptography_is_no_feature() {
        let same = |a: &str, b: &str| FeatureSet::read(a).same_features(&FeatureSet::read(b));
        assert!(same("ipservices", "ipservicesk9") && same("universalk9", "universalk9_npe"));
        assert!(same("universalk9", "universalk9ldpe") && same("universalk9-k9", "universalk9_wlc"));
        assert!(same("ik9o3s3", "io3s3") && same("universalk9_npe_noli", "universalk9_noli"));
        assert!(!same("ipbase", "ipservices") && !same("universalk9", "universalk9_noli"));
        let set = FeatureSet::read("universalk9_npe");
        assert!(set.k9 && set.npe && !set.ldpe);
    }
}
