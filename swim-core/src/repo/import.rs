//! Importing a stream of bytes.

use std::fmt;

use serde_json::json;

use super::change::change;
use super::damage;
use super::digester::Digester;
use super::examine::examine;
use super::find;
use super::known_good;
use super::record::{self, IMAGES, NAMES};
use super::remove;
use super::requirements::{SetRequirements, bring_up, first, keep, set_requirements};
use super::reread::{READERS, renewed};
use super::said::Said;
use super::source::Source;
use super::window::{Ends, Window};
use crate::image::{Image, ImageFacts, further_name};
use crate::model::{Algorithm, Digests, Sha256};
use crate::ports::{Clock, ImageStore, ImageWriter, Note, NoteSink, Records};
use crate::{Error, ErrorKind, Result, Retry};

/// Longest file name: what file systems of servers and devices take.
const NAME_LIMIT: usize = 255;

/// Characters of a bad value that an error repeats.
const SHOWN: usize = 160;

/// How an import is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// The file's name, without folders.
    pub file_name: String,
    /// Digests that somebody published (hexadecimal, any case): bytes that have others are not kept.
    pub expected: Vec<(Algorithm, String)>,
    /// What the importer says of it.
    pub said: Said,
    /// What it requires of devices, beside what the image says.
    pub required: SetRequirements,
}

impl ImportOptions {
    /// An import under this name, with nothing expected.
    #[must_use]
    pub fn new(file_name: impl Into<String>) -> Self {
        Self {
            file_name: file_name.into(),
            expected: Vec::new(),
            said: Said::default(),
            required: SetRequirements::default(),
        }
    }

    /// Refuses bytes that have another digest.
    #[must_use]
    pub fn expecting(mut self, algorithm: Algorithm, digest: impl Into<String>) -> Self {
        self.expected.push((algorithm, digest.into()));
        self
    }

    /// Refuses what could never be taken, before a byte is fetched for nothing.
    ///
    /// ```
    /// use swim_core::{model::Algorithm, repo::ImportOptions};
    /// assert!(ImportOptions::new("x.bin").check().is_ok());
    /// let e = ImportOptions::new("../x.bin").check().unwrap_err();
    /// assert_eq!(e.context("field"), Some("file_name"));
    /// let e = ImportOptions::new("x.bin").expecting(Algorithm::Md5, "12").check().unwrap_err();
    /// assert_eq!((e.context("field"), e.context("value")), (Some("md5"), Some("\"12\"")));
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` names the field and the value.
    pub fn check(&self) -> Result<()> {
        check_name(&self.file_name)?;
        for (algorithm, digest) in &self.expected {
            let (text, digits) = (digest.trim(), algorithm.digits());
            if text.len() != digits || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                let why = format!("{digits} hexadecimal digits");
                return Err(Error::invalid(algorithm.name(), shown(digest), &why));
            }
        }
        self.required.check()?;
        self.said.check()
    }
}

/// Reads a source to its end and keeps it as an image. The image appears when all of it is durable, with what it requires; when
/// anything fails before that, nothing stays. Bytes that are there already give the image that is there, with its first name and what was
/// said of it, read anew; the new name is remembered (see [`names`](super::names)).
///
/// # Errors
/// - `InvalidInput`: what [`ImportOptions::check`] refuses, a version that is none of the platform, or an empty file.
/// - `Integrity`: an expected digest or the announced size is not met.
/// - `Conflict` (retry now): the same image was being removed.
/// - The source's own error, as it is; `NoSpace` or `Store` of the stores.
pub async fn import(
    mut source: impl Source,
    store: &dyn ImageStore,
    records: &dyn Records,
    clock: &dyn Clock,
    options: ImportOptions,
    notes: &dyn NoteSink,
) -> Result<Image> {
    options.check()?;
    let mut writer = store.create().await?;
    let read = match read(&mut source, &mut *writer, &options, notes).await {
        Ok(read) => read,
        Err(error) => {
            give_up(writer).await;
            return Err(error);
        }
    };
    let Passed { digests, ends } = read;
    let coming = match remove::Pending::announce(store, records, digests.sha256).await {
        Ok(coming) => coming,
        Err(error) => {
            give_up(writer).await;
            return Err(error);
        }
    };
    writer.finish(&digests.sha256).await?;
    // Whatever lay there, these bytes are right.
    damage::clear(records, &digests.sha256).await?;
    // An image that is here already has its name, and keeps what was said of it.
    let here = record::get(records, &digests.sha256).await?;
    let name = here.as_ref().map_or(&options.file_name, |here| &here.file_name);
    let mut read = examine(store, &digests.sha256, &ends, name).await;
    if here.is_some() {
        further_names(records, &digests.sha256, &mut read).await?;
        if *name != options.file_name {
            further_name(&mut read, &options.file_name);
        }
    }
    let mut facts = here.map_or_else(|| read.clone(), |here| renewed(&here.facts, &read));
    if let Err(refused) = options.said.apply(&mut facts, &read) {
        remove::unrecorded(store, records, &digests.sha256).await?;
        return Err(refused);
    }
    let now = clock.now();
    let names = [options.file_name.clone()];
    // Before anybody can see it.
    let quarantine = known_good::quarantine(records, &names, &digests, now).await?;
    let overrides = first(&options.required, digests.sha256, &options.file_name, now)?;
    let image = Image {
        id: digests.sha256,
        file_name: options.file_name.clone(),
        bytes: ends.bytes,
        digests,
        facts,
        overrides,
        imported: now,
        read_by: READERS.to_owned(),
        quarantine,
        quarantine_lifted: None,
    };
    let (mut image, fresh) = enter(image, store, records).await?;
    coming.arrived(records).await;
    // Its requirements and who set them are in the record: a copy that fails is made at the next change, or at the removal.
    if fresh && let Err(cause) = keep(records, image.overrides.last.as_ref()).await {
        tracing::warn!(%cause, "the change of requirements is in the record of the image only");
    }
    if !fresh
        && let Some(said) = change(records, &image.id, |image| {
            // Of an image that was here before: what others change at the same time stays.
            let before = image.clone();
            bring_up(image);
            image.facts = renewed(&image.facts, &read);
            READERS.clone_into(&mut image.read_by);
            options.said.apply(&mut image.facts, &read).is_ok() && *image != before
        })
        .await?
    {
        image = said;
    }
    if !fresh && !options.required.is_empty() {
        image = set_requirements(records, clock, &image.id, &options.required).await?;
    }
    known_good::settle(records, image, now).await
}

/// What the further names of an image say that its bytes and its first name do not.
pub(super) async fn further_names(records: &dyn Records, image: &Sha256, facts: &mut ImageFacts) -> Result<()> {
    for name in find::names(records, image).await?.iter().skip(1) {
        further_name(facts, name);
    }
    Ok(())
}

/// What stays behind, should this fail as well, is the next sweep's.
pub(super) async fn give_up(writer: Box<dyn ImageWriter>) {
    if let Err(cause) = writer.abort().await {
        tracing::warn!(%cause, "a failed import could not be cleaned up at once");
    }
}

/// What is known of the stream after its end.
struct Passed {
    digests: Digests,
    ends: Ends,
}

async fn read(
    source: &mut impl Source,
    writer: &mut dyn ImageWriter,
    options: &ImportOptions,
    notes: &dyn NoteSink,
) -> Result<Passed> {
    let total = source.size_hint();
    let mut digester = Digester::new();
    let mut window = Window::default();
    while let Some(bytes) = source.next().await? {
        if bytes.is_empty() {
            continue;
        }
        // A file that grows while it is read would be followed until the disk is full.
        if let Some(total) = total.filter(|total| window.bytes() + bytes.len() as u64 > *total) {
            return Err(wrong(options, format!("the source has more bytes than the {total} that were announced")));
        }
        // The store writes in the background while the digests are taken.
        writer.write(bytes.clone()).await?;
        digester.take(&bytes).await?;
        window.take(&bytes);
        notes.note(Note::Bytes { done: window.bytes(), total });
    }
    let done = window.bytes();
    if done == 0 {
        return Err(Error::invalid("file", &options.file_name, "the file is empty"));
    }
    if let Some(total) = total.filter(|total| *total != done) {
        return Err(wrong(options, format!("the source has {done} bytes, {total} were announced")));
    }
    let digests = digester.finish().await?;
    for (algorithm, expected) in &options.expected {
        let found = digests.get(*algorithm).unwrap_or_default();
        if !found.eq_ignore_ascii_case(expected.trim()) {
            return Err(wrong(options, format!("its {} is {found}, expected was {expected}", algorithm.name())));
        }
    }
    Ok(Passed { digests, ends: window.finish() })
}

fn wrong(options: &ImportOptions, what: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Integrity, "import", format!("{}: {what}", options.file_name))
        .with("file_name", &options.file_name)
}

/// Writes the record, unless there is one; was it written?
async fn enter(image: Image, store: &dyn ImageStore, records: &dyn Records) -> Result<(Image, bool)> {
    let key = image.id.to_string();
    let removed = || {
        Error::new(ErrorKind::Conflict, "import", format!("image {key} was being removed at the same time"))
            .with("image", &key)
            .retry_when(Retry::Now)
    };
    if records.put_new(IMAGES, &key, record::write(&image)?).await? {
        // A removal that was under way may have taken the bytes between their finish and this record.
        if store.size(&image.id).await? != Some(image.bytes) {
            records.remove(IMAGES, &key).await?;
            return Err(removed());
        }
        known_good::entered(records, &image, image.imported).await?;
        return Ok((image, true));
    }
    let Some(first) = record::get(records, &image.id).await? else { return Err(removed()) };
    if first.file_name != image.file_name {
        let name = record::name_key(&image.id, &image.file_name);
        records.put_new(NAMES, &name, json!({ "imported": image.imported })).await?;
    }
    Ok((first, false))
}

/// A text that somebody gives: not without end, and nothing that commands a terminal.
pub(super) fn check_text(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() || text.len() > NAME_LIMIT || text.chars().any(char::is_control) {
        return Err(Error::invalid(field, shown(text), "1 to 255 bytes without control characters"));
    }
    Ok(())
}

/// The beginning of a bad value.
fn shown(text: &str) -> String {
    let text: String = text.chars().take(SHOWN).collect();
    format!("{text:?}")
}

/// A name, not a path, and nothing that a terminal or a device's command line would take as more than a name.
pub(super) fn check_name(name: &str) -> Result<()> {
    let bad = |why| Err(Error::invalid("file_name", shown(name), why));
    if name.is_empty() || name == "." || name == ".." {
        return bad("not the name of a file");
    }
    if name.len() > NAME_LIMIT {
        return bad("longer than 255 bytes");
    }
    if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
        return bad("a file name has no folders and no control characters");
    }
    Ok(())
}
