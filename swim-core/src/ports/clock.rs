//! Time, as something that can be given and slowed.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// The clock of the engine. In tests it follows paused time.
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock, for records and schedules.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment, which never jumps: for silence and rates.
    fn monotonic(&self) -> Duration;
    /// Waits.
    async fn sleep(&self, duration: Duration);
}
