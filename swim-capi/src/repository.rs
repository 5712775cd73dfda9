//! The repository, its requirements and recommendations, as named calls.

use std::ffi::c_char;

use crate::call::{answer, done};
use crate::client::{on, swim_client};

/// The images by type and family.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_image_groups(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "image_groups", out, |_| Ok(())) }
}

/// All that is known of an image.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_image_info(
    client: *const swim_client,
    image: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "image_info", out, |c| c.text("image", image)) }
}

/// What was done with images.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_image_audit(
    client: *const swim_client,
    image: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "image_audit", out, |c| c.maybe_text("image", image)) }
}

/// Which devices use an image.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_devices_using(
    client: *const swim_client,
    image: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "devices_using", out, |c| {
            c.text("image", image)?;
            c.options("options", options)
        })
    }
}

/// What devices use most.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_top_images(
    client: *const swim_client,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "top_images", out, |c| c.options("options", options)) }
}

/// Removes an image from the repository.
///
/// # Safety
/// `client` is NULL or live; `image` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_remove_image(client: *const swim_client, image: *const c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { done(on(client), "remove_image", |c| c.text("image", image)) }
}

/// Removes an image for a reason.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_remove_image_with_reason(
    client: *const swim_client,
    image: *const c_char,
    reason: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "remove_image", out, |c| {
            c.text("image", image)?;
            c.maybe_text("reason", reason)
        })
    }
}

/// Writes images into one file.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_export_repository(
    client: *const swim_client,
    path: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "export_repository", out, |c| {
            c.text("path", path)?;
            c.options("options", options)
        })
    }
}

/// Takes in such a file.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_import_repository(
    client: *const swim_client,
    path: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "import_repository", out, |c| c.text("path", path)) }
}

/// Reads every image again.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_scrub(
    client: *const swim_client,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "scrub", out, |c| c.options("options", options)) }
}

/// What an image requires of devices.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_requirements(
    client: *const swim_client,
    image: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "requirements", out, |c| c.text("image", image)) }
}

/// Sets what an image requires.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_set_requirements(
    client: *const swim_client,
    image: *const c_char,
    set: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "set_requirements", out, |c| {
            c.text("image", image)?;
            c.options("set", set)
        })
    }
}

/// Gives the defaults back.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_restore_requirements(
    client: *const swim_client,
    image: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "restore_requirements", out, |c| {
            c.text("image", image)?;
            c.options("options", options)
        })
    }
}

/// Which images devices should run.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_recommend(
    client: *const swim_client,
    devices: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "recommend", out, |c| {
            c.json("devices", devices)?;
            c.options("options", options)
        })
    }
}

/// Does a device have the latest image?
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_has_latest(
    client: *const swim_client,
    device: *const c_char,
    options: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        answer(on(client), "has_latest", out, |c| {
            c.text("device", device)?;
            c.options("options", options)
        })
    }
}

/// The settings of recommendations.
///
/// # Safety
/// `client` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_recommendation_settings(client: *const swim_client, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "recommendation_settings", out, |_| Ok(())) }
}

/// Keeps settings of recommendations.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_set_recommendation_settings(
    client: *const swim_client,
    settings: *const c_char,
    out: *mut *mut c_char,
) -> i32 {
    // SAFETY: the caller vouches for all of them.
    unsafe { answer(on(client), "set_recommendation_settings", out, |c| c.json("settings", settings)) }
}
