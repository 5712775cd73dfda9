//! Logins that the device asks for itself, as over Telnet.

use super::*;
use crate::model::Login;

fn asked(login: Login, says: &[Option<&[u8]>]) -> (Vec<String>, Result<Transcript>) {
    let start = || Conversation::login(matcher(), login.enable.clone(), Duration::ZERO).answering(&login).unwrap();
    let whole = talk(start(), says, usize::MAX);
    let bytewise = talk(start(), says, 1);
    assert_eq!(whole.0, bytewise.0);
    assert_eq!(whole.1.as_ref().ok(), bytewise.1.as_ref().ok());
    whole
}

fn admin() -> Login {
    Login::password("admin", "p")
}

const BANNER: &[u8] = b"\r\n\r\nUser Access Verification\r\n\r\nUsername: ";

#[test]
fn user_name_and_password_are_answered_once_each() {
    let says: &[Option<&[u8]>] = &[Some(BANNER), Some(b"admin\r\nPassword: "), Some(b"\r\n\r\nedge-1#")];
    let (sent, end) = asked(admin(), says);
    assert_eq!(sent, ["admin\n", "s3cr3t\n"]);
    assert!(end.is_ok(), "{end:?}");
    // And then `enable`, whose secret is another one.
    let says: &[Option<&[u8]>] = &[
        Some(BANNER),
        Some(b"admin\r\nPassword: "),
        Some(b"\r\nedge-1>"),
        Some(b"enable\r\nPassword: "),
        Some(b"\r\nedge-1#"),
    ];
    let (sent, end) = asked(admin().enable("e"), says);
    assert_eq!(sent, ["admin\n", "s3cr3t\n", "enable\n", "s3cr3t\n"]);
    assert!(end.is_ok(), "{end:?}");
}

#[test]
fn a_line_that_knows_a_password_only() {
    let says: &[Option<&[u8]>] = &[Some(b"\r\nUser Access Verification\r\n\r\nPassword: "), Some(b"\r\nedge-1#")];
    let (sent, end) = asked(admin(), says);
    assert_eq!(sent, ["s3cr3t\n"]);
    assert!(end.is_ok(), "{end:?}");
    // A line without any login.
    let (sent, end) = asked(admin(), &[Some(b"edge-1#")]);
    assert!(sent.is_empty() && end.is_ok());
}

#[test]
fn a_refused_login_is_told_in_the_words_of_the_device_and_not_tried_again() {
    let again: &[Option<&[u8]>] =
        &[Some(BANNER), Some(b"admin\r\nPassword: "), Some(b"\r\n% Login invalid\r\n\r\nUsername: ")];
    let closes: &[Option<&[u8]>] =
        &[Some(BANNER), Some(b"admin\r\nPassword: "), Some(b"\r\n% Authentication failed\r\n"), None];
    let hangs: &[Option<&[u8]>] = &[Some(BANNER), Some(b"admin\r\nPassword: "), Some(b"\r\nLogin incorrect\r\n")];
    for (says, words) in [(again, "% Login invalid"), (closes, "% Authentication failed"), (hangs, "Login incorrect")] {
        let (sent, end) = asked(admin(), says);
        let error = failed(end);
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Auth, Effect::None), "{error:?}");
        assert_eq!(error.device_words(), Some(words));
        assert_eq!(sent[..2], ["admin\n", "s3cr3t\n"]);
        assert!(sent[2..].iter().all(|s| s == "\x03"), "{sent:?}");
    }
    let (sent, end) = asked(admin(), &[Some(b"\r\nPassword required, but none set\r\n"), None]);
    assert_eq!(failed(end).kind(), ErrorKind::Auth);
    assert!(sent.iter().all(|s| s == "\x03"), "{sent:?}");
    // A second `Password:` of a line without user names says nothing and means the same.
    let (_, end) = asked(admin(), &[Some(b"\r\nPassword: "), Some(b"\r\nPassword: ")]);
    assert_eq!(failed(end).kind(), ErrorKind::Auth);
}

#[test]
fn nothing_is_typed_where_it_would_be_an_empty_answer() {
    // The name of the caller is looked up first, and the password is checked by a server that is far away.
    let mut it = Conversation::login(matcher(), None, Duration::ZERO).answering(&admin()).unwrap();
    let until = |it: &mut Conversation, seconds: u64| {
        it.tick(Duration::from_secs(seconds));
        loop {
            return match it.next() {
                Next::Wait { .. } => None,
                Next::Send(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
                Next::Resolve(_) => Some("secret".to_owned()),
                Next::Note(_) => continue,
                other => panic!("{other:?}"),
            };
        }
    };
    assert_eq!(until(&mut it, 8), None);
    assert_eq!(until(&mut it, 11).as_deref(), Some("\n"));
    it.received(BANNER, Duration::from_secs(12));
    assert_eq!(until(&mut it, 13).as_deref(), Some("admin\n"));
    it.received(b"admin\r\n", Duration::from_secs(14));
    for second in 14..90 {
        assert_eq!(until(&mut it, second), None);
    }
    it.received(b"Password: ", Duration::from_secs(90));
    assert_eq!(until(&mut it, 91).as_deref(), Some("secret"));
    it.secret(Secret::new("s3cr3t".to_owned()));
    assert_eq!(until(&mut it, 91).as_deref(), Some("s3cr3t\n"));
    it.received(b"\r\n", Duration::from_secs(92));
    for second in 93..180 {
        assert_eq!(until(&mut it, second), None);
    }
    // A message of the day, and the prompt is hidden: now a newline asks for it.
    it.received(b"Welcome\r\n", Duration::from_secs(180));
    assert_eq!(until(&mut it, 181), None);
    assert_eq!(until(&mut it, 185).as_deref(), Some("\n"));
    it.received(b"\r\nedge-1#", Duration::from_secs(186));
    it.tick(Duration::from_secs(187));
    assert!(matches!(it.next(), Next::Done(_)));
}

#[test]
fn a_login_without_a_password_and_a_name_of_two_lines_are_refused() {
    let login = Login { password: None, ..admin() };
    let (sent, end) = asked(login, &[Some(BANNER), Some(b"admin\r\nPassword: ")]);
    let error = failed(end);
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.to_string().contains("the login has none"), "{error}");
    assert_eq!(sent, ["admin\n", "\x03"]);
    let two = Conversation::login(matcher(), None, Duration::ZERO).answering(&Login::password("a\nreload", "p"));
    assert!(two.unwrap_err().to_string().contains("login.user"));
}

#[test]
fn a_password_that_is_echoed_is_not_told_and_does_not_hide_the_prompt() {
    let says: &[Option<&[u8]>] =
        &[Some(b"\r\nPassword: "), Some(b"s3cr3t\r\nhello s3cr3t\r\n% Login invalid for s3cr3t\r\n"), None];
    let error = failed(asked(admin(), says).1);
    assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
    assert_eq!(error.device_words(), Some("% Login invalid for ***"));
    // The host is named as its password is.
    let (_, end) = asked(admin(), &[Some(b"\r\nPassword: "), Some(b"\r\ns3cr3t-sw1#")]);
    assert!(end.is_ok(), "{end:?}");
}
