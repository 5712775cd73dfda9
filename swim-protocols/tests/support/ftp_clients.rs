//! Other people's FTP clients, and what is served to them.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use swim_core::ports::{Accept, Offer, Served};

use super::sink::FileSink;
use super::support::{offer, program};

/// An image, for this address.
pub fn image(host: &str, bytes: u64) -> Offer {
    Offer { source: Some(host.into()), ..offer(bytes, "x.bin") }
}

/// A place for an upload of this address.
pub fn place(host: &str, most: u64, sink: &Arc<FileSink>) -> Accept {
    let Offer { device, name, source, lifetime, .. } = image(host, 0);
    Accept { device, name, sink: Arc::<FileSink>::clone(sink), most, source, lifetime }
}

/// With the login.
pub fn url(host: &str, served: &dyn Served) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let password = served.password().unwrap().expose();
    format!("ftp://{}:{password}@{host}:{}/{}", served.user().unwrap(), served.port(), served.path())
}

/// Runs a program to its end.
pub async fn run(name: &str, package: &str, arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(program(name, package));
    let ended = command.args(arguments).kill_on_drop(true).output();
    tokio::time::timeout(Duration::from_secs(60), ended).await.expect("the client hangs").unwrap()
}

/// curl, for one transfer.
pub async fn curl(arguments: &[&str]) -> Output {
    run("curl", "curl", &[&["-gsS", "--max-time", "50"], arguments].concat()).await
}
