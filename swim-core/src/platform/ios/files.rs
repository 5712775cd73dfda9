//! Files on flash: is it there, is it growing, take it away.

use std::time::Duration;

use super::questions;
use super::{now, same_path, split_path};
use crate::analysis::{Finding, Severity};
use crate::cli::Dialogue;
use crate::platform::parse;
use crate::platform::{Mark, Probe, Session, Undone};
use crate::{Error, ErrorKind, Result};

/// A copy that is under way makes the file grow within this time, even at the slowest rate seen (265 KB/s, in blocks).
const GROWTH: Duration = Duration::from_secs(20);

/// The size of a file; `None` when it is not there.
pub(super) async fn size(path: &str, s: &mut Session<'_>) -> Result<Option<u64>> {
    let (fs, name) = split_path(path);
    let listed = parse::dir(&s.show(&format!("dir {fs}")).await?);
    if listed.is_absent() {
        return Ok(None);
    }
    if let Some(error) = listed.error {
        return Err(Error::new(ErrorKind::DeviceRejected, "list files", format!("{fs} cannot be listed")).said(error));
    }
    Ok(listed.files.iter().find(|f| f.name.eq_ignore_ascii_case(name)).map(|f| f.bytes))
}

/// Where a copy of `bytes` bytes to `path` stands.
pub(super) async fn probe(path: &str, bytes: u64, mark: Option<&Mark>, s: &mut Session<'_>) -> Result<Probe> {
    let Some(first) = size(path, s).await? else {
        return Ok(Probe::Ready { mark: now(s) });
    };
    if first == bytes {
        return Ok(Probe::Done { how: format!("{path} is there with {bytes} bytes") });
    }
    s.cx.sleep(GROWTH).await?;
    match size(path, s).await? {
        Some(second) if second == bytes => Ok(Probe::Done { how: format!("{path} is there with {bytes} bytes") }),
        Some(second) if second != first => {
            Ok(Probe::Busy { what: format!("{path} grows: {second} of {bytes} bytes"), again: GROWTH })
        }
        // Ours, and incomplete: it may be written over.
        Some(_) if mark.is_some() => Ok(Probe::Ready { mark: now(s) }),
        Some(other) => {
            let finding =
                Finding::new("file.other", Severity::Blocking, format!("{path} is there and is not this image"))
                    .compared(format!("{other} bytes"), format!("{bytes} bytes"))
                    .from("dir")
                    .remedy("look at that file; delete or rename it if it is not needed");
            Ok(Probe::Blocked { findings: vec![finding] })
        }
        None => Ok(Probe::Ready { mark: now(s) }),
    }
}

/// Deletes one file. What is not there any more is fine.
pub(super) async fn delete(path: &str, s: &mut Session<'_>) -> Result<()> {
    let mut dialogue = Dialogue::show(format!("delete /force {path}")).fails_on(r"^%\s?(Error|Cannot)");
    dialogue.answers = questions::delete();
    let said = s.run(&dialogue).await?;
    if size(path, s).await?.is_some() {
        let words = if said.failures.is_empty() { said.output } else { said.failures.join("\n") };
        return Err(Error::new(ErrorKind::DeviceRejected, "delete", format!("{path} is still there")).said(words));
    }
    Ok(())
}

/// Takes a copy back, unless something refers to it by now.
pub(super) async fn undo(path: &str, s: &mut Session<'_>) -> Result<Undone> {
    if size(path, s).await?.is_none() {
        return Ok(Undone::Nothing);
    }
    let running = parse::show_version(&s.show("show version").await?).image;
    let boot = super::boot::next_images(s).await?.unwrap_or_default();
    if running.iter().chain(boot.iter().flatten()).any(|used| same_path(used, path)) {
        return Ok(Undone::Impossible { why: format!("{path} is the running image or in the boot list") });
    }
    delete(path, s).await?;
    Ok(Undone::Restored { how: format!("{path} deleted") })
}
