//! Both roles of SCP, with bytes in pieces as a network gives them.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use swim_protocols::ssh::scp::sink::{Event, Sink, SinkLimits};
use swim_protocols::ssh::scp::source::{Next, Source};

/// A source may do this many things between two pieces.
const ACTIONS: usize = 16;
const LARGEST: u64 = 1000;

fuzz_target!(|input: (Vec<Vec<u8>>, u16)| {
    let (pieces, bytes) = input;
    sink(&pieces);
    source(&pieces, u64::from(bytes));
});

fn sink(pieces: &[Vec<u8>]) {
    let mut sink = Sink::new(SinkLimits { largest: LARGEST, depth: 2 });
    let (mut depth, mut announced, mut taken) = (0_u32, 0, 0);
    for piece in pieces {
        let ended = sink.received(Bytes::from(piece.clone())).is_err();
        while let Some(event) = sink.event() {
            match event {
                Event::Directory(name) => {
                    assert!(!name.contains('/') && name != "..");
                    depth += 1;
                    assert!(depth <= 2);
                }
                Event::EndDirectory => depth -= 1,
                Event::File { name, bytes, .. } => {
                    assert!(!name.contains('/') && name != ".." && bytes <= LARGEST);
                    (announced, taken) = (bytes, 0);
                }
                Event::Data(data) => {
                    taken += data.len() as u64;
                    assert!(taken <= announced);
                }
                Event::FileDone => assert_eq!(taken, announced),
                _ => {}
            }
        }
        if ended {
            return;
        }
    }
    let _ = sink.closed();
}

fn source(pieces: &[Vec<u8>], bytes: u64) {
    let Ok(mut source) = Source::new("x.bin", bytes) else { return };
    for piece in pieces {
        source.received(piece);
        for _ in 0..ACTIONS {
            match source.next() {
                Ok(Next::SendFile { offset, left }) => {
                    assert_eq!(offset + left, bytes);
                    source.sent(left);
                }
                Ok(Next::Send(_)) => {}
                Ok(_) => break,
                Err(_) => return,
            }
        }
    }
    source.closed();
    let _ = source.next();
}
