//! Every protocol and verb against independent programs on the other side, IPv4 and IPv6, with files of all kinds and with
//! everything that goes wrong. Prints a line a row, and `passed N of N`.
//!
//! `SWIM_MATRIX_ALL=1` adds files beyond 4 GiB: they take minutes and 6 GB of disk.
#![allow(
    clippy::future_not_send,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub
)]

#[path = "../support/certificates.rs"]
mod certificates;
mod dialing;
#[path = "../support/nginx.rs"]
mod nginx;
mod peers;
mod serving;
#[path = "../support/sink.rs"]
mod sink;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/vsftpd.rs"]
mod vsftpd;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Files of the cells: their names and sizes.
const FILES: &[(&str, u64)] = &[
    ("empty.bin", 0),
    ("one.bin", 1),
    ("blocks-of-512.bin", 512 * 64),
    ("blocks-of-1468.bin", 1468 * 64),
    ("blocks-of-64k.bin", 65_536 * 3),
    ("odd size.bin", 1_000_003),
    ("Größe & Maß ü€.bin", 70_001),
];

/// No cell takes longer, and no part of one that has many, however busy the machine is.
const CELL: Duration = Duration::from_secs(60);

/// The results of all cells.
#[derive(Default)]
pub struct Tally {
    passed: usize,
    failed: Vec<String>,
    row: (String, usize, Option<Instant>),
}

impl Tally {
    /// A new row begins.
    pub fn row(&mut self, name: &str) {
        self.end_row();
        self.row = (name.to_owned(), 0, Some(Instant::now()));
    }

    fn end_row(&mut self) {
        if let (name, cells, Some(began)) = &self.row {
            println!("{name:<44} {cells:>3} cells {:>7} ms", began.elapsed().as_millis());
        }
        self.row.2 = None;
    }

    /// One cell: what it found, or why it failed.
    pub async fn cell(&mut self, name: &str, work: impl Future<Output = Result<(), String>>) {
        self.cell_of_parts(name, &AtomicUsize::new(0), work).await;
    }

    /// One cell of many parts: it hangs when none of them has `ended` for as long as a cell may take, however many there are.
    pub async fn cell_of_parts(
        &mut self,
        name: &str,
        ended: &AtomicUsize,
        work: impl Future<Output = Result<(), String>>,
    ) {
        self.row.1 += 1;
        let mut work = std::pin::pin!(work);
        let found = loop {
            let before = ended.load(Ordering::Relaxed);
            match tokio::time::timeout(CELL, &mut work).await {
                Ok(found) => break found,
                Err(_) if ended.load(Ordering::Relaxed) > before => {}
                Err(_) => break Err("it hangs".to_owned()),
            }
        };
        match found {
            Ok(()) => self.passed += 1,
            Err(why) => self.failed.push(format!("{}: {name}: {why}", self.row.0)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_protocol_and_verb_against_other_programs() {
    // Side by side: most of the time is waiting for somebody to give up.
    let (mut tally, six) = tokio::join!(all("127.0.0.1"), all("::1"));
    tally.passed += six.passed;
    tally.failed.extend(six.failed);
    let mut failures = String::new();
    for failure in &tally.failed {
        let _ = writeln!(failures, "{failure}");
    }
    println!("passed {} of {}", tally.passed, tally.passed + tally.failed.len());
    assert!(tally.failed.is_empty(), "{failures}");
}

async fn all(host: &str) -> Tally {
    let mut tally = Tally::default();
    dialing::rows(host, &mut tally).await;
    serving::rows(host, &mut tally).await;
    tally.end_row();
    tally
}
