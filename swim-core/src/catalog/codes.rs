//! The error codes of the vendor's service: what each means, and what is done about it. Data.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ErrorKind::{AgreementRequired, DeviceRejected, InvalidInput, NotEntitled, NotFound, Timeout};
use crate::{Error, ErrorKind, Retry};

/// What the library does about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// A form was declined, or is held to be: it ends here.
    StopDeclined,
    /// The account may not have it: the words are surfaced, nothing is tried again.
    Entitlement,
    /// A field is missing: refused before anything is sent.
    RefuseBeforeSending,
    /// It is not there, or was taken back: told for each image.
    ReportNotFound,
    /// The metadata are too old: asked for once more, then the download.
    RefreshMetadata,
    /// The download begins anew without its session.
    RestartWithoutSession,
    /// The download begins anew without its retry id.
    RestartWithoutRetryId,
    /// Too many images at once: asked for in smaller parts.
    SplitBatch,
    /// Tried again a few times, later each time.
    Backoff,
    /// The forms are shown to a person, who decides.
    PresentForms,
    /// Worth knowing; the download goes on.
    Advise,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Code {
    /// As the service writes it.
    pub name: &'static str,
    /// The kind of the error.
    pub kind: ErrorKind,
    /// What it means, in our words.
    pub meaning: &'static str,
    /// What is done about it.
    pub action: Action,
    /// The field of the request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
}

impl Code {
    /// May the same call be tried again by the caller, after the library has given up?
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self.action {
            Backoff => Retry::After(LATER),
            RefreshMetadata | RestartWithoutSession | RestartWithoutRetryId => Retry::Now,
            _ => Retry::Never,
        }
    }
}

/// When a service that failed again and again is worth another call.
const LATER: Duration = Duration::from_secs(60);

const fn row(name: &'static str, kind: ErrorKind, action: Action, meaning: &'static str) -> Code {
    Code { name, kind, meaning, action, field: None }
}

const fn about(field: &'static str, code: Code) -> Code {
    Code { field: Some(field), ..code }
}

use Action::{
    Advise, Backoff, Entitlement, PresentForms, RefreshMetadata, RefuseBeforeSending, ReportNotFound,
    RestartWithoutRetryId, RestartWithoutSession, SplitBatch, StopDeclined,
};

/// Every code that is known: the 31 of the vendor's guide, and two more that public clients have met.
pub const CODES: &[Code] = &[
    about("pid", row("PID_INVALID", NotFound, ReportNotFound, "the vendor knows no such product")),
    about("image_names", row("IMG_NM_INVALID", NotFound, ReportNotFound, "the vendor knows no image of that name")),
    about(
        "software_type_id",
        row("SWTID_INVALID", NotFound, ReportNotFound, "the vendor knows no such kind of software"),
    ),
    row("INVALID_INPUT", NotFound, ReportNotFound, "the input is wrong, or there is nothing for it"),
    about(
        "metadata_trans_id",
        row("INVALID_MTRANSID", NotFound, RefreshMetadata, "the metadata are not known there any more"),
    ),
    about(
        "download_session_id",
        row("INVALID_DWLDSID", NotFound, RestartWithoutSession, "the session of the download is not known there"),
    ),
    about(
        "download_retry_id",
        row("INVALID_DRETRYID", NotFound, RestartWithoutRetryId, "the retry id of the download is not known there"),
    ),
    about("image_guid", row("IMAGE_GUID_INVALID", NotFound, ReportNotFound, "the vendor knows no image of that id")),
    about("pid", row("PID_MISSING", InvalidInput, RefuseBeforeSending, "the product is missing from the request")),
    about(
        "current_release",
        row("CUR_REL_MISSING", InvalidInput, RefuseBeforeSending, "the running release is missing from the request"),
    ),
    about(
        "output_release",
        row("OUT_REL_MISSING", InvalidInput, RefuseBeforeSending, "the wanted release is missing from the request"),
    ),
    about(
        "image_names",
        row(
            "IMG_NM_MISSING",
            InvalidInput,
            RefuseBeforeSending,
            "the names of the images are missing from the request",
        ),
    ),
    about(
        "download_retry_id",
        row("MISSING_DW_RETRY_ID", InvalidInput, RefuseBeforeSending, "the retry id is missing from the request"),
    ),
    about(
        "metadata_trans_id",
        row(
            "MTRANSID_MISSING",
            InvalidInput,
            RefuseBeforeSending,
            "the id of the metadata is missing from the request",
        ),
    ),
    row("IMAGE_LIMIT_EXCEEDED", InvalidInput, SplitBatch, "more images than the service takes at once"),
    about(
        "download_retry_id",
        row("DRETRYID_EXPIRED", NotFound, RestartWithoutRetryId, "the retry id of the download has expired"),
    ),
    about(
        "download_session_id",
        row("DWLDSID_EXPIRED", NotFound, RestartWithoutSession, "the session of the download has expired"),
    ),
    about("metadata_trans_id", row("MTRANSID_EXPIRED", NotFound, RefreshMetadata, "the metadata have expired")),
    row("NO_DATA_FOUND", NotFound, ReportNotFound, "the vendor has nothing for it"),
    about(
        "image_guid",
        row(
            "IMAGE_GUID_MISSING",
            InvalidInput,
            RefuseBeforeSending,
            "the ids of the images are missing from the request",
        ),
    ),
    row("TIMEOUT", Timeout, Backoff, "the service took too long"),
    row("CART_EMPTY", NotEntitled, Entitlement, "nothing of it may be downloaded by this account"),
    row("DWLD_WARN", NotEntitled, Entitlement, "the account may not be allowed to download this product"),
    row("DWLD_WARN1", NotEntitled, Entitlement, "no service contract of the account covers this product"),
    row("DWLD_WARN2", NotEntitled, Entitlement, "the service contracts of the account must be brought up to date"),
    row("K9_FORM_AR", AgreementRequired, PresentForms, "the strong encryption form was never answered"),
    row("EULA_FORM_AR", AgreementRequired, PresentForms, "the licence form was never answered"),
    row("K9_FORM_ACC", AgreementRequired, StopDeclined, "the strong encryption form is not accepted"),
    row("EULA_FORM_ACC", AgreementRequired, StopDeclined, "the licence form is not accepted"),
    row(
        "K9_EULA_FORM_AR",
        AgreementRequired,
        PresentForms,
        "neither the strong encryption form nor the licence form was answered",
    ),
    row("SER_UNEXPECT_FAIL", DeviceRejected, Backoff, "the service failed"),
    // Not in the guide; public clients handle them.
    row("is_Deleted", NotFound, ReportNotFound, "the vendor has withdrawn the image"),
    row("SW_ADV_IMAGE", DeviceRejected, Advise, "the vendor has published an advisory on the image"),
];

/// The row of a code, written in any case.
///
/// ```
/// use swim_core::catalog::{Action, code};
/// assert_eq!(code("mtransid_expired").map(|c| c.action), Some(Action::RefreshMetadata));
/// assert!(code("NEW_CODE_OF_TOMORROW").is_none());
/// ```
#[must_use]
pub fn code(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.name.eq_ignore_ascii_case(name.trim()))
}

/// A code as the service sent it, with its words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exception {
    /// The code, verbatim.
    pub code: String,
    /// The words of the service, verbatim.
    #[serde(default)]
    pub message: String,
}

impl Exception {
    /// What is done about it; `None` for a code that is not known here.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        code(&self.code).map(|row| row.action)
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.trim() {
            "" => f.write_str(&self.code),
            words => write!(f, "{}: {words}", self.code),
        }
    }
}

/// The error that codes mean: of the gravest one, with the words of all. `None` where none of them forbids anything.
#[must_use]
pub fn refusal(operation: &str, exceptions: &[Exception]) -> Option<Error> {
    let serious = exceptions.iter().filter(|e| e.action() != Some(Advise));
    // What is not known here may mean anything: it must not be hidden by something that would be tried again.
    let gravest = serious.min_by_key(|e| match e.action() {
        None => (1, StopDeclined),
        Some(action @ (StopDeclined | Entitlement)) => (0, action),
        Some(action) => (2, action),
    })?;
    let (kind, meaning, retry, field) = match code(&gravest.code) {
        Some(row) => (row.kind, row.meaning, row.retry(), row.field),
        None => (DeviceRejected, "the service refused with a code that is not known here", Retry::Never, None),
    };
    let words: Vec<_> = exceptions.iter().map(ToString::to_string).collect();
    let codes: Vec<_> = exceptions.iter().map(|e| e.code.as_str()).collect();
    let mut error = Error::new(kind, operation, meaning).with("code", &gravest.code).said(words.join("\n"));
    if codes.len() > 1 {
        error = error.with("codes", codes.join(", "));
    }
    if let Some(field) = field {
        error = error.with("field", field);
    }
    Some(error.retry_when(retry))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn sent(codes: &[&str]) -> Vec<Exception> {
        codes.iter().map(|c| Exception { code: (*c).to_owned(), message: format!("words of {c}") }).collect()
    }

    #[test]
    fn the_table_has_the_31_of_the_guide_and_two_more_each_once() {
        let names: BTreeSet<_> = CODES.iter().map(|c| c.name).collect();
        assert_eq!((names.len(), CODES.len()), (33, 33));
        for row in CODES.iter().filter(|c| c.action == RefuseBeforeSending) {
            assert!(row.field.is_some() && row.kind == InvalidInput, "{}", row.name);
        }
    }

    #[test]
    fn several_codes_give_the_gravest_and_the_words_of_all() {
        let e = refusal("download", &sent(&["MTRANSID_EXPIRED", "DWLD_WARN1", "K9_FORM_AR"])).unwrap();
        assert_eq!((e.kind(), e.retry(), e.context("code")), (NotEntitled, Retry::Never, Some("DWLD_WARN1")));
        assert_eq!(e.context("codes"), Some("MTRANSID_EXPIRED, DWLD_WARN1, K9_FORM_AR"));
        assert!(e.device_words().unwrap().contains("words of K9_FORM_AR"));
        let e = refusal("download", &sent(&["TIMEOUT"])).unwrap();
        assert_eq!((e.kind(), e.retry()), (Timeout, Retry::After(LATER)));
    }

    #[test]
    fn an_unknown_code_travels_verbatim_and_an_advisory_forbids_nothing() {
        let e = refusal("download", &sent(&["New_Code!", "TIMEOUT"])).unwrap();
        assert_eq!((e.kind(), e.retry(), e.context("code")), (DeviceRejected, Retry::Never, Some("New_Code!")));
        assert!(e.device_words().unwrap().contains("New_Code!: words of New_Code!"));
        assert!(refusal("download", &sent(&["SW_ADV_IMAGE"])).is_none());
        assert!(refusal("download", &[]).is_none());
    }
}
