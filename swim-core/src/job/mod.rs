//! Jobs: an event log, a pure machine over it, and the engine that does what the machine asks for.

mod engine;
mod event;
pub(crate) mod gate;
mod journal;
mod machine;
mod report;
#[cfg(test)]
mod tests;

pub use engine::{Engine, EngineConfig, Ports};
pub use event::{CancelHow, Entry, EventSink, JobEvent, NoSink, Outcome};
pub use gate::{Fleet, Gate, activation_start};
pub use machine::{DevicePhase, DeviceState, JobState, StepPhase, Todo, apply, next};
pub use report::{DeviceResult, JobReport, JobStatus};
