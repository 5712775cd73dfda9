//! Making room: exactly the files of the plan, checked once more just before.

use super::{boot, files, now, same_path};
use crate::analysis::{Finding, Severity};
use crate::model::{Inventory, Member};
use crate::platform::parse;
use crate::platform::{Deletion, Probe, Session};
use crate::{Error, ErrorKind, Result};

/// Image files of a member that nothing refers to, the largest first, until `need` bytes would be free. `None` when
/// that is not enough.
///
/// Only whole images (`.bin`) are ever named: packages, `packages.conf`, SMUs and everything else stay.
pub(super) fn candidates(inventory: &Inventory, member: &Member, keep: &[&str], need: u64) -> Option<Vec<Deletion>> {
    let flash = member.flash.as_ref()?;
    let mut free = flash.free?;
    let used = |name: &str| {
        let path = format!("{}{name}", flash.prefix);
        let named = |other: &str| {
            let tail = other.rsplit(['/', ':']).next().unwrap_or(other);
            same_path(other, &path) || tail.eq_ignore_ascii_case(name)
        };
        keep.iter().any(|k| named(k))
            || inventory.image.as_deref().is_some_and(named)
            || inventory.boot.next.iter().flatten().any(|b| named(b))
            || inventory.members.iter().flat_map(|m| m.boot_next.iter().flatten()).any(|b| named(b))
            || inventory.boot.lines.iter().flatten().any(|l| l.contains(name))
    };
    let mut images: Vec<_> = flash
        .files
        .iter()
        .filter(|f| !f.directory && f.name.ends_with(".bin") && !f.name.contains(".smu."))
        .filter(|f| !used(&f.name))
        .collect();
    images.sort_by_key(|f| std::cmp::Reverse(f.bytes));
    let mut out = Vec::new();
    for file in images {
        if free >= need {
            break;
        }
        free += file.bytes;
        out.push(Deletion {
            path: format!("{}{}", flash.prefix, file.name),
            bytes: file.bytes,
            why: "an image that is neither running nor in any boot list".to_owned(),
        });
    }
    (free >= need).then_some(out)
}

pub(super) async fn probe(deletions: &[Deletion], s: &mut Session<'_>) -> Result<Probe> {
    for d in deletions {
        match files::size(&d.path, s).await? {
            None => {}
            Some(bytes) if bytes == d.bytes => return Ok(Probe::Ready { mark: now(s) }),
            Some(bytes) => {
                let finding =
                    Finding::new("room.changed", Severity::Blocking, format!("{} is another file now", d.path))
                        .compared(format!("{bytes} bytes"), format!("{} bytes", d.bytes))
                        .remedy("plan again");
                return Ok(Probe::Blocked { findings: vec![finding] });
            }
        }
    }
    Ok(Probe::Done { how: format!("{} files are gone", deletions.len()) })
}

pub(super) async fn delete_all(deletions: &[Deletion], s: &mut Session<'_>) -> Result<String> {
    let running = parse::show_version(&s.show("show version").await?).image;
    let boot = boot::next_images(s).await?.unwrap_or_default();
    for d in deletions {
        if running.iter().chain(boot.iter().flatten()).any(|used| same_path(used, &d.path)) {
            return Err(Error::new(ErrorKind::Blocked, "make room", format!("{} is in use by now", d.path)));
        }
        if files::size(&d.path, s).await?.is_some() {
            files::delete(&d.path, s).await?;
        }
    }
    Ok(format!("{} files deleted", deletions.len()))
}
