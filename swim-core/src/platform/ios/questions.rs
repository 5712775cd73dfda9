//! The catalogue of questions that are answered, as data. A question that is not here stops the dialogue.
//!
//! Default answers differ: `[confirm]` is yes on Enter, `(yes/no)` and `[y/n]` want a word. Nothing is typed ahead.

use crate::ErrorKind;
use crate::cli::{Answer, Reply};
use crate::model::Secret;

fn line(name: &str, pattern: &str, text: &str) -> Answer {
    Answer::once(name, pattern, Reply::Line(text.to_owned()))
}

fn enter(name: &str, pattern: &str) -> Answer {
    Answer::once(name, pattern, Reply::Enter)
}

fn stop(name: &str, pattern: &str, kind: ErrorKind, why: &str) -> Answer {
    Answer::once(name, pattern, Reply::Stop(kind, why.to_owned()))
}

/// `copy <url> <file system>:`. A password is asked up to three times when it is wrong; ours is right or the offer is
/// gone, so once is enough.
pub(super) fn copy(destination: &str, user: Option<&str>, password: Option<&Secret<String>>) -> Vec<Answer> {
    let mut out = vec![
        enter("remote host", r"(?i)address or name of remote host \[.+\]\?\s*$"),
        enter("source filename", r"(?i)source filename \[.+\]\?\s*$"),
        line("destination filename", r"(?i)destination filename \[.*\]\?\s*$", destination),
        // Only reached when the probe found nothing, or an incomplete copy of our own.
        enter("overwrite", r"(?i)over ?write\? ?\[confirm\]\s*$"),
        line("erase before copying", r"(?i)erase .* before copying\? ?\[confirm\]\s*$", "n"),
        line("host key of our offer", r"(?i)are you sure you want to continue connecting.*\?\s*$", "yes"),
    ];
    if let Some(user) = user {
        out.push(line("source username", r"(?i)source username \[.*\]\?\s*$", user));
    }
    if let Some(password) = password {
        out.push(Answer::once("password of our offer", r"(?i)password:\s*$", Reply::OneTime(password.clone())));
    }
    out
}

/// `copy <file system>:<file> <url>`.
pub(super) fn upload(destination: &str, user: &str, password: Option<&Secret<String>>) -> Vec<Answer> {
    let mut out = vec![
        enter("remote host", r"(?i)address or name of remote host \[.+\]\?\s*$"),
        line("destination username", r"(?i)destination username \[.*\]\?\s*$", user),
        line("destination filename", r"(?i)destination filename \[.*\]\?\s*$", destination),
        line("host key of our place", r"(?i)are you sure you want to continue connecting.*\?\s*$", "yes"),
    ];
    if let Some(password) = password {
        out.push(Answer::once("password of our place", r"(?i)password:\s*$", Reply::OneTime(password.clone())));
    }
    out
}

/// `delete /force`: asks only on releases that do not know `/force`.
pub(super) fn delete() -> Vec<Answer> {
    vec![
        enter("delete filename", r"(?i)delete filename \[.+\]\?\s*$"),
        enter("delete", r"(?i)delete .+\? ?\[confirm\]\s*$"),
    ]
}

/// `write memory`.
pub(super) fn save() -> Vec<Answer> {
    vec![
        enter("destination of the configuration", r"(?i)destination filename \[startup-config\]\?\s*$"),
        enter("configuration of another release", r"(?i)overwrite the previous nvram configuration\? ?\[confirm\]\s*$"),
    ]
}

/// `reload`. An unsaved configuration is somebody's work: it is not thrown away and not saved unasked.
pub(super) fn reload() -> Vec<Answer> {
    vec![
        stop(
            "unsaved configuration",
            r"(?i)system configuration has been modified\. save\? \[yes/no\]:?\s*$",
            ErrorKind::Blocked,
            "the running configuration was changed and not saved",
        ),
        line("internal access point", r"(?i)reload the internal ap ?\? ?\[yes/no\]:?\s*$", "no"),
        enter("reload", r"(?i)(proceed with reload|reload the entire shelf|reload this shelf)\??.*\[confirm\]\s*$"),
    ]
}

/// `install ...`.
pub(super) fn install() -> Vec<Answer> {
    vec![
        stop(
            "unsaved configuration",
            r"(?is)save the configuration.*\[y/n/q\]\s*$|press quit\(q\).*\[y/n/q\]\s*$",
            ErrorKind::Blocked,
            "the running configuration was changed and not saved",
        ),
        stop(
            "boot statement",
            r"(?i)confirm you have changed boot config .*\[y/n\]\s*$",
            ErrorKind::Blocked,
            "the boot statement does not name packages.conf",
        ),
        line("reload", r"(?i)(may require a reload|will reload).*do you want to proceed\??\s*\[y/n\]\s*$", "y"),
        line("proceed", r"(?i)do you want to proceed\??\s*\[y/n\]\s*$", "y"),
        line("remove files", r"(?i)do you want to remove the above files\? ?\[y/n\]\s*$", "y"),
        line("continue", r"(?i)do you want to continue\??\s*\[y/n\]\s*$", "y"),
    ]
}
