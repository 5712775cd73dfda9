//! Devices that know only old algorithms, played by an OpenSSH that is configured so: reached by opt-in alone.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use support::memory::MemoryRecords;
use support::{Sshd, assert_pattern, context, push};
use swim_core::ErrorKind;
use swim_core::model::Device;
use swim_core::ports::Transfer;
use swim_protocols::ssh::sftp::SftpPush;

const BYTES: u64 = 1_000_003;

/// What old devices offer: one exchange and one cipher each, with the only MAC and the small host key of that time.
const OLD: &[(&str, &str)] = &[
    ("diffie-hellman-group1-sha1", "aes128-cbc"),
    ("diffie-hellman-group14-sha1", "3des-cbc"),
    ("diffie-hellman-group-exchange-sha1", "aes256-cbc"),
];

#[tokio::test]
async fn old_algorithms_are_used_with_a_device_that_is_marked_and_with_no_other() {
    for (exchange, cipher) in OLD {
        let more = format!(
            "KexAlgorithms {exchange}\nCiphers {cipher}\nMACs hmac-sha1\nHostKeyAlgorithms ssh-rsa\nRequiredRSASize 1024\n\
             PubkeyAcceptedAlgorithms +ssh-rsa\n"
        );
        let sshd = Sshd::with("rsa", 1024, &more);
        let push_to = |device: Device| async {
            let client = sshd.client(&Arc::new(MemoryRecords::default()));
            let request = push(device, BYTES, &sshd.folder.file("x.bin"));
            SftpPush::new(client).push(request, &context()).await
        };
        let refused = push_to(sshd.device()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused:?}");
        assert!(refused.to_string().contains("legacy_ssh"), "{refused}");
        assert!(refused.to_string().contains(exchange) || refused.to_string().contains("ssh-rsa"), "{refused}");
        let receipt = push_to(Device { legacy_ssh: true, ..sshd.device() }).await;
        let receipt = receipt.unwrap_or_else(|e| panic!("{exchange} {cipher}: {e:?}"));
        assert_eq!(receipt.cipher.as_deref(), Some(*cipher));
        assert_pattern(&sshd.folder.file("x.bin"), BYTES);
    }
}
