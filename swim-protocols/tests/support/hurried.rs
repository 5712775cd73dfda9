//! A clock whose waits are over sooner.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use swim_core::ports::{Clock, Context};
use swim_protocols::clock::TokioClock;

/// Real time, but that deadlines come twenty times sooner.
#[derive(Debug)]
pub struct Hurried(TokioClock);

const TIMES: u32 = 20;

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic() * TIMES
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration / TIMES).await;
    }
}

/// A context with it.
pub fn hurried() -> Context {
    Context::new(Arc::new(Hurried(TokioClock::system())))
}
