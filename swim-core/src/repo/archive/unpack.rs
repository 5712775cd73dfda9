//! Reading an archive into the repository.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::{Further, Manifest, Packed, wrong};
use super::tar::{self, Header, Member};
use super::{DIGEST, IMAGES, LONGEST_MANIFEST, MANIFEST, OPERATION, digest_line};
use crate::catalog::Index;
use crate::image::{Image, Quarantine};
use crate::model::Sha256;
use crate::ports::{Context, ImageStore, ImageWriter, Note, Records};
use crate::repo::digester::Digester;
use crate::repo::import::give_up;
use crate::repo::{Source, damage, find, known_good, record, remove};
use crate::{Error, ErrorKind, Result, Retry};

/// Something that the archive says otherwise than this repository. What is here stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Conflict {
    /// Which image.
    pub image: Sha256,
    /// Its file name here.
    pub file_name: String,
    /// What differs: a field of the record (`facts.family`), or a further record (`requirement_changes/...`).
    pub what: String,
    /// What stays.
    pub here: Value,
    /// What the archive says.
    pub there: Value,
}

/// What an archive brought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unpacked {
    /// Images that are new here.
    pub imported: Vec<Sha256>,
    /// How many were here already; their bytes in the archive were checked all the same.
    pub present: u64,
    /// Images that were damaged here and are whole again.
    pub healed: Vec<Sha256>,
    /// Further names and other records that are new here.
    pub records: u64,
    /// What differs; nothing here was changed by it.
    pub conflicts: Vec<Conflict>,
    /// Images of the archive that are in quarantine here: a list of here contradicts them, or one of where they come from did.
    #[serde(default)]
    pub quarantined: Vec<Sha256>,
}

/// Reads an archive that [`export`](super::export()) wrote. Every digest is checked before an image is seen; an image that is
/// here already is skipped, its names are merged, and what is known of it here stays. Each image appears whole or not at
/// all: after a kill the same call completes what is missing.
///
/// The lists of known good values of this repository judge what comes. A quarantine of where it comes from is kept, and what
/// somebody lifted there is not lifted here.
///
/// # Errors
/// - `Integrity` that names the member: it was cut off, has other bytes than the manifest says, or is none of an archive of a
///   repository (a path that leads elsewhere, a link). Images before it are there.
/// - `Unsupported` for an archive of a later release; `Cancelled`; `NoSpace`; those of the source and the stores.
pub async fn unpack(
    source: &mut dyn Source,
    store: &dyn ImageStore,
    records: &dyn Records,
    cx: &Context,
) -> Result<Unpacked> {
    let total = source.size_hint();
    let mut archive = Archive { source, held: Bytes::new(), at: 0, total, cx };
    let (manifest, images) = contents(&mut archive).await?;
    let mut expected: BTreeMap<Sha256, (Image, Packed)> =
        images.into_iter().zip(manifest.images).map(|(image, packed)| (image.id, (image, packed))).collect();
    let mut out = Unpacked::default();
    let mut taken = Vec::new();
    let lists = known_good::lists(records).await?;
    let lists = known_good::indexed(&lists);
    let here = Here { store, records, lists: &lists };
    while let Some(member) = archive.next().await? {
        let id: Option<Sha256> = member.name.strip_prefix(IMAGES).and_then(|id| id.parse().ok());
        let Some((image, packed)) = id.and_then(|id| expected.remove(&id)) else {
            return Err(refused(&member.name, "no member of this archive by its manifest, or there twice"));
        };
        if member.name != format!("{IMAGES}{}", image.id) || member.bytes != image.bytes {
            let why = format!("it has {} bytes, the manifest says {}", member.bytes, image.bytes);
            return Err(refused(&member.name, &why));
        }
        here.take(&mut archive, &member, &image, &packed, &mut out).await?;
        taken.push(image.id);
    }
    if let Some(missing) = expected.keys().next() {
        return Err(refused(&format!("{IMAGES}{missing}"), "the archive ends without it"));
    }
    // Once more: a list may have come at the same time.
    let lists = known_good::lists(records).await?;
    let here = Here { lists: &known_good::indexed(&lists), ..here };
    for id in taken {
        if here.judge(&id, cx).await?.is_some_and(|image| image.quarantined().is_some()) {
            out.quarantined.push(id);
        }
    }
    Ok(out)
}

/// The repository that an archive is read into.
#[derive(Clone, Copy)]
struct Here<'a> {
    store: &'a dyn ImageStore,
    records: &'a dyn Records,
    lists: &'a [(&'a str, Index<'a>)],
}

async fn contents(archive: &mut Archive<'_>) -> Result<(Manifest, Vec<Image>)> {
    let text = archive.small(MANIFEST, LONGEST_MANIFEST).await?;
    let digest = archive.small(DIGEST, 4096).await?;
    if digest != digest_line(&Sha256::of(&text)).as_bytes() {
        return Err(wrong("it has another SHA-256 than manifest.sha256 says"));
    }
    Manifest::read(&text)
}

impl Here<'_> {
    /// One image: kept where it is new, compared where it is not.
    async fn take(
        &self,
        archive: &mut Archive<'_>,
        member: &Member,
        image: &Image,
        packed: &Packed,
        out: &mut Unpacked,
    ) -> Result<()> {
        let Self { store, records, .. } = *self;
        let here = record::get(records, &image.id).await?.is_some();
        let whole = store.size(&image.id).await? == Some(image.bytes);
        let damaged = damage::damage_of(records, &image.id).await?.is_some();
        let mut coming = None;
        if here && whole && !damaged {
            digests(archive, member, image, None).await?;
        } else {
            let mut writer = store.create().await?;
            if let Err(e) = digests(archive, member, image, Some(&mut *writer)).await {
                give_up(writer).await;
                return Err(e);
            }
            coming = match remove::Pending::announce(store, records, image.id).await {
                Ok(coming) => Some(coming),
                Err(e) => {
                    give_up(writer).await;
                    return Err(e);
                }
            };
            writer.finish(&image.id).await?;
            damage::clear(records, &image.id).await?;
        }
        let key = image.id.to_string();
        let mine = self.entered(image, packed, archive.cx)?;
        let owner = if records.put_new(record::IMAGES, &key, mine.clone()).await? {
            // As in an import: a deletion may have taken the bytes between their finish and this record.
            if store.size(&image.id).await? != Some(image.bytes) {
                records.remove(record::IMAGES, &key).await?;
                return Err(deleted(&key));
            }
            out.imported.push(image.id);
            let mine = record::peek(&mine).unwrap_or_else(|| image.clone());
            known_good::entered(records, &mine, archive.cx.clock.now()).await?;
            mine
        } else {
            let there = records.get(record::IMAGES, &key).await?.unwrap_or_default();
            let mine = record::peek(&there).ok_or_else(|| deleted(&key))?;
            if whole && !damaged {
                out.present += 1
            } else {
                out.healed.push(image.id)
            }
            compare(&mine, &there, &packed.record, &mut out.conflicts);
            mine
        };
        if let Some(coming) = coming {
            coming.arrived(records).await;
        }
        if owner.file_name != image.file_name {
            let value = serde_json::json!({ "imported": image.imported });
            let name = Further { table: record::NAMES.to_owned(), key: image.file_name.clone(), value };
            merge(records, &owner, &name, out).await?;
        }
        for further in &packed.further {
            merge(records, &owner, further, out).await?;
        }
        self.judge(&image.id, archive.cx).await.map(|_| ())
    }

    /// The record of an image that is new here, judged before anybody can see it.
    fn entered(&self, image: &Image, packed: &Packed, cx: &Context) -> Result<Value> {
        let mut names = vec![image.file_name.clone()];
        names.extend(packed.further.iter().filter(|f| f.table == record::NAMES).map(|f| f.key.clone()));
        let held = image.contradicted().cloned().map(|held| Quarantine { lifted: None, elsewhere: true, ..held });
        let held = known_good::verdict(self.lists, &names, &image.digests, cx.clock.now()).or(held);
        let mut record = packed.record.clone();
        if let (Some(fields), Some(held)) = (record.as_object_mut(), held) {
            let held = serde_json::to_value(held)
                .map_err(|e| Error::internal(OPERATION, "a quarantine has no JSON form").caused_by(e))?;
            fields.insert("quarantine".to_owned(), held);
            // What another repository's people lifted is not lifted here.
            fields.remove("quarantine_lifted");
        }
        Ok(record)
    }

    /// Judges an image by the lists, under all its names.
    async fn judge(&self, id: &Sha256, cx: &Context) -> Result<Option<Image>> {
        if self.lists.is_empty() {
            return record::get(self.records, id).await;
        }
        let names = find::names(self.records, id).await?;
        known_good::judge_one(self.records, self.lists, id, &names, cx.clock.now()).await
    }
}

fn deleted(key: &str) -> Error {
    Error::new(ErrorKind::Conflict, OPERATION, format!("image {key} was being deleted at the same time"))
        .with("image", key)
        .retry_when(Retry::Now)
}

/// Reads the bytes of an image to the end and checks every digest that its record has.
async fn digests(
    archive: &mut Archive<'_>,
    member: &Member,
    image: &Image,
    mut writer: Option<&mut dyn ImageWriter>,
) -> Result<()> {
    let (mut digester, mut left) = (Digester::new(), member.bytes);
    while left > 0 {
        let piece = archive.piece(left).await?.ok_or_else(|| cut(member, member.bytes - left))?;
        left -= piece.len() as u64;
        if let Some(writer) = writer.as_mut() {
            writer.write(piece.clone()).await?;
        }
        digester.take(&piece).await?;
    }
    archive.skip_padding(member).await?;
    let found = digester.finish().await?;
    if found.sha256 != image.id {
        return Err(refused(&member.name, &format!("its SHA-256 is {}", found.sha256)));
    }
    // Archives of other releases may have more digests, or fewer.
    let json = |digests| serde_json::to_value(digests).unwrap_or_default();
    let (found, said) = (json(&found), json(&image.digests));
    for (name, said) in said.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)))
    {
        match found.get(name).and_then(Value::as_str) {
            Some(found) if !found.is_empty() && !said.is_empty() && !found.eq_ignore_ascii_case(said) => {
                return Err(refused(&member.name, &format!("its {name} is {found}, its record says {said}")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What the two records say of different things, field by field.
fn compare(image: &Image, here: &Value, there: &Value, conflicts: &mut Vec<Conflict>) {
    // Who imported it first, and under which of its names, is no contradiction; and each repository judges by its own lists.
    const OWN: [&str; 4] = ["imported", "file_name", "quarantine", "quarantine_lifted"];
    let empty = serde_json::Map::new();
    let map = |value: &'_ Value| value.as_object().cloned().unwrap_or_else(|| empty.clone());
    let mut differ = |prefix: &str, here: &Value, there: &Value| {
        let (mine, theirs) = (map(here), map(there));
        let names: BTreeSet<&String> = mine.keys().chain(theirs.keys()).collect();
        for name in
            names.into_iter().filter(|name| !prefix.is_empty() || (!OWN.contains(&name.as_str()) && *name != "facts"))
        {
            let of = |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
            let (here, there) = (of(&mine), of(&theirs));
            if here != there {
                let (what, file_name) = (format!("{prefix}{name}"), image.file_name.clone());
                conflicts.push(Conflict { image: image.id, file_name, what, here, there });
            }
        }
    };
    differ("", here, there);
    let facts = |value: &Value| value.get("facts").cloned().unwrap_or_default();
    differ("facts.", &facts(here), &facts(there));
}

/// Adds a further record, unless there is one.
async fn merge(records: &dyn Records, image: &Image, further: &Further, out: &mut Unpacked) -> Result<()> {
    let Further { table, key, value } = further;
    let key = format!("{}/{key}", image.id);
    if *table == record::NAMES && key == record::name_key(&image.id, &image.file_name) {
        return Ok(());
    }
    if records.put_new(table, &key, value.clone()).await? {
        out.records += 1;
        return Ok(());
    }
    let here = records.get(table, &key).await?.unwrap_or_default();
    if here != *value && *table != record::NAMES {
        let (what, file_name) = (format!("{table}/{}", further.key), image.file_name.clone());
        out.conflicts.push(Conflict { image: image.id, file_name, what, here, there: value.clone() });
    }
    Ok(())
}

/// Something else was given for an archive.
fn no_archive(what: &str) -> Error {
    let message = format!(
        "it is no archive of a repository but {what}: a file that export_repository wrote begins with {MANIFEST}"
    );
    Error::new(ErrorKind::Integrity, OPERATION, message).with("offset", 0)
}

/// What a file is that begins with no header of an archive.
fn beginning(block: &[u8]) -> &'static str {
    match block {
        [] => "empty",
        [0x1f, 0x8b, ..] => "compressed with gzip",
        [b'B', b'Z', b'h', ..] => "compressed with bzip2",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "compressed with xz",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "compressed with zstd",
        _ if block.len() < tar::BLOCK => "shorter than any",
        _ => "another kind of file",
    }
}

fn refused(member: &str, why: &str) -> Error {
    Error::new(ErrorKind::Integrity, OPERATION, format!("{member:?}: {why}")).with("member", format!("{member:?}"))
}

fn cut(member: &Member, after: u64) -> Error {
    refused(&member.name, &format!("the archive ends in it, after {after} of {} bytes", member.bytes))
}

/// An archive as far as it is read.
struct Archive<'a> {
    source: &'a mut dyn Source,
    held: Bytes,
    at: u64,
    total: Option<u64>,
    cx: &'a Context,
}

impl Archive<'_> {
    /// Up to so many of the next bytes; `None` at the end of the file.
    async fn piece(&mut self, most: u64) -> Result<Option<Bytes>> {
        while self.held.is_empty() {
            match self.cx.unless_cancelled(OPERATION, self.source.next()).await? {
                Some(next) => self.held = next,
                None => return Ok(None),
            }
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.held.len());
        let piece = self.held.split_to(most);
        self.at += piece.len() as u64;
        self.cx.notes.note(Note::Bytes { done: self.at, total: self.total });
        Ok(Some(piece))
    }

    /// So many bytes, or fewer at the end of the file.
    async fn gathered(&mut self, bytes: u64) -> Result<Bytes> {
        let mut out = BytesMut::new();
        while (out.len() as u64) < bytes {
            match self.piece(bytes - out.len() as u64).await? {
                Some(piece) => out.extend_from_slice(&piece),
                None => break,
            }
        }
        Ok(out.freeze())
    }

    /// The next member; `None` at the end of the archive.
    async fn next(&mut self) -> Result<Option<Member>> {
        let at = self.at;
        let block = self.gathered(tar::BLOCK as u64).await?;
        let broken = |why: &str| {
            if at == 0 {
                return no_archive(beginning(&block));
            }
            Error::new(ErrorKind::Integrity, OPERATION, format!("byte {at} of the archive: {why}")).with("offset", at)
        };
        if block.is_empty() {
            return Err(broken("it ends without its end mark: it was cut off"));
        }
        match tar::read(&block).map_err(broken)? {
            Header::End => Ok(None),
            Header::Member(member) => Ok(Some(member)),
        }
    }

    async fn skip_padding(&mut self, member: &Member) -> Result<()> {
        let padding = tar::padding(member.bytes);
        if self.gathered(padding).await?.len() as u64 == padding { Ok(()) } else { Err(cut(member, member.bytes)) }
    }

    /// A member that is held in memory and must be the next one.
    async fn small(&mut self, name: &str, most: u64) -> Result<Bytes> {
        let member = match self.next().await? {
            Some(member) if member.name == name => member,
            Some(member) if name == MANIFEST => {
                return Err(no_archive(&format!("a tar archive that begins with {:?}", member.name)));
            }
            None if name == MANIFEST => return Err(no_archive("zeros")),
            other => {
                let found = other.map_or_else(|| "the end".to_owned(), |member| format!("{:?}", member.name));
                return Err(refused(
                    name,
                    &format!("it must be the next member, there is {found}: no archive of a repository"),
                ));
            }
        };
        if member.bytes > most {
            return Err(refused(name, &format!("it has {} bytes, at most {most} are read", member.bytes)));
        }
        let text = self.gathered(member.bytes).await?;
        if (text.len() as u64) < member.bytes {
            return Err(cut(&member, text.len() as u64));
        }
        self.skip_padding(&member).await?;
        Ok(text)
    }
}
