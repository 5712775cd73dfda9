//! Clients of our FTP offers and accepts that say what they like, and a server for our client.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId};
use swim_core::ports::{Accept, Clock, Context, Offer, Served, Transfer};
use swim_protocols::clock::TokioClock;
use swim_protocols::ftp::{FtpClient, FtpClientConfig, FtpConfig, FtpOffers};
use swim_protocols::net::TcpNetwork;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use crate::sink::FileSink;
use crate::support::memory::{MemorySecrets, PatternStore};
use crate::support::offer;

/// A clock that runs so many times as fast.
#[derive(Debug)]
struct Scaled(TokioClock, f64);

#[async_trait]
impl Clock for Scaled {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
    fn monotonic(&self) -> Duration {
        self.0.monotonic().mul_f64(self.1)
    }
    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration.div_f64(self.1)).await;
    }
}

pub fn at_speed(times: f64) -> Context {
    Context::new(Arc::new(Scaled(TokioClock::system(), times)))
}

/// Deadlines of minutes pass in seconds.
pub fn fast() -> Context {
    at_speed(100.0)
}

pub fn offers() -> FtpOffers {
    FtpOffers::new(Arc::new(TcpNetwork), FtpConfig { bind: "0.0.0.0".into(), port: 0, passive_ports: None })
}

pub const BYTES: u64 = 3_000_000;

pub async fn served(cx: &Context) -> Box<dyn Served> {
    let lifetime = Duration::from_secs(100_000);
    offers().offer(Offer { lifetime, source: None, ..offer(BYTES, "x.bin") }, cx).await.unwrap()
}

pub async fn accepted(most: u64, sink: &Arc<FileSink>, cx: &Context) -> Box<dyn Served> {
    let Offer { device, name, lifetime, .. } = offer(0, "x.bin");
    let sink = Arc::<FileSink>::clone(sink);
    offers().accept(Accept { device, name, sink, most, source: None, lifetime }, cx).await.unwrap()
}

/// A client that says what it likes.
pub struct Raw(pub BufReader<TcpStream>);

pub async fn dial(own: &str, port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{own}:0").parse().unwrap()).unwrap();
    socket.connect(format!("127.0.0.1:{port}").parse().unwrap()).await.unwrap()
}

impl Raw {
    pub async fn at(own: &str, port: u16) -> Self {
        let mut raw = Self(BufReader::new(dial(own, port).await));
        assert!(raw.hear().await.starts_with("220 "));
        raw
    }

    pub async fn inside(served: &dyn Served) -> Self {
        let mut raw = Self::at("127.0.0.1", served.port()).await;
        assert_eq!(raw.log_in(served).await, 230);
        raw
    }

    pub async fn log_in(&mut self, served: &dyn Served) -> u16 {
        assert_eq!(self.ask(&format!("USER {}", served.user().unwrap())).await, 331);
        self.ask(&format!("PASS {}", served.password().unwrap().expose())).await
    }

    /// The next line; empty when the server has closed.
    pub async fn hear(&mut self) -> String {
        let mut line = String::new();
        let heard = tokio::time::timeout(Duration::from_secs(30), self.0.read_line(&mut line)).await;
        let _ = heard.expect("the server says nothing");
        line
    }

    pub async fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    pub async fn code(&mut self) -> u16 {
        loop {
            let line = self.hear().await;
            match line.as_bytes().get(3) {
                Some(b' ') if line.starts_with(|c: char| c.is_ascii_digit()) => return line[..3].parse().unwrap(),
                None => return 0,
                _ => {}
            }
        }
    }

    pub async fn ask(&mut self, line: &str) -> u16 {
        self.say(&format!("{line}\r\n")).await;
        self.code().await
    }

    pub async fn passive(&mut self) -> u16 {
        self.say("EPSV\r\n").await;
        let line = self.hear().await;
        line.split('|').nth(3).unwrap_or_else(|| panic!("{line}")).parse().unwrap()
    }

    /// A whole pull: the code at its end and the bytes.
    pub async fn pull(&mut self, name: &str) -> (u16, Vec<u8>) {
        let mut data = dial("127.0.0.1", self.passive().await).await;
        let begun = self.ask(&format!("RETR {name}")).await;
        if begun != 150 {
            return (begun, Vec::new());
        }
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes).await.unwrap();
        drop(data);
        (self.code().await, bytes)
    }
}

pub fn whole(bytes: &[u8]) -> bool {
    bytes == PatternStore::pattern(0, BYTES as usize)
}

pub fn server(host: &str, port: u16, user: &str) -> Device {
    let (at, login) = (Endpoint { host: host.into(), port }, Login::password(user, "secret"));
    Device::new(DeviceId::new("files").unwrap(), at, PlatformId("image_server".into()), login, HostKeyPolicy::FirstUse)
}

pub fn client(password: &str) -> FtpClient {
    let secrets = MemorySecrets::new(&[("secret", password)]);
    FtpClient::new(Arc::new(TcpNetwork), Arc::new(secrets), FtpClientConfig::default())
}
