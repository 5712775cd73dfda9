//! The caller's post-check: a function that answers through a verdict.

use std::ffi::{CStr, CString, c_char, c_void};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use swim::core::ports::PostChecks;
use swim::surface::{CheckCall, Verdict};
use swim::{Error, ErrorKind, Result};

use crate::boundary::{OK, guard, handle};
use crate::gate::Gate;

/// Asked on a thread of the library with the call as JSON; answers by `swim_verdict_good` or `swim_verdict_bad` before it
/// returns. `C-unwind`: what it throws ends the process, where with `C` anything could happen.
pub type swim_check_fn =
    Option<unsafe extern "C-unwind" fn(user: *mut c_void, call: *const c_char, verdict: *mut swim_verdict)>;

/// Where a post-check puts its answer.
#[derive(Debug)]
pub struct swim_verdict(Mutex<Option<Verdict>>);

impl swim_verdict {
    fn set(&self, verdict: Verdict) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }
}

/// The caller's function and word.
struct Caller {
    ask: unsafe extern "C-unwind" fn(*mut c_void, *const c_char, *mut swim_verdict),
    user: *mut c_void,
}

// SAFETY: the header says that `user` is used from threads of the library, by several at once.
unsafe impl Send for Caller {}
// SAFETY: as above.
unsafe impl Sync for Caller {}

impl Caller {
    fn ask(&self, call: &CStr) -> Result<Verdict> {
        let mut verdict = swim_verdict(Mutex::new(None));
        // SAFETY: the caller vouches for the function until the client is freed; the gate sees to it that it is not
        // called afterwards.
        unsafe { (self.ask)(self.user, call.as_ptr(), &raw mut verdict) };
        // No answer is no yes.
        let silent = || Error::new(ErrorKind::Blocked, "post-check", "the post-check gave no verdict");
        verdict.0.into_inner().unwrap_or_else(PoisonError::into_inner).ok_or_else(silent)
    }
}

/// Asks a C function.
pub(crate) struct CallerCheck {
    caller: Arc<Caller>,
    gate: Arc<Gate>,
}

impl CallerCheck {
    pub(crate) fn new(ask: swim_check_fn, user: *mut c_void, gate: Arc<Gate>) -> Result<Self> {
        let ask = ask.ok_or_else(|| Error::invalid("check", "NULL", "must not be NULL"))?;
        Ok(Self { caller: Arc::new(Caller { ask, user }), gate })
    }
}

#[async_trait]
impl PostChecks for CallerCheck {
    async fn check(&self, call: CheckCall) -> Result<Verdict> {
        let unwritable = || Error::internal("post-check", "the call cannot be written");
        let call = serde_json::to_string(&call).map_err(|e| unwritable().caused_by(e))?;
        let call = CString::new(call).map_err(|e| unwritable().caused_by(e))?;
        let (caller, gate) = (Arc::clone(&self.caller), Arc::clone(&self.gate));
        // The function may take its time; a thread of its own keeps the others free.
        match tokio::task::spawn_blocking(move || gate.pass(|| caller.ask(&call))).await {
            Ok(Some(answer)) => answer,
            Err(e) if !e.is_cancelled() => Err(Error::internal("post-check", "its thread ended").caused_by(e)),
            // The client is being freed: an answer of ours would count against the device. The runtime ends this wait,
            // and whoever resumes the job asks again.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

impl fmt::Debug for CallerCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallerCheck").finish_non_exhaustive()
    }
}

/// Answers that the device is good.
///
/// # Safety
/// `verdict` is NULL, or the one of a check that runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_verdict_good(verdict: *mut swim_verdict) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for it.
        unsafe { handle("verdict", verdict) }?.set(Verdict::Good);
        Ok(OK)
    })
}

/// Answers that the device is bad, because; the reason is copied, and what is not UTF-8 in it is replaced.
///
/// # Safety
/// `verdict` is NULL, or the one of a check that runs; `reason` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swim_verdict_bad(verdict: *mut swim_verdict, reason: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller vouches for it.
        let verdict = unsafe { handle("verdict", verdict) }?;
        let reason = if reason.is_null() {
            "no reason was given".into()
        } else {
            // SAFETY: not NULL, and the caller vouches for the rest.
            unsafe { CStr::from_ptr(reason) }.to_string_lossy()
        };
        // A bad device must not pass because its reason cannot be read.
        verdict.set(Verdict::Bad(reason.into_owned()));
        Ok(OK)
    })
}
