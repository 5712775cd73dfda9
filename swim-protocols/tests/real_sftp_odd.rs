//! SFTP against far ends that behave as real ones sometimes do: slow flash, handles that are no text, one session only,
//! connections that die without a word. The server is always OpenSSH; what is odd is its subsystem or the way to it.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/relay.rs"]
mod relay;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use relay::{Cut, Fault, Relay, Way};
use sink::{FileSink, fetch};
use support::memory::PatternStore;
use support::{Folder, Sshd, assert_pattern, context, program, push};
use swim_core::model::{Device, Endpoint};
use swim_core::ports::{Context, Fetch, Sink, Transfer};
use swim_core::{ErrorKind, Result};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::ssh::{SshConfig, Striping};
use tokio::sync::Barrier;

/// Not a multiple of any block.
const BYTES: u64 = 3 * 1024 * 1024 + 4321;
/// Enough for several channels.
const LARGE: u64 = 40 * 1024 * 1024 + 4321;

/// An sshd whose SFTP is the odd one.
fn odd(kind: &str) -> Sshd {
    let python = program("python3", "python3");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/odd_sftp.py");
    Sshd::with("ed25519", 0, &format!("LogLevel VERBOSE\nSubsystem sftp {} {script} {kind}\n", python.display()))
}

fn config(striping: Striping, silence_seconds: u64) -> SshConfig {
    SshConfig { striping, silence_seconds, ..SshConfig::default() }
}

/// A push and a fetch over this server, byte for byte.
async fn both_ways(sshd: &Sshd, config: SshConfig, bytes: u64) {
    let client = sshd.client_with(&Arc::default(), config);
    let path = sshd.folder.file("x.bin");
    SftpPush::new(Arc::clone(&client)).push(push(sshd.device(), bytes, &path), &context()).await.unwrap();
    assert_pattern(&path, bytes);
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("y.bin"));
    SftpFetch::new(client).fetch(fetch(sshd.device(), &path, &sink), &context()).await.unwrap();
    assert_pattern(&folder.file("y.bin"), bytes);
}

#[tokio::test]
async fn handles_that_are_no_text_short_reads_no_words_and_answers_out_of_order_are_fine() {
    for kind in ["handles", "short", "wordless", "backwards"] {
        both_ways(&odd(kind), SshConfig::default(), BYTES).await;
    }
}

#[tokio::test]
async fn flash_that_answers_after_half_a_minute_is_waited_for() {
    let sshd = odd("slow 30");
    let path = sshd.folder.file("x.bin");
    let sftp = SftpPush::new(sshd.client(&Arc::default()));
    let receipt = sftp.push(push(sshd.device(), BYTES, &path), &context()).await.unwrap();
    assert!(receipt.millis >= 30_000, "{receipt:?}");
    assert_pattern(&path, BYTES);
}

#[tokio::test]
async fn silence_beyond_the_limit_ends_a_push_with_its_reason() {
    let sshd = odd("slow 60");
    let sftp = SftpPush::new(sshd.client_with(&Arc::default(), config(Striping::Auto, 1)));
    let e = sftp.push(push(sshd.device(), BYTES, &sshd.folder.file("x.bin")), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Timeout, "{e:?}");
}

#[tokio::test]
async fn a_slow_server_gets_the_file_over_several_channels() {
    let sshd = odd("crawling 10");
    let path = sshd.folder.file("x.bin");
    let sftp = SftpPush::new(sshd.client(&Arc::default()));
    sftp.push(push(sshd.device(), LARGE, &path), &context()).await.unwrap();
    assert_pattern(&path, LARGE);
    let sessions = sshd.sftp_sessions();
    assert!((2..=8).contains(&sessions), "{sessions} channels");
}

#[tokio::test]
async fn never_striping_means_one_channel() {
    let sshd = odd("crawling 2");
    let path = sshd.folder.file("x.bin");
    let sftp = SftpPush::new(sshd.client_with(&Arc::default(), config(Striping::Never, 120)));
    sftp.push(push(sshd.device(), LARGE, &path), &context()).await.unwrap();
    assert_pattern(&path, LARGE);
    assert_eq!(sshd.sftp_sessions(), 1);
}

#[tokio::test]
async fn a_server_of_one_session_gets_the_file_over_that_one() {
    let python = program("python3", "python3");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/odd_sftp.py");
    let one = format!("MaxSessions 1\nLogLevel VERBOSE\nSubsystem sftp {} {script} crawling 2\n", python.display());
    let sshd = Sshd::with("ed25519", 0, &one);
    both_ways(&sshd, config(Striping::Always, 120), LARGE).await;
    assert_eq!(sshd.sftp_sessions(), 2, "one for the push, one for the fetch");
}

/// A sink whose first write waits until everybody writes.
#[derive(Debug)]
struct Together {
    all: Arc<Barrier>,
    came: AtomicUsize,
}

#[async_trait]
impl Sink for Together {
    async fn have(&self) -> Result<u64> {
        Ok(0)
    }

    async fn read(&self, _: u64, _: usize) -> Result<Bytes> {
        Ok(Bytes::new())
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        if self.came.load(Ordering::Relaxed) == 0 {
            self.all.wait().await;
        }
        assert_eq!(bytes, PatternStore::pattern(offset, bytes.len()));
        self.came.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(())
    }

    async fn finish(&self, _: u64) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_files_are_open_at_once() {
    const FILES: usize = 200;
    const SIZE: usize = 20_000;
    let sshd = Sshd::with("ed25519", 0, "MaxStartups 400\n");
    let path = sshd.folder.file("x.bin");
    std::fs::write(&path, PatternStore::pattern(0, SIZE)).unwrap();
    let client = sshd.client(&Arc::default());
    let all = Arc::new(Barrier::new(FILES));
    let fetches = (0..FILES).map(|_| {
        let (sftp, all) = (SftpFetch::new(Arc::clone(&client)), Arc::clone(&all));
        let (device, path) = (sshd.device(), path.clone());
        tokio::spawn(async move {
            let sink = Arc::new(Together { all, came: AtomicUsize::new(0) });
            let request = Fetch {
                device,
                path,
                query: None,
                sink: Arc::clone(&sink) as Arc<dyn Sink>,
                bytes: None,
                most: SIZE as u64,
            };
            sftp.fetch(request, &context()).await.map(|_| sink.came.load(Ordering::Relaxed))
        })
    });
    for fetched in futures_util::future::join_all(fetches).await {
        assert_eq!(fetched.unwrap().unwrap(), SIZE);
    }
}

fn through(relay: &Relay, device: Device) -> Device {
    Device { at: Endpoint { host: "127.0.0.1".into(), port: relay.port }, ..device }
}

#[tokio::test]
async fn a_path_that_goes_dead_is_noticed_both_ways() {
    let sshd = Sshd::start();
    let client = sshd.client_with(&Arc::default(), config(Striping::Auto, 2));
    let path = sshd.folder.file("x.bin");
    std::fs::write(sshd.folder.file("there.bin"), PatternStore::pattern(0, LARGE as usize)).unwrap();
    for fault in [Fault::Stall, Fault::HalfClose, Fault::Reset] {
        for way in [Way::Up, Way::Down] {
            // The login is a few kilobytes either way; a push hears little more than that.
            let at = |moving: Way| if way == moving { LARGE / 4 } else { 6000 };
            let relay = Relay::start(sshd.port, Some(Cut { way, at: at(Way::Up), fault })).await;
            let request = push(through(&relay, sshd.device()), LARGE, &path);
            let pushed = SftpPush::new(Arc::clone(&client)).push(request, &context()).await;
            let e = pushed.unwrap_err();
            assert!(relay.is_cut(), "push {fault:?} {way:?}: {e:?}");
            assert!(matches!(e.kind(), ErrorKind::Timeout | ErrorKind::Interrupted), "push {fault:?} {way:?}: {e:?}");
            let relay = Relay::start(sshd.port, Some(Cut { way, at: at(Way::Down), fault })).await;
            let folder = Folder::new();
            let sink = FileSink::at(folder.file("y.bin"));
            let request = fetch(through(&relay, sshd.device()), &sshd.folder.file("there.bin"), &sink);
            let e = SftpFetch::new(Arc::clone(&client)).fetch(request, &context()).await.unwrap_err();
            assert!(relay.is_cut() && !sink.is_finished(), "fetch {fault:?} {way:?}: {e:?}");
            assert!(matches!(e.kind(), ErrorKind::Timeout | ErrorKind::Interrupted), "fetch {fault:?} {way:?}: {e:?}");
        }
    }
}

#[tokio::test]
async fn a_push_that_is_cancelled_stops_and_the_next_goes_on() {
    let sshd = odd("crawling 20");
    let path = sshd.folder.file("x.bin");
    let sftp = SftpPush::new(sshd.client(&Arc::default()));
    let cx: Context = context();
    let stop = cx.cancel.clone();
    let request = push(sshd.device(), LARGE, &path);
    let (pushed, ()) = tokio::join!(sftp.push(request.clone(), &cx), async {
        while std::fs::metadata(&path).map_or(0, |m| m.len()) < LARGE / 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
    });
    let e = pushed.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Cancelled, "{e:?}");
    let receipt = sftp.push(request, &context()).await.unwrap();
    assert!(receipt.resumed_from > 0, "{receipt:?}");
    assert_pattern(&path, LARGE);
}
