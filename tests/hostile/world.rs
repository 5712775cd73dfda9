//! A client on a folder of its own, a web server that does as it is told, and tar archives made by hand.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use swim::{Client, Config, Error, surface};

/// What no error may tell.
pub(crate) const CANARY: &str = "hunter2-canary";

pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("swim-hostile-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn openssl(&self, arguments: &[&str]) {
        let done = Command::new("openssl").current_dir(&self.0).args(arguments).output().expect("openssl");
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A key with its certificate, `name.key` and `name.pem`.
    pub(crate) fn certificate(&self, name: &str) -> String {
        let (key, pem, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
        let words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", &subject];
        self.openssl(&[&words[..], &["-keyout", &key, "-out", &pem]].concat());
        self.path(&pem)
    }

    /// The detached signature of a file.
    pub(crate) fn sign(&self, key: &str, file: &str) -> String {
        let out = format!("{file}.signature");
        self.openssl(&["dgst", "-sha512", "-sign", &format!("{key}.key"), "-out", &out, file]);
        self.path(&out)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) async fn client(folder: &Folder) -> Client {
    let mut config = Config::new(folder.path("data"));
    config.offers.listen = "127.0.0.1".to_owned();
    Client::open(config).await.unwrap()
}

pub(crate) async fn call(client: &Client, verb: &str, arguments: Value) -> Value {
    surface::call(client, verb, arguments).await.unwrap_or_else(|e| panic!("{verb}: {e:?}"))
}

pub(crate) async fn refused(client: &Client, verb: &str, arguments: Value) -> Error {
    let shown = arguments.to_string();
    let shown: String = shown.chars().take(200).collect();
    match surface::call(client, verb, arguments).await {
        Err(e) => e,
        Ok(value) => panic!("{verb} {shown}: {value}"),
    }
}

/// Everything that an error tells anybody.
pub(crate) fn told(e: &Error) -> String {
    format!("{e} {e:?} {} {}", e.report(), serde_json::to_string(&e.record()).unwrap())
}

/// A web server: `answer` is given the first line of each request and writes what it likes.
pub(crate) struct Web {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub(crate) fn new(answer: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (heard, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (heard, answer) = (Arc::clone(&heard), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut request = [0; 8192];
                    let count = stream.read(&mut request).unwrap_or(0);
                    let request = String::from_utf8_lossy(&request[..count]).into_owned();
                    heard.lock().unwrap().push(request.clone());
                    answer(request.lines().next().unwrap_or_default(), &mut stream);
                });
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A whole answer.
pub(crate) fn page(to: &mut dyn Write, body: impl AsRef<[u8]>) {
    let body = body.as_ref();
    let _ = write!(to, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = to.write_all(body);
}

/// A member of a tar archive: its header with the sum, its bytes, its padding.
pub(crate) fn member(archive: &mut Vec<u8>, name: &str, kind: u8, bytes: &[u8]) {
    let mut block = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(124, format!("{:011o}\0", bytes.len()).as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive.extend_from_slice(&block);
    archive.extend_from_slice(bytes);
    archive.resize(archive.len().next_multiple_of(512), 0);
}
