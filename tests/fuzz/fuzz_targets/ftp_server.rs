//! Our FTP server: what a client says to an offer and to an accept, and its data connections.
#![no_main]

mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use swim_core::ports::{Served, Transfer};
use swim_protocols::ftp::reply::Replies;
use swim_protocols::ftp::{FtpConfig, FtpOffers};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinSet;

use wire::{Memory, Wire, byte, context, offer, place, run};

/// Bytes of the offered file, and the most that is taken.
const BYTES: u64 = 300;
/// The login stands for this byte.
const LOGIN: u8 = b'~';
/// Between two pieces.
const PAUSE: u8 = 1;
/// A piece that begins so is what is sent on a data connection: to our door, or on the next one that we dial. Behind the
/// other byte it stays open.
const DOOR: u8 = b'^';
const DIALLED: u8 = b'%';
const OPEN: u8 = b'&';
/// Longer than the end of an upload is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came on each data connection.
type Came = Arc<Mutex<Vec<Vec<u8>>>>;

fuzz_target!(|input: &[u8]| {
    let Some((kind, said)) = input.split_first() else { return };
    let (upload, patient) = (kind.eq_ignore_ascii_case(&b'u'), kind.is_ascii_uppercase());
    let pieces: Vec<&[u8]> = said.split(|b| *b == PAUSE).collect();
    run(async {
        let wire = Wire::new();
        let config = FtpConfig { bind: "192.0.2.1".to_owned(), ..FtpConfig::default() };
        let offers = FtpOffers::new(Arc::clone(&wire) as _, config);
        let sink = Arc::new(Memory::default());
        let served = if upload { accept(&offers, &sink).await } else { pull(&offers).await };
        let password = served.password().expect("it has one").expose();
        let login = format!("USER {}\r\nPASS {password}\r\n", served.user().expect("it has one"));
        let (mut reads, mut writes) = tokio::io::split(wire.knock());
        let (came, mut moving) = (Came::default(), JoinSet::new());
        let talk = async {
            for piece in &pieces {
                let data = match piece.first() {
                    Some(&DOOR) => wire.knock_last(),
                    Some(&DIALLED) => Some(wire.server()),
                    _ => None,
                };
                match (data, payload(piece)) {
                    (Some(data), Some((sent, ends))) => {
                        moving.spawn(moved(data, sent.to_vec(), ends, Arc::clone(&came)));
                    }
                    (None, Some(_)) => {}
                    _ => {
                        let said: Vec<&[u8]> = piece.split(|b| *b == LOGIN).collect();
                        if writes.write_all(&said.join(login.as_bytes())).await.is_err() {
                            break;
                        }
                    }
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if patient {
                tokio::time::sleep(PATIENCE).await;
            }
            let _ = writes.shutdown().await;
        };
        let mut answer = Vec::new();
        let _ = tokio::join!(talk, reads.read_to_end(&mut answer));
        let codes = codes(&answer);
        assert!(!codes.contains(&230) || said.contains(&LOGIN), "somebody is in without the login");
        // What is being given its name may be done a moment after its connection.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let came = came.lock().expect("unpoisoned");
        if upload {
            assert!(sink.length() <= BYTES && came.iter().all(Vec::is_empty));
            let sent = |whole: &[u8]| pieces.iter().any(|p| payload(p).is_some_and(|(sent, _)| sent == whole));
            assert!(sink.whole().is_none() || sent(&sink.bytes.lock().expect("unpoisoned")), "a part is called whole");
            assert_eq!(served.close().await.is_ok(), sink.whole().is_some());
        } else {
            let file: Vec<u8> = (0..BYTES).map(byte).collect();
            let right = |bytes: &[u8]| bytes.is_empty() || file.windows(bytes.len()).any(|part| part == bytes);
            assert!(came.iter().all(|bytes| right(bytes)), "other bytes");
            assert!(served.sent() <= BYTES * 4);
        }
    });
});

/// What a piece sends on a data connection, and whether it ends it.
fn payload(piece: &[u8]) -> Option<(&[u8], bool)> {
    match piece {
        [DOOR | DIALLED, OPEN, sent @ ..] => Some((sent, false)),
        [DOOR | DIALLED, sent @ ..] => Some((sent, true)),
        _ => None,
    }
}

/// One data connection of the client.
async fn moved(mut data: DuplexStream, sent: Vec<u8>, ends: bool, came: Came) {
    let _ = data.write_all(&sent).await;
    if ends {
        let _ = data.shutdown().await;
    }
    let mut bytes = Vec::new();
    let _ = data.read_to_end(&mut bytes).await;
    came.lock().expect("unpoisoned").push(bytes);
}

async fn pull(offers: &FtpOffers) -> Box<dyn Served> {
    offers.offer(offer(BYTES), &context()).await.expect("a valid offer")
}

async fn accept(offers: &FtpOffers, sink: &Arc<Memory>) -> Box<dyn Served> {
    offers.accept(place(BYTES, sink), &context()).await.expect("a valid accept")
}

/// The codes of the replies, which must be whole.
fn codes(answer: &[u8]) -> Vec<u16> {
    let (mut replies, mut codes) = (Replies::default(), Vec::new());
    replies.feed(answer).expect("lines with an end");
    while let Some(reply) = replies.next_reply().expect("replies") {
        codes.push(reply.code);
    }
    assert!(replies.is_empty(), "half a reply");
    codes
}
