//! What the name of an image file tells. A name is a hint; whatever does not follow a naming rule to the end is left out.

mod appliances;
mod feature;
mod ios;
mod ios_xe;
mod ios_xr;
mod nxos;
mod rommon;
mod rules;
#[cfg(test)]
mod tests;
mod vendors;

use std::sync::LazyLock;

use regex::Regex;
use rules::Reader;
use serde::{Deserialize, Serialize};

/// File systems do not allow longer names; a longer text is not a file name.
const MAX_NAME: usize = 255;

/// Endings that operators append when they put a file aside.
const PUT_ASIDE: &[&str] = &[".old", ".bak", ".orig", ".save", ".upg"];

/// Endings of a download that is not done: what is there may be any part of the file.
const NOT_DONE: &[&str] = &[".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", ".incomplete"];

/// What a file name says. An absent field means that it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NameFacts {
    /// `ios`, `iosxe`, `rommon`, `nxos`, ...
    pub platform: Option<String>,
    /// The product family as it is written: `cat9k_iosxe`, `c2960x`, `C9800-40`.
    pub family: Option<String>,
    /// The version in its normal spelling: `17.9.4a`, `15.2(7)E10`.
    pub version: Option<String>,
    /// The feature set, lower case; `universalk9` for the families that do not write it.
    pub feature_set: Option<String>,
    /// Strong cryptography inside?
    pub k9: Option<bool>,
    /// Payload encryption left out?
    pub npe: Option<bool>,
    /// Encryption of the data path licensed apart?
    pub ldpe: Option<bool>,
    /// `ios-bin`, `ios-tar`, `xe-bundle`, `xe-subpkg`, `xe-smu`, `rommon`, ...
    pub image_type: Option<String>,
    /// The IOS number of a 3.x release, the defect of a patch, or the branch of an engineering build.
    pub alt_version: Option<String>,
    /// `SPA`, `SSA`: how the name says that it is signed.
    pub signature: Option<String>,
}

/// Reads a file name; directories and a file system before it (`flash:`) are cut.
///
/// ```
/// use swim_core::image::parse_filename;
/// let facts = parse_filename("flash:/isr4300-universalk9.03.16.04b.S.155-3.S4b-ext.SPA.bin");
/// assert_eq!(facts.version.as_deref(), Some("3.16.4bS"));
/// assert_eq!(facts.alt_version.as_deref(), Some("15.5(3)S4b"));
/// assert_eq!(facts.signature.as_deref(), Some("SPA"));
/// assert_eq!(parse_filename("prod.bin"), Default::default());
/// assert_eq!(parse_filename("cat9k_iosxe.17.09.04a.SPA.bin.part"), Default::default(), "a download that is not done");
/// ```
#[must_use]
pub fn parse_filename(name: &str) -> NameFacts {
    let base = bare(name);
    let lower = base.to_ascii_lowercase();
    let not_done = NOT_DONE.iter().any(|ending| lower.ends_with(ending));
    if base.is_empty() || base.len() > MAX_NAME || !base.is_ascii() || not_done {
        return NameFacts::default();
    }
    let parts: Vec<&str> = base.split('.').collect();
    rommon::parse(&base)
        .or_else(|| READERS.iter().find_map(|(reader, patterns)| reader.read(patterns, &base)))
        .or_else(|| ios::parse(&parts))
        .or_else(|| ios_xe::parse(&parts))
        .unwrap_or_default()
}

/// The platforms whose names are read by rules. They come first: each of their names begins as no other does.
const RULED: [&Reader; 14] = [
    &nxos::NXOS,
    &nxos::ACI,
    &ios_xr::IOS_XR,
    &appliances::AIREOS,
    &appliances::ASA,
    &appliances::ASDM,
    &appliances::FXOS,
    &vendors::JUNOS,
    &vendors::EOS,
    &vendors::FORTIOS,
    &vendors::PANOS,
    &vendors::ROUTEROS,
    &vendors::AOSCX,
    &vendors::COMWARE,
];

/// A reader and the patterns of its rules.
type Ready = (&'static Reader, Vec<Option<Regex>>);

static READERS: LazyLock<Vec<Ready>> =
    LazyLock::new(|| RULED.iter().map(|reader| (*reader, reader.patterns())).collect());

/// The name without directories, file system, the mark of a second download, and what operators append.
fn bare(name: &str) -> String {
    let base = name.rsplit(['/', '\\', ':']).next().unwrap_or(name).trim();
    let mut base = base.to_owned();
    loop {
        let lower = base.to_ascii_lowercase();
        let Some(ending) = PUT_ASIDE.iter().find(|ending| lower.ends_with(**ending)) else {
            break;
        };
        base.truncate(base.len() - ending.len());
    }
    without_download_mark(&base).unwrap_or(base)
}

/// `name (1).bin` is `name.bin`.
fn without_download_mark(base: &str) -> Option<String> {
    let open = base.rfind(" (")?;
    let (before, rest) = base.split_at_checked(open)?;
    let (digits, after) = rest.strip_prefix(" (")?.split_once(')')?;
    let is_mark = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (is_mark && (after.is_empty() || after.starts_with('.'))).then(|| format!("{before}{after}"))
}

/// `SPA`, `SSA`, `SPB`: signed, production or special, with which key.
fn signature(part: &str) -> Option<String> {
    let upper = part.to_ascii_uppercase();
    matches!(upper.as_bytes(), [b'S', b'P' | b'S', b'A'..=b'Z']).then_some(upper)
}
