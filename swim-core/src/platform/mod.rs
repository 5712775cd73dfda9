//! Platforms: definitions as data, procedures as short async functions.

mod definition;
mod ios;
pub mod parse;
mod registry;
mod session;
mod step;

use std::fmt;

use async_trait::async_trait;

pub use definition::{Abilities, Definition};
pub use registry::Registry;
pub use session::{PullServices, Session, Upload};
pub use step::{Acted, Deletion, Goal, Mark, Probe, StepKind, StepSpec, Undone};

use std::sync::Arc;

use crate::model::{Inventory, Policy};
use crate::ports::Receipt;
use crate::{Error, ErrorKind, Result};

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

    /// Lets the device write one of its files to us. Changes nothing on it. What did not work before is told with the
    /// receipt.
    async fn upload(&self, _: &Upload, s: &mut Session<'_>) -> Result<(Receipt, Vec<String>)> {
        let message = format!("devices of platform {} are not asked to copy files to us", self.definition().id);
        Err(Error::new(ErrorKind::Unsupported, "upload", message).with("device", &s.device.id))
    }

    /// Takes the step back, as far as it can be taken back. Called with the session open.
    async fn undo(&self, step: &StepSpec, s: &mut Session<'_>) -> Result<Undone>;
}

/// The built-in platforms, each with its built-in definition: `ios` and `ios_xe`.
///
/// # Errors
/// `InvalidInput` when a built-in definition cannot be read, which the tests exclude.
///
/// ```
/// let names: Vec<_> = swim_core::platform::builtin()?.iter().map(|p| p.definition().id.0.clone()).collect();
/// assert_eq!(names, ["ios", "ios_xe"]);
/// # Ok::<(), swim_core::Error>(())
/// ```
pub fn builtin() -> Result<Vec<Arc<dyn Platform>>> {
    drivers(&Registry::builtin()?)
}

/// A driver for every definition of a registry. Definitions differ in data; the procedure is the one of IOS and IOS XE.
///
/// # Errors
/// Those of [`Registry::definition`].
pub fn drivers(registry: &Registry) -> Result<Vec<Arc<dyn Platform>>> {
    registry
        .ids()
        .map(|id| Ok(Arc::new(ios::Ios::new(registry.definition(id)?.clone())) as Arc<dyn Platform>))
        .collect()
}
