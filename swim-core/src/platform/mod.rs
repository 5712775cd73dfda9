//! Platforms: definitions as data, procedures as short async functions.

mod definition;
pub mod parse;
mod registry;
mod session;
mod step;

use std::fmt;

use async_trait::async_trait;

pub use definition::{Abilities, Definition};
pub use registry::Registry;
pub use session::{PullServices, Session};
pub use step::{Acted, Deletion, Goal, Mark, Probe, StepKind, StepSpec, Undone};

use crate::Result;
use crate::model::{Inventory, Policy};

/// A family of devices that is driven in one way.
///
/// `verified` means that [`Platform::probe`] answers [`Probe::Done`]: there is no second notion of success.
#[async_trait]
pub trait Platform: Send + Sync + fmt::Debug {
    /// Prompts, modes, commands, error patterns, abilities: data.
    fn definition(&self) -> &Definition;

    /// Reads everything that analysis and planning need. Changes nothing.
    async fn inspect(&self, s: &mut Session<'_>) -> Result<Inventory>;

    /// The line of steps that brings this device to the goal. Pure.
    fn steps(&self, goal: &Goal, inventory: &Inventory, policy: &Policy) -> Result<Vec<StepSpec>>;

    /// Looks where a step stands. Changes nothing. `mark` is what `probe` returned with `Ready` before the step was acted
    /// on, when that happened (perhaps in another process).
    async fn probe(&self, step: &StepSpec, mark: Option<&Mark>, s: &mut Session<'_>) -> Result<Probe>;

    /// Does the step. Only called after `probe` said `Ready` and that was journalled.
    async fn act(&self, step: &StepSpec, s: &mut Session<'_>) -> Result<Acted>;

    /// Takes the step back, as far as it can be taken back. Called with the session open.
    async fn undo(&self, step: &StepSpec, s: &mut Session<'_>) -> Result<Undone>;
}
