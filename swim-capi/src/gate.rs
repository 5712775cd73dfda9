//! The promise that no callback runs once its handle is freed.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use swim::{Error, ErrorKind, Result};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Is this thread inside of a callback?
pub(crate) fn inside_callback() -> bool {
    INSIDE.with(Cell::get)
}

/// Refuses to wait inside of a callback: it could wait for the thread that it is on, or for its own end.
pub(crate) fn may_wait() -> Result<()> {
    if inside_callback() {
        return Err(Error::new(ErrorKind::Blocked, "call", "a waiting call is not possible from inside a callback"));
    }
    Ok(())
}

/// Callbacks pass through it until it is closed; closing waits for those that are inside.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// Not part of the lock: one that is woken to write may be overtaken by readers again and again.
    closed: AtomicBool,
    inside: RwLock<()>,
}

impl Gate {
    /// Runs a callback; `None` when the gate is closed.
    pub(crate) fn pass<T>(&self, callback: impl FnOnce() -> T) -> Option<T> {
        let _inside = self.inside.read().unwrap_or_else(PoisonError::into_inner);
        if self.closed.load(Ordering::SeqCst) {
            return None;
        }
        // Gates are nested: the inner one must not end what the outer one began.
        let before = INSIDE.with(|inside| inside.replace(true));
        let answer = callback();
        INSIDE.with(|inside| inside.set(before));
        Some(answer)
    }

    /// Closes it. Never call it from inside of a callback: it would wait for itself.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        drop(self.inside.write().unwrap_or_else(PoisonError::into_inner));
    }
}
