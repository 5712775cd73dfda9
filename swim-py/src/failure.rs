//! Errors and values on their way to Python.

use pyo3::prelude::*;
use serde_json::Value;
use swim::{Error, Result};

/// The Python exception of an error. It is made by Python, so that stubs and pickling are exact.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let record = match serde_json::to_string(&error.record()) {
        Ok(record) => record,
        Err(e) => return pyo3::exceptions::PyRuntimeError::new_err(e.to_string()),
    };
    let made = py.import("swim.errors").and_then(|m| m.getattr("from_record")).and_then(|f| f.call1((record,)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(e) => e,
    }
}

/// Reads arguments.
pub(crate) fn to_value(arguments: &str) -> Result<Value> {
    swim::surface::parse("arguments", arguments)
}

/// Writes a result.
pub(crate) fn to_json(value: &Value) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal("write result", "not writable as JSON").caused_by(e))
}
