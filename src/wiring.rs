//! The one place that knows both core and adapters.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use swim_core::model::ImageServer;
use swim_core::platform::{self, Platform, PullServices, Registry};
use swim_core::ports::{
    CliConnector, Clock, ImageStore, Index, JobStore, Network, PostChecks, Records, Secrets, Transfer, WorkerId,
};
use swim_core::transfer::{Caps, Servers};
use swim_core::{Error, ErrorKind, Result, repo};
use swim_protocols::catalog::{VendorCatalog, VendorLogin};
use swim_protocols::clock::TokioClock;
use swim_protocols::connector::Connector;
use swim_protocols::ftp::{FtpClient, FtpClientConfig, FtpConfig, FtpOffers};
use swim_protocols::http::{HttpClient, HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::ssh::{OfferConfig, SshClient, SshConfig, SshOffers};
use swim_protocols::tftp::{TftpClient, TftpClientConfig, TftpConfig, TftpOffers};
use swim_protocols::tls::{Identity, TlsClient};
use swim_stores::{FileImages, SqliteStore, StaticSecrets, Vault};

use crate::config::Offers;
use crate::simulation::OnlyLoopback;
use crate::{Client, Config, client};

/// The folder of files that are fetched for an import, in the data folder.
const FETCHED: &str = "fetched";

/// Everything that a client stands on.
#[derive(Clone)]
pub(crate) struct Adapters {
    pub(crate) jobs: Arc<dyn JobStore>,
    pub(crate) records: Arc<dyn Records>,
    /// The same records, with their index.
    pub(crate) index: Arc<dyn Index>,
    /// The database under all of these, where there is one: it can be closed.
    pub(crate) database: Option<SqliteStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connector: Arc<dyn CliConnector>,
    pub(crate) services: PullServices,
    pub(crate) platforms: Vec<Arc<dyn Platform>>,
    pub(crate) secrets: Arc<dyn Secrets>,
    /// The same, where a secret can be lent for the length of a call.
    pub(crate) vault: Arc<Vault>,
    /// Where files wait that are fetched for an import; without a data folder there is no such place.
    pub(crate) fetched: Option<PathBuf>,
    /// Are running images taken along with inventories?
    pub(crate) collect_images: bool,
    pub(crate) network: Arc<dyn Network>,
    /// Where our offers listen.
    pub(crate) listen: String,
    pub(crate) checks: Option<Arc<dyn PostChecks>>,
    /// The vendor's service; a rehearsal has none.
    pub(crate) catalog: Option<Arc<VendorCatalog>>,
    /// The login there that the configuration names.
    pub(crate) catalog_login: Option<VendorLogin>,
}

impl fmt::Debug for Adapters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapters").field("jobs", &self.jobs).field("platforms", &self.platforms).finish_non_exhaustive()
    }
}

/// Opens a client, with other adapters than the usual ones where they are given.
pub struct Builder {
    config: Config,
    network: Arc<dyn Network>,
    clock: Arc<dyn Clock>,
    checks: Option<Arc<dyn PostChecks>>,
}

impl Builder {
    /// The network and the clock of the machine.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, network: Arc::new(TcpNetwork), clock: Arc::new(TokioClock::system()), checks: None }
    }

    /// Another network, e.g. one of simulated devices.
    #[must_use]
    pub fn network(mut self, network: Arc<dyn Network>) -> Self {
        self.network = network;
        self
    }

    /// Another clock, e.g. a faster one for simulated devices.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Who is asked after each upgrade (`post_check` of the policy).
    #[must_use]
    pub fn post_checks(mut self, checks: Arc<dyn PostChecks>) -> Self {
        self.checks = Some(checks);
        self
    }

    /// Opens the data folder, makes the configured devices known, and removes what killed imports left behind.
    ///
    /// # Errors
    /// As [`Client::open`].
    pub async fn open(self) -> Result<Client> {
        let Self { config, mut network, mut clock, checks } = self;
        config.check()?;
        if let Some(simulation) = config.simulation {
            clock = simulation.clock()?;
            network = Arc::new(OnlyLoopback(network));
        }
        let failed =
            |e| Error::new(ErrorKind::Store, "open data folder", config.data.display().to_string()).caused_by(e);
        tokio::fs::create_dir_all(&config.data).await.map_err(failed)?;
        let store = SqliteStore::open(config.data.join("swim.db"))?;
        let images = Arc::new(FileImages::open(&config.data)?);
        let records: Arc<dyn Records> = Arc::new(store.clone());
        let secrets: StaticSecrets = config.resolved()?.into_iter().collect();
        let identity = config.offers.identity(&secrets, &clock).await?;
        let mut registry = Registry::builtin()?;
        for text in &config.platforms {
            registry.define(text)?;
        }
        let ground = Ground {
            network,
            clock,
            records: Arc::clone(&records),
            index: Arc::new(store.clone()),
            jobs: Arc::new(store.clone()),
            images,
            secrets: Arc::new(secrets),
            identity,
        };
        let tls = TlsClient::new(Arc::clone(&records));
        let login = client::catalog_login(&*records, config.catalog.login.clone()).await?;
        let vendor = VendorCatalog::new(&ground.network, &ground.secrets, tls, config.catalog.service(), login)?;
        let mut adapters =
            connect(ground, &config.offers, config.servers.clone(), platform::drivers(&registry)?, checks)?;
        adapters.catalog = Some(Arc::new(vendor));
        adapters.catalog_login = config.catalog.login.clone();
        adapters.fetched = Some(config.data.join(FETCHED));
        adapters.collect_images = config.collect_images;
        adapters.database = Some(store);
        repo::sweep(&*adapters.services.store, &*records).await?;
        // Others may be changing lists all the time: the mark stays for the next opening.
        if let Err(error) = repo::judge_pending(&*records, adapters.clock.now()).await {
            tracing::warn!(%error, "images are not judged by all lists yet");
        }
        let worker = config.worker.clone().unwrap_or_else(|| format!("process-{}", std::process::id()));
        let client = Client::over(adapters, WorkerId(worker));
        for server in &config.servers {
            for (door, login) in server.doors.iter().filter_map(|d| Some((d, d.login.as_ref()?))) {
                client.has_secrets(&format!("{} login of image server {}", door.protocol, server.name), login).await?;
            }
        }
        client.add_devices(&config.devices).await?;
        client.sweep_fetched().await?;
        Ok(client)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What the adapters themselves stand on.
pub(crate) struct Ground {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) records: Arc<dyn Records>,
    pub(crate) index: Arc<dyn Index>,
    pub(crate) jobs: Arc<dyn JobStore>,
    pub(crate) images: Arc<dyn ImageStore>,
    pub(crate) secrets: Arc<dyn Secrets>,
    /// The certificate of HTTPS and FTPS offers, where they are made.
    pub(crate) identity: Option<Identity>,
}

/// Puts sessions and transfers over a network.
pub(crate) fn connect(
    ground: Ground,
    config: &Offers,
    servers: Vec<ImageServer>,
    platforms: Vec<Arc<dyn Platform>>,
    checks: Option<Arc<dyn PostChecks>>,
) -> Result<Adapters> {
    let Ground { network, clock, records, index, jobs, images, secrets, identity } = ground;
    let vault = Arc::new(Vault::over(secrets));
    let secrets: Arc<dyn Secrets> = Arc::clone(&vault) as _;
    let ssh = SshClient::new(Arc::clone(&network), Arc::clone(&secrets), Arc::clone(&records), SshConfig::default());
    let ssh = Arc::new(ssh);
    let mut offers = OfferConfig::default();
    config.listen.clone_into(&mut offers.bind);
    let (scp, sftp) = SshOffers::new(Arc::clone(&network), offers)?;
    let mut http = HttpConfig::default();
    config.listen.clone_into(&mut http.bind);
    let tftp = TftpConfig { bind: config.listen.clone(), port: config.tftp_port };
    let ftp = FtpConfig { bind: config.listen.clone(), port: config.ftp_port, passive_ports: config.ftp_passive_ports };
    let ftp = FtpOffers::new(Arc::clone(&network), ftp);
    let mut transfers: Vec<Arc<dyn Transfer>> = vec![
        Arc::new(scp),
        Arc::new(sftp),
        Arc::new(HttpOffers::new(Arc::clone(&network), http.clone())),
        Arc::new(TftpOffers::new(Arc::clone(&network), tftp)),
        Arc::new(ftp.clone()),
    ];
    if let Some(identity) = identity {
        transfers.push(Arc::new(ftp.tls(identity.clone())));
        transfers.push(Arc::new(HttpOffers::tls(Arc::clone(&network), http, identity)));
    }
    transfers.extend(dialing(&ssh, &network, &secrets, &records));
    Ok(Adapters {
        jobs,
        records,
        index,
        database: None,
        clock,
        connector: Arc::new(Connector::new(ssh)),
        services: PullServices {
            servers: Arc::new(Servers::new(servers)?),
            secrets: Arc::clone(&secrets),
            store: images,
            transfers,
            caps: Caps::new(config.bytes_per_second, config.sites.clone()),
        },
        platforms,
        secrets,
        vault,
        fetched: None,
        collect_images: false,
        network,
        listen: config.listen.clone(),
        checks,
        catalog: None,
        catalog_login: None,
    })
}

/// What dials: devices, image servers, and our own offers in the self-test.
pub(crate) fn dialers(
    network: &Arc<dyn Network>,
    secrets: Arc<dyn Secrets>,
    records: Arc<dyn Records>,
) -> Vec<Arc<dyn Transfer>> {
    let ssh = SshClient::new(Arc::clone(network), Arc::clone(&secrets), Arc::clone(&records), SshConfig::default());
    dialing(&Arc::new(ssh), network, &secrets, &records)
}

fn dialing(
    ssh: &Arc<SshClient>,
    network: &Arc<dyn Network>,
    secrets: &Arc<dyn Secrets>,
    records: &Arc<dyn Records>,
) -> Vec<Arc<dyn Transfer>> {
    let tls = TlsClient::new(Arc::clone(records));
    let ftp = FtpClientConfig::default;
    vec![
        Arc::new(ScpPush::new(Arc::clone(ssh))),
        Arc::new(SftpPush::new(Arc::clone(ssh))),
        Arc::new(ScpFetch::new(Arc::clone(ssh))),
        Arc::new(SftpFetch::new(Arc::clone(ssh))),
        Arc::new(HttpClient::new(Arc::clone(network), Arc::clone(secrets))),
        Arc::new(HttpClient::tls(Arc::clone(network), Arc::clone(secrets), tls.clone())),
        Arc::new(FtpClient::new(Arc::clone(network), Arc::clone(secrets), ftp())),
        Arc::new(FtpClient::tls(Arc::clone(network), Arc::clone(secrets), ftp(), tls)),
        Arc::new(TftpClient::new(Arc::clone(network), TftpClientConfig::default())),
    ]
}
