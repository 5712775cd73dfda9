//! An image is brought to an image server: OpenSSH.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/relay.rs"]
mod relay;
mod support;

use std::sync::Arc;

use relay::{Relay, Way};
use support::memory::{MemoryRecords, MemorySecrets, PatternStore};
use support::{Sshd, assert_pattern, context};
use swim_core::model::{Device, Door, Endpoint, HostKeyPolicy, ImageServer, Login, Protocol, Sha256};
use swim_core::platform::PullServices;
use swim_core::ports::Transfer;
use swim_core::transfer::{Brought, Caps, Servers, Staging};
use swim_core::{ErrorKind, Result};
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};

const BYTES: u64 = 8 * 1024 * 1024 + 77;

/// One process: its servers and what it dials with.
fn process(sshd: &Sshd, doors: Vec<Door>, records: &Arc<MemoryRecords>) -> (Servers, PullServices) {
    let device = sshd.device();
    let client = sshd.client(records);
    let transfers: Vec<Arc<dyn Transfer>> = vec![
        Arc::new(SftpPush::new(Arc::clone(&client))),
        Arc::new(SftpFetch::new(Arc::clone(&client))),
        Arc::new(ScpPush::new(Arc::clone(&client))),
        Arc::new(ScpFetch::new(client)),
    ];
    let server = ImageServer::new(device.id, device.at.host, doors, HostKeyPolicy::FirstUse);
    let services = PullServices {
        store: Arc::new(PatternStore { bytes: BYTES }),
        transfers,
        caps: Caps::default(),
        servers: Arc::default(),
        secrets: Arc::new(MemorySecrets::default()),
    };
    (Servers::new(vec![server]).unwrap().recorded(Arc::<MemoryRecords>::clone(records), "w1"), services)
}

async fn staged((servers, services): &(Servers, PullServices)) -> Result<Brought> {
    let image = Sha256::of(b"pattern");
    let what = Staging { image: &image, bytes: BYTES, name: "x.bin" };
    servers.stage(what, &servers.all()[0], services, &context()).await
}

async fn stage(sshd: &Sshd, doors: Vec<Door>) -> Result<Brought> {
    staged(&process(sshd, doors, &Arc::default())).await
}

fn door(protocol: Protocol, device: &Device, folder: &str) -> Door {
    Door {
        port: Some(device.at.port),
        login: Some(device.login.clone()),
        folder: folder.to_owned(),
        ..Door::new(protocol)
    }
}

#[tokio::test]
async fn an_image_is_staged_over_what_was_there_and_read_back() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    for protocol in [Protocol::Sftp, Protocol::Scp] {
        for there in [PatternStore::pattern(0, 3_000_000), vec![9; 100]] {
            std::fs::write(&path, there).unwrap();
            stage(&sshd, vec![door(protocol, &sshd.device(), &sshd.folder.file(""))]).await.unwrap();
            assert_pattern(&path, BYTES);
        }
    }
}

#[tokio::test]
async fn damage_in_the_middle_of_a_partial_file_is_found_and_mended() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    let mut there = PatternStore::pattern(0, 3_000_000);
    // Neither in its head nor in its tail, which are all that a resume compares.
    there[1_500_000] ^= 1;
    std::fs::write(&path, there).unwrap();
    stage(&sshd, vec![door(Protocol::Sftp, &sshd.device(), &sshd.folder.file(""))]).await.unwrap();
    assert_pattern(&path, BYTES);
}

#[tokio::test]
async fn a_refused_login_and_a_closed_port_take_the_next_door() {
    let sshd = Sshd::start();
    let good = door(Protocol::Scp, &sshd.device(), &sshd.folder.file(""));
    let nobody = Door { protocol: Protocol::Sftp, login: Some(Login::password("nobody", "key")), ..good.clone() };
    let closed = Door { protocol: Protocol::Sftp, port: Some(1), ..good.clone() };
    for bad in [nobody, closed] {
        let _ = std::fs::remove_file(sshd.folder.file("x.bin"));
        stage(&sshd, vec![bad, good.clone()]).await.unwrap();
        assert_pattern(&sshd.folder.file("x.bin"), BYTES);
    }
    let nowhere = door(Protocol::Sftp, &sshd.device(), "/no/such/folder");
    let e = stage(&sshd, vec![nowhere, good]).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound, "a wrong folder is no reason for another protocol: {e:?}");
}

/// A process that finds the record reads little of the file, unless the protocol can only read all of it.
#[tokio::test]
async fn a_record_saves_the_second_process_the_work() {
    for (protocol, read) in [(Protocol::Sftp, 2 * 1024 * 1024), (Protocol::Scp, BYTES * 2)] {
        let sshd = Sshd::start();
        let relay = Relay::start(sshd.port, None).await;
        let path = sshd.folder.file("x.bin");
        let records = Arc::default();
        let doors = || {
            let through = Device { at: Endpoint { port: relay.port, ..sshd.device().at }, ..sshd.device() };
            vec![door(protocol, &through, &sshd.folder.file(""))]
        };
        assert_eq!(staged(&process(&sshd, doors(), &records)).await.unwrap(), Brought::Sent);
        let (up, down) = (relay.passed(Way::Up), relay.passed(Way::Down));
        assert!(up > BYTES && down > BYTES, "{up} {down}: sent, and read back");
        assert_eq!(staged(&process(&sshd, doors(), &records)).await.unwrap(), Brought::Found);
        let (more_up, more_down) = (relay.passed(Way::Up) - up, relay.passed(Way::Down) - down);
        assert!(more_up < 100_000 && more_down < read, "{protocol}: {more_up} up, {more_down} down");
        // Somebody tidied up, or put another file there.
        let mut other = PatternStore::pattern(0, usize::try_from(BYTES).unwrap());
        *other.last_mut().unwrap() ^= 1;
        for there in [None, Some(vec![9; 100]), Some(other)] {
            std::fs::remove_file(&path).unwrap();
            if let Some(there) = there {
                std::fs::write(&path, there).unwrap();
            }
            assert_eq!(staged(&process(&sshd, doors(), &records)).await.unwrap(), Brought::Sent);
            assert_pattern(&path, BYTES);
        }
    }
}

#[tokio::test]
async fn two_processes_at_once_send_it_once() {
    let sshd = Sshd::start();
    let records = Arc::default();
    let doors = || vec![door(Protocol::Sftp, &sshd.device(), &sshd.folder.file(""))];
    let both = [process(&sshd, doors(), &records), process(&sshd, doors(), &records)];
    let (a, b) = tokio::join!(staged(&both[0]), staged(&both[1]));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!((a == Brought::Sent) != (b == Brought::Sent), "{a:?} {b:?}");
    assert_pattern(&sshd.folder.file("x.bin"), BYTES);
}
