//! Can the release be reached at once, or must something be there first?

use std::cmp::Ordering;

use super::boot_rom;
use crate::analysis::path::{Holds, Says};
use crate::analysis::{Finding, PathRule, Permit, Severity, Subject};
use crate::image::Requirements;
use crate::model::InstallState;
use crate::version::{Scheme, Version};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let Some(image) = s.image.facts.version.as_ref().map(|v| &v.value) else {
        // The rule of versions refuses an image without one.
        return Vec::new();
    };
    let family = s.image.facts.family.as_ref().map(|f| f.value.as_str());
    let rules = PathRule::builtin().iter().chain(&s.knowledge.paths);
    let rules: Vec<&PathRule> = rules.filter(|r| r.concerns(family) && r.leads_to(image) != Some(false)).collect();
    let Some(running) = &s.inventory.version else {
        let known = rules.is_empty() && image.scheme() != Scheme::IosXr;
        return if known { Vec::new() } else { vec![no_running_version(image)] };
    };
    if running.same_release(image) || running.compare(image) == Some(Ordering::Greater) {
        // The same release needs no path; going back is the rule of versions'.
        return Vec::new();
    }
    let mut out: Vec<Finding> = rules.iter().flat_map(|r| applied(s, r, running, image)).collect();
    if image.scheme() == Scheme::IosXr {
        out.extend(by_matrix(s, running, image, family));
    }
    if out.is_empty() {
        out.push(
            Finding::new("path.direct", Severity::Pass, "no rule asks for a step in between")
                .compared(running.to_string(), image.to_string()),
        );
    }
    out
}

fn no_running_version(image: &Version) -> Finding {
    let message = format!("whether {image} can be reached at once depends on the running version");
    Finding::unknown("path.unknown", "inventory.version", message)
}

/// What one rule comes to on this device.
fn applied(s: &Subject<'_>, rule: &PathRule, running: &Version, image: &Version) -> Vec<Finding> {
    let noted = |f: Finding| {
        let f = match rule.note() {
            Some(note) => f.from(format!("{}: {note}", rule.source())),
            None => f.from(rule.source().to_owned()),
        };
        vec![f]
    };
    match rule.between(running, image) {
        Holds::No => return Vec::new(),
        Holds::Undecided => {
            let message = "a rule on the path may hold: the order of the versions is not known";
            let found = Finding::unknown("path.undecided", "order of inventory.version", message);
            return noted(
                found
                    .compared(running.to_string(), image.to_string())
                    .remedy("read the rule, then accept path.undecided"),
            );
        }
        Holds::Yes => {}
    }
    if let Some(limit) = rule.when_boot_rom_above() {
        let above = Requirements::of(s.image).boot_rom.effective.and_then(|need| need.value.compare(limit));
        if above != Some(Ordering::Greater) {
            return Vec::new();
        }
    }
    if let Some((fact, condition)) = rule.condition() {
        let way = if rule.via().is_empty() { "a step in between" } else { &rule.via().join(", then ") };
        let message = format!("if {condition}, the way leads over {way}");
        let found = Finding::unknown("path.condition_unknown", fact.to_owned(), message);
        return noted(found.remedy("find it out; accept path.condition_unknown if it is not so"));
    }
    let mut out = Vec::new();
    if !rule.via().is_empty() {
        let message = "the release is not reached at once";
        let via = rule.via().join(", then ");
        let found = Finding::new("path.via", Severity::Blocking, message).compared(running.to_string(), via.clone());
        out.extend(noted(found.remedy(format!("upgrade to {via} first"))));
    }
    if let Some(need) = rule.boot_rom() {
        out.extend(noted(rom(s, need)));
    }
    out.extend(patches(s, rule.bridge_smus(), rule.blocked_smus()).into_iter().flat_map(noted));
    if rule.base_first() && running.group() != image.group() {
        let base = format!("{}.0", image.group());
        if image.normal() != base {
            let message = "the first release of the line must be on the device before a later one";
            let found = Finding::new("path.base_first", Severity::Warning, message).missing("inventory.software_list");
            out.extend(noted(
                found.compared("not known", base.clone()).remedy(format!("download {base} to the device first")),
            ));
        }
    }
    if rule.only_notes() {
        out.extend(noted(Finding::new(
            "path.note",
            Severity::Warning,
            rule.note().unwrap_or("read the release notes").to_owned(),
        )));
    }
    out
}

fn rom(s: &Subject<'_>, need: &Version) -> Finding {
    let Some(said) = &s.inventory.boot_rom else {
        let message = "the path needs a boot ROM, and the device did not say which one it has";
        return Finding::unknown("path.boot_rom_unknown", "inventory.boot_rom", message)
            .compared("not known", need.to_string());
    };
    let (code, severity, message) = match boot_rom::version(said).and_then(|has| has.compare(need)) {
        Some(Ordering::Less) => ("path.boot_rom", Severity::Blocking, "the boot ROM must be upgraded first"),
        Some(_) => ("path.boot_rom", Severity::Pass, "the boot ROM is new enough for this path"),
        None => (
            "path.boot_rom_unknown",
            Severity::Unknown,
            "the boot ROM cannot be compared with the one that the path needs",
        ),
    };
    let found = Finding::new(code, severity, message).compared(said.clone(), need.to_string());
    match severity {
        Severity::Pass => found,
        Severity::Unknown => {
            found.missing("order of inventory.boot_rom").remedy("compare them, then accept path.boot_rom_unknown")
        }
        _ => found.remedy(format!("upgrade the boot ROM to {need} or later")),
    }
}

/// Patches that must, and that must not, be installed.
fn patches(s: &Subject<'_>, bridges: &[String], blocked: &[String]) -> Vec<Finding> {
    if bridges.is_empty() && blocked.is_empty() {
        return Vec::new();
    }
    let Some(install) = &s.inventory.install else {
        let message = "the path depends on installed patches, and the device did not show its install table";
        return vec![Finding::unknown("path.patches_unknown", "inventory.install", message)];
    };
    let mut out = Vec::new();
    for smu in bridges.iter().filter(|smu| !has(install, smu)) {
        let message = "a bridge patch must be installed first";
        out.push(
            Finding::new("path.bridge_smu", Severity::Blocking, message)
                .compared("not installed", smu.clone())
                .remedy(format!("install {smu} first")),
        );
    }
    for smu in blocked.iter().filter(|smu| has(install, smu)) {
        let message = "a patch is installed with which the path does not work";
        out.push(
            Finding::new("path.blocked_smu", Severity::Blocking, message)
                .compared(smu.clone(), "not installed")
                .remedy(format!("remove {smu} first")),
        );
    }
    out
}

fn has(install: &InstallState, smu: &str) -> bool {
    install.rows.iter().any(|row| row.what.contains(smu))
}

/// IOS XR images carry a matrix of what may go where; without one nothing is known.
fn by_matrix(s: &Subject<'_>, running: &Version, image: &Version, family: Option<&str>) -> Vec<Finding> {
    for matrix in &s.knowledge.matrices {
        let from = format!("compatibility matrix of {}", matrix.release);
        match matrix.says(running, image, family) {
            Says::Nothing => {}
            Says::Not => {
                let message = "the compatibility matrix does not permit this step";
                let found = Finding::new("path.not_permitted", Severity::Blocking, message)
                    .compared(running.to_string(), image.to_string());
                return vec![found.from(from).remedy("go over a release that the matrix permits")];
            }
            Says::Permits(permit) => return permitted(s, permit, &from),
        }
    }
    let message = "no compatibility matrix speaks of this release: which step is permitted is not known";
    let found = Finding::unknown("path.matrix_unknown", "knowledge.matrices", message);
    vec![found.remedy("give the matrix of the image, or accept path.matrix_unknown")]
}

fn permitted(s: &Subject<'_>, permit: &Permit, from: &str) -> Vec<Finding> {
    let bridges: Vec<String> = permit.bridge_prereqs.iter().chain(&permit.bridge_smus).cloned().collect();
    let mut out: Vec<_> =
        patches(s, &bridges, &permit.blocklisted_smus).into_iter().map(|f| f.from(from.to_owned())).collect();
    out.extend(
        permit.caveats.iter().map(|c| Finding::new("path.note", Severity::Warning, c.clone()).from(from.to_owned())),
    );
    if out.is_empty() {
        out.push(Finding::new("path.permitted", Severity::Pass, "the matrix permits this step").from(from.to_owned()));
    }
    out
}
