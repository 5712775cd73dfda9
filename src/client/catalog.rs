//! Catalogues: the vendor's service, open catalogue files, and lists of known good values.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use swim_core::catalog::{
    self, Acknowledged, Authenticity, Catalogue, Decision, DownloadReply, DownloadRequest, Entry, Exception, Fetched,
    Form, FormKind, Found, Judgement, Link, MetadataReply, NotGranted, Opening, Proof, Query, Trust, Wanted,
};
use swim_core::image::Image;
use swim_core::model::{DeviceId, Inventory};
use swim_core::ports::{Catalog, Context, Records};
use swim_core::repo::{self, KnownGoodList, Rejudged};
use swim_core::{Error, ErrorKind, ErrorRecord, Result, Retry};
use swim_protocols::catalog::VendorLogin;
use tokio::io::AsyncReadExt;

use super::{Client, json, parse};

/// The table of settings that are changed while a client is open.
const SETTINGS: &str = "settings";
/// Who we are at the vendor's.
const LOGIN: &str = "catalog_login";
/// Open catalogues by name.
const CATALOGS: &str = "catalogs";
/// Decisions about forms, by time.
const FORMS: &str = "form_decisions";
/// The largest file of a catalogue, list, signature or certificate that is read.
const LARGEST: u64 = 128 * 1024 * 1024;

/// A file and what it proves itself with. Certificates are files too: PEM or DER.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SignedFile {
    /// What it is called here; default: the name of the file.
    pub name: Option<String>,
    /// The file of the detached signature.
    pub signature: Option<PathBuf>,
    /// The file of the certificate or public key that the signature is of.
    pub certificate: Option<PathBuf>,
    /// The file of the roots that the certificate must come from.
    pub root: Option<PathBuf>,
    /// May it be taken without a signature?
    pub allow_unsigned: bool,
    /// Of an open catalogue: may it take the place of a newer one, or of one that another certificate has signed? Whoever has
    /// an old signed one could otherwise hide what was deferred since.
    pub allow_older: bool,
}

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

/// What the vendor has for one device.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FoundFor {
    /// The device.
    pub device: DeviceId,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// Why nothing could be asked or answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

/// What became of a download from the vendor.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Downloaded {
    /// Images that are in the repository now.
    pub images: Vec<Fetched>,
    /// Images that are not, and why.
    pub refused: Vec<NotGranted>,
    /// Forms that a person must answer first.
    pub forms: Vec<Form>,
    /// Codes of the service that were dealt with.
    pub recovered: Vec<Exception>,
}

/// A decision of a person that the vendor was told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FormDecision {
    /// When.
    pub at: Timestamp,
    /// What was decided, and by whom.
    pub decision: Decision,
    /// For which files.
    pub files: Vec<String>,
}

/// A list of known good values that was taken, and what it means for the images.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KnownGoodTaken {
    /// The list.
    pub list: KnownGoodList,
    /// What became of the images.
    pub images: Rejudged,
}

/// What a list says of an image.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SaidOf {
    /// The list.
    pub list: String,
    /// What it says.
    #[serde(flatten)]
    pub says: Judgement,
}

#[derive(Serialize, Deserialize)]
struct KeptLogin {
    login: VendorLogin,
    /// The login of the configuration that it replaced: a configuration that was changed since then counts again.
    instead_of: Option<VendorLogin>,
}

/// The login that counts when a client opens: one that was set later than the configuration, or that of the configuration.
pub(crate) async fn login(records: &dyn Records, configured: Option<VendorLogin>) -> Result<Option<VendorLogin>> {
    let Some(value) = records.get(SETTINGS, LOGIN).await? else { return Ok(configured) };
    let kept: KeptLogin = parse(value)?;
    Ok(if kept.instead_of == configured { Some(kept.login) } else { configured })
}

impl Client {
    fn vendor(&self) -> Result<Witnessed> {
        let a = self.adapters();
        let nothing = || Error::new(ErrorKind::Unsupported, "ask vendor", "this client has no way to a vendor");
        let catalog = a.catalog.as_ref().ok_or_else(nothing)?;
        Ok(Witnessed { catalog: Arc::clone(catalog) as _, records: Arc::clone(&a.records) })
    }

    fn call_context(&self) -> Context {
        Context::new(Arc::clone(&self.adapters().clock))
    }

    /// Changes who we are at the vendor's, also for clients that are opened later on the same data, until the
    /// configuration names another login.
    ///
    /// # Errors
    /// `InvalidInput` when it names a secret that is not configured; those of the store.
    pub async fn set_catalog_login(&self, login: VendorLogin) -> Result<()> {
        login.check()?;
        let a = self.adapters();
        for (field, name) in [("client_secret", Some(&login.client_secret)), ("password", login.password.as_ref())] {
            let Some(name) = name else { continue };
            if a.secrets.resolve(name).await.is_err_and(|e| e.kind() == ErrorKind::NotFound) {
                let what = format!(
                    "catalog login: {field}: no secret of that name is configured (it is not repeated here, because it may be \
                     the secret itself)"
                );
                let e = Error::new(ErrorKind::InvalidInput, "check login", what);
                return Err(e.with("field", format!("catalog.login.{field}")));
            }
        }
        let vendor = a.catalog.as_ref();
        let vendor = vendor.ok_or_else(|| Error::new(ErrorKind::Unsupported, "ask vendor", "this client has none"))?;
        let kept = KeptLogin { login: login.clone(), instead_of: a.catalog_login.clone() };
        self.records().put(SETTINGS, LOGIN, json(&kept)?).await?;
        vendor.set_login(login).await
    }

    /// Asks the vendor for images.
    ///
    /// # Errors
    /// `InvalidInput` for a question that lacks a field, or without credentials; `NotFound` when the vendor has nothing; what the codes
    /// of the service mean ([`catalog::CODES`]).
    pub async fn catalog_query(&self, query: &Query) -> Result<Found> {
        catalog::search(&self.vendor()?, query, &self.call_context()).await
    }

    /// Asks the vendor for images of devices, by the product and the release of their last inventories. `output` is a
    /// release or `latest`.
    ///
    /// # Errors
    /// `InvalidInput` with the number for more than 20 devices. What concerns one device is in its result.
    pub async fn catalog_query_devices(&self, devices: &[DeviceId], output: &str) -> Result<Vec<FoundFor>> {
        catalog::check_devices(devices.len())?;
        let vendor = self.vendor()?;
        let cx = self.call_context();
        let mut out = Vec::new();
        for device in devices {
            let found = match self.vendor_question(device, output).await {
                Ok(query) => catalog::search(&vendor, &query, &cx).await,
                Err(e) => Err(e),
            };
            out.push(match found {
                Ok(found) => FoundFor { device: device.clone(), found: Some(found), error: None },
                Err(e) => FoundFor { device: device.clone(), found: None, error: Some(e.record()) },
            });
        }
        Ok(out)
    }

    async fn vendor_question(&self, device: &DeviceId, output: &str) -> Result<Query> {
        let unknown = |what: &str| {
            Error::new(
                ErrorKind::NotFound,
                "ask vendor",
                format!("{device}: its {what} is not known: inspect it first"),
            )
            .with("device", device)
        };
        self.device(device).await?;
        let value = self.records().get("inventories", device.as_str()).await?.ok_or_else(|| unknown("inventory"))?;
        let inventory: Inventory = parse(value)?;
        let pid = inventory.model.ok_or_else(|| unknown("model"))?;
        let current = inventory.version.ok_or_else(|| unknown("version"))?;
        Ok(Query::release(pid, current.to_string(), output))
    }

    /// Brings images of a product from the vendor into the repository, compared with the size and the digests of the
    /// vendor's metadata. `decisions` are what people decided about forms; each one that is told to the vendor is recorded.
    /// Without a decision for each form that the vendor asks for, nothing is answered and the forms come back.
    ///
    /// # Errors
    /// As [`Client::catalog_query`]; `AgreementRequired` for a form that was declined. What concerns one image is in the result.
    pub async fn catalog_download(&self, wanted: &Wanted, decisions: &[Decision]) -> Result<Downloaded> {
        let vendor: Arc<dyn Catalog> = Arc::new(self.vendor()?);
        let (a, cx) = (self.adapters(), self.call_context());
        let links = catalog::links(&*vendor, wanted, decisions, &cx).await?;
        let mut done = Downloaded {
            refused: links.refused,
            forms: links.forms,
            recovered: links.recovered,
            ..Downloaded::default()
        };
        for grant in &links.granted {
            match catalog::fetch(&vendor, grant, &*a.services.store, self.records(), &cx).await {
                Ok(fetched) => done.images.push(fetched),
                Err(e) => done.refused.push(NotGranted::new(&grant.image.entry.filename, &e)),
            }
        }
        Ok(done)
    }

    /// The text of a form of the vendor, for a person to read. Nothing is answered by this.
    ///
    /// # Errors
    /// As [`Client::catalog_query`].
    pub async fn catalog_form(&self, kind: FormKind) -> Result<Form> {
        self.vendor()?.form(kind, &self.call_context()).await
    }

    /// Tells the vendor what a person decided about a form, for these files. The decision is recorded before it is told.
    ///
    /// # Errors
    /// `InvalidInput` for a decision without its person or its fields; `AgreementRequired` when the vendor does not take it.
    pub async fn answer_form(&self, decision: &Decision, files: &[String]) -> Result<Acknowledged> {
        let said = self.vendor()?.answer(decision, files, &self.call_context()).await?;
        if said.taken {
            return Ok(said);
        }
        let message = format!("the vendor did not take the answer to the form {}", decision.form);
        Err(Error::new(ErrorKind::AgreementRequired, "answer form", message).said(said.message))
    }

    /// What people decided about forms, oldest first: when, about which files, who. Written before the vendor was told.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn form_decisions(&self) -> Result<Vec<FormDecision>> {
        self.records().all(FORMS).await?.into_iter().map(|(_, value)| parse(value)).collect()
    }

    /// Takes an open catalogue from a file, in the place of the one of its name, unless that one was made later, or is signed
    /// and this one is not by the same certificate.
    ///
    /// # Errors
    /// `NotFound`; those of [`Catalogue::open`]; `Conflict` for one that is older than the one that is here, or does not say
    /// when it was made while that one does, and for one that is not signed as that one is; those of the store.
    pub async fn import_catalog(&self, path: impl AsRef<Path>, how: &SignedFile) -> Result<KeptCatalogue> {
        let (document, proof, name) = read_signed(path.as_ref(), how).await?;
        let now = self.adapters().clock.now();
        let (catalogue, authenticity) = Catalogue::open(&document, &proof, now)?;
        let kept = self.records().get(CATALOGS, &name).await?;
        if let Some(why) = kept.as_ref().and_then(|kept| replacing(kept, &catalogue, &authenticity))
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
        let settled = match &kept {
            Some(kept) => self.records().swap(CATALOGS, &name, kept, fresh).await?,
            None => self.records().put_new(CATALOGS, &name, fresh).await?,
        };
        if settled {
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
        for (_, value) in self.records().all(CATALOGS).await? {
            let Kept { about, catalogue } = parse(value)?;
            let signed = matches!(about.authenticity, Authenticity::Signed(_));
            let wanted = catalogue.entries.into_iter().filter(|entry| entry.filename.to_lowercase().contains(&part));
            out.extend(wanted.map(|entry| Listed { catalog: about.name.clone(), signed, entry }));
        }
        Ok(out)
    }

    /// Takes a list of known good values from a file, in the place of the one of its name, and judges every image by it.
    ///
    /// # Errors
    /// `NotFound`; those of [`Proof::judge`]; `UnexpectedReply` for what is no such list; `Conflict` for one that is not signed
    /// by the certificate that has signed the one that is here; those of the store.
    pub async fn import_known_good(&self, path: impl AsRef<Path>, how: &SignedFile) -> Result<KnownGoodTaken> {
        let (document, proof, name) = read_signed(path.as_ref(), how).await?;
        let now = self.adapters().clock.now();
        let authenticity = proof.judge(&document, now)?;
        let list = catalog::known_good(&document)?;
        let (list, images) = repo::import_known_good(self.records(), &name, list, authenticity, now).await?;
        Ok(KnownGoodTaken { list, images })
    }

    /// The lists of known good values.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn known_good(&self) -> Result<Vec<KnownGoodList>> {
        repo::known_good_lists(self.records()).await
    }

    /// What each list says of an image.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn known_good_of(&self, image: &str) -> Result<Vec<SaidOf>> {
        let image = self.image(image).await?;
        let said = repo::judgements(self.records(), &image.id).await?;
        Ok(said.into_iter().map(|(list, says)| SaidOf { list, says }).collect())
    }

    /// Removes a list of known good values and judges every image by those that are left.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn remove_known_good(&self, name: &str) -> Result<Rejudged> {
        repo::remove_known_good(self.records(), name, self.adapters().clock.now()).await
    }

    /// Lifts the quarantine of an image: a person takes the responsibility, with a reason. Both are kept.
    ///
    /// # Errors
    /// `InvalidInput` without a person or a reason; `NotFound`; `Conflict` when it is in no quarantine.
    pub async fn lift_quarantine(&self, image: &str, by: &str, reason: &str) -> Result<Image> {
        let image = self.image(image).await?;
        repo::lift_quarantine(self.records(), &image.id, by, reason, self.adapters().clock.now()).await
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

/// Reads a file with its signature and certificates.
async fn read_signed(path: &Path, how: &SignedFile) -> Result<(Vec<u8>, Proof, String)> {
    let document = read("path", path).await?;
    let mut proof = Proof::default();
    proof.allow_unsigned = how.allow_unsigned;
    if let Some(signature) = &how.signature {
        proof.signature = Some(read("signature", signature).await?);
    }
    if let Some(certificate) = &how.certificate {
        let mut trust = Trust::new(read("certificate", certificate).await?);
        if let Some(root) = &how.root {
            trust = trust.from_root(read("root", root).await?);
        }
        proof.trust = Some(trust);
    } else if how.root.is_some() {
        return Err(Error::invalid("certificate", "(absent)", "the certificate that must come from the root"));
    }
    let own = || path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = how.name.clone().or_else(own).unwrap_or_default();
    if name.trim().is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", format!("{name:?}"), "1 to 255 bytes without control characters"));
    }
    Ok((document, proof, name))
}

async fn read(field: &str, path: &Path) -> Result<Vec<u8>> {
    let failed = |e: std::io::Error| {
        let shown = path.display();
        let (kind, what) = match e.kind() {
            std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "no such file"),
            std::io::ErrorKind::InvalidInput => return Error::invalid(field, shown, "no file can have this name"),
            _ => (ErrorKind::Store, "it cannot be read"),
        };
        Error::new(kind, "read file", format!("{shown}: {what}")).with("path", shown).caused_by(e)
    };
    if path.as_os_str().is_empty() {
        return Err(Error::invalid(field, "\"\"", "must be the path of a file"));
    }
    // Looked at before it is opened: opening a FIFO waits for a writer.
    let facts = tokio::fs::metadata(path).await.map_err(failed)?;
    if !facts.is_file() {
        return Err(Error::invalid(field, path.display(), "not a regular file"));
    }
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::invalid(field, path.display(), "larger than 128 MiB: no such document is"));
    }
    Ok(bytes)
}

/// The vendor's service, with a record of each decision that it is told, written before it is told.
#[derive(Debug)]
struct Witnessed {
    catalog: Arc<dyn Catalog>,
    records: Arc<dyn Records>,
}

#[async_trait]
impl Catalog for Witnessed {
    async fn metadata(&self, query: &Query, page: u64, cx: &Context) -> Result<MetadataReply> {
        self.catalog.metadata(query, page, cx).await
    }

    async fn download(&self, request: &DownloadRequest, cx: &Context) -> Result<DownloadReply> {
        self.catalog.download(request, cx).await
    }

    async fn form(&self, kind: FormKind, cx: &Context) -> Result<Form> {
        self.catalog.form(kind, cx).await
    }

    async fn answer(&self, decision: &Decision, files: &[String], cx: &Context) -> Result<Acknowledged> {
        decision.check()?;
        let now = cx.clock.now();
        let line = json(&FormDecision { at: now, decision: decision.clone(), files: files.to_vec() })?;
        let key = format!("{:022} {} {}", now.as_nanosecond(), decision.form, decision.by);
        self.records.put(FORMS, &key, line).await?;
        self.catalog.answer(decision, files, cx).await
    }

    async fn open(&self, link: &Link, offset: u64, cx: &Context) -> Result<Opening> {
        self.catalog.open(link, offset, cx).await
    }
}
