//! The counter of points, and the point at which it all stops.

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Counts points and stops the worker at one of them. Clones share the count.
///
/// A run with `KillSwitch::new(None)` counts; then one run for each `n` below that count, with [`KillSwitch::armed`], is
/// the crash matrix. Once it fired, every later point (and every read through a faulty port) stays pending for
/// ever: a dead worker does nothing more.
///
/// ```
/// use swim_core::testing::KillSwitch;
/// let free = KillSwitch::new(None);
/// assert!(free.pass("a") && free.pass("b"));
/// assert_eq!(free.count(), 2);
/// let deadly = free.armed(1);
/// assert!(deadly.pass("a") && !deadly.pass("b") && !deadly.pass("c"));
/// assert_eq!(deadly.label().as_deref(), Some("b"));
/// ```
#[derive(Clone)]
pub struct KillSwitch(Arc<Inner>);

struct Inner {
    at: Option<u64>,
    state: Mutex<State>,
    fired: Notify,
}

#[derive(Debug, Default)]
struct State {
    count: u64,
    hit: Option<String>,
}

impl KillSwitch {
    /// A switch that fires at point `at`, counted from 0; `None` only counts.
    #[must_use]
    pub fn new(at: Option<u64>) -> Self {
        Self(Arc::new(Inner { at, state: Mutex::default(), fired: Notify::new() }))
    }

    /// Another switch, with a count of its own, that fires at point `at`.
    #[must_use]
    pub fn armed(&self, at: u64) -> Self {
        Self::new(Some(at))
    }

    /// How many points were passed or hit so far. Points after the hit are not counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.locked(|state| state.count)
    }

    /// The label of the point that was hit.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        self.locked(|state| state.hit.clone())
    }

    /// Did it fire?
    #[must_use]
    pub fn is_fired(&self) -> bool {
        self.locked(|state| state.hit.is_some())
    }

    /// Ready as soon as it fired: the harness races it against the worker.
    pub async fn fired(&self) {
        let mut notified = std::pin::pin!(self.0.fired.notified());
        // Enrolled before the check, so that a hit between the two is not missed.
        notified.as_mut().enable();
        if !self.is_fired() {
            notified.await;
        }
    }

    /// Passes a point from a poll function: `false` means that the caller must stay pending for ever.
    #[must_use]
    pub fn pass(&self, label: &str) -> bool {
        let hit = self.locked(|state| {
            if state.hit.is_some() {
                return None;
            }
            let here = state.count;
            state.count += 1;
            if self.0.at == Some(here) {
                state.hit = Some(label.to_owned());
            }
            Some(state.hit.is_some())
        });
        match hit {
            Some(false) => true,
            Some(true) => {
                self.0.fired.notify_waiters();
                false
            }
            None => false,
        }
    }

    /// Passes a point, or stays pending for ever.
    pub async fn point(&self, label: &str) {
        if !self.pass(label) {
            pending::<()>().await;
        }
    }

    /// Stays pending for ever once it fired. Not a point: for reads, which leave no trace.
    pub async fn alive(&self) {
        if self.is_fired() {
            pending::<()>().await;
        }
    }

    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for KillSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KillSwitch")
            .field("at", &self.0.at)
            .field("count", &self.count())
            .field("hit", &self.label())
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn the_armed_point_never_returns_and_wakes_the_harness() {
        let switch = KillSwitch::new(Some(1));
        switch.point("first").await;
        assert!(switch.fired().now_or_never().is_none());
        tokio::select! {
            () = switch.point("second") => panic!("passed"),
            () = switch.fired() => {}
        }
        assert!(switch.is_fired());
        assert!(switch.fired().now_or_never().is_some(), "late watchers see it too");
        assert!(switch.point("third").now_or_never().is_none());
        assert!(switch.alive().now_or_never().is_none());
        assert_eq!((switch.count(), switch.label().as_deref()), (2, Some("second")));
    }
}
