//! The runtime of the process: waiting without the GIL, with Ctrl-C, and not after a fork.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use pyo3::prelude::*;
use swim::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Runtime};

use crate::failure::raised;
use crate::here;

/// How often a waiting call looks for Ctrl-C: a person does not notice it, and twenty looks a second cost nothing.
const LOOK: Duration = Duration::from_millis(50);

/// Threads of the runtime. They mostly wait for devices.
const WORKERS: usize = 2;

struct Process {
    id: u32,
    runtime: Runtime,
}

static PROCESS: OnceLock<std::result::Result<Process, String>> = OnceLock::new();

fn process() -> Result<&'static Process> {
    let made = PROCESS.get_or_init(|| {
        let runtime = Builder::new_multi_thread().worker_threads(WORKERS).thread_name("swim").enable_all().build();
        runtime.map(|runtime| Process { id: std::process::id(), runtime }).map_err(|e| e.to_string())
    });
    made.as_ref().map_err(|e| Error::internal("start", "no threads could be started").caused_by(e.clone()))
}

/// The process in which the runtime lives, or an error in a process that was forked off it.
fn alive() -> Result<&'static Process> {
    let process = process()?;
    if process.id == std::process::id() {
        return Ok(process);
    }
    Err(Error::new(
        ErrorKind::Internal,
        "call",
        "this process was forked after swim was used: use swim first in the new process, or start it with spawn",
    )
    .with("forked", true))
}

/// Refuses a process that was forked off.
pub(crate) fn guarded() -> Result<()> {
    alive().map(|_| ())
}

/// Runs work on the runtime and waits for it without the GIL. A signal ends the wait and drops the work.
pub(crate) fn block<T: Send + 'static>(
    py: Python<'_>,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> PyResult<T> {
    here(py)?;
    let runtime = &process().map_err(|e| raised(py, &e))?.runtime;
    if tokio::runtime::Handle::try_current().is_ok() {
        // A post-check that calls back would wait for the thread that it is on.
        let e = Error::new(ErrorKind::Blocked, "call", "a blocking call is not possible from inside a callback");
        return Err(raised(py, &e));
    }
    py.detach(|| {
        let mut task = runtime.spawn(work);
        runtime.block_on(async move {
            loop {
                tokio::select! {
                    done = &mut task => {
                        let done = done.unwrap_or_else(|e| Err(Error::internal("call", "the work ended").caused_by(e)));
                        return done.map_err(|e| Python::attach(|py| raised(py, &e)));
                    }
                    () = tokio::time::sleep(LOOK) => {
                        if let Err(signal) = Python::attach(|py| py.check_signals()) {
                            task.abort();
                            return Err(signal);
                        }
                    }
                }
            }
        })
    })
}

/// Work as an awaitable of asyncio. Cancelling the awaitable drops the work.
pub(crate) fn later<T>(
    py: Python<'_>,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> PyResult<Bound<'_, PyAny>>
where
    T: for<'py> IntoPyObject<'py> + Send + 'static,
{
    here(py)?;
    let runtime = &process().map_err(|e| raised(py, &e))?.runtime;
    // The second and every later call finds it set already.
    let _ = pyo3_async_runtimes::tokio::init_with_runtime(runtime);
    pyo3_async_runtimes::tokio::future_into_py(py, async move {
        work.await.map_err(|e| Python::attach(|py| raised(py, &e)))
    })
}

/// A value that is dropped only in the process that made it: elsewhere its threads are gone, and a drop could wait for
/// them for ever.
pub(crate) struct Owned<T> {
    value: Option<T>,
    process: u32,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value), process: std::process::id() }
    }

    /// The value, in the process that made it.
    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<&T> {
        here(py)?;
        let gone = || Error::internal("call", "the client is gone");
        self.value.as_ref().ok_or_else(|| raised(py, &gone()))
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            std::mem::forget(self.value.take());
        }
    }
}
