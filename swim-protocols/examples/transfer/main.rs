//! One transfer over real files, for trying things out and for the benchmarks: prints what it did as one line of JSON.
//!
//! ```text
//! transfer import --store DIR FILE                                   prints the digest that the others name
//! transfer digests                                                   prints how fast this machine takes each digest
//! transfer push   PROTOCOL HOST PORT PATH --store DIR --image DIGEST [--user NAME [--key FILE]] [--fresh]
//! transfer fetch  PROTOCOL HOST PORT PATH FILE [--user NAME [--key FILE]]
//! transfer offer  PROTOCOL NAME --store DIR --image DIGEST [--bind ADDRESS] [--port N] [--offers N] [--uses N]
//! transfer accept PROTOCOL NAME FILE [--bind ADDRESS] [--port N]
//! transfer adapters                                                  prints which of them there are
//! ```
//!
//! A password is taken from the environment variable `TRANSFER_PASSWORD`. Offers and accepts print one line for each that
//! is open, and close when their standard input ends. `--threads N` takes a runtime of N threads instead of one.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../../tests/support/sink.rs"]
mod sink;

mod digests;
mod setup;
mod usage;
mod words;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sink::FileSink;
use swim_core::model::{Direction, HostKeyPolicy};
use swim_core::ports::{Accept, Context, Fetch, ImageStore, Offer, Push, Receipt, Served, Silent};
use swim_core::repo::{ImportOptions, import};
use swim_core::{Error, Result};
use swim_protocols::clock::TokioClock;
use swim_stores::{FileImages, FileSource, MemoryStore};
use tokio::io::AsyncReadExt;
use words::Words;

/// Offers and accepts close after this long, whatever happens.
const LIFETIME: Duration = Duration::from_secs(3600);
/// A fetched or uploaded file may be this large.
const MOST: u64 = 64 * 1024 * 1024 * 1024;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("transfer: {}", e.report());
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<()> {
    let words = Words::read(std::env::args().skip(1))?;
    let threads = words.number("threads", 1)?;
    let mut builder = if threads > 1 {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(usize::from(threads));
        builder
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build().map_err(|e| Error::internal("start", "no runtime").caused_by(e))?;
    runtime.block_on(run(&words))
}

async fn run(words: &Words) -> Result<()> {
    let cx = Context::new(Arc::new(TokioClock::system()));
    match words.places().as_slice() {
        ["adapters"] => {
            println!("{}", json!(setup::abilities(words)?));
            Ok(())
        }
        ["import", file] => take_in(words, file, &cx).await,
        ["digests"] => {
            println!("{}", digests::speeds());
            Ok(())
        }
        ["push", protocol, host, port, path] => {
            let (store, image, bytes) = setup::image(words).await?;
            let device = setup::device(words, host, port)?;
            let resume = !words.has("fresh");
            let request = Push { device, store, image, bytes, path: (*path).to_owned(), resume };
            let adapter = setup::adapter(words, protocol, Direction::Push)?;
            tell(&adapter.push(request, &cx).await?);
            Ok(())
        }
        ["fetch", protocol, host, port, path, file] => {
            let device = setup::device(words, host, port)?;
            let sink = FileSink::open(file)?;
            let request = Fetch { device, path: (*path).to_owned(), query: None, sink, bytes: None, most: MOST };
            let adapter = setup::adapter(words, protocol, Direction::Fetch)?;
            tell(&adapter.fetch(request, &cx).await?);
            Ok(())
        }
        ["offer", protocol, name] => offer(words, protocol, name, &cx).await,
        ["accept", protocol, name, file] => accept(words, protocol, name, file, &cx).await,
        other => Err(Error::invalid(
            "verb",
            other.join(" "),
            "adapters, digests, import, push, fetch, offer or accept; see the source",
        )),
    }
}

async fn take_in(words: &Words, file: &str, cx: &Context) -> Result<()> {
    let store = FileImages::open(words.need("store")?)?;
    let source = FileSource::open(file).await?;
    let name = source.file_name().unwrap_or("image").to_owned();
    let records = MemoryStore::new();
    let image = import(source, &store, &records, &*cx.clock, ImportOptions::new(name), &Silent).await?;
    let digests = &image.digests;
    println!(
        "{}",
        json!({ "image": image.id, "bytes": image.bytes, "md5": digests.md5, "sha1": digests.sha1, "sha512": digests.sha512 })
    );
    Ok(())
}

async fn offer(words: &Words, protocol: &str, name: &str, cx: &Context) -> Result<()> {
    let (store, image, bytes) = setup::image(words).await?;
    let adapter = setup::adapter(words, protocol, Direction::Pull)?;
    let mut open = Vec::new();
    for _ in 0..words.number("offers", 1)? {
        let request = Offer {
            device: setup::stranger(HostKeyPolicy::FirstUse)?,
            store: Arc::clone(&store) as Arc<dyn ImageStore>,
            image,
            bytes,
            name: name.to_owned(),
            source: None,
            uses: u32::from(words.number("uses", 1)?),
            lifetime: LIFETIME,
        };
        open.push(announced(adapter.offer(request, cx).await?));
    }
    until_told_to_end().await;
    for served in open {
        tell(&served.close().await?);
    }
    Ok(())
}

async fn accept(words: &Words, protocol: &str, name: &str, file: &str, cx: &Context) -> Result<()> {
    let request = Accept {
        device: setup::stranger(HostKeyPolicy::FirstUse)?,
        name: name.to_owned(),
        sink: FileSink::open(file)?,
        most: MOST,
        source: None,
        lifetime: LIFETIME,
    };
    let served = announced(setup::adapter(words, protocol, Direction::Upload)?.accept(request, cx).await?);
    until_told_to_end().await;
    tell(&served.close().await?);
    Ok(())
}

/// Prints where it is and how to get in: the only place where the password of an offer is shown, to who made it.
fn announced(served: Box<dyn Served>) -> Box<dyn Served> {
    let password = served.password().map(|p| p.expose().clone());
    println!(
        "{}",
        json!({ "path": served.path(), "port": served.port(), "user": served.user(), "password": password })
    );
    served
}

/// Standard input ends.
async fn until_told_to_end() {
    let mut nothing = [0; 64];
    let mut input = tokio::io::stdin();
    while matches!(input.read(&mut nothing).await, Ok(1..)) {}
}

fn tell(receipt: &Receipt) {
    let seconds = receipt.millis as f64 / 1e3;
    println!(
        "{}",
        json!({ "receipt": receipt, "seconds": seconds, "cpu_seconds": usage::cpu_seconds(), "peak_kib": usage::peak_kib() })
    );
}
