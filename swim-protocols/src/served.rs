//! An open offer whose path is its credential.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use swim_core::Result;
use swim_core::model::{Direction, Protocol, Secret};
use swim_core::ports::{Clock, Receipt, Served};
use tokio_util::sync::DropGuard;

use crate::pulls::Pulls;

/// What is left in the hands of the one who opened it; dropping it closes the offer.
pub(crate) struct HiddenPath {
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
    pub(crate) path: String,
    pub(crate) pulls: Arc<Pulls>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) began: Duration,
    pub(crate) end: DropGuard,
}

#[async_trait]
impl Served for HiddenPath {
    fn path(&self) -> &str {
        &self.path
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn user(&self) -> Option<&str> {
        None
    }

    fn password(&self) -> Option<&Secret<String>> {
        None
    }

    fn sent(&self) -> u64 {
        self.pulls.sent()
    }

    async fn close(self: Box<Self>) -> Result<Receipt> {
        let took = self.clock.monotonic().saturating_sub(self.began);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        drop(self.end);
        Ok(Receipt::new(self.protocol, Direction::Pull, self.pulls.sent(), 0, millis))
    }
}

impl fmt::Debug for HiddenPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HiddenPath").field("protocol", &self.protocol).field("port", &self.port).finish_non_exhaustive()
    }
}
