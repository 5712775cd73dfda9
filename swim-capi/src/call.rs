//! Calls by name: of a function, of a verb, and the one way that every named call goes.

use std::ffi::c_char;

use serde_json::{Map, Value, json};
use swim::surface::{self, parse};
use swim::{Error, Result};

use crate::boundary::{OK, give, guard, handle, place, text};
use crate::client::swim_client;
use crate::shared::Shared;

/// A named call on its way: through what it goes, and its arguments.
pub(crate) struct Call<'a> {
    shared: &'a Shared,
    fields: Map<String, Value>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self { shared, fields: Map::new() }
    }

    /// A text of ours.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Calls a verb and waits for it.
    pub(crate) fn verb(self, verb: &str) -> Result<Value> {
        self.shared.call(verb, Value::Object(self.fields))
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &str, value: u64) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// A text that must be there.
    ///
    /// # Safety
    /// `value` is NULL or NUL-terminated.
    pub(crate) unsafe fn text(&mut self, name: &str, value: *const c_char) -> Result<()> {
        // SAFETY: the caller vouches for it.
        self.fields.insert(name.to_owned(), unsafe { text(name, value) }?.into());
        Ok(())
    }

    /// A text; NULL is absent.
    ///
    /// # Safety
    /// As `text`.
    pub(crate) unsafe fn maybe_text(&mut self, name: &str, value: *const c_char) -> Result<()> {
        // SAFETY: the caller vouches for it.
        if value.is_null() { Ok(()) } else { unsafe { self.text(name, value) } }
    }

    /// JSON that must be there.
    ///
    /// # Safety
    /// As `text`.
    pub(crate) unsafe fn json(&mut self, name: &str, value: *const c_char) -> Result<()> {
        // SAFETY: the caller vouches for it.
        self.fields.insert(name.to_owned(), parse(name, unsafe { text(name, value) }?)?);
        Ok(())
    }

    /// JSON; NULL is absent.
    ///
    /// # Safety
    /// As `text`.
    pub(crate) unsafe fn maybe_json(&mut self, name: &str, value: *const c_char) -> Result<()> {
        // SAFETY: the caller vouches for it.
        if value.is_null() { Ok(()) } else { unsafe { self.json(name, value) } }
    }

    /// An object whose fields are more arguments; NULL is none.
    ///
    /// # Safety
    /// As `text`.
    pub(crate) unsafe fn options(&mut self, name: &str, value: *const c_char) -> Result<()> {
        if value.is_null() {
            return Ok(());
        }
        // SAFETY: the caller vouches for it.
        let options = match parse(name, unsafe { text(name, value) }?)? {
            Value::Object(options) => options,
            other => return Err(Error::invalid(name, surface::shown(&other), "must be an object")),
        };
        for (field, value) in options {
            if self.fields.contains_key(&field) {
                return Err(Error::invalid(name, format!("{field:?}"), "it is an argument of the call already"));
            }
            self.fields.insert(field, value);
        }
        Ok(())
    }
}

fn write(value: &Value) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal("write result", "not writable as JSON").caused_by(e))
}

/// Fills in the arguments, calls a verb, and gives its result.
///
/// # Safety
/// `out` is NULL or writable.
pub(crate) unsafe fn answer<'a>(
    call: Result<Call<'a>>,
    verb: &str,
    out: *mut *mut c_char,
    fill: impl FnOnce(&mut Call<'a>) -> Result<()>,
) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for it.
        let out = unsafe { place("out", out) }?;
        let mut call = call?;
        fill(&mut call)?;
        give(out, write(&call.verb(verb)?)?)?;
        Ok(OK)
    })
}

/// Fills in the arguments and calls a verb that has no result.
pub(crate) fn done<'a>(call: Result<Call<'a>>, verb: &str, fill: impl FnOnce(&mut Call<'a>) -> Result<()>) -> i32 {
    guard(|| {
        let mut call = call?;
        fill(&mut call)?;
        call.verb(verb).map(|_| OK)
    })
}

/// Calls a verb of a client by its name and waits for it.
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
        give(out, write(&client.0.call(verb, parse("arguments", args)?)?)?)?;
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
        give(out, write(&surface::function(function, parse("arguments", args)?)?)?)?;
        Ok(OK)
    })
}

/// The digest of a plan, as a text: what a person approves.
///
/// # Safety
/// `plan` is NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_plan_digest(plan: *const c_char, out: *mut *mut c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (out, plan) = unsafe { (place("out", out)?, text("plan", plan)?) };
        let digest = surface::function("plan_digest", json!({"plan": parse("plan", plan)?}))?;
        let digest = digest.as_str().ok_or_else(|| Error::internal("plan digest", "the digest is no text"))?;
        give(out, digest.to_owned())?;
        Ok(OK)
    })
}
