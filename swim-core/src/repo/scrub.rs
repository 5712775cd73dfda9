//! Reading every image again, to find what has rotted before a device does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Digest;

use super::damage::{self, Damage, DamageKind};
use super::record::{self, IMAGES};
use super::reread::{READERS, reread};
use super::window::{Ends, Window};
use crate::model::Sha256;
use crate::ports::{Context, ImageStore, Note, Records};
use crate::transfer::Bucket;
use crate::{Error, ErrorKind, Result};

/// Bytes that are read at once: below what stores share between transfers, so that they come from the disk (or from what the
/// kernel has cached of it).
const BLOCK: usize = 128 * 1024;

const TABLE: &str = "scrub";
const KEY: &str = "position";

/// How to scrub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ScrubOptions {
    /// Read no more than so many bytes a second. Default: as fast as it goes.
    pub bytes_per_second: Option<u64>,
    /// Begin no further image after so many seconds; the next call goes on there. Default: until all are done.
    pub seconds: Option<u64>,
    /// Begin with the first image, whatever an earlier call has done.
    pub afresh: bool,
}

/// What a round through all images has found so far, over all calls that it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScrubReport {
    /// When the round began.
    pub begun: Timestamp,
    /// Images that were read.
    pub images: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// What is wrong.
    pub damaged: Vec<Damage>,
    /// What was damaged before, and is right again.
    pub healed: Vec<Sha256>,
    /// Whole images that an earlier release of this library had read, and of which this one knows something else.
    #[serde(default)]
    pub reread: Vec<Sha256>,
    /// Bytes in the store that no record is of. The next opening of the repository removes what killed imports left.
    pub unrecorded: Vec<Sha256>,
    /// Were all images read? If not, the next call goes on.
    pub finished: bool,
}

impl ScrubReport {
    const fn new(begun: Timestamp) -> Self {
        Self {
            begun,
            images: 0,
            bytes: 0,
            damaged: Vec::new(),
            healed: Vec::new(),
            reread: Vec::new(),
            unrecorded: Vec::new(),
            finished: false,
        }
    }
}

/// Where a round is.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    after: Option<Sha256>,
    report: ScrubReport,
}

/// Reads all images and compares their SHA-256, an image after the other in the order of their ids. Damaged ones are
/// recorded (see [`damage_of`](super::damage_of)) until a scrub finds them right or they are imported again; nothing is removed.
///
/// Images that another release of this library has read are identified again on the way: its readers know more, or otherwise.
///
/// The position is kept after each image: a call that was cancelled, killed or out of time is gone on with by the next one.
///
/// # Errors
/// `InvalidInput` for a rate of 0; `Cancelled`; `Store` of the records. What is wrong with an image is in the report.
pub async fn scrub(
    store: &dyn ImageStore,
    records: &dyn Records,
    options: &ScrubOptions,
    cx: &Context,
) -> Result<ScrubReport> {
    if options.bytes_per_second == Some(0) {
        return Err(Error::invalid("bytes_per_second", 0, "at least 1"));
    }
    let pace = options.bytes_per_second.map(|rate| cx.pace.within(Arc::new(Bucket::new(rate))));
    let cx = Context { pace: pace.unwrap_or_else(|| cx.pace.clone()), ..cx.clone() };
    let mut position = match records.get(TABLE, KEY).await? {
        Some(value) if !options.afresh => resumed(value, &cx),
        _ => Position { after: None, report: ScrubReport::new(cx.clock.now()) },
    };
    let all = record::all(records).await?.into_iter().map(|image| Expected {
        stale: image.read_by != READERS,
        id: image.id,
        bytes: image.bytes,
        file_name: image.file_name,
    });
    let all: Vec<Expected> = all.collect();
    let total: u64 = all.iter().map(|image| image.bytes).sum();
    let after = position.after;
    let passed: u64 = all.iter().filter(|image| Some(image.id) <= after).map(|image| image.bytes).sum();
    let begun = cx.clock.monotonic();
    let limit = options.seconds.map(Duration::from_secs);
    let mut progress = Progress { done: passed, total, cx: &cx };
    for expected in all.iter().filter(|image| Some(image.id) > after) {
        if limit.is_some_and(|limit| cx.clock.monotonic().saturating_sub(begun) >= limit) {
            return Ok(position.report);
        }
        look_at(store, records, expected, &mut progress, &mut position.report).await?;
        position.after = Some(expected.id);
        keep(records, &position).await?;
    }
    position.report.unrecorded = unrecorded(store, records).await?;
    position.report.finished = true;
    records.remove(TABLE, KEY).await?;
    Ok(position.report)
}

/// What cannot be read, or is of another release, is begun again: nothing is lost but time.
fn resumed(value: Value, cx: &Context) -> Position {
    serde_json::from_value(value).unwrap_or_else(|_| Position { after: None, report: ScrubReport::new(cx.clock.now()) })
}

async fn keep(records: &dyn Records, position: &Position) -> Result<()> {
    let value = serde_json::to_value(position)
        .map_err(|cause| Error::internal("scrub", "the position has no JSON form").caused_by(cause))?;
    records.put(TABLE, KEY, value).await
}

struct Progress<'a> {
    done: u64,
    total: u64,
    cx: &'a Context,
}

struct Expected {
    id: Sha256,
    bytes: u64,
    file_name: String,
    /// Another release of this library has read it.
    stale: bool,
}

/// What reading an image to its end comes to: damage, or the parts that tell what it is.
type Seen = std::result::Result<Option<Ends>, Damage>;

async fn look_at(
    store: &dyn ImageStore,
    records: &dyn Records,
    expected: &Expected,
    progress: &mut Progress<'_>,
    report: &mut ScrubReport,
) -> Result<()> {
    let before = progress.done;
    let found = read(store, expected, progress).await?;
    progress.done = before + expected.bytes;
    report.images += 1;
    report.bytes += found.as_ref().map_or_else(|damage| damage.bytes, |_| expected.bytes);
    let damage = match found {
        Err(damage) => damage,
        Ok(ends) => {
            if damage::clear(records, &expected.id).await? {
                report.healed.push(expected.id);
            }
            if let Some(ends) = ends
                && reread(store, records, &expected.id, &expected.file_name, &ends).await?
            {
                report.reread.push(expected.id);
            }
            return Ok(());
        }
    };
    // Marked first, then looked at once more: an import that brings the right bytes takes the mark away after it has
    // written them, so whichever comes last leaves the truth behind.
    damage::mark(records, &damage).await?;
    let gone = record::get(records, &expected.id).await?.is_none();
    let again = if gone { Ok(None) } else { read(store, expected, &mut Progress { ..*progress }).await? };
    match again {
        Err(again) => {
            damage::mark(records, &again).await?;
            report.damaged.push(again);
        }
        Ok(_) => {
            damage::clear(records, &expected.id).await?;
        }
    }
    Ok(())
}

/// Reads an image to its end; what is wrong with it.
async fn read(store: &dyn ImageStore, expected: &Expected, progress: &mut Progress<'_>) -> Result<Seen> {
    let cx = progress.cx;
    let mut window = expected.stale.then(Window::default);
    let (mut digest, mut done) = (sha2::Sha256::new(), 0);
    let wrong = |kind, found, bytes, why| Damage {
        image: expected.id,
        file_name: expected.file_name.clone(),
        kind,
        found,
        expected_bytes: expected.bytes,
        bytes,
        why,
        at: cx.clock.now(),
    };
    loop {
        cx.pace.take(BLOCK, cx).await?;
        // What a shorter or longer file has is read as well: how long it is helps to find out what happened.
        match cx.unless_cancelled("scrub", store.read(&expected.id, done, BLOCK)).await {
            Ok(block) if block.is_empty() => break,
            Ok(block) => {
                digest.update(&block);
                if let Some(window) = &mut window {
                    window.take(&block);
                }
                done += block.len() as u64;
                progress.done += block.len() as u64;
                cx.notes.note(Note::Bytes { done: progress.done, total: Some(progress.total) });
            }
            Err(e) if e.kind() == ErrorKind::Cancelled => return Err(e),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                return Ok(Err(wrong(DamageKind::Missing, None, done, None)));
            }
            Err(e) => return Ok(Err(wrong(DamageKind::Unreadable, None, done, Some(e.report().to_string())))),
        }
    }
    let found = Sha256::new(digest.finalize().into());
    let right = found == expected.id && done == expected.bytes;
    Ok(if right { Ok(window.map(Window::finish)) } else { Err(wrong(DamageKind::Changed, Some(found), done, None)) })
}

/// What is in the store and in no record, nor was a moment ago: an import that is just about to end has bytes first.
async fn unrecorded(store: &dyn ImageStore, records: &dyn Records) -> Result<Vec<Sha256>> {
    let stored = store.list().await?;
    let known: BTreeSet<String> = records.all(IMAGES).await?.into_iter().map(|(key, _)| key).collect();
    let mut out = Vec::new();
    for id in stored.into_iter().filter(|id| !known.contains(&id.to_string())) {
        let nobodys = records.get(IMAGES, &id.to_string()).await?.is_none() && !store.pending(&id).await?;
        if nobodys && store.size(&id).await?.is_some() {
            out.push(id);
        }
    }
    Ok(out)
}
