//! Command-line dialogues without IO: what is sent, what is answered, when it is over.

mod dialogue;
mod transcript;

pub use dialogue::{Answer, Dialogue, End, Reply, SHOW_SILENCE};
pub use transcript::{Ended, Transcript};
