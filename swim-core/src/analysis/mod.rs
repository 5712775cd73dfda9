//! Upgrade analysis: one rule a file, findings with provenance, a report.

mod finding;

pub use finding::{Finding, Severity};
