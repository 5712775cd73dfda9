//! SSH failures in our words.

use std::time::Duration;

use russh::ChannelOpenFailure;
use swim_core::{Error, ErrorKind, Retry};

/// When a connection that was lost is worth another try.
const RECONNECT_AFTER: Duration = Duration::from_secs(5);

/// Turns a failure of the SSH layer into ours.
pub(crate) fn ssh(operation: &str, cause: russh::Error) -> Error {
    use russh::Error as Ssh;
    let (kind, message, retry) = match &cause {
        Ssh::NoCommonAlgo { kind, theirs, .. } => {
            let message = format!(
                "no common {kind:?} algorithm; the device offers {}; older ones are tried only with `legacy_ssh`",
                theirs.join(", ").escape_debug()
            );
            return Error::new(ErrorKind::Unsupported, operation, message).caused_by(cause);
        }
        Ssh::ChannelOpenFailure(ChannelOpenFailure::ResourceShortage) => {
            (ErrorKind::Busy, "the device has no free session", Retry::After(RECONNECT_AFTER))
        }
        Ssh::ChannelOpenFailure(_) | Ssh::RequestDenied => {
            (ErrorKind::DeviceRejected, "the device refused the session", Retry::Never)
        }
        Ssh::UnknownKey | Ssh::WrongServerSig => (ErrorKind::Auth, "the host key was not proven", Retry::Never),
        Ssh::KeepaliveTimeout | Ssh::InactivityTimeout | Ssh::ConnectionTimeout | Ssh::Elapsed(_) => {
            (ErrorKind::Interrupted, "the device no longer answers", Retry::After(RECONNECT_AFTER))
        }
        Ssh::Version | Ssh::KexInit | Ssh::Kex | Ssh::Inconsistent | Ssh::PacketSize(_) | Ssh::UnknownAlgo => {
            (ErrorKind::UnexpectedReply, "this is not SSH as we know it", Retry::Never)
        }
        _ => (ErrorKind::Interrupted, "the connection ended", Retry::After(RECONNECT_AFTER)),
    };
    Error::new(kind, operation, message).retry_when(retry).caused_by(cause)
}

/// The connection or channel went away in the middle.
pub(crate) fn ended(operation: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Interrupted, operation, message).retry_when(Retry::After(RECONNECT_AFTER))
}

/// Somebody asked us to stop.
pub(crate) fn cancelled(operation: &str) -> Error {
    Error::new(ErrorKind::Cancelled, operation, "stopped on request")
}

/// Nothing was heard for too long.
pub(crate) fn silent(operation: &str, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, operation, format!("nothing moved for {} s", limit.as_secs()))
        .retry_when(Retry::After(RECONNECT_AFTER))
}

/// What a device means when it refuses a file in words of its own.
pub(crate) fn kind_of_refusal(words: &str) -> ErrorKind {
    let lower = words.to_lowercase();
    let says = |needle: &str| lower.contains(needle);
    if says("privilege denied") || says("permission denied") || says("not authorized") {
        ErrorKind::Privilege
    } else if says("no space left") || says("not enough space") || says("disk full") || says("quota exceeded") {
        ErrorKind::NoSpace
    } else if says("no such file") {
        ErrorKind::NotFound
    } else {
        ErrorKind::DeviceRejected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_devices_have_kinds() {
        assert_eq!(kind_of_refusal("Privilege denied."), ErrorKind::Privilege);
        assert_eq!(kind_of_refusal("%Error writing flash:x (No space left on device)"), ErrorKind::NoSpace);
        assert_eq!(kind_of_refusal("Administratively disabled."), ErrorKind::DeviceRejected);
        assert_eq!(kind_of_refusal("scp: /tmp/x: No such file or directory"), ErrorKind::NotFound);
    }
}
