//! The caller's own post-check.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::model::Inventory;
use crate::ports::JobId;

/// What the caller is asked about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckCall {
    /// The job.
    pub job: JobId,
    /// The device as it is now, running the new software.
    pub inventory: Inventory,
}

/// The caller's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Keep it.
    Good,
    /// Go back, because.
    Bad(String),
}

/// Asks the caller whether an upgraded device is good. It may be asked again after a crash.
#[async_trait]
pub trait PostChecks: Send + Sync + fmt::Debug {
    /// One device. An error counts as *bad*: who cannot be asked any more, because the process ends, must not answer but
    /// wait to be dropped.
    async fn check(&self, call: CheckCall) -> Result<Verdict>;
}
