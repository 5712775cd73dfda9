//! We serve: offers that other programs pull, and accepts that they fill.

use std::process::Output;
use std::sync::Arc;

use swim_core::ErrorKind;
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Accept, Offer, Served, Sink, Transfer};
use swim_protocols::clock::TokioClock;
use swim_protocols::ftp::{FtpConfig, FtpOffers};
use swim_protocols::http::{HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{OfferConfig, SshOffers};
use swim_protocols::tftp::{TftpConfig, TftpOffers};
use swim_protocols::tls::Identity;

use crate::Tally;
use crate::peers::SmallDisk;
use crate::sink::FileSink;
use crate::support::memory::PatternStore;
use crate::support::{Folder, context, offer, openssh, program};

/// What a device can type and every program can ask for.
const NAMES: &[(&str, u64)] =
    &[("empty.bin", 0), ("one.bin", 1), ("b512.bin", 512 * 64), ("b64k.bin", 65_536 * 3), ("odd.size.bin", 1_000_003)];

/// What a puller must know.
struct Place<'a> {
    host: String,
    served: &'a dyn Served,
    folder: &'a Folder,
    identity: &'a Identity,
}

impl Place<'_> {
    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}:{}/{}", self.host, self.served.port(), self.served.path())
    }

    fn login_url(&self, scheme: &str) -> String {
        self.url(scheme).replacen("://", &format!("://{}:{}@", self.user(), self.password()), 1)
    }

    /// The words of lftp for one command.
    fn lftp(&self, active: bool, command: &str) -> Vec<String> {
        let (login, port) = (format!("{},{}", self.user(), self.password()), self.served.port().to_string());
        let encrypted = if self.served.certificate().is_some() {
            format!("set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:ca-file {};", self.authority())
        } else {
            String::new()
        };
        let mode = if active { "off" } else { "on" };
        let line = format!("{encrypted} set ftp:passive-mode {mode}; set net:max-retries 1; {command}; bye");
        let host = self.host.trim_matches(['[', ']']);
        ["-u", &login, "-e", &line, "-p", &port, host].map(str::to_owned).to_vec()
    }

    /// The words of curl, all of it encrypted.
    fn curl_ftps(&self, more: &[&str]) -> Vec<String> {
        let (authority, url) = (self.authority(), self.login_url("ftp"));
        let words = [&["-gsS", "--ssl-reqd", "--cacert", &authority], more, &[&url]].concat();
        words.into_iter().map(str::to_owned).collect()
    }

    /// The file of the certificate that HTTPS and FTPS offers show.
    fn authority(&self) -> String {
        let file = self.folder.file("authority");
        std::fs::write(&file, self.identity.pem()).unwrap();
        file
    }

    fn password(&self) -> String {
        self.served.password().map(|p| p.expose().clone()).unwrap_or_default()
    }

    fn user(&self) -> String {
        self.served.user().unwrap_or_default().to_owned()
    }
}

async fn run(name: &str, package: &str, arguments: &[String]) -> Output {
    let mut command = tokio::process::Command::new(program(name, package));
    command.args(arguments).kill_on_drop(true).output().await.unwrap()
}

/// Programs that pull, by protocol.
const PULLERS: &[(Protocol, &str)] = &[
    (Protocol::Scp, "scp -O"),
    (Protocol::Sftp, "scp"),
    (Protocol::Sftp, "sftp"),
    (Protocol::Http, "curl, one GET"),
    (Protocol::Http, "curl in ranges"),
    (Protocol::Https, "curl --cacert, one GET"),
    (Protocol::Https, "curl --cacert, in ranges"),
    (Protocol::Tftp, "curl, blocks of 1468"),
    (Protocol::Tftp, "tftp-hpa"),
    (Protocol::Tftp, "atftp, windows of 16"),
    (Protocol::Ftp, "curl, passive"),
    (Protocol::Ftp, "curl, active"),
    (Protocol::Ftp, "lftp, passive"),
    (Protocol::Ftp, "lftp, active"),
    (Protocol::Ftps, "curl, encrypted, passive"),
    (Protocol::Ftps, "lftp, encrypted, passive"),
    // No curl: 7.87 and 7.88 set up no TLS on data connections that they accept, with any server (curl/curl#10666).
    (Protocol::Ftps, "lftp, encrypted, active"),
];

async fn pull(program: &str, place: &Place<'_>, to: &str) -> Output {
    let text = |parts: &[&str]| parts.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
    let port = place.served.port().to_string();
    let bare = place.host.trim_matches(['[', ']']).to_owned();
    let from = format!("{}@{}:{}", place.user(), place.host, place.served.path());
    match program {
        "scp -O" | "scp" => {
            let mut arguments = if program == "scp" { vec![] } else { text(&["-O"]) };
            arguments.extend(text(&["-P", &port, &from, to]));
            openssh("scp", &place.password(), place.folder, &arguments).await
        }
        "sftp" => openssh("sftp", &place.password(), place.folder, &text(&["-P", &port, &from, to])).await,
        "curl, one GET" => run("curl", "curl", &text(&["-gsSf", "-o", to, &place.url("http")])).await,
        "curl --cacert, one GET" => {
            run("curl", "curl", &text(&["-gsSf", "--cacert", &place.authority(), "-o", to, &place.url("https")])).await
        }
        "curl in ranges" | "curl --cacert, in ranges" => {
            let (scheme, ca) = if program == "curl in ranges" {
                ("http", Vec::new())
            } else {
                ("https", text(&["--cacert", &place.authority()]))
            };
            let url = place.url(scheme);
            let part = |more: &[&str]| [ca.clone(), text(more), text(&["-gsSf", "-o", to, &url])].concat();
            let first = run("curl", "curl", &part(&["-r", "0-99999"])).await;
            // A server has no range to give of a file that is shorter.
            if std::fs::metadata(to).is_ok_and(|f| f.len() == 100_000) {
                run("curl", "curl", &part(&["-C", "100000"])).await
            } else {
                first
            }
        }
        "curl, passive" => run("curl", "curl", &text(&["-gsS", "-o", to, &place.login_url("ftp")])).await,
        "curl, active" => {
            run("curl", "curl", &text(&["-gsS", "--ftp-port", "-", "-o", to, &place.login_url("ftp")])).await
        }
        "curl, encrypted, passive" => run("curl", "curl", &place.curl_ftps(&["-o", to])).await,
        "lftp, passive" | "lftp, active" | "lftp, encrypted, passive" | "lftp, encrypted, active" => {
            let active = program.ends_with("active");
            run("lftp", "lftp", &place.lftp(active, &format!("get {} -o {to}", place.served.path()))).await
        }
        "curl, blocks of 1468" => {
            run("curl", "curl", &text(&["-gsSf", "--tftp-blksize", "1468", "-o", to, &place.url("tftp")])).await
        }
        "tftp-hpa" => {
            let arguments = text(&["-m", "binary", &bare, &port, "-c", "get", place.served.path(), to]);
            run("tftp", "tftp-hpa", &arguments).await
        }
        _ => {
            let options = ["--option", "blksize 1468", "--option", "windowsize 16", "-g", "-r", place.served.path()];
            let mut arguments = text(&options);
            arguments.extend(text(&["-l", to, &bare, &port]));
            run("atftp", "atftp", &arguments).await
        }
    }
}

fn adapters(host: &str, identity: &Identity) -> Vec<Arc<dyn Transfer>> {
    let network = Arc::new(TcpNetwork);
    let bind = host.to_owned();
    let config = OfferConfig { bind: bind.clone(), ..OfferConfig::default() };
    let (scp, sftp) = SshOffers::new(Arc::clone(&network) as _, config).unwrap();
    let config = FtpConfig { bind: bind.clone(), port: 0, passive_ports: None };
    let ftp = FtpOffers::new(Arc::clone(&network) as _, config);
    vec![
        Arc::new(scp),
        Arc::new(sftp),
        Arc::new(HttpOffers::new(
            Arc::clone(&network) as _,
            HttpConfig { bind: bind.clone(), ..HttpConfig::default() },
        )),
        Arc::new(ftp.tls(identity.clone())),
        Arc::new(ftp),
        Arc::new(HttpOffers::tls(
            Arc::clone(&network) as _,
            HttpConfig { bind: bind.clone(), ..HttpConfig::default() },
            identity.clone(),
        )),
        Arc::new(TftpOffers::new(network, TftpConfig { bind, port: 0 })),
    ]
}

pub async fn rows(host: &str, tally: &mut Tally) {
    let identity = Identity::self_signed(&[host.to_owned()], Arc::new(TokioClock::system())).unwrap();
    for adapter in adapters(host, &identity) {
        let protocol = adapter.ability().protocol;
        if adapter.ability().directions.contains(&Direction::Pull) {
            for (_, puller) in PULLERS.iter().filter(|(p, _)| *p == protocol) {
                tally.row(&format!("{protocol} offer to {puller} at {host}"));
                pulls(&*adapter, puller, host, &identity, tally).await;
            }
        }
        if adapter.ability().directions.contains(&Direction::Upload) {
            for (_, uploader) in UPLOADERS.iter().filter(|(p, _)| *p == protocol) {
                tally.row(&format!("{protocol} accept of {uploader} at {host}"));
                uploads(&*adapter, uploader, host, &identity, tally).await;
            }
        }
    }
}

async fn pulls(adapter: &dyn Transfer, puller: &str, host: &str, identity: &Identity, tally: &mut Tally) {
    let folder = Folder::new();
    for (name, bytes) in NAMES {
        let work = async {
            let request = Offer { source: Some(host.to_owned()), ..offer(*bytes, name) };
            let served = adapter.offer(request, &context()).await.map_err(|e| e.report().to_string())?;
            let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            let to = folder.file(name);
            let place = Place { host: shown, served: &*served, folder: &folder, identity };
            let ended = pull(puller, &place, &to).await;
            let content = std::fs::read(&to).unwrap_or_default();
            if content != PatternStore::pattern(0, usize::try_from(*bytes).unwrap()) {
                return Err(format!("{} bytes came: {}", content.len(), String::from_utf8_lossy(&ended.stderr)));
            }
            let _ = std::fs::remove_file(&to);
            // It is used up.
            let again = pull(puller, &place, &to).await;
            let content = std::fs::read(&to).unwrap_or_default();
            if !content.is_empty() && content.len() as u64 == *bytes {
                return Err(format!("it came twice: {again:?}"));
            }
            let receipt = served.close().await.map_err(|e| e.report().to_string())?;
            if receipt.bytes >= *bytes { Ok(()) } else { Err(format!("{receipt:?}")) }
        };
        tally.cell(name, work).await;
    }
    for name in ["../x.bin", "a b.bin", "", "-rf", "x/y"] {
        let refused = adapter.offer(offer(10, name), &context()).await.map(|_| ()).map_err(|e| e.kind());
        let work = async { if refused == Err(ErrorKind::InvalidInput) { Ok(()) } else { Err(format!("{refused:?}")) } };
        tally.cell(&format!("name {name:?} is refused"), work).await;
    }
}

/// Programs that upload, by protocol.
const UPLOADERS: &[(Protocol, &str)] = &[
    (Protocol::Scp, "scp -O, up"),
    (Protocol::Sftp, "scp, up"),
    (Protocol::Sftp, "sftp put"),
    (Protocol::Http, "curl -T"),
    (Protocol::Http, "curl -T in chunks"),
    (Protocol::Https, "curl -T, encrypted"),
    (Protocol::Ftp, "curl -T, passive"),
    (Protocol::Ftp, "curl -T, active"),
    (Protocol::Ftp, "lftp put, passive"),
    (Protocol::Ftp, "lftp put, active"),
    (Protocol::Ftps, "curl -T, encrypted, passive"),
    (Protocol::Ftps, "lftp put, encrypted, passive"),
    (Protocol::Ftps, "lftp put, encrypted, active"),
    (Protocol::Tftp, "curl -T, blocks of 1468"),
    (Protocol::Tftp, "tftp-hpa put"),
    (Protocol::Tftp, "atftp -p, windows of 16"),
];

/// Uploads a file; did the program say that it worked?
async fn upload(program: &str, place: &Place<'_>, path: &str, from: &str) -> Result<(), String> {
    let text = |parts: &[&str]| parts.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
    let port = place.served.port().to_string();
    let bare = place.host.trim_matches(['[', ']']).to_owned();
    let url = |scheme: &str| format!("{scheme}://{}:{port}/{path}", place.host);
    let who = format!("{}@{}", place.user(), place.host);
    let ended = match program {
        "scp -O, up" | "scp, up" => {
            let mut arguments = if program == "scp, up" { vec![] } else { text(&["-O"]) };
            arguments.extend(text(&["-P", &port, from, &format!("{who}:{path}")]));
            openssh("scp", &place.password(), place.folder, &arguments).await
        }
        "sftp put" => {
            let batch = place.folder.file("batch");
            std::fs::write(&batch, format!("put {from} {path}\n")).unwrap();
            let arguments = text(&["-o", "BatchMode=no", "-b", &batch, "-P", &port, &who]);
            openssh("sftp", &place.password(), place.folder, &arguments).await
        }
        "curl -T" => run("curl", "curl", &text(&["-gsSf", "-T", from, &url("http")])).await,
        "curl -T, encrypted" => {
            run("curl", "curl", &text(&["-gsSf", "--cacert", &place.authority(), "-T", from, &url("https")])).await
        }
        // It does not know the size of what comes through a pipe.
        "curl -T in chunks" => {
            let mut curl = tokio::process::Command::new(crate::support::program("curl", "curl"));
            curl.args(["-gsSf", "-T", "-", &url("http")]).stdin(std::fs::File::open(from).unwrap());
            curl.kill_on_drop(true).output().await.unwrap()
        }
        "curl -T, passive" | "curl -T, active" => {
            let active: &[&str] = if program == "curl -T, active" { &["--ftp-port", "-"] } else { &[] };
            run("curl", "curl", &text(&[&["-gsS", "-T", from, &place.login_url("ftp")], active].concat())).await
        }
        "curl -T, encrypted, passive" => run("curl", "curl", &place.curl_ftps(&["-T", from])).await,
        "lftp put, passive" | "lftp put, active" | "lftp put, encrypted, passive" | "lftp put, encrypted, active" => {
            let active = program.ends_with("active");
            run("lftp", "lftp", &place.lftp(active, &format!("put {from} -o {path}"))).await
        }
        "curl -T, blocks of 1468" => {
            run("curl", "curl", &text(&["-gsSf", "--tftp-blksize", "1468", "-T", from, &url("tftp")])).await
        }
        "tftp-hpa put" => {
            run("tftp", "tftp-hpa", &text(&["-m", "binary", &bare, &port, "-c", "put", from, path])).await
        }
        _ => {
            let options = ["--option", "blksize 1468", "--option", "windowsize 16", "-p", "-r", path, "-l", from];
            run("atftp", "atftp", &[text(&options), text(&[&bare, &port])].concat()).await
        }
    };
    let words = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    // tftp-hpa says so in words only.
    if ended.status.success() && !words.contains("Error code") { Ok(()) } else { Err(words) }
}

/// A place at which `most` bytes are taken.
async fn place(adapter: &dyn Transfer, host: &str, name: &str, sink: &Arc<FileSink>, most: u64) -> Box<dyn Served> {
    let sink: Arc<dyn Sink> = Arc::<FileSink>::clone(sink);
    let Offer { device, lifetime, .. } = offer(1, name);
    let request = Accept { device, name: name.to_owned(), sink, most, source: Some(host.to_owned()), lifetime };
    adapter.accept(request, &context()).await.unwrap()
}

/// SFTP says the same of an empty file as of an upload that was given up before its first byte: neither is called whole.
async fn nothing_was_taken(sink: &FileSink, served: Box<dyn Served>) -> Result<(), String> {
    match (sink.is_finished(), served.close().await.map_err(|e| e.kind())) {
        (false, Err(ErrorKind::Interrupted)) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

async fn uploads(adapter: &dyn Transfer, uploader: &str, host: &str, identity: &Identity, tally: &mut Tally) {
    let folder = Folder::new();
    let (from, to) = (folder.file("from"), folder.file("to"));
    let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let write = |bytes: u64| std::fs::write(&from, PatternStore::pattern(0, usize::try_from(bytes).unwrap())).unwrap();
    for (name, bytes) in NAMES {
        let work = async {
            write(*bytes);
            let _ = std::fs::remove_file(&to);
            let sink = FileSink::at(&to);
            let served = place(adapter, host, name, &sink, (*bytes).max(1)).await;
            let at = Place { host: shown.clone(), served: &*served, folder: &folder, identity };
            // Where the path is plain, the login is the credential.
            if served.path() != *name && upload(uploader, &at, name, &from).await.is_ok() {
                return Err("the name alone was enough".to_owned());
            }
            upload(uploader, &at, served.path(), &from).await?;
            if *bytes == 0 && matches!(uploader, "scp, up" | "sftp put") {
                return nothing_was_taken(&sink, served).await;
            }
            let content = std::fs::read(&to).unwrap_or_default();
            if !sink.is_finished() || content != PatternStore::pattern(0, usize::try_from(*bytes).unwrap()) {
                return Err(format!("{} bytes came", content.len()));
            }
            if upload(uploader, &at, served.path(), &from).await.is_ok() {
                return Err("it was taken twice".to_owned());
            }
            let receipt = served.close().await.map_err(|e| e.report().to_string())?;
            if receipt.bytes == *bytes { Ok(()) } else { Err(format!("{receipt:?}")) }
        };
        tally.cell(name, work).await;
    }
    write(1_000_003);
    let refused = async |sink: &Arc<FileSink>, most: u64| {
        let served = place(adapter, host, "x.bin", sink, most).await;
        let at = Place { host: shown.clone(), served: &*served, folder: &folder, identity };
        let said = upload(uploader, &at, served.path(), &from).await;
        match (said, sink.is_finished(), served.close().await.map_err(|e| e.kind())) {
            (Err(_), false, Err(ErrorKind::Interrupted)) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    };
    tally.cell("larger than is taken", refused(&FileSink::at(folder.file("large")), 1_000_002)).await;
    let full = folder.file("full");
    match SmallDisk::mount(&full) {
        Some(_disk) => {
            write(3_000_001);
            tally.cell("our disk is full", refused(&FileSink::at(format!("{full}/x")), 1 << 30)).await;
        }
        None => println!("(no right to mount a small disk: that cell is left out)"),
    }
}
