//! Single transfers through a client, against a real SSH server and curl.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../swim-protocols/tests/support/mod.rs"]
mod support;

use serde_json::{Value, json};
use support::{Folder, Sshd};
use swim::core::model::{DeviceId, Protocol};
use swim::{Client, Config, ErrorKind, surface};

/// No multiple of any block.
const BYTES: usize = 3_000_001;

async fn client(sshd: &Sshd, folder: &Folder) -> Client {
    let (user, port, key) = (Sshd::user(), sshd.device().at.port, sshd.folder.file("user"));
    let config = Config::from_toml(&format!(
        r#"
        data = "{data}"
        offers = {{ listen = "127.0.0.1", https = {{}} }}
        [secrets.key]
        file = "{key}"
        [[servers]]
        name = "depot"
        host = "127.0.0.1"
        host_key = "first_use"
        doors = [
            {{ protocol = "sftp", port = {port}, login = {{ user = "{user}", key = "key" }} }},
            {{ protocol = "scp", port = {port}, login = {{ user = "{user}", key = "key" }} }},
        ]
        [[devices]]
        id = "sw1"
        at = {{ host = "127.0.0.1", port = 1 }}
        platform = "ios"
        login = {{ user = "{user}", key = "key" }}
        host_key = "first_use"
        "#,
        data = folder.file("data"),
    ))
    .unwrap();
    let client = Client::open(config).await.unwrap();
    let path = folder.file("c2960x-universalk9-mz.152-7.E10.bin");
    std::fs::write(&path, (0..BYTES).map(|n| ((n * 7) >> 3) as u8).collect::<Vec<_>>()).unwrap();
    client.import(&path, swim::ImportOptions::default()).await.unwrap();
    client
}

async fn call(client: &Client, verb: &str, arguments: Value) -> swim::Result<Value> {
    surface::call(client, verb, arguments).await
}

#[tokio::test]
async fn an_image_goes_to_a_server_and_comes_back() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let image = &client.images(None).await.unwrap()[0];
    let (there, back) = (folder.file("there.bin"), folder.file("back.bin"));
    let push = json!({"image": image.file_name, "device": "depot", "path": there, "protocols": ["http", "scp"]});
    let moved = call(&client, "push", push).await.unwrap();
    assert_eq!((&moved["receipt"]["protocol"], &moved["receipt"]["bytes"]), (&json!("scp"), &json!(BYTES)));
    assert!(moved["fallbacks"][0].as_str().unwrap().starts_with("http: "), "{moved}");
    assert!(moved["receipt"]["cipher"].is_string(), "{moved}");
    let fetch = |more: Value| {
        let mut fetch = json!({"device": "depot", "path": there, "file": back});
        fetch.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fetch
    };
    let other = "00".repeat(32);
    let e = call(&client, "fetch", fetch(json!({"sha256": other}))).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Integrity);
    assert!(!std::path::Path::new(&back).exists() && !std::fs::exists(format!("{back}.part")).unwrap());
    let moved = call(&client, "fetch", fetch(json!({"sha256": image.id.to_string()}))).await.unwrap();
    assert_eq!(moved["receipt"]["digest"], json!(image.id.to_string()));
    assert!(std::fs::read(&there).unwrap() == std::fs::read(&back).unwrap());
    let e = call(&client, "fetch", fetch(json!({}))).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Conflict);
    let e =
        call(&client, "fetch", json!({"device": "depot", "path": there, "file": folder.file("small.bin"), "most": 9}));
    assert_eq!(e.await.unwrap_err().kind(), ErrorKind::NoSpace);
    assert!(!std::path::Path::new(&folder.file("small.bin.part")).exists());
}

/// The longest time in seconds that pushes to these at once take, by their receipts.
async fn longest(offers: &str, to: &[&str]) -> f64 {
    const BYTES: usize = 300_000;
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let (user, port, key) = (Sshd::user(), sshd.device().at.port, sshd.folder.file("user"));
    let login = format!("login = {{ user = '{user}', key = 'key' }}");
    let device = |(id, site): (&str, &str)| {
        format!(
            "[[devices]]\nid = '{id}'\nsite = '{site}'\nat = {{ host = '127.0.0.1', port = {port} }}\n\
             platform = 'ios'\nhost_key = 'first_use'\n{login}\n"
        )
    };
    let devices: String = [("sw1", "berlin"), ("sw2", "berlin"), ("sw3", "bonn")].map(device).concat();
    let config = format!(
        "data = '{}'\noffers = {{ {offers} }}\n[secrets.key]\nfile = '{key}'\n{devices}[[servers]]\nname = 'depot'\n\
         host = '127.0.0.1'\nhost_key = 'first_use'\nbytes_per_second = 300_000\n\
         doors = [{{ protocol = 'sftp', port = {port}, {login} }}]\n",
        folder.file("data")
    );
    let client = Client::open(Config::from_toml(&config).unwrap()).await.unwrap();
    let path = folder.file("small.bin");
    std::fs::write(&path, vec![7; BYTES]).unwrap();
    client.import(&path, swim::ImportOptions::default()).await.unwrap();
    let one = async |to: &str| {
        let there = sshd.folder.file(&format!("{to}.bin"));
        let push = json!({"image": "small.bin", "device": to, "path": there, "protocols": ["sftp"]});
        let receipt = call(&client, "push", push).await.unwrap()["receipt"].clone();
        assert_eq!(receipt["bytes"], json!(BYTES));
        receipt["millis"].as_u64().unwrap() as f64 / 1000.0
    };
    let times = futures_util::future::join_all(to.iter().map(|to| one(to))).await;
    times.into_iter().fold(0.0, f64::max)
}

/// What a cap promises is how long transfers take at least: a busy machine only makes it longer.
#[tokio::test]
async fn caps_hold_for_a_server_a_site_and_the_whole() {
    let site = "listen = '127.0.0.1', sites = { berlin = 300_000 }";
    let whole = "listen = '127.0.0.1', bytes_per_second = 450_000";
    let (server, both, all) =
        tokio::join!(longest("", &["depot"]), longest(site, &["sw1", "sw2"]), longest(whole, &["sw1", "sw2", "sw3"]));
    // A burst of 50 ms goes at once.
    assert!(server >= 0.9, "300 kB at 300 kB/s: {server} s");
    assert!(both >= 1.9, "two files in one site: {both} s");
    assert!(all >= 1.9, "three files at 450 kB/s: {all} s");
}

#[tokio::test]
async fn no_protocol_that_works_says_why_of_each() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let push = json!({"image": "c2960x-universalk9-mz.152-7.E10.bin", "device": "sw1", "path": "flash:x.bin"});
    let e = call(&client, "push", push).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unreachable);
    assert!(e.to_string().contains("sftp: ") && e.to_string().contains("scp: "), "{e}");
}

/// A server whose first connection ends at once; the next one is answered by HTTP.
async fn closes_then_speaks_http() -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        drop(listener.accept().await.unwrap());
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").await.unwrap();
        let _ = stream.read(&mut [0; 1]).await;
    });
    port
}

#[tokio::test]
async fn a_session_that_breaks_moves_on_to_the_next_protocol() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let (file, port) = (folder.file("a.bin"), closes_then_speaks_http().await);
    let how = json!({"device": "sw1", "path": "x", "file": file, "protocols": ["sftp", "http"], "port": port});
    let moved = call(&client, "fetch", how).await.unwrap();
    assert_eq!(moved["receipt"]["protocol"], json!("http"));
    assert!(moved["fallbacks"][0].as_str().unwrap().starts_with("sftp: "), "{moved}");
    assert_eq!(std::fs::read(&file).unwrap(), b"abc");
}

#[tokio::test]
async fn a_refused_login_is_an_auth_failure_and_is_shown_once() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    support::keygen(&folder.file("stranger"));
    std::fs::copy(folder.file("stranger"), sshd.folder.file("user")).unwrap();
    let client = client(&sshd, &folder).await;
    let fetch = json!({"device": "depot", "path": "x", "file": folder.file("a.bin")});
    let e = call(&client, "fetch", fetch).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Auth, "{e:?}");
    assert!(e.to_string().contains("sftp: ") && e.to_string().contains("scp: log in: not tried"), "{e}");
}

#[tokio::test]
async fn an_offer_is_pulled_once_and_withdrawn() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let image = &client.images(None).await.unwrap()[0];
    let offer = json!({"image": image.file_name, "device": "sw1", "protocol": "http", "seconds": 60});
    let offered = call(&client, "offer", offer).await.unwrap();
    let url = format!("http://127.0.0.1:{}/{}", offered["port"], offered["path"].as_str().unwrap());
    let curl = support::program("curl", "curl");
    let pulled = folder.file("pulled.bin");
    let run = async |args: &[&str]| tokio::process::Command::new(&curl).args(args).output().await.unwrap();
    assert!(run(&["-sf", "-o", &pulled, &url]).await.status.success());
    assert_eq!(std::fs::metadata(&pulled).unwrap().len(), BYTES as u64);
    assert!(!run(&["-sf", "-o", "/dev/null", &url]).await.status.success());
    let withdraw = json!({"offer": offered["offer"]});
    let receipt = call(&client, "withdraw", withdraw.clone()).await.unwrap();
    assert_eq!((&receipt["bytes"], &receipt["digest"]), (&json!(BYTES), &json!(image.id.to_string())), "{receipt}");
    assert_eq!(receipt["completed"], json!(1), "{receipt}");
    assert_eq!(call(&client, "withdraw", withdraw).await.unwrap_err().kind(), ErrorKind::NotFound);
    // Who withdraws it late does not close another one.
    let offer = json!({"image": image.file_name, "device": "sw1", "protocol": "http", "seconds": 60});
    let next = call(&client, "offer", offer).await.unwrap();
    assert_ne!(next["offer"], offered["offer"]);
}

#[tokio::test]
async fn pulls_that_broke_off_are_no_image_on_the_device() {
    use std::io::{Read, Write};
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let image = &client.images(None).await.unwrap()[0];
    let offer = json!({"image": image.file_name, "device": "sw1", "protocol": "http", "seconds": 60});
    let offered = call(&client, "offer", offer).await.unwrap();
    let (port, path) = (offered["port"].as_u64().unwrap() as u16, offered["path"].as_str().unwrap().to_owned());
    tokio::task::spawn_blocking(move || {
        for _ in 0..2 {
            let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
            stream.read_exact(&mut vec![0; BYTES / 2 + 1000]).unwrap();
        }
    })
    .await
    .unwrap();
    let receipt = call(&client, "withdraw", json!({"offer": offered["offer"]})).await.unwrap();
    assert!(receipt["bytes"].as_u64().unwrap() >= BYTES as u64, "{receipt}");
    assert_eq!((&receipt["completed"], receipt.get("digest")), (&json!(0), None), "{receipt}");
}

#[tokio::test]
async fn no_credential_of_an_offer_is_in_its_debug() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let image = &client.images(None).await.unwrap()[0];
    let device = DeviceId::new("sw1").unwrap();
    for protocol in [Protocol::Http, Protocol::Tftp, Protocol::Sftp] {
        let offered = client.offer(image, &device, protocol, &swim::Offering::default()).await.unwrap();
        let shown = format!("{offered:?}");
        assert!(shown.contains(&offered.port.to_string()), "{shown}");
        let secret = offered.password.as_ref().map_or(offered.path.as_str(), |password| password.expose());
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// A TFTP server that sends one block and then has enough.
fn breaks_off() -> u16 {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut packet = [0; 600];
        let (_, peer) = socket.recv_from(&mut packet).unwrap();
        socket.send_to(&[&[0, 3, 0, 1][..], &[7; 512][..]].concat(), peer).unwrap();
        let _ = socket.recv_from(&mut packet);
        socket.send_to(b"\0\x05\0\0enough\0", peer).unwrap();
    });
    port
}

#[tokio::test]
async fn a_part_with_which_no_protocol_can_go_on_does_not_stay() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let to = folder.file("to.bin");
    let fetch = json!({"device": "sw1", "path": "x.bin", "file": to, "protocols": ["tftp"], "port": breaks_off()});
    let e = call(&client, "fetch", fetch).await.unwrap_err();
    assert!(e.report().to_string().contains("enough"), "{}", e.report());
    assert!(!std::fs::exists(format!("{to}.part")).unwrap());
    let (curl, from) = (support::program("curl", "curl"), folder.file("c2960x-universalk9-mz.152-7.E10.bin"));
    for protocol in ["ftp", "tftp"] {
        let to = folder.file(protocol);
        let accept = json!({"device": "sw1", "protocol": protocol, "file": to, "most": BYTES - 1});
        let offered = call(&client, "accept", accept).await.unwrap();
        let login = match (offered["user"].as_str(), offered["password"].as_str()) {
            (Some(user), Some(password)) => format!("{user}:{password}@"),
            _ => String::new(),
        };
        let url = format!("{protocol}://{login}127.0.0.1:{}/{}", offered["port"], offered["path"].as_str().unwrap());
        // Without the size, which would be refused before the first byte.
        let upload = tokio::process::Command::new(&curl).args(["-sS", "--tftp-no-options", "-T", &from, &url]).output();
        assert!(!upload.await.unwrap().status.success());
        let e = call(&client, "withdraw", json!({"offer": offered["offer"]})).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Interrupted);
        assert!(!std::fs::exists(&to).unwrap() && !std::fs::exists(format!("{to}.part")).unwrap(), "{protocol}");
    }
}

#[tokio::test]
async fn a_limit_that_no_file_can_reach_is_refused() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    for (verb, more) in [("fetch", json!({"path": "x.bin"})), ("accept", json!({"protocol": "sftp"}))] {
        let mut arguments = json!({"device": "sw1", "file": folder.file("x.bin"), "most": u64::MAX});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let e = call(&client, verb, arguments).await.unwrap_err();
        assert!(e.kind() == ErrorKind::InvalidInput && e.to_string().contains("most"), "{e}");
    }
}

#[tokio::test]
async fn a_push_over_another_file_of_the_same_size_replaces_it() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let image = &client.images(None).await.unwrap()[0];
    let there = folder.file("there.bin");
    let content = std::fs::read(folder.file("c2960x-universalk9-mz.152-7.E10.bin")).unwrap();
    let mut other = content.clone();
    other[1_000_000..2_000_000].fill(7);
    let push = json!({"image": image.file_name, "device": "depot", "path": there, "protocols": ["sftp"]});
    let digest = json!(image.id.to_string());
    for (before, bytes, compared) in [(&other, BYTES, "none"), (&content, 0, "whole")] {
        std::fs::write(&there, before).unwrap();
        let receipt = call(&client, "push", push.clone()).await.unwrap()["receipt"].clone();
        assert_eq!((&receipt["bytes"], &receipt["compared"]), (&json!(bytes), &json!(compared)), "{receipt}");
        assert_eq!(receipt["digest"], digest, "{receipt}");
        assert!(std::fs::read(&there).unwrap() == content);
    }
    std::fs::write(&there, &content[..2_500_000]).unwrap();
    let receipt = call(&client, "push", push).await.unwrap()["receipt"].clone();
    assert_eq!((&receipt["compared"], receipt.get("digest")), (&json!("tail"), None), "{receipt}");
}

#[tokio::test]
async fn an_upload_is_taken_once_and_withdrawn_with_its_digest() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let (curl, from) = (support::program("curl", "curl"), folder.file("c2960x-universalk9-mz.152-7.E10.bin"));
    let run = async |args: &[&str]| tokio::process::Command::new(&curl).args(args).output().await.unwrap();
    let id = client.images(None).await.unwrap()[0].id.to_string();
    for protocol in ["http", "tftp", "sftp"] {
        let to = folder.file(&format!("{protocol}.bin"));
        let accept = json!({"device": "sw1", "protocol": protocol, "file": to, "most": BYTES, "seconds": 60});
        let offered = call(&client, "accept", accept.clone()).await.unwrap();
        assert_eq!(offered["direction"], json!("upload"), "{offered}");
        let login = match (offered["user"].as_str(), offered["password"].as_str()) {
            (Some(user), Some(password)) => format!("{user}:{password}@"),
            _ => String::new(),
        };
        assert_eq!(login.is_empty(), protocol == "http" || protocol == "tftp", "{offered}");
        let url = format!("{protocol}://{login}127.0.0.1:{}/{}", offered["port"], offered["path"].as_str().unwrap());
        let ended = run(&["-sSfk", "--tftp-blksize", "8192", "-T", &from, &url]).await;
        assert!(ended.status.success(), "{ended:?}");
        assert!(!run(&["-sSfk", "-T", &from, &url]).await.status.success());
        let receipt = call(&client, "withdraw", json!({"offer": offered["offer"]})).await.unwrap();
        assert_eq!((&receipt["bytes"], &receipt["digest"]), (&json!(BYTES), &json!(id)), "{receipt}");
        assert_eq!(receipt["cipher"].is_string(), protocol == "sftp", "{receipt}");
        assert!(std::fs::read(&from).unwrap() == std::fs::read(&to).unwrap());
        let e = call(&client, "accept", accept).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Conflict, "a file that is there is not replaced");
    }
    let small = folder.file("small.bin");
    let accept = json!({"device": "sw1", "protocol": "http", "file": small, "most": BYTES - 1});
    let offered = call(&client, "accept", accept).await.unwrap();
    let url = format!("http://127.0.0.1:{}/{}", offered["port"], offered["path"].as_str().unwrap());
    assert!(!run(&["-sSf", "-T", &from, &url]).await.status.success());
    let e = call(&client, "withdraw", json!({"offer": offered["offer"]})).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Interrupted);
    assert!(!std::path::Path::new(&small).exists());
}

#[tokio::test]
async fn an_offer_by_https_is_told_with_the_certificate_to_trust() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let image = &client.images(None).await.unwrap()[0];
    let offer = json!({"image": image.file_name, "device": "sw1", "protocol": "https", "seconds": 60});
    let offered = call(&client, "offer", offer).await.unwrap();
    assert_eq!(offered["fingerprint"].as_str().unwrap().len(), 95, "{offered}");
    let (ca, pulled) = (folder.file("ca"), folder.file("pulled.bin"));
    std::fs::write(&ca, offered["certificate"].as_str().unwrap()).unwrap();
    let url = format!("https://127.0.0.1:{}/{}", offered["port"], offered["path"].as_str().unwrap());
    let curl = support::program("curl", "curl");
    let run = async |args: &[&str]| tokio::process::Command::new(&curl).args(args).output().await.unwrap();
    assert!(!run(&["-sf", "-o", &pulled, &url]).await.status.success());
    assert!(run(&["-sf", "--cacert", &ca, "-o", &pulled, &url]).await.status.success());
    assert_eq!(std::fs::metadata(&pulled).unwrap().len(), BYTES as u64);
    let receipt = call(&client, "withdraw", json!({"offer": offered["offer"]})).await.unwrap();
    assert!(receipt["bytes"] == json!(BYTES) && receipt["cipher"].is_string(), "{receipt}");
}

#[tokio::test]
async fn what_cannot_work_is_refused_by_field_and_value_and_leaves_nothing() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let client = client(&sshd, &folder).await;
    let image = client.images(None).await.unwrap()[0].file_name.clone();
    let long = "x".repeat(300);
    for (field, more) in [
        ("source", json!({"source": ""})),
        ("source", json!({"source": "127.0.0.1 "})),
        ("source", json!({"source": "bogus host"})),
        ("file name", json!({"name": "a/b"})),
        ("file name", json!({"name": "a\nb"})),
        ("file name", json!({"name": long})),
    ] {
        let file = folder.file("taken.bin");
        for (verb, base) in [
            ("offer", json!({"image": image, "device": "sw1", "protocol": "http"})),
            ("accept", json!({"device": "sw1", "protocol": "sftp", "file": file})),
        ] {
            let mut arguments = base;
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let e = call(&client, verb, arguments).await.unwrap_err();
            assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{verb} {more}: {e}");
            assert!(!e.report().to_string().chars().any(char::is_control), "{e:?}");
        }
    }
    for protocol in ["sftp", "scp", "http", "ftp", "tftp"] {
        // Nothing listens at this port: a dial would be another error.
        let path = json!({"device": "sw1", "path": "a\r\nDELE x", "protocols": [protocol], "port": 1});
        let mut fetch = path.clone();
        fetch["file"] = json!(folder.file("back.bin"));
        let mut push = path;
        push["image"] = json!(image);
        for (verb, arguments) in [("fetch", fetch), ("push", push)] {
            let e = call(&client, verb, arguments).await.unwrap_err();
            assert_eq!(
                (e.kind(), e.context("field")),
                (ErrorKind::InvalidInput, Some("path")),
                "{verb} {protocol}: {e}"
            );
        }
    }
    let left = |name: &str| std::path::Path::new(&folder.file(name)).exists();
    assert!(!left("taken.bin") && !left("back.bin"));
}

#[tokio::test]
async fn a_client_with_settings_that_cannot_work_does_not_open() {
    let folder = Folder::new();
    let data = folder.file("data");
    for (field, wrong) in [
        ("offers.listen", json!({"offers": {"listen": "nowhere.invalid"}})),
        ("offers.bytes_per_second", json!({"offers": {"bytes_per_second": 0}})),
        ("worker", json!({"worker": "a\nb"})),
    ] {
        let mut config = wrong;
        config["data"] = json!(data);
        let e = Client::open(Config::from_json(&config.to_string()).unwrap()).await.unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{e}");
        assert!(!std::path::Path::new(&data).exists());
    }
}
