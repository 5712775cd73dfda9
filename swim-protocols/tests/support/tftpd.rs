//! A real tftpd-hpa.
#![allow(dead_code, clippy::unwrap_used, unreachable_pub, missing_docs)]

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use swim_core::model::{Device, Endpoint};

use super::support::{Folder, free_port, offer, program};

/// tftpd-hpa (options, no windows) over a folder that anybody may write to.
#[derive(Debug)]
pub struct Tftpd {
    child: Child,
    pub host: String,
    pub port: u16,
    pub folder: Folder,
}

impl Tftpd {
    pub fn start(host: &str, folder: Folder, options: &[&str]) -> Self {
        Self::with(host, folder, &[&["-c"], options].concat())
    }

    /// Only files that are there can be written, unless the options say `-c`.
    pub fn with(host: &str, folder: Folder, options: &[&str]) -> Self {
        std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o777)).unwrap();
        let port = free_port(host);
        let at = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let child = Command::new(program("in.tftpd", "tftpd-hpa"))
            .args(["-L", "-a", &at, "-p", "-u", "root", "--secure"])
            .args(options)
            .arg(&folder.0)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The port is taken as soon as the server is there.
        let up = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(25));
            UdpSocket::bind((host, port)).is_err()
        });
        let server = Self { child, host: host.to_owned(), port, folder };
        assert!(up, "in.tftpd did not start");
        server
    }

    pub fn device(&self) -> Device {
        Device { at: Endpoint { host: self.host.clone(), port: self.port }, ..offer(1, "x").device }
    }
}

impl Drop for Tftpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
