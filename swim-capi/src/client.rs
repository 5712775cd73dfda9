//! Clients, and the verbs of a client as named calls.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use swim::Result;

use crate::boundary::{OK, guard, handle, place, text};
use crate::call::{Call, answer, done};
use crate::check::{CallerCheck, swim_check_fn};
use crate::gate::{Gate, inside_callback};
use crate::shared::Shared;

/// A client. Every call on it may come from any thread.
#[derive(Debug)]
pub struct swim_client(pub(crate) Arc<Shared>);

/// A named call on a client.
///
/// # Safety
/// `client` is NULL or live.
pub(crate) unsafe fn on<'a>(client: *const swim_client) -> Result<Call<'a>> {
    // SAFETY: the caller vouches for it.
    unsafe { handle("client", client) }.map(|client| Call::new(&client.0))
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
        let shared = Shared::open(config, Arc::default(), None)?;
        *out = Box::into_raw(Box::new(swim_client(shared)));
        Ok(OK)
    })
}

/// Opens a client whose plans may ask for a post-check: `check` answers it.
///
/// # Safety
/// As `swim_client_open`; `check` may be called with `user` until the client is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_open_with_check(
    config: *const c_char,
    check: swim_check_fn,
    user: *mut c_void,
    out: *mut *mut swim_client,
) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (out, config) = unsafe { (place("out", out)?, text("config", config)?) };
        let gate = Arc::<Gate>::default();
        let check = Arc::new(CallerCheck::new(check, user, Arc::clone(&gate))?);
        let shared = Shared::open(config, gate, Some(check))?;
        *out = Box::into_raw(Box::new(swim_client(shared)));
        Ok(OK)
    })
}

/// Frees a client: when this returns, none of its callbacks runs or will run. Its jobs and watches are freed on their
/// own.
///
/// # Safety
/// `client` is NULL, or live and not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_free(client: *mut swim_client) {
    if client.is_null() {
        return;
    }
    // SAFETY: it came from `swim_client_open` or `swim_client_open_with_check`.
    let client = unsafe { Box::from_raw(client) };
    guard(|| {
        if inside_callback() {
            std::thread::spawn(move || client.0.free());
        } else {
            client.0.free();
        }
        Ok(OK)
    });
}

/// Makes devices known, or replaces what is known of them.
///
/// # Safety
/// `client` is NULL or live; `devices` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_add_devices(client: *const swim_client, devices: *const c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { done(on(client), "add_devices", |c| c.json("devices", devices)) }
}

/// The devices that are known.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_devices(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "devices", out, |_| Ok(())) }
}

/// Takes a file into the repository.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_import(
    client: *const swim_client,
    path: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "import", out, |c| {
            c.text("path", path)?;
            c.options("options", options)
        })
    }
}

/// The images of the repository.
///
/// # Safety
/// `client` is NULL or live; `filter` is NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_images(
    client: *const swim_client,
    filter: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "images", out, |c| c.options("filter", filter)) }
}

/// One image, by its id, the first digits of it, or its file name.
///
/// # Safety
/// `client` is NULL or live; `image` is NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_image(
    client: *const swim_client,
    image: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "image", out, |c| c.text("image", image)) }
}

/// Asks devices for their inventory.
///
/// # Safety
/// `client` is NULL or live; `devices` is NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_inspect(
    client: *const swim_client,
    devices: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "inspect", out, |c| c.json("devices", devices)) }
}

/// All jobs.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_list(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "list", out, |_| Ok(())) }
}

/// The self-test of our offers and of every image server.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_check_servers(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "check_servers", out, |_| Ok(())) }
}

/// Goes on with every unfinished job.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_resume(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "resume", out, |_| Ok(())) }
}

/// Brings an image to a device.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_push(
    client: *const swim_client,
    image: *const c_char,
    device: *const c_char,
    path: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "push", out, |c| {
            c.text("image", image)?;
            c.text("device", device)?;
            c.text("path", path)?;
            c.options("options", options)
        })
    }
}

/// Fetches a file of a device.
///
/// # Safety
/// As `swim_client_push`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_fetch(
    client: *const swim_client,
    device: *const c_char,
    path: *const c_char,
    file: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "fetch", out, |c| {
            c.text("device", device)?;
            c.text("path", path)?;
            c.text("file", file)?;
            c.options("options", options)
        })
    }
}

/// Serves an image to one device.
///
/// # Safety
/// As `swim_client_push`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_offer(
    client: *const swim_client,
    image: *const c_char,
    device: *const c_char,
    protocol: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "offer", out, |c| {
            c.text("image", image)?;
            c.text("device", device)?;
            c.text("protocol", protocol)?;
            c.options("options", options)
        })
    }
}

/// Takes one file that a device uploads.
///
/// # Safety
/// As `swim_client_push`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_accept(
    client: *const swim_client,
    device: *const c_char,
    protocol: *const c_char,
    file: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "accept", out, |c| {
            c.text("device", device)?;
            c.text("protocol", protocol)?;
            c.text("file", file)?;
            c.options("options", options)
        })
    }
}

/// Ends an offer or an accept; how often an offer was pulled whole is `completed` in the receipt.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_withdraw(client: *const swim_client, offer: u64, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "withdraw", out, |c| {
            c.number("offer", offer);
            Ok(())
        })
    }
}
