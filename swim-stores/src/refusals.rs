//! What every job store answers when it refuses, in the same words.

use std::time::Duration;

use swim_core::model::DeviceId;
use swim_core::ports::{JobId, Lease, Sequence};
use swim_core::{Error, ErrorKind, Retry};

/// A device is held for the length of a step at least; asking again sooner finds it held.
const DEVICE_RETRY: Duration = Duration::from_secs(30);

pub(crate) fn no_job(operation: &str, job: &JobId) -> Error {
    Error::new(ErrorKind::NotFound, operation, format!("there is no job {job}")).with("job", job)
}

pub(crate) fn id_taken(job: &JobId) -> Error {
    Error::new(ErrorKind::Conflict, "create job", format!("another job has the id {job}")).with("job", job)
}

pub(crate) fn lease_lost(operation: &str, lease: &Lease) -> Error {
    let message = format!("worker {} no longer owns job {} (its fence is {})", lease.worker.0, lease.job, lease.fence);
    Error::new(ErrorKind::LeaseLost, operation, message)
        .with("job", &lease.job)
        .with("worker", &lease.worker.0)
        .with("fence", lease.fence)
}

/// The caller reloads from `position` and decides anew; the same call again would fail again.
pub(crate) fn position_taken(job: &JobId, position: Sequence, end: Sequence) -> Error {
    let message = format!("the journal of job {job} ends at {end}, not at {position}");
    Error::new(ErrorKind::Conflict, "append", message).with("job", job).with("position", position).with("end", end)
}

pub(crate) fn device_held(device: &DeviceId, holder: &JobId) -> Error {
    Error::new(ErrorKind::Busy, "hold device", format!("device {device} is held by job {holder}"))
        .with("device", device)
        .with("job", holder)
        .retry_when(Retry::After(DEVICE_RETRY))
}
