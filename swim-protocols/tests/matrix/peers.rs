//! The servers that we dial, and how they are made to fail.

use std::sync::Arc;

use swim_core::model::{Device, Endpoint, Protocol, SecretRef, TlsTrust};
use swim_core::ports::Transfer;
use swim_protocols::ftp::{FtpClient, FtpClientConfig};
use swim_protocols::http::HttpClient;
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::tls::TlsClient;

use crate::certificates::Authority;
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
    let network = || Arc::new(TcpNetwork);
    let tls = || TlsClient::new(Arc::new(MemoryRecords::default()));
    let authority = Authority::new();
    let leaf = authority.issue(&[host]);
    let trusting = |device: Device| Device { tls: TlsTrust::Ca(authority.pem.clone()), ..device };
    let plain = Nginx::start(host);
    let device = plain.device(host);
    peers.push(web(Protocol::Http, Arc::new(HttpClient::new(network(), secrets())), device, plain));
    let secured = Nginx::tls(host, &leaf, "");
    let device = trusting(secured.device(host));
    peers.push(web(Protocol::Https, Arc::new(HttpClient::tls(network(), secrets(), tls())), device, secured));
    let config = FtpClientConfig::default;
    let plain = Vsftpd::start(host);
    let device = plain.device();
    peers.push(ftpd(Protocol::Ftp, Arc::new(FtpClient::new(network(), secrets(), config())), device, plain));
    let secured = Vsftpd::tls(host, &leaf, "");
    let device = trusting(secured.device());
    let ftps = FtpClient::tls(network(), secrets(), config(), tls());
    peers.push(ftpd(Protocol::Ftps, Arc::new(ftps), device, secured));
    peers
}

fn web(protocol: Protocol, client: Arc<dyn Transfer>, device: Device, nginx: Nginx) -> Peer {
    Peer {
        name: "nginx",
        protocol,
        push: Arc::clone(&client),
        fetch: client,
        device,
        prefix: "locked/".to_owned(),
        folder: nginx.folder.file("locked"),
        resumes: true,
        login: true,
        _server: Box::new(nginx),
    }
}

fn ftpd(protocol: Protocol, client: Arc<dyn Transfer>, device: Device, vsftpd: Vsftpd) -> Peer {
    Peer {
        name: "vsftpd",
        protocol,
        push: Arc::clone(&client),
        fetch: client,
        device,
        prefix: String::new(),
        folder: vsftpd.folder.file("root"),
        resumes: true,
        login: true,
        _server: Box::new(vsftpd),
    }
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
