//! The stream of a Telnet server, whole and in pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swim_protocols::telnet::stream::Telnet;

/// The longest answer to a request of three bytes: two verbs, and the size of the window with all bytes doubled.
const LONGEST_ANSWER: usize = 6 + 14;

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (stream, cuts) = input;
    let (mut whole, mut cut) = (Telnet::default(), Telnet::default());
    let text = whole.received(&stream);
    let mut pieces = Vec::new();
    let mut failed = false;
    let mut rest = &stream[..];
    let mut lengths = cuts.iter().map(|c| usize::from(*c).max(1)).chain(std::iter::repeat(usize::MAX));
    while !rest.is_empty() && !failed {
        let (piece, behind) = rest.split_at(lengths.next().unwrap_or(1).min(rest.len()));
        rest = behind;
        match cut.received(piece) {
            Ok(text) => pieces.extend(text),
            Err(_) => failed = true,
        }
    }
    assert_eq!(text.is_err(), failed);
    let answers = whole.answers();
    assert!(answers.len() <= stream.len() / 3 * LONGEST_ANSWER + LONGEST_ANSWER);
    if let Ok(text) = text {
        assert!(text.len() <= stream.len());
        assert_eq!(text, pieces);
        assert_eq!(answers, cut.answers());
        // What we write is read as it was written, whatever was agreed on.
        if !whole.options().ours(0) {
            let sent = whole.written(&text);
            let lines: Vec<u8> = text.iter().flat_map(|b| if *b == b'\n' { vec![b'\r', b'\n'] } else { vec![*b] }).collect();
            assert_eq!(Telnet::default().received(&sent).expect("text alone"), lines);
        }
    }
});
