//! What a transfer waits for besides datagrams: that its patience ends, or that it shall stop.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use swim_core::ports::{Clock, Context};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A sleep that is under way.
type Asleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One sleep for many waits. Nearly every wait is ended by a datagram, and a timer of its own would cost more than that: so
/// the sleep goes on, and when it ends before the wait of that time, another one begins.
pub(super) struct Alarm {
    clock: Arc<dyn Clock>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    /// When it ends, and the sleep itself.
    sleep: Option<(Duration, Asleep)>,
}

impl Alarm {
    pub(super) fn new(cx: &Context) -> Self {
        Self { clock: Arc::clone(&cx.clock), stop: stop(&cx.cancel), sleep: None }
    }

    /// Another token says when to stop.
    pub(super) fn obey(&mut self, cancel: &CancellationToken) {
        self.stop = stop(cancel);
    }

    /// Both ends of a wait: the wish to stop, and the sleep until `at` on the monotonic clock.
    pub(super) fn ends(&mut self, at: Duration) -> (impl Future<Output = ()>, impl Future<Output = ()>) {
        let Self { clock, stop, sleep } = self;
        let rings = async move {
            loop {
                let now = clock.monotonic();
                if now >= at {
                    return;
                }
                let (_, asleep) = match sleep {
                    Some(armed) if armed.0 <= at => armed,
                    _ => {
                        let clock = Arc::clone(clock);
                        sleep.insert((at, Box::pin(async move { clock.sleep(at - now).await })))
                    }
                };
                asleep.await;
                *sleep = None;
            }
        };
        (stop.as_mut(), rings)
    }
}

fn stop(cancel: &CancellationToken) -> Pin<Box<WaitForCancellationFutureOwned>> {
    Box::pin(cancel.clone().cancelled_owned())
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("armed", &self.sleep.as_ref().map(|(at, _)| at)).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::TokioClock;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_its_time_whatever_the_ones_before_were() {
        let cx = Context::new(Arc::new(TokioClock::system()));
        let mut alarm = Alarm::new(&cx);
        for wait in [50, 3, 70, 8000, 4, 50] {
            // Most waits are given up: a datagram came.
            for given_up in [true, true, false] {
                let at = cx.clock.monotonic() + Duration::from_millis(wait);
                let (_, rings) = alarm.ends(at);
                if given_up {
                    assert!(tokio::time::timeout(Duration::from_micros(200), rings).await.is_err());
                } else {
                    rings.await;
                    let late = cx.clock.monotonic().checked_sub(at).expect("it rang too early");
                    assert!(late <= Duration::from_millis(1), "{late:?}");
                }
            }
        }
        cx.cancel.cancel();
        alarm.ends(Duration::MAX).0.await;
    }
}
