//! What is done about the codes of the service: stale ids are asked for anew once, batches are split, a service that
//! fails is tried again a few times, forms go to a person.

mod download;
mod patience;

use serde::Serialize;

use super::{Action, CatalogImage, Decision, Exception, Form, Query, Wanted, refusal};
use crate::error::ErrorRecord;
use crate::ports::{Catalog, Context};
use crate::{Error, ErrorKind, Result};
use download::{Batch, Batched};
use patience::Patience;

/// Pages of one query. A service that has more of them than that counts wrongly.
const PAGES: u64 = 1000;
/// Images, names and codes of one query; a product has some hundred. A service without end must not fill the memory.
const MOST: usize = 200_000;
/// The operation of errors about metadata.
const QUERY: &str = "query catalogue";
/// The operation of errors about links.
const DOWNLOAD: &str = "ask for download";

/// What a query found.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// The images, in the order of the service.
    pub images: Vec<CatalogImage>,
    /// Names that the vendor does not know.
    pub unknown: Vec<String>,
    /// Codes that were dealt with, or forbid nothing.
    pub notes: Vec<Exception>,
}

/// An image that may be downloaded now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Grant {
    /// What the catalogue says of it.
    pub image: CatalogImage,
    /// Where its bytes are.
    pub link: super::Link,
}

/// An image that may not, and why.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct NotGranted {
    /// The name of the file.
    pub image: String,
    /// Why.
    pub error: ErrorRecord,
}

impl NotGranted {
    /// An image that may not, and why.
    #[must_use]
    pub fn new(image: &str, error: &Error) -> Self {
        Self { image: image.to_owned(), error: error.record() }
    }
}

/// What became of a request for links.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Links {
    /// What may be downloaded.
    pub granted: Vec<Grant>,
    /// What may not.
    pub refused: Vec<NotGranted>,
    /// Forms that a person must answer before the rest may be downloaded.
    pub forms: Vec<Form>,
    /// Codes that were dealt with.
    pub recovered: Vec<Exception>,
}

impl Links {
    /// The same, unless a form must be answered first.
    ///
    /// # Errors
    /// `AgreementRequired` names the forms.
    pub fn agreed(self) -> Result<Self> {
        if self.forms.is_empty() {
            return Ok(self);
        }
        let names: Vec<_> = self.forms.iter().map(|form| form.kind.name()).collect();
        let message = format!("a person must read and answer the forms first: {}", names.join(", "));
        Err(Error::new(ErrorKind::AgreementRequired, DOWNLOAD, message).with("forms", names.join(", ")))
    }
}

/// All pages of a query. A batch of names that is too large for the service is split.
///
/// # Errors
/// `InvalidInput` before anything is sent when a field is missing; `NotFound` when the vendor has nothing; otherwise what the
/// codes mean ([`CODES`](super::CODES)), or the error of the port.
pub async fn search(catalog: &dyn Catalog, query: &Query, cx: &Context) -> Result<Found> {
    query.check()?;
    let mut patience = Patience::default();
    let mut found = Found::default();
    let mut parts = vec![query.clone()];
    while let Some(part) = parts.pop() {
        match pages(catalog, &part, &mut patience, cx).await? {
            Pages::All(all) => {
                found.images.extend(all.found.images);
                found.unknown.extend(all.found.unknown);
                found.notes.extend(all.found.notes);
            }
            Pages::TooMany(error) => {
                let (first, second) = halves(part.images()).ok_or(error)?;
                parts.push(part.only(second));
                parts.push(part.only(first));
            }
        }
    }
    Ok(found)
}

/// Links for images of a product. `decisions` are what people decided about forms: without one for each form that the
/// service asks for, nothing is answered and the forms come back.
///
/// # Errors
/// `InvalidInput` before anything is sent when a field is missing; `AgreementRequired` when a form was declined, or the service asks again
/// for one that was accepted; otherwise what the codes mean ([`CODES`](super::CODES)), or the error of the port. What concerns
/// one image only is in [`Links::refused`].
pub async fn links(catalog: &dyn Catalog, wanted: &Wanted, decisions: &[Decision], cx: &Context) -> Result<Links> {
    Query::PidImages { pid: wanted.pid.clone(), images: wanted.images.clone() }.check()?;
    decisions.iter().try_for_each(Decision::check)?;
    let mut links = Links::default();
    let mut answered = Vec::new();
    let mut parts = vec![wanted.images.clone()];
    while let Some(names) = parts.pop() {
        let batch = Batch { catalog, pid: &wanted.pid, names: &names, decisions, cx };
        match batch.run(&mut answered, &mut links).await? {
            Batched::Done => {}
            Batched::TooMany(error) => {
                let (first, second) = halves(&names).ok_or(error)?;
                parts.push(second.to_vec());
                parts.push(first.to_vec());
            }
        }
    }
    links.forms.sort_by_key(|form| form.kind);
    links.forms.dedup_by_key(|form| form.kind);
    Ok(links)
}

fn halves(names: &[String]) -> Option<(&[String], &[String])> {
    (names.len() > 1).then(|| names.split_at(names.len() / 2))
}

/// The pages of one query.
struct AllPages {
    trans_id: Option<String>,
    found: Found,
}

enum Pages {
    All(AllPages),
    TooMany(Error),
}

async fn pages(catalog: &dyn Catalog, query: &Query, patience: &mut Patience, cx: &Context) -> Result<Pages> {
    let mut all = AllPages { trans_id: None, found: Found::default() };
    let mut page = 1;
    loop {
        let reply = match catalog.metadata(query, page, cx).await {
            Ok(reply) => reply,
            Err(e) => {
                patience.after_error(e, cx).await?;
                continue;
            }
        };
        if let Some(error) = refusal(QUERY, &reply.exceptions) {
            let does = |action| reply.exceptions.iter().any(|e| e.action() == Some(action));
            let only = |action| {
                reply.exceptions.iter().all(|e| matches!(e.action(), Some(a) if a == action || a == Action::Advise))
            };
            if only(Action::Backoff) {
                patience.after_code(error, cx).await?;
                all.found.notes.extend(reply.exceptions);
                continue;
            }
            if does(Action::SplitBatch) {
                return Ok(Pages::TooMany(error));
            }
            return Err(error);
        }
        all.found.notes.extend(reply.exceptions);
        all.found.images.extend(reply.images);
        all.found.unknown.extend(reply.invalid_images);
        let Found { images, unknown, notes } = &all.found;
        if images.len() + unknown.len() + notes.len() > MOST {
            let message = format!("the service has told more than {MOST} images by page {page}, and has more");
            return Err(Error::new(ErrorKind::UnexpectedReply, QUERY, message).with("page", page));
        }
        // The id of the last page is good for all of them.
        all.trans_id = reply.trans_id.or(all.trans_id);
        if page >= reply.last_page.min(PAGES) {
            return Ok(Pages::All(all));
        }
        page += 1;
    }
}
