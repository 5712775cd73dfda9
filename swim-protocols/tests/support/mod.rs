//! What the tests against OpenSSH and curl share. They fail when a program is missing: a test that is skipped proves nothing.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

#[path = "../../src/memory.rs"]
pub mod memory;

use std::collections::BTreeSet;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId, Sha256};
use swim_core::ports::{Context, Offer, Push};
use swim_protocols::clock::TokioClock;
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{SshClient, SshConfig};

use self::memory::{MemoryRecords, MemorySecrets, PatternStore};

/// The path of a program, or a failure that says what to install.
pub fn program(name: &str, package: &str) -> PathBuf {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/bin", "/sbin"];
    let found = places.iter().map(|p| Path::new(p).join(name)).find(|p| p.exists());
    found.unwrap_or_else(|| panic!("this test needs `{name}`: install the package {package}"))
}

/// An empty folder that is removed at the end.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("swim-{}", hex::encode(rand::random::<[u8; 8]>())));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A real sshd on a free port, with its own host key and one user key.
#[derive(Debug)]
pub struct Sshd {
    child: Child,
    pub port: u16,
    pub folder: Folder,
}

pub fn keygen(path: &str) {
    make_key(path, "ed25519", 0);
}

fn make_key(path: &str, kind: &str, bits: u32) {
    let mut command = Command::new(program("ssh-keygen", "openssh-client"));
    command.args(["-q", "-t", kind, "-N", "", "-f", path]);
    if bits > 0 {
        command.args(["-b", &bits.to_string()]);
    }
    assert!(command.status().unwrap().success());
}

/// Ports that no system gives to who asks for any (from 32768 on with Linux): between the choice and the start of a server,
/// another test would get it.
const PORTS: std::ops::Range<u16> = 16_384..32_768;

/// A port for a server that is told it. No other server of this process was.
pub fn free_port(host: &str) -> u16 {
    static CHOSEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = rand::random_range(PORTS);
        let free = TcpListener::bind((host, port)).is_ok() && UdpSocket::bind((host, port)).is_ok();
        if free && CHOSEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

impl Sshd {
    /// The same server with a new host key.
    pub fn restart_with_another_key(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::remove_file(self.folder.file("host")).unwrap();
        keygen(&self.folder.file("host"));
        self.child = Self::run(&self.folder, self.port);
    }

    fn run(folder: &Folder, port: u16) -> Child {
        let mut child = Command::new(program("sshd", "openssh-server"))
            .args(["-D", "-E", &folder.file("log"), "-f", &folder.file("config")])
            .spawn()
            .unwrap();
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return child;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = child.kill();
        let _ = child.wait();
        panic!("sshd did not start");
    }

    pub fn start() -> Self {
        Self::with("ed25519", 0, "")
    }

    /// With a host key of a kind and size (0: its usual one), and more lines in its configuration.
    pub fn with(kind: &str, bits: u32, more: &str) -> Self {
        std::fs::create_dir_all("/run/sshd").expect("sshd needs its folder /run/sshd");
        let folder = Folder::new();
        make_key(&folder.file("host"), kind, bits);
        keygen(&folder.file("user"));
        let port = free_port("127.0.0.1");
        let subsystem = if more.contains("Subsystem ") { "" } else { "Subsystem sftp internal-sftp\n" };
        let rekeys = if more.contains("RekeyLimit ") { "" } else { "RekeyLimit 32M\n" };
        let usual = format!("{subsystem}{rekeys}");
        let config = format!(
            "{usual}Port {port}\nListenAddress 127.0.0.1\nListenAddress ::1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PermitRootLogin yes\nPasswordAuthentication no\nMaxAuthTries 6\n{more}",
            folder.file("host"),
            folder.file("user.pub"),
        );
        std::fs::write(folder.file("config"), config).unwrap();
        let child = Self::run(&folder, port);
        Self { child, port, folder }
    }

    /// The name of the user that runs the test.
    pub fn user() -> String {
        let out = Command::new("id").arg("-un").output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    /// Sessions of SFTP that were begun so far, where `LogLevel VERBOSE` is set.
    pub fn sftp_sessions(&self) -> usize {
        let log = std::fs::read_to_string(self.folder.file("log")).unwrap();
        log.matches("Starting session: subsystem 'sftp'").count()
    }

    pub fn device(&self) -> Device {
        Device::new(
            DeviceId::new("sshd").unwrap(),
            Endpoint { host: "127.0.0.1".into(), port: self.port },
            PlatformId("ios".into()),
            Login::key(Self::user(), "key"),
            HostKeyPolicy::FirstUse,
        )
    }

    pub fn client(&self, records: &Arc<MemoryRecords>) -> Arc<SshClient> {
        self.client_with(records, SshConfig::default())
    }

    pub fn client_with(&self, records: &Arc<MemoryRecords>, config: SshConfig) -> Arc<SshClient> {
        let key = std::fs::read_to_string(self.folder.file("user")).unwrap();
        let secrets = Arc::new(MemorySecrets::new(&[("key", &key)]));
        Arc::new(SshClient::new(Arc::new(TcpNetwork), secrets, Arc::<MemoryRecords>::clone(records), config))
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn context() -> Context {
    Context::new(Arc::new(TokioClock::system()))
}

pub fn push(device: Device, bytes: u64, path: &str) -> Push {
    Push {
        device,
        store: Arc::new(PatternStore { bytes }),
        image: Sha256::of(b"pattern"),
        bytes,
        path: path.to_owned(),
        resume: true,
    }
}

/// A device that pulls; only its name matters.
pub fn offer(bytes: u64, name: &str) -> Offer {
    Offer {
        device: Device::new(
            DeviceId::new("puller").unwrap(),
            Endpoint { host: "127.0.0.1".into(), port: 22 },
            PlatformId("ios".into()),
            Login { user: "x".into(), password: None, key: None, key_passphrase: None, enable: None },
            HostKeyPolicy::FirstUse,
        ),
        store: Arc::new(PatternStore { bytes }),
        image: Sha256::of(b"pattern"),
        bytes,
        name: name.to_owned(),
        source: Some("127.0.0.1".into()),
        uses: 1,
        lifetime: Duration::from_secs(60),
    }
}

/// Fails unless the file is exactly the pattern.
pub fn assert_pattern(path: &str, bytes: u64) {
    let content = std::fs::read(path).unwrap();
    assert_eq!(content.len() as u64, bytes);
    assert_eq!(Sha256::of(&content), Sha256::of(&PatternStore::pattern(0, content.len())));
}

/// Runs an OpenSSH client with a password given through its ask-pass program.
pub async fn openssh(name: &str, password: &str, folder: &Folder, args: &[String]) -> std::process::Output {
    let asker = folder.file("askpass");
    std::fs::write(&asker, "#!/bin/sh\nprintf '%s\\n' \"$SWIM_TEST_PASSWORD\"\n").unwrap();
    Command::new("chmod").args(["+x", &asker]).status().unwrap();
    let program = program(name, "openssh-client");
    let mut command = tokio::process::Command::new(program);
    command
        .args([
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "NumberOfPasswordPrompts=1",
        ])
        .args(["-o", "PubkeyAuthentication=no"])
        .args(args)
        .env("SSH_ASKPASS", asker)
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env("SWIM_TEST_PASSWORD", password)
        .stdin(Stdio::null());
    tokio::time::timeout(Duration::from_secs(60), command.output()).await.expect("the client hangs").unwrap()
}
