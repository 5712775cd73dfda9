//! Our HTTP client: what servers answer to its `GET` and `PUT`, one after the other.
#![no_main]

mod wire;

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use swim_core::ports::{Fetch, Sink, Transfer};
use swim_protocols::http::HttpClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use wire::{Memory, OneSecret, Wire, byte, context, device, push, run};

/// Between the answers of two connections.
const NEXT: u8 = 0xff;

fuzz_target!(|input: &[u8]| {
    // What is there, the most that is taken, the size that is expected (0: none), the bytes of an upload (0: a fetch).
    let Some((numbers, said)) = input.split_first_chunk::<8>() else { return };
    let number = |at: usize| u16::from_be_bytes([numbers[at], numbers[at + 1]]);
    let (have, most) = (number(0), number(2));
    let (told, sent) = (Some(number(4)).filter(|n| *n > 0), Some(number(6)).filter(|n| *n > 0));
    let answers: Vec<Vec<u8>> = said.split(|b| *b == NEXT).map(<[u8]>::to_vec).collect();
    run(async {
        let wire = Wire::new();
        let client = HttpClient::new(Arc::clone(&wire) as _, Arc::new(OneSecret));
        let servers: Vec<_> = answers.iter().take(3).map(|_| wire.server()).collect();
        for (mut server, answer) in servers.into_iter().zip(answers.clone()) {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = server.read(&mut request).await;
                for piece in answer.chunks(1000) {
                    if server.write_all(piece).await.is_err() {
                        return;
                    }
                }
                let _ = server.shutdown().await;
                while server.read(&mut request).await.is_ok_and(|count| count > 0) {}
            });
        }
        if let Some(bytes) = sent {
            let pushed = client.push(push(u64::from(bytes)), &context()).await;
            let first = answers.first().map(Vec::as_slice).unwrap_or_default();
            assert!(pushed.is_err() || first.windows(4).any(|w| matches!(w, b" 200" | b" 201" | b" 204")));
            return;
        }
        let sink = Memory::with((0..u64::from(have)).map(byte).collect());
        let request = Fetch {
            device: device(),
            path: "a b".to_owned(),
            query: None,
            sink: Arc::clone(&sink) as Arc<dyn Sink>,
            bytes: told.map(u64::from),
            most: u64::from(most),
        };
        match client.fetch(request, &context()).await {
            Ok(receipt) => {
                let whole = sink.whole().expect("it says that it is whole");
                assert!(whole <= u64::from(most) && told.is_none_or(|told| u64::from(told) == whole));
                assert_eq!(receipt.bytes + receipt.resumed_from, whole);
            }
            Err(_) => assert!(sink.whole().is_none()),
        }
        assert!(sink.length() <= u64::from(most.max(have)));
    });
});
