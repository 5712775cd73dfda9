//! What every export shares: the panic boundary, the last error, texts in and out.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use swim::{Error, Result};

/// The number of this ABI: `SWIM_ABI_VERSION` of the header.
const ABI: u32 = 0;

/// It worked.
pub(crate) const OK: i32 = 0;
/// Nothing came in the given time.
pub(crate) const WOULD_BLOCK: i32 = 97;
/// There is nothing more to come.
pub(crate) const END: i32 = 98;
/// A bug of ours was contained.
const PANIC: i32 = 99;

thread_local! {
    static LAST: RefCell<CString> = RefCell::new(c"null".to_owned());
}

fn keep(error: &Error) {
    let text = serde_json::to_string(&error.record()).unwrap_or_else(|_| "null".to_owned());
    // JSON escapes NUL, so there is none in it.
    LAST.with(|last| *last.borrow_mut() = CString::new(text).unwrap_or_default());
}

/// Runs an export: errors and panics become a status and the last error.
pub(crate) fn guard(work: impl FnOnce() -> Result<i32>) -> i32 {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            keep(&error);
            error.kind().code()
        }
        Err(_) => {
            keep(&Error::internal("call", "a bug was contained; its words are on standard error"));
            PANIC
        }
    }
}

/// A text that the caller gave.
///
/// # Safety
/// `text` is NULL, or NUL-terminated and unchanged for `'a`.
pub(crate) unsafe fn text<'a>(name: &str, text: *const c_char) -> Result<&'a str> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    let bytes = unsafe { CStr::from_ptr(text) };
    bytes.to_str().map_err(|e| Error::invalid(name, "bytes", "not UTF-8").caused_by(e))
}

/// A handle that the caller gave.
///
/// # Safety
/// `handle` is NULL, or came from us and was not freed.
pub(crate) unsafe fn handle<'a, T>(name: &str, handle: *const T) -> Result<&'a T> {
    // SAFETY: NULL is looked for, and the caller vouches for the rest.
    unsafe { handle.as_ref() }.ok_or_else(|| null(name))
}

/// A place for a result; it holds NULL until the call worked.
///
/// # Safety
/// `out` is NULL, or writable.
pub(crate) unsafe fn place<'a, T>(name: &str, out: *mut *mut T) -> Result<&'a mut *mut T> {
    // SAFETY: NULL is looked for, and the caller vouches for the rest.
    let place = unsafe { out.as_mut() }.ok_or_else(|| null(name))?;
    *place = std::ptr::null_mut();
    Ok(place)
}

/// Gives a text away; `swim_string_free` takes it back.
pub(crate) fn give(place: &mut *mut c_char, text: String) -> Result<()> {
    let text = CString::new(text).map_err(|e| Error::internal("write result", "a NUL in JSON").caused_by(e))?;
    *place = text.into_raw();
    Ok(())
}

fn null(name: &str) -> Error {
    Error::invalid(name, "NULL", "must not be NULL")
}

/// The number of the ABI of this library.
#[unsafe(no_mangle)]
pub extern "C" fn swim_abi_version() -> u32 {
    ABI
}

/// The version of this library; a constant text.
#[unsafe(no_mangle)]
pub extern "C" fn swim_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The last error of a call on this thread, as JSON; `null` when none failed. Valid until the next call fails here.
#[unsafe(no_mangle)]
pub extern "C" fn swim_last_error() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"null".as_ptr())
}

/// Frees a text that a call gave.
///
/// # Safety
/// `text` is NULL, or came from a call of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it came from `give`.
        drop(unsafe { CString::from_raw(text) });
    }
}
