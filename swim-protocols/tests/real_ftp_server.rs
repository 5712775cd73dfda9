//! Programs of others at our FTP offers and accepts.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/ftp_clients.rs"]
mod ftp_clients;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use ftp_clients::{curl, image, place, run, url};
use sink::FileSink;
use support::memory::PatternStore;
use support::{Folder, assert_pattern, context, offer, program};
use swim_core::model::Protocol;
use swim_core::ports::{Context, Offer, Served, Transfer};
use swim_core::transfer::{Bucket, Pace};
use swim_core::{ErrorKind, Result};
use swim_protocols::ftp::{FtpConfig, FtpOffers};
use swim_protocols::net::TcpNetwork;

/// Not a multiple of any block.
const BYTES: u64 = 12 * 1024 * 1024 + 4321;

fn offers(host: &str) -> FtpOffers {
    FtpOffers::new(Arc::new(TcpNetwork), FtpConfig { bind: host.into(), port: 0, passive_ports: None })
}

/// Did both sides end well?
async fn whole(served: Box<dyn Served>, ended: &Output, bytes: u64) {
    assert!(ended.status.success(), "{ended:?}");
    let receipt = served.close().await.unwrap();
    assert_eq!((receipt.protocol, receipt.bytes), (Protocol::Ftp, bytes));
}

#[tokio::test]
async fn curl_pulls_and_uploads_in_all_modes() {
    let modes = [
        ("127.0.0.1", ["--ftp-pasv", "--ftp-skip-pasv-ip"]),
        ("127.0.0.1", ["--disable-epsv", "--no-ftp-skip-pasv-ip"]),
        ("127.0.0.1", ["--ftp-port", "-"]),
        ("::1", ["--ftp-pasv", "--ftp-skip-pasv-ip"]),
        ("::1", ["--ftp-port", "-"]),
    ];
    // At the same time: the end of an upload is waited for.
    let all: Vec<_> = modes.into_iter().map(|(host, mode)| tokio::spawn(curl_pulls_and_uploads(host, mode))).collect();
    for one in all {
        one.await.unwrap();
    }
}

async fn curl_pulls_and_uploads(host: &str, mode: [&str; 2]) {
    let folder = Folder::new();
    let (to, up) = (folder.file("to"), folder.file("up"));
    for bytes in [0, 1, 1024 * 1024, BYTES] {
        let served = offers(host).offer(image(host, bytes), &context()).await.unwrap();
        let _ = std::fs::remove_file(&to);
        let ended = curl(&[&mode[..], &["-o", &to, &url(host, &*served)]].concat()).await;
        whole(served, &ended, bytes).await;
        if bytes > 0 {
            assert_pattern(&to, bytes);
        }
        std::fs::write(&up, PatternStore::pattern(0, bytes as usize)).unwrap();
        let sink = FileSink::at(&to);
        let served = offers(host).accept(place(host, bytes.max(1), &sink), &context()).await.unwrap();
        let ended = curl(&[&mode[..], &["-T", &up, &url(host, &*served)]].concat()).await;
        whole(served, &ended, bytes).await;
        assert_pattern(&to, bytes);
        assert!(sink.is_finished());
    }
}

/// At an address of all addresses, a client learns the one that it has dialled.
#[tokio::test]
async fn a_passive_connection_goes_where_the_control_connection_went() {
    let folder = Folder::new();
    for (bind, host) in [("0.0.0.0", "127.0.0.1"), ("0.0.0.0", "127.0.0.3"), ("::", "127.0.0.1"), ("::", "::1")] {
        let request = Offer { source: None, ..offer(70_000, "x.bin") };
        let served = offers(bind).offer(request, &context()).await.unwrap();
        let epsv = if host.contains(':') { "--ftp-pasv" } else { "--disable-epsv" };
        let arguments = [epsv, "--no-ftp-skip-pasv-ip", "-o", &folder.file("to"), &url(host, &*served)];
        whole(served, &curl(&arguments).await, 70_000).await;
        assert_pattern(&folder.file("to"), 70_000);
    }
}

#[tokio::test]
async fn a_pull_that_broke_off_goes_on_and_is_one_use() {
    let folder = Folder::new();
    let to = folder.file("to");
    let served = offers("127.0.0.1").offer(image("127.0.0.1", BYTES), &context()).await.unwrap();
    let at = url("127.0.0.1", &*served);
    // curl goes when it has what it wants, as a device does that is cut off.
    let first = curl(&["-r", "0-4999999", "-o", &to, &at]).await;
    assert!(first.status.success() && std::fs::metadata(&to).unwrap().len() == 5_000_000, "{first:?}");
    assert!(curl(&["-r", "100-199", "-o", &folder.file("part"), &at]).await.status.success());
    assert_eq!(std::fs::read(folder.file("part")).unwrap(), PatternStore::pattern(100, 100));
    assert!(curl(&["-C", "-", "-o", &to, &at]).await.status.success());
    assert_pattern(&to, BYTES);
    // The use is spent.
    assert!(!curl(&["-o", &to, &at]).await.status.success());
    assert!(served.sent() >= BYTES);
}

#[tokio::test]
async fn lftp_and_python_read_and_write() {
    let folder = Folder::new();
    let to = folder.file("to");
    for host in ["127.0.0.1", "::1"] {
        for passive in [true, false] {
            let served = offers(host).offer(image(host, BYTES), &context()).await.unwrap();
            let port = served.port().to_string();
            let login = format!("{},{}", served.user().unwrap(), served.password().unwrap().expose());
            let line = format!("set ftp:passive-mode {passive}; set net:max-retries 1; get x.bin -o {to}; bye");
            let _ = std::fs::remove_file(&to);
            let ended = run("lftp", "lftp", &["-u", &login, "-e", &line, "-p", &port, host]).await;
            whole(served, &ended, BYTES).await;
            assert_pattern(&to, BYTES);
            let script = "import ftplib, sys\n\
                host, port, user, password, passive, get, put = sys.argv[1:]\n\
                ftp = ftplib.FTP(timeout=40)\n\
                ftp.connect(host, int(port))\n\
                ftp.login(user, password)\n\
                ftp.set_pasv(passive == 'true')\n\
                print(ftp.getwelcome(), ftp.pwd(), ftp.cwd('/'), ftp.sendcmd('FEAT'), ftp.voidcmd('NOOP'))\n\
                if put:\n    ftp.storbinary('STOR x.bin', open(put, 'rb'))\n\
                else:\n    ftp.voidcmd('TYPE I')\n    print(ftp.size('/x.bin'), ftp.sendcmd('MDTM x.bin'))\n    \
                ftp.retrbinary('RETR ./x.bin', open(get, 'wb').write)\n\
                ftp.quit()\n";
            for upload in [false, true] {
                let sink = FileSink::at(folder.file("taken"));
                let served = match upload {
                    false => offers(host).offer(image(host, BYTES), &context()).await.unwrap(),
                    true => offers(host).accept(place(host, BYTES, &sink), &context()).await.unwrap(),
                };
                let put = if upload { to.as_str() } else { "" };
                let password = served.password().unwrap().expose().clone();
                let got = folder.file("got");
                let user = served.user().unwrap().to_owned();
                let port = served.port().to_string();
                let passive = passive.to_string();
                let arguments = ["-c", script, host, &port, &user, &password, &passive, &got, put];
                let ended = run("python3", "python3", &arguments).await;
                whole(served, &ended, BYTES).await;
                assert_pattern(&if upload { folder.file("taken") } else { got }, BYTES);
            }
        }
    }
}

#[tokio::test]
async fn a_cap_holds_and_a_closed_offer_is_gone() {
    let folder = Folder::new();
    let bucket = Arc::new(Bucket::new(2_000_000));
    let slow = Context { pace: Pace::default().within(bucket), ..context() };
    let began = std::time::Instant::now();
    let served = offers("127.0.0.1").offer(image("127.0.0.1", 3_000_000), &slow).await.unwrap();
    let ended = curl(&["-o", &folder.file("to"), &url("127.0.0.1", &*served)]).await;
    let at = url("127.0.0.1", &*served);
    whole(served, &ended, 3_000_000).await;
    assert!(began.elapsed() > Duration::from_millis(1300), "{:?}", began.elapsed());
    // 7: nobody listens; 67: nobody is let in.
    assert!(matches!(curl(&["-o", &folder.file("to"), &at]).await.status.code(), Some(7 | 67)));
    let served = offers("127.0.0.1").offer(image("127.0.0.1", 30_000_000), &slow).await.unwrap();
    let (to, at) = (folder.file("cut"), url("127.0.0.1", &*served));
    let pull = tokio::spawn(async move { curl(&["-o", &to, &at]).await });
    while served.sent() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    served.close().await.unwrap();
    assert!(!pull.await.unwrap().status.success());
}

#[tokio::test]
async fn what_is_too_large_or_only_half_is_not_taken() {
    let folder = Folder::new();
    let up = folder.file("up");
    std::fs::write(&up, PatternStore::pattern(0, 5_000_000)).unwrap();
    let sink = FileSink::at(folder.file("sink"));
    let served = offers("127.0.0.1").accept(place("127.0.0.1", 4_999_999, &sink), &context()).await.unwrap();
    let ended = curl(&["-T", &up, &url("127.0.0.1", &*served)]).await;
    assert!(!ended.status.success(), "{ended:?}");
    assert_eq!(served.close().await.unwrap_err().kind(), ErrorKind::Interrupted);
    // A client that is killed is no end of a file.
    let served = offers("127.0.0.1").accept(place("127.0.0.1", 1 << 30, &sink), &context()).await.unwrap();
    let at = url("127.0.0.1", &*served);
    let mut child = tokio::process::Command::new(program("curl", "curl"))
        .args(["-gsS", "--limit-rate", "1M", "-T", &up, &at])
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    while served.sent() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    // It comes again, and its new upload begins at the beginning.
    let ended = curl(&["-T", &up, &at]).await;
    assert!(ended.status.success() && sink.is_finished(), "{ended:?}");
    assert_pattern(&folder.file("sink"), 5_000_000);
    assert!(served.close().await.unwrap().bytes >= 5_000_000);
    // It is taken once.
    assert!(!curl(&["-T", &up, &at]).await.status.success());
}

#[tokio::test]
async fn ports_and_names_that_cannot_be_are_refused() {
    let taken = offers("127.0.0.1").offer(image("127.0.0.1", 10), &context()).await.unwrap();
    let with = |port, passive_ports| {
        let config = FtpConfig { bind: "127.0.0.1".into(), port, passive_ports };
        async move { FtpOffers::new(Arc::new(TcpNetwork), config).offer(image("127.0.0.1", 10), &context()).await }
    };
    let kind = |opened: Result<Box<dyn Served>>| opened.map(|_| ()).unwrap_err().kind();
    assert_eq!(kind(with(taken.port(), None).await), ErrorKind::Busy);
    assert_eq!(kind(with(0, Some((5000, 4000))).await), ErrorKind::InvalidInput);
    // Of a range every port is tried.
    let blocker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let first = blocker.local_addr().unwrap().port();
    let served = with(0, Some((first, first.saturating_add(40)))).await.unwrap();
    let folder = Folder::new();
    let ended = curl(&["-o", &folder.file("to"), &url("127.0.0.1", &*served)]).await;
    assert!(ended.status.success(), "{ended:?}");
}
