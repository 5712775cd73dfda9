//! Where and how HTTP offers and accepts are served.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Connections of one offer at the same time: a device uses one, some fetch parts over a few.
pub(crate) const CONNECTIONS: usize = 8;
/// From the connection to the end of the request's header: a peer that drips bytes holds no place.
pub(crate) const HEADER_LIMIT: Duration = Duration::from_secs(15);
/// Bytes that are thrown away while we wait for the close of who got all.
pub(crate) const UNREAD: usize = 64 * 1024;
/// Silence that ends a connection: flash that is being erased was seen to stop a pull for minutes.
pub(crate) const IDLE: Duration = Duration::from_secs(300);
/// How long TLS waits for the close of who got all, before it says good-bye itself: who counts bytes has closed by then, and
/// who reads to the end of the connection loses no more than this.
pub(crate) const GOOD_BYE: Duration = Duration::from_secs(5);
/// After an answer to a request that was not read whole: how long its rest is thrown away. Who reads while sending has
/// seen the answer by then.
pub(crate) const LINGER: Duration = Duration::from_secs(10);

/// Settings of HTTP offers and accepts. Every field has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// The address to listen at.
    pub bind: String,
    /// First and last port to use; any free one when absent.
    pub ports: Option<(u16, u16)>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { bind: "0.0.0.0".to_owned(), ports: None }
    }
}
