//! FTP servers that refuse for now, forget nothing or break off: what is here already stays, and nothing is said in the clear.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/raw_ftp.rs"]
mod raw_ftp;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use raw_ftp::{client, server};
use sink::{FileSink, fetch};
use support::memory::{MemoryRecords, MemorySecrets, PatternStore};
use support::{Folder, context, push};
use swim_core::model::Device;
use swim_core::ports::{Sink, Transfer};
use swim_core::transfer::moves_on;
use swim_protocols::ftp::{FtpClient, FtpClientConfig};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tls::TlsClient;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

const BYTES: usize = 300_000;
const HERE: usize = 200_000;

/// A server with these answers: one for each time that a verb is said, the last one again and again. A `RETR` without an answer
/// is served from the offset, which outlives verbs that were refused.
async fn speaks(answers: &[(&'static str, &'static [&'static str])]) -> Device {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let device = server("127.0.0.1", listener.local_addr().unwrap().port(), "x");
    let mut answers: BTreeMap<_, Vec<_>> =
        answers.iter().map(|(verb, said)| (*verb, said.iter().rev().copied().collect())).collect();
    tokio::spawn(async move {
        let mut stream = BufReader::new(listener.accept().await.unwrap().0);
        let (mut answer, mut door, mut from) = ("220 hi".to_owned(), None, 0);
        loop {
            stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            let mut line = String::new();
            if answer.starts_with("234") || stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let (verb, argument) = line.trim().split_once(' ').unwrap_or_else(|| (line.trim(), ""));
            let listed =
                answers.get_mut(verb).and_then(|left| if left.len() > 1 { left.pop() } else { left.last().copied() });
            answer = match (listed.filter(|said| !said.is_empty()), verb) {
                (Some(listed), _) => listed.to_owned(),
                (_, "USER") => "331 password?".to_owned(),
                (_, "PASS") => "230 in".to_owned(),
                (_, "TYPE") => "200 yes".to_owned(),
                (_, "REST") => {
                    from = argument.parse().unwrap();
                    "350 ok".to_owned()
                }
                (_, "EPSV") => {
                    let opened = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    let port = opened.local_addr().unwrap().port();
                    door = Some(opened);
                    format!("229 x (|||{port}|)")
                }
                (_, "RETR") => {
                    let (mut data, _) = door.take().unwrap().accept().await.unwrap();
                    stream.get_mut().write_all(b"150 here\r\n").await.unwrap();
                    let _ = data.write_all(&PatternStore::pattern(0, BYTES)[std::mem::take(&mut from)..]).await;
                    "226 done".to_owned()
                }
                _ => "502 no".to_owned(),
            };
        }
    });
    device
}

fn here(folder: &Folder) -> Arc<FileSink> {
    std::fs::write(folder.file("to"), PatternStore::pattern(0, HERE)).unwrap();
    FileSink::at(folder.file("to"))
}

#[tokio::test]
async fn a_refusal_costs_nothing_of_what_is_there() {
    let busy: &[&str] = &["450 busy"];
    for answers in [
        [("SIZE", &["550 no such file"][..]), ("MDTM", busy), ("RETR", &["550 no such file"])],
        [("SIZE", busy), ("MDTM", busy), ("RETR", busy)],
        [("SIZE", &["213 300000"]), ("MDTM", busy), ("RETR", busy)],
        [("SIZE", &["213 300000"]), ("MDTM", &["213 20260101000000"]), ("RETR", busy)],
    ] {
        let folder = Folder::new();
        let sink = here(&folder);
        sink.note_version("300000 bytes, changed 1767225600").await.unwrap();
        let refused = client("pw").fetch(fetch(speaks(&answers).await, "x.bin", &sink), &context()).await;
        assert!(refused.is_err() && sink.have().await.unwrap() == HERE as u64, "{answers:?}: {refused:?}");
    }
}

#[tokio::test]
async fn an_offset_is_taken_back() {
    let folder = Folder::new();
    let sink = here(&folder);
    let device = speaks(&[("SIZE", &["213 300000"]), ("RETR", &["450 busy", ""])]).await;
    let done = client("pw").fetch(fetch(device, "x.bin", &sink), &context()).await;
    assert_eq!(std::fs::read(folder.file("to")).unwrap(), PatternStore::pattern(0, BYTES), "{done:?}");
}

#[tokio::test]
async fn who_breaks_the_handshake_is_as_suspicious_as_who_refuses_it() {
    for said in ["502 no", "234 go on"] {
        let secrets = MemorySecrets::new(&[("secret", "pw")]);
        let tls = TlsClient::new(Arc::<MemoryRecords>::default());
        let ftps = FtpClient::tls(Arc::new(TcpNetwork), Arc::new(secrets), FtpClientConfig::default(), tls);
        let device = speaks(&[("AUTH", if said.starts_with("502") { &["502 no"] } else { &["234 go on"] })]).await;
        let e = ftps.push(push(device, 10, "x.bin"), &context()).await.unwrap_err();
        assert!(!moves_on(&e), "{said}: the next protocol would be told the password: {e:?}");
    }
}
