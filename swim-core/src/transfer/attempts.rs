//! Trying one protocol after the other: when the next one is worth a try, and what is said when none worked.

use super::{CHECK_CERTIFICATE, CHECK_HOST_KEY, START_TLS};
use crate::model::{Device, Endpoint, Login, Protocol};
use crate::{Effect, Error, ErrorKind, Result, Retry};

/// Is another protocol worth a try after this failure? The network, at whatever point it failed, the login, and an adapter
/// that is not there: yes. Room, names and privilege would be the same with every protocol; who was asked to stop stops. And
/// where the other side is not who it should be, or refuses to encrypt, somebody may be in between, who would be told a
/// password next.
///
/// Bytes that were written before a session broke are no reason to stop: the next protocol begins anew or looks at what is
/// there, and what the dead session still writes are the same bytes at the same places. A device that copies *by itself* is
/// another matter, see [`Attempts::failed_there`].
///
/// ```
/// use swim_core::{Error, ErrorKind, transfer::moves_on};
/// assert!(moves_on(&Error::new(ErrorKind::Auth, "log in", "the device refused admin")));
/// assert!(moves_on(&Error::new(ErrorKind::Interrupted, "sftp", "the connection ended")));
/// assert!(!moves_on(&Error::new(ErrorKind::Auth, "check host key", "it is another one")));
/// assert!(!moves_on(&Error::new(ErrorKind::Unsupported, "start TLS", "502 no AUTH here")));
/// assert!(!moves_on(&Error::new(ErrorKind::Cancelled, "sftp", "stopped on request")));
/// ```
#[must_use]
pub fn moves_on(error: &Error) -> bool {
    let kinds = [ErrorKind::Unreachable, ErrorKind::Auth, ErrorKind::Unsupported, ErrorKind::Busy];
    let proven = ![CHECK_HOST_KEY, CHECK_CERTIFICATE, START_TLS].contains(&error.operation());
    proven && (kinds.contains(&error.kind()) || is_cut(error))
}

/// Did the network fail in the middle?
fn is_cut(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::Timeout)
}

/// What was tried for one file, and why it did not do.
#[derive(Debug, Default)]
pub struct Attempts {
    failed: Vec<(String, Error)>,
    refused: Vec<(Endpoint, Login)>,
}

impl Attempts {
    /// Nothing was tried yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks before a device is dialled: what it refused by SFTP it would refuse by SCP at the same port, and wrong tries
    /// lock accounts.
    ///
    /// # Errors
    /// `Auth` for a login that was refused there.
    pub fn check(&self, protocol: Protocol, device: &Device) -> Result<()> {
        let known = |(at, login): &(Endpoint, Login)| *at == device.at && *login == device.login;
        if !protocol.over_ssh() || !self.refused.iter().any(known) {
            return Ok(());
        }
        let message = format!("not tried: the same login was refused at {} before", device.at);
        Err(Error::new(ErrorKind::Auth, "log in", message).with("device", &device.id).with("user", &device.login.user))
    }

    /// Keeps the failure of a transfer of ours with `device`, under a name for people.
    ///
    /// # Errors
    /// The failure, when no other protocol would help.
    pub fn failed(&mut self, name: String, protocol: Protocol, device: &Device, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::Auth && protocol.over_ssh() {
            self.refused.push((device.at.clone(), device.login.clone()));
        }
        self.keep(name, error)
    }

    /// Keeps the failure of what the device did by itself, or of what was not even tried. While nobody knows whether a
    /// device still copies, nothing else may write there.
    ///
    /// # Errors
    /// The failure, when no other protocol would help, or may be tried.
    pub fn failed_there(&mut self, name: String, error: Error) -> Result<()> {
        if is_cut(&error) && error.effect() == Effect::Unknown { Err(error) } else { self.keep(name, error) }
    }

    fn keep(&mut self, name: String, error: Error) -> Result<()> {
        if !moves_on(&error) {
            return Err(error);
        }
        self.failed.push((name, error));
        Ok(())
    }

    /// What failed, each with its reason.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        self.failed.iter().map(|(name, e)| format!("{name}: {}", e.report())).collect()
    }

    /// The error of all of them: a lone one as it is; of the kind of all when that is one, `Unreachable` otherwise. `None`
    /// when nothing was tried.
    #[must_use]
    pub fn none_worked(mut self) -> Option<Error> {
        let message = format!("no protocol worked: {}", self.reasons().join("; "));
        let (_, last) = self.failed.pop()?;
        if self.failed.is_empty() {
            return Some(last);
        }
        let all = || self.failed.iter().map(|(_, e)| e).chain([&last]);
        let kind = if all().all(|e| e.kind() == last.kind()) { last.kind() } else { ErrorKind::Unreachable };
        let unknown = all().any(|e| is_cut(e) && e.effect() == Effect::Unknown);
        let retry = all().map(Error::retry).find(|r| *r != Retry::Never).unwrap_or_default();
        let error = Error::new(kind, "transfer", message)
            .effected(if unknown { Effect::Unknown } else { Effect::None })
            .retry_when(retry)
            .said(last.device_words().unwrap_or_default());
        Some(error.caused_by(last))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn device(port: u16) -> Device {
        serde_json::from_value(serde_json::json!({
            "id": "sw1", "at": {"host": "192.0.2.7", "port": port}, "platform": "ios",
            "login": {"user": "admin", "password": "pw"}, "host_key": "first_use"
        }))
        .unwrap()
    }

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "sftp", "it failed")
    }

    #[test]
    fn what_the_network_does_moves_on_and_a_stop_does_not() {
        for kind in [ErrorKind::Interrupted, ErrorKind::Timeout] {
            assert!(moves_on(&error(kind)) && moves_on(&error(kind).effected(Effect::Unknown)), "{kind}");
            let unproven = Error::new(kind, CHECK_HOST_KEY, "it went away");
            assert!(!moves_on(&unproven), "{kind}");
            let copies = Attempts::new().failed_there("ftp pull".into(), error(kind).effected(Effect::Unknown));
            assert_eq!(copies.unwrap_err().kind(), kind);
            assert!(Attempts::new().failed_there("ftp pull".into(), error(kind)).is_ok());
        }
        for kind in [ErrorKind::Cancelled, ErrorKind::NoSpace, ErrorKind::Privilege, ErrorKind::NotFound] {
            assert!(!moves_on(&error(kind)), "{kind}");
        }
    }

    #[test]
    fn a_refused_login_is_not_shown_to_the_same_service_again() {
        let mut attempts = Attempts::new();
        attempts.failed("sftp".into(), Protocol::Sftp, &device(22), error(ErrorKind::Auth)).unwrap();
        let e = attempts.check(Protocol::Scp, &device(22)).unwrap_err();
        assert_eq!((e.kind(), e.context("user")), (ErrorKind::Auth, Some("admin")));
        attempts.check(Protocol::Scp, &device(830)).unwrap();
        attempts.check(Protocol::Https, &device(22)).unwrap();
        let mut other = device(22);
        other.login.user = "another".into();
        attempts.check(Protocol::Scp, &other).unwrap();
    }

    #[test]
    fn failures_of_one_kind_are_of_that_kind() {
        let tried = |kinds: &[ErrorKind]| {
            let mut attempts = Attempts::new();
            for kind in kinds {
                let e = error(*kind).effected(Effect::Unknown).retry_when(Retry::Now).said("no");
                attempts.failed("sftp".into(), Protocol::Sftp, &device(22), e).unwrap();
            }
            attempts.none_worked()
        };
        assert!(tried(&[]).is_none());
        assert_eq!(tried(&[ErrorKind::Busy]).unwrap().to_string(), "sftp: it failed");
        let e = tried(&[ErrorKind::Auth, ErrorKind::Auth]).unwrap();
        assert_eq!((e.kind(), e.effect(), e.device_words()), (ErrorKind::Auth, Effect::None, Some("no")));
        let e = tried(&[ErrorKind::Interrupted, ErrorKind::Auth]).unwrap();
        assert_eq!((e.kind(), e.effect(), e.retry()), (ErrorKind::Unreachable, Effect::Unknown, Retry::Now));
        assert!(e.to_string().matches("sftp: ").count() >= 2, "{e}");
    }
}
