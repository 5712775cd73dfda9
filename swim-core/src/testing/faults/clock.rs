//! A clock whose waits are points.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::KillSwitch;
use crate::ports::Clock;

/// Wraps a clock: every wait is a point, passed before it begins. Telling the time is not one.
#[derive(Clone, Debug)]
pub struct FaultyClock {
    inner: Arc<dyn Clock>,
    switch: KillSwitch,
}

impl FaultyClock {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Clock>, switch: KillSwitch) -> Self {
        Self { inner, switch }
    }
}

#[async_trait]
impl Clock for FaultyClock {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        self.switch.point("sleep").await;
        self.inner.sleep(duration).await;
        self.switch.alive().await;
    }
}
