//! The command line: a device that says anything, in pieces, with time passing between them.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use swim_core::ErrorKind;
use swim_core::cli::{Answer, Conversation, Dialogue, Matcher, Next, Reply};
use swim_core::model::{Login, Secret, SecretRef};
use swim_core::platform::Registry;

/// Notes, lines and replies that one piece may cause, beside one for each of its bytes.
const ACTIONS: usize = 600;

static MATCHERS: LazyLock<Vec<Arc<Matcher>>> = LazyLock::new(|| {
    let registry = Registry::builtin().expect("the definitions are valid");
    let definition = |id| registry.definition(id).expect("it is listed");
    registry.ids().map(|id| Arc::new(Matcher::new(definition(id)).expect("it compiles"))).collect()
});

fuzz_target!(|input: (u8, bool, Vec<(Vec<u8>, u16)>)| {
    let (platform, login, pieces) = input;
    let matcher = Arc::clone(&MATCHERS[usize::from(platform) % MATCHERS.len()]);
    let mut talk = if login {
        let login = Login::password("admin", "hidden");
        let talk = Conversation::login(matcher, Some(SecretRef("hidden".to_owned())), Duration::ZERO);
        // Every other platform asks for the login itself.
        if platform & 1 == 0 { talk } else { talk.answering(&login).expect("the name is valid") }
    } else {
        let dialogue = Dialogue::show("copy a b")
            .answer(Answer::once("sure", r"sure\? $", Reply::Enter))
            .answer(Answer::once("key", r"[Pp]assword: $", Reply::OneTime(Secret::new("hidden".to_owned()))))
            .fails_on(r"^%Error");
        match Conversation::begin(matcher, &dialogue, Duration::ZERO) {
            Ok(talk) => talk,
            Err(e) => panic!("the dialogue is valid: {e}"),
        }
    };
    let mut now = Duration::ZERO;
    for (bytes, wait) in pieces {
        talk.received(&bytes, now);
        if goes_on(&mut talk, bytes.len()) {
            now += Duration::from_millis(u64::from(wait) * 10);
            talk.tick(now);
        }
        if !goes_on(&mut talk, 0) {
            return;
        }
    }
    talk.closed();
    // Without bytes and with the session gone, nothing is left to wait for.
    assert!(!goes_on(&mut talk, 0));
});

/// Does what the conversation says; `false` when it is over.
fn goes_on(talk: &mut Conversation, bytes: usize) -> bool {
    for _ in 0..ACTIONS + bytes {
        match talk.next() {
            Next::Resolve(reference) => {
                let _: SecretRef = reference;
                talk.secret(Secret::new("hidden".to_owned()));
            }
            Next::Wait { .. } => return true,
            Next::Done(transcript) => {
                assert!(!transcript.output.contains("hidden"));
                return false;
            }
            Next::Failed(e) => {
                let _: ErrorKind = e.kind();
                return false;
            }
            _ => {}
        }
    }
    panic!("the conversation does not come to rest");
}
