#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use proptest::prelude::*;
use swim_core::{Effect, ErrorKind};

use super::sink::{Event, Sink, SinkLimits};
use super::source::{Next, Source};

const LIMITS: SinkLimits = SinkLimits { largest: 1 << 20, depth: 2 };

/// Runs a source against a sink; the sink's answers are cut into pieces of `cut` bytes.
fn transfer(content: &[u8], piece: usize, cut: usize) -> Vec<Event> {
    let mut source = Source::new("x.bin", content.len() as u64).unwrap();
    let mut sink = Sink::new(LIMITS);
    let mut events = Vec::new();
    loop {
        while let Some(event) = sink.event() {
            match event {
                Event::Send(bytes) => bytes.chunks(cut).for_each(|c| source.received(c)),
                other => events.push(other),
            }
        }
        match source.next().unwrap() {
            Next::Send(bytes) => bytes.chunks(cut).for_each(|c| sink.received(Bytes::copy_from_slice(c)).unwrap()),
            Next::SendFile { offset, left } => {
                let take = (left as usize).min(piece);
                let from = offset as usize;
                sink.received(Bytes::copy_from_slice(&content[from..from + take])).unwrap();
                source.sent(take as u64);
            }
            Next::Wait => {}
            Next::Done => return events,
        }
    }
}

#[test]
fn a_file_goes_across() {
    let events = transfer(b"hello", 2, 1);
    let data: Vec<u8> =
        events.iter().filter_map(|e| if let Event::Data(d) = e { Some(d.to_vec()) } else { None }).flatten().collect();
    assert_eq!(data, b"hello");
    assert_eq!(events.first(), Some(&Event::File { name: "x.bin".into(), bytes: 5, mode: 0o644, modified: None }));
    assert_eq!(events.last(), Some(&Event::FileDone));
}

#[test]
fn an_empty_file_goes_across() {
    assert_eq!(transfer(b"", 1, 1).last(), Some(&Event::FileDone));
}

fn source_hears(before: &[u8], said: &[u8]) -> swim_core::Error {
    let mut source = Source::new("x.bin", 10).unwrap();
    for byte in before {
        source.received(&[*byte]);
        while let Next::Send(_) = source.next().unwrap() {}
    }
    source.received(said);
    source.closed();
    source.next().unwrap_err()
}

#[test]
fn refusals_keep_the_words_of_the_device() {
    let e = source_hears(b"", b"\x01Privilege denied.\n");
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::Privilege, Some("Privilege denied.")));
    assert_eq!(e.effect(), Effect::None);
    let e = source_hears(b"\0", b"\x02Administratively disabled.");
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::DeviceRejected, Some("Administratively disabled.")));
    let e = source_hears(b"\0\0", b"\x01scp: flash:x.bin: No space left on device\n");
    assert_eq!((e.kind(), e.effect()), (ErrorKind::NoSpace, Effect::Unknown));
    // Without the leading byte.
    assert_eq!(source_hears(b"", b"Administratively disabled.\r\n").kind(), ErrorKind::DeviceRejected);
    assert_eq!(source_hears(b"", b"sh: scp: not found\n").kind(), ErrorKind::UnexpectedReply);
}

#[test]
fn a_session_that_ends_early_is_an_interruption_and_never_a_success() {
    assert_eq!(source_hears(b"", b"").kind(), ErrorKind::Interrupted);
    let late = source_hears(b"\0\0", b"");
    assert_eq!((late.kind(), late.effect()), (ErrorKind::Interrupted, Effect::Unknown));
}

fn sink_hears(text: &[u8]) -> (Vec<Event>, Option<ErrorKind>) {
    let mut sink = Sink::new(LIMITS);
    let error = sink.received(Bytes::copy_from_slice(text)).err().map(|e| e.kind());
    let mut events = Vec::new();
    while let Some(event) = sink.event() {
        events.push(event);
    }
    (events, error)
}

#[test]
fn hostile_names_are_refused_and_the_source_is_told() {
    for name in ["../x", "a/b", "..", ".", ""] {
        let (events, error) = sink_hears(format!("C0644 1 {name}\n").as_bytes());
        assert!(error.is_some(), "{name}");
        assert!(matches!(events.last(), Some(Event::Send(b)) if b[0] == 2), "{name}: {events:?}");
        assert!(!events.iter().any(|e| matches!(e, Event::File { .. })), "{name}");
    }
}

#[test]
fn lines_that_lie_are_refused() {
    for line in
        ["C0644 99999999999999999999 x\n", "C0644 -1 x\n", "C0644 2000000 x\n", "C644 1 x\n", "E\n", "X\n", "\n"]
    {
        assert!(sink_hears(line.as_bytes()).1.is_some(), "{line}");
    }
    // One byte more than was said.
    assert_eq!(sink_hears(b"C0644 2 x\nabc").1, Some(ErrorKind::UnexpectedReply));
    // The source gives up in the middle.
    let (_, error) = sink_hears(b"C0644 2 x\nab\x01read error\n");
    assert_eq!(error, Some(ErrorKind::DeviceRejected));
}

#[test]
fn times_and_directories_are_understood() {
    let (events, error) = sink_hears(b"T1700000000 0 1700000001 0\nD0755 0 d\nC0600 1 f\nZ\0E\n");
    assert_eq!(error, None);
    assert!(events.contains(&Event::Directory("d".into())));
    assert!(events.contains(&Event::Data(Bytes::from_static(b"Z"))));
    assert!(events.contains(&Event::EndDirectory));
    let (events, _) = sink_hears(b"T1700000000 0 1700000001 0\nC0600 0 f\n");
    assert!(events.iter().any(|e| matches!(e, Event::File { modified: Some(1_700_000_000), .. })));
    assert!(sink_hears(b"D0755 0 a\nD0755 0 b\nD0755 0 c\n").1.is_some());
    assert_eq!(sink_hears(&b"T1 0 1 0\n".repeat(2)).1, Some(ErrorKind::UnexpectedReply));
}

#[test]
fn a_partial_file_is_an_interruption() {
    let mut sink = Sink::new(LIMITS);
    sink.received(Bytes::from_static(b"C0644 5 x\nabc")).unwrap();
    assert_eq!(sink.closed().unwrap_err().kind(), ErrorKind::Interrupted);
    let mut sink = Sink::new(LIMITS);
    assert!(sink.closed().is_ok());
}

proptest! {
    #[test]
    fn any_content_in_any_pieces_arrives(content in prop::collection::vec(any::<u8>(), 0..300), piece in 1usize..50, cut in 1usize..8) {
        let data: Vec<u8> = transfer(&content, piece, cut)
            .into_iter()
            .filter_map(|e| if let Event::Data(d) = e { Some(d.to_vec()) } else { None })
            .flatten()
            .collect();
        prop_assert_eq!(data, content);
    }

    #[test]
    fn a_sink_survives_anything(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8)) {
        let mut sink = Sink::new(LIMITS);
        for chunk in chunks {
            let _ = sink.received(chunk.into());
            while sink.event().is_some() {}
        }
        let _ = sink.closed();
    }

    #[test]
    fn a_source_survives_anything(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8), good in 0usize..4) {
        let mut source = Source::new("x", 5).unwrap();
        source.received(&vec![0; good]);
        for chunk in chunks {
            source.received(&chunk);
            for _ in 0..4 {
                match source.next() { Ok(Next::SendFile { .. }) => source.sent(3), Ok(Next::Send(_)) => {}, _ => break }
            }
        }
        source.closed();
        let _ = source.next();
    }
}
