//! We dial: push and fetch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use swim_core::ErrorKind;
use swim_core::model::{Device, Fingerprint, HostKeyPolicy, Protocol, TlsTrust};
use swim_core::ports::{Fetch, Push, Sink};

use crate::certificates::Authority;
use crate::peers::{self, Peer, SmallDisk};
use crate::sink::FileSink;
use crate::support::memory::PatternStore;
use crate::support::{Folder, context, push};
use crate::{FILES, Tally};

/// A file beyond what 32 bits count.
const HUGE: u64 = 5 * 1024 * 1024 * 1024;

pub async fn rows(host: &str, tally: &mut Tally) {
    for peer in peers::all(host) {
        tally.row(&format!("{} push, {} at {host}", peer.protocol, peer.name));
        pushes(&peer, tally).await;
        tally.row(&format!("{} fetch, {} at {host}", peer.protocol, peer.name));
        fetches(&peer, tally).await;
        if std::env::var_os("SWIM_MATRIX_ALL").is_some() && host == "127.0.0.1" {
            tally.row(&format!("{} beyond 4 GiB, {}", peer.protocol, peer.name));
            huge(&peer, tally).await;
        }
    }
}

fn same(path: &str, bytes: u64) -> Result<(), String> {
    let content = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
    let right = content == PatternStore::pattern(0, usize::try_from(bytes).unwrap());
    if right { Ok(()) } else { Err(format!("{} bytes are not the file of {bytes}", content.len())) }
}

fn is<T>(found: Result<T, swim_core::Error>, kinds: &[ErrorKind]) -> Result<(), String> {
    match found {
        Err(e) if kinds.contains(&e.kind()) => Ok(()),
        Err(e) => Err(format!("{:?} instead of {kinds:?}: {}", e.kind(), e.report())),
        Ok(_) => Err(format!("it worked, instead of {kinds:?}")),
    }
}

/// The other side as it is when something is wrong with it.
async fn wrong_sides(peer: &Peer) -> Vec<(&'static str, Device, Vec<ErrorKind>)> {
    let mut closed = peer.device.clone();
    closed.at.port = 1;
    let mut sides = vec![("connection refused", closed, vec![ErrorKind::Unreachable])];
    if peer.login {
        sides.push(("wrong password", peer.with_wrong_password(), vec![ErrorKind::Auth]));
    }
    if peer.protocol.over_ssh() {
        let mut other = peer.device.clone();
        other.host_key = HostKeyPolicy::Pinned("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned());
        sides.push(("wrong host key", other, vec![ErrorKind::Auth, ErrorKind::Integrity]));
    }
    if matches!(peer.protocol, Protocol::Https | Protocol::Ftps) {
        let pin = Fingerprint::of(b"another certificate").to_string();
        for (what, tls) in [
            ("another certificate than the pinned one", TlsTrust::Pinned(pin)),
            ("unknown issuer", TlsTrust::MachineRoots),
            ("wrong CA", TlsTrust::Ca(Authority::new().pem)),
        ] {
            sides.push((what, Device { tls, ..peer.device.clone() }, vec![ErrorKind::Auth]));
        }
    }
    sides
}

/// nginx says no more than that it failed; then we must not know better.
fn vague(peer: &Peer) -> ErrorKind {
    if matches!(peer.protocol, Protocol::Http | Protocol::Https) {
        ErrorKind::DeviceRejected
    } else {
        ErrorKind::NoSpace
    }
}

async fn pushes(peer: &Peer, tally: &mut Tally) {
    for (name, bytes) in FILES {
        let work = async {
            let request = Push { device: peer.device.clone(), ..push(peer.device.clone(), *bytes, &peer.path(name)) };
            let receipt = peer.push.push(request, &context()).await.map_err(|e| e.report().to_string())?;
            same(&peer.local(name), *bytes)?;
            if receipt.bytes == *bytes { Ok(()) } else { Err(format!("{receipt:?}")) }
        };
        tally.cell(name, work).await;
    }
    for (what, device, kinds) in wrong_sides(peer).await {
        let request = push(device, 1000, &peer.path("x.bin"));
        tally.cell(what, async { is(peer.push.push(request, &context()).await, &kinds) }).await;
    }
    let nowhere = push(peer.device.clone(), 1000, &peer.path("no/such/x.bin"));
    // Some servers make folders, some say only that they will not; none may claim that it worked without the file.
    let made = async {
        match peer.push.push(nowhere, &context()).await {
            Ok(_) => same(&peer.local("no/such/x.bin"), 1000),
            refused => is(refused, &[ErrorKind::NotFound, ErrorKind::Conflict, ErrorKind::Privilege, vague(peer)]),
        }
    };
    tally.cell("folder that is not there", made).await;
    let full = peer.local("full");
    match SmallDisk::mount(&full) {
        Some(_disk) => {
            let request = push(peer.device.clone(), 4_000_000, &peer.path("full/x.bin"));
            let work = async { is(peer.push.push(request, &context()).await, &[ErrorKind::NoSpace, vague(peer)]) };
            tally.cell("disk full", work).await;
        }
        None => println!("(no right to mount a small disk: that cell is left out)"),
    }
    tally.cell("on from a half", half(peer)).await;
}

/// What is there already is not sent again, where the protocol can go on; otherwise it is replaced.
async fn half(peer: &Peer) -> Result<(), String> {
    let (name, bytes, there) = ("half.bin", 3_000_001, 1_500_000);
    std::fs::write(peer.local(name), PatternStore::pattern(0, there)).unwrap();
    let request = push(peer.device.clone(), bytes, &peer.path(name));
    let receipt = peer.push.push(request, &context()).await.map_err(|e| e.report().to_string())?;
    same(&peer.local(name), bytes)?;
    let may = peer.push.ability().resumes && !matches!(peer.protocol, Protocol::Http | Protocol::Https);
    let expected = if may { bytes - there as u64 } else { bytes };
    if receipt.bytes == expected { Ok(()) } else { Err(format!("{} bytes instead of {expected}", receipt.bytes)) }
}

async fn fetches(peer: &Peer, tally: &mut Tally) {
    let here = Folder::new();
    let request = |device: Device, name: &str, sink: &Arc<FileSink>| Fetch {
        device,
        path: peer.path(name),
        query: None,
        sink: Arc::clone(sink) as Arc<dyn Sink>,
        bytes: None,
        most: 1 << 30,
    };
    for (name, bytes) in FILES {
        std::fs::write(peer.local(name), PatternStore::pattern(0, usize::try_from(*bytes).unwrap())).unwrap();
        let sink = FileSink::at(here.file(name));
        let work = async {
            let fetched = peer.fetch.fetch(request(peer.device.clone(), name, &sink), &context()).await;
            let receipt = fetched.map_err(|e| e.report().to_string())?;
            same(&here.file(name), *bytes)?;
            if receipt.bytes == *bytes && sink.is_finished() { Ok(()) } else { Err(format!("{receipt:?}")) }
        };
        tally.cell(name, work).await;
    }
    for (what, device, kinds) in wrong_sides(peer).await {
        let sink = FileSink::at(here.file("x"));
        let work = async { is(peer.fetch.fetch(request(device, "one.bin", &sink), &context()).await, &kinds) };
        tally.cell(what, work).await;
    }
    let sink = FileSink::at(here.file("missing"));
    let missing = request(peer.device.clone(), "is-not-there.bin", &sink);
    tally
        .cell("file that is not there", async {
            is(peer.fetch.fetch(missing, &context()).await, &[ErrorKind::NotFound])
        })
        .await;
    let large = Fetch { most: 100, ..request(peer.device.clone(), "odd size.bin", &sink) };
    tally
        .cell("larger than is taken", async { is(peer.fetch.fetch(large, &context()).await, &[ErrorKind::NoSpace]) })
        .await;
    let halved = here.file("half");
    std::fs::write(&halved, PatternStore::pattern(0, 600_000)).unwrap();
    let sink = FileSink::at(&halved);
    let work = async {
        let fetched = peer.fetch.fetch(request(peer.device.clone(), "odd size.bin", &sink), &context()).await;
        let receipt = fetched.map_err(|e| e.report().to_string())?;
        same(&halved, 1_000_003)?;
        let expected = if peer.resumes { 400_003 } else { 1_000_003 };
        if receipt.bytes == expected { Ok(()) } else { Err(format!("{} bytes instead of {expected}", receipt.bytes)) }
    };
    tally.cell("on from a half", work).await;
    // 200 files at once: servers with handles of few bytes use binary ones from the 128th on.
    let fetched = AtomicUsize::new(0);
    let many = async {
        let all = (0..200).map(|n| {
            let sink = FileSink::at(here.file(&format!("many-{n}")));
            let one = request(peer.device.clone(), "one.bin", &sink);
            let fetched = &fetched;
            async move { peer.fetch.fetch(one, &context()).await.map(|_| fetched.fetch_add(1, Ordering::Relaxed)) }
        });
        // An sshd as it is delivered turns connections away when more than ten are logging in.
        use futures_util::{StreamExt, TryStreamExt};
        let done = futures_util::stream::iter(all).buffer_unordered(8).try_collect::<Vec<_>>().await;
        done.map(|_| ()).map_err(|e| e.report().to_string())
    };
    tally.cell_of_parts("200 files", &fetched, many).await;
}

/// A sparse file of 5 GiB comes whole.
async fn huge(peer: &Peer, tally: &mut Tally) {
    let here = Folder::new();
    let (there, to) = (peer.local("huge.bin"), here.file("huge.bin"));
    let file = std::fs::File::create(&there).unwrap();
    file.set_len(HUGE).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"beyond", HUGE - 6).unwrap();
    let sink = FileSink::at(&to);
    let work = async {
        let sink: Arc<dyn Sink> = Arc::clone(&sink) as Arc<dyn Sink>;
        let (device, path) = (peer.device.clone(), peer.path("huge.bin"));
        let request = Fetch { device, path, query: None, sink, bytes: Some(HUGE), most: HUGE };
        peer.fetch.fetch(request, &context()).await.map_err(|e| e.report().to_string()).map(|_| ())
    };
    // Longer than other cells take.
    let ended = tokio::time::timeout(std::time::Duration::from_secs(900), work).await;
    let right = || {
        let mut end = [0; 6];
        let file = std::fs::File::open(&to).unwrap();
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut end, HUGE - 6).is_ok() && &end == b"beyond"
    };
    let found = match ended {
        Ok(Ok(())) if right() && sink.written.load(Ordering::Relaxed) == HUGE => Ok(()),
        Ok(Ok(())) => Err("another file came".to_owned()),
        Ok(Err(e)) => Err(e),
        Err(_) => Err("it hangs".to_owned()),
    };
    tally.cell("fetch of 5 GiB", async { found }).await;
    let _ = std::fs::remove_file(there);
}
