//! The description block `CW_BEGIN … CW_END` that images carry and that devices answer over SNMP.

use serde::{Deserialize, Serialize};

/// No block is longer: the longest known, with its description text, has under a kilobyte.
pub(super) const LONGEST: usize = 8192;
const BEGIN: &[u8] = b"CW_BEGIN";
/// A device's table has a dozen rows.
const ROWS: usize = 256;

/// One tag of a description block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CwTag {
    /// What stands between `CW_` and the first dollar, without an equals sign: `VERSION`.
    pub key: String,
    /// What stands between the dollars.
    pub value: String,
    /// Is the closing dollar there? Without it the value was cut.
    pub complete: bool,
}

/// A description block.
///
/// ```
/// let block = swim_core::image::cw_tags(["CW_BEGIN$-gs-i9-m$", "CW_FEATURE$IP|MIN_DRAM_MEG=32$", "CW_END$-gs-i9-m$"]);
/// assert_eq!(block.min_dram_mib(), Some(32));
/// assert!(block.is_complete());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CwBlock {
    /// All tags in their order, also those whose keys are not known.
    pub tags: Vec<CwTag>,
}

impl CwBlock {
    /// The value of a key; `None` when it is not there, empty, cut, or given twice with two values.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut values = self.tags.iter().filter(|tag| tag.key == key);
        let first = values.next().filter(|tag| tag.complete && !tag.value.is_empty())?;
        values.all(|tag| tag == first).then_some(first.value.as_str())
    }

    /// The value of a key even if it was cut.
    #[must_use]
    pub fn beginning_of(&self, key: &str) -> Option<&str> {
        self.tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str())
    }

    /// Does it begin with `BEGIN` and end with `END`, both with the same text?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match (self.tags.first(), self.tags.last()) {
            (Some(first), Some(last)) => {
                first.key == "BEGIN"
                    && last.key == "END"
                    && first.complete
                    && last.complete
                    && first.value == last.value
            }
            _ => false,
        }
    }

    /// The feature set that the frame names: `-gs-ipservicesk9-m` is `ipservicesk9`.
    #[must_use]
    pub fn feature_set(&self) -> Option<&str> {
        self.get("BEGIN")?.strip_prefix("-gs-")?.strip_suffix("-m")
    }

    /// The tokens of the feature line.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.get("FEATURE").unwrap_or_default().split('|').map(str::trim).filter(|token| !token.is_empty())
    }

    /// The least main memory, MiB.
    #[must_use]
    pub fn min_dram_mib(&self) -> Option<u64> {
        self.features().find_map(|token| token.strip_prefix("MIN_DRAM_MEG=")?.parse().ok())
    }

    /// Is there a token that only images with strong cryptography have, whatever the file is called?
    #[must_use]
    pub fn has_strong_cryptography(&self) -> bool {
        self.features().any(|token| matches!(token, "3DES" | "SSH" | "IPSEC"))
    }
}

/// Reads a description block from rows with one tag each, as SNMP gives them (`ciscoImageString`) and as packages hold
/// them: `CW_VERSION$12.2(55)SE3$` or `CW_VERSION=$16.5.1a$`. Stray quotes, hexadecimal rows, values cut with a plus,
/// and values over several lines are understood; other rows are left out.
pub fn cw_tags<'a>(rows: impl IntoIterator<Item = &'a str>) -> CwBlock {
    let mut block = CwBlock::default();
    for row in rows.into_iter().take(ROWS) {
        let decoded = hexadecimal(row);
        let row = decoded.as_deref().unwrap_or(row).trim_matches(|c: char| c == '"' || c == '\0' || c.is_whitespace());
        if let Some(tag) = tag(row) {
            block.tags.push(tag);
        } else if let Some(open) = block.tags.last_mut().filter(|tag| !tag.complete && tag.value.len() < LONGEST) {
            open.value.push('\n');
            open.value.push_str(row.strip_suffix('$').unwrap_or(row));
            open.complete = row.ends_with('$');
        }
    }
    block
}

/// One tag. The closing dollar must be the only one after the opening one, else the value is not trusted.
fn tag(text: &str) -> Option<CwTag> {
    let (key, rest) = text.strip_prefix("CW_")?.split_once('$')?;
    let key = key.strip_suffix('=').unwrap_or(key);
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
        return None;
    }
    let closed = rest.strip_suffix('$').filter(|value| !value.contains('$'));
    let value = closed.unwrap_or_else(|| rest.strip_suffix('+').unwrap_or(rest));
    Some(CwTag { key: key.to_owned(), value: value.to_owned(), complete: closed.is_some() })
}

/// `43 57 5F 42 …`: how SNMP tools show a string with bytes that they do not print.
fn hexadecimal(row: &str) -> Option<String> {
    let bare = row.trim().trim_start_matches("0x");
    let is_hex = bare.starts_with("43 57 5") || bare.starts_with("43575");
    let digits: String = bare.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = is_hex.then(|| hex::decode(digits).ok())??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The description blocks in a stretch of bytes. A block that the bytes cut, or that has no end, is left out.
pub(super) fn blocks(bytes: &[u8]) -> Vec<CwBlock> {
    let mut found = Vec::new();
    let starts = bytes.windows(BEGIN.len()).enumerate().filter(|(_, window)| *window == BEGIN);
    for (start, _) in starts.take(ROWS) {
        let stretch = bytes.get(start..bytes.len().min(start + LONGEST)).unwrap_or_default();
        let text = String::from_utf8_lossy(stretch);
        let mut places: Vec<usize> = text.match_indices("CW_").map(|(at, _)| at).collect();
        let Some(end) = places.iter().position(|at| text.get(*at..).is_some_and(|t| t.starts_with("CW_END"))) else {
            continue;
        };
        places.truncate(end + 2);
        if places.len() == end + 1 {
            places.push(text.len());
        }
        let mut block = CwBlock::default();
        for pair in places.windows(2) {
            let [from, to] = pair else { continue };
            let stretch = text.get(*from..*to).unwrap_or_default();
            let own = stretch.split('\0').next().unwrap_or_default();
            block.tags.extend(tag(own.trim_end_matches(['\n', '\r', ' '])));
        }
        if block.tags.last().is_some_and(|tag| tag.key == "END") {
            found.push(block);
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const ROWS: [&str; 6] = [
        "CW_BEGIN$-gs-lanbasek9-m$",
        "CW_IMAGE$C2960-LANBASEK9-M$",
        "CW_FEATURE$IP|LAYER_2|SSH|3DES|MIN_DRAM_MEG=64$",
        "CW_VERSION$15.0(2)SE4$",
        "\"CW_SYSDESCR$Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE4, RELEASE+",
        "CW_END$-gs-lanbasek9-m$",
    ];

    #[test]
    fn rows_of_snmp_are_read_in_order() {
        let block = cw_tags(ROWS);
        assert!(block.is_complete());
        assert_eq!(block.feature_set(), Some("lanbasek9"));
        assert_eq!(block.get("VERSION"), Some("15.0(2)SE4"));
        assert_eq!(block.min_dram_mib(), Some(64));
        assert!(block.has_strong_cryptography());
        assert_eq!(block.get("SYSDESCR"), None);
        assert!(block.beginning_of("SYSDESCR").unwrap().ends_with("RELEASE"));
    }

    #[test]
    fn hexadecimal_and_continued_rows_are_read() {
        let hex = hex::encode("CW_SYSDESCR$one");
        let block = cw_tags([hex.as_str(), "two$", "CW_UNKNOWN_KEY=$kept$", "noise"]);
        assert_eq!(block.get("SYSDESCR"), Some("one\ntwo"));
        assert_eq!(block.get("UNKNOWN_KEY"), Some("kept"));
        assert_eq!(block.tags.len(), 2);
    }

    #[test]
    fn a_value_given_twice_with_two_texts_is_no_value() {
        let block = cw_tags(["CW_VERSION$15.0(2)SE4$", "CW_VERSION$15.0(2)SE5$"]);
        assert_eq!(block.get("VERSION"), None);
        assert_eq!(cw_tags(["CW_VERSION$15.0(2)$SE4$"]).get("VERSION"), None);
    }

    #[test]
    fn bytes_hold_blocks_between_other_bytes() {
        let mut bytes = vec![0xFF, 0, b'C', b'W', b'_'];
        bytes.extend(ROWS.join("\0").as_bytes());
        let whole = bytes.len();
        bytes.extend(b"\0more\xFF");
        let found = blocks(&bytes);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].get("VERSION"), Some("15.0(2)SE4"));
        assert!(found[0].is_complete());
        assert!(blocks(&bytes[..whole - 24]).is_empty());
    }
}
