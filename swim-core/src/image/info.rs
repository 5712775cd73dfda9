//! The `info` member of Catalyst archives: keys and values that say what the archive holds and needs.

use serde::{Deserialize, Serialize};

use super::{Field, ImageFacts, Provenance, describe, parse_filename};
use crate::version::{Scheme, Version};

/// Real members have under a kilobyte.
pub(super) const LONGEST: usize = 64 * 1024;
const MIB: u64 = 1024 * 1024;

/// The `info` member, understood. Archives for several products hold a table first, and then one block each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TarInfo {
    /// The blocks, each with its keys and values in order; keys that are not known are kept. A `system_type` line of the
    /// table has the system and the image as its value: `0x00000000:image-name`.
    pub blocks: Vec<Vec<(String, String)>>,
}

impl TarInfo {
    /// Reads the text; lines without a colon are left out, except the end of a block.
    ///
    /// ```
    /// let info = swim_core::image::TarInfo::parse("image_min_dram: 16\ntar_file_size_k: 3133\n");
    /// assert_eq!(info.get("image_min_dram"), Some("16"));
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut blocks = vec![Vec::new()];
        for line in text.lines().map(|line| line.trim_matches(['\0', ' ', '\r', '\t'])) {
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            if key == "info_end" {
                blocks.push(Vec::new());
            } else if line.contains(':')
                && !key.starts_with('#')
                && let Some(block) = blocks.last_mut()
            {
                block.push((key.trim().to_owned(), value.trim().to_owned()));
            }
        }
        blocks.retain(|block| !block.is_empty());
        Self { blocks }
    }

    /// The value of a key; `None` when no block has it or two blocks differ in it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut values = self.all(key);
        let first = values.next().filter(|value| !value.is_empty())?;
        values.all(|value| value == first).then_some(first)
    }

    /// Every value of a key, in order.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.blocks.iter().flatten().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }
}

/// Is the text the description of an archive?
pub(super) fn is_info(info: &TarInfo) -> bool {
    info.all("image_name").next().is_some() || info.all("version_directory").next().is_some()
}

/// Takes the facts of the member.
pub(super) fn describe(facts: &mut ImageFacts, info: &TarInfo) {
    let member = |text: &str| Some(Field::new(text.to_owned(), Provenance::Member));
    if info.all("image_name").count() > 1 && info.get("image_name").is_none() {
        facts.remarks.push("the archive holds several images: only what all of them share is used".to_owned());
    }
    let names: Vec<&str> = info.all("image_name").chain(info.all("version_directory")).collect();
    let mut versions = names.iter().filter_map(|name| parse_filename(name).version);
    if let Some(first) = versions.next() {
        if versions.all(|version| version == first) {
            let version = Version::parse(Scheme::Ios, &first).ok();
            facts.version = version.map(|version| Field::new(version, Provenance::Member));
        } else {
            facts.remarks.push("the description gives more than one version: none is used".to_owned());
        }
    }
    facts.internal_name = info.get("image_name").and_then(member);
    let name = info.get("image_name").or_else(|| info.get("version_directory")).map(parse_filename).unwrap_or_default();
    let family = name.family.as_deref().or_else(|| info.get("image_family"));
    facts.family = family.map(describe::product).and_then(|family| member(&family));
    facts.feature_set = name.feature_set.as_deref().and_then(member);
    facts.k9 = name.k9.map(|k9| Field::new(k9, Provenance::Member));
    facts.npe = name.npe.map(|npe| Field::new(npe, Provenance::Member));
    facts.ldpe = name.ldpe.map(|ldpe| Field::new(ldpe, Provenance::Member));
    facts.image_type = member("image");
    let mut tokens = info.get("image_feature").unwrap_or_default().split('|').map(str::trim);
    let in_feature = tokens.find_map(|token| token.strip_prefix("MIN_DRAM_MEG=")?.parse::<u64>().ok());
    let least = in_feature.or_else(|| info.number("image_min_dram"));
    facts.min_ram = least.and_then(|mib| mib.checked_mul(MIB)).map(|bytes| Field::new(bytes, Provenance::Member));
    facts.min_flash = info.number("total_image_file_size").map(|bytes| Field::new(bytes, Provenance::Member));
    for key in ["stacking_number", "board_ids"] {
        if let Some(value) = info.get(key) {
            facts.compatibility.push(Field::new(format!("{key}: {value}"), Provenance::Member));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_early_form_gives_its_memory_in_mib() {
        let mut facts = ImageFacts::default();
        let text = "image_name: c2950-i6q4l2-mz.121-20.EA1a.bin\nimage_file_size: 3041280\nimage_min_dram: 16\n";
        let info = TarInfo::parse(text);
        describe(&mut facts, &info);
        assert_eq!(facts.version.unwrap().value.as_str(), "12.1(20)EA1a");
        assert_eq!(facts.min_ram.unwrap().value, 16 * MIB);
        assert_eq!(facts.min_flash, None);
        assert_eq!(info.get("image_file_size"), Some("3041280"));
    }

    #[test]
    fn of_several_images_only_what_they_share_is_used() {
        let table =
            "system_type:0x00000000:c3750-ipbase-mz.122-25.SEB4\nsystem_type:0x00000002:c3750-ipbase-mz.122-25.SEB5\n";
        let images = "info_end:\nversion_directory:c3750-ipbase-mz.122-25.SEB4\nimage_name:c3750-ipbase-mz.122-25.SEB4.bin\n\
            total_image_file_size:8133632\nodd_key:odd value\ninfo_end\nimage_name:c3750-ipbase-mz.122-25.SEB5.bin\ninfo_end:\n";
        let info = TarInfo::parse(&format!("{table}{images}"));
        assert_eq!(info.blocks.len(), 3);
        assert_eq!(info.all("system_type").next(), Some("0x00000000:c3750-ipbase-mz.122-25.SEB4"));
        assert_eq!(info.get("odd_key"), Some("odd value"));
        let mut facts = ImageFacts::default();
        describe(&mut facts, &info);
        assert_eq!(facts.version, None);
        assert_eq!(facts.min_flash.unwrap().value, 8_133_632);
        assert_eq!(facts.remarks.len(), 2, "{:?}", facts.remarks);
    }
}
