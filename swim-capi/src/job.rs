//! Jobs as handles: they stay safe when their client is freed first.

use std::ffi::{CString, c_char};
use std::fmt;
use std::sync::Arc;

use swim::surface::JobId;
use swim::{Error, Result, Watch};

use crate::boundary::{OK, guard, handle, place, text};
use crate::call::{Call, answer, done};
use crate::client::swim_client;
use crate::shared::{Alive, Shared};

/// A job of a client.
pub struct swim_job {
    pub(crate) shared: Arc<Shared>,
    id: CString,
}

impl fmt::Debug for swim_job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("swim_job").field("id", &self.id).finish_non_exhaustive()
    }
}

impl swim_job {
    fn give(place: &mut *mut Self, shared: &Arc<Shared>, id: &str) -> Result<i32> {
        let id = CString::new(id).map_err(|e| Error::internal("take up job", "a NUL in its id").caused_by(e))?;
        *place = Box::into_raw(Box::new(Self { shared: Arc::clone(shared), id }));
        Ok(OK)
    }

    fn id(&self) -> String {
        self.id.to_string_lossy().into_owned()
    }

    /// Does something with its events.
    pub(crate) fn watched<T>(&self, start: impl FnOnce(&Alive, Watch) -> T) -> Result<T> {
        self.shared.with(|alive| start(alive, alive.client.watch(&JobId(self.id()))))
    }
}

/// A named call on a job.
///
/// # Safety
/// `job` is NULL or live.
unsafe fn on<'a>(job: *const swim_job) -> Result<Call<'a>> {
    // SAFETY: the caller vouches for it.
    unsafe { handle("job", job) }.map(|job| Call::new(&job.shared).with("job", &job.id()))
}

/// Makes a job of an approved plan and starts to work on it.
///
/// # Safety
/// `client` is NULL or live; the texts are NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_submit(
    client: *const swim_client,
    plan: *const c_char,
    approval: *const c_char,
    options: *const c_char,
    out: *mut *mut swim_job,
) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for all five.
        let (out, client) = unsafe { (place("out", out)?, handle("client", client)?) };
        let mut call = Call::new(&client.0);
        // SAFETY: as above.
        unsafe {
            call.json("plan", plan)?;
            call.text("approval", approval)?;
            call.options("options", options)?;
        }
        let id = call.verb("submit")?;
        let id = id.as_str().ok_or_else(|| Error::internal("submit", "the id is no text"))?;
        swim_job::give(out, &client.0, id)
    })
}

/// Takes up a job that exists.
///
/// # Safety
/// `client` is NULL or live; `id` is NULL or NUL-terminated; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_client_job(
    client: *const swim_client,
    id: *const c_char,
    out: *mut *mut swim_job,
) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for all three.
        let (out, client, id) = unsafe { (place("out", out)?, handle("client", client)?, text("id", id)?) };
        Call::new(&client.0).with("job", id).verb("status")?;
        swim_job::give(out, &client.0, id)
    })
}

/// How it stands.
///
/// # Safety
/// `job` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_status(job: *const swim_job, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for both.
    unsafe { answer(on(job), "status", out, |_| Ok(())) }
}

/// Waits until it finished, or waits for a go.
///
/// # Safety
/// `job` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_wait(job: *const swim_job, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for both.
    unsafe { answer(on(job), "wait", out, |_| Ok(())) }
}

/// Its audit.
///
/// # Safety
/// `job` is NULL or live; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_audit(job: *const swim_job, out: *mut *mut c_char) -> i32 {
    // SAFETY: the caller vouches for both.
    unsafe { answer(on(job), "audit", out, |_| Ok(())) }
}

/// Says go for a commit that was held back.
///
/// # Safety
/// `job` is NULL or live; `devices` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_commit(job: *const swim_job, devices: *const c_char) -> i32 {
    // SAFETY: the caller vouches for both.
    unsafe { done(on(job), "commit", |c| c.maybe_json("devices", devices)) }
}

/// Asks for it to stop.
///
/// # Safety
/// `job` is NULL or live; `how` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_cancel(job: *const swim_job, how: *const c_char) -> i32 {
    // SAFETY: the caller vouches for both.
    unsafe { done(on(job), "cancel", |c| c.maybe_text("how", how)) }
}

/// Its id; belongs to the job. NULL for NULL.
///
/// # Safety
/// `job` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_id(job: *const swim_job) -> *const c_char {
    // SAFETY: NULL is looked for, and the caller vouches for the rest.
    unsafe { job.as_ref() }.map_or(std::ptr::null(), |job| job.id.as_ptr())
}

/// Frees the handle; the job goes on.
///
/// # Safety
/// `job` is NULL, or live and not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_job_free(job: *mut swim_job) {
    if !job.is_null() {
        guard(|| {
            // SAFETY: it came from `swim_client_submit` or `swim_client_job`.
            drop(unsafe { Box::from_raw(job) });
            Ok(OK)
        });
    }
}
