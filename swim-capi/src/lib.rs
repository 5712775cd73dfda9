//! C API of swim. The contract is written down in `include/swim.h`; here is how it is kept.
//!
//! Every export goes through a panic boundary, takes NULL as an error (`_free` takes it as nothing to do), and gives
//! back anything deep as JSON.

#![warn(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
// The names are C's.
#![allow(non_camel_case_types)]

mod boundary;
mod client;
mod gate;
mod queue;
mod watch;

pub use boundary::{swim_abi_version, swim_last_error, swim_string_free, swim_version};
pub use client::{swim_call, swim_client, swim_client_call, swim_client_free, swim_client_open};
pub use watch::{
    swim_event_fn, swim_watch, swim_watch_fd, swim_watch_free, swim_watch_next, swim_watch_on_event, swim_watch_open,
};
