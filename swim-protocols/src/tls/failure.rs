//! What a handshake that fails means.

use std::io;

use jiff::Timestamp;
use swim_core::model::{Endpoint, Fingerprint};
use swim_core::transfer::START_TLS;
use swim_core::{Error, ErrorKind, Retry};
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

use super::judge::refused;

const OPERATION: &str = "tls";

/// The error of a handshake with `at`, which showed this certificate.
pub(super) fn handshake(e: io::Error, at: &Endpoint, shown: Option<Fingerprint>) -> Error {
    let failed = |kind, message: String| Error::new(kind, OPERATION, message).with("endpoint", at);
    // Somebody in between can say so as well: it is no reason to speak in the clear.
    let no_tls = |message| Error::new(ErrorKind::Unsupported, START_TLS, message).with("endpoint", at);
    let Some(tls) = e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        // Whoever can refuse it can cut it as well.
        let message = format!("the connection to {at} ended during the TLS handshake");
        let error = Error::new(ErrorKind::Interrupted, START_TLS, message).with("endpoint", at);
        return error.retry_when(Retry::Now).caused_by(e);
    };
    let error = match tls {
        rustls::Error::InvalidCertificate(why) => certificate(why, at),
        rustls::Error::InvalidMessage(_) => no_tls(format!("{at} does not speak TLS")),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity,
        ) => no_tls(format!("{at} and we have no version or cipher of TLS in common")),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::AccessDenied) => {
            failed(ErrorKind::Auth, format!("{at} wants a certificate of ours"))
        }
        rustls::Error::AlertReceived(alert) => {
            let said = format!("alert {alert:?}");
            failed(ErrorKind::DeviceRejected, format!("{at} refused the TLS handshake")).said(said)
        }
        _ => failed(ErrorKind::UnexpectedReply, format!("the TLS handshake with {at} failed")),
    };
    let error = match shown {
        Some(shown) => error.with("offered", shown),
        None => error,
    };
    error.caused_by(e)
}

/// Why a certificate is not believed.
fn certificate(why: &CertificateError, at: &Endpoint) -> Error {
    let certificate = format!("the certificate of {at}");
    match why {
        CertificateError::NotValidForName => refused(format!("{certificate} does not name {}", at.host)),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented.iter().map(|name| plain(name)).collect();
            let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            refused(format!("{certificate} does not name {}; it names {names}", at.host)).with("names", names)
        }
        CertificateError::Expired => refused(format!("{certificate} has expired")),
        CertificateError::ExpiredContext { time, not_after } => {
            let (end, now) = (moment(*not_after), moment(*time));
            refused(format!("{certificate} expired at {end}; now it is {now}")).with("not_after", end)
        }
        CertificateError::NotValidYet => refused(format!("{certificate} is not valid yet")),
        CertificateError::NotValidYetContext { time, not_before } => {
            let (begin, now) = (moment(*not_before), moment(*time));
            refused(format!("{certificate} is not valid before {begin}; now it is {now}")).with("not_before", begin)
        }
        CertificateError::UnknownIssuer => refused(format!("{certificate} comes from an issuer that is not trusted")),
        CertificateError::Revoked => refused(format!("{certificate} is revoked")),
        CertificateError::BadSignature => refused(format!("{certificate} is not signed by the issuer that it names")),
        CertificateError::BadEncoding => refused(format!("{certificate} cannot be read")),
        // A certificate that signed itself as an authority, as `openssl req -x509` makes them, is refused here as a
        // server's even where it is among the trusted ones.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            refused(format!("{certificate} is one of an authority, not of a server: pin its fingerprint to believe it"))
        }
        other => refused(format!("{certificate} cannot be used: {other}")),
    }
}

/// A name without the words that the TLS library puts around it: `DnsName("x")`.
fn plain(name: &str) -> &str {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"')
}

fn moment(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let moment = seconds.and_then(|s| Timestamp::from_second(s).ok());
    moment.map_or_else(|| format!("second {}", time.as_secs()), |moment| moment.to_string())
}
