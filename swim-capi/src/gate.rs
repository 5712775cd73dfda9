//! The promise that no callback runs once its handle is freed.

use std::cell::Cell;
use std::sync::{PoisonError, RwLock};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Is this thread inside of a callback?
pub(crate) fn inside_callback() -> bool {
    INSIDE.with(Cell::get)
}

/// Callbacks pass through it until it is closed; closing waits for those that are inside.
#[derive(Debug, Default)]
pub(crate) struct Gate(RwLock<bool>);

impl Gate {
    /// Runs a callback, unless the gate is closed.
    pub(crate) fn pass(&self, callback: impl FnOnce()) {
        let closed = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if !*closed {
            INSIDE.with(|inside| inside.set(true));
            callback();
            INSIDE.with(|inside| inside.set(false));
        }
    }

    /// Closes it. Never call it from inside of a callback: it would wait for itself.
    pub(crate) fn close(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = true;
    }
}
