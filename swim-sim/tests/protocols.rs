//! Pulls by FTP and TFTP from servers in memory, and what devices say when nothing comes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::{Console, at, bytes, device};
use swim_core::model::Protocol;
use swim_core::ports::{Accepted, Datagrams, Listener, Network};
use swim_sim::images::{PackageSpec, ios_xe_package};
use swim_sim::{DeviceSpec, SimNetwork};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const BYTES: u64 = 300_000;

fn image() -> Vec<u8> {
    bytes(ios_xe_package(&PackageSpec::new("cat9k", "17.9.4a", BYTES)))
}

/// One FTP session by RFC 959: `offer` with the password `once` may have `new.bin`, whole or cut short.
async fn ftp_session(accepted: Accepted, data: &dyn Listener, file: &[u8], whole: bool) {
    let mut control = BufReader::new(accepted.stream);
    let mut name = String::new();
    control.get_mut().write_all(b"220-Welcome\r\n220 ready\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        if control.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let port = data.local().port;
        let (verb, rest) = line.trim_end().split_once(' ').unwrap_or_else(|| (line.trim_end(), ""));
        let reply = match (verb, rest) {
            ("USER", user) => {
                name = user.to_owned();
                "331 password".to_owned()
            }
            ("PASS", "once") if name == "offer" => "230 in".to_owned(),
            ("PASS", _) => "530 Login incorrect.".to_owned(),
            ("TYPE", "I") => "200 binary".to_owned(),
            ("PASV", "") => format!("227 Entering Passive Mode (192,0,2,1,{},{}).", port >> 8, port & 255),
            ("RETR", "new.bin") => {
                control.get_mut().write_all(b"150 here it comes\r\n").await.unwrap();
                let mut stream = data.accept().await.unwrap().stream;
                let sent = if whole { file } else { &file[..file.len() / 2] };
                stream.write_all(sent).await.unwrap();
                stream.shutdown().await.unwrap();
                if whole { "226 done" } else { "426 aborted" }.to_owned()
            }
            ("RETR", _) => {
                drop(data.accept().await.unwrap());
                "550 no such file".to_owned()
            }
            ("QUIT", _) => "221 bye".to_owned(),
            other => panic!("the device said {other:?}"),
        };
        control.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
    }
}

async fn ftp_server(network: &SimNetwork, whole: bool) {
    let door = network.listen(&at("0.0.0.0", 21)).await.unwrap();
    let data = network.listen(&at("0.0.0.0", 0)).await.unwrap();
    tokio::spawn(async move {
        let file = image();
        while let Ok(accepted) = door.accept().await {
            ftp_session(accepted, &*data, &file, whole).await;
        }
    });
}

#[tokio::test(start_paused = true)]
async fn pulls_by_ftp_with_the_login_of_the_url() {
    let spec = DeviceSpec::cat9300("edge-1", 1);
    let (network, device) = device(spec.clone());
    ftp_server(&network, true).await;
    let mut console = Console::open(&network, &spec).await.unwrap();
    console.run("terminal length 0").await;
    let answers = [("]? ", "\n")];
    let wrong = console.talk("copy ftp://offer:never@192.0.2.1/new.bin flash:new.bin", &answers).await;
    assert!(wrong.contains("%Error opening ftp://192.0.2.1/new.bin (Incorrect Login/Password)"), "{wrong}");
    let nobody = console.talk("copy ftp://192.0.2.1/new.bin flash:new.bin", &answers).await;
    assert!(nobody.contains("(Incorrect Login/Password)"), "{nobody}");
    let missing = console.talk("copy ftp://offer:once@192.0.2.1/old.bin flash:old.bin", &answers).await;
    assert!(missing.contains("(No such file or directory)"), "{missing}");
    let ported = console.run("copy ftp://offer:once@192.0.2.1:2121/new.bin flash:new.bin").await;
    assert!(ported.contains("(Invalid IP address or hostname)"), "{ported}");
    let copied = console.talk("copy ftp://offer:once@192.0.2.1/new.bin flash:new.bin", &answers).await;
    assert!(copied.contains("[OK - 300000 bytes]") && copied.contains("300000 bytes copied in"), "{copied}");
    let received = device.snapshot().received;
    assert_eq!((received.len(), received[0].bytes, received[0].protocol), (1, BYTES, Some(Protocol::Ftp)));
}

#[tokio::test(start_paused = true)]
async fn half_a_file_by_ftp_is_no_copy() {
    let spec = DeviceSpec::cat9300("edge-1", 1);
    let (network, _) = device(spec.clone());
    ftp_server(&network, false).await;
    let mut console = Console::open(&network, &spec).await.unwrap();
    console.run("terminal length 0").await;
    let cut = console.talk("copy ftp://offer:once@192.0.2.1/new.bin flash:new.bin", &[("]? ", "\n")]).await;
    assert!(cut.contains("%Error reading ftp://192.0.2.1/new.bin (Transfer aborted)"), "{cut}");
    assert!(!cut.contains("bytes copied"), "{cut}");
}

/// A server by RFC 1350 that loses every seventh packet of its own.
async fn tftp_server(network: &SimNetwork) {
    let door = network.datagrams(&at("0.0.0.0", 69)).await.unwrap();
    let network = network.clone();
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while let Ok((_, peer)) = door.receive(&mut batch).await {
            let session = network.datagrams(&at("0.0.0.0", 0)).await.unwrap();
            if batch != b"\0\x01new.bin\0octet\0" {
                let error = b"\0\x05\0\x01File not found\0";
                session.send(error, error.len(), &peer).await.unwrap();
                continue;
            }
            tokio::spawn(async move { tftp_session(&*session, &peer, &image()).await });
        }
    });
}

async fn tftp_session(session: &dyn Datagrams, peer: &swim_core::model::Endpoint, file: &[u8]) {
    let blocks = file.chunks(512).chain(file.len().is_multiple_of(512).then_some(&[][..]));
    let (mut sent, mut batch) = (0_u32, Vec::new());
    for (number, block) in (1_u16..).zip(blocks) {
        let packet = [&[0, 3][..], &number.to_be_bytes(), block].concat();
        let acknowledged = [&[0, 4][..], &number.to_be_bytes()].concat();
        loop {
            sent += 1;
            if !sent.is_multiple_of(7) {
                session.send(&packet, packet.len(), peer).await.unwrap();
            }
            session.receive(&mut batch).await.unwrap();
            if batch == acknowledged {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pulls_by_tftp_through_losses() {
    let spec = DeviceSpec::ios_switch("edge-1");
    let (network, device) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    console.run("terminal length 0").await;
    let answers = [("]? ", "\n")];
    let silent = console.talk("copy tftp://192.0.2.1/new.bin flash:new.bin", &answers).await;
    assert!(silent.contains("..........") && silent.contains("%Error opening tftp://192.0.2.1/new.bin (Timed out)"));
    tftp_server(&network).await;
    let missing = console.talk("copy tftp://192.0.2.1/old.bin flash:old.bin", &answers).await;
    assert!(missing.contains("%Error opening tftp://192.0.2.1/old.bin (No such file or directory)"), "{missing}");
    let copied = console.talk("copy tftp://192.0.2.1/new.bin flash:new.bin", &answers).await;
    assert!(copied.contains("Loading new.bin from 192.0.2.1 (via GigabitEthernet0/0): ."), "{copied}");
    assert!(copied.contains("[OK - 300000 bytes]"), "{copied}");
    let received = device.snapshot().received;
    assert_eq!((received.len(), received[0].bytes, received[0].protocol), (1, BYTES, Some(Protocol::Tftp)));
    let sent = hex::encode(<md5::Md5 as md5::Digest>::digest(image()));
    assert_eq!(device.snapshot().file(1, "new.bin").unwrap().md5, sent);
}

#[tokio::test(start_paused = true)]
async fn a_protocol_that_the_release_has_not_is_no_command() {
    let spec = DeviceSpec::ios_switch("edge-1");
    let (network, _) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    let refused = console.run("copy sftp://offer@192.0.2.1/new.bin flash:new.bin").await;
    assert!(refused.contains("% Invalid input detected"), "{refused}");
}
