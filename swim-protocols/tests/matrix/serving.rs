//! We serve: offers that other programs pull, and accepts that they fill.

use std::process::Output;
use std::sync::Arc;

use swim_core::ErrorKind;
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Offer, Served, Transfer};
use swim_protocols::clock::TokioClock;
use swim_protocols::http::{HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{OfferConfig, SshOffers};
use swim_protocols::tftp::{TftpConfig, TftpOffers};
use swim_protocols::tls::Identity;

use crate::Tally;
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

    /// The file of the certificate that HTTPS offers show.
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
    vec![
        Arc::new(scp),
        Arc::new(sftp),
        Arc::new(HttpOffers::new(
            Arc::clone(&network) as _,
            HttpConfig { bind: bind.clone(), ..HttpConfig::default() },
        )),
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
