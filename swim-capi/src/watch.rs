//! Watching a job: by taking events, or by a callback.

use std::ffi::{CString, c_char, c_void};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use swim::{Error, Event, Watch};
use tokio::task::JoinHandle;

use crate::boundary::{END, OK, WOULD_BLOCK, give, guard, handle, place};
use crate::gate::{Gate, inside_callback, may_wait};
use crate::job::swim_job;
use crate::queue::{Ending, Queue, Taken};

/// Called on a thread of the library with each event as JSON, and once with NULL after the last one. `C-unwind`: what it
/// throws ends the process, where with `C` anything could happen.
pub type swim_event_fn = Option<unsafe extern "C-unwind" fn(user: *mut c_void, event: *const c_char)>;

/// The events of one job.
pub struct swim_watch {
    queue: Arc<Queue>,
    gate: Arc<Gate>,
    task: JoinHandle<()>,
}

impl fmt::Debug for swim_watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("swim_watch").field("queue", &self.queue).finish_non_exhaustive()
    }
}

fn write(event: &Event) -> Result<String, Error> {
    serde_json::to_string(event).map_err(|e| Error::internal("watch", "an event cannot be written").caused_by(e))
}

/// `ending` comes from outside: it must end the queue also when the runtime drops this before its first poll.
async fn feed(mut watch: Watch, ending: Ending) {
    let queue = Arc::clone(&ending.0);
    loop {
        let event = match watch.next().await {
            Ok(Some(event)) => write(&event),
            Ok(None) => return queue.end(None),
            Err(e) => Err(e),
        };
        match event {
            Ok(text) => queue.push(text).await,
            Err(e) => return queue.end(Some(e.record())),
        }
    }
}

/// Watches a job from its first event on; events are taken with `swim_watch_next`.
///
/// # Safety
/// `job` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_watch(job: *const swim_job, out: *mut *mut swim_watch) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (out, job) = unsafe { (place("out", out)?, handle("job", job)?) };
        let queue = Arc::new(Queue::new()?);
        let ending = Ending(Arc::clone(&queue));
        let task = job.watched(|alive, watch| alive.runtime.spawn(feed(watch, ending)))?;
        *out = Box::into_raw(Box::new(swim_watch { queue, gate: Arc::default(), task }));
        Ok(OK)
    })
}

/// Takes the next event. `timeout_ms` below 0 waits for ever, 0 does not wait.
///
/// # Safety
/// `watch` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_watch_next(watch: *const swim_watch, timeout_ms: i64, out: *mut *mut c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (out, watch) = unsafe { (place("out", out)?, handle("watch", watch)?) };
        if timeout_ms != 0 {
            may_wait()?;
        }
        match watch.queue.take(u64::try_from(timeout_ms).ok().map(Duration::from_millis))? {
            Taken::Event(event) => {
                give(out, event)?;
                Ok(OK)
            }
            Taken::Nothing => Ok(WOULD_BLOCK),
            Taken::End => Ok(END),
        }
    })
}

/// A file descriptor that is readable while `swim_watch_next` has something to give; -1 for NULL. Poll it, never read it.
///
/// # Safety
/// `watch` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_watch_fd(watch: *const swim_watch) -> i32 {
    // SAFETY: NULL is looked for, and the caller vouches for the rest.
    unsafe { watch.as_ref() }.map_or(-1, |watch| watch.queue.fd())
}

/// The caller's function and word.
struct Listener {
    call: unsafe extern "C-unwind" fn(*mut c_void, *const c_char),
    user: *mut c_void,
}

// SAFETY: the header says that `user` is used from threads of the library, one at a time.
unsafe impl Send for Listener {}
// SAFETY: as above.
unsafe impl Sync for Listener {}

impl Listener {
    /// Tells an event, or the end.
    fn tell(&self, client: &Gate, own: &Gate, event: Option<&CString>) {
        let event = event.map_or(std::ptr::null(), |e| e.as_ptr());
        // It may take its time; another thread takes over what this one had to do.
        tokio::task::block_in_place(|| {
            client.pass(|| {
                own.pass(|| {
                    // SAFETY: the caller vouches for the function until the watch or the client is freed; the gates see
                    // to it that it is not called afterwards.
                    unsafe { (self.call)(self.user, event) }
                });
            });
        });
    }
}

async fn tell_all(mut watch: Watch, listener: Listener, client: Arc<Gate>, own: Arc<Gate>) {
    loop {
        let (text, over) = match watch.next().await {
            Ok(Some(event)) => (write(&event), false),
            Ok(None) => break,
            Err(e) => (Err(e), true),
        };
        let text = text.or_else(|e| serde_json::to_string(&serde_json::json!({"type": "error", "error": e.record()})));
        if let Some(text) = text.ok().and_then(|t| CString::new(t).ok()) {
            listener.tell(&client, &own, Some(&text));
        }
        if over {
            break;
        }
    }
    listener.tell(&client, &own, None);
}

/// Watches a job from its first event on; each event is told to a function.
///
/// # Safety
/// `job` is NULL or live; `out` is NULL or writable; `on_event` may be called with `user` until the watch or the client
/// is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_on_event(
    job: *const swim_job,
    on_event: swim_event_fn,
    user: *mut c_void,
    out: *mut *mut swim_watch,
) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (out, job) = unsafe { (place("out", out)?, handle("job", job)?) };
        let call = on_event.ok_or_else(|| Error::invalid("on_event", "NULL", "must not be NULL"))?;
        let (queue, gate) = (Arc::new(Queue::new()?), Arc::<Gate>::default());
        // Nothing is to be taken from a watch that tells.
        queue.end(None);
        let (listener, own) = (Listener { call, user }, Arc::clone(&gate));
        let client = Arc::clone(&job.shared.gate);
        let task = job.watched(|alive, watch| alive.runtime.spawn(tell_all(watch, listener, client, own)))?;
        *out = Box::into_raw(Box::new(swim_watch { queue, gate, task }));
        Ok(OK)
    })
}

/// Frees a watch: when this returns, its callback does not run and will not run.
///
/// # Safety
/// `watch` is NULL, or live and not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_watch_free(watch: *mut swim_watch) {
    if watch.is_null() {
        return;
    }
    // SAFETY: it came from `swim_job_watch` or `swim_job_on_event`.
    let watch = unsafe { Box::from_raw(watch) };
    guard(|| {
        watch.task.abort();
        if inside_callback() {
            std::thread::spawn(move || watch.gate.close());
        } else {
            watch.gate.close();
        }
        Ok(OK)
    });
}
