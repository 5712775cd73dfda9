//! Boot statements: reading, setting with an undo, saving.
//!
//! Every box has its own way of writing them, and a wrong one is sometimes accepted silently: what counts is what the
//! device says it will boot next.

use std::cmp::Ordering;
use std::time::Duration;

use super::inspect::{saved_or_changed, unsaved_config};
use super::{Ios, last_words, now, optional, questions, same_path, split_path};
use crate::cli::Dialogue;
use crate::platform::parse::{self, ShowBoot};
use crate::platform::{Mark, Probe, Session, Undone};
use crate::{Error, ErrorKind, Result};

/// The times of the last change and of the last save have seconds: this long between the two tells them apart.
const TELLS_APART: Duration = Duration::from_secs(2);

/// `show boot` on switches, `show bootvar` on routers.
pub(super) async fn show(s: &mut Session<'_>) -> Result<Option<ShowBoot>> {
    if let Some(text) = optional(s, "show boot").await? {
        let shown = parse::show_boot(&text);
        if shown.own.boot_next.is_some() || !shown.switches.is_empty() {
            return Ok(Some(shown));
        }
    }
    Ok(optional(s, "show bootvar").await?.map(|text| parse::show_bootvar(&text)))
}

/// What every member boots next, in order; `None` when the device does not say.
pub(super) async fn next_images(s: &mut Session<'_>) -> Result<Option<Vec<Vec<String>>>> {
    let Some(shown) = show(s).await? else {
        return Ok(None);
    };
    let mut lists: Vec<Vec<String>> = shown.switches.values().filter_map(|b| b.boot_next.clone()).collect();
    lists.extend(shown.own.boot_next.clone());
    lists.extend(shown.standby_boot.clone());
    Ok((!lists.is_empty()).then_some(lists))
}

/// The boot lines of the running configuration, verbatim.
pub(super) async fn lines(s: &mut Session<'_>) -> Result<Option<Vec<String>>> {
    let text = optional(s, "show running-config | include ^boot system").await?;
    Ok(text.map(|t| parse::boot_statements(&t).into_iter().map(|b| b.line).collect()))
}

/// Is `path` first in the running configuration, and in what boots next on every member?
async fn stands(path: &str, s: &mut Session<'_>) -> Result<bool> {
    let Some(lists) = next_images(s).await? else {
        return Ok(false);
    };
    if !lists.iter().all(|list| list.first().is_some_and(|first| same_path(first, path))) {
        return Ok(false);
    }
    first_line_names(path, s).await
}

/// Does the first boot line of the running configuration name `path`? Also true where there are no lines to see.
async fn first_line_names(path: &str, s: &mut Session<'_>) -> Result<bool> {
    let (_, name) = split_path(path);
    Ok(lines(s).await?.is_none_or(|lines| lines.first().is_none_or(|first| first.contains(name))))
}

pub(super) async fn probe(path: &str, s: &mut Session<'_>) -> Result<Probe> {
    // A worker may have died between the statement and its saving: what is not saved is lost at the reload.
    // `set` leaves a second between the two, so that the times tell them apart.
    let saved = |order| matches!(order, None | Some(Ordering::Greater));
    if stands(path, s).await? && saved(saved_or_changed(s).await?) {
        return Ok(Probe::Done { how: format!("{path} boots next on every member") });
    }
    Ok(Probe::Ready { mark: now(s) })
}

/// Sets `path` first and the fallback images behind it, and saves. If no way of writing it works, the original lines are
/// written back.
pub(super) async fn set(path: &str, fallback: &[String], undo: &[String], s: &mut Session<'_>) -> Result<String> {
    let behind = |separator: &str, form: &dyn Fn(&str) -> String| {
        std::iter::once(path).chain(fallback.iter().map(String::as_str)).map(form).collect::<Vec<_>>().join(separator)
    };
    let plain = |p: &str| p.to_owned();
    let (fs, name) = split_path(path);
    let ways: Vec<Vec<String>> = vec![
        // Routers and modular boxes: one statement an image, tried from the top.
        std::iter::once(path).chain(fallback.iter().map(String::as_str)).map(|p| format!("boot system {p}")).collect(),
        // Fixed switches: one statement with a list.
        vec![format!("boot system {}", behind(";", &plain))],
        vec![format!("boot system switch all {}", behind(";", &plain))],
        vec![format!("boot system {}/{name}", fs)],
        vec![format!("boot system flash {fs}{name}")],
        vec![format!("boot system flash {name}")],
        vec![format!("boot system switch all {path}")],
    ];
    for way in ways {
        if configure(&way, s).await? && first_line_names(path, s).await? {
            s.cx.sleep(TELLS_APART).await?;
            let said = save(s).await?;
            if stands(path, s).await? {
                return Ok(format!("{}; {said}", way.join("; ")));
            }
        }
    }
    let restored = restore(undo, s).await?;
    let words = serde_json::to_string(&restored).unwrap_or_default();
    Err(Error::new(ErrorKind::DeviceRejected, "set boot", format!("no form of the boot statement worked for {path}"))
        .with("restored", words))
}

/// Replaces all boot statements. `false` when the device refused one of them.
async fn configure(statements: &[String], s: &mut Session<'_>) -> Result<bool> {
    s.show("configure terminal").await?;
    let mut taken = match s.show("no boot system").await {
        Ok(_) => true,
        // Nothing to remove is refused on some releases.
        Err(e) if e.kind() == ErrorKind::DeviceRejected => true,
        Err(e) => return Err(e),
    };
    for statement in statements {
        match s.show(statement).await {
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::DeviceRejected => {
                taken = false;
                break;
            }
            Err(e) => return Err(e),
        }
    }
    s.show("end").await?;
    Ok(taken)
}

/// Writes the original lines back, verbatim, saves, and checks that they stand.
pub(super) async fn restore(original: &[String], s: &mut Session<'_>) -> Result<Undone> {
    // Lines as before that were not saved again are not as before.
    if lines(s).await?.as_deref() == Some(original) && saved_or_changed(s).await? != Some(Ordering::Less) {
        return Ok(Undone::Nothing);
    }
    if !configure(original, s).await? {
        return Ok(Undone::Impossible {
            why: format!("the device refused its own boot lines: {}", original.join("; ")),
        });
    }
    let said = save(s).await?;
    match lines(s).await? {
        Some(found) if found == original => Ok(Undone::Restored { how: format!("boot lines as before; {said}") }),
        found => Ok(Undone::Impossible { why: format!("the boot lines are {found:?} instead of {original:?}") }),
    }
}

/// `write memory`.
pub(super) async fn save(s: &mut Session<'_>) -> Result<String> {
    let mut dialogue = Dialogue::show("write memory").silence(super::LONG_SILENCE);
    dialogue.answers = questions::save();
    let said = s.run(&dialogue).await?;
    if said.output.contains("[OK]") {
        return Ok("saved".to_owned());
    }
    Err(Error::new(ErrorKind::DeviceRejected, "save", "the configuration was not saved").said(last_words(&said.output)))
}

impl Ios {
    pub(super) async fn probe_saved(&self, mark: Option<&Mark>, s: &mut Session<'_>) -> Result<Probe> {
        Ok(match (unsaved_config(s).await?, mark) {
            (Some(false), _) => Probe::Done { how: "the configuration was saved after its last change".to_owned() },
            // The device does not show the times; it was told to save, and said [OK].
            (None, Some(_)) => Probe::Done { how: "the device said [OK] to write memory".to_owned() },
            _ => Probe::Ready { mark: now(s) },
        })
    }
}
