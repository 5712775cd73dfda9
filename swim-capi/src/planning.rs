//! Analysis and plans, as named calls.

use std::ffi::c_char;

use crate::call::answer;
use crate::client::{on, swim_client};

/// May these devices run this image?
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_analyse(
    client: *const swim_client,
    image: *const c_char,
    devices: *const c_char,
    policy: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { swim_client_analyse_with_knowledge(client, image, devices, policy, std::ptr::null(), out) }
}

/// The same with what is known from elsewhere.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_analyse_with_knowledge(
    client: *const swim_client,
    image: *const c_char,
    devices: *const c_char,
    policy: *const c_char,
    knowledge: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "analyse", out, |c| {
            c.text("image", image)?;
            c.json("devices", devices)?;
            c.maybe_json("policy", policy)?;
            c.maybe_json("knowledge", knowledge)
        })
    }
}

/// Plans an upgrade.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_plan(
    client: *const swim_client,
    image: *const c_char,
    devices: *const c_char,
    policy: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { swim_client_plan_with_knowledge(client, image, devices, policy, std::ptr::null(), out) }
}

/// The same with what is known from elsewhere.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_plan_with_knowledge(
    client: *const swim_client,
    image: *const c_char,
    devices: *const c_char,
    policy: *const c_char,
    knowledge: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "plan", out, |c| {
            c.text("image", image)?;
            c.json("devices", devices)?;
            c.maybe_json("policy", policy)?;
            c.maybe_json("knowledge", knowledge)
        })
    }
}

/// Plays a plan on simulated devices.
///
/// # Safety
/// `client` is NULL or live; `plan` is NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_rehearse(
    client: *const swim_client,
    plan: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "rehearse", out, |c| c.json("plan", plan)) }
}
