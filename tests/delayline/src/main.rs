//! A network path with delay, loss and rate: everything that one TUN device sends comes out of the other.
//!
//! `swim-delayline NEAR FAR --delay-us N [--loss-ppm N] [--rate-mbit N] [--queue-mib N] [--seed N] [--plain]`
//!
//! It works on packets, not on streams: TCP windows, retransmissions and the losses of datagrams are the kernel's own.
//! Without `--plain` the kernel hands over segments of up to 64 KiB, which makes the path fast, and a loss takes such a
//! segment as a whole; with it every packet is as long as on a wire. It says `ready` when both devices are there, runs
//! until its standard input ends, and then tells what became of the packets, as JSON.

mod line;
mod relay;

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use line::{Line, Nature};
use relay::Counts;
use tun_rs::{DeviceBuilder, SyncDevice};

/// Packets that the kernel keeps for a device that is not read at once.
const DEVICE_QUEUE: u32 = 10_000;
/// Twice what 1 GB/s needs at 50 ms.
const QUEUE_MIB: u64 = 128;
const USAGE: &str =
    "swim-delayline NEAR FAR --delay-us N [--loss-ppm N] [--rate-mbit N] [--queue-mib N] [--seed N] [--plain]";

struct Asked {
    near: String,
    far: String,
    nature: Nature,
    seed: u64,
    plain: bool,
}

fn main() -> ExitCode {
    match read(std::env::args().skip(1)).and_then(|asked| run(&asked).map_err(|e| e.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("swim-delayline: {e}");
            ExitCode::FAILURE
        }
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let (mut names, mut plain, mut seed, mut rate) = (Vec::new(), false, 1, 0);
    let mut nature = Nature { delay: Duration::ZERO, loss: 0, rate: None, queue: QUEUE_MIB << 20 };
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64, String> {
            let text = words.next().ok_or_else(|| format!("{word} needs a number"))?;
            text.parse().map_err(|_| format!("{word} = {text}: not a whole number"))
        };
        match word.as_str() {
            "--delay-us" => nature.delay = Duration::from_micros(number()?),
            "--loss-ppm" => nature.loss = u32::try_from(number()?).map_err(|_| "--loss-ppm: at most a million")?,
            "--rate-mbit" => rate = number()?,
            "--queue-mib" => nature.queue = number()? << 20,
            "--seed" => seed = number()?,
            "--plain" => plain = true,
            option if option.starts_with('-') => return Err(format!("{option}: no such option; {USAGE}")),
            _ => names.push(word),
        }
    }
    nature.rate = (rate > 0).then_some(rate * 1_000_000 / 8);
    let [near, far] = <[String; 2]>::try_from(names).map_err(|_| USAGE.to_owned())?;
    Ok(Asked { near, far, nature, seed, plain })
}

fn device(name: &str, asked: &Asked) -> io::Result<Arc<SyncDevice>> {
    let device = DeviceBuilder::new().name(name).tx_queue_len(DEVICE_QUEUE).offload(!asked.plain).build_sync();
    Ok(Arc::new(device.map_err(|e| io::Error::new(e.kind(), format!("device {name}: {e}")))?))
}

fn run(asked: &Asked) -> io::Result<()> {
    let (near, far) = (device(&asked.near, asked)?, device(&asked.far, asked)?);
    let (failed, failure) = mpsc::channel();
    let line = |seed| Line::new(asked.nature, seed);
    let out = relay::start(Arc::clone(&near), Arc::clone(&far), line(asked.seed), &failed)?;
    let back = relay::start(far, near, line(!asked.seed), &failed)?;
    println!("ready");
    io::stdout().flush()?;
    let told = failed.clone();
    thread::spawn(move || {
        // The end of the input and a failure to read it are the same: nobody is there any more.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = told.send(io::ErrorKind::Interrupted.into());
    });
    match failure.recv() {
        Ok(e) if e.kind() != io::ErrorKind::Interrupted => Err(e),
        _ => {
            println!("{{\"out\":{},\"back\":{}}}", told_of(&out), told_of(&back));
            Ok(())
        }
    }
}

fn told_of(counts: &Counts) -> String {
    let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    format!(
        "{{\"passed\":{},\"lost\":{},\"full\":{},\"refused\":{}}}",
        of(&counts.passed),
        of(&counts.lost),
        of(&counts.full),
        of(&counts.refused)
    )
}
