//! The vendor's software service: what it has, downloads, and its forms.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use swim_core::catalog::{
    self, Acknowledged, Decision, DownloadReply, DownloadRequest, Exception, Fetched, Form, FormKind, Found, Link,
    MetadataReply, NotGranted, Opening, Query, Wanted,
};
use swim_core::model::{DeviceId, Inventory};
use swim_core::ports::{Catalog, Context, Records};
use swim_core::{Error, ErrorKind, ErrorRecord, Result};
use swim_protocols::catalog::VendorLogin;

use super::{Client, json, parse};

/// The table of settings that are changed while a client is open.
const SETTINGS: &str = "settings";
/// Who we are at the vendor's.
const LOGIN: &str = "catalog_login";
/// Decisions about forms, by time.
const FORMS: &str = "form_decisions";

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
