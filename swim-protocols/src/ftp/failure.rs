//! What a refusal means.

use std::time::Duration;

use swim_core::{Error, ErrorKind, Retry};

use super::reply::Reply;

/// When a server that has no place is asked again: its other sessions are transfers of minutes.
const BUSY: Duration = Duration::from_secs(30);

/// What was refused: the same code means another thing for another verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The greeting and the login.
    Login,
    /// Reading a file.
    Read,
    /// Writing one.
    Write,
    /// Anything else.
    Session,
}

/// The error of a reply. The codes of RFC 959 are few, so the words of the server decide between file and permission.
pub(super) fn refused(reply: &Reply, about: About) -> Error {
    let words = reply.text.to_lowercase();
    let has = |some: &[&str]| some.iter().any(|w| words.contains(w));
    let kind = match reply.code {
        421 | 450 => ErrorKind::Busy,
        425 => ErrorKind::Unreachable,
        452 | 552 => ErrorKind::NoSpace,
        // "Failure writing to local file": vsftpd has no other words for a disk that is full.
        _ if has(&["no space", "disk full", "quota", "disc full", "writing to local file"]) => ErrorKind::NoSpace,
        430 | 530 | 532 | 331 | 332 => ErrorKind::Auth,
        _ if about == About::Login => ErrorKind::Auth,
        426 | 451 => ErrorKind::Interrupted,
        500 | 501 | 502 | 504 | 522 | 534 | 536 => ErrorKind::Unsupported,
        550 | 553 | 450..=459 if has(&["denied", "permission", "not allowed", "read-only", "read only"]) => {
            ErrorKind::Privilege
        }
        550 | 553 if has(&["not found", "no such", "not exist"]) => ErrorKind::NotFound,
        550 if about == About::Read => ErrorKind::NotFound,
        550 | 553 if about == About::Write => ErrorKind::Privilege,
        400..=599 => ErrorKind::DeviceRejected,
        _ => ErrorKind::UnexpectedReply,
    };
    let error = Error::new(kind, "ftp", "the server refused").said(format!("{} {}", reply.code, reply.text.trim()));
    // 425: it cannot open the data connection.
    let error = if reply.code == 425 { error.with("connection", "data") } else { error };
    match kind {
        ErrorKind::Busy => error.retry_when(Retry::After(BUSY)),
        ErrorKind::Interrupted | ErrorKind::Unreachable => error.retry_when(Retry::Now),
        _ => error,
    }
}

/// A connection that broke.
pub(super) fn broken(e: std::io::Error) -> Error {
    Error::new(ErrorKind::Interrupted, "ftp", "the connection broke").retry_when(Retry::Now).caused_by(e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_make_kinds() {
        let kind = |code, text: &str, about| refused(&Reply { code, text: text.to_owned() }, about).kind();
        assert_eq!(kind(530, "Login incorrect.", About::Login), ErrorKind::Auth);
        assert_eq!(kind(500, "OOPS: cannot change directory", About::Login), ErrorKind::Auth);
        assert_eq!(kind(550, "Failed to open file.", About::Read), ErrorKind::NotFound);
        assert_eq!(kind(550, "Permission denied.", About::Read), ErrorKind::Privilege);
        assert_eq!(kind(553, "Could not create file.", About::Write), ErrorKind::Privilege);
        assert_eq!(kind(550, "x: No such file or directory", About::Write), ErrorKind::NotFound);
        assert_eq!(kind(451, "Failure writing to local file.", About::Write), ErrorKind::NoSpace);
        assert_eq!(kind(552, "Exceeded", About::Write), ErrorKind::NoSpace);
        assert_eq!(kind(421, "Too many", About::Login), ErrorKind::Busy);
        assert_eq!(kind(426, "Closed", About::Read), ErrorKind::Interrupted);
        assert_eq!(kind(502, "What?", About::Session), ErrorKind::Unsupported);
    }
}
