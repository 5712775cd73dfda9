//! How fast one core takes each digest of an import: what bounds an import on this machine.

use std::time::Instant;

use serde_json::{Value, json};
use sha2::Digest;

/// Larger than the nearest caches, as the bytes of an import are.
const BLOCK: usize = 8 << 20;
/// Blocks for one figure: some tenths of a second for the slowest.
const BLOCKS: usize = 32;
/// The best of so many figures counts: what other processes took is not the limit.
const ROUNDS: usize = 5;

/// Megabytes a second on one core, by the name of the digest.
pub(crate) fn speeds() -> Value {
    let block: Vec<u8> = (0..BLOCK).map(|n| (n * 31 >> 3) as u8).collect();
    json!({
        "md5": speed::<md5::Md5>(&block),
        "sha1": speed::<sha1::Sha1>(&block),
        "sha256": speed::<sha2::Sha256>(&block),
        "sha512": speed::<sha2::Sha512>(&block),
    })
}

fn speed<D: Digest>(block: &[u8]) -> f64 {
    let figure = |_| {
        let (started, mut digest) = (Instant::now(), D::new());
        (0..BLOCKS).for_each(|_| digest.update(block));
        std::hint::black_box(digest.finalize());
        (BLOCK * BLOCKS) as f64 / 1e6 / started.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(figure).fold(0.0, f64::max)
}
