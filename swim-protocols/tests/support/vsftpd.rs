//! A real vsftpd.

#![allow(dead_code, unreachable_pub, missing_docs)]

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId};

use super::certificates::Leaf;
use super::support::{Folder, free_port, program};

/// A vsftpd on a free port. It runs as the user of the test: its anonymous user with a list of passwords needs no account
/// of the machine. Files whose name begins with `secret` are denied.
#[derive(Debug)]
pub struct Vsftpd {
    child: Child,
    pub port: u16,
    pub host: String,
    /// Its own files.
    pub folder: Folder,
    /// It reads the files of its certificate for each session.
    leaf: Option<Leaf>,
}

impl Vsftpd {
    pub fn start(host: &str) -> Self {
        Self::with(host, "")
    }

    /// With TLS for all that anybody sends, with this certificate and more lines.
    pub fn tls(host: &str, leaf: &Leaf, more: &str) -> Self {
        let (certificate, key) = leaf.files();
        let lines = format!(
            "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES\nssl_ciphers=HIGH\n\
             require_ssl_reuse=YES\nrsa_cert_file={certificate}\nrsa_private_key_file={key}\n{more}"
        );
        let mut ftpd = Self::with(host, &lines);
        ftpd.leaf = Some(leaf.clone());
        ftpd
    }

    /// With more lines in its configuration.
    pub fn with(host: &str, more: &str) -> Self {
        let folder = Folder::new();
        let port = free_port(host);
        std::fs::create_dir(folder.file("root")).unwrap();
        std::fs::write(folder.file("passwords"), "open sesame\n").unwrap();
        let at = folder.file("");
        let listen = if host.contains(':') {
            format!("listen=NO\nlisten_ipv6=YES\nlisten_address6={host}")
        } else {
            format!("listen=YES\nlisten_address={host}")
        };
        let config = format!(
            "{listen}\nlisten_port={port}\nbackground=NO\nrun_as_launching_user=YES\nanonymous_enable=YES\nlocal_enable=NO\n\
             secure_email_list_enable=YES\nemail_password_file={at}passwords\nanon_root={at}root\nanon_upload_enable=YES\n\
             anon_mkdir_write_enable=YES\nanon_other_write_enable=YES\nanon_world_readable_only=NO\nanon_umask=022\n\
             write_enable=YES\nallow_writeable_chroot=YES\nseccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\n\
             deny_file={{secret*}}\nxferlog_enable=NO\nsecure_chroot_dir={at}\n{more}\n"
        );
        std::fs::write(folder.file("conf"), config.replace("{at}", &at)).unwrap();
        let child = Self::run(&folder, host, port);
        Self { child, port, host: host.to_owned(), folder, leaf: None }
    }

    /// With another certificate from now on.
    pub fn shows(&mut self, leaf: &Leaf) {
        let _ = (self.child.kill(), self.child.wait());
        let (certificate, key) = leaf.files();
        let conf = self.folder.file("conf");
        let old = std::fs::read_to_string(&conf).unwrap();
        let kept: Vec<_> = old.lines().filter(|l| !l.starts_with("rsa_")).collect();
        let lines = format!("{}\nrsa_cert_file={certificate}\nrsa_private_key_file={key}\n", kept.join("\n"));
        std::fs::write(&conf, lines).unwrap();
        self.leaf = Some(leaf.clone());
        self.child = Self::run(&self.folder, &self.host, self.port);
    }

    fn run(folder: &Folder, host: &str, port: u16) -> Child {
        let child = Command::new(program("vsftpd", "vsftpd"))
            .arg(folder.file("conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while TcpStream::connect((host, port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "vsftpd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }

    /// The path of a file that it serves.
    pub fn file(&self, name: &str) -> String {
        self.folder.file(&format!("root/{name}"))
    }

    pub fn device(&self) -> Device {
        server(&self.host, self.port, "good")
    }
}

impl Drop for Vsftpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An FTP server and the name of the password for it.
pub fn server(host: &str, port: u16, password: &str) -> Device {
    let at = Endpoint { host: host.into(), port };
    let login = Login::password("anonymous", password);
    Device::new(DeviceId::new("files").unwrap(), at, PlatformId("image_server".into()), login, HostKeyPolicy::FirstUse)
}
