//! The surface that other languages stand on: every verb and function by its name, JSON in and JSON out.
//!
//! The Python module and the C API go through [`open`], [`call`] and [`function`] alone, so neither can lag behind the
//! other. `tests/surface.toml` lists what there is; the tests of all three languages read it.

mod arguments;
mod catalogs;
mod collections;
mod functions;
mod recommend;
mod repository;
mod requirements;
mod transfers;
mod verbs;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use swim_core::ports::PostChecks;
use swim_core::{Error, ErrorKind, Result, document};

use crate::client::Client;
use crate::config::Config;
use crate::wiring::Builder;

pub use functions::{FUNCTIONS, function};
pub use swim_core::document::shown;
pub use swim_core::ports::{CheckCall, JobId, Verdict};
pub use verbs::{VERBS, call};

/// Opens a client for a skin; `checks` answers the post-checks of plans that ask for one.
///
/// # Errors
/// Those of [`Client::open`].
pub async fn open(config: Config, checks: Option<Arc<dyn PostChecks>>) -> Result<Client> {
    let builder = Builder::new(config);
    match checks {
        Some(checks) => builder.post_checks(checks).open().await,
        None => builder.open().await,
    }
}

/// Reads the JSON text of the argument `name`, as skins are given it.
///
/// ```
/// assert_eq!(swim::surface::parse("policy", "[1]")?, serde_json::json!([1]));
/// let e = swim::surface::parse("policy", "{\n\"activate\" \"off\"}").unwrap_err();
/// assert_eq!(e.to_string(), "read input: policy: line 2: not valid JSON (column 12)");
/// # Ok::<(), swim::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` with the line and the column, or the field that is there twice.
pub fn parse(name: &str, text: &str) -> Result<Value> {
    let named = |e: Error| if e.context("field").is_some() { e } else { e.with("field", name) };
    document::parse(text.as_bytes())
        .map_err(|wrong| named(wrong.error(ErrorKind::InvalidInput, "read input").under(name)))
}

fn json<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|e| Error::internal("write result", "the result cannot be written as JSON").caused_by(e))
}
