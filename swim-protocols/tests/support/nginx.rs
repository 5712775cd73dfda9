//! A real nginx.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId};

use super::certificates::Leaf;
use super::support::{Folder, Sshd, free_port, program};

/// A real nginx on a free port: `/` can be read and written, `/locked/` after a login, `/small/` takes a kilobyte, `/dumb/`
/// knows no ranges.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    host: String,
    pub port: u16,
    pub folder: Folder,
}

impl Nginx {
    pub fn start(host: &str) -> Self {
        Self::with(host, "", "")
    }

    /// By HTTPS only, with this certificate and more lines for the server. Requests are written to the file `requests`.
    pub fn tls(host: &str, leaf: &Leaf, more: &str) -> Self {
        let (certificate, key) = leaf.files();
        let lines = format!("ssl_certificate {certificate}; ssl_certificate_key {key}; {more}");
        Self::with(host, "ssl", &lines)
    }

    /// With another certificate from now on.
    pub fn shows(&mut self, leaf: &Leaf) {
        let _ = (self.child.kill(), self.child.wait());
        let (certificate, key) = leaf.files();
        let conf = self.folder.file("conf");
        let old = std::fs::read_to_string(&conf).unwrap();
        let (before, rest) = old.split_once("ssl_certificate ").unwrap();
        let (_, after) = rest.split_once("ssl_certificate_key ").unwrap();
        let (_, after) = after.split_once(';').unwrap();
        std::fs::write(&conf, format!("{before}ssl_certificate {certificate}; ssl_certificate_key {key};{after}"))
            .unwrap();
        self.child = Self::run(&self.folder, &self.host, self.port);
    }

    /// What was asked of it.
    pub fn requests(&self) -> String {
        std::fs::read_to_string(self.folder.file("requests")).unwrap()
    }

    fn with(host: &str, kind: &str, more: &str) -> Self {
        let folder = Folder::new();
        let port = free_port(host);
        for name in ["locked", "small", "dumb", "temp"] {
            std::fs::create_dir(folder.file(name)).unwrap();
        }
        std::fs::write(folder.file("users"), "swim:{PLAIN}open sesame\n").unwrap();
        let listen = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let at = folder.file("");
        let user = if Sshd::user() == "root" { "user root;" } else { "" };
        let config = format!(
            "daemon off; master_process off; {user} pid {at}pid; error_log {at}log;
             events {{}}
             http {{
               access_log {at}requests; client_body_temp_path {at}temp; proxy_temp_path {at}temp; fastcgi_temp_path {at}temp;
               uwsgi_temp_path {at}temp; scgi_temp_path {at}temp; client_max_body_size 0;
               server {{ listen {listen}:{port} {kind}; {more} root {at}; dav_methods PUT;
                 location /locked/ {{ auth_basic x; auth_basic_user_file {at}users; }}
                 location /small/ {{ client_max_body_size 1k; }}
                 location /dumb/ {{ max_ranges 0; }}
                 location /shut/ {{ deny all; }} }} }}"
        );
        std::fs::write(folder.file("conf"), config).unwrap();
        let child = Self::run(&folder, host, port);
        Self { child, host: host.to_owned(), port, folder }
    }

    fn run(folder: &Folder, host: &str, port: u16) -> Child {
        let child = Command::new(program("nginx", "nginx-light"))
            .args(["-p", &folder.file(""), "-c", &folder.file("conf"), "-e", &folder.file("log")])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while std::net::TcpStream::connect((host, port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }

    pub fn device(&self, host: &str) -> Device {
        server(host, self.port, Login::password("swim", "good"))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn server(host: &str, port: u16, login: Login) -> Device {
    let at = Endpoint { host: host.into(), port };
    let platform = PlatformId("image_server".into());
    Device::new(DeviceId::new("web").unwrap(), at, platform, login, HostKeyPolicy::FirstUse)
}
