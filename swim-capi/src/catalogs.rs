//! Catalogues and known good values, as named calls.

use std::ffi::c_char;

use crate::call::{answer, done};
use crate::client::{on, swim_client};

/// Changes the login at the vendor.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_set_catalog_login(client: *const swim_client, login: *const c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { done(on(client), "set_catalog_login", |c| c.options("login", login)) }
}

/// Asks the vendor for images.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_catalog_query(
    client: *const swim_client,
    query: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "catalog_query", out, |c| c.options("query", query)) }
}

/// Downloads images of the vendor.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_catalog_download(
    client: *const swim_client,
    wanted: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "catalog_download", out, |c| c.options("wanted", wanted)) }
}

/// A form of the vendor.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_catalog_form(
    client: *const swim_client,
    form: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "catalog_form", out, |c| c.text("form", form)) }
}

/// A person's answer to a form.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_answer_form(
    client: *const swim_client,
    decided: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "answer_form", out, |c| c.options("decided", decided)) }
}

/// How forms were answered.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_form_decisions(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "form_decisions", out, |_| Ok(())) }
}

/// Takes an open catalogue.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_import_catalog(
    client: *const swim_client,
    path: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "import_catalog", out, |c| {
            c.text("path", path)?;
            c.options("options", options)
        })
    }
}

/// The images of open catalogues.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_catalog(
    client: *const swim_client,
    text: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "catalog", out, |c| c.maybe_text("text", text)) }
}

/// The open catalogues.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_catalogs(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "catalogs", out, |_| Ok(())) }
}

/// Removes an open catalogue.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_remove_catalog(
    client: *const swim_client,
    name: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "remove_catalog", out, |c| c.text("name", name)) }
}

/// The audit of open catalogues.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_catalog_audit(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "catalog_audit", out, |_| Ok(())) }
}

/// Takes a list of known good values.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_import_known_good(
    client: *const swim_client,
    path: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "import_known_good", out, |c| {
            c.text("path", path)?;
            c.options("options", options)
        })
    }
}

/// The lists of known good values.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_known_good(
    client: *const swim_client,
    image: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "known_good", out, |c| c.maybe_text("image", image)) }
}

/// Removes such a list.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_remove_known_good(
    client: *const swim_client,
    name: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "remove_known_good", out, |c| c.text("name", name)) }
}

/// Lifts a quarantine.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_lift_quarantine(
    client: *const swim_client,
    image: *const c_char,
    by: *const c_char,
    reason: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "lift_quarantine", out, |c| {
            c.text("image", image)?;
            c.text("by", by)?;
            c.text("reason", reason)
        })
    }
}
