//! The download of one batch of images: from their names to their links.

use std::collections::BTreeMap;

use super::patience::Patience;
use super::{DOWNLOAD, Grant, Links, NotGranted, Pages, QUERY, pages};
use crate::catalog::codes::Code;
use crate::catalog::{
    Action, CatalogImage, Decision, DownloadReply, DownloadRequest, Exception, Form, FormKind, Query, Status, code,
    refusal,
};
use crate::ports::{Catalog, Context};
use crate::{Error, ErrorKind, Result};

/// Requests of one batch, recoveries included: what needs more turns in a circle.
const REQUESTS: u32 = 16;

/// Some images of one product.
pub(super) struct Batch<'a> {
    pub(super) catalog: &'a dyn Catalog,
    pub(super) pid: &'a str,
    pub(super) names: &'a [String],
    pub(super) decisions: &'a [Decision],
    pub(super) cx: &'a Context,
}

pub(super) enum Batched {
    Done,
    TooMany(Error),
}

/// A form that was answered, for these files.
pub(super) type Answered = (FormKind, Vec<String>);

/// Each way out of a stale id is taken once.
#[derive(Default)]
struct Recoveries {
    metadata: bool,
    session: bool,
    retry: bool,
}

/// What to do after a reply.
enum Next {
    /// Ask again.
    Again,
    /// It is the answer.
    Take,
    TooMany(Error),
    /// These must be answered first.
    Forms(Vec<Form>),
}

/// The metadata of a batch, by the vendor's group of products: a request is for one group.
struct Known {
    trans_id: String,
    groups: BTreeMap<Option<String>, Vec<CatalogImage>>,
}

impl Batch<'_> {
    /// Takes the batch as far as it goes; what comes of it is put into `links`.
    pub(super) async fn run(&self, answered: &mut Vec<Answered>, links: &mut Links) -> Result<Batched> {
        let mut patience = Patience::default();
        let (known, refused) = match self.look_up(&mut patience).await? {
            Ok(found) => found,
            Err(too_many) => return Ok(Batched::TooMany(too_many)),
        };
        let mut granted = Vec::new();
        let mut late = Vec::new();
        for (mdf_id, images) in known.groups {
            let request = self.request(mdf_id.as_ref(), &known.trans_id, &images);
            match self.negotiate(request, images, answered, &mut patience, links).await? {
                Ok((some, none)) => {
                    granted.extend(some);
                    late.extend(none);
                }
                Err(too_many) => return Ok(Batched::TooMany(too_many)),
            }
        }
        // Only now: a batch that is split is done again in parts.
        links.granted.extend(granted);
        links.refused.extend(refused);
        links.refused.extend(late);
        Ok(Batched::Done)
    }

    fn request(&self, mdf_id: Option<&String>, trans_id: &str, images: &[CatalogImage]) -> DownloadRequest {
        DownloadRequest {
            pid: self.pid.to_owned(),
            mdf_id: mdf_id.cloned(),
            trans_id: trans_id.to_owned(),
            guids: images.iter().map(|image| image.guid.clone()).collect(),
            session_id: None,
            retry_id: None,
        }
    }

    /// The metadata of the names, and those that cannot be had.
    async fn look_up(&self, patience: &mut Patience) -> Result<Result<(Known, Vec<NotGranted>)>> {
        let query = Query::PidImages { pid: self.pid.to_owned(), images: self.names.to_vec() };
        let all = match pages(self.catalog, &query, patience, self.cx).await? {
            Pages::All(all) => all,
            Pages::TooMany(error) => return Ok(Err(error)),
        };
        let mut refused = Vec::new();
        let mut known = Known { trans_id: all.trans_id.unwrap_or_default(), groups: BTreeMap::new() };
        for name in self.names {
            let named =
                |image: &&CatalogImage| image.entry.filename.eq_ignore_ascii_case(name) && !image.guid.is_empty();
            // An image that is only named beside another one is the same file; its own place comes first.
            let image = all.found.images.iter().filter(named).min_by_key(|image| image.related);
            match image.map(|image| (image, unusable(image))) {
                Some((image, None)) => known.groups.entry(image.mdf_id.clone()).or_default().push(image.clone()),
                Some((_, Some(error))) => refused.push(NotGranted::new(name, &error)),
                None => {
                    let message = format!("{name}: the vendor has no such image for {}", self.pid);
                    let error = Error::new(ErrorKind::NotFound, QUERY, message).with("code", "IMG_NM_INVALID");
                    refused.push(NotGranted::new(name, &error.with("image", name).with("pid", self.pid)));
                }
            }
        }
        Ok(Ok((known, refused)))
    }

    /// Asks until there are links, or it is clear that there will be none.
    async fn negotiate(
        &self,
        mut request: DownloadRequest,
        mut images: Vec<CatalogImage>,
        answered: &mut Vec<Answered>,
        patience: &mut Patience,
        links: &mut Links,
    ) -> Result<Result<(Vec<Grant>, Vec<NotGranted>)>> {
        let mut recoveries = Recoveries::default();
        for _ in 0..REQUESTS {
            request.check()?;
            let reply = match self.catalog.download(&request, self.cx).await {
                Ok(reply) => reply,
                Err(e) => {
                    patience.after_error(e, self.cx).await?;
                    continue;
                }
            };
            match self.judge(&reply, &mut request, &mut images, &mut recoveries, patience, links).await? {
                Next::Again => {}
                Next::TooMany(error) => return Ok(Err(error)),
                Next::Take => return Ok(Ok(take(&images, &reply))),
                Next::Forms(forms) => {
                    let missing = self.answer(forms, &images, answered, &mut request).await?;
                    if !missing.is_empty() {
                        links.forms.extend(missing);
                        return Ok(Ok((Vec::new(), Vec::new())));
                    }
                }
            }
        }
        Err(Error::new(ErrorKind::UnexpectedReply, DOWNLOAD, format!("no answer after {REQUESTS} requests")))
    }

    async fn judge(
        &self,
        reply: &DownloadReply,
        request: &mut DownloadRequest,
        images: &mut Vec<CatalogImage>,
        recoveries: &mut Recoveries,
        patience: &mut Patience,
        links: &mut Links,
    ) -> Result<Next> {
        request.session_id = reply.session_id.clone().or_else(|| request.session_id.take());
        request.retry_id = reply.retry_id.clone().or_else(|| request.retry_id.take());
        // Wherever they stand, some codes are about the whole request.
        let all: Vec<Exception> =
            reply.exceptions.iter().chain(reply.images.iter().flat_map(|image| &image.exceptions)).cloned().collect();
        let final_for_all =
            |e: &&Exception| e.action().is_none_or(|action| about_images(action) && action != Action::Advise);
        if reply.exceptions.iter().any(|e| final_for_all(&e))
            || all.iter().any(|e| e.action() == Some(Action::StopDeclined))
        {
            return Err(
                refusal(DOWNLOAD, &all).unwrap_or_else(|| Error::internal(DOWNLOAD, "a code without a meaning"))
            );
        }
        let stale: Vec<_> = all.iter().filter(|e| e.action().is_some_and(stale)).cloned().collect();
        if !stale.is_empty() {
            for exception in &stale {
                let tried = match exception.action() {
                    Some(Action::RefreshMetadata) => &mut recoveries.metadata,
                    Some(Action::RestartWithoutSession) => &mut recoveries.session,
                    _ => &mut recoveries.retry,
                };
                if std::mem::replace(tried, true)
                    && let Some(error) = refusal(DOWNLOAD, &stale)
                {
                    return Err(error.with("tries", 2));
                }
            }
            let does = |action| stale.iter().any(|e| e.action() == Some(action));
            if does(Action::RestartWithoutSession) {
                request.session_id = None;
            }
            if does(Action::RestartWithoutRetryId) {
                request.retry_id = None;
            }
            if does(Action::RefreshMetadata) {
                self.refresh(request, images, patience).await?;
            }
            links.recovered.extend(stale);
            return Ok(Next::Again);
        }
        let of = |action| all.iter().filter(move |e| e.action() == Some(action)).cloned().collect::<Vec<_>>();
        if let Some(error) = refusal(DOWNLOAD, &of(Action::SplitBatch)) {
            return Ok(Next::TooMany(error));
        }
        if let Some(error) = refusal(DOWNLOAD, &of(Action::Backoff)) {
            patience.after_code(error, self.cx).await?;
            links.recovered.extend(of(Action::Backoff));
            return Ok(Next::Again);
        }
        let forms = asked_for(reply, &of(Action::PresentForms));
        Ok(if forms.is_empty() { Next::Take } else { Next::Forms(forms) })
    }

    /// Asks for the metadata once more: ids of images may have changed with them.
    async fn refresh(
        &self,
        request: &mut DownloadRequest,
        images: &mut Vec<CatalogImage>,
        patience: &mut Patience,
    ) -> Result<()> {
        let names: Vec<_> = images.iter().map(|image| image.entry.filename.clone()).collect();
        let again = Batch { names: &names, ..*self };
        let (known, refused) = again.look_up(patience).await??;
        if let Some(gone) = refused.into_iter().next() {
            return Err(Error::from(gone.error).with("image", gone.image));
        }
        let Some((mdf_id, fresh)) = known.groups.into_iter().next() else {
            return Err(Error::internal(DOWNLOAD, "no image is left"));
        };
        *request = DownloadRequest { trans_id: known.trans_id, ..self.request(mdf_id.as_ref(), "", &fresh) };
        *images = fresh;
        Ok(())
    }

    /// Tells the service what people decided. What nobody decided comes back, and then nothing is told.
    async fn answer(
        &self,
        forms: Vec<Form>,
        images: &[CatalogImage],
        answered: &mut Vec<Answered>,
        request: &mut DownloadRequest,
    ) -> Result<Vec<Form>> {
        let decided = |form: &Form| self.decisions.iter().find(|decision| decision.form == form.kind);
        let files: Vec<_> = images.iter().map(|image| image.entry.filename.clone()).collect();
        if let Some(form) = forms.iter().find(|form| answered.contains(&(form.kind, files.clone()))) {
            let message = format!("the service asks again for the form {}, which was accepted", form.kind);
            return Err(Error::new(ErrorKind::AgreementRequired, DOWNLOAD, message).with("form", form.kind));
        }
        if let Some(decision) = forms.iter().filter_map(decided).find(|decision| !decision.accepted) {
            self.catalog.answer(decision, &files, self.cx).await?;
            let message = format!("{} declined the form {}", decision.by, decision.form);
            return Err(Error::new(ErrorKind::AgreementRequired, DOWNLOAD, message)
                .with("form", decision.form)
                .with("by", &decision.by));
        }
        if forms.iter().any(|form| decided(form).is_none()) {
            let mut missing = Vec::new();
            for form in forms {
                if decided(&form).is_none() {
                    missing.push(self.with_text(form).await);
                }
            }
            return Ok(missing);
        }
        for decision in forms.iter().filter_map(decided) {
            let said = self.catalog.answer(decision, &files, self.cx).await?;
            if !said.taken {
                let message = format!("the service did not take the answer to the form {}", decision.form);
                let error = Error::new(ErrorKind::AgreementRequired, DOWNLOAD, message).said(said.message);
                return Err(error.with("form", decision.form));
            }
            answered.push((decision.form, files.clone()));
            request.session_id = said.session_id.or_else(|| request.session_id.take());
        }
        Ok(Vec::new())
    }

    /// A person must see what is asked of them.
    async fn with_text(&self, form: Form) -> Form {
        if form.content.is_some() {
            return form;
        }
        match self.catalog.form(form.kind, self.cx).await {
            Ok(text) => text,
            Err(error) => {
                tracing::warn!(%error, form = form.kind.name(), "the text of a form could not be had");
                form
            }
        }
    }
}

/// Codes that end it for the images that they are about.
const fn about_images(action: Action) -> bool {
    matches!(action, Action::ReportNotFound | Action::Entitlement | Action::RefuseBeforeSending)
}

const fn stale(action: Action) -> bool {
    matches!(action, Action::RefreshMetadata | Action::RestartWithoutSession | Action::RestartWithoutRetryId)
}

/// The forms that the service shows or names.
fn asked_for(reply: &DownloadReply, codes: &[Exception]) -> Vec<Form> {
    let mut forms = reply.forms.clone();
    let named = codes.iter().filter_map(|e| code(&e.code)).flat_map(kinds);
    for kind in named {
        if !forms.iter().any(|form| form.kind == kind) {
            forms.push(Form { kind, url: None, content: None, fields: Vec::new() });
        }
    }
    forms.sort_by_key(|form| form.kind);
    forms.dedup_by_key(|form| form.kind);
    forms
}

fn kinds(code: &Code) -> Vec<FormKind> {
    let named = |word| code.name.contains(word);
    [(FormKind::K9, named("K9")), (FormKind::Eula, named("EULA"))]
        .into_iter()
        .filter(|(_, n)| *n)
        .map(|(k, _)| k)
        .collect()
}

/// Why an image of the metadata cannot be had.
fn unusable(image: &CatalogImage) -> Option<Error> {
    let about: Vec<_> = image.exceptions.iter().filter(|e| e.action().is_none_or(about_images)).cloned().collect();
    let error = refusal(QUERY, &about).or_else(|| {
        (image.entry.lifecycle.status == Status::Withdrawn).then(|| {
            Error::new(ErrorKind::NotFound, QUERY, "the vendor has withdrawn the image").with("code", "is_Deleted")
        })
    })?;
    Some(error.with("image", &image.entry.filename))
}

/// Sorts the answers by image.
fn take(images: &[CatalogImage], reply: &DownloadReply) -> (Vec<Grant>, Vec<NotGranted>) {
    let (mut granted, mut refused) = (Vec::new(), Vec::new());
    for image in images {
        let name = &image.entry.filename;
        let same = |answer: &&super::super::Granted| match (&answer.guid, &answer.name) {
            (Some(guid), _) => guid.eq_ignore_ascii_case(&image.guid),
            (None, Some(named)) => named.eq_ignore_ascii_case(name),
            (None, None) => true,
        };
        let answers: Vec<_> = reply.images.iter().filter(same).collect();
        let codes: Vec<_> = answers.iter().flat_map(|answer| answer.exceptions.iter().cloned()).collect();
        let link = answers.iter().find_map(|answer| answer.link.clone());
        let error = match (refusal(DOWNLOAD, &codes), link) {
            (None, Some(link)) => {
                granted.push(Grant { image: image.clone(), link });
                continue;
            }
            (Some(error), _) => error,
            (None, None) => Error::new(
                ErrorKind::UnexpectedReply,
                DOWNLOAD,
                format!("{name}: the service gave neither a link nor a reason"),
            ),
        };
        refused.push(NotGranted::new(name, &error.with("image", name)));
    }
    (granted, refused)
}
