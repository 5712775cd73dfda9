//! Both engines on a line that loses, repeats and reorders.

use proptest::prelude::*;

use super::receive::{Receiver, Take};
use super::send::Sender;

/// Sends a file of `bytes` over a line that fails every eighth time (never with the seed 0); how many blocks were sent.
fn run(bytes: u64, block: u64, window: u64, seed: u64) -> u64 {
    let mut sender = Sender::new(bytes, block, window);
    let mut receiver = Receiver::new(block as usize, window);
    let (mut taken, mut sent, mut turns) = (0, 0, 0_usize);
    let mut state = seed;
    let mut fate = move || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if seed == 0 { 7 } else { (state >> 20) % 8 }
    };
    let (mut there, mut back): (Vec<u64>, Vec<u16>) = (Vec::new(), Vec::new());
    while !sender.is_done() {
        turns += 1;
        assert!(turns < 100_000, "it does not end");
        if let Some((first, last)) = sender.send() {
            sent += last - first + 1;
            for number in first..=last {
                match fate() {
                    0 => {}
                    1 => there.extend([number, number]),
                    2 if !there.is_empty() => there.insert(there.len() - 1, number),
                    _ => there.push(number),
                }
            }
        }
        if there.is_empty() && back.is_empty() {
            // Both sides notice: the receiver tells again how far it is.
            sender.timed_out();
            receiver.timed_out();
            if turns > 1 && fate() != 0 {
                sender.acknowledged(receiver.acknowledgement());
            }
            continue;
        }
        for number in there.drain(..) {
            let length = (bytes - ((number - 1) * block).min(bytes)).min(block);
            let acknowledge = match receiver.data(number as u16, length as usize) {
                Take::Keep { acknowledge } => {
                    assert_eq!(taken / block + 1, number, "a block was taken out of order");
                    taken += length;
                    acknowledge
                }
                Take::Drop { acknowledge } => acknowledge,
            };
            if acknowledge && fate() != 0 {
                back.push(receiver.acknowledgement());
            }
        }
        for ack in back.drain(..) {
            sender.acknowledged(ack);
        }
    }
    assert_eq!((taken, receiver.is_done()), (bytes, true));
    sent
}

#[test]
fn a_good_line_sends_nothing_twice() {
    for (bytes, block, window) in [(0, 512, 1), (511, 512, 1), (512, 512, 4), (1_000_000, 8, 64), (70_000, 1, 1)] {
        if block >= 8 || window == 1 {
            assert_eq!(run(bytes, block, window, 0), bytes / block + 1, "{bytes} {block} {window}");
        }
    }
}

#[test]
fn acknowledgements_of_what_was_not_sent_move_nothing() {
    let mut sender = Sender::new(10_000, 512, 4);
    assert_eq!(sender.send(), Some((1, 4)));
    for lie in [5, 100, 40_000, 65_535] {
        assert!(!sender.acknowledged(lie), "{lie}");
    }
    assert!(sender.acknowledged(4) && !sender.acknowledged(3));
    assert_eq!(sender.send(), Some((5, 8)));
}

proptest! {
    #[test]
    fn every_line_that_lets_something_through_brings_the_file(
        bytes in 0_u64..3000, block in 1_u64..40, window in 1_u64..20, seed: u64,
    ) {
        run(bytes, block, window, seed);
    }

    #[test]
    fn any_acknowledgement_is_survived(acks in prop::collection::vec(any::<u16>(), 0..200), window in 1_u64..600) {
        let mut sender = Sender::new(1 << 30, 512, window);
        for ack in acks {
            let _ = sender.send();
            sender.acknowledged(ack);
        }
    }

    #[test]
    fn any_data_is_survived(data in prop::collection::vec((any::<u16>(), 0_usize..600), 0..200), window in 1_u64..600) {
        let mut receiver = Receiver::new(512, window);
        for (block, length) in data {
            let _ = receiver.data(block, length);
            let _ = receiver.acknowledgement();
        }
    }
}
