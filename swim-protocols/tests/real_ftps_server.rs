//! Programs of others at our FTPS offers and accepts, and at FTP and FTPS offers that share a port.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/ftp_clients.rs"]
mod ftp_clients;
#[path = "support/hurried.rs"]
mod hurried;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use ftp_clients::{curl, image, place, run, url};
use hurried::hurried;
use sink::{FileSink, fetch};
use support::memory::{MemoryRecords, MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, free_port, offer, push};
use swim_core::ErrorKind;
use swim_core::model::{Device, Endpoint, Login, Protocol, TlsTrust};
use swim_core::ports::{Offer, Served, Transfer};
use swim_protocols::clock::TokioClock;
use swim_protocols::ftp::{FtpClient, FtpClientConfig, FtpConfig, FtpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tls::{Identity, TlsClient};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const HOST: &str = "127.0.0.1";
/// Not a multiple of any block.
const BYTES: u64 = 12 * 1024 * 1024 + 4321;

fn identity() -> Identity {
    Identity::self_signed(&["127.0.0.1".to_owned(), "::1".to_owned()], Arc::new(TokioClock::system())).unwrap()
}

fn plain_at(port: u16) -> FtpOffers {
    FtpOffers::new(Arc::new(TcpNetwork), FtpConfig { bind: "127.0.0.1".into(), port, passive_ports: None })
}

fn ftps(identity: &Identity) -> FtpOffers {
    plain_at(0).tls(identity.clone())
}

async fn whole(served: Box<dyn Served>, ended: &Output, bytes: u64) {
    assert!(ended.status.success(), "{ended:?}");
    let receipt = served.close().await.unwrap();
    assert_eq!((receipt.protocol, receipt.bytes), (Protocol::Ftps, bytes));
    assert!(receipt.cipher.as_ref().is_some_and(|c| c.starts_with("TLS_")), "{receipt:?}");
}

/// Python's own client; its data connections go on with the keys of the control connection, and it waits for the good-bye of
/// TLS. `reused` in what it prints says that those keys were taken.
const PYTHON: &str = "import ftplib, ssl, sys\n\
    port, user, password, authority, version, passive, get, put = sys.argv[1:]\n\
    class Client(ftplib.FTP_TLS):\n    \
        def ntransfercmd(self, cmd, rest=None):\n        \
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)\n        \
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)\n        \
            print('reused' if conn.session_reused else 'new')\n        \
            return conn, size\n\
    tls = ssl.create_default_context(cafile=authority)\n\
    tls.maximum_version = getattr(ssl.TLSVersion, version)\n\
    ftp = Client(context=tls, timeout=40)\n\
    ftp.connect('127.0.0.1', int(port))\n\
    ftp.login(user, password)\n\
    ftp.prot_p()\n\
    ftp.set_pasv(passive == 'true')\n\
    if put:\n    ftp.storbinary('STOR x.bin', open(put, 'rb'))\n\
    else:\n    ftp.retrbinary('RETR x.bin', open(get, 'wb').write)\n\
    ftp.quit()\n";

#[tokio::test]
async fn python_reads_and_writes_with_the_keys_of_the_session() {
    let (folder, identity) = (Folder::new(), identity());
    let (authority, up) = (folder.file("authority"), folder.file("up"));
    std::fs::write(&authority, identity.pem()).unwrap();
    std::fs::write(&up, PatternStore::pattern(0, BYTES as usize)).unwrap();
    for (version, passive) in [("TLSv1_2", "true"), ("TLSv1_2", "false"), ("TLSv1_3", "true"), ("TLSv1_3", "false")] {
        for upload in [false, true] {
            let to = folder.file("to");
            let _ = std::fs::remove_file(&to);
            let sink = FileSink::at(&to);
            let served = match upload {
                true => ftps(&identity).accept(place(HOST, BYTES, &sink), &context()).await.unwrap(),
                false => ftps(&identity).offer(image(HOST, BYTES), &context()).await.unwrap(),
            };
            let (port, put) = (served.port().to_string(), if upload { up.as_str() } else { "" });
            let (user, password) = (served.user().unwrap(), served.password().unwrap().expose());
            let arguments = ["-c", PYTHON, &port, user, password, &authority, version, passive, &to, put];
            let ended = run("python3", "python3", &arguments).await;
            assert_eq!(String::from_utf8_lossy(&ended.stdout).trim(), "reused", "{version} {ended:?}");
            whole(served, &ended, BYTES).await;
            assert_pattern(&to, BYTES);
        }
    }
}

/// Whoever comes to the data port without the keys of the control connection is somebody else, from the same address or not.
#[tokio::test]
async fn a_data_connection_with_keys_of_its_own_is_refused() {
    let (folder, identity) = (Folder::new(), identity());
    let (authority, up, to) = (folder.file("authority"), folder.file("up"), folder.file("to"));
    std::fs::write(&authority, identity.pem()).unwrap();
    std::fs::write(&up, PatternStore::pattern(0, BYTES as usize)).unwrap();
    let stranger = PYTHON.replace("session=self.sock.session", "session=None");
    for version in ["TLSv1_2", "TLSv1_3"] {
        for upload in [false, true] {
            let _ = std::fs::remove_file(&to);
            let sink = FileSink::at(&to);
            let served = match upload {
                true => ftps(&identity).accept(place(HOST, BYTES, &sink), &context()).await.unwrap(),
                false => ftps(&identity).offer(image(HOST, BYTES), &context()).await.unwrap(),
            };
            let (port, put) = (served.port().to_string(), if upload { up.as_str() } else { "" });
            let (user, password) = (served.user().unwrap(), served.password().unwrap().expose());
            let ended = run(
                "python3",
                "python3",
                &["-c", &stranger, &port, user, password, &authority, version, "true", &to, put],
            )
            .await;
            assert!(!ended.status.success(), "{version} {ended:?}");
            assert_eq!((served.sent(), sink.is_finished()), (0, false), "{version} {ended:?}");
            assert_eq!(std::fs::metadata(&to).unwrap().len(), 0);
        }
    }
}

/// Our own client at our own server, and what it does with a certificate that is not the expected one.
#[tokio::test]
async fn our_client_reads_and_writes_and_leaves_another_certificate_before_its_login() {
    let (folder, identity) = (Folder::new(), identity());
    let device = |served: &dyn Served, trust: &Identity| {
        let at = Endpoint { host: "127.0.0.1".into(), port: served.port() };
        let login = Login::password(served.user().unwrap(), "login");
        Device { at, login, tls: TlsTrust::Pinned(trust.fingerprint().to_string()), ..offer(0, "x").device }
    };
    let client = |served: &dyn Served| {
        let secrets = MemorySecrets::new(&[("login", served.password().unwrap().expose())]);
        let tls = TlsClient::new(Arc::<MemoryRecords>::default());
        FtpClient::tls(Arc::new(TcpNetwork), Arc::new(secrets), FtpClientConfig::default(), tls)
    };
    let served = ftps(&identity).offer(image(HOST, BYTES), &context()).await.unwrap();
    assert_eq!(served.certificate().unwrap().pem, identity.pem());
    let sink = FileSink::at(folder.file("to"));
    let wrong = fetch(device(&*served, &another_identity()), "x.bin", &sink);
    let e = client(&*served).fetch(wrong, &context()).await.unwrap_err();
    assert_eq!((e.kind(), served.sent()), (ErrorKind::Auth, 0), "{e:?}");
    client(&*served).fetch(fetch(device(&*served, &identity), "x.bin", &sink), &context()).await.unwrap();
    assert_pattern(&folder.file("to"), BYTES);
    let sink = FileSink::at(folder.file("taken"));
    let served = ftps(&identity).accept(place(HOST, BYTES, &sink), &context()).await.unwrap();
    client(&*served).push(push(device(&*served, &identity), BYTES, "x.bin"), &context()).await.unwrap();
    assert_pattern(&folder.file("taken"), BYTES);
    assert!(sink.is_finished() && served.close().await.is_ok());
}

/// Another one than the one that is shown.
fn another_identity() -> Identity {
    identity()
}

#[tokio::test]
async fn nothing_is_given_in_the_clear_and_nothing_to_who_does_not_believe_us() {
    let (folder, identity) = (Folder::new(), identity());
    let (authority, to) = (folder.file("authority"), folder.file("to"));
    std::fs::write(&authority, another_identity().pem()).unwrap();
    let served = ftps(&identity).offer(image(HOST, 70_000), &context()).await.unwrap();
    let at = url(HOST, &*served);
    // 67: not logged in; 60: another certificate.
    assert_eq!(curl(&["-o", &to, &at]).await.status.code(), Some(67));
    assert_eq!(curl(&["--ssl-reqd", "--cacert", &authority, "-o", &to, &at]).await.status.code(), Some(60));
    std::fs::write(&authority, identity.pem()).unwrap();
    // The verbs are encrypted and the file would not be.
    let ended = curl(&["--ftp-ssl-control", "--cacert", &authority, "-o", &to, &at]).await;
    assert!(!ended.status.success() && served.sent() == 0, "{ended:?}");
    whole(served, &curl(&["--ssl-reqd", "--cacert", &authority, "-o", &to, &at]).await, 70_000).await;
    assert_pattern(&to, 70_000);
}

/// A client that says what it likes; it is not encrypted.
async fn raw(port: u16) -> BufReader<TcpStream> {
    let mut raw = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    assert!(hear(&mut raw).await.starts_with("220 "));
    raw
}

async fn hear(raw: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    let heard = tokio::time::timeout(Duration::from_secs(30), raw.read_line(&mut line)).await;
    let _ = heard.expect("the server says nothing");
    line
}

async fn ask(raw: &mut BufReader<TcpStream>, line: &str) -> String {
    raw.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
    hear(raw).await
}

#[tokio::test]
async fn commands_before_the_handshake_are_not_taken_for_protected_ones() {
    let served = ftps(&identity()).offer(image(HOST, 70_000), &context()).await.unwrap();
    let mut one = raw(served.port()).await;
    let login = format!("USER {}\r\nPASS {}", served.user().unwrap(), served.password().unwrap().expose());
    let answer = ask(&mut one, &format!("AUTH TLS\r\n{login}\r\nSIZE x.bin")).await;
    assert!(answer.starts_with("500 ") && answer.contains("between"), "{answer}");
    assert_eq!(hear(&mut one).await, "");
    // Half of a line is a command as well, as soon as its other half comes.
    let mut half = raw(served.port()).await;
    half.get_mut().write_all(b"AUTH TLS\r\nNO").await.unwrap();
    assert!(hear(&mut half).await.starts_with("500 "));
    let mut other = raw(served.port()).await;
    for (line, code) in [
        ("USER x", "530"),
        ("PASS x", "503"),
        ("PROT P", "503"),
        ("PBSZ 0", "503"),
        ("RETR x.bin", "530"),
        ("AUTH SSL", "504"),
        ("CCC", "502"),
    ] {
        assert!(ask(&mut other, line).await.starts_with(code), "{line}");
    }
    assert!(ask(&mut other, &format!("USER {}", served.user().unwrap())).await.starts_with("530 "));
}

#[tokio::test]
async fn a_handshake_that_does_not_end_and_one_that_is_none_lose_the_place() {
    let request = Offer { lifetime: Duration::from_secs(100_000), ..image(HOST, 70_000) };
    let served = ftps(&identity()).offer(request, &hurried()).await.unwrap();
    for said in [&b""[..], b"this is no TLS, and it will never be any\r\n"] {
        let mut silent = raw(served.port()).await;
        assert!(ask(&mut silent, "AUTH TLS").await.starts_with("234 "));
        silent.get_mut().write_all(said).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(30), silent.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the place is held for ever");
        assert!(!rest.starts_with(b"230"), "{rest:?}");
    }
}

/// An upload whose data connection is closed without the good-bye of TLS may have been cut by anybody.
#[tokio::test]
async fn an_upload_without_the_good_bye_of_tls_is_not_whole() {
    let (folder, identity) = (Folder::new(), identity());
    let authority = folder.file("authority");
    std::fs::write(&authority, identity.pem()).unwrap();
    let script = PYTHON.replace(
        "ftp.storbinary('STOR x.bin', open(put, 'rb'))",
        "ftp.voidcmd('TYPE I'); data = ftp.transfercmd('STOR x.bin'); data.sendall(open(put, 'rb').read())\n    \
         import os, socket; raw = socket.socket(fileno=data.detach()); raw.shutdown(socket.SHUT_WR); print(ftp.getline())",
    );
    let up = folder.file("up");
    std::fs::write(&up, PatternStore::pattern(0, 100_000)).unwrap();
    let sink = FileSink::at(folder.file("taken"));
    let served = ftps(&identity).accept(place(HOST, 1 << 30, &sink), &context()).await.unwrap();
    let (port, user, password) = (served.port().to_string(), served.user().unwrap(), served.password().unwrap());
    let arguments = ["-c", &script, &port, user, password.expose(), &authority, "TLSv1_3", "true", "", &up];
    let ended = run("python3", "python3", &arguments).await;
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(said.contains("426 "), "{ended:?}");
    assert!(!sink.is_finished());
    // The next try is good.
    let ended = curl(&["--ssl-reqd", "--cacert", &authority, "-T", &up, &url(HOST, &*served)]).await;
    assert!(ended.status.success() && sink.is_finished(), "{ended:?}");
    assert_pattern(&folder.file("taken"), 100_000);
    served.close().await.unwrap();
}

/// Offers of both protocols and an accept at one port, each behind its own login; the port is free when the last is closed.
#[tokio::test]
async fn several_share_a_port_and_the_login_tells_them_apart() {
    let (folder, identity) = (Folder::new(), identity());
    let (authority, to, up) = (folder.file("authority"), folder.file("to"), folder.file("up"));
    std::fs::write(&authority, identity.pem()).unwrap();
    std::fs::write(&up, PatternStore::pattern(0, 3_000)).unwrap();
    let port = free_port("127.0.0.1");
    let plain = plain_at(port);
    let private = plain.tls(identity.clone());
    let first = plain.offer(image(HOST, 70_001), &context()).await.unwrap();
    // As long as nothing is encrypted here, nobody is told that it could be.
    assert!(ask(&mut raw(port).await, "AUTH TLS").await.starts_with("502 "));
    let second = plain.offer(image(HOST, 70_002), &context()).await.unwrap();
    let third = private.offer(image(HOST, 70_003), &context()).await.unwrap();
    let sink = FileSink::at(folder.file("taken"));
    let fourth = plain.accept(place(HOST, 3_000, &sink), &context()).await.unwrap();
    let elsewhere = Offer { source: Some("127.0.0.9".into()), ..image(HOST, 70_005) };
    let fifth = plain.offer(elsewhere, &context()).await.unwrap();
    for served in [&first, &second, &third, &fourth, &fifth] {
        assert_eq!(served.port(), port);
    }
    for (served, bytes) in [(&second, 70_002), (&first, 70_001)] {
        assert!(curl(&["-o", &to, &url(HOST, &**served)]).await.status.success());
        assert_pattern(&to, bytes);
    }
    assert_eq!(curl(&["-o", &to, &url(HOST, &*third)]).await.status.code(), Some(67));
    assert!(curl(&["--ssl-reqd", "--cacert", &authority, "-o", &to, &url(HOST, &*third)]).await.status.success());
    assert_pattern(&to, 70_003);
    assert!(curl(&["-T", &up, &url(HOST, &*fourth)]).await.status.success() && sink.is_finished());
    // It is for another address.
    assert_eq!(curl(&["-o", &to, &url(HOST, &*fifth)]).await.status.code(), Some(67));
    // The login of one is none for another.
    let mixed = url(HOST, &*second).replace(second.user().unwrap(), first.user().unwrap());
    assert_eq!(curl(&["-o", &to, &mixed]).await.status.code(), Some(67));
    for served in [first, second, third, fourth] {
        served.close().await.unwrap();
    }
    // One is still open, and nobody else is expected now.
    let mut sent_away = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    assert!(matches!(sent_away.read(&mut [0; 9]).await, Ok(0) | Err(_)));
    drop(fifth);
    // It is opened again at once.
    let again = plain.offer(image(HOST, 70_006), &context()).await.unwrap();
    assert!(curl(&["-o", &to, &url(HOST, &*again)]).await.status.success());
    assert_pattern(&to, 70_006);
}

/// Who never logs in takes no place of those who do.
#[tokio::test]
async fn strangers_that_wait_take_no_place_of_a_device() {
    let served = plain_at(0).offer(Offer { source: None, ..offer(70_000, "x.bin") }, &context()).await.unwrap();
    let mut strangers = Vec::new();
    for _ in 0..20 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        strangers.push(socket.connect(([127, 0, 0, 1], served.port()).into()).await.unwrap());
    }
    let folder = Folder::new();
    let ended = curl(&["-o", &folder.file("to"), &url(HOST, &*served)]).await;
    assert!(ended.status.success(), "{ended:?}");
    // Those that came first had to leave for the others, which still wait.
    let (left, waiting) = strangers.split_at_mut(12);
    for stranger in left {
        let mut heard = Vec::new();
        let ended = stranger.read_to_end(&mut heard);
        let _ = tokio::time::timeout(Duration::from_secs(10), ended).await.expect("it is not sent away");
    }
    for stranger in waiting {
        let mut heard = [0; 100];
        assert_ne!(stranger.read(&mut heard).await.unwrap(), 0);
        assert_eq!(stranger.try_read(&mut heard).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
