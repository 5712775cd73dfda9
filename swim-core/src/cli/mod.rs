//! Command-line dialogues without IO: what is sent, what is answered, when it is over.

mod conversation;
mod dialogue;
mod echo;
mod matcher;
mod output;
mod pattern;
mod screen;
mod script;
#[cfg(test)]
mod tests;
mod transcript;

pub use conversation::{
    ANSWER_SILENCE, ASKED_QUIET, COMMAND_LONGEST, Conversation, LOGIN_LONGEST, LOGIN_SILENCE, NUDGE_QUIET, NUDGES,
    Next, QUESTION_QUIET, QUIET, SHOW_LONGEST,
};
pub use dialogue::{Answer, Dialogue, End, Reply, SHOW_SILENCE};
pub use matcher::Matcher;
pub use transcript::{Ended, Transcript};
