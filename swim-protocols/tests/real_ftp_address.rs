//! Data connections of our FTP client are with the machine that the control connection is with, whatever its name stands for.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use sink::{FileSink, fetch};
use support::memory::MemorySecrets;
use support::{Folder, context, offer};
use swim_core::Result;
use swim_core::model::{Device, Endpoint, Login};
use swim_core::ports::{Dialed, Listener, Network, Transfer};
use swim_protocols::ftp::{DataMode, FtpClient, FtpClientConfig};
use swim_protocols::net::TcpNetwork;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

const NAME: &str = "files.example.net";
const RIGHT: &[u8] = b"right";
const WRONG: &[u8] = b"wrong";

/// A name that stands for one machine, and then for another one.
#[derive(Debug, Default)]
struct TwoMachines(AtomicU32);

#[async_trait]
impl Network for TwoMachines {
    async fn dial(&self, to: &Endpoint) -> Result<Dialed> {
        let mut to = to.clone();
        if to.host == NAME {
            to.host = format!("127.0.0.{}", self.0.fetch_add(1, Ordering::Relaxed) + 1);
        }
        TcpNetwork.dial(&to).await
    }

    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>> {
        TcpNetwork.listen(at).await
    }
}

async fn send(mut data: TcpStream, bytes: &[u8]) {
    // Who is sent away sees an error.
    let _ = data.write_all(bytes).await;
    let _ = data.shutdown().await;
}

async fn dial(own: &str, port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{own}:0").parse().unwrap()).unwrap();
    socket.connect(([127, 0, 0, 1], port).into()).await.unwrap()
}

/// A server of one file at 127.0.0.1; at the same data port of 127.0.0.2, another machine waits.
async fn serve(control: TcpListener) {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    let other = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    tokio::spawn(async move { send(other.accept().await.unwrap().0, WRONG).await });
    let mut control = BufReader::new(control.accept().await.unwrap().0);
    control.write_all(b"220 here\r\n").await.unwrap();
    let (mut asked, mut line) = (None, String::new());
    while control.read_line(&mut line).await.unwrap_or(0) > 0 {
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "USER" => "230 in\r\n".to_owned(),
            "SIZE" => "213 5\r\n".to_owned(),
            "EPSV" => format!("229 there (|||{port}|)\r\n"),
            "EPRT" => {
                asked = line.split('|').nth(3).and_then(|p| p.parse::<u16>().ok());
                "200 there\r\n".to_owned()
            }
            "RETR" => {
                control.write_all(b"150 here it comes\r\n").await.unwrap();
                match asked {
                    Some(port) => {
                        // A stranger is faster.
                        let mut stranger = dial("127.0.0.2", port).await;
                        let _ = stranger.write_all(WRONG).await;
                        assert!(matches!(stranger.read(&mut [0; 9]).await, Ok(0) | Err(_)));
                        send(dial("127.0.0.1", port).await, RIGHT).await;
                    }
                    None => send(door.accept().await.unwrap().0, RIGHT).await,
                }
                "226 done\r\n".to_owned()
            }
            _ => "200 fine\r\n".to_owned(),
        };
        control.write_all(answer.as_bytes()).await.unwrap();
        line.clear();
    }
}

#[tokio::test]
async fn the_data_connection_is_with_the_machine_of_the_control_connection() {
    let folder = Folder::new();
    for mode in [DataMode::Passive, DataMode::Active] {
        let control = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = Endpoint { host: NAME.into(), port: control.local_addr().unwrap().port() };
        tokio::spawn(serve(control));
        let login = Login { user: String::new(), password: None, ..Login::password("", "none") };
        let device = Device { at, login, ..offer(0, "x").device };
        let config = FtpClientConfig { mode, active_ports: None };
        let client = FtpClient::new(Arc::<TwoMachines>::default(), Arc::new(MemorySecrets::new(&[])), config);
        let to = folder.file("to");
        let sink = FileSink::at(&to);
        client.fetch(fetch(device, "x.bin", &sink), &context()).await.unwrap();
        assert!(sink.is_finished());
        assert_eq!(std::fs::read(&to).unwrap(), RIGHT, "{mode:?}");
        std::fs::remove_file(&to).unwrap();
    }
}
