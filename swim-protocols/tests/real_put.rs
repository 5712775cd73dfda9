//! Programs of others upload to our HTTP accepts.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sink::FileSink;
use support::memory::{MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, offer, program, push};
use swim_core::ErrorKind;
use swim_core::model::{Direction, Endpoint};
use swim_core::ports::{Accept, Served, Sink, Transfer};
use swim_protocols::http::{HttpClient, HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Not a multiple of any block.
const BYTES: usize = 5_000_003;

/// A place of ours for one upload.
async fn accept(host: &str, most: u64, sink: &Arc<FileSink>) -> Box<dyn Served> {
    let offers = HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: host.into(), ports: None });
    let (device, lifetime) = (offer(1, "x").device, Duration::from_secs(120));
    let sink: Arc<dyn Sink> = Arc::<FileSink>::clone(sink);
    let accept = Accept { device, name: "up.bin".into(), sink, most, source: Some(host.into()), lifetime };
    offers.accept(accept, &context()).await.unwrap()
}

fn url(host: &str, served: &dyn Served) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!("http://{host}:{}/{}", served.port(), served.path())
}

/// curl, and the status that it was answered with.
async fn curl(arguments: &[&str]) -> (String, Output) {
    let mut command = tokio::process::Command::new(program("curl", "curl"));
    command.args(["-gsS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}"]).args(arguments);
    let ended = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    (String::from_utf8_lossy(&ended.stdout).into_owned(), ended)
}

/// A file to upload, and where it shall go.
fn files(bytes: usize) -> (Folder, String, String) {
    let folder = Folder::new();
    let (from, to) = (folder.file("from"), folder.file("to"));
    std::fs::write(&from, PatternStore::pattern(0, bytes)).unwrap();
    (folder, from, to)
}

async fn until(mut there: impl FnMut() -> bool) {
    for _ in 0..1200 {
        if there() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come");
}

#[tokio::test]
async fn curl_uploads_one_file_once() {
    for host in ["127.0.0.1", "::1"] {
        for bytes in [0, 1, 1024 * 1024, BYTES] {
            let (_folder, from, to) = files(bytes);
            let sink = FileSink::at(&to);
            let served = accept(host, BYTES as u64, &sink).await;
            let url = url(host, &*served);
            let (status, ended) = curl(&["-T", &from, &url]).await;
            assert_eq!(status, "201", "{host} {bytes} {ended:?}");
            assert!(sink.is_finished());
            assert_pattern(&to, bytes as u64);
            assert_eq!(curl(&["-T", &from, &url]).await.0, "410");
            let receipt = served.close().await.unwrap();
            assert_eq!((receipt.bytes, receipt.direction), (bytes as u64, Direction::Upload));
        }
    }
}

#[tokio::test]
async fn chunks_without_a_length_are_taken_up_to_the_limit() {
    let (_folder, from, to) = files(BYTES);
    for host in ["127.0.0.1", "::1"] {
        for (most, expected) in [(BYTES as u64, "201"), (BYTES as u64 - 1, "413"), (10, "413")] {
            let sink = FileSink::at(&to);
            let served = accept(host, most, &sink).await;
            let mut curl = tokio::process::Command::new(program("curl", "curl"));
            curl.args(["-gsS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}", "-T", "-", &url(host, &*served)]);
            curl.stdin(std::fs::File::open(&from).unwrap());
            let ended = curl.output().await.unwrap();
            assert_eq!(String::from_utf8_lossy(&ended.stdout), expected, "{ended:?}");
            assert_eq!(sink.is_finished(), expected == "201");
            if sink.is_finished() {
                assert_pattern(&to, BYTES as u64);
            } else {
                assert_eq!(std::fs::metadata(&to).unwrap().len(), 0, "a part is left on the disk");
                assert_eq!(served.close().await.unwrap_err().kind(), ErrorKind::Interrupted);
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_a_byte_is_read() {
    let (_folder, from, to) = files(BYTES);
    for expect in ["Expect: 100-continue", "Expect:"] {
        let sink = FileSink::at(&to);
        let served = accept("127.0.0.1", BYTES as u64 - 1, &sink).await;
        let (status, ended) = curl(&["-H", expect, "-T", &from, &url("127.0.0.1", &*served)]).await;
        assert_eq!((status.as_str(), served.sent()), ("413", 0), "{expect} {ended:?}");
        // What fits is taken afterwards.
        std::fs::write(&from, PatternStore::pattern(0, 4000)).unwrap();
        assert_eq!(curl(&["-T", &from, &url("127.0.0.1", &*served)]).await.0, "201");
        assert_pattern(&to, 4000);
        std::fs::write(&from, PatternStore::pattern(0, BYTES)).unwrap();
    }
}

/// The head of an upload of `bytes`, and what is answered to it.
async fn head(served: &dyn Served, bytes: u64) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", served.port())).await.unwrap();
    let head = format!(
        "PUT /{} HTTP/1.1\r\nHost: x\r\nContent-Length: {bytes}\r\nExpect: 100-continue\r\n\r\n",
        served.path()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    (stream, String::from_utf8(answer).unwrap())
}

#[tokio::test]
async fn who_asks_first_is_told_to_go_on_or_not() {
    let (_folder, _, to) = files(0);
    let sink = FileSink::at(&to);
    let served = accept("127.0.0.1", 5000, &sink).await;
    assert_eq!(head(&*served, 5001).await.1, "HTTP/1.1 413");
    let (mut stream, answer) = head(&*served, 5000).await;
    assert_eq!(answer, "HTTP/1.1 100");
    assert_eq!(served.sent(), 0);
    stream.write_all(&PatternStore::pattern(0, 5000)).await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("HTTP/1.1 201 Created"), "{rest}");
    assert_pattern(&to, 5000);
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_not_whole_and_another_one_is() {
    let (_folder, from, to) = files(BYTES);
    let sink = FileSink::at(&to);
    let served = accept("127.0.0.1", BYTES as u64, &sink).await;
    let url = url("127.0.0.1", &*served);
    let mut slow = tokio::process::Command::new(program("curl", "curl"))
        .args(["-gsS", "--limit-rate", "200k", "-T", &from, &url])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until(|| served.sent() > 10_000).await;
    slow.kill().await.unwrap();
    // What came is thrown away when the connection is seen to be gone.
    until(|| std::fs::metadata(&to).unwrap().len() == 0).await;
    assert!(!sink.is_finished());
    assert_eq!(curl(&["-T", &from, &url]).await.0, "201");
    assert_pattern(&to, BYTES as u64);
    let receipt = served.close().await.unwrap();
    assert!(receipt.bytes > BYTES as u64, "what came twice is counted: {receipt:?}");
}

#[tokio::test]
async fn a_second_try_overtakes_one_that_looks_alive() {
    let (_folder, from, to) = files(BYTES);
    let sink = FileSink::at(&to);
    let served = accept("127.0.0.1", BYTES as u64, &sink).await;
    let (mut stuck, answer) = head(&*served, BYTES as u64).await;
    assert_eq!(answer, "HTTP/1.1 100");
    stuck.write_all(&[7; 100_000]).await.unwrap();
    until(|| served.sent() > 0).await;
    assert_eq!(curl(&["-T", &from, &url("127.0.0.1", &*served)]).await.0, "201");
    assert_pattern(&to, BYTES as u64);
    let mut said = String::new();
    let _ = tokio::time::timeout(Duration::from_secs(30), stuck.read_to_string(&mut said)).await.unwrap();
    assert!(said.contains("HTTP/1.1 409"), "{said}");
}

#[tokio::test]
async fn only_a_whole_put_of_the_one_path_is_taken() {
    let (_folder, from, to) = files(1000);
    let sink = FileSink::at(&to);
    let served = accept("127.0.0.1", BYTES as u64, &sink).await;
    let url = url("127.0.0.1", &*served);
    let root = format!("http://127.0.0.1:{}", served.port());
    for path in ["/", "/up.bin", "/../up.bin", "/etc/passwd"] {
        assert_eq!(curl(&["--path-as-is", "-T", &from, &format!("{root}{path}")]).await.0, "404", "{path}");
    }
    for method in ["GET", "HEAD", "POST", "DELETE", "PATCH", "OPTIONS"] {
        let mut asked = tokio::process::Command::new(program("curl", "curl"));
        let flag: &[&str] = if method == "HEAD" { &["-I"] } else { &["-i", "-X", method] };
        let ended = asked.args(["-gsS", "-m", "60"]).args(flag).arg(&url).output().await.unwrap();
        let said = String::from_utf8_lossy(&ended.stdout).to_lowercase();
        assert!(said.starts_with("http/1.1 405") && said.contains("allow: put"), "{method}: {said}");
    }
    assert_eq!(curl(&["-C", "100", "-T", &from, &url]).await.0, "400", "a part is no file");
    assert_eq!(curl(&["-H", "Content-Encoding: gzip", "-T", &from, &url]).await.0, "415");
    assert_eq!(curl(&["-X", "PUT", &url]).await.0, "411", "a request without a body is no empty file");
    assert!(!sink.is_finished());
    let closed = served.close().await.unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::Interrupted);
}

#[tokio::test]
async fn another_address_may_not_upload() {
    let (_folder, from, to) = files(1000);
    let sink = FileSink::at(&to);
    let offers = HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: "127.0.0.1".into(), ports: None });
    let source = Some("192.0.2.1".to_owned());
    let request = |source| Accept {
        device: offer(1, "x").device,
        name: "up.bin".into(),
        sink: Arc::<FileSink>::clone(&sink),
        most: 5000,
        source,
        lifetime: Duration::from_secs(60),
    };
    let served = offers.accept(request(source), &context()).await.unwrap();
    assert_eq!(curl(&["-T", &from, &url("127.0.0.1", &*served)]).await.0, "000");
    // Without a source that is named, the first one that knows the path is the only one.
    let served = offers.accept(request(None), &context()).await.unwrap();
    let url = url("127.0.0.1", &*served);
    assert_eq!(
        curl(&["--interface", "127.0.0.2", "-H", "Content-Range: bytes 0-1/2", "-T", &from, &url]).await.0,
        "400"
    );
    assert_eq!(curl(&["-T", &from, &url]).await.0, "410");
    assert_eq!(curl(&["--interface", "127.0.0.2", "-T", &from, &url]).await.0, "201");
    for bad in [Accept { most: 0, ..request(None) }, Accept { name: "../x".into(), ..request(None) }] {
        assert_eq!(offers.accept(bad, &context()).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

/// A file system with 256 KiB of room.
struct SmallDisk(String);

impl SmallDisk {
    fn mount(folder: &Folder) -> Self {
        let path = folder.0.to_str().unwrap().to_owned();
        let run = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs", &path]).status();
        assert!(run.unwrap().success(), "this test mounts a file system: run it as root");
        Self(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").args(["-l", &self.0]).status();
    }
}

#[tokio::test]
async fn our_own_full_disk_is_told_and_so_it_is_to_our_client() {
    let (_folder, from, _) = files(BYTES);
    let full = Folder::new();
    let disk = SmallDisk::mount(&full);
    let sink = FileSink::at(full.file("to"));
    let served = accept("127.0.0.1", 1 << 30, &sink).await;
    assert_eq!(curl(&["-T", &from, &url("127.0.0.1", &*served)]).await.0, "507");
    let client = HttpClient::new(Arc::new(TcpNetwork), Arc::new(MemorySecrets::new(&[])));
    let mut device = offer(1, "x").device;
    device.at = Endpoint { host: "127.0.0.1".into(), port: served.port() };
    let e = client.push(push(device.clone(), BYTES as u64, served.path()), &context()).await.unwrap_err();
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::NoSpace, Some("507 Insufficient Storage")), "{e:?}");
    assert!(!sink.is_finished());
    let receipt = client.push(push(device.clone(), 100_000, served.path()), &context()).await.unwrap();
    assert_eq!(receipt.bytes, 100_000);
    assert_pattern(&full.file("to"), 100_000);
    let e = client.push(push(device, 100_000, served.path()), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound, "{e:?}");
    drop(disk);
}

const PUT: &str = r#"
import http.client, sys
host, port, path, file, how = sys.argv[1:]
line = http.client.HTTPConnection(host, int(port), timeout=60)
with open(file, "rb") as body:
    if how == "chunked":
        line.request("PUT", "/" + path, iter(lambda: body.read(10007), b""), encode_chunked=True,
                     headers={"Transfer-Encoding": "chunked"})
    else:
        line.request("PUT", "/" + path, body.read())
    answer = line.getresponse()
    print(answer.status, answer.read().decode().strip())
"#;

#[tokio::test]
async fn http_client_of_python_uploads() {
    let (_folder, from, to) = files(BYTES);
    for host in ["127.0.0.1", "::1"] {
        for (how, most, expected) in [
            ("whole", BYTES, "201 the file is here"),
            ("chunked", BYTES, "201 the file is here"),
            // It reads nothing before all is sent: so its rest must be taken and thrown away.
            ("whole", BYTES - 1, "413 the file is larger than what is taken here"),
        ] {
            let sink = FileSink::at(&to);
            let served = accept(host, most as u64, &sink).await;
            let python = program("python3", "python3");
            let port = served.port().to_string();
            let mut put = tokio::process::Command::new(python);
            let ended = put.args(["-c", PUT, host, &port, served.path(), &from, how]).output().await.unwrap();
            assert_eq!(String::from_utf8_lossy(&ended.stdout).trim(), expected, "{ended:?}");
            assert_eq!(sink.is_finished(), expected.starts_with("201"));
            if sink.is_finished() {
                assert_pattern(&to, BYTES as u64);
            }
        }
    }
}
