//! An image is brought to an image server: OpenSSH.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use support::memory::{MemorySecrets, PatternStore};
use support::{Sshd, assert_pattern, context};
use swim_core::model::{Device, Door, HostKeyPolicy, ImageServer, Login, Protocol, Sha256};
use swim_core::platform::PullServices;
use swim_core::ports::Transfer;
use swim_core::transfer::{Caps, Servers, Staging};
use swim_core::{ErrorKind, Result};
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};

const BYTES: u64 = 8 * 1024 * 1024 + 77;

async fn stage(sshd: &Sshd, doors: Vec<Door>) -> Result<()> {
    let device = sshd.device();
    let client = sshd.client(&Arc::default());
    let transfers: Vec<Arc<dyn Transfer>> = vec![
        Arc::new(SftpPush::new(Arc::clone(&client))),
        Arc::new(SftpFetch::new(Arc::clone(&client))),
        Arc::new(ScpPush::new(Arc::clone(&client))),
        Arc::new(ScpFetch::new(client)),
    ];
    let server = ImageServer {
        name: device.id.clone(),
        host: device.at.host.clone(),
        doors,
        host_key: HostKeyPolicy::FirstUse,
        devices: vec![],
        sites: vec![],
        max_devices: None,
        bytes_per_second: None,
    };
    let services = PullServices {
        store: Arc::new(PatternStore { bytes: BYTES }),
        transfers,
        caps: Caps::default(),
        servers: Arc::default(),
        secrets: Arc::new(MemorySecrets::default()),
    };
    let servers = Servers::new(vec![server])?;
    let image = Sha256::of(b"pattern");
    let what = Staging { image: &image, bytes: BYTES, name: "x.bin" };
    servers.stage(what, &servers.all()[0], &services, &context()).await
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
