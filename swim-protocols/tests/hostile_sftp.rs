//! SFTP servers that lie, with our client.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use russh::keys::key::safe_rng;
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, Handler, Msg, Session};
use russh::{Channel, ChannelId};
use sink::{FileSink, fetch};
use support::memory::{MemoryRecords, MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, offer, push};
use swim_core::model::{Device, Endpoint, Login};
use swim_core::ports::{Fetch, Transfer};
use swim_core::{ErrorKind, Result};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::scp::ScpPush;
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::ssh::{SshClient, SshConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// However busy the machine is.
const LONG: Duration = Duration::from_secs(60);
const BYTES: u64 = 300_001;

const INIT: u8 = 1;
const OPEN: u8 = 3;
const READ: u8 = 5;
const WRITE: u8 = 6;
const FSTAT: u8 = 8;

/// What a server does with a request of a kind: these bytes instead of the honest answer.
type Lie = Arc<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

struct Liar {
    lie: Lie,
    heard: Vec<u8>,
    /// A program was run that takes this much and then nothing.
    deaf: bool,
}

fn packet(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32).to_be_bytes()[..], &body].concat()
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

/// What an honest server says to a request.
fn truth(request: &[u8]) -> Vec<u8> {
    let id = request.get(1..5).unwrap_or_default();
    let status = |code: u8| packet(&[&[101], id, &[0, 0, 0, code, 0, 0, 0, 0, 0, 0, 0, 0]]);
    match request[0] {
        INIT => packet(&[&[2, 0, 0, 0, 3]]),
        OPEN => packet(&[&[102], id, &[0, 0, 0, 3, 0xff, 0, 0x80]]),
        READ => {
            let (offset, length) = (number(&request[12..20]), number(&request[20..24]));
            let end = (offset + length).min(BYTES);
            if offset >= end {
                return status(1);
            }
            let data = PatternStore::pattern(offset, (end - offset) as usize);
            packet(&[&[103], id, &(data.len() as u32).to_be_bytes(), &data])
        }
        FSTAT => packet(&[&[105], id, &[0, 0, 0, 1], &BYTES.to_be_bytes()]),
        _ => status(0),
    }
}

impl Handler for Liar {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, _: &str) -> std::result::Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> std::result::Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        _: &str,
        session: &mut Session,
    ) -> std::result::Result<(), Self::Error> {
        session.channel_success(id)
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> std::result::Result<(), Self::Error> {
        self.deaf = true;
        session.channel_success(id)?;
        // Sinks of SCP begin and answer each record with it.
        session.data(id, vec![0, 0])
    }

    async fn data(
        &mut self,
        id: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> std::result::Result<(), Self::Error> {
        self.heard.extend_from_slice(data);
        if self.deaf {
            if self.heard.len() > 1000 {
                std::future::pending::<()>().await;
            }
            return Ok(());
        }
        while let Some((length, rest)) = self.heard.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            if rest.len() < length {
                break;
            }
            let request = rest[..length].to_vec();
            self.heard.drain(..length + 4);
            let answer = (self.lie)(&request).unwrap_or_else(|| truth(&request));
            if answer.is_empty() {
                tokio::spawn(murmur(session.handle(), id));
            } else {
                session.data(id, answer)?;
            }
        }
        Ok(())
    }
}

/// What stands in the place of an answer is no sign of life.
async fn murmur(session: server::Handle, id: ChannelId) {
    while session.extended_data(id, 1, vec![b'.']).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn server(lie: Lie) -> Device {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = Endpoint { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
    let config = Arc::new(server::Config {
        keys: vec![PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap()],
        // The question for the methods is no guess.
        auth_rejection_time_initial: Some(Duration::ZERO),
        // What is not taken stands still on the connection, not before it.
        window_size: 1 << 30,
        ..server::Config::default()
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (config, liar) = (Arc::clone(&config), Liar { lie: Arc::clone(&lie), heard: Vec::new(), deaf: false });
            tokio::spawn(async move {
                if let Ok(running) = server::run_stream(config, stream, liar).await {
                    let _ = running.await;
                }
            });
        }
    });
    Device { at, login: Login::password("swim", "pw"), ..offer(1, "x").device }
}

fn client(config: SshConfig) -> Arc<SshClient> {
    let secrets = Arc::new(MemorySecrets::new(&[("pw", "open sesame")]));
    Arc::new(SshClient::new(Arc::new(TcpNetwork), secrets, Arc::new(MemoryRecords::default()), config))
}

/// A lie about requests of one kind.
fn about(kind: u8, lie: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Lie {
    Arc::new(move |request| (request[0] == kind).then(|| lie(request)))
}

async fn fetched(lie: Lie, folder: &Folder) -> (Result<u64>, Arc<FileSink>) {
    let to = folder.file("to");
    std::fs::write(&to, "").unwrap();
    let sink = FileSink::at(&to);
    let request = Fetch { most: 10_000_000, ..fetch(server(lie).await, "x.bin", &sink) };
    let taken =
        tokio::time::timeout(LONG, SftpFetch::new(client(SshConfig::default())).fetch(request, &context())).await;
    (taken.expect("it hangs").map(|receipt| receipt.bytes), sink)
}

#[tokio::test]
async fn an_honest_server_of_this_test_is_believed() {
    let folder = Folder::new();
    let (taken, sink) = fetched(Arc::new(|_| None), &folder).await;
    assert_eq!((taken.unwrap(), sink.is_finished()), (BYTES, true));
    assert_pattern(&folder.file("to"), BYTES);
    // A file that is empty at first, and whole in the end.
    let looked = AtomicBool::new(false);
    let empty = move |request: &[u8]| {
        let first = request[0] == FSTAT && !looked.swap(true, Ordering::Relaxed);
        first.then(|| packet(&[&[105], &request[1..5], &[0, 0, 0, 1], &[0; 8]]))
    };
    let device = server(Arc::new(empty)).await;
    let pushed =
        SftpPush::new(client(SshConfig::default())).push(push(device, BYTES, "x.bin"), &context()).await.unwrap();
    assert_eq!(pushed.bytes, BYTES);
}

/// Answers that break the protocol, each with what it must become. Nothing of them is called a file.
#[tokio::test]
async fn lies_about_a_file_are_refused() {
    let folder = Folder::new();
    let id = |request: &[u8]| request[1..5].to_vec();
    let data = |id: &[u8], told: u32, bytes: &[u8]| packet(&[&[103], id, &told.to_be_bytes(), bytes]);
    let size = |id: &[u8], flags: u32, size: u64| packet(&[&[105], id, &flags.to_be_bytes(), &size.to_be_bytes()]);
    use ErrorKind::{Integrity, NoSpace, UnexpectedReply, Unsupported};
    let lies: Vec<(&str, Lie, ErrorKind)> = vec![
        ("the id of nobody", about(READ, move |_| data(&[0xde, 0xad, 0xbe, 0xef], 4, b"abcd")), UnexpectedReply),
        ("an id of later", about(OPEN, |r| packet(&[&[102], &[0, 0, 0xff, r[4]], &[0, 0, 0, 1, 7]])), UnexpectedReply),
        ("more data than asked for", about(READ, move |r| data(&id(r), 250_000, &[7; 250_000])), UnexpectedReply),
        ("no data at all", about(READ, move |r| data(&id(r), 0, b"")), UnexpectedReply),
        ("a length beyond the packet", about(READ, move |r| data(&id(r), 4000, b"abc")), UnexpectedReply),
        ("a negative length", about(READ, move |r| data(&id(r), u32::MAX, b"abc")), UnexpectedReply),
        (
            "an end in the middle",
            about(READ, |r| packet(&[&[101], &r[1..5], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]])),
            Integrity,
        ),
        ("a negative size", about(FSTAT, move |r| size(&id(r), 1, -5_i64 as u64)), NoSpace),
        ("a size of all there is", about(FSTAT, move |r| size(&id(r), 1, u64::MAX)), NoSpace),
        ("no size", about(FSTAT, move |r| size(&id(r), 0, 5)), Unsupported),
        ("half of a size", about(FSTAT, |r| packet(&[&[105], &r[1..5], &[0, 0, 0, 1, 9]])), UnexpectedReply),
        ("attributes instead of a handle", about(OPEN, move |r| size(&id(r), 1, 5)), UnexpectedReply),
        ("a handle without an end", about(OPEN, |r| packet(&[&[102], &r[1..5], &[0xff; 4], b"x"])), UnexpectedReply),
        ("names instead of data", about(READ, |r| packet(&[&[104], &r[1..5], &[0xff; 4], &[0; 100]])), UnexpectedReply),
        ("an unknown kind", about(READ, |r| packet(&[&[77], &r[1..5]])), UnexpectedReply),
        ("an empty packet", about(READ, |_| vec![0; 4]), UnexpectedReply),
        ("a packet of four gigabytes", about(READ, |_| vec![0xff; 4]), UnexpectedReply),
        ("a packet that is only a kind", about(READ, |_| packet(&[&[103]])), UnexpectedReply),
        ("another version of the answer", about(INIT, |_| packet(&[&[101, 0, 0, 0, 3]])), UnexpectedReply),
        ("extensions that do not end", about(INIT, |_| packet(&[&[2, 0, 0, 0, 3], &[0xff; 4]])), UnexpectedReply),
    ];
    for (what, lie, kind) in lies {
        let (taken, sink) = fetched(lie, &folder).await;
        let e = taken.expect_err(what);
        assert_eq!(e.kind(), kind, "{what}: {e:?}");
        assert!(!sink.is_finished(), "{what}");
    }
}

#[tokio::test]
async fn lies_about_what_was_written_are_seen() {
    let status = |request: &[u8], code: u8| packet(&[&[101], &request[1..5], &[0, 0, 0, code, 0, 0, 0, 0, 0, 0, 0, 0]]);
    let empty = |request: &[u8]| packet(&[&[105], &request[1..5], &[0, 0, 0, 1], &[0; 8]]);
    let lies: Vec<(&str, Lie)> = vec![
        ("an answer to nobody", about(WRITE, |_| packet(&[&[101], &[0xee; 4], &[0; 12]]))),
        ("data for a write", about(WRITE, |r| packet(&[&[103], &r[1..5], &[0, 0, 0, 1, 9]]))),
        ("an answer twice", about(WRITE, move |r| [status(r, 0), status(r, 0)].concat())),
        ("a failure", about(WRITE, move |r| status(r, 4))),
        ("a code of nobody", about(WRITE, move |r| status(r, 99))),
    ];
    for (what, lie) in lies {
        let device =
            server(Arc::new(move |request| lie(request).or_else(|| (request[0] == FSTAT).then(|| empty(request)))))
                .await;
        let push = SftpPush::new(client(SshConfig::default())).push(push(device, BYTES, "x.bin"), &context()).await;
        let e = push.expect_err(what);
        assert!(matches!(e.kind(), ErrorKind::UnexpectedReply | ErrorKind::DeviceRejected), "{what}: {e:?}");
    }
}

/// A size that holds, and bytes that came before: sizes that shrink under a resume are met.
#[tokio::test]
async fn a_file_that_is_shorter_than_what_is_here_is_begun_again() {
    let folder = Folder::new();
    let to = folder.file("to");
    std::fs::write(&to, PatternStore::pattern(0, BYTES as usize + 5)).unwrap();
    let sink = FileSink::at(&to);
    let request = fetch(server(Arc::new(|_| None)).await, "x.bin", &sink);
    let receipt = SftpFetch::new(client(SshConfig::default())).fetch(request, &context()).await.unwrap();
    assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES, 0));
    assert_pattern(&to, BYTES);
}

/// A server that talks and talks: its words are not kept, and it does not hold us.
#[tokio::test]
async fn chatter_without_end_is_ended() {
    let folder = Folder::new();
    let chatter = packet(&[&[103], &[0xab; 4], &[0, 0, 0x40, 0], &[7; 0x4000]]).repeat(20);
    let (taken, sink) = fetched(about(READ, move |_| chatter.clone()), &folder).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::UnexpectedReply);
    assert!(!sink.is_finished());
}

/// It answers some requests and then never again.
#[tokio::test]
async fn silence_ends_it() {
    let folder = Folder::new();
    let one = async |kind: u8| {
        let sink = FileSink::at(folder.file(&kind.to_string()));
        let request = fetch(server(about(kind, |_| Vec::new())).await, "x.bin", &sink);
        let impatient = client(SshConfig { silence_seconds: 2, ..SshConfig::default() });
        let e = SftpFetch::new(impatient).fetch(request, &context()).await.unwrap_err();
        assert!(e.kind() == ErrorKind::Timeout && e.to_string().contains("2 s"), "{kind}: {e:?}");
        assert!(!sink.is_finished());
    };
    let all = async { tokio::join!(one(INIT), one(OPEN), one(FSTAT), one(READ)) };
    tokio::time::timeout(LONG, all).await.expect("it waits for ever");
}

/// A server that wants to be asked for every byte by itself is asked for more.
#[tokio::test]
async fn reads_of_one_byte_are_not_asked_for() {
    let folder = Folder::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let lie = move |request: &[u8]| match request[0] {
        INIT => Some(packet(&[&[2, 0, 0, 0, 3], &[0, 0, 0, 18], b"limits@openssh.com", &[0, 0, 0, 1], b"1"])),
        200 => Some(packet(&[&[201], &request[1..5], &[0; 8], &1_u64.to_be_bytes(), &1_u64.to_be_bytes(), &[0; 8]])),
        READ => {
            counted.fetch_add(1, Ordering::Relaxed);
            None
        }
        _ => None,
    };
    let (taken, _) = fetched(Arc::new(lie), &folder).await;
    assert_eq!(taken.unwrap(), BYTES);
    let asked = asked.load(Ordering::Relaxed);
    assert!((10..100).contains(&asked), "{asked}");
}

/// Answers without end to writes: they fill no memory.
#[tokio::test]
async fn answers_to_what_was_not_asked_end_a_push() {
    let answers = packet(&[&[101], &[0xee; 4], &[0; 200_000]]).repeat(5);
    let lie = move |request: &[u8]| match request[0] {
        FSTAT => Some(packet(&[&[105], &request[1..5], &[0, 0, 0, 1], &[0; 8]])),
        WRITE => Some(answers.clone()),
        _ => None,
    };
    let request = push(server(Arc::new(lie)).await, 100_000_000, "x.bin");
    let (adapter, cx) = (SftpPush::new(client(SshConfig::default())), context());
    let pushed = tokio::time::timeout(LONG, adapter.push(request, &cx)).await;
    let e = pushed.expect("it listens for ever").unwrap_err();
    assert_eq!(e.kind(), ErrorKind::UnexpectedReply, "{e:?}");
}

/// A server that takes nothing from its connection any more does not hold us, and nor does the good-bye to it.
#[tokio::test]
async fn who_takes_nothing_does_not_keep_us() {
    let impatient = client(SshConfig { silence_seconds: 3, ..SshConfig::default() });
    let request = push(server(Arc::new(|_| None)).await, 200_000_000, "x.bin");
    let e = tokio::time::timeout(LONG, ScpPush::new(impatient).push(request, &context())).await.expect("it hangs");
    assert_eq!(e.unwrap_err().kind(), ErrorKind::Timeout);
}

/// Names of algorithms that would command a terminal, before any login.
#[tokio::test]
async fn names_of_algorithms_are_shown_harmless() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = Endpoint { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let name = b"\x1b]0;owned\x07\r\nforged";
        let names = [&[0, 0, 0, name.len() as u8][..], name].concat().repeat(10);
        let payload = [&[20][..], &[7; 16], &names, &[0; 5]].concat();
        let padding = 16 - (payload.len() + 5) % 8;
        let length = ((payload.len() + 1 + padding) as u32).to_be_bytes();
        let said = [&b"SSH-2.0-x\r\n"[..], &length, &[padding as u8], &payload, &vec![0; padding]].concat();
        stream.write_all(&said).await.unwrap();
        while stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {}
    });
    let device = Device { at, login: Login::password("swim", "pw"), ..offer(1, "x").device };
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let fetched = SftpFetch::new(client(SshConfig::default())).fetch(fetch(device, "x.bin", &sink), &context()).await;
    let e = fetched.unwrap_err();
    assert!(e.to_string().contains("owned") && !e.to_string().chars().any(char::is_control), "{:?}", e.to_string());
}

#[tokio::test]
async fn a_password_that_is_said_back_is_in_no_error() {
    let lie = about(OPEN, |request| {
        let words = b"no file for 'open sesame'";
        packet(&[&[101], &request[1..5], &[0, 0, 0, 4], &(words.len() as u32).to_be_bytes(), words, &[0; 4]])
    });
    let fetched = fetched(Arc::clone(&lie), &Folder::new()).await.0.unwrap_err();
    let pushing = SftpPush::new(client(SshConfig::default()));
    let pushed = pushing.push(push(server(lie).await, 10, "x.bin"), &context()).await.unwrap_err();
    for e in [fetched, pushed] {
        let shown = format!("{e:?} {} {:?}", e.report(), e.record());
        assert!(!shown.contains("sesame") && shown.contains("'***'"), "{shown}");
    }
}
