//! A network of datagrams in memory: a fixed round trip, and a say in which datagrams are lost. In paused time a second on
//! it costs nothing, and what is measured is exact.
#![allow(dead_code, clippy::unwrap_used, unreachable_pub, missing_docs)]

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use swim_core::model::Endpoint;
use swim_core::ports::{Datagrams, Dialed, Listener, Network};
use swim_core::{Error, ErrorKind, Result};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Everybody is here.
const HOST: &str = "127.0.0.1";

type Fate = Box<dyn FnMut(&[u8]) -> bool + Send>;

/// The line. Clones are the same one.
#[derive(Clone)]
pub struct Line {
    shared: Arc<Shared>,
}

struct Shared {
    half: Duration,
    boxes: Mutex<HashMap<u16, Arc<Mailbox>>>,
    loses: Mutex<Fate>,
}

#[derive(Default)]
struct Mailbox {
    waiting: Mutex<VecDeque<(Instant, Vec<u8>, Endpoint)>>,
    news: Notify,
}

impl Line {
    /// Loses the datagrams of which `loses` says so.
    pub fn new(trip: Duration, loses: impl FnMut(&[u8]) -> bool + Send + 'static) -> Self {
        let (boxes, loses) = (Mutex::default(), Mutex::new(Box::new(loses) as Fate));
        Self { shared: Arc::new(Shared { half: trip / 2, boxes, loses }) }
    }

    fn open(&self, port: u16) -> Result<Port> {
        let mut boxes = self.shared.boxes.lock().unwrap();
        let port = if port == 0 { (40_000..).find(|port| !boxes.contains_key(port)).unwrap() } else { port };
        if boxes.contains_key(&port) {
            return Err(Error::new(ErrorKind::Busy, "listen", "the port is taken"));
        }
        boxes.insert(port, Arc::default());
        Ok(Port { line: self.clone(), port })
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

#[async_trait]
impl Network for Line {
    async fn dial(&self, to: &Endpoint) -> Result<Dialed> {
        Err(Error::new(ErrorKind::Unsupported, "dial", format!("no streams to {to} here")))
    }

    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>> {
        Err(Error::new(ErrorKind::Unsupported, "listen", format!("no streams at {at} here")))
    }

    async fn datagrams(&self, at: &Endpoint) -> Result<Box<dyn Datagrams>> {
        Ok(Box::new(self.open(at.port)?))
    }
}

/// A port of the line; it closes with this value.
#[derive(Debug)]
struct Port {
    line: Line,
    port: u16,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.line.shared.boxes.lock().unwrap().remove(&self.port);
    }
}

#[async_trait]
impl Datagrams for Port {
    fn local(&self) -> Endpoint {
        Endpoint { host: HOST.to_owned(), port: self.port }
    }

    async fn send(&self, batch: &[u8], each: usize, to: &Endpoint) -> Result<()> {
        let Some(mailbox) = self.line.shared.boxes.lock().unwrap().get(&to.port).cloned() else { return Ok(()) };
        let due = Instant::now() + self.line.shared.half;
        for datagram in batch.chunks(each) {
            if !(self.line.shared.loses.lock().unwrap())(datagram) {
                mailbox.waiting.lock().unwrap().push_back((due, datagram.to_vec(), self.local()));
            }
        }
        mailbox.news.notify_one();
        Ok(())
    }

    async fn receive(&self, batch: &mut Vec<u8>) -> Result<(usize, Endpoint)> {
        let mailbox = Arc::clone(&self.line.shared.boxes.lock().unwrap()[&self.port]);
        loop {
            let due = mailbox.waiting.lock().unwrap().front().map(|(due, ..)| *due);
            match due {
                None => mailbox.news.notified().await,
                Some(due) if due > Instant::now() => tokio::time::sleep_until(due).await,
                Some(_) => {
                    let (_, datagram, from) = mailbox.waiting.lock().unwrap().pop_front().unwrap();
                    *batch = datagram;
                    return Ok((batch.len().max(1), from));
                }
            }
        }
    }
}
