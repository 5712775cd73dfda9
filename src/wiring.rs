//! The one place that knows both core and adapters.

use std::fmt;
use std::sync::Arc;

use swim_core::platform::{Platform, PullServices};
use swim_core::ports::{CliConnector, Clock, JobStore, PostChecks, Records};

/// Everything that a client stands on.
#[derive(Clone)]
pub(crate) struct Adapters {
    pub(crate) jobs: Arc<dyn JobStore>,
    pub(crate) records: Arc<dyn Records>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connector: Arc<dyn CliConnector>,
    pub(crate) services: PullServices,
    pub(crate) platforms: Vec<Arc<dyn Platform>>,
    pub(crate) checks: Option<Arc<dyn PostChecks>>,
}

impl fmt::Debug for Adapters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapters").field("jobs", &self.jobs).field("platforms", &self.platforms).finish_non_exhaustive()
    }
}
