//! Replies of the vendor's service, of every generation: `camelCase` (v4) and `snake_case` (v2, v3). Numbers are strings,
//! empty branches are left out, and what is not known is passed over.

mod download;
mod metadata;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod value;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use download::{acknowledgement, agreement, downloads};
pub use metadata::metadata;

use super::{Entry, Exception, Form};
use crate::model::Secret;
use crate::{Error, ErrorKind, Result};

/// The largest reply that is read, bytes. A page of metadata is some hundred KiB.
pub const LARGEST_REPLY: usize = 16 * 1024 * 1024;

/// An image in a vendor's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CatalogImage {
    /// The vendor's id of the image.
    pub guid: String,
    /// The product that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// The vendor's id of the group of products.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mdf_id: Option<String>,
    /// The kind of software, e.g. `IOS XE Software`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_type: Option<String>,
    /// Only named because it belongs to another one.
    pub related: bool,
    /// What the catalogue says of it.
    pub entry: Entry,
    /// Codes about this image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// One page of metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataReply {
    /// The id that a download of these images must carry.
    pub trans_id: Option<String>,
    /// The number of the page, from 1.
    pub page: u64,
    /// The number of the last page.
    pub last_page: u64,
    /// The images.
    pub images: Vec<CatalogImage>,
    /// Names that the vendor does not know.
    pub invalid_images: Vec<String>,
    /// Codes about the whole request.
    pub exceptions: Vec<Exception>,
}

/// Where the bytes of an image are. The link is as good as a password for as long as it lives, so it is a secret.
#[derive(Clone)]
pub struct Link {
    /// The address.
    pub url: Secret<String>,
    /// What must be added to it as the parameter `token`.
    pub token: Option<Secret<String>>,
}

impl Link {
    /// A link.
    #[must_use]
    pub fn new(url: impl Into<String>, token: Option<String>) -> Self {
        Self { url: Secret::new(url.into()), token: token.map(Secret::new) }
    }

    /// The address as it may be shown: without its query. One with a login in it is not used, and not shown either.
    ///
    /// ```
    /// use swim_core::catalog::Link;
    /// let link = Link::new("https://dl.example.com/a.bin?code=s3cret", Some("t0ken".into()));
    /// assert_eq!(link.shown(), "https://dl.example.com/a.bin");
    /// assert_eq!(format!("{link:?}"), "Link(https://dl.example.com/a.bin)");
    /// assert_eq!(Link::new("https://user:s3cret@dl.example.com/a.bin", None).shown(), "(not shown)");
    /// ```
    #[must_use]
    pub fn shown(&self) -> &str {
        let url = self.url.expose().split(['?', '#']).next().unwrap_or_default();
        let host = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
        if host.contains('@') { "(not shown)" } else { url }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.shown())
    }
}

/// The answer for one image of a download.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Granted {
    /// The vendor's id of the image; absent where the answer is for all.
    pub guid: Option<String>,
    /// The name of the file.
    pub name: Option<String>,
    /// Where its bytes are; absent when they are refused.
    pub link: Option<Link>,
    /// Codes about this image.
    pub exceptions: Vec<Exception>,
}

/// The answer to a request for links.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DownloadReply {
    /// The session that the next request of this download must carry.
    pub session_id: Option<String>,
    /// The retry id that it must carry.
    pub retry_id: Option<String>,
    /// One answer an image.
    pub images: Vec<Granted>,
    /// Forms that must be answered first.
    pub forms: Vec<Form>,
    /// Codes about the whole request.
    pub exceptions: Vec<Exception>,
}

/// A reply as JSON.
fn object(body: &[u8]) -> Result<Value> {
    let wrong = |why: String| Error::new(ErrorKind::UnexpectedReply, "read reply", why);
    if body.len() > LARGEST_REPLY {
        return Err(wrong(format!("the reply has {} bytes; at most {LARGEST_REPLY} are read", body.len())));
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(wrong("the reply is JSON, but no object".to_owned())),
        // The words of the reader tell the place and repeat nothing of the reply.
        Err(e) => Err(wrong(format!("the reply is no JSON (line {}, column {})", e.line(), e.column()))),
    }
}
