//! A TCP relay that counts what goes each way and spoils one connection at a byte that it is told.
#![allow(dead_code, clippy::unwrap_used, unreachable_pub)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From who dialled.
    Up,
    /// To who dialled.
    Down,
}

/// What happens to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Both ends get a reset.
    Reset,
    /// Nothing passes any more, either way, and nobody is told.
    Stall,
    /// The way ends, the other one stays open.
    HalfClose,
}

/// The first connection that has passed `at` bytes this way meets its fault; the others pass.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub way: Way,
    pub at: u64,
    pub fault: Fault,
}

/// The relay; it ends with its value.
#[derive(Debug)]
pub struct Relay {
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    to: u16,
    cut: Option<Cut>,
    done: AtomicBool,
    up: AtomicU64,
    down: AtomicU64,
    end: CancellationToken,
}

impl Relay {
    /// To a port of this machine.
    pub async fn start(to: u16, cut: Option<Cut>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (end, done) = (CancellationToken::new(), AtomicBool::new(false));
        let shared = Arc::new(Shared { to, cut, done, up: AtomicU64::new(0), down: AtomicU64::new(0), end });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            let end = serving.end.clone();
            let accepting = async {
                while let Ok((near, _)) = listener.accept().await {
                    tokio::spawn(carry(near, Arc::clone(&serving)));
                }
            };
            end.run_until_cancelled(accepting).await;
        });
        Self { port, shared }
    }

    /// Bytes that went this way, over all connections.
    pub fn passed(&self, way: Way) -> u64 {
        self.shared.count(way).load(Ordering::Relaxed)
    }

    /// Has a connection met its fault?
    pub fn is_cut(&self) -> bool {
        self.shared.done.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.end.cancel();
    }
}

impl Shared {
    fn count(&self, way: Way) -> &AtomicU64 {
        if way == Way::Up { &self.up } else { &self.down }
    }

    /// The byte at which this way of a new connection is cut.
    fn limit(&self, way: Way) -> Option<(u64, Fault)> {
        self.cut.filter(|c| c.way == way && !self.done.load(Ordering::Relaxed)).map(|c| (c.at, c.fault))
    }
}

async fn carry(mut near: TcpStream, shared: Arc<Shared>) {
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", shared.to)).await else { return };
    for stream in [&near, &far] {
        let _ = stream.set_nodelay(true);
    }
    let both = async {
        let (near_in, near_out) = near.split();
        let (far_in, far_out) = far.split();
        let up = pass(near_in, far_out, Way::Up, &shared);
        let down = pass(far_in, near_out, Way::Down, &shared);
        match tokio::try_join!(up, down) {
            Err(Fault::Reset) => {
                near.set_zero_linger().unwrap();
                far.set_zero_linger().unwrap();
            }
            Err(Fault::Stall) => std::future::pending().await,
            Err(Fault::HalfClose) | Ok(_) => {}
        }
    };
    shared.end.run_until_cancelled(both).await;
}

/// One way, to its end. A fault that concerns the other way as well is an error.
async fn pass(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, way: Way, shared: &Shared) -> Result<(), Fault> {
    let limit = shared.limit(way);
    let mut buffer = vec![0; 64 * 1024];
    let mut passed = 0;
    loop {
        let left = limit.map_or(u64::MAX, |(at, _)| at - passed);
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        // A reset of one end is the end for the other one.
        let length = from.read(&mut buffer[..most]).await.unwrap_or(0);
        if length == 0 || to.write_all(&buffer[..length]).await.is_err() {
            let _ = to.shutdown().await;
            return Ok(());
        }
        passed += length as u64;
        shared.count(way).fetch_add(length as u64, Ordering::Relaxed);
        let Some((_, fault)) = limit.filter(|(at, _)| *at == passed) else { continue };
        shared.done.store(true, Ordering::Relaxed);
        if fault != Fault::HalfClose {
            return Err(fault);
        }
        let _ = to.shutdown().await;
        return Ok(());
    }
}
