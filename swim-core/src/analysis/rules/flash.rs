//! Enough room on the boot file system of every member?
//!
//! Bundle mode needs the file. Install mode needs the file (on the active) and about once more its size for the
//! expanded packages on every member: a device that expanded a 473,808,711-byte bundle asked for 462,703 KB.

use crate::analysis::{Finding, Severity, Subject};
use crate::image::Requirements;
use crate::model::{Member, Mode};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    if s.inventory.members.is_empty() {
        return vec![Finding::new("flash.unknown", Severity::Unknown, "the device did not list its members")];
    }
    if let (Some(running), Some(image)) = (&s.inventory.version, &s.image.facts.version)
        && running.same_release(&image.value)
    {
        return Vec::new();
    }
    let active = active(&s.inventory.members);
    s.inventory.members.iter().map(|m| member(s, m, Some(m.number) == active)).collect()
}

fn active(members: &[Member]) -> Option<u32> {
    members
        .iter()
        .find(|m| matches!(m.role.as_deref(), Some("Active" | "Master" | "active" | "master")))
        .or_else(|| members.first())
        .map(|m| m.number)
}

fn member(s: &Subject<'_>, m: &Member, active: bool) -> Finding {
    let Some(flash) = &m.flash else {
        return Finding::new("flash.unknown", Severity::Unknown, "the member did not list its flash")
            .on_member(m.number);
    };
    let Some(free) = flash.free else {
        return Finding::new("flash.unknown", Severity::Unknown, "the member did not say how much flash is free")
            .on_member(m.number);
    };
    let there = flash.files.iter().any(|f| f.name == s.image.file_name && f.bytes == s.image.bytes);
    let mode = m.mode.or(s.inventory.mode).unwrap_or(Mode::Bundle);
    let file = if there { 0 } else { s.image.bytes };
    let (mut need, why) = match (mode, active) {
        (Mode::Bundle, _) => (file, "the file"),
        // install add syncs the file to the members and expands it there.
        (Mode::Install, _) => (file + s.image.bytes, "the file and its expanded packages"),
    };
    let mut from = vec![format!("{why}, {} bytes of image", s.image.bytes)];
    if let Some(min) = Requirements::of(s.image).flash.effective
        && !there
        && min.value > need
    {
        need = min.value;
        from.push(format!("requirement from {:?}", min.from));
    }
    let finding = |severity, message: &str| {
        let mut f = Finding::new("flash.too_small", severity, message)
            .compared(format!("{free} bytes free on {}", flash.prefix), format!("{need} bytes"))
            .on_member(m.number);
        f.provenance.clone_from(&from);
        f
    };
    if free >= need {
        finding(Severity::Pass, "enough room")
    } else if s.policy.make_room {
        finding(Severity::Warning, "too little room: files that nothing refers to must be deleted first")
    } else {
        finding(Severity::Blocking, "too little room").remedy("delete files, or allow make_room")
    }
}
