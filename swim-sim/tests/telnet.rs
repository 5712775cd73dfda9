//! The Telnet server of a device, byte by byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::at;
use swim_core::ports::{ByteStream, Network};
use swim_sim::{DeviceSpec, SimDevice, SimNetwork};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const OPENING: &[u8] = b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff\xfd\x1f";

/// A connection, after what the device opens it with.
async fn connect(spec: DeviceSpec) -> (Box<dyn ByteStream>, SimDevice) {
    let (network, device) = (SimNetwork::new(), SimDevice::new(spec));
    network.attach_telnet(&device, at("10.0.0.1", 23));
    let mut stream = network.dial(&at("10.0.0.1", 23)).await.unwrap().stream;
    let mut opening = [0; 12];
    stream.read_exact(&mut opening).await.unwrap();
    assert_eq!(opening, OPENING);
    (stream, device)
}

/// Reads up to this end, or to the end of the connection.
async fn until(stream: &mut dyn ByteStream, end: &str) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        match stream.read_u8().await {
            Ok(byte) => seen.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

async fn says(stream: &mut dyn ByteStream, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_login_by_user_name_and_a_command() {
    let (mut stream, device) = connect(DeviceSpec::ios_switch("edge-1")).await;
    let stream = &mut *stream;
    assert_eq!(until(stream, "Username: ").await, "\r\n\r\nUser Access Verification\r\n\r\nUsername: ");
    says(stream, b"admin\r\0").await;
    assert_eq!(until(stream, "Password: ").await, "admin\r\nPassword: ");
    says(stream, b"sim-password\r\n").await;
    assert_eq!(until(stream, "edge-1#").await, "\r\n\r\nedge-1#");
    // Without a window the page has 24 lines.
    says(stream, b"show version\r\n").await;
    let page = until(stream, " --More-- ").await;
    assert_eq!(page.matches("\r\n").count(), 24, "{page}");
    says(stream, b"q").await;
    until(stream, "edge-1#").await;
    says(stream, b"exit\r\n").await;
    assert_eq!(until(stream, "never").await, "exit\r\n");
    assert_eq!(device.snapshot().commands, ["admin", "sim-password", "show version", "exit"]);
}

#[tokio::test(start_paused = true)]
async fn options_are_answered_and_the_window_gives_the_page() {
    let (mut stream, _) = connect(DeviceSpec::ios_switch("edge-1")).await;
    let stream = &mut *stream;
    until(stream, "Username: ").await;
    // A type, a window of 511 columns and 10 rows, an environment, and binary.
    says(stream, b"\xff\xfd\x01\xff\xfd\x03\xff\xfb\x18\xff\xfb\x1f\xff\xfa\x1f\x01\xff\xff\0\x0a\xff\xf0").await;
    says(stream, b"\xff\xfb\x27\xff\xfd\0").await;
    let mut answers = [0; 12];
    stream.read_exact(&mut answers).await.unwrap();
    assert_eq!(&answers, b"\xff\xfa\x18\x01\xff\xf0\xff\xfe\x27\xff\xfc\0");
    says(stream, b"\xff\xfa\x18\0VT100\xff\xf0admin\r\n").await;
    until(stream, "Password: ").await;
    says(stream, b"sim-password\r\n").await;
    until(stream, "edge-1#").await;
    says(stream, b"show version\r\n").await;
    let page = until(stream, " --More-- ").await;
    assert_eq!(page.matches("\r\n").count(), 10, "{page}");
}

#[tokio::test(start_paused = true)]
async fn three_wrong_logins_end_the_connection() {
    let (mut stream, _) = connect(DeviceSpec::ios_switch("edge-1")).await;
    let stream = &mut *stream;
    for _ in 0..3 {
        assert!(until(stream, "Username: ").await.ends_with("Username: "));
        says(stream, b"admin\r\n").await;
        until(stream, "Password: ").await;
        says(stream, b"guess\r\n").await;
        assert_eq!(until(stream, "invalid\r\n").await, "\r\n% Login invalid\r\n");
    }
    assert_eq!(until(stream, "never").await, "\r\n");
}

#[tokio::test(start_paused = true)]
async fn the_password_of_the_line() {
    let spec = |password: &str| DeviceSpec {
        line_password: Some(password.to_owned()),
        privilege: 1,
        ..DeviceSpec::ios_router("branch-1")
    };
    let (mut stream, _) = connect(spec("line")).await;
    let first = until(&mut *stream, "Password: ").await;
    assert_eq!(first, "\r\n\r\nUser Access Verification\r\n\r\nPassword: ");
    says(&mut *stream, b"line\r\n").await;
    assert_eq!(until(&mut *stream, "branch-1>").await, "\r\nbranch-1>");
    let (mut stream, _) = connect(spec("line")).await;
    for _ in 0..3 {
        until(&mut *stream, "Password: ").await;
        says(&mut *stream, b"sim-password\r\n").await;
    }
    assert_eq!(until(&mut *stream, "never").await, "\r\n% Bad passwords\r\n");
    let (mut stream, _) = connect(spec("")).await;
    assert_eq!(until(&mut *stream, "never").await, "\r\n\r\nPassword required, but none set\r\n");
}
