//! C API of swim. The contract is written down in `include/swim.h`; here is how it is kept.
//!
//! Every export goes through a panic boundary, takes NULL as an error (`_free` takes it as nothing to do), and gives
//! back anything deep as JSON.

#![warn(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
// The names are C's.
#![allow(non_camel_case_types)]

mod boundary;
mod call;
mod check;
mod client;
mod gate;
mod job;
mod queue;
mod shared;
mod watch;

pub use boundary::{swim_abi_version, swim_last_error, swim_string_free, swim_version};
pub use call::{swim_call, swim_client_call, swim_plan_digest};
pub use check::{swim_check_fn, swim_verdict, swim_verdict_bad, swim_verdict_good};
pub use client::{
    swim_client, swim_client_accept, swim_client_add_devices, swim_client_analyse, swim_client_check_servers,
    swim_client_devices, swim_client_fetch, swim_client_free, swim_client_image, swim_client_images,
    swim_client_import, swim_client_inspect, swim_client_list, swim_client_offer, swim_client_open,
    swim_client_open_with_check, swim_client_plan, swim_client_push, swim_client_rehearse, swim_client_remove_image,
    swim_client_resume, swim_client_withdraw,
};
pub use job::{
    swim_client_job, swim_client_submit, swim_job, swim_job_audit, swim_job_cancel, swim_job_commit, swim_job_free,
    swim_job_id, swim_job_status, swim_job_wait,
};
pub use watch::{
    swim_event_fn, swim_job_on_event, swim_job_watch, swim_watch, swim_watch_fd, swim_watch_free, swim_watch_next,
};
