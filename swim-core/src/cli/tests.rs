//! Conversations with scripted bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

mod asked;

use super::*;
use crate::model::{PlatformId, Secret, SecretRef};
use crate::platform::Registry;
use crate::{Effect, Error, ErrorKind, Result};

fn matcher() -> Arc<Matcher> {
    static SHARED: std::sync::LazyLock<Arc<Matcher>> = std::sync::LazyLock::new(|| {
        let registry = Registry::builtin().unwrap();
        Arc::new(Matcher::new(registry.definition(&PlatformId("ios_xe".into())).unwrap()).unwrap())
    });
    Arc::clone(&SHARED)
}

/// Drives a conversation: every entry is what the device says after what was sent, in bursts with quiet between them.
/// `None` is the end of the session. Returns what was sent, and how it ended.
fn talk(mut it: Conversation, says: &[Option<&[u8]>], piece: usize) -> (Vec<String>, Result<Transcript>) {
    let mut says = says.iter();
    let mut now = Duration::ZERO;
    let mut sent = Vec::new();
    for _ in 0..10_000 {
        match it.next() {
            Next::Send(bytes) => sent.push(String::from_utf8_lossy(&bytes).into_owned()),
            Next::Resolve(_) => it.secret(Secret::new("s3cr3t".to_owned())),
            Next::Note(_) => {}
            Next::Done(t) => return (sent, Ok(t)),
            Next::Failed(e) => return (sent, Err(e)),
            Next::Wait { until } => match says.next() {
                Some(Some(bytes)) => {
                    for part in bytes.chunks(piece.max(1)) {
                        it.received(part, now);
                    }
                    now += QUIET;
                    it.tick(now);
                }
                Some(None) => it.closed(),
                None => {
                    now = now.max(until);
                    it.tick(now);
                }
            },
        }
    }
    panic!("the conversation does not end");
}

fn run(dialogue: &Dialogue, says: &[Option<&[u8]>]) -> (Vec<String>, Result<Transcript>) {
    let whole = talk(Conversation::begin(matcher(), dialogue, Duration::ZERO).unwrap(), says, usize::MAX);
    let bytewise = talk(Conversation::begin(matcher(), dialogue, Duration::ZERO).unwrap(), says, 1);
    assert_eq!(whole.0, bytewise.0);
    assert_eq!(whole.1.as_ref().ok(), bytewise.1.as_ref().ok());
    whole
}

fn failed(result: Result<Transcript>) -> Error {
    result.expect_err("it should fail")
}

fn login(enable: Option<&str>, says: &[Option<&[u8]>]) -> (Vec<String>, Result<Transcript>) {
    talk(Conversation::login(matcher(), enable.map(|e| SecretRef(e.into())), Duration::ZERO), says, usize::MAX)
}

#[test]
fn login_at_once_after_a_banner_and_after_silence() {
    let (sent, end) = login(None, &[Some(b"\r\nedge-1#")]);
    assert!(sent.is_empty() && end.is_ok());
    let (sent, end) = login(None, &[Some(b"Authorised use only"), Some(b""), Some(b"\r\nedge-1#")]);
    assert!(end.is_ok(), "{end:?}");
    assert!(sent.len() <= 1, "{sent:?}");
    let (sent, end) = login(None, &[]);
    assert_eq!(failed(end).kind(), ErrorKind::Timeout);
    assert_eq!(sent, ["\n", "\n", "\n"]);
}

#[test]
fn enable_is_raised_refused_or_missing() {
    let (sent, end) = login(Some("e"), &[Some(b"edge-1>"), Some(b"enable\r\nPassword: "), Some(b"\r\nedge-1#")]);
    assert_eq!(sent, ["enable\n", "s3cr3t\n"]);
    assert!(end.is_ok(), "{end:?}");
    let bad: &[Option<&[u8]>] =
        &[Some(b"edge-1>"), Some(b"enable\r\nPassword: "), Some(b"\r\n% Access denied\r\n\r\nedge-1>")];
    let error = failed(login(Some("e"), bad).1);
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.device_words().unwrap().contains("% Access denied"));
    assert_eq!(failed(login(None, &[Some(b"edge-1>")]).1).kind(), ErrorKind::Privilege);
}

#[test]
fn a_second_login_is_not_answered() {
    let (sent, end) = login(Some("e"), &[Some(b"\r\nUser: ")]);
    assert_eq!(failed(end).kind(), ErrorKind::Auth);
    assert_eq!(sent, ["\x03"]);
}

#[test]
fn echo_pager_and_a_prompt_inside_the_output() {
    let show = Dialogue::show("show version");
    let says: &[Option<&[u8]>] = &[
        Some(b"show version\r\nline 1 edge#\r\n --More-- "),
        Some(b"\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08          \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08line 2\r\nedge-1#"),
    ];
    let (sent, end) = run(&show, says);
    assert_eq!(sent, ["show version\n", " "]);
    assert_eq!(end.unwrap().output, "line 1 edge#\nline 2");
    // The prompt of a newline that was sent before does not end the command.
    let (_, end) = run(&show, &[Some(b"\r\nedge-1#"), Some(b"show version\r\nX\r\nedge-1#")]);
    assert!(end.is_ok());
}

#[test]
fn a_scrolled_and_a_wrapped_echo_are_dropped() {
    let copy = Dialogue::show("copy http://10.0.0.9:8080/aaaaaaaaaaaaaaaaaaaa/x.bin flash:x.bin");
    let (_, end) = run(&copy, &[Some(b"edge-1#$aaaaaaa/x.bin flash:x.bin\r\nok\r\nedge-1#")]);
    assert_eq!(end.unwrap().output, "ok");
    let (_, end) =
        run(&copy, &[Some(b"copy http://10.0.0.9:8080/aaaa\r\naaaaaaaaaaaaaaaa/x.bin flash:x.bin\r\nok\r\nedge-1#")]);
    assert_eq!(end.unwrap().output, "ok");
}

#[test]
fn a_log_line_that_hides_the_prompt_is_followed_by_one_newline() {
    let says: &[Option<&[u8]>] =
        &[Some(b"show clock\r\n10:00\r\nedge-1#*Mar  1 00:00:01.123: %SYS-5-CONFIG_I: Configured\r\n")];
    let (sent, end) = run(&Dialogue::show("show clock"), says);
    assert_eq!(sent, ["show clock\n", "\n", "\n", "\n"]);
    assert_eq!(failed(end).kind(), ErrorKind::Timeout);
    let mut it = Conversation::begin(matcher(), &Dialogue::show("show clock"), Duration::ZERO).unwrap();
    it.received(b"show clock\r\n10:00\r\nedge-1#%SYS-5-CONFIG_I: x\r\n", Duration::ZERO);
    it.tick(NUDGE_QUIET);
    it.received(b"\r\nedge-1#", NUDGE_QUIET);
    it.tick(NUDGE_QUIET + QUIET);
    assert!(std::iter::repeat_with(|| it.next()).take(4).any(|n| matches!(n, Next::Done(_))));
}

fn reload() -> Dialogue {
    Dialogue::show("reload")
        .answer(Answer::once("save", r"Save\? \[yes/no\]:", Reply::Line("no".into())))
        .answer(Answer::once("confirm", r"\[confirm\]", Reply::Enter))
        .may_close()
}

#[test]
fn questions_are_answered_once_and_the_end_of_the_session_may_be_good() {
    let says: &[Option<&[u8]>] = &[
        Some(b"reload\r\n\r\nSystem configuration has been modified. Save? [yes/no]: "),
        Some(b"no\r\nProceed with reload? [confirm]"),
        Some(b"\r\n%SYS-5-RELOAD: Reload requested\r\n"),
        None,
    ];
    let (sent, end) = run(&reload(), says);
    assert_eq!(sent, ["reload\n", "no\n", "\n"]);
    let transcript = end.unwrap();
    assert_eq!((transcript.ended, transcript.answered), (Ended::Closed, vec!["save".to_owned(), "confirm".to_owned()]));
    let twice: &[Option<&[u8]>] = &[Some(b"reload\r\nGo? [confirm]"), Some(b"\r\nGo? [confirm]")];
    let error = failed(run(&reload(), twice).1);
    assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedReply, Effect::Unknown));
}

#[test]
fn an_unknown_question_is_shown_and_left() {
    let (sent, end) = run(&reload(), &[Some(b"reload\r\nReload the internal AP too? [yes/no]: ")]);
    let error = failed(end);
    assert_eq!(error.kind(), ErrorKind::UnexpectedReply);
    assert!(error.device_words().unwrap().contains("Reload the internal AP too? [yes/no]:"));
    assert_eq!(sent, ["reload\n", "\x03"]);
    let slow: &[Option<&[u8]>] = &[Some(b"reload\r\nLoading x.bin from 10.0.0.1 (via Gi0/0): ")];
    assert_eq!(failed(run(&reload(), slow).1).kind(), ErrorKind::Timeout);
}

#[test]
fn refusals_failures_loader_and_loss() {
    let refused: &[Option<&[u8]>] =
        &[Some(b"show boot\r\n        ^\r\n% Invalid input detected at '^' marker.\r\n\r\nedge-1#")];
    let error = failed(run(&Dialogue::show("show boot"), refused).1);
    assert_eq!((error.kind(), error.effect()), (ErrorKind::DeviceRejected, Effect::None));
    let mut install = Dialogue::show("install commit").fails_on("^FAILED:");
    let says: &[Option<&[u8]>] = &[Some(b"install commit\r\nFAILED: install_commit no\r\nedge-1#")];
    assert_eq!(run(&install, says).1.unwrap().failures, ["FAILED: install_commit no"]);
    install.fail_at_once = true;
    assert_eq!(failed(run(&install, says).1).device_words(), Some("FAILED: install_commit no"));
    let loader: &[Option<&[u8]>] = &[Some(b"reload\r\n\r\nrommon 1 > ")];
    assert!(failed(run(&reload(), loader).1).message().contains("boot loader"));
    let lost = failed(run(&Dialogue::show("show clock"), &[Some(b"show cl"), None]).1);
    assert_eq!((lost.kind(), lost.effect()), (ErrorKind::Interrupted, Effect::Unknown));
}

#[test]
fn a_secret_is_never_shown() {
    let copy = Dialogue::show("copy scp://u@h/x flash:x").answer(Answer {
        name: "password".into(),
        pattern: "Password:".into(),
        reply: Reply::OneTime(Secret::new("t0ken".into())),
        times: 3,
    });
    let says: &[Option<&[u8]>] =
        &[Some(b"copy scp://u@h/x flash:x\r\nPassword: "), Some(b"t0ken\r\nyou said t0ken!\r\nedge-1#")];
    let (sent, end) = run(&copy, says);
    assert_eq!(sent.last().map(String::as_str), Some("t0ken\n"));
    let transcript = end.unwrap();
    assert!(transcript.output.contains("you said ***!") && !format!("{transcript:?}").contains("t0ken"));
}

#[test]
fn a_command_is_one_line() {
    let error = Conversation::begin(matcher(), &Dialogue::show("show x\nreload"), Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_hundred_thousand_dots_are_heartbeats() {
    let verify = reload();
    let mut it = Conversation::begin(matcher(), &verify, Duration::ZERO).unwrap();
    it.received(b"reload\r\n", Duration::ZERO);
    let mut beats = 0;
    for n in 0..100_000_u64 {
        it.received(b".", Duration::from_millis(n));
        while let Next::Note(note) = it.next() {
            beats += u32::from(note == crate::ports::Note::Heartbeat);
        }
    }
    assert!((99..=101).contains(&beats), "{beats}");
    let now = Duration::from_secs(100);
    it.received(b"\r\nedge-1#", now);
    it.tick(now + QUIET);
    let Some(Next::Done(t)) = std::iter::repeat_with(|| it.next()).take(6).find(|n| matches!(n, Next::Done(_))) else {
        panic!("not done");
    };
    assert!(t.output.len() < 100, "{}", t.output.len());
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_give_one_transcript(bytes in prop::collection::vec(any::<u8>(), 0..400), piece in 1_usize..50) {
        let says: &[Option<&[u8]>] = &[Some(&bytes), Some(b"\r\nedge-1#"), None];
        let begin = || Conversation::begin(matcher(), &reload(), Duration::ZERO).unwrap();
        let (whole, end) = talk(begin(), says, usize::MAX);
        let (pieces, other) = talk(begin(), says, piece);
        prop_assert_eq!(whole, pieces);
        prop_assert_eq!(end.map_err(|e| e.record()), other.map_err(|e| e.record()));
    }
}

#[test]
fn a_device_that_talks_for_ever_is_left() {
    let line = b"*Mar  1 00:00:01.123: %SYS-5-CONFIG_I: Configured\r\n";
    let login = Conversation::login(matcher(), None, Duration::ZERO);
    let show = Conversation::begin(matcher(), &Dialogue::show("show version"), Duration::ZERO).unwrap();
    let long = Dialogue::show("copy a b").silence(Duration::from_secs(600));
    let copy = Conversation::begin(matcher(), &long, Duration::ZERO).unwrap();
    for (mut it, longest, effect) in [
        (login, LOGIN_LONGEST, Effect::None),
        (show, SHOW_LONGEST, Effect::Unknown),
        (copy, COMMAND_LONGEST, Effect::Unknown),
    ] {
        let mut now = Duration::ZERO;
        let error = loop {
            match it.next() {
                Next::Wait { .. } => {
                    now += Duration::from_millis(900);
                    it.received(line, now);
                    assert!(now <= longest + Duration::from_secs(1), "it does not end");
                }
                Next::Failed(e) => break e,
                Next::Done(t) => panic!("{t:?}"),
                _ => {}
            }
        };
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, effect));
        assert!(error.message().contains("talked"), "{error}");
    }
}

/// Looking for a prompt behind every `>` of a line took minutes for one line of this kind.
#[test]
fn a_line_full_of_prompt_signs_is_cheap() {
    let began = std::time::Instant::now();
    for end in ["", " show version"] {
        let mut says = b"%SYS-5-X: ".to_vec();
        for _ in 0..20 {
            says.extend(std::iter::repeat_n(b'>', 32_000));
            says.extend(end.bytes());
            says.extend(b"\r\n");
        }
        says.extend(b"edge-1#");
        let it = Conversation::begin(matcher(), &Dialogue::show("show version"), Duration::ZERO).unwrap();
        let (_, end) = talk(it, &[Some(&says)], usize::MAX);
        assert!(end.is_ok(), "{end:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
