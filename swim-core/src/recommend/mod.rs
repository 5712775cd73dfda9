//! Recommendation: which images a device should run, and whether it has the latest one.
//!
//! Every image of the repository and of the catalogues is a [`Candidate`]. A [`Recommender`] judges it for a device by what
//! the device said of itself: where the image is and whether its use is advised against, whether the device may run it
//! (the rules of [`analysis`](crate::analysis), but those about the state of the moment), and the guide's criteria
//! ([`Settings`]). Each candidate has one line a criterion. What is dropped has a line that is not met; what is *unknown* is
//! kept and marked.

mod answer;
mod candidate;
mod criteria;
mod joined;
mod latest;
mod listing;
mod recommender;
mod render;
mod settings;
mod shelf;
mod support;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod ways;

pub use answer::{Answer, Criterion, Elsewhere, Judged, Line, Outcome, Recommendation, Relation, Running};
pub use candidate::{Candidate, CandidateDigests, Status};
pub use latest::{HasLatest, IsLatest};
pub use listing::Listing;
pub use recommender::{Detail, Recommender};
pub use settings::Settings;
pub use support::supported;
