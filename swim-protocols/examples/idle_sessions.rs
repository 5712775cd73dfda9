//! Opens command-line sessions and leaves them idle; prints what each of them costs this process, as JSON.
//!
//! `idle_sessions HOST PORT USER KEY-FILE COUNT`
#![allow(clippy::print_stdout)]

#[path = "transfer/usage.rs"]
mod usage;

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId, Secret};
use swim_core::platform::Registry;
use swim_core::ports::{CliConnector, Context};
use swim_core::{Error, Result};
use swim_protocols::clock::TokioClock;
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{SshClient, SshConfig, SshConnector};
use swim_stores::{MemoryStore, StaticSecrets};

/// Logins under way at the same time: a server with two cores takes a few.
const AT_ONCE: usize = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            println!("{}", json!({ "error": e.report().to_string() }));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, user, key, count] = words.as_slice() else {
        return Err(Error::invalid("arguments", words.join(" "), "HOST PORT USER KEY-FILE COUNT"));
    };
    let number = |name: &str, text: &str| {
        text.parse::<u16>().map_err(|_| Error::invalid(name, text, "a number from 0 to 65535"))
    };
    let (port, count) = (number("port", port)?, usize::from(number("count", count)?));
    let text = std::fs::read_to_string(key).map_err(|e| Error::invalid("key", key, "cannot be read").caused_by(e))?;
    let secrets = StaticSecrets::new().with("key", Secret::new(text));
    let ssh =
        SshClient::new(Arc::new(TcpNetwork), Arc::new(secrets), Arc::new(MemoryStore::new()), SshConfig::default());
    let connector = SshConnector::new(Arc::new(ssh));
    let platform = PlatformId("ios".to_owned());
    let registry = Registry::builtin()?;
    let definition = registry.definition(&platform)?;
    let device = Device::new(
        DeviceId::new("idle")?,
        Endpoint { host: host.clone(), port },
        platform,
        Login::key(user.clone(), "key"),
        HostKeyPolicy::FirstUse,
    );
    let cx = Context::new(Arc::new(TokioClock::system()));
    // The first one brings what all of them share.
    let mut open = vec![connector.connect(&device, definition, &cx).await?];
    let before = usage::resident_kib();
    while open.len() <= count {
        let more = (count + 1 - open.len()).min(AT_ONCE);
        let logins = (0..more).map(|_| connector.connect(&device, definition, &cx));
        open.extend(futures_util::future::try_join_all(logins).await?);
    }
    let after = usage::resident_kib();
    println!(
        "{}",
        json!({ "sessions": count, "before_kib": before, "after_kib": after, "peak_kib": usage::peak_kib() })
    );
    Ok(())
}
