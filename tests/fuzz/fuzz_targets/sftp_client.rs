//! Our SFTP client: a server that is honest for some requests, and then answers anything.
#![no_main]

mod wire;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use libfuzzer_sys::fuzz_target;
use russh::keys::key::safe_rng;
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, Handler, Msg, Session};
use russh::{Channel, ChannelId, Preferred, kex};
use swim_core::ports::{Fetch, Records, Sink, Transfer};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::ssh::{SshClient, SshConfig};

use wire::{Memory, OneSecret, Wire, byte, context, device, push, run};

/// What it answers to one request: how, and with which bytes.
type Lie = (u8, Vec<u8>);

/// The length is put in front.
const FRAMED: u8 = 1;
/// The number of the request is put in.
const NUMBERED: u8 = 2;
/// This answer is an honest one after all.
const HONEST: u8 = 4;

static CONFIG: LazyLock<Arc<server::Config>> = LazyLock::new(|| {
    let preferred = Preferred { kex: Cow::Borrowed(&[kex::CURVE25519]), ..Preferred::default() };
    let keys = vec![PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key")];
    Arc::new(server::Config { preferred, keys, inactivity_timeout: None, ..server::Config::default() })
});

struct Liar {
    /// Requests that are answered honestly.
    honest: usize,
    lies: VecDeque<Lie>,
    bytes: u64,
    heard: Vec<u8>,
}

impl Handler for Liar {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, _: &str) -> Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(&mut self, id: ChannelId, _: &str, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_success(id)
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        self.heard.extend_from_slice(data);
        while let Some((length, rest)) = self.heard.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            assert!((5..=256 * 1024 + 100).contains(&length), "our client sends packets that servers take");
            if rest.len() < length {
                break;
            }
            let request = rest[..length].to_vec();
            self.heard.drain(..length + 4);
            match self.answer(&request) {
                Some(answer) => session.data(id, answer)?,
                None => return session.close(id),
            }
        }
        Ok(())
    }
}

impl Liar {
    fn answer(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        if self.honest > 0 {
            self.honest -= 1;
            return Some(self.truth(request));
        }
        let (how, mut lie) = self.lies.pop_front()?;
        if how & HONEST != 0 {
            return Some(self.truth(request));
        }
        if how & NUMBERED != 0 && lie.len() >= 5 {
            lie[1..5].copy_from_slice(&request[1..5]);
        }
        let mut answer = if how & FRAMED != 0 { (lie.len() as u32).to_be_bytes().to_vec() } else { Vec::new() };
        answer.append(&mut lie);
        Some(answer)
    }

    fn truth(&self, request: &[u8]) -> Vec<u8> {
        let body = match request[0] {
            1 => vec![2, 0, 0, 0, 3],
            3 => [&[102], &request[1..5], &[0, 0, 0, 2, 0xff, 0]].concat(),
            5 => {
                let at = |from: usize, to: usize| request[from..to].iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
                let handle = at(5, 9) as usize;
                let (offset, length) = (at(9 + handle, 17 + handle), at(17 + handle, 21 + handle));
                let end = (offset + length).min(self.bytes);
                if offset >= end {
                    [&[101], &request[1..5], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]].concat()
                } else {
                    let length = ((end - offset) as u32).to_be_bytes();
                    [&[103], &request[1..5], &length, &(offset..end).map(byte).collect::<Vec<_>>()].concat()
                }
            }
            7 | 8 | 17 => [&[105], &request[1..5], &[0, 0, 0, 1], &self.bytes.to_be_bytes()].concat(),
            _ => [&[101], &request[1..5], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat(),
        };
        [&(body.len() as u32).to_be_bytes()[..], &body].concat()
    }
}

/// Host keys are not kept.
#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl Records for Forgetful {
    async fn put(&self, _: &str, _: &str, _: serde_json::Value) -> swim_core::Result<()> {
        Ok(())
    }

    async fn put_new(&self, _: &str, _: &str, _: serde_json::Value) -> swim_core::Result<bool> {
        Ok(true)
    }

    async fn swap(
        &self,
        _: &str,
        _: &str,
        _: &serde_json::Value,
        _: serde_json::Value,
    ) -> swim_core::Result<bool> {
        Ok(false)
    }

    async fn get(&self, _: &str, _: &str) -> swim_core::Result<Option<serde_json::Value>> {
        Ok(None)
    }

    async fn all(&self, _: &str) -> swim_core::Result<Vec<(String, serde_json::Value)>> {
        Ok(Vec::new())
    }

    async fn remove(&self, _: &str, _: &str) -> swim_core::Result<bool> {
        Ok(false)
    }
}

fuzz_target!(|input: (bool, u8, u16, u16, u16, Vec<Lie>)| {
    let (pushes, honest, bytes, have, most, lies) = input;
    let all_honest = lies.is_empty();
    run(async {
        let wire = Wire::new();
        let server = wire.server();
        let liar =
            Liar { honest: usize::from(honest % 8), lies: lies.into(), bytes: u64::from(bytes), heard: Vec::new() };
        tokio::spawn(async move {
            if let Ok(running) = server::run_stream(Arc::clone(&CONFIG), server, liar).await {
                let _ = running.await;
            }
        });
        let client = SshClient::new(wire, Arc::new(OneSecret), Arc::new(Forgetful), SshConfig::default());
        let client = Arc::new(client);
        if pushes {
            let _ = SftpPush::new(client).push(push(u64::from(bytes)), &context()).await;
            return;
        }
        let sink = Memory::with((0..u64::from(have)).map(byte).collect());
        let request = Fetch {
            device: device(),
            path: "x.bin".to_owned(),
            query: None,
            sink: Arc::clone(&sink) as Arc<dyn Sink>,
            bytes: None,
            most: u64::from(most),
        };
        match SftpFetch::new(client).fetch(request, &context()).await {
            Ok(receipt) => {
                let whole = sink.whole().expect("it says that it is whole");
                assert!(whole <= u64::from(most));
                assert_eq!(receipt.bytes + receipt.resumed_from, whole);
                let right = sink.bytes.lock().expect("unpoisoned").iter().zip(0..).all(|(b, at)| *b == byte(at));
                assert!(right || !all_honest);
            }
            Err(_) => assert!(sink.whole().is_none()),
        }
        assert!(sink.length() <= u64::from(most.max(have)));
    });
});
