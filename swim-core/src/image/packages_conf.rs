//! `packages.conf`: which packages a device in install mode boots. What it names must never be deleted.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Field, ImageFacts, Provenance, describe, parse_filename};
use crate::model::Sha256;
use crate::version::{Scheme, Version};
use crate::{Error, Result};

/// Real files have a few kilobytes.
pub(super) const LONGEST: usize = 1024 * 1024;
const VERBS: [&str; 4] = ["boot", "iso", "nfs", "mount"];
const PKGINFO: &str = "pkginfo:";

/// One line that says which file serves which part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PackageUse {
    /// `boot`, `iso`, `nfs` or `mount`.
    pub verb: String,
    /// What kind of unit runs it: `rp`, `fp`, `cc`.
    pub fru: String,
    /// Its slot, as it is written.
    pub slot: String,
    /// Its bay, as it is written.
    pub bay: String,
    /// The part: `rp_base`, `srdriver`.
    pub name: String,
    /// The package file.
    pub file: String,
}

/// A provisioning file, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PackagesConf {
    /// The first line, when it names an interpreter.
    pub interpreter: Option<String>,
    /// The SHA-1 sum that it carries of itself, hexadecimal. It is not checked: which bytes it covers is not published.
    pub sha1: Option<String>,
    /// The SHA-256 sum that it carries of itself. It is not checked, for the same reason.
    pub sha256: Option<Sha256>,
    /// Which file serves which part, in order.
    pub uses: Vec<PackageUse>,
    /// The description of the whole release, key and value, in order.
    pub pkginfo: Vec<(String, String)>,
    /// Did the description begin without an end?
    pub cut: bool,
    /// Is there no end of line after the last line? It may have been cut.
    pub unended: bool,
    /// Lines that are none of these.
    pub unknown: Vec<String>,
}

impl PackagesConf {
    /// Reads a file.
    ///
    /// # Errors
    /// `InvalidInput` when the text is longer than 1 MiB or has no line that names a package.
    ///
    /// ```
    /// let conf = swim_core::image::PackagesConf::parse("boot rp 0 0 rp_boot cat9k-rpboot.17.09.04a.SPA.pkg\n")?;
    /// assert!(conf.files().contains("cat9k-rpboot.17.09.04a.SPA.pkg"));
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(Error::invalid("packages.conf", format!("{} bytes", text.len()), "longer than 1 MiB"));
        }
        let mut conf = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(interpreter) = line.strip_prefix("#!").filter(|_| number == 0) {
                conf.interpreter = Some(interpreter.trim().to_owned());
            } else if let Some(comment) = line.strip_prefix('#') {
                conf.comment(comment.trim());
            } else if !line.is_empty() {
                conf.line(line);
            }
        }
        let last_is_pkginfo = text.lines().next_back().is_some_and(|line| line.contains(PKGINFO));
        conf.unended = !text.ends_with('\n');
        if conf.unended && conf.cut && last_is_pkginfo {
            // A cut line would give a cut version.
            conf.pkginfo.pop();
        }
        if conf.uses.is_empty() {
            return Err(Error::invalid("packages.conf", "its text", "no line names a package"));
        }
        Ok(conf)
    }

    fn comment(&mut self, comment: &str) {
        if let Some((key, value)) = comment.strip_prefix(PKGINFO).and_then(|rest| rest.split_once(':')) {
            self.pkginfo.push((key.trim().to_owned(), value.trim().to_owned()));
        } else if comment.starts_with("-start-") {
            self.cut = true;
        } else if comment.starts_with("-end-") {
            self.cut = false;
        }
    }

    fn line(&mut self, line: &str) {
        let sum = |key: &str| line.strip_prefix(key).map(|sum| sum.trim().to_ascii_lowercase());
        if let Some(sum) = sum("sha1sum:").filter(|sum| sum.len() == 40 && sum.bytes().all(|b| b.is_ascii_hexdigit())) {
            self.sha1 = Some(sum);
            return;
        }
        if let Some(sum) = sum("sha256sum:").and_then(|sum| sum.parse().ok()) {
            self.sha256 = Some(sum);
            return;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [verb, fru, slot, bay, name, file] if VERBS.contains(verb) => self.uses.push(PackageUse {
                verb: (*verb).to_owned(),
                fru: (*fru).to_owned(),
                slot: (*slot).to_owned(),
                bay: (*bay).to_owned(),
                name: (*name).to_owned(),
                file: (*file).to_owned(),
            }),
            _ => self.unknown.push(line.to_owned()),
        }
    }

    /// Every file that must not be deleted. Words of lines that are not understood count too when they look like a file,
    /// because a file kept for nothing does less harm than one that is missed at boot.
    #[must_use]
    pub fn files(&self) -> BTreeSet<&str> {
        let doubtful = self.unknown.iter().flat_map(|line| line.split_whitespace()).filter(|word| word.contains('.'));
        self.uses.iter().map(|used| used.file.as_str()).chain(doubtful).collect()
    }

    /// A value of the description; the dot before some keys may be left out. `None` when it is given with two values.
    #[must_use]
    pub fn info(&self, key: &str) -> Option<&str> {
        let mut values = self.pkginfo.iter().filter(|(k, _)| k.trim_start_matches('.') == key).map(|(_, v)| v.as_str());
        let first = values.next().filter(|value| !value.is_empty())?;
        values.all(|value| value == first).then_some(first)
    }

    /// Is it more than some text with one fitting line: does it have the marks of such a file?
    fn is_sure(&self) -> bool {
        let numbered =
            |used: &PackageUse| [&used.slot, &used.bay].iter().all(|n| n.bytes().all(|b| b.is_ascii_digit()));
        self.unknown.len() < self.uses.len()
            && self.uses.iter().any(|used| numbered(used) && used.file.to_ascii_lowercase().ends_with(".pkg"))
    }
}

/// Reads a head as a provisioning file, if it is one.
pub(super) fn find(head: &[u8]) -> Option<PackagesConf> {
    let text = std::str::from_utf8(head).ok().filter(|text| !text.contains('\0'))?;
    PackagesConf::parse(text).ok().filter(PackagesConf::is_sure)
}

/// Takes the facts of a provisioning file.
pub(super) fn describe(facts: &mut ImageFacts, conf: &PackagesConf) {
    let header = |text: &str| Some(Field::new(text.to_owned(), Provenance::Header));
    facts.platform = header("ios_xe");
    let parse = |key: &str| conf.info(key).and_then(|text| Version::parse(Scheme::IosXe, text).ok());
    match (parse("Build"), parse("Version")) {
        (Some(build), Some(version)) if !build.same_release(&version) => {
            facts.remarks.push(format!("the description gives two versions, {build} and {version}: neither is used"))
        }
        (Some(version), _) | (None, Some(version)) => {
            facts.version = Some(Field::new(version, Provenance::Header));
        }
        (None, None) => facts.version = common_version(conf).map(|v| Field::new(v, Provenance::Member)),
    }
    facts.family = conf.info("Platform").map(describe::product).and_then(|family| header(&family));
    if let Some(set) = conf.info("PackageName").map(str::to_ascii_lowercase) {
        facts.k9 = Some(Field::new(set.contains("k9"), Provenance::Header));
        facts.npe = Some(Field::new(set.contains("npe"), Provenance::Header));
        facts.ldpe = Some(Field::new(set.contains("ldpe"), Provenance::Header));
        facts.feature_set = header(&set);
    }
    facts.internal_name = conf.info("Name").and_then(header);
    for key in ["BootArchitecture", "RouteProcessor", "SupportedBoards", "UnifiedPlatformList"] {
        for value in conf.info(key).unwrap_or_default().split(',').map(str::trim).filter(|value| !value.is_empty()) {
            let field = Field::new(value.to_owned(), Provenance::Header);
            if !facts.compatibility.contains(&field) {
                facts.compatibility.push(field);
            }
        }
    }
    if conf.cut {
        facts.damage.push("the file ends inside its description: it is cut".to_owned());
    }
    if !conf.unknown.is_empty() {
        facts.remarks.push(format!("{} lines are not understood", conf.unknown.len()));
    }
}

/// The version that all package names give.
fn common_version(conf: &PackagesConf) -> Option<Version> {
    if conf.unended {
        return None;
    }
    let mut versions = conf.uses.iter().map(|used| parse_filename(&used.file).version);
    let first = versions.next()??;
    versions.all(|v| v.as_ref() == Some(&first)).then(|| Version::parse(Scheme::IosXe, &first).ok())?
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::image::samples;

    #[test]
    fn a_provisioning_file_is_understood() {
        let text = String::from_utf8(samples::packages_conf()).unwrap();
        let conf = PackagesConf::parse(&text).unwrap();
        assert_eq!(conf.interpreter.as_deref(), Some("/usr/binos/bin/packages_conf.sh"));
        assert_eq!(conf.sha1.as_deref(), Some("0123456789abcdef0123456789abcdef01234567"));
        assert!(conf.sha256.is_some());
        assert_eq!(conf.uses.len(), 4);
        assert_eq!((conf.uses[0].verb.as_str(), conf.uses[0].name.as_str()), ("boot", "rp_boot"));
        assert_eq!(conf.info("Version"), Some("17.09.04a.0.6.1700000000..Cupertino"));
        assert_eq!(conf.unknown, ["frobnicate strange-rpbase.17.09.04a.SPA.pkg"]);
        assert!(!conf.cut);
        let files: Vec<&str> = conf.files().into_iter().collect();
        assert_eq!(
            files,
            [
                "cat9k-rpbase.17.09.04a.SPA.pkg",
                "cat9k-rpboot.17.09.04a.SPA.pkg",
                "cat9k-webui.17.09.04a.SPA.pkg",
                "strange-rpbase.17.09.04a.SPA.pkg"
            ]
        );
    }

    #[test]
    fn without_a_description_the_names_of_all_packages_must_agree() {
        let one = "boot rp 0 0 rp_boot cat9k-rpboot.17.09.04a.SPA.pkg\n";
        let same = "iso rp 0 0 rp_base cat9k-rpbase.17.09.04a.SPA.pkg\n";
        let other = "iso rp 0 0 rp_base cat9k-rpbase.17.09.05.SPA.pkg\n";
        let version = |text: String| common_version(&PackagesConf::parse(&text).unwrap()).map(|v| v.normal());
        assert_eq!(version(format!("{one}{same}")).as_deref(), Some("17.9.4a"));
        assert_eq!(version(format!("{one}{other}")), None);
        assert_eq!(version(one.replace("a.SPA.pkg\n", "")), None);
    }

    #[test]
    fn other_text_is_no_provisioning_file() {
        assert!(PackagesConf::parse("hello\nworld\n").is_err());
        assert!(find(b"mount the disk in slot please\n").is_none());
    }
}
