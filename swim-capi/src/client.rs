//! Clients, and functions that need none.

use std::ffi::c_char;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use swim::{Client, Config, Error, ErrorKind, Result, surface};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::boundary::{OK, give, guard, handle, place, text};
use crate::gate::{Gate, inside_callback};

/// Threads of a client. They mostly wait for devices.
const WORKERS: usize = 2;

/// How long freeing a client waits for its threads: what blocks them is a write to a disk.
const ENDING: Duration = Duration::from_secs(5);

/// A client. Every call on it may come from any thread.
pub struct swim_client {
    pub(crate) client: Client,
    pub(crate) runtime: Runtime,
    pub(crate) gate: Arc<Gate>,
}

impl fmt::Debug for swim_client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("swim_client").field("client", &self.client).finish_non_exhaustive()
    }
}

/// Waits for work. From inside of a callback it would wait for the thread that it is on.
fn wait<T>(runtime: &Runtime, work: impl Future<Output = Result<T>>) -> Result<T> {
    if Handle::try_current().is_ok() {
        return Err(Error::new(ErrorKind::Blocked, "call", "a waiting call is not possible from inside a callback"));
    }
    runtime.block_on(work)
}

fn arguments(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|e| Error::invalid("arguments", format!("column {}", e.column()), "not valid JSON"))
}

fn write(value: &Value) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal("write result", "not writable as JSON").caused_by(e))
}

/// Opens a client from a JSON configuration.
///
/// # Safety
/// `config` is NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_open(config: *const c_char, out: *mut *mut swim_client) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (out, config) = unsafe { (place("out", out)?, text("config", config)?) };
        let config = Config::from_json(config)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("swim")
            .enable_all()
            .build()
            .map_err(|e| Error::internal("open client", "no threads could be started").caused_by(e))?;
        let client = wait(&runtime, surface::open(config, None))?;
        *out = Box::into_raw(Box::new(swim_client { client, runtime, gate: Arc::default() }));
        Ok(OK)
    })
}

/// Calls a verb of a client and waits for it.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_call(
    client: *const swim_client,
    verb: *const c_char,
    args: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for all four.
        let (out, client, verb, args) =
            unsafe { (place("out", out)?, handle("client", client)?, text("verb", verb)?, text("arguments", args)?) };
        let result = wait(&client.runtime, surface::call(&client.client, verb, arguments(args)?))?;
        give(out, write(&result)?)?;
        Ok(OK)
    })
}

/// Calls a function that needs no client.
///
/// # Safety
/// The texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_call(function: *const c_char, args: *const c_char, out: *mut *mut c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for all three.
        let (out, function, args) =
            unsafe { (place("out", out)?, text("function", function)?, text("arguments", args)?) };
        #[cfg(feature = "testing")]
        if function == "_panic" {
            #[allow(clippy::panic)]
            {
                panic!("asked for by a test");
            }
        }
        give(out, write(&surface::function(function, arguments(args)?)?)?)?;
        Ok(OK)
    })
}

/// Frees a client: when this returns, none of its callbacks runs or will run. Its watches are freed on their own.
///
/// # Safety
/// `client` is NULL, or live and not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_free(client: *mut swim_client) {
    if client.is_null() {
        return;
    }
    // SAFETY: it came from `swim_client_open`.
    let client = unsafe { Box::from_raw(client) };
    let end = move || {
        let swim_client { client, runtime, gate } = *client;
        gate.close();
        runtime.shutdown_timeout(ENDING);
        drop(client);
    };
    guard(|| {
        if inside_callback() {
            std::thread::spawn(end);
        } else {
            end();
        }
        Ok(OK)
    });
}
