//! Our HTTP server: what a client sends to an offer and to an accept, in pieces.
#![no_main]

mod wire;

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use swim_core::ports::{Offer, Served, Transfer};
use swim_protocols::http::{HttpConfig, HttpOffers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use wire::{Memory, Wire, byte, context, offer, place, run};

/// Bytes of the offered file, and the most that is taken.
const BYTES: u64 = 300;
/// The path of the offer stands for this byte.
const PATH: u8 = b'~';
/// Between two pieces.
const PAUSE: u8 = 0xff;

fuzz_target!(|input: &[u8]| {
    let Some((kind, said)) = input.split_first() else { return };
    let upload = *kind == b'U';
    let pieces: Vec<&[u8]> = said.split(|b| *b == PAUSE).collect();
    run(async {
        let wire = Wire::new();
        let offers = HttpOffers::new(Arc::clone(&wire) as _, HttpConfig::default());
        let sink = Arc::new(Memory::default());
        let served = if upload { accept(&offers, &sink).await } else { pull(&offers).await };
        let (mut reads, mut writes) = tokio::io::split(wire.knock());
        let talk = async {
            for piece in &pieces {
                let mut said = Vec::with_capacity(piece.len());
                for byte in *piece {
                    match *byte {
                        PATH => said.extend_from_slice(served.path().as_bytes()),
                        byte => said.push(byte),
                    }
                }
                if writes.write_all(&said).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let _ = writes.shutdown().await;
        };
        let mut answer = Vec::new();
        let (_, read) = tokio::join!(talk, reads.read_to_end(&mut answer));
        let _ = read;
        check(&answer, upload);
        if upload {
            // The task of an upload may end a moment after its connection.
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(sink.length() <= BYTES && served.sent() <= 8192 * (1 + pieces.len() as u64));
            assert!(!answer.windows(13).any(|w| w == b"HTTP/1.1 201 ") || sink.whole().is_some());
            assert_eq!(served.close().await.is_ok(), sink.whole().is_some());
        } else {
            assert!(served.sent() <= BYTES * 4);
        }
    });
});

async fn pull(offers: &HttpOffers) -> Box<dyn Served> {
    let request: Offer = offer(BYTES);
    offers.offer(request, &context()).await.expect("a valid offer")
}

async fn accept(offers: &HttpOffers, sink: &Arc<Memory>) -> Box<dyn Served> {
    offers.accept(place(BYTES, sink), &context()).await.expect("a valid accept")
}

/// An answer is nothing, or one of HTTP; bytes of the file are the right ones.
fn check(answer: &[u8], upload: bool) {
    let mut rest = answer;
    if rest.is_empty() {
        return;
    }
    let head = loop {
        let end = rest.windows(4).position(|w| w == b"\r\n\r\n").expect("a whole head") + 4;
        let head = String::from_utf8(rest[..end].to_vec()).expect("a head is text").to_ascii_lowercase();
        rest = &rest[end..];
        assert!(head.starts_with("http/1."), "{head}");
        if !head.starts_with("http/1.1 100 ") {
            break head;
        }
        assert!(upload, "nobody is told to send to an offer");
    };
    let field = |name: &str| head.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
    let start = match (head.get(9..12), field("content-range: bytes ")) {
        (Some("200"), None) => 0,
        (Some("206"), Some(range)) => range.split_once('-').and_then(|(a, _)| a.parse().ok()).expect("a range"),
        (Some("200" | "206"), _) => panic!("{head}"),
        _ => return,
    };
    assert!(!upload);
    let length: u64 = field("content-length:").and_then(|l| l.parse().ok()).expect("a length");
    assert!(start + length <= BYTES && (rest.is_empty() || rest.len() as u64 == length), "{head} {}", rest.len());
    assert!(rest.iter().zip(start..).all(|(b, at)| *b == byte(at)), "other bytes");
}
