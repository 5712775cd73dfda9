//! Enough room on the boot file system of every member?
//!
//! Bundle mode needs the file. Install mode needs the file (on the active) and about once more its size for the
//! expanded packages on every member: a device that expanded a 473,808,711-byte bundle asked for 462,703 KB.

use std::borrow::Cow;

use crate::analysis::{Finding, Severity, Subject};
use crate::image::Requirements;
use crate::model::{Member, Mode};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    if s.inventory.members.is_empty() {
        return vec![Finding::unknown("flash.unknown", "inventory.members", "the device did not list its members")];
    }
    if let (Some(running), Some(image)) = (&s.inventory.version, &s.image.facts.version)
        && running.same_release(&image.value)
    {
        return Vec::new();
    }
    let active = active(&s.inventory.members);
    let mut out: Vec<_> = s.inventory.members.iter().map(|m| member(s, m, Some(m.number) == active)).collect();
    out.extend(erase_only(s));
    out
}

pub(super) fn active(members: &[Member]) -> Option<u32> {
    members
        .iter()
        .find(|m| matches!(m.role.as_deref(), Some("Active" | "Master" | "active" | "master")))
        .or_else(|| members.first())
        .map(|m| m.number)
}

/// Routers of these families have flash that is erased as a whole: what was deleted counts only after a squeeze.
const ERASED_WHOLE: [&str; 4] = ["rsp", "gsr", "c12kprp", "c7000"];

fn erase_only(s: &Subject<'_>) -> Option<Finding> {
    let family = s.image.facts.family.as_ref()?.value.to_ascii_lowercase();
    ERASED_WHOLE.contains(&family.as_str()).then(|| {
        let message =
            "this flash may be of the kind that is erased as a whole: deleted files free room only after a squeeze";
        Finding::new("flash.squeeze", Severity::Warning, message)
            .missing("inventory.members.flash.class")
            .remedy("squeeze the flash after files were deleted")
    })
}

fn member(s: &Subject<'_>, m: &Member, active: bool) -> Finding {
    let Some(flash) = &m.flash else {
        return Finding::unknown("flash.unknown", "inventory.members.flash", "the member did not list its flash")
            .on_member(m.number);
    };
    let Some(free) = flash.free else {
        return Finding::unknown(
            "flash.unknown",
            "inventory.members.flash.free",
            "the member did not say how much flash is free",
        )
        .on_member(m.number);
    };
    let there = flash.files.iter().any(|f| f.name == s.image.file_name && f.bytes == s.image.bytes);
    let mode = m.mode.or(s.inventory.mode).unwrap_or(Mode::Bundle);
    let file = if there { 0 } else { s.image.bytes };
    let (mut need, why) = match (mode, active) {
        (Mode::Bundle, _) => (file, "the file"),
        // install add syncs the file to the members and expands it there.
        (Mode::Install, _) => (file.saturating_add(s.image.bytes), "the file and its expanded packages"),
    };
    let mut from: Vec<Cow<'static, str>> = vec![format!("{why}, {} bytes of image", s.image.bytes).into()];
    if let Some(min) = Requirements::of(s.image).flash.effective
        && !there
        && min.value > need
    {
        need = min.value;
        from.push(told!("requirement", min.from).into());
    }
    let finding = |severity, message: &'static str| {
        let mut f = Finding::new("flash.too_small", severity, message)
            .compared(format!("{free} bytes free on {}", flash.prefix), format!("{need} bytes"))
            .on_member(m.number);
        f.provenance.clone_from(&from);
        f
    };
    if free >= need && mode == Mode::Install && there && free < s.image.bytes.saturating_mul(2) {
        let message = "enough room for the packages, and little more: vendors advise twice the size of the image";
        let mut tight = Finding::new("flash.tight", Severity::Warning, message)
            .compared(
                format!("{free} bytes free on {}", flash.prefix),
                format!("{} bytes", s.image.bytes.saturating_mul(2)),
            )
            .on_member(m.number)
            .remedy("remove inactive packages first");
        tight.provenance = from;
        tight
    } else if free >= need {
        finding(Severity::Pass, "enough room")
    } else if s.policy.make_room {
        finding(Severity::Warning, "too little room: files that nothing refers to must be deleted first")
    } else {
        finding(Severity::Blocking, "too little room").remedy("delete files, or allow make_room")
    }
}
