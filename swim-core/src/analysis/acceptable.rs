//! Which findings can be *unknown*: what a person may accept.

/// The codes of all findings of an analysis that can be *unknown*, in order: what `accept_unknown` of a policy may name.
pub const ACCEPTABLE: &[&str] = &[
    "boot.register_unknown",
    "boot_rom.order_unknown",
    "boot_rom.unknown",
    "catalogue.contradicts",
    "config.unsaved_unknown",
    "crypto.image_unknown",
    "crypto.running_unknown",
    "family.hardware_unknown",
    "family.image_unknown",
    "family.platform_unknown",
    "feature.image_unknown",
    "feature.running_unknown",
    "flash.unknown",
    "image.form_unknown",
    "install.unknown",
    "known_good.unknown",
    "licence.unknown",
    "mode.unknown",
    "path.boot_rom_unknown",
    "path.condition_unknown",
    "path.matrix_unknown",
    "path.patches_unknown",
    "path.undecided",
    "path.unknown",
    "privilege.unknown",
    "ram.requirement_unknown",
    "ram.unknown",
    "redundancy.mode_unknown",
    "redundancy.peer_unknown",
    "redundancy.second_flash_unknown",
    "redundancy.unknown",
    "snmp.flash_mib_unknown",
    "snmp.write_unknown",
    "stack_format.board_unknown",
    "stack_format.stacking_number_unknown",
    "stack_format.unknown",
    "standing.unknown",
    "support.analysis",
    "version.relation",
    "version.running_unknown",
];

/// The codes that somebody may have meant: those of the same subject, else all.
pub(crate) fn near(word: &str) -> Vec<&'static str> {
    let subject = word.split('.').next().unwrap_or_default().trim().to_ascii_lowercase();
    let of_subject = |code: &&str| code.split('.').next() == Some(subject.as_str());
    let near: Vec<_> = ACCEPTABLE.iter().copied().filter(of_subject).collect();
    if near.is_empty() { ACCEPTABLE.to_vec() } else { near }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use regex::Regex;

    use super::*;

    /// Every code behind which the rules say *unknown*, by their source.
    fn told() -> BTreeSet<String> {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/analysis/rules");
        let code = r#""([a-z_]+\.[a-z_]+)""#;
        let of_unknown = Regex::new(&format!(r"Finding::unknown\(\s*{code}")).unwrap();
        let severe = Regex::new(&format!(r"{code},\s*Severity::Unknown")).unwrap();
        let mut told = BTreeSet::new();
        for entry in std::fs::read_dir(rules).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                let source = std::fs::read_to_string(path).unwrap();
                told.extend(of_unknown.captures_iter(&source).map(|found| found[1].to_owned()));
                told.extend(severe.captures_iter(&source).map(|found| found[1].to_owned()));
            }
        }
        told
    }

    #[test]
    fn the_list_is_in_order_and_has_what_the_rules_say() {
        assert!(ACCEPTABLE.is_sorted());
        let (told, listed) = (told(), ACCEPTABLE.iter().map(|code| (*code).to_owned()).collect::<BTreeSet<_>>());
        assert!(told.len() > 30 && told.is_subset(&listed), "{:?}", told.difference(&listed));
        // These get their code or their severity from elsewhere in their rule.
        let others = ["snmp.flash_mib_unknown", "snmp.write_unknown", "version.relation"].map(str::to_owned);
        assert_eq!(listed.difference(&told).cloned().collect::<Vec<_>>(), others);
    }

    #[test]
    fn codes_of_the_same_subject_are_near() {
        assert_eq!(near("ram.requirment_unknown"), ["ram.requirement_unknown", "ram.unknown"]);
        assert_eq!(near(" RAM"), near("ram.x"));
        assert_eq!(near("rm.unknown"), ACCEPTABLE);
    }
}
