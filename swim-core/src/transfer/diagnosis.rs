//! What is wrong with a server, in words and with a stable code: from the error of a transfer that was tried there, or from
//! what it granted.

use std::error::Error as StdError;
use std::io;

use super::{CHECK_CERTIFICATE, CHECK_HOST_KEY, LISTEN, START_TLS};
use crate::analysis::{Finding, Severity};
use crate::model::{Direction, Protocol};
use crate::ports::Receipt;
use crate::{Error, ErrorKind};

/// The operations of errors that this client makes before it asks a server: it has no adapter for that.
const OWN: [&str; 3] = ["self-test", "stage", "transfer"];

/// Was nothing tried, because this client cannot?
#[must_use]
pub fn untried(error: &Error) -> bool {
    error.kind() == ErrorKind::Unsupported && OWN.contains(&error.operation())
}

/// What a failed try says of the server.
///
/// ```
/// use swim_core::model::Protocol;
/// use swim_core::transfer::fault;
/// use swim_core::{Error, ErrorKind};
/// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let e = Error::new(ErrorKind::Unreachable, "connect", "no connection to 192.0.2.7:22").caused_by(refused);
/// assert_eq!(fault(Protocol::Sftp, &e).code, "server.port_closed");
/// ```
#[must_use]
pub fn fault(protocol: Protocol, error: &Error) -> Finding {
    let reading = error.context("while") == Some(Direction::Fetch.name());
    let (code, message, remedy) = match error.kind() {
        ErrorKind::Privilege if error.operation() == LISTEN => (
            "port_privilege",
            "this process may not serve at a port below 1024",
            "run it as root or with the capability CAP_NET_BIND_SERVICE, or set offers.tftp_port or offers.ftp_port to \
             a higher port where the devices can name one",
        ),
        ErrorKind::Busy if error.operation() == LISTEN => (
            "port_in_use",
            "another program of this machine serves at this port",
            "stop that program, or set offers.tftp_port or offers.ftp_port to another port",
        ),
        ErrorKind::InvalidInput if error.operation() == LISTEN => {
            ("listen", "this machine cannot serve at this address", "set offers.listen to an address of this machine")
        }
        ErrorKind::Unreachable | ErrorKind::Timeout if error.context("connection") == Some("data") => (
            "data_port",
            "the control connection works and the data connection does not: a firewall, or ports that are not open",
            "open the passive ports of the server (for vsftpd pasv_min_port to pasv_max_port) in the firewalls on the way",
        ),
        ErrorKind::Unreachable if refused(error) => (
            "port_closed",
            "its machine answers and nobody listens at this port",
            "start the server, or correct the port of the door",
        ),
        ErrorKind::Unreachable => (
            "unreachable",
            "no connection: an unknown name, no route, or a firewall that drops what we send",
            "correct the host, or open the port in the firewalls on the way",
        ),
        ErrorKind::Auth if error.operation() == CHECK_HOST_KEY => (
            "host_key",
            "it shows another host key than the expected one, or cannot prove it",
            "find out whose key it is; then correct host_key, or remove the remembered one",
        ),
        ErrorKind::Auth if error.operation() == CHECK_CERTIFICATE => (
            "certificate",
            "it shows a certificate that is not believed",
            "find out whose it is; then correct tls, or remove the remembered one",
        ),
        ErrorKind::Unsupported if error.operation() == START_TLS => (
            "no_tls",
            "it refuses to encrypt, or somebody on the way refuses for it",
            "let the server do TLS, or give it a door of the protocol without TLS alone",
        ),
        ErrorKind::Auth => ("login", "it refuses the login", "correct the user and the secret of the door"),
        ErrorKind::NotFound if reading => (
            "not_readable",
            "what was written there is not found again: writing and reading show different folders",
            "let the door read from the folder that it writes to",
        ),
        ErrorKind::NotFound if protocol == Protocol::Tftp => (
            "folder",
            "the folder is not there, or no new files may be made in it: TFTP has the same answer for both",
            "correct the folder of the door, or let the server create files (for tftpd-hpa --create)",
        ),
        ErrorKind::NotFound => ("folder", "the folder is not there", "correct the folder of the door"),
        ErrorKind::Privilege if reading => {
            ("not_readable", "what was written there must not be read again", "let the user read in this folder")
        }
        ErrorKind::Privilege => ("permission", "the user must not write there", "let the user write in this folder"),
        ErrorKind::NoSpace => ("no_space", "it has no room for the file", "make room, or raise the quota of the user"),
        ErrorKind::Integrity => (
            "content",
            "it gives back other bytes than were written there",
            "look for a mapping, a cache or a conversion of line ends on the server",
        ),
        ErrorKind::Busy => ("busy", "it takes no further session", "let it take more sessions, or try again later"),
        ErrorKind::Timeout => {
            ("silent", "it takes the connection and then says nothing", "look into the log of the server")
        }
        ErrorKind::Interrupted => {
            ("interrupted", "the transfer ended in the middle", "look into the log of the server")
        }
        ErrorKind::UnexpectedReply => (
            "protocol",
            "what listens there does not speak this protocol as we know it",
            "correct the protocol or the port of the door",
        ),
        ErrorKind::Unsupported if !untried(error) => (
            "not_supported",
            "it does not know, or does not allow, what was asked of it",
            "allow it on the server (by HTTP: PUT and GET; by FTPS: AUTH TLS), or use another protocol",
        ),
        ErrorKind::Unsupported => {
            let finding =
                Finding::new("server.untried", Severity::Unknown, format!("it was not tried: {}", error.message()));
            return finding.remedy("see the error");
        }
        _ => ("failed", "the transfer failed", "see the error"),
    };
    let mut message = match error.operation() {
        // What is wrong with it is what must be known first.
        CHECK_CERTIFICATE | CHECK_HOST_KEY => format!("{message}: {}", error.message()),
        _ if code == "not_supported" => format!("{message}: {}", error.message()),
        _ => message.to_owned(),
    };
    for (key, before) in [("endpoint", "at"), ("path", "file")] {
        if let Some(value) = error.context(key).or_else(|| cause(error)?.context(key)) {
            message = format!("{message} ({before} {value})");
        }
    }
    if let Some(said) = error.device_words().filter(|said| !said.trim().is_empty()) {
        message = format!("{message}; it said: {}", said.trim());
    }
    Finding::new(format!("server.{code}"), Severity::Blocking, message).remedy(remedy)
}

/// The error of ours below this one.
fn cause(error: &Error) -> Option<&Error> {
    error.source()?.downcast_ref()
}

/// Did the other machine refuse the connection?
fn refused(error: &Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// The options of TFTP that a server did not grant: it works, slowly.
#[must_use]
pub fn ignored_options(receipt: &Receipt) -> Vec<Finding> {
    let Some(blocks) = &receipt.blocks else { return Vec::new() };
    let warning = |code: &'static str, message: &'static str, granted: u64, asked: u64, unit: &str| {
        (granted < asked).then(|| {
            Finding::new(code, Severity::Warning, message)
                .compared(format!("{granted} {unit}"), format!("{asked} {unit}"))
                .from("the options that the server acknowledged (OACK)")
                .remedy("use a server that knows this option, or another protocol; near the devices it costs little")
        })
    };
    let block = "the server does not grant the block size that was asked for (blksize, RFC 2348)";
    let window = "the server does not grant the window that was asked for (windowsize, RFC 7440): each block waits for its answer";
    [
        warning("server.tftp_block", block, blocks.size, blocks.asked_size, "bytes"),
        warning("server.tftp_window", window, blocks.window, blocks.asked_window, "blocks"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Blocks;

    #[test]
    fn each_failure_has_its_code() {
        let code = |kind, context: &[(&str, &str)]| {
            let error = context.iter().fold(Error::new(kind, "x", "y"), |e, (key, value)| e.with(*key, value));
            fault(Protocol::Ftp, &error).code
        };
        let reading = [("while", "fetch")];
        assert_eq!(code(ErrorKind::Unreachable, &[]), "server.unreachable");
        for kind in [ErrorKind::Unreachable, ErrorKind::Timeout] {
            assert_eq!(code(kind, &[("connection", "data")]), "server.data_port");
        }
        assert_eq!(code(ErrorKind::Timeout, &[]), "server.silent");
        assert_eq!(code(ErrorKind::Auth, &[]), "server.login");
        assert_eq!(code(ErrorKind::NotFound, &[("while", "push")]), "server.folder");
        assert_eq!(code(ErrorKind::NotFound, &reading), "server.not_readable");
        assert_eq!(code(ErrorKind::Privilege, &[]), "server.permission");
        assert_eq!(code(ErrorKind::Privilege, &reading), "server.not_readable");
        assert_eq!(code(ErrorKind::Integrity, &reading), "server.content");
        assert_eq!(code(ErrorKind::Unsupported, &[]), "server.not_supported");
        for (kind, expected) in [
            (ErrorKind::Privilege, "server.port_privilege"),
            (ErrorKind::Busy, "server.port_in_use"),
            (ErrorKind::InvalidInput, "server.listen"),
        ] {
            let ours = Error::new(kind, LISTEN, "cannot listen at 0.0.0.0:69").with("endpoint", "0.0.0.0:69");
            let finding = fault(Protocol::Tftp, &ours);
            assert_eq!(finding.code, expected);
            assert!(finding.message.ends_with("(at 0.0.0.0:69)"), "{finding}");
        }
        assert_eq!(code(ErrorKind::Busy, &[]), "server.busy");
        let untried = Error::new(ErrorKind::Unsupported, "stage", "there is no push by FTP");
        assert_eq!(fault(Protocol::Ftp, &untried).code, "server.untried");
        let key = Error::new(ErrorKind::Auth, "check host key", "another one");
        assert_eq!(fault(Protocol::Scp, &key).code, "server.host_key");
        let no_put = Error::new(ErrorKind::Unsupported, "http", "the server refused").said("405 Method Not Allowed");
        assert_eq!(fault(Protocol::Http, &no_put).code, "server.not_supported");
        let expired = fault(Protocol::Https, &Error::new(ErrorKind::Auth, CHECK_CERTIFICATE, "it was good until 2020"));
        assert_eq!(expired.code, "server.certificate");
        assert!(expired.message.contains("good until 2020"), "{expired}");
    }

    #[test]
    fn the_words_name_the_place_and_what_the_server_said() {
        let e = Error::new(ErrorKind::NotFound, "ftp", "no").with("path", "a/x.bin").said("550 no such folder");
        let finding = fault(Protocol::Ftp, &e);
        assert_eq!(finding.message, "the folder is not there (file a/x.bin); it said: 550 no such folder");
        assert_eq!(finding.severity, Severity::Blocking);
    }

    #[test]
    fn what_was_granted_is_compared_with_what_was_asked_for() {
        let receipt = |size, window| {
            let blocks = Blocks { size, asked_size: 1468, window, asked_window: 64 };
            ignored_options(&Receipt::new(Protocol::Tftp, Direction::Push, 1, 0, 0).cut(blocks))
        };
        let codes = |size, window| receipt(size, window).into_iter().map(|f| f.code).collect::<Vec<_>>();
        assert!(codes(1468, 64).is_empty());
        assert_eq!(codes(512, 64), ["server.tftp_block"]);
        assert_eq!(codes(1468, 1), ["server.tftp_window"]);
        assert_eq!(codes(512, 1), ["server.tftp_block", "server.tftp_window"]);
        assert_eq!(receipt(1468, 1)[0].to_string().split(" (has ").last(), Some("1 blocks, needs 64 blocks)"));
    }
}
