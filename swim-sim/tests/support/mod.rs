//! A small terminal client and a small HTTP server for the tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use russh::{ChannelMsg, client};
use swim_core::model::Endpoint;
use swim_core::ports::Network;
use swim_sim::{DeviceSpec, SimDevice, SimNetwork};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub fn at(host: &str, port: u16) -> Endpoint {
    Endpoint { host: host.into(), port }
}

/// A device on a network of its own.
pub fn device(spec: DeviceSpec) -> (SimNetwork, SimDevice) {
    let network = SimNetwork::new();
    let device = SimDevice::new(spec);
    network.attach(&device, at("10.0.0.1", 22));
    (network, device)
}

pub struct Console {
    pub handle: client::Handle<AnyKey>,
    channel: russh::Channel<client::Msg>,
    pub seen: String,
    prompt: String,
}
pub struct AnyKey;
impl client::Handler for AnyKey {
    type Error = russh::Error;
    async fn check_server_key(&mut self, _: &russh::keys::PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// An SSH connection that is logged in, or why not.
pub async fn connect(network: &SimNetwork, spec: &DeviceSpec) -> Result<client::Handle<AnyKey>, String> {
    let dialed = network.dial(&at("10.0.0.1", 22)).await.map_err(|e| e.to_string())?;
    connect_on(dialed.stream, spec).await
}

pub async fn connect_on(
    stream: Box<dyn swim_core::ports::ByteStream>,
    spec: &DeviceSpec,
) -> Result<client::Handle<AnyKey>, String> {
    let config = Arc::new(client::Config { inactivity_timeout: None, ..Default::default() });
    let mut handle = client::connect_stream(config, stream, AnyKey).await.map_err(|e| e.to_string())?;
    let done = handle.authenticate_password(&spec.user, &spec.password).await.map_err(|e| e.to_string())?;
    if done.success() { Ok(handle) } else { Err("login refused".into()) }
}

impl Console {
    pub async fn open(network: &SimNetwork, spec: &DeviceSpec) -> Result<Self, String> {
        Self::on(connect(network, spec).await?, spec).await
    }

    pub async fn on(handle: client::Handle<AnyKey>, spec: &DeviceSpec) -> Result<Self, String> {
        let channel = handle.channel_open_session().await.map_err(|e| e.to_string())?;
        channel.request_pty(true, "vt100", 511, 24, 0, 0, &[]).await.unwrap();
        channel.request_shell(true).await.unwrap();
        let sign = if spec.privilege == 15 { '#' } else { '>' };
        let mut console = Self { handle, channel, seen: String::new(), prompt: format!("{}{sign}", spec.hostname) };
        let prompt = console.prompt.clone();
        console.until(&prompt).await?;
        Ok(console)
    }

    pub async fn type_in(&self, text: &str) {
        let _ = self.channel.data(text.as_bytes()).await;
    }

    /// Reads until the output ends with this text.
    pub async fn until(&mut self, end: &str) -> Result<String, String> {
        loop {
            if self.seen.ends_with(end) {
                return Ok(std::mem::take(&mut self.seen));
            }
            match tokio::time::timeout(Duration::from_secs(20_000), self.channel.wait()).await {
                Ok(Some(ChannelMsg::Data { data })) => self.seen += &String::from_utf8_lossy(&data),
                Ok(Some(_)) => {}
                Ok(None) => return Err(std::mem::take(&mut self.seen)),
                Err(_) => return Err(format!("silent after {:?}", self.seen)),
            }
        }
    }

    pub async fn run(&mut self, line: &str) -> String {
        let prompt = self.prompt.clone();
        self.type_in(&format!("{line}\n")).await;
        self.until(&prompt).await.unwrap_or_else(|seen| panic!("{line}: session ended after {seen:?}"))
    }

    /// Answers questions in order, then waits for the prompt.
    pub async fn talk(&mut self, line: &str, answers: &[(&str, &str)]) -> String {
        self.type_in(&format!("{line}\n")).await;
        let mut all = String::new();
        for (question, answer) in answers {
            all += &self.until(question).await.unwrap_or_else(|s| panic!("{line}: no {question:?} in {all}{s}"));
            self.type_in(answer).await;
        }
        let prompt = self.prompt.clone();
        all += &self.until(&prompt).await.unwrap_or_else(|s| panic!("{line}: ended after {all}{s}"));
        all
    }

    /// Answers questions, then waits for the end of the session.
    pub async fn until_gone(&mut self, line: &str, answers: &[(&str, &str)]) -> String {
        self.type_in(&format!("{line}\n")).await;
        let mut all = String::new();
        for (question, answer) in answers {
            all += &self.until(question).await.unwrap_or_else(|s| panic!("{line}: no {question:?} in {all}{s}"));
            self.type_in(answer).await;
        }
        all + &self.until("\u{0}never").await.expect_err("the session must end")
    }
}

/// All bytes of a sample image.
pub fn bytes(mut image: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    image.read_to_end(&mut all).unwrap();
    all
}

/// Serves one file under every path, for as long as the listener lives.
pub async fn http_server(network: &SimNetwork, port: u16, file: Vec<u8>) {
    let listener = network.listen(&at("0.0.0.0", port)).await.unwrap();
    let file = Arc::new(file);
    tokio::spawn(async move {
        while let Ok(mut accepted) = listener.accept().await {
            let file = Arc::clone(&file);
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let got = accepted.stream.read(&mut request).await.unwrap();
                let ok = String::from_utf8_lossy(&request[..got]).starts_with("GET /one-time/");
                let head = if ok {
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", file.len())
                } else {
                    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".into()
                };
                let _ = accepted.stream.write_all(head.as_bytes()).await;
                if ok {
                    let _ = accepted.stream.write_all(&file).await;
                }
                let _ = accepted.stream.shutdown().await;
            });
        }
    });
}
