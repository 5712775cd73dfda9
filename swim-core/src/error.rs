//! The one error of the library.
//!
//! An error says *what kind* it is (stable, matched by programs), *which operation* failed, whether a
//! *retry* may help, and, because this library changes devices, what *effect* the failed operation may
//! have had. `Display` is one sentence without the source; [`Report`] prints the whole chain.

mod words;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::words::{fit_for_a_terminal, fit_to_recognise, fit_to_show, fit_to_tell};
use crate::model::Secret;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is. Names and numbers are API: they are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[repr(i32)]
pub enum ErrorKind {
    /// The caller's input is wrong; the message names the field and the value.
    InvalidInput = 1,
    /// What was asked for does not exist.
    NotFound = 2,
    /// This device, platform or build cannot do it.
    Unsupported = 3,
    /// No connection could be made.
    Unreachable = 4,
    /// The credentials or the host key were refused.
    Auth = 5,
    /// Logged in, but with too little privilege.
    Privilege = 6,
    /// Nothing was heard for longer than the step's silence limit.
    Timeout = 7,
    /// The session or transfer ended in the middle.
    Interrupted = 8,
    /// Somebody asked for it to stop.
    Cancelled = 9,
    /// Too little room on a file system.
    NoSpace = 10,
    /// Bytes are not what they should be.
    Integrity = 11,
    /// The image does not fit the device.
    Incompatible = 12,
    /// A condition that must hold first does not hold.
    Blocked = 13,
    /// The device said no, in words of its own.
    DeviceRejected = 14,
    /// The device said something that is not understood.
    UnexpectedReply = 15,
    /// A licence or export form needs a human decision.
    AgreementRequired = 16,
    /// The account may not have this image.
    NotEntitled = 17,
    /// Somebody else is at work; later it may be free.
    Busy = 18,
    /// Two writers met; the other one won.
    Conflict = 19,
    /// This worker no longer owns the job.
    LeaseLost = 20,
    /// The job or image store failed.
    Store = 21,
    /// A bug of ours.
    Internal = 22,
}

impl ErrorKind {
    /// The stable name, as in JSON and Python.
    ///
    /// ```
    /// assert_eq!(swim_core::ErrorKind::NoSpace.name(), "no_space");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::Unsupported => "unsupported",
            Self::Unreachable => "unreachable",
            Self::Auth => "auth",
            Self::Privilege => "privilege",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
            Self::NoSpace => "no_space",
            Self::Integrity => "integrity",
            Self::Incompatible => "incompatible",
            Self::Blocked => "blocked",
            Self::DeviceRejected => "device_rejected",
            Self::UnexpectedReply => "unexpected_reply",
            Self::AgreementRequired => "agreement_required",
            Self::NotEntitled => "not_entitled",
            Self::Busy => "busy",
            Self::Conflict => "conflict",
            Self::LeaseLost => "lease_lost",
            Self::Store => "store",
            Self::Internal => "internal",
        }
    }

    /// The stable number, as in C.
    #[must_use]
    pub const fn code(self) -> i32 {
        self as i32
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// May the same call be tried again?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Retry {
    /// No: the same call would fail in the same way.
    #[default]
    Never,
    /// Yes, at once.
    Now,
    /// Yes, after this long.
    After(Duration),
}

/// May the device have been changed by the call that failed?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// No.
    #[default]
    None,
    /// Yes, it took effect although the call failed.
    Applied,
    /// It cannot be told: a blind retry is forbidden, probe first.
    Unknown,
}

/// What went wrong. One pointer wide.
///
/// ```
/// use swim_core::{Effect, Error, ErrorKind};
/// let e = Error::new(ErrorKind::NoSpace, "copy", "flash-2: has 10 bytes free, 20 are needed")
///     .with("member", 2)
///     .said("%Error writing flash-2:x (No space left on device)");
/// assert_eq!(e.kind(), ErrorKind::NoSpace);
/// assert_eq!(e.effect(), Effect::None);
/// assert_eq!(e.to_string(), "copy: flash-2: has 10 bytes free, 20 are needed");
/// assert_eq!(format!("{e:#}"), "flash-2: has 10 bytes free, 20 are needed", "the sentence alone");
/// assert_eq!(e.context("member"), Some("2"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: String,
    message: String,
    context: Vec<(String, String)>,
    retry: Retry,
    effect: Effect,
    said: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A new error: its kind, the operation that failed (a verb, lower case), and one sentence.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: operation.into(),
            message: fit_for_a_terminal(fit_to_tell(message.into())),
            context: Vec::new(),
            retry: Retry::Never,
            effect: Effect::None,
            said: None,
            source: None,
        }))
    }

    /// A bad input: names the field and the value, of which the two ends are shown where it is long.
    #[must_use]
    pub fn invalid(field: &str, value: impl fmt::Display, why: &str) -> Self {
        let value = fit_to_recognise(value.to_string());
        Self::new(ErrorKind::InvalidInput, "read input", format!("{field} = {value}: {why}"))
            .with("field", field)
            .with("value", value)
    }

    /// A bug of ours, with what was assumed.
    #[must_use]
    pub fn internal(operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, operation, message)
    }

    /// Adds a named detail. Never put a secret here.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.0.context.push((key.into(), fit_to_tell(value.to_string())));
        self
    }

    /// Adds the path of a far file. What is wrong with the file names it; a failure of the network or the login does not
    /// get another sentence from that.
    ///
    /// ```
    /// use swim_core::{Error, ErrorKind};
    /// let e = Error::new(ErrorKind::NotFound, "sftp", "the device refused to open the file").of_file("flash:x.bin");
    /// assert_eq!(e.to_string(), "sftp: flash:x.bin: the device refused to open the file");
    /// assert_eq!(e.context("path"), Some("flash:x.bin"));
    /// ```
    #[must_use]
    pub fn of_file(mut self, path: &str) -> Self {
        use ErrorKind::{DeviceRejected, Integrity, NoSpace, NotFound, Privilege};
        let shown = fit_to_show(path);
        let about_it = matches!(self.kind(), NotFound | Privilege | NoSpace | DeviceRejected | Integrity);
        if about_it && !self.0.message.contains(&shown) {
            self.0.message = format!("{shown}: {}", self.0.message);
        }
        self.with("path", path)
    }

    /// Says to what it belongs, e.g. one of many devices of a configuration: before the sentence.
    ///
    /// ```
    /// use swim_core::Error;
    /// let e = Error::invalid("host_key", "(absent)", "name one").under("devices.sw1");
    /// assert_eq!(e.to_string(), "read input: devices.sw1: host_key = (absent): name one");
    /// ```
    #[must_use]
    pub fn under(mut self, what: &str) -> Self {
        self.0.message = format!("{}: {}", fit_to_show(what), self.0.message);
        self
    }

    /// Says it as a failure of what the caller does: "receive file" is no word for who exports one.
    ///
    /// ```
    /// use swim_core::{Error, ErrorKind};
    /// let e = Error::new(ErrorKind::Conflict, "receive file", "x.tar is there already").doing("export repository");
    /// assert_eq!(e.to_string(), "export repository: x.tar is there already");
    /// ```
    #[must_use]
    pub fn doing(mut self, operation: &str) -> Self {
        operation.clone_into(&mut self.0.operation);
        self
    }

    /// Keeps the device's own words, fit to be shown: without what would command a terminal, and not without end.
    #[must_use]
    pub fn said(mut self, words: impl AsRef<str>) -> Self {
        self.0.said = Some(fit_to_show(words.as_ref()));
        self
    }

    /// The same without a secret that the other side was told and may have said back.
    ///
    /// ```
    /// use swim_core::{Error, ErrorKind, model::Secret};
    /// let secret = Secret::new("hunter2".to_owned());
    /// let e = Error::new(ErrorKind::Auth, "log in", "refused").said("500 'PASS hunter2': unknown").masking(&secret);
    /// assert_eq!(e.device_words(), Some("500 'PASS ***': unknown"));
    /// ```
    #[must_use]
    pub fn masking(mut self, secret: &Secret<String>) -> Self {
        let shown = Secret::new(fit_to_show(secret.expose()));
        let mask = |text: &mut String| {
            let plain = words::without(std::mem::take(text), secret.expose(), Secret::<String>::MASK);
            *text = words::without(plain, shown.expose(), Secret::<String>::MASK);
        };
        self.mask(&mask);
        self
    }

    fn mask(&mut self, mask: &dyn Fn(&mut String)) {
        mask(&mut self.0.message);
        self.0.context.iter_mut().for_each(|(_, value)| mask(value));
        if let Some(words) = &mut self.0.said {
            mask(words);
        }
        if let Some(cause) = self.0.source.as_mut().and_then(|source| source.downcast_mut::<Self>()) {
            cause.mask(mask);
        }
    }

    /// Says whether a retry may help.
    #[must_use]
    pub fn retry_when(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Says what the failed call may have done to the device.
    #[must_use]
    pub fn effected(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// Keeps the cause. It is printed by [`Report`], never by `Display`.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind, for matching.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was being done.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The sentence, without the operation.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether a retry may help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// What the failed call may have done to the device.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// The device's own words, if it had any.
    #[must_use]
    pub fn device_words(&self) -> Option<&str> {
        self.0.said.as_deref()
    }

    /// A named detail.
    #[must_use]
    pub fn context(&self, key: &str) -> Option<&str> {
        self.0.context.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// All named details, in the order in which they were added.
    pub fn details(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.context.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// A printer of the whole chain.
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        Report(self)
    }

    /// The value form for journals and other languages.
    #[must_use]
    pub fn record(&self) -> ErrorRecord {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        ErrorRecord {
            kind: self.kind(),
            operation: self.0.operation.clone(),
            message: self.0.message.clone(),
            context: self.0.context.clone(),
            retry: self.0.retry,
            effect: self.0.effect,
            said: self.0.said.clone(),
            causes,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The sentence alone, for who has an operation of his own: what failed is said once.
        if f.alternate() {
            return f.write_str(&self.0.message);
        }
        write!(f, "{}: {}", self.0.operation, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}; {:?}; effect {:?}]", self.report(), self.0.kind, self.0.retry, self.0.effect)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|s| s as &(dyn StdError + 'static))
    }
}

/// Prints an error, the device's words and every cause, each once.
#[derive(Debug)]
pub struct Report<'a>(&'a Error);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        if let Some(words) = self.0.device_words() {
            write!(f, " (the device said: {})", words.trim())?;
        }
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

/// An error as a value: what the journal keeps and what Python and C see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorRecord {
    /// The kind.
    pub kind: ErrorKind,
    /// What was being done.
    pub operation: String,
    /// One sentence.
    pub message: String,
    /// Named details.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<(String, String)>,
    /// Whether a retry may help.
    pub retry: Retry,
    /// What it may have done to the device.
    pub effect: Effect,
    /// The device's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The sentences of the causes, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

impl From<ErrorRecord> for Error {
    fn from(record: ErrorRecord) -> Self {
        let mut error =
            Self::new(record.kind, record.operation, record.message).retry_when(record.retry).effected(record.effect);
        error.0.context = record.context;
        error.0.said = record.said;
        if !record.causes.is_empty() {
            error.0.source = Some(record.causes.join(": ").into());
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_never_repeats_the_source() {
        let cause = std::io::Error::other("peer went away");
        let e = Error::new(ErrorKind::Interrupted, "copy", "the transfer ended early").caused_by(cause);
        assert_eq!(e.to_string(), "copy: the transfer ended early");
        assert_eq!(e.report().to_string(), "copy: the transfer ended early: peer went away");
    }

    #[test]
    fn a_record_carries_everything_there_and_back() {
        let e = Error::new(ErrorKind::DeviceRejected, "install", "add failed")
            .said("FAILED: install_add")
            .with("member", 2)
            .retry_when(Retry::After(Duration::from_secs(3)))
            .effected(Effect::Unknown)
            .caused_by("inner");
        let back = Error::from(e.record());
        assert_eq!(back.record(), e.record());
        let json = serde_json::to_string(&e.record()).unwrap_or_default();
        assert!(json.contains("device_rejected"), "{json}");
    }
}
