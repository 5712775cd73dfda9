//! A real nginx.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId};

use super::support::{Folder, Sshd, program};

/// A real nginx on a free port: `/` can be read and written, `/locked/` after a login, `/small/` takes a kilobyte, `/dumb/`
/// knows no ranges.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    pub port: u16,
    pub folder: Folder,
}

impl Nginx {
    pub fn start(host: &str) -> Self {
        let folder = Folder::new();
        let port = TcpListener::bind((host, 0)).unwrap().local_addr().unwrap().port();
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
               access_log off; client_body_temp_path {at}temp; proxy_temp_path {at}temp; fastcgi_temp_path {at}temp;
               uwsgi_temp_path {at}temp; scgi_temp_path {at}temp; client_max_body_size 0;
               server {{ listen {listen}:{port}; root {at}; dav_methods PUT;
                 location /locked/ {{ auth_basic x; auth_basic_user_file {at}users; }}
                 location /small/ {{ client_max_body_size 1k; }}
                 location /dumb/ {{ max_ranges 0; }}
                 location /shut/ {{ deny all; }} }} }}"
        );
        std::fs::write(folder.file("conf"), config).unwrap();
        let child = Command::new(program("nginx", "nginx-light"))
            .args(["-p", &at, "-c", &folder.file("conf"), "-e", &folder.file("log")])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while std::net::TcpStream::connect((host, port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, port, folder }
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
