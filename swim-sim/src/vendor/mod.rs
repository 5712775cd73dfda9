//! A simulated vendor: its software distribution service with tokens, metadata, forms and downloads, on a TCP port of this
//! machine.
//!
//! It is written from the vendor's documented shapes and codes, not from our client. It keeps what a real service keeps
//! (tokens, ids of metadata, sessions, answers to forms) and so gives most of its codes by itself; the rest, and everything
//! that goes wrong on the way, is scripted, one answer after the other.

mod account;
mod calls;
mod file;
mod ids;
mod metadata;
mod wire;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use swim_core::{Error, ErrorKind, Result};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use account::Account;
use ids::Ids;

pub use words::CODES;

/// A call of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Call {
    /// A token.
    Token,
    /// Metadata, by any of the three ways.
    Metadata,
    /// Links.
    Download,
    /// The text of a form.
    Form,
    /// The answer to a form.
    Answer,
    /// The bytes of an image.
    File,
}

/// What the next call gets instead of its answer. Scripted answers are used up in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scripted {
    /// The answer as it would be.
    Honest,
    /// Codes about the whole request.
    Codes(Vec<String>),
    /// Codes about each image of a download; of metadata: in each image.
    ImageCodes(Vec<String>),
    /// A status without a body, perhaps with `Retry-After` in seconds.
    Status(u16, Option<u64>),
    /// The honest answer, later.
    Slow(Duration),
    /// The honest answer without its last bytes, under its full length, and the connection ends.
    Cut(usize),
    /// The honest answer, its JSON cut in the middle, under a length that fits.
    Truncated,
    /// A body of that many bytes.
    Oversized(usize),
    /// This text.
    Raw(String),
    /// The connection ends before a word.
    HangUp,
    /// A redirection to a place.
    Redirect(String),
    /// The honest answer, after everything of a sort that was granted has expired, or was forgotten.
    Stale(Sort, Loss),
}

/// What is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sort {
    /// Ids of metadata.
    Metadata,
    /// Sessions of downloads.
    Sessions,
    /// Retry ids of downloads.
    RetryIds,
    /// Tokens.
    Tokens,
}

/// How a grant is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It was good once, and the service knows that.
    Expired,
    /// The service does not know it any more.
    Forgotten,
}

impl Scripted {
    /// Codes about the whole request.
    #[must_use]
    pub fn codes(codes: &[&str]) -> Self {
        Self::Codes(codes.iter().map(|c| (*c).to_owned()).collect())
    }

    /// Codes about each image.
    #[must_use]
    pub fn image_codes(codes: &[&str]) -> Self {
        Self::ImageCodes(codes.iter().map(|c| (*c).to_owned()).collect())
    }
}

/// A request that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Which call it was; `None` for an address that there is not.
    pub call: Option<Call>,
    /// The method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The header `Range`.
    pub range: Option<String>,
    /// The body: JSON, or the fields of a form.
    pub body: Value,
    /// Was a token shown that is good?
    pub authorized: bool,
}

/// An image that the vendor has.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VendorImage {
    /// The name of the file.
    pub name: String,
    /// The product that it is for.
    pub pid: String,
    /// The vendor's id of the group of products.
    pub mdf_id: String,
    /// The release.
    pub version: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// Is the strong encryption form needed?
    pub k9: bool,
    /// Was it taken back?
    pub deleted: bool,
    /// The notice of a deferral.
    pub deferral: Option<String>,
    /// Does the vendor suggest the release?
    pub suggested: bool,
    /// Is the account allowed to have it?
    pub entitled: bool,
    /// The MD5 and SHA-512 that the metadata tell; default: those of the bytes.
    pub sums: Option<(String, String)>,
    /// The size that the metadata tell; default: that of the bytes.
    pub size: Option<u64>,
}

impl VendorImage {
    /// An image without anything special.
    #[must_use]
    pub fn new(name: &str, pid: &str, version: &str, bytes: impl Into<Bytes>) -> Self {
        Self {
            name: name.to_owned(),
            pid: pid.to_owned(),
            mdf_id: "286315874".to_owned(),
            version: version.to_owned(),
            bytes: bytes.into(),
            k9: false,
            deleted: false,
            deferral: None,
            suggested: false,
            entitled: true,
            sums: None,
            size: None,
        }
    }

    /// Its id there: forty digits.
    #[must_use]
    pub fn guid(&self) -> String {
        let digits = swim_core::model::Sha256::of(format!("{}/{}", self.pid, self.name).as_bytes()).to_string();
        digits.chars().take(40).collect::<String>().to_uppercase()
    }
}

/// How the service is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VendorSettings {
    /// The application that is registered.
    pub client: (String, String),
    /// The user of a registration with the password grant; `None`: client credentials only.
    pub user: Option<(String, String)>,
    /// Seconds that a token says it lives.
    pub token_seconds: u64,
    /// Calls that a token is good for, whatever it says; `None`: no limit.
    pub token_calls: Option<u32>,
    /// Images of one request.
    pub image_limit: usize,
    /// Does every image need the licence form?
    pub eula: bool,
    /// Does an answer to a form show any effect?
    pub forgets_answers: bool,
    /// Does the server of the files know ranges?
    pub ranges: bool,
}

impl Default for VendorSettings {
    fn default() -> Self {
        Self {
            client: ("app".to_owned(), "app-secret".to_owned()),
            user: None,
            token_seconds: 3600,
            token_calls: None,
            image_limit: 50,
            eula: false,
            forgets_answers: false,
            ranges: true,
        }
    }
}

/// What the service keeps.
#[derive(Debug)]
struct State {
    settings: VendorSettings,
    images: Vec<VendorImage>,
    scripts: BTreeMap<Call, VecDeque<Scripted>>,
    seen: Vec<Seen>,
    ids: Ids,
    account: Account,
    local: SocketAddr,
}

/// The service; dropping it ends it.
#[derive(Debug)]
pub struct VendorService {
    state: Arc<Mutex<State>>,
    local: SocketAddr,
    task: JoinHandle<()>,
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl VendorService {
    /// Starts a service with these images on a free port.
    ///
    /// # Errors
    /// `Unreachable` when no port can be had.
    pub async fn start(images: Vec<VendorImage>) -> Result<Self> {
        let failed = |e| Error::new(ErrorKind::Unreachable, "bind", "no port for the vendor's service").caused_by(e);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        let state = Arc::new(Mutex::new(State {
            settings: VendorSettings::default(),
            images,
            scripts: BTreeMap::new(),
            seen: Vec::new(),
            ids: Ids::default(),
            account: Account::default(),
            local,
        }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(calls::serve(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { state, local, task })
    }

    /// The address of the service.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.local)
    }

    /// Where tokens come from.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("http://{}/oauth2/default/v1/token", self.local)
    }

    /// Changes the set-up.
    pub fn settings(&self, change: impl FnOnce(&mut VendorSettings)) {
        change(&mut locked(&self.state).settings);
    }

    /// Changes the images.
    pub fn images(&self, change: impl FnOnce(&mut Vec<VendorImage>)) {
        change(&mut locked(&self.state).images);
    }

    /// Scripts the next answer to a call, after those that are scripted already.
    pub fn script(&self, call: Call, answer: Scripted) {
        locked(&self.state).scripts.entry(call).or_default().push_back(answer);
    }

    /// All requests until now.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        locked(&self.state).seen.clone()
    }

    /// How many requests of a call there were.
    #[must_use]
    pub fn count(&self, call: Call) -> usize {
        locked(&self.state).seen.iter().filter(|seen| seen.call == Some(call)).count()
    }

    /// Takes back everything of a sort that was granted until now.
    pub fn lose(&self, sort: Sort, loss: Loss) {
        locked(&self.state).ids.lose(sort, loss);
    }
}

impl Drop for VendorService {
    fn drop(&mut self) {
        self.task.abort();
    }
}
