//! The caller's post-check, in Python.

use std::fmt;

use async_trait::async_trait;
use pyo3::prelude::*;
use swim::core::ports::PostChecks;
use swim::surface::{CheckCall, Verdict};
use swim::{Error, ErrorKind, Result};

/// A callable that takes the call as a JSON text and gives `None` (good) or a reason (bad).
pub(crate) struct PythonCheck {
    callable: Py<PyAny>,
}

impl PythonCheck {
    pub(crate) const fn new(callable: Py<PyAny>) -> Self {
        Self { callable }
    }
}

#[async_trait]
impl PostChecks for PythonCheck {
    async fn check(&self, call: CheckCall) -> Result<Verdict> {
        let text = serde_json::to_string(&call)
            .map_err(|e| Error::internal("post-check", "the call cannot be written").caused_by(e))?;
        let Some(callable) = Python::try_attach(|py| self.callable.clone_ref(py)) else { return never().await };
        // The callable may take its time; a thread of its own keeps the others free.
        let asked = tokio::task::spawn_blocking(move || {
            Python::try_attach(|py| {
                let answer = callable.call1(py, (text,)).and_then(|a| a.extract::<Option<String>>(py));
                answer.map_err(|e| {
                    Error::new(ErrorKind::Blocked, "post-check", "the post-check raised an exception")
                        .caused_by(e.value(py).to_string())
                })
            })
        });
        match asked.await {
            Ok(Some(Ok(None))) => Ok(Verdict::Good),
            Ok(Some(Ok(Some(reason)))) => Ok(Verdict::Bad(reason)),
            Ok(Some(Err(e))) => Err(e),
            Err(e) if !e.is_cancelled() => Err(Error::internal("post-check", "its thread ended").caused_by(e)),
            Ok(None) | Err(_) => never().await,
        }
    }
}

/// Python is shutting down, or the client is being closed: an answer of ours would count against the device. The runtime
/// ends this wait, and whoever resumes the job asks again.
async fn never() -> Result<Verdict> {
    std::future::pending().await
}

impl fmt::Debug for PythonCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonCheck").finish_non_exhaustive()
    }
}
