//! Packets of TFTP, and both engines under whatever numbers come.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swim_protocols::tftp::packet::Packet;
use swim_protocols::tftp::receive::Receiver;
use swim_protocols::tftp::send::Sender;

fuzz_target!(|bytes: &[u8]| {
    let mut sender = Sender::new(1 << 33, 512, 64);
    let mut receiver = Receiver::new(512, 64);
    for piece in bytes.split(|b| *b == 0xff) {
        let _ = sender.send();
        match Packet::read(piece) {
            Ok(Packet::Ack(block)) => {
                sender.acknowledged(block);
            }
            Ok(Packet::Data(block, data)) => {
                let _ = receiver.data(block, data.len());
                let _ = receiver.acknowledgement();
            }
            Ok(other) => assert_eq!(Packet::read(&other.bytes()).expect("what we wrote"), other),
            Err(_) => {}
        }
    }
});
