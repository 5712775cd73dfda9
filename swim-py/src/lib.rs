//! Python module of swim: the native half. Values cross as JSON texts; the Python half makes objects of them.

mod check;
mod failure;
mod runtime;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use swim::core::ports::PostChecks;
use swim::surface::{self, JobId};
use swim::{Client, Config, Error, ErrorKind, Result, Retry, Watch};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use check::PythonCheck;
use failure::{raised, to_json, to_value};
use runtime::{Owned, Threads, block, later};

/// The native half of the module.
#[pymodule(gil_used = false)]
mod _swim {
    #[pymodule_export]
    use super::{NativeClient, NativeWatch, function, open_later};
}

/// Calls a function that needs no client. Arguments and result are JSON texts.
#[pyfunction]
#[pyo3(signature = (name, arguments))]
fn function(py: Python<'_>, name: &str, arguments: &str) -> PyResult<String> {
    let done: Result<String> = py.detach(|| to_json(&surface::function(name, to_value(arguments)?)?));
    done.map_err(|e| raised(py, &e))
}

/// Opens a client from a JSON text or a TOML file: an awaitable of a `NativeClient`.
#[pyfunction]
#[pyo3(signature = (config, path, post_check))]
fn open_later(
    py: Python<'_>,
    config: Option<String>,
    path: Option<PathBuf>,
    post_check: Option<Py<PyAny>>,
) -> PyResult<Bound<'_, PyAny>> {
    let threads = Threads::start().map_err(|e| raised(py, &e))?;
    let opened = open(config, path, post_check);
    let handle = threads.handle().clone();
    later(py, &handle, async move { Ok(NativeClient::new_over(opened.await?, threads)) })
}

async fn open(config: Option<String>, path: Option<PathBuf>, check: Option<Py<PyAny>>) -> Result<Client> {
    let config = match (config, path) {
        (Some(json), None) => Config::from_json(&json)?,
        (None, Some(path)) => Config::from_file(path)?,
        _ => return Err(Error::invalid("config", "both or none", "give a JSON text or a path")),
    };
    let checks = check.map(|callable| Arc::new(PythonCheck::new(callable)) as Arc<dyn PostChecks>);
    surface::open(config, checks).await
}

/// A client whose calls take and give JSON texts.
#[pyclass(frozen)]
struct NativeClient {
    opened: Owned<Opened>,
}

struct Opened {
    client: Client,
    threads: Threads,
}

impl NativeClient {
    fn new_over(client: Client, threads: Threads) -> Self {
        Self { opened: Owned::new(Opened { client, threads }) }
    }
}

#[pymethods]
impl NativeClient {
    /// Opens a client from a JSON text or a TOML file.
    #[new]
    #[pyo3(signature = (config, path, post_check))]
    fn new(
        py: Python<'_>,
        config: Option<String>,
        path: Option<PathBuf>,
        post_check: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let threads = Threads::start().map_err(|e| raised(py, &e))?;
        let client = block(py, threads.handle(), open(config, path, post_check))?;
        Ok(Self::new_over(client, threads))
    }

    /// Calls a verb and waits for it, for so many seconds at most.
    #[pyo3(signature = (verb, arguments, timeout))]
    fn call(&self, py: Python<'_>, verb: String, arguments: String, timeout: Option<f64>) -> PyResult<String> {
        let limit = limit(timeout).map_err(|e| raised(py, &e))?;
        let Opened { client, threads } = self.opened.get(py)?;
        let client = client.clone();
        block(py, threads.handle(), async move { called(&client, &verb, &arguments, limit).await })
    }

    /// Calls a verb: an awaitable of its result, which comes within so many seconds.
    #[pyo3(signature = (verb, arguments, timeout))]
    fn call_later<'py>(
        &self,
        py: Python<'py>,
        verb: String,
        arguments: String,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let limit = limit(timeout).map_err(|e| raised(py, &e))?;
        let Opened { client, threads } = self.opened.get(py)?;
        let client = client.clone();
        later(py, threads.handle(), async move { called(&client, &verb, &arguments, limit).await })
    }

    /// The events of a job, from its first one on.
    #[pyo3(signature = (job))]
    fn watch(&self, py: Python<'_>, job: String) -> PyResult<NativeWatch> {
        let Opened { client, threads } = self.opened.get(py)?;
        let watch = Arc::new(Mutex::new(client.watch(&JobId(job))));
        Ok(NativeWatch { watch: Owned::new((watch, threads.handle().clone())) })
    }

    /// Ends all work of the client, and waits for its end and until the data folder is closed.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let Opened { client, threads } = self.opened.get(py)?;
        py.detach(|| threads.end(client.clone())).map_err(|e| raised(py, &e))
    }

    /// An awaitable of the same.
    fn close_later<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Opened { client, threads } = self.opened.get(py)?;
        threads.end_later(py, client.clone())
    }
}

async fn called(client: &Client, verb: &str, arguments: &str, limit: Option<Duration>) -> Result<String> {
    let call = surface::call(client, verb, to_value(arguments)?);
    let Some(limit) = limit else { return to_json(&call.await?) };
    match tokio::time::timeout(limit, call).await {
        Ok(done) => to_json(&done?),
        Err(_) => Err(Error::new(ErrorKind::Timeout, verb, format!("not done within {} s", limit.as_secs_f64()))
            .retry_when(Retry::Now)),
    }
}

fn limit(seconds: Option<f64>) -> Result<Option<Duration>> {
    let limit = seconds.map(Duration::try_from_secs_f64).transpose();
    let why = "must be a number of seconds, 0 or more, or None";
    limit.map_err(|_| Error::invalid("timeout", seconds.unwrap_or_default(), why))
}

/// The events of a job as JSON texts.
#[pyclass(frozen)]
struct NativeWatch {
    watch: Owned<(Arc<Mutex<Watch>>, Handle)>,
}

#[pymethods]
impl NativeWatch {
    /// The next event; `None` after the last one.
    fn next(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let (watch, threads) = self.watch.get(py)?;
        block(py, threads, next(Arc::clone(watch)))
    }

    /// An awaitable of the next event; of `None` after the last one.
    fn next_later<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (watch, threads) = self.watch.get(py)?;
        later(py, threads, next(Arc::clone(watch)))
    }
}

async fn next(watch: Arc<Mutex<Watch>>) -> Result<Option<String>> {
    let event = watch.lock().await.next().await?;
    event
        .map(|e| {
            serde_json::to_string(&e).map_err(|e| Error::internal("watch", "an event cannot be written").caused_by(e))
        })
        .transpose()
}

impl fmt::Debug for NativeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeClient").finish_non_exhaustive()
    }
}

impl fmt::Debug for NativeWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeWatch").finish_non_exhaustive()
    }
}
