//! SCP into the device, rehearsal, and the real OpenSSH client over TCP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::process::Command;

use russh::ChannelMsg;
use support::{bytes, connect, device};
use swim_core::model::Protocol;
use swim_sim::images::{PackageSpec, ios_xe_package};
use swim_sim::{DeviceSpec, Fault, SimDevice, loopback};

async fn push(spec: &DeviceSpec, file: &[u8]) -> (SimDevice, Vec<u8>) {
    let (network, device) = device(spec.clone());
    let handle = connect(&network, spec).await.unwrap();
    let mut channel = handle.channel_open_session().await.unwrap();
    channel.exec(true, "scp -t flash:new.bin").await.unwrap();
    channel.data(format!("C0644 {} new.bin\n", file.len()).as_bytes()).await.unwrap();
    channel.data(file).await.unwrap();
    let _ = channel.data(&[0_u8][..]).await;
    let mut answers = Vec::new();
    while let Some(message) = channel.wait().await {
        if let ChannelMsg::Data { data } = message {
            answers.extend_from_slice(&data);
        }
    }
    (device, answers)
}

#[tokio::test(start_paused = true)]
async fn takes_a_push_or_says_why_not() {
    let file = bytes(ios_xe_package(&PackageSpec::new("cat9k", "17.9.4a", 700_001)));
    let spec = DeviceSpec::cat9300("edge-1", 1);
    let (pushed, answers) = push(&spec, &file).await;
    assert_eq!(answers, [0, 0, 0]);
    let received = pushed.snapshot().received;
    assert_eq!((received[0].bytes, received[0].protocol, received[0].complete), (700_001, Some(Protocol::Scp), true));

    let (full, answers) = push(&spec.clone().fault(Fault::NoSpaceOnMember { member: 1 }), &file).await;
    assert!(String::from_utf8_lossy(&answers).contains("\u{1}No space left"));
    assert!(!full.snapshot().received[0].complete);
    let (_, answers) = push(&spec.clone().enable("x"), b"").await;
    assert_eq!(answers, b"\x01Privilege denied.\n");
    let mut off = spec;
    off.scp_server = false;
    let (_, answers) = push(&off, b"").await;
    assert_eq!(answers, b"\x01Administratively disabled.\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssh_logs_in_and_pushes() {
    if Command::new("ssh").arg("-V").output().is_err() {
        println!("no OpenSSH client here");
        return;
    }
    let folder = std::env::temp_dir().join(format!("swim-sim-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let ask = folder.join("askpass");
    std::fs::write(&ask, "#!/bin/sh\necho sim-password\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o700)).unwrap();
    let image = folder.join("new.bin");
    std::fs::write(&image, bytes(ios_xe_package(&PackageSpec::new("cat9k", "17.9.4a", 400_000)))).unwrap();

    let device = SimDevice::new(DeviceSpec::cat9300("edge-1", 1));
    let served = loopback::serve(&device, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let port = served.local_addr().port().to_string();
    let run = move |program: &'static str, flag: &'static str, rest: Vec<String>| {
        let (ask, port) = (ask.clone(), port.clone());
        tokio::task::spawn_blocking(move || {
            Command::new(program)
                .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-F", "/dev/null", flag])
                .arg(port)
                .args(rest)
                .env("SSH_ASKPASS", ask)
                .env("SSH_ASKPASS_REQUIRE", "force")
                .output()
                .unwrap()
        })
    };
    let version =
        run("ssh", "-p", vec!["admin@127.0.0.1".into(), "show version | include uptime is".into()]).await.unwrap();
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    assert!(text.contains("edge-1 uptime is 3 weeks"), "{text}{}", String::from_utf8_lossy(&version.stderr));
    let pushed = run(
        "scp",
        "-P",
        vec!["-O".into(), image.to_string_lossy().into_owned(), "admin@127.0.0.1:flash:new.bin".into()],
    )
    .await
    .unwrap();
    assert!(pushed.status.success(), "{}", String::from_utf8_lossy(&pushed.stderr));
    assert_eq!(device.snapshot().file(1, "new.bin").unwrap().bytes, 400_000);
    std::fs::remove_dir_all(&folder).unwrap();
}
