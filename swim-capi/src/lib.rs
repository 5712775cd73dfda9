//! C API of swim. The contract is written down in `include/swim.h`; here is how it is kept.
//!
//! Every export goes through a panic boundary, takes NULL as an error (`_free` takes it as nothing to do), and gives
//! back anything deep as JSON. The named calls of one shape are written out all the same: cbindgen, which checks the
//! header, reads the sources as they stand and expands no macros.

#![warn(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
// The names are C's.
#![allow(non_camel_case_types)]

mod boundary;
mod call;
mod catalogs;
mod check;
mod client;
mod elsewhere;
mod gate;
mod job;
mod planning;
mod queue;
mod repository;
mod shared;
mod watch;

pub use boundary::{swim_abi_version, swim_last_error, swim_string_free, swim_version};
pub use call::{swim_call, swim_client_call, swim_plan_digest};
pub use catalogs::{
    swim_client_answer_form, swim_client_catalog, swim_client_catalog_audit, swim_client_catalog_download,
    swim_client_catalog_form, swim_client_catalog_query, swim_client_catalogs, swim_client_form_decisions,
    swim_client_import_catalog, swim_client_import_known_good, swim_client_known_good, swim_client_lift_quarantine,
    swim_client_remove_catalog, swim_client_remove_known_good, swim_client_set_catalog_login,
};
pub use check::{swim_check_fn, swim_verdict, swim_verdict_bad, swim_verdict_good};
pub use client::{
    swim_client, swim_client_accept, swim_client_add_devices, swim_client_check_servers, swim_client_devices,
    swim_client_fetch, swim_client_free, swim_client_image, swim_client_images, swim_client_import,
    swim_client_inspect, swim_client_list, swim_client_offer, swim_client_open, swim_client_open_with_check,
    swim_client_push, swim_client_resume, swim_client_withdraw,
};
pub use elsewhere::{
    swim_client_add_collection, swim_client_baseline, swim_client_collect, swim_client_collections,
    swim_client_import_from, swim_client_remove_collection,
};
pub use job::{
    swim_client_job, swim_client_submit, swim_job, swim_job_audit, swim_job_cancel, swim_job_commit, swim_job_free,
    swim_job_id, swim_job_status, swim_job_wait,
};
pub use planning::{
    swim_client_analyse, swim_client_analyse_with_knowledge, swim_client_plan, swim_client_plan_with_knowledge,
    swim_client_rehearse,
};
pub use repository::{
    swim_client_devices_using, swim_client_export_repository, swim_client_has_latest, swim_client_image_audit,
    swim_client_image_groups, swim_client_image_info, swim_client_import_repository, swim_client_recommend,
    swim_client_recommendation_settings, swim_client_remove_image, swim_client_remove_image_with_reason,
    swim_client_requirements, swim_client_restore_requirements, swim_client_scrub,
    swim_client_set_recommendation_settings, swim_client_set_requirements, swim_client_top_images,
};
pub use watch::{
    swim_event_fn, swim_job_on_event, swim_job_watch, swim_watch, swim_watch_fd, swim_watch_free, swim_watch_next,
};
