//! Carries packets from one TUN device to the other along a [`Line`].

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use tun_rs::SyncDevice;

use crate::line::{Dropped, Line};

/// A segment of 64 KiB that the kernel leaves whole, and the header that says how to cut it.
const LARGEST: usize = 64 * 1024 + 64;

/// What became of the packets of one direction.
#[derive(Debug, Default)]
pub struct Counts {
    /// Handed to the other end.
    pub passed: AtomicU64,
    /// Lost by chance.
    pub lost: AtomicU64,
    /// Dropped because too much was on the way.
    pub full: AtomicU64,
    /// The other end did not take it: it was down, or is gone.
    pub refused: AtomicU64,
    /// Bytes on the way.
    waiting: AtomicU64,
}

/// Starts one direction. What goes wrong for good is told to `failed`.
pub fn start(
    from: Arc<SyncDevice>,
    to: Arc<SyncDevice>,
    line: Line,
    failed: &mpsc::Sender<io::Error>,
) -> io::Result<Arc<Counts>> {
    let counts = Arc::new(Counts::default());
    let (sender, receiver) = mpsc::channel();
    let (inward, outward, failed) = (Arc::clone(&counts), Arc::clone(&counts), failed.clone());
    thread::Builder::new().name("in".into()).spawn(move || {
        if let Err(e) = take(&from, line, &inward, &sender) {
            // Nobody listens when the program ends.
            let _ = failed.send(e);
        }
    })?;
    thread::Builder::new().name("out".into()).spawn(move || deliver(&to, &outward, &receiver))?;
    Ok(counts)
}

type Packet = (Instant, Box<[u8]>);

fn take(from: &SyncDevice, mut line: Line, counts: &Counts, to: &mpsc::Sender<Packet>) -> io::Result<()> {
    let mut buffer = vec![0; LARGEST];
    loop {
        let length = from.recv(&mut buffer)?;
        let waiting = counts.waiting.load(Ordering::Relaxed);
        match line.take(Instant::now(), length as u64, waiting) {
            Ok(arrives) => {
                counts.waiting.fetch_add(length as u64, Ordering::Relaxed);
                if to.send((arrives, buffer[..length].into())).is_err() {
                    return Ok(());
                }
            }
            Err(Dropped::Lost) => _ = counts.lost.fetch_add(1, Ordering::Relaxed),
            Err(Dropped::Full) => _ = counts.full.fetch_add(1, Ordering::Relaxed),
        }
    }
}

fn deliver(to: &SyncDevice, counts: &Counts, packets: &mpsc::Receiver<Packet>) {
    for (arrives, packet) in packets {
        let early = arrives.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            thread::sleep(early);
        }
        let count = if to.send(&packet).is_ok() { &counts.passed } else { &counts.refused };
        count.fetch_add(1, Ordering::Relaxed);
        counts.waiting.fetch_sub(packet.len() as u64, Ordering::Relaxed);
    }
}
