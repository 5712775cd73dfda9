//! Is the image of the format that the stack takes, and do archive and stack fit each other?

use std::sync::LazyLock;

use serde::Deserialize;

use crate::analysis::beginning::begins;
use crate::analysis::{Finding, Severity, Subject};

#[derive(Debug, Default, Deserialize)]
struct Table {
    tar: Vec<String>,
    tar_alone: Vec<String>,
    bin: Vec<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| toml::from_str(include_str!("stacks.toml")).unwrap_or_default());

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Tar,
    Bin,
}

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let format = format(s);
    if let Some(wanted) = wanted(s) {
        out.push(match format {
            Some(format) if format == wanted => {
                Finding::new("stack_format.fits", Severity::Pass, "the image has the format that this product takes")
            }
            Some(_) => {
                let (has, need) = if wanted == Format::Tar { (".bin", ".tar") } else { (".tar", ".bin") };
                let message = format!("this product takes {need} images only");
                Finding::new("stack_format.wrong", Severity::Blocking, message)
                    .compared(has, need)
                    .remedy(format!("choose the {need} of the same release"))
            }
            None => {
                let message = "this product takes one format of images, and the format of the image is not known";
                Finding::unknown("stack_format.unknown", "image.container", message)
            }
        });
    }
    if format == Some(Format::Tar) {
        let message = "the image is an archive: plans have no step yet that unpacks it (archive download-sw)";
        out.push(Finding::new("stack_format.archive", Severity::Warning, message));
        out.extend(demands(s));
    }
    out
}

/// What the product takes, where it takes one format alone.
fn wanted(s: &Subject<'_>) -> Option<Format> {
    let any = |list: &[String], model: &str| list.iter().any(|own| begins(model, own));
    let stacked = s.inventory.members.len() > 1;
    let mut models = s.inventory.members.iter().filter_map(|m| m.model.as_deref()).chain(s.inventory.model.as_deref());
    models.find_map(|model| {
        if any(&TABLE.bin, model) {
            Some(Format::Bin)
        } else if any(&TABLE.tar_alone, model) || (stacked && any(&TABLE.tar, model)) {
            Some(Format::Tar)
        } else {
            None
        }
    })
}

/// What the image is: bytes beat names.
fn format(s: &Subject<'_>) -> Option<Format> {
    match s.image.facts.container.as_ref().map(|c| c.value.as_str()) {
        Some("ios_tar" | "tar") => return Some(Format::Tar),
        Some("ios_elf" | "ios_mzip" | "ios_xe_package") => return Some(Format::Bin),
        _ => {}
    }
    let ends = |with: &str| {
        s.image.file_name.get(s.image.file_name.len().wrapping_sub(4)..).is_some_and(|e| e.eq_ignore_ascii_case(with))
    };
    match (ends(".tar"), ends(".bin")) {
        (true, _) => Some(Format::Tar),
        (_, true) => Some(Format::Bin),
        _ => None,
    }
}

/// An archive tells which stacks and boards it is for; devices do not tell theirs to `inspect`.
fn demands(s: &Subject<'_>) -> Vec<Finding> {
    let told = |key: &str| {
        let found = s.image.facts.compatibility.iter().find_map(|c| Some((c.value.strip_prefix(key)?, &c.from)))?;
        Some((found.0.trim().to_owned(), told!("requirement", found.1)))
    };
    let mut out = Vec::new();
    if s.inventory.members.len() > 1
        && let Some((number, from)) = told("stacking_number:")
    {
        let message = "all members must have a stacking number that fits this one";
        out.push(
            Finding::unknown("stack_format.stacking_number_unknown", "inventory.members.stacking_number", message)
                .compared("not known", number)
                .from(from)
                .remedy("compare it with the running image's, then accept stack_format.stacking_number_unknown"),
        );
    }
    if let Some((boards, from)) = told("board_ids:") {
        let message = "the archive names the boards that it is for";
        out.push(
            Finding::unknown("stack_format.board_unknown", "inventory.members.board_id", message)
                .compared("not known", boards)
                .from(from)
                .remedy("compare it with the device's, then accept stack_format.board_unknown"),
        );
    }
    out
}
