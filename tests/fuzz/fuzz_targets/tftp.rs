//! Packets and options of TFTP, and both engines under whatever numbers come.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swim_protocols::tftp::TftpClientConfig;
use swim_protocols::tftp::options::{Terms, Wish};
use swim_protocols::tftp::packet::Packet;
use swim_protocols::tftp::receive::{Receiver, Take};
use swim_protocols::tftp::send::Sender;

fuzz_target!(|input: (u16, u8, u64, Vec<Vec<u8>>)| {
    let (block, window, bytes, packets) = input;
    let (block, window) = (u64::from(block).max(8), u64::from(window));
    let mut sender = Sender::new(bytes >> 8, block, window);
    let mut receiver = Receiver::new(block as usize, window);
    let wish = Wish::new(&TftpClientConfig::default(), "192.0.2.1").expect("the defaults are valid");
    for packet in &packets {
        let before = sender.arrived();
        if let Some((first, last)) = sender.send() {
            assert!(first > before && first <= last && last - before <= window.max(1));
        }
        match Packet::read(packet) {
            Ok(Packet::Ack(number)) => {
                let moved = sender.acknowledged(number);
                assert_eq!(moved, sender.arrived() > before);
                assert!(sender.arrived() - before <= window.max(1), "a block that was not sent is not acknowledged");
            }
            Ok(Packet::Data(number, data)) => {
                let (came, done) = (receiver.came(), receiver.is_done());
                let kept = matches!(receiver.data(number, data.len()), Take::Keep { .. });
                assert!(!kept || (!done && number == (came + 1) as u16 && data.len() as u64 <= block));
                assert_eq!(receiver.came(), came + u64::from(kept));
                let _ = receiver.acknowledgement();
            }
            Ok(Packet::Error(..)) => {
                sender.timed_out();
                receiver.timed_out();
            }
            Ok(other) => {
                assert_eq!(Packet::read(&other.bytes()).expect("what we wrote"), other);
                match &other {
                    Packet::Request(request) => {
                        agreed(Terms::agree(request, (window > 9).then_some(bytes)).0, 65_464, 512)
                    }
                    Packet::Options(options) => {
                        if let Ok(terms) = wish.granted(options) {
                            agreed(terms, wish.block, wish.window);
                        }
                    }
                    _ => {}
                }
            }
            Err(_) => {}
        }
    }
});

fn agreed(terms: Terms, block: u64, window: u64) {
    assert!((8..=block).contains(&terms.block) && (1..=window).contains(&terms.window));
    assert!(terms.wait.is_none_or(|wait| (1..=255).contains(&wait.as_secs())));
}
