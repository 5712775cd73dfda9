//! Devices upload over SSH: OpenSSH's `sftp` and `scp` in both of its protocols, and paramiko, against our accepts.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
#[path = "support/sink.rs"]
mod uploaded;

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use support::memory::PatternStore;
use support::{Folder, assert_pattern, context, offer, openssh};
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Accept, Served, Sink, Transfer};
use swim_core::{Error, ErrorKind, Result};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{OfferConfig, SshOffers};
use uploaded::FileSink;

const NAME: &str = "x.bin";
/// Not a multiple of any block.
const BYTES: u64 = 3 * 1024 * 1024 + 4321;
/// How long a condition may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An accept and the one who will come.
struct Open {
    served: Box<dyn Served>,
    folder: Folder,
    sink: Arc<FileSink>,
}

impl Open {
    async fn by(protocol: Protocol) -> Self {
        Self::with(protocol, |_| {}).await
    }

    async fn with(protocol: Protocol, change: impl FnOnce(&mut Accept)) -> Self {
        let config = OfferConfig { bind: "127.0.0.1".into(), ..OfferConfig::default() };
        let (scp, sftp) = SshOffers::new(Arc::new(TcpNetwork), config).unwrap();
        let folder = Folder::new();
        let sink = FileSink::at(folder.file("arrived"));
        let mut request = Accept {
            device: offer(0, NAME).device,
            name: NAME.to_owned(),
            sink: Arc::clone(&sink) as Arc<dyn Sink>,
            most: 64 * 1024 * 1024,
            source: Some("127.0.0.1".into()),
            lifetime: Duration::from_secs(120),
        };
        change(&mut request);
        let adapter = if protocol == Protocol::Scp { scp } else { sftp };
        assert!(adapter.ability().directions.contains(&Direction::Upload));
        let served = adapter.accept(request, &context()).await.unwrap();
        Self { served, folder, sink }
    }

    fn password(&self) -> String {
        self.served.password().unwrap().expose().clone()
    }

    fn at(&self) -> String {
        format!("{}@127.0.0.1", self.served.user().unwrap())
    }

    fn port(&self) -> String {
        self.served.port().to_string()
    }

    /// A file to be sent.
    fn source(&self, bytes: u64) -> String {
        let path = self.folder.file("local.bin");
        std::fs::write(&path, PatternStore::pattern(0, usize::try_from(bytes).unwrap())).unwrap();
        path
    }

    async fn scp(&self, legacy: bool, from: &str, to: &str) -> Output {
        let mut arguments = vec!["-P".to_owned(), self.port(), from.to_owned(), format!("{}:{to}", self.at())];
        if legacy {
            arguments.insert(0, "-O".to_owned());
        }
        openssh("scp", &self.password(), &self.folder, &arguments).await
    }

    /// The arguments of `sftp` for a batch of commands.
    fn batch(&self, commands: &str) -> Vec<String> {
        let batch = self.folder.file("batch");
        std::fs::write(&batch, commands).unwrap();
        let words = ["-o", "BatchMode=no", "-b", &batch, "-P", &self.port(), &self.at()];
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    async fn sftp(&self, commands: &str) -> Output {
        openssh("sftp", &self.password(), &self.folder, &self.batch(commands)).await
    }

    /// Runs a script with a paramiko client `sftp`.
    async fn paramiko(&self, script: &str) -> Output {
        let whole = format!(
            "import sys, paramiko\n\
             transport = paramiko.Transport(('127.0.0.1', int(sys.argv[1])))\n\
             transport.connect(username=sys.argv[2], password=sys.argv[3])\n\
             sftp = paramiko.SFTPClient.from_transport(transport)\n{script}\ntransport.close()\n"
        );
        let arguments = [self.port(), self.served.user().unwrap().to_owned(), self.password()];
        let python = support::program("python3", "python3-paramiko");
        tokio::process::Command::new(python).arg("-c").arg(whole).args(arguments).output().await.unwrap()
    }

    /// An `sftp` that sends slowly, in the background.
    fn slow_sftp(&self, commands: &str) -> tokio::process::Child {
        let asker = self.folder.file("slow-askpass");
        std::fs::write(&asker, format!("#!/bin/sh\necho {}\n", self.password())).unwrap();
        std::process::Command::new("chmod").args(["+x", &asker]).status().unwrap();
        tokio::process::Command::new(support::program("sftp", "openssh-client"))
            .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-l", "4000"])
            .args(self.batch(commands))
            .env("SSH_ASKPASS", asker)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    async fn until_some_came(&self) {
        for _ in 0..PATIENCE.as_millis() / 20 {
            if self.sink.written.load(Ordering::Relaxed) > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nothing came");
    }

    /// The file is there, whole.
    async fn holds(self, bytes: u64) {
        assert!(self.sink.is_finished());
        assert_pattern(&self.folder.file("arrived"), bytes);
        let receipt = self.served.close().await.unwrap();
        assert_eq!(receipt.direction, Direction::Upload);
        assert!(receipt.bytes >= bytes, "{receipt:?}");
    }

    /// Nothing is called done.
    async fn holds_nothing(self) {
        assert!(!self.sink.is_finished());
        assert_eq!(self.served.close().await.unwrap_err().kind(), ErrorKind::Interrupted);
    }
}

fn assert_failed(output: &Output, words: &str) {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(!output.status.success() && said.contains(words), "{words:?} in {said:?}");
}

async fn upload(client: &str, open: &Open, bytes: u64) -> Output {
    let from = open.source(bytes);
    match client {
        "sftp" => open.sftp(&format!("put {from} {NAME}\n")).await,
        "sftp, times kept" => open.sftp(&format!("put -p {from} /{NAME}\n")).await,
        "scp" => open.scp(false, &from, NAME).await,
        "scp -O" => open.scp(true, &from, NAME).await,
        "scp -O, to the folder" => {
            let named = open.folder.file(NAME);
            std::fs::rename(&from, &named).unwrap();
            open.scp(true, &named, "").await
        }
        _ => open.paramiko(&format!("sftp.put({from:?}, {NAME:?})")).await,
    }
}

#[tokio::test]
async fn every_client_uploads_one_file_once() {
    for client in ["sftp", "sftp, times kept", "scp", "scp -O", "scp -O, to the folder", "paramiko"] {
        let protocol = if client.starts_with("scp -O") { Protocol::Scp } else { Protocol::Sftp };
        // SFTP does not tell an empty file from none.
        let sizes = if protocol == Protocol::Scp { &[0, 1, BYTES][..] } else { &[1, BYTES] };
        for &bytes in sizes {
            let open = Open::by(protocol).await;
            let first = upload(client, &open, bytes).await;
            assert!(first.status.success(), "{client}, {bytes} bytes: {first:?}");
            if bytes == BYTES {
                let again = upload(client, &open, bytes).await;
                assert!(!again.status.success(), "{client}: {again:?}");
            }
            open.holds(bytes).await;
        }
    }
}

#[tokio::test]
async fn wrong_passwords_and_sources_do_not_come_in() {
    let open = Open::by(Protocol::Sftp).await;
    let from = open.source(BYTES);
    let arguments = ["-P".to_owned(), open.port(), from.clone(), format!("{}:{NAME}", open.at())];
    let refused = openssh("scp", "open rice", &open.folder, &arguments).await;
    assert_failed(&refused, "Permission denied");
    // The right one still does.
    assert!(open.scp(false, &from, NAME).await.status.success());
    open.holds(BYTES).await;
    let open = Open::with(Protocol::Scp, |accept| accept.source = Some("192.0.2.1".into())).await;
    let from = open.source(BYTES);
    assert!(!open.scp(true, &from, NAME).await.status.success());
    assert_eq!(open.served.sent(), 0);
    open.holds_nothing().await;
}

#[tokio::test]
async fn other_names_are_not_taken() {
    for to in ["y.bin", "../x.bin", "/etc/x.bin", "x.bin/x.bin"] {
        for protocol in [Protocol::Sftp, Protocol::Scp] {
            let open = Open::by(protocol).await;
            let from = open.source(1000);
            let refused = open.scp(protocol == Protocol::Scp, &from, to).await;
            assert!(!refused.status.success(), "{protocol} {to}: {refused:?}");
            assert_eq!(open.served.sent(), 0);
            open.holds_nothing().await;
        }
    }
    // The folder is named, and the file is another one; so is a folder.
    let open = Open::by(Protocol::Scp).await;
    let from = open.source(1000);
    assert_failed(&open.scp(true, &from, "").await, "this name is not taken here");
    let folder = open.folder.file("more");
    std::fs::create_dir(&folder).unwrap();
    let arguments = ["-O", "-r", "-P", &open.port(), &folder, &format!("{}:{NAME}", open.at())].map(str::to_owned);
    assert_failed(&openssh("scp", &open.password(), &open.folder, &arguments).await, "directory");
    open.holds_nothing().await;
}

#[tokio::test]
async fn nothing_can_be_read_listed_or_changed() {
    let open = Open::by(Protocol::Sftp).await;
    for command in ["ls", "get x.bin", "mkdir d", "rm x.bin", "rename x.bin y.bin", "ln -s x.bin y.bin", "rmdir /"] {
        let refused = open.sftp(&format!("{command}\n")).await;
        // `ls` prints the refusal and goes on.
        let denied = String::from_utf8_lossy(&refused.stderr).contains("Permission denied");
        assert!(denied || !refused.status.success(), "{command}: {refused:?}");
    }
    let back = open.folder.file("back");
    let arguments = ["-O", "-P", &open.port(), &format!("{}:{NAME}", open.at()), &back].map(str::to_owned);
    assert_failed(&openssh("scp", &open.password(), &open.folder, &arguments).await, "nothing can be read here");
    open.holds_nothing().await;
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused() {
    for protocol in [Protocol::Sftp, Protocol::Scp] {
        let open = Open::with(protocol, |accept| accept.most = 100_000).await;
        let from = open.source(100_001);
        let refused = open.scp(protocol == Protocol::Scp, &from, NAME).await;
        assert!(!refused.status.success(), "{refused:?}");
        // SCP tells the size before.
        assert!(protocol == Protocol::Sftp || open.served.sent() == 0);
        let from = open.source(100_000);
        let taken = open.scp(protocol == Protocol::Scp, &from, NAME).await;
        assert!(taken.status.success(), "{taken:?}");
        open.holds(100_000).await;
    }
}

/// A disk that is full after some bytes.
#[derive(Debug)]
struct SmallDisk(Arc<FileSink>);

#[async_trait]
impl Sink for SmallDisk {
    async fn have(&self) -> Result<u64> {
        self.0.have().await
    }

    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.0.read(offset, length).await
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        if offset + bytes.len() as u64 > 1_000_000 {
            return Err(Error::new(ErrorKind::NoSpace, "write", "/secret/place: no space left"));
        }
        self.0.write(offset, bytes).await
    }

    async fn finish(&self, bytes: u64) -> Result<()> {
        self.0.finish(bytes).await
    }

    async fn clear(&self) -> Result<()> {
        self.0.clear().await
    }
}

#[tokio::test]
async fn a_full_disk_is_told_without_its_place() {
    for protocol in [Protocol::Sftp, Protocol::Scp] {
        let small = |accept: &mut Accept| {
            let path = std::env::temp_dir().join(format!("swim-full-{}", hex::encode(rand::random::<[u8; 8]>())));
            accept.sink = Arc::new(SmallDisk(FileSink::at(&path)));
            std::fs::remove_file(path).unwrap();
        };
        let open = Open::with(protocol, small).await;
        let from = open.source(BYTES);
        let refused = open.scp(protocol == Protocol::Scp, &from, NAME).await;
        assert_failed(&refused, if protocol == Protocol::Scp { "scp: no space left" } else { "Failure" });
        assert!(!String::from_utf8_lossy(&refused.stderr).contains("secret"), "{refused:?}");
        open.holds_nothing().await;
    }
}

#[tokio::test]
async fn a_killed_upload_is_not_done_and_is_gone_on_with() {
    let open = Open::by(Protocol::Sftp).await;
    let from = open.source(BYTES);
    let mut slow = open.slow_sftp(&format!("put {from} {NAME}\n"));
    open.until_some_came().await;
    slow.kill().await.unwrap();
    assert!(!open.sink.is_finished());
    // The session that died has let go when the next one opens the file.
    let again = open.sftp(&format!("reput {from} {NAME}\n")).await;
    assert!(again.status.success(), "{again:?}");
    // The part that the killed one left was not sent again, but for what was on its way.
    assert!(open.sink.written.load(Ordering::Relaxed) < BYTES * 3 / 2);
    open.holds(BYTES).await;
}

#[tokio::test]
async fn a_newer_upload_takes_over() {
    for legacy in [false, true] {
        let open = Open::by(Protocol::Sftp).await;
        let from = open.source(BYTES);
        let mut slow = open.slow_sftp(&format!("put {from} {NAME}\n"));
        open.until_some_came().await;
        let newer = open.scp(legacy, &from, NAME).await;
        assert!(newer.status.success(), "{newer:?}");
        let ended = tokio::time::timeout(PATIENCE, slow.wait()).await.expect("the older one is not cut").unwrap();
        assert!(!ended.success());
        open.holds(BYTES).await;
    }
}

#[tokio::test]
async fn pieces_may_come_in_any_order_but_all_of_them_must() {
    let open = Open::by(Protocol::Sftp).await;
    let from = open.source(BYTES);
    let holed = "f = sftp.open('x.bin', 'w'); f.write(b'abc'); f.seek(100000); f.write(b'def')\n\
                 sftp._request(paramiko.sftp.CMD_CLOSE, f.handle)";
    assert_failed(&open.paramiko(holed).await, "A part of the file is missing");
    let shuffled = format!(
        "data = open({from:?}, 'rb').read()\n\
         f = sftp.open('x.bin', 'w')\n\
         for at in [*range(65536, len(data), 131072), *range(0, len(data), 131072)]:\n\
         \x20   f.seek(at)\n    f.write(data[at:at + 65536])\n\
         f.close()\nassert sftp.stat('x.bin').st_size == len(data)"
    );
    let done = open.paramiko(&shuffled).await;
    assert!(done.status.success(), "{done:?}");
    open.holds(BYTES).await;
}

/// Opened and closed without a byte: by a client that only tries, or that gave up before it began.
#[tokio::test]
async fn a_file_that_was_only_opened_is_no_upload() {
    let open = Open::by(Protocol::Sftp).await;
    let script = "sftp.open('x.bin', 'w').close()\n\
                  class Broken:\n\x20   def read(self, size):\n\x20       raise OSError('the source is gone')\n\
                  try:\n\x20   sftp.putfo(Broken(), 'x.bin', confirm=False)\n\
                  except OSError:\n\x20   pass\nelse:\n\x20   sys.exit('the source was read')";
    let tried = open.paramiko(script).await;
    assert!(tried.status.success(), "{tried:?}");
    let empty = open.source(0);
    let put = open.sftp(&format!("put {empty} {NAME}\n")).await;
    assert!(put.status.success(), "{put:?}");
    assert!(!open.sink.is_finished());
    let from = open.source(BYTES);
    let put = open.sftp(&format!("put {from} {NAME}\n")).await;
    assert!(put.status.success(), "{put:?}");
    open.holds(BYTES).await;
}

#[tokio::test]
async fn nothing_is_whole_when_its_client_was_killed() {
    let open = Open::by(Protocol::Sftp).await;
    let from = open.source(BYTES);
    let mut slow = open.slow_sftp(&format!("put {from} {NAME}\n"));
    open.until_some_came().await;
    slow.kill().await.unwrap();
    open.holds_nothing().await;
}

/// A disk that takes its time to make a file safe.
#[derive(Debug)]
struct SlowDisk {
    inner: Arc<FileSink>,
    begun: Arc<tokio::sync::Notify>,
}

#[async_trait]
impl Sink for SlowDisk {
    async fn have(&self) -> Result<u64> {
        self.inner.have().await
    }

    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.inner.read(offset, length).await
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        self.inner.write(offset, bytes).await
    }

    async fn finish(&self, bytes: u64) -> Result<()> {
        self.begun.notify_one();
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.inner.finish(bytes).await
    }

    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }
}

/// Withdrawn while the file is being made safe: what is said and what is there agree.
#[tokio::test]
async fn a_close_waits_for_a_file_that_is_being_made_safe() {
    for protocol in [Protocol::Sftp, Protocol::Scp] {
        let begun = Arc::new(tokio::sync::Notify::new());
        let mut inner = None;
        let told = Arc::clone(&begun);
        let open = Open::with(protocol, |accept| {
            let path = std::env::temp_dir().join(format!("swim-slow-{}", hex::encode(rand::random::<[u8; 8]>())));
            let sink = FileSink::at(&path);
            std::fs::remove_file(path).unwrap();
            inner = Some(Arc::clone(&sink));
            accept.sink = Arc::new(SlowDisk { inner: sink, begun: told });
        })
        .await;
        let from = open.source(BYTES);
        let mut arguments = vec!["-P".to_owned(), open.port(), from, format!("{}:{NAME}", open.at())];
        if protocol == Protocol::Scp {
            arguments.insert(0, "-O".to_owned());
        }
        let password = open.password();
        let Open { served, folder, .. } = open;
        let client = openssh("scp", &password, &folder, &arguments);
        let withdrawn = async {
            tokio::time::timeout(PATIENCE, begun.notified()).await.expect("the file does not come");
            served.close().await
        };
        let (_, closed) = tokio::join!(client, withdrawn);
        assert_eq!(closed.unwrap().direction, Direction::Upload, "{protocol}");
        assert!(inner.unwrap().is_finished(), "{protocol}");
    }
}

#[tokio::test]
async fn the_receipt_tells_the_cipher_that_the_device_chose() {
    for cipher in ["aes256-ctr", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"] {
        let open = Open::by(Protocol::Sftp).await;
        let from = open.source(1000);
        let mut arguments = vec!["-c".to_owned(), cipher.to_owned()];
        arguments.extend(open.batch(&format!("put {from} {NAME}\n")));
        let out = openssh("sftp", &open.password(), &open.folder, &arguments).await;
        assert!(out.status.success(), "{out:?}");
        assert_eq!(open.served.close().await.unwrap().cipher.as_deref(), Some(cipher));
    }
}
