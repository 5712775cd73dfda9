//! Open catalogues: documents that are kept, and what they say of images.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use swim_core::catalog::{Authenticity, Catalogue, Entry};
use swim_core::{Error, ErrorKind, Result, Retry};

use super::signed::{SignedFile, read_signed};
use super::{Client, json, parse};

/// Open catalogues by name.
const CATALOGS: &str = "catalogs";
/// Lines of their audit, by time.
const AUDIT: &str = "catalog_audit";

/// An open catalogue that is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptCatalogue {
    /// Its name.
    pub name: String,
    /// When it came.
    pub imported: Timestamp,
    /// Who signed it, or that nobody did.
    pub authenticity: Authenticity,
    /// When it was made, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Timestamp>,
    /// How many images it has.
    pub entries: usize,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    about: KeptCatalogue,
    catalogue: Catalogue,
}

/// Stands in the place of a catalogue that was removed: who dies behind the removal has left its line of the audit here.
#[derive(Serialize, Deserialize)]
struct Gone {
    removed: CatalogChange,
}

impl Gone {
    fn read(value: &Value) -> Option<CatalogChange> {
        value.get("removed")?;
        Self::deserialize(value).ok().map(|gone| gone.removed)
    }
}

/// An image of an open catalogue.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Listed {
    /// The catalogue.
    pub catalog: String,
    /// Is the catalogue signed?
    pub signed: bool,
    /// What it says of the image.
    #[serde(flatten)]
    pub entry: Entry,
}

/// A line of the audit of open catalogues.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogChange {
    /// When.
    pub at: Timestamp,
    /// The name of the catalogue.
    pub name: String,
    /// What was done: `imported`, `replaced` or `removed`.
    pub action: String,
    /// What was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<KeptCatalogue>,
    /// What is there since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<KeptCatalogue>,
    /// Did somebody say that an older one, or one of another signer, may be taken?
    #[serde(default)]
    pub allow_older: bool,
}

impl Client {
    /// Takes an open catalogue from a file, in the place of the one of its name, unless that one was made later, or is signed
    /// and this one is not by the same certificate.
    ///
    /// # Errors
    /// `NotFound`; those of [`Catalogue::open`]; `Conflict` for one that is older than the one that is here, or does not say
    /// when it was made while that one does, and for one that is not signed as that one is; those of the store.
    ///
    /// What came in the place of what is in the [audit](Client::catalog_audit).
    pub async fn import_catalog(&self, path: impl AsRef<Path>, how: &SignedFile) -> Result<KeptCatalogue> {
        let (document, proof, name) = read_signed(path.as_ref(), how).await?;
        let now = self.adapters().clock.now();
        let (catalogue, authenticity) = Catalogue::open(&document, &proof, now)?;
        let there = self.records().get(CATALOGS, &name).await?;
        if let Some(gone) = there.as_ref().and_then(Gone::read) {
            self.write(&gone).await?;
        }
        let kept = there.as_ref().filter(|there| Gone::read(there).is_none());
        if let Some(why) = kept.and_then(|kept| replacing(kept, &catalogue, &authenticity))
            && !how.allow_older
        {
            let message = format!("the catalogue {name} that is here {why}; allow_older takes it all the same");
            let e = Error::new(ErrorKind::Conflict, "import catalogue", message);
            return Err(e.with("name", name).with("field", "allow_older"));
        }
        let about = KeptCatalogue {
            name: name.clone(),
            imported: now,
            authenticity,
            generated: catalogue.generated,
            entries: catalogue.entries.len(),
        };
        let fresh = json(&Kept { about: about.clone(), catalogue })?;
        let settled = match &there {
            Some(there) => self.records().swap(CATALOGS, &name, there, fresh).await?,
            None => self.records().put_new(CATALOGS, &name, fresh).await?,
        };
        if settled {
            let before = kept.map(KeptCatalogue::deserialize).transpose().ok().flatten();
            let action = if kept.is_some() { "replaced" } else { "imported" };
            self.note(action, before, Some(about.clone()), how.allow_older).await?;
            return Ok(about);
        }
        let message = format!("another catalogue {name} came at the same time");
        Err(Error::new(ErrorKind::Conflict, "import catalogue", message).with("name", name).retry_when(Retry::Now))
    }

    /// The images of all open catalogues. `text`: only those with this in the file name, in any case.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn catalog(&self, text: Option<&str>) -> Result<Vec<Listed>> {
        let part = text.unwrap_or_default().to_lowercase();
        let mut out = Vec::new();
        for value in self.kept_catalogues().await? {
            let Kept { about, catalogue } = parse(value)?;
            let signed = matches!(about.authenticity, Authenticity::Signed(_));
            let wanted = catalogue.entries.into_iter().filter(|entry| entry.filename.to_lowercase().contains(&part));
            out.extend(wanted.map(|entry| Listed { catalog: about.name.clone(), signed, entry }));
        }
        Ok(out)
    }

    /// The open catalogues that are kept, by name.
    ///
    /// # Errors
    /// Those of the store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> swim::Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("swim-catalogs-{}", std::process::id()));
    /// let client = swim::Client::open(swim::Config::new(&folder)).await?;
    /// let file = folder.join("lab.json");
    /// std::fs::write(&file, r#"{"schema": 1, "entries": [{"filename": "a.bin"}]}"#).unwrap();
    /// let mut how = swim::SignedFile::default();
    /// how.allow_unsigned = true;
    /// client.import_catalog(&file, &how).await?;
    /// let kept = client.catalogs().await?;
    /// assert_eq!((kept[0].name.as_str(), kept[0].entries), ("lab.json", 1));
    /// assert_eq!(client.remove_catalog("lab.json").await?.entries, 1);
    /// assert!(client.catalogs().await?.is_empty());
    /// assert_eq!(client.catalog_audit().await?[1].action, "removed");
    /// # drop(client);
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// # Ok(()) }
    /// ```
    pub async fn catalogs(&self) -> Result<Vec<KeptCatalogue>> {
        self.kept_catalogues().await?.into_iter().map(parse).collect()
    }

    async fn kept_catalogues(&self) -> Result<Vec<Value>> {
        let rows = self.records().all(CATALOGS).await?.into_iter().map(|(_, value)| value);
        Ok(rows.filter(|value| Gone::read(value).is_none()).collect())
    }

    /// Removes an open catalogue, and returns what it was. Its images are no candidates any more, what it required holds no
    /// longer, and what it deferred or withdrew is so only if another catalogue says it: of the next analysis, plan and
    /// recommendation; plans that were made keep their digest. Images of the repository stay. A catalogue of its name is
    /// taken afterwards whatever its age and its signer, which [`Client::catalog_audit`] shows.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` (retry now) when another took its place at the same time, which stays; those of the store.
    pub async fn remove_catalog(&self, name: &str) -> Result<KeptCatalogue> {
        let error = |kind, message: String| Error::new(kind, "remove catalogue", message).with("name", name);
        let there = self.records().get(CATALOGS, name).await?;
        let Some(value) = there.filter(|there| Gone::read(there).is_none()) else {
            return Err(error(ErrorKind::NotFound, format!("there is no catalogue {name:?}")));
        };
        let kept: KeptCatalogue = parse(value.clone())?;
        // In one write: it is gone, and that is told. The audit gets its line behind that, from here or from who looks next.
        let removed = self.line("removed", Some(kept.clone()), None, false);
        let gone = json(&Gone { removed: removed.clone() })?;
        if !self.records().swap(CATALOGS, name, &value, gone).await? {
            let message = format!("another catalogue {name} came at the same time: look at it first");
            return Err(error(ErrorKind::Conflict, message).retry_when(Retry::Now));
        }
        if let Err(error) = self.write(&removed).await {
            tracing::warn!(%error, catalogue = name, "the audit gets its line later");
        }
        Ok(kept)
    }

    /// Which open catalogues came, were replaced and were removed, oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn catalog_audit(&self) -> Result<Vec<CatalogChange>> {
        // The removals first: who takes the place of one writes its line before.
        let removed = self.records().all(CATALOGS).await?;
        let mut lines: BTreeMap<String, CatalogChange> = BTreeMap::new();
        for (key, line) in self.records().all(AUDIT).await? {
            lines.insert(key, parse(line)?);
        }
        for gone in removed.iter().filter_map(|(_, value)| Gone::read(value)) {
            lines.entry(gone.key()).or_insert(gone);
        }
        Ok(lines.into_values().collect())
    }

    async fn note(
        &self,
        action: &str,
        before: Option<KeptCatalogue>,
        now: Option<KeptCatalogue>,
        allow_older: bool,
    ) -> Result<()> {
        self.write(&self.line(action, before, now, allow_older)).await
    }

    fn line(
        &self,
        action: &str,
        before: Option<KeptCatalogue>,
        now: Option<KeptCatalogue>,
        allow_older: bool,
    ) -> CatalogChange {
        let at = self.adapters().clock.now();
        let name = before.as_ref().or(now.as_ref()).map(|kept| kept.name.clone()).unwrap_or_default();
        CatalogChange { at, name, action: action.to_owned(), before, now, allow_older }
    }

    async fn write(&self, line: &CatalogChange) -> Result<()> {
        self.records().put(AUDIT, &line.key(), json(line)?).await
    }
}

impl CatalogChange {
    fn key(&self) -> String {
        format!("{:022} {} {}", self.at.as_nanosecond(), self.action, self.name)
    }
}

/// Why a catalogue may not take the place of the kept one, unless somebody says so.
fn replacing(kept: &Value, fresh: &Catalogue, authenticity: &Authenticity) -> Option<String> {
    let before = kept.get("authenticity").and_then(|before| Authenticity::deserialize(before).ok());
    if let Some(before) = before.filter(|before| !authenticity.may_replace(before)) {
        return Some(format!("is {before}, this one is {authenticity}: it may be somebody else's"));
    }
    let here: Timestamp = kept.get("generated")?.as_str()?.parse().ok()?;
    let made = match fresh.generated {
        Some(made) if made >= here => return None,
        Some(made) => format!("was made at {made}"),
        None => "does not say when".to_owned(),
    };
    Some(format!("was made at {here}, this one {made}: it may be an old one"))
}
