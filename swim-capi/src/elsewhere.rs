//! Images from elsewhere, as named calls.

use std::ffi::c_char;

use crate::call::{answer, done};
use crate::client::{on, swim_client};

/// Takes an image from elsewhere into the repository.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_import_from(
    client: *const swim_client,
    origin: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "import_from", out, |c| c.options("origin", origin)) }
}

/// Takes the running images of devices.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_baseline(
    client: *const swim_client,
    devices: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "baseline", out, |c| c.maybe_json("devices", devices)) }
}

/// Keeps a source of images.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_add_collection(
    client: *const swim_client,
    source: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "add_collection", out, |c| c.options("source", source)) }
}

/// The sources of images.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_collections(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "collections", out, |_| Ok(())) }
}

/// Collects from one source, or from all that are due.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_collect(
    client: *const swim_client,
    name: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "collect", out, |c| c.maybe_text("name", name)) }
}

/// Forgets a source of images.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_remove_collection(client: *const swim_client, name: *const c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { done(on(client), "remove_collection", |c| c.text("name", name)) }
}
