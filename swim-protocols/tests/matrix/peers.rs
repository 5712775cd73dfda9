//! The servers that we dial, and how they are made to fail.

use std::sync::Arc;

use swim_core::model::{Device, Endpoint, Protocol, SecretRef};
use swim_core::ports::Transfer;
use swim_protocols::ftp::{FtpClient, FtpClientConfig};
use swim_protocols::http::HttpClient;
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};

use crate::nginx::Nginx;
use crate::support::memory::{MemoryRecords, MemorySecrets};
use crate::support::{Folder, Sshd};
use crate::vsftpd::Vsftpd;

/// A server that we dial.
pub struct Peer {
    pub name: &'static str,
    pub protocol: Protocol,
    pub push: Arc<dyn Transfer>,
    pub fetch: Arc<dyn Transfer>,
    pub device: Device,
    /// What stands before a name in a path as the server knows it.
    pub prefix: String,
    /// The folder of its files on this machine.
    pub folder: String,
    /// Can it go on where it stopped?
    pub resumes: bool,
    /// Does a login protect it?
    pub login: bool,
    _server: Box<dyn Send + Sync>,
}

impl Peer {
    /// The path of a file as the server knows it.
    pub fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The same file on this machine.
    pub fn local(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// The server with another password.
    pub fn with_wrong_password(&self) -> Device {
        let mut device = self.device.clone();
        device.login.key = None;
        device.login.password = Some(SecretRef("bad".to_owned()));
        device
    }
}

/// All of them at an address.
pub fn all(host: &str) -> Vec<Peer> {
    let mut peers = Vec::new();
    for (protocol, resumes) in [(Protocol::Sftp, true), (Protocol::Scp, false)] {
        let sshd = Sshd::start();
        let key = std::fs::read_to_string(sshd.folder.file("user")).unwrap();
        let secrets = Arc::new(MemorySecrets::new(&[("key", &key), ("bad", "open rice")]));
        let client = Arc::new(swim_protocols::ssh::SshClient::new(
            Arc::new(TcpNetwork),
            secrets,
            Arc::new(MemoryRecords::default()),
            swim_protocols::ssh::SshConfig::default(),
        ));
        let (push, fetch): (Arc<dyn Transfer>, Arc<dyn Transfer>) = match protocol {
            Protocol::Sftp => (Arc::new(SftpPush::new(Arc::clone(&client))), Arc::new(SftpFetch::new(client))),
            _ => (Arc::new(ScpPush::new(Arc::clone(&client))), Arc::new(ScpFetch::new(client))),
        };
        let at = Endpoint { host: host.to_owned(), port: sshd.port };
        let folder = sshd.folder.file("files");
        std::fs::create_dir(&folder).unwrap();
        peers.push(Peer {
            name: "OpenSSH sshd",
            protocol,
            push,
            fetch,
            device: Device { at, ..sshd.device() },
            prefix: format!("{folder}/"),
            folder,
            resumes,
            login: true,
            _server: Box::new(sshd),
        });
    }
    let secrets = || Arc::new(MemorySecrets::new(&[("good", "open sesame"), ("bad", "open rice")]));
    let nginx = Nginx::start(host);
    let http: Arc<dyn Transfer> = Arc::new(HttpClient::new(Arc::new(TcpNetwork), secrets()));
    peers.push(Peer {
        name: "nginx",
        protocol: Protocol::Http,
        push: Arc::clone(&http),
        fetch: http,
        device: nginx.device(host),
        prefix: "locked/".to_owned(),
        folder: nginx.folder.file("locked"),
        resumes: true,
        login: true,
        _server: Box::new(nginx),
    });
    let vsftpd = Vsftpd::start(host);
    let ftp: Arc<dyn Transfer> = Arc::new(FtpClient::new(Arc::new(TcpNetwork), secrets(), FtpClientConfig::default()));
    peers.push(Peer {
        name: "vsftpd",
        protocol: Protocol::Ftp,
        push: Arc::clone(&ftp),
        fetch: ftp,
        device: vsftpd.device(),
        prefix: String::new(),
        folder: vsftpd.folder.file("root"),
        resumes: true,
        login: true,
        _server: Box::new(vsftpd),
    });
    peers
}

/// A small file system, where this user may mount one.
pub struct SmallDisk(Folder);

impl SmallDisk {
    /// One megabyte, at a folder.
    pub fn mount(at: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let done = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs", at]).output();
        done.is_ok_and(|d| d.status.success()).then(|| Self(Folder(at.into())))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").args(["-l", self.0.0.to_str().unwrap()]).status();
    }
}
