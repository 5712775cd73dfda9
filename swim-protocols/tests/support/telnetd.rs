//! A real telnetd.

#![allow(dead_code, unreachable_pub, missing_docs)]

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId};

use super::support::{Folder, program};

/// What is run instead of `login`: a command line like that of a router, on a real terminal.
const ROUTER: &str = r#"#!/bin/sh
trap '' INT
ask() {
    printf 'Username: '; read -r user || exit
    stty -echo; printf 'Password: '; read -r password || exit; stty echo; printf '\n'
    [ "$user:$password" = 'admin:open sesame' ]
}
printf '\nUser Access Verification\n\n'
ask || { printf '%% Login invalid\n\n'; ask || exit; }
while printf 'r1#'; read -r line; do
    case $line in
        'show window') stty size ;;
        'show terminal') echo "$TERM" ;;
        'show bytes') printf 'all \377 and \377\377 end\n' ;;
        'show numbers') seq 1 20000 ;;
        'show slowly') sleep 3; echo done ;;
        'ask') printf 'Proceed? [confirm]'; read -r answer; echo "got <$answer>" ;;
        'exit') exit ;;
        'die') kill -9 $$ ;;
    esac
done
"#;

/// A telnetd for each connection to a free port, as inetd starts it.
#[derive(Debug)]
pub struct Telnetd {
    pub port: u16,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
    children: Arc<Mutex<Vec<Child>>>,
    _folder: Folder,
}

impl Telnetd {
    pub fn start() -> Self {
        let folder = Folder::new();
        let router = folder.file("router");
        std::fs::write(&router, ROUTER).unwrap();
        std::fs::set_permissions(&router, std::fs::Permissions::from_mode(0o755)).unwrap();
        let server = program("telnetd", "inetutils-telnetd");
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let (over, children) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (ends, started) = (Arc::clone(&over), Arc::clone(&children));
        let accepting = std::thread::spawn(move || {
            while let Ok((stream, _)) = door.accept() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let stream = OwnedFd::from(stream);
                let child = Command::new(&server)
                    .args(["-h", "-E", &router])
                    .stdin(Stdio::from(stream.try_clone().unwrap()))
                    .stdout(Stdio::from(stream))
                    .stderr(Stdio::null())
                    .spawn();
                started.lock().unwrap().push(child.unwrap());
            }
        });
        Self { port, over, accepting: Some(accepting), children, _folder: folder }
    }

    /// A device with a login whose password has this name.
    pub fn device(&self, password: &str) -> Device {
        let at = Endpoint { host: "127.0.0.1".into(), port: self.port };
        let (id, login) = (DeviceId::new("r1").unwrap(), Login::password("admin", password));
        Device { telnet: true, ..Device::new(id, at, PlatformId("ios".into()), login, HostKeyPolicy::FirstUse) }
    }
}

impl Drop for Telnetd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes up the thread.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        for child in self.children.lock().unwrap().iter_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
