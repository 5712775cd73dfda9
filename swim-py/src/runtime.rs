//! Runtimes: one of the process, on which callers wait, and one a client, on which its work is done and with which it
//! ends. Waiting is without the GIL, with Ctrl-C, and not after a fork.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use swim::{Client, Error, ErrorKind, Result};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinError, JoinHandle};

use crate::failure::raised;

/// How often a waiting call looks for Ctrl-C: a person does not notice it, and twenty looks a second cost nothing.
const LOOK: Duration = Duration::from_millis(50);

/// Threads of a client. They mostly wait for devices.
const WORKERS: usize = 2;

/// How long closing waits for the threads of a client: what blocks them is a write to a disk. A post-check that still
/// runs is left behind; its answer is not asked for any more. The database is waited for by itself.
const ENDING: Duration = Duration::from_secs(5);

struct Process {
    id: u32,
    runtime: Runtime,
}

static PROCESS: OnceLock<std::result::Result<Process, String>> = OnceLock::new();

fn started(name: &str, workers: usize) -> std::result::Result<Runtime, String> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).thread_name(name).enable_all().build().map_err(|e| e.to_string())
}

fn no_threads(e: String) -> Error {
    Error::internal("start", "no threads could be started").caused_by(e)
}

/// The runtime on which callers of this process wait, or an error in a process that was forked off it.
fn process() -> Result<&'static Runtime> {
    let made =
        PROCESS.get_or_init(|| started("swim-wait", 1).map(|runtime| Process { id: std::process::id(), runtime }));
    let process = made.as_ref().map_err(|e| no_threads(e.clone()))?;
    if process.id == std::process::id() {
        return Ok(&process.runtime);
    }
    Err(Error::new(
        ErrorKind::Internal,
        "call",
        "this process was forked after swim was used: use swim first in the new process, or start it with spawn",
    )
    .with("forked", true))
}

/// Work that was given to a runtime; dropped when nobody waits for it any more.
struct Given<T>(JoinHandle<Result<T>>);

impl<T> Given<T> {
    async fn done(&mut self) -> Result<T> {
        (&mut self.0).await.unwrap_or_else(|e| Err(ended(e)))
    }
}

impl<T> Drop for Given<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn ended(e: JoinError) -> Error {
    if e.is_cancelled() {
        return Error::new(ErrorKind::Interrupted, "call", "the client was closed");
    }
    Error::internal("call", "the work ended").caused_by(e)
}

/// Does work on a client's threads and waits for it without the GIL. A signal ends the wait and drops the work.
pub(crate) fn block<T: Send + 'static>(
    py: Python<'_>,
    threads: &Handle,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> PyResult<T> {
    let waiting = process().map_err(|e| raised(py, &e))?;
    if Handle::try_current().is_ok() {
        // A post-check that calls back would wait for the thread that it is on.
        let e = Error::new(ErrorKind::Blocked, "call", "a blocking call is not possible from inside a callback");
        return Err(raised(py, &e));
    }
    py.detach(|| {
        let mut given = Given(threads.spawn(work));
        waiting.block_on(async move {
            loop {
                tokio::select! {
                    done = given.done() => return done.map_err(|e| Python::attach(|py| raised(py, &e))),
                    () = tokio::time::sleep(LOOK) => Python::attach(|py| py.check_signals())?,
                }
            }
        })
    })
}

/// Work on a client's threads as an awaitable of asyncio. Cancelling the awaitable drops the work.
pub(crate) fn later<'py, T>(
    py: Python<'py>,
    threads: &Handle,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>>
where
    T: for<'a> IntoPyObject<'a> + Send + 'static,
{
    let waiting = process().map_err(|e| raised(py, &e))?;
    // The second and every later call finds it set already.
    let _ = pyo3_async_runtimes::tokio::init_with_runtime(waiting);
    let mut given = Given(threads.spawn(work));
    pyo3_async_runtimes::tokio::future_into_py(py, async move {
        given.done().await.map_err(|e| Python::attach(|py| raised(py, &e)))
    })
}

/// The threads of one client. Everything that the client does is done on them.
pub(crate) struct Threads {
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
}

impl Threads {
    pub(crate) fn start() -> Result<Self> {
        process()?;
        let runtime = started("swim", WORKERS).map_err(no_threads)?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Mutex::new(Some(runtime)) })
    }

    /// Where work is given to.
    pub(crate) const fn handle(&self) -> &Handle {
        &self.handle
    }

    fn take(&self) -> Option<Runtime> {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Drops all work and waits until it is gone and the data folder is closed. From inside of a callback, which is some of
    /// that work, it only begins.
    pub(crate) fn end(&self, client: Client) -> Result<()> {
        let Some(runtime) = self.take() else { return Ok(()) };
        if Handle::try_current().is_ok() {
            runtime.shutdown_background();
            return Ok(());
        }
        runtime.shutdown_timeout(ENDING);
        process()?.block_on(async move { client.close().await })
    }

    /// An awaitable of the end.
    pub(crate) fn end_later<'py>(&self, py: Python<'py>, client: Client) -> PyResult<Bound<'py, PyAny>> {
        let runtime = self.take();
        let waiting = process().map_err(|e| raised(py, &e))?;
        let ending = async move {
            let Some(runtime) = runtime else { return Ok(()) };
            let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(ENDING)).await;
            ended.map_err(|e| Error::internal("close", "the ending ended").caused_by(e))?;
            client.close().await
        };
        later(py, waiting.handle(), ending)
    }
}

impl Drop for Threads {
    /// A client that was never closed: the garbage collector must not wait.
    fn drop(&mut self) {
        if let Some(runtime) = self.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").finish_non_exhaustive()
    }
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
        process().map_err(|e| raised(py, &e))?;
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
