//! Opening a client over the data folder of this machine and the network.

use std::sync::Arc;

use swim_core::platform::{self, PullServices, Registry};
use swim_core::ports::{PostChecks, WorkerId};
use swim_core::{Error, ErrorKind, Result};
use swim_protocols::clock::TokioClock;
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{SshClient, SshConfig, SshConnector};
use swim_stores::{FileImages, SqliteStore, StaticSecrets};

use crate::client::Client;
use crate::config::Config;
use crate::wiring::Adapters;

impl Client {
    /// Opens the data folder (it is made when it is not there) and makes the devices of the configuration known.
    ///
    /// `checks` answers the post-checks of plans that ask for one.
    ///
    /// # Errors
    /// `InvalidInput` or `NotFound` for the configuration; `Unsupported` for a device of an unknown platform; `Store`
    /// when the folder cannot be used.
    pub async fn open_with(config: Config, checks: Option<Arc<dyn PostChecks>>) -> Result<Self> {
        let secrets: StaticSecrets = config.resolved()?.into_iter().collect();
        std::fs::create_dir_all(&config.data).map_err(|e| {
            Error::new(ErrorKind::Store, "open data folder", config.data.display().to_string()).caused_by(e)
        })?;
        let records = Arc::new(SqliteStore::open(config.data.join("swim.db"))?);
        let store = Arc::new(FileImages::open(config.data.join("images"))?);
        let mut registry = Registry::builtin()?;
        for text in &config.platforms {
            registry.define(text)?;
        }
        let ssh =
            SshClient::new(Arc::new(TcpNetwork), Arc::new(secrets), Arc::clone(&records) as _, SshConfig::default());
        let adapters = Adapters {
            jobs: Arc::clone(&records) as _,
            records,
            clock: Arc::new(TokioClock::system()),
            connector: Arc::new(SshConnector::new(Arc::new(ssh))),
            services: PullServices { store, transfers: Vec::new() },
            platforms: platform::drivers(&registry)?,
            checks,
        };
        let worker = config.worker.unwrap_or_else(|| std::process::id().to_string());
        let client = Self::over(adapters, WorkerId(worker));
        client.add_devices(&config.devices).await?;
        Ok(client)
    }
}
