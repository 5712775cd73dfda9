//! Imports from elsewhere: a URL, an image server, a device.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use swim_core::image::Image;
use swim_core::model::{Device, DeviceId, Direction, HostKeyPolicy, Location, Login, PlatformId, Protocol, Secret};
use swim_core::model::{Sha256, TlsTrust};
use swim_core::platform::{Session, Upload};
use swim_core::ports::{Fetch, Receipt, Sink};
use swim_core::repo;
use swim_core::transfer::{CHECK_CERTIFICATE, CHECK_HOST_KEY, Elsewhere};
use swim_core::{Error, ErrorKind, Result};
use swim_stores::{FileSink, FileSource, Lent, remove_leftover};

use super::transfers::{Order, Request, most};
use super::{Client, parse};
use crate::ImportOptions;

/// Servers that one import is sent on to: what browsers follow is 20, what makes sense for a file is a mirror or two.
const MOST_HOPS: usize = 5;

/// A part of a file that nobody went on with for so long is removed when a client opens.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// The platform name of a host that is only known from a URL.
const URL: &str = "url";

/// Where an image is taken from, other than a file of this machine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Origin {
    /// A URL: `http`, `https`, `ftp`, `ftps`, `sftp`, `scp` or `tftp`.
    Url(Box<Web>),
    /// A device that is known, or an image server of the configuration.
    Known {
        /// Its name.
        device: DeviceId,
        /// The file there; of a device its running image where nothing is said.
        path: Option<String>,
    },
}

/// A URL, and what must be known beside it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Web {
    /// The URL. A password in it is used for this call only and kept nowhere.
    pub at: Location,
    /// A login by the names of configured secrets, in the place of one in the URL.
    pub login: Option<Login>,
    /// What to do about the SSH host key, of SFTP and SCP.
    pub host_key: HostKeyPolicy,
    /// What to do about the certificate, of HTTPS and FTPS.
    pub tls: TlsTrust,
}

/// An origin as callers write it: `url` with what belongs to it, or `device` with `path`.
pub(crate) struct Given {
    pub(crate) url: Option<Secret<String>>,
    pub(crate) login: Option<Login>,
    pub(crate) host_key: Option<HostKeyPolicy>,
    pub(crate) tls: Option<TlsTrust>,
    pub(crate) device: Option<DeviceId>,
    pub(crate) path: Option<String>,
}

impl Origin {
    /// A URL without anything beside it.
    ///
    /// # Errors
    /// `InvalidInput`, which does not repeat the URL.
    pub fn url(url: &str) -> Result<Self> {
        let (at, login) = (url.parse()?, None);
        Ok(Self::Url(Box::new(Web { at, login, host_key: HostKeyPolicy::default(), tls: TlsTrust::default() })))
    }

    /// The running image of a device.
    #[must_use]
    pub const fn running(device: DeviceId) -> Self {
        Self::Known { device, path: None }
    }

    pub(crate) fn read(given: Given) -> Result<Self> {
        let Given { url, login, host_key, tls, device, path } = given;
        match (url, device) {
            (Some(url), None) => {
                if path.is_some() {
                    return Err(Error::invalid("path", "(given)", "the path is in the URL already"));
                }
                let at: Location = url.expose().parse()?;
                if login.is_some() && (at.password.is_some() || at.user.is_some()) {
                    return Err(Error::invalid("login", "(given)", "there is a login in the URL already: which one?"));
                }
                belongs(&at, host_key.is_some(), tls.is_some(), login.as_ref())?;
                let (host_key, tls) = (host_key.unwrap_or_default(), tls.unwrap_or_default());
                tls.check()?;
                if at.protocol.over_ssh() {
                    host_key.check()?;
                }
                Ok(Self::Url(Box::new(Web { at, login, host_key, tls })))
            }
            (None, Some(device)) => {
                for (field, given) in
                    [("login", login.is_some()), ("host_key", host_key.is_some()), ("tls", tls.is_some())]
                {
                    if given {
                        return Err(Error::invalid(field, "(given)", "it belongs to a URL; a device has its own"));
                    }
                }
                Ok(Self::Known { device, path })
            }
            (Some(_), Some(device)) => {
                let why = "`url` is given too: an image is from one of them, give either `url` or `device`";
                Err(Error::invalid("device", device, why))
            }
            (None, None) => Err(Error::invalid("url", "(absent)", "give `url` or `device`: where the image is")),
        }
    }
}

/// Refuses what says nothing about a URL of this protocol: it would be passed over in silence.
fn belongs(at: &Location, host_key: bool, tls: bool, login: Option<&Login>) -> Result<()> {
    let protocol = at.protocol;
    let refuse = |field, why: &str| Err(Error::invalid(field, "(given)", &format!("{why}; the URL is of {protocol}")));
    if host_key && !protocol.over_ssh() {
        return refuse("host_key", "only servers of sftp and scp have one");
    }
    // A web server may send us on from HTTP to HTTPS.
    if tls && !matches!(protocol, Protocol::Http | Protocol::Https | Protocol::Ftps) {
        return refuse("tls", "only servers of https and ftps have a certificate");
    }
    if protocol == Protocol::Tftp && (at.user.is_some() || at.password.is_some()) {
        return Err(Error::invalid("url", "(not shown)", "TFTP knows no login: leave it out"));
    }
    let Some(login) = login else { return Ok(()) };
    if protocol == Protocol::Tftp {
        return refuse("login", "TFTP knows no login");
    }
    if login.enable.is_some() {
        return refuse("login.enable", "only the command line of a device asks for it");
    }
    for (field, given) in [("login.key", &login.key), ("login.key_passphrase", &login.key_passphrase)] {
        if given.is_some() && !protocol.over_ssh() {
            return refuse(field, "only servers of sftp and scp take a key");
        }
    }
    Ok(())
}

/// How to import. Every field may be absent.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Importing {
    /// What the caller knows of the image; the file name is otherwise the last part of the path.
    pub options: ImportOptions,
    /// Of a device or an image server: what to try, in this order. Default: SFTP, SCP; of an image server its own ways. A URL
    /// has its protocol and its port in it: both are refused beside one.
    pub protocols: Vec<Protocol>,
    /// Of a device or an image server: the port, where it is not that of the device or of the protocol.
    pub port: Option<u16>,
    /// The largest file to take, in bytes. Default: 16 GiB.
    pub most: Option<u64>,
}

impl Importing {
    /// Refuses what a URL has in it.
    fn beside_url(&self) -> Result<()> {
        if !self.protocols.is_empty() {
            let names: Vec<_> = self.protocols.iter().map(|protocol| protocol.name()).collect();
            let why = "it is for `device`: a URL begins with its protocol";
            return Err(Error::invalid("protocols", names.join(", "), why));
        }
        if let Some(port) = self.port {
            let why = format!("it is for `device`: a URL has its port behind the host (host:{port})");
            return Err(Error::invalid("port", port, &why));
        }
        Ok(())
    }
}

impl Client {
    /// Takes an image from a URL, an image server or a device into the repository. The bytes come into a file of the data
    /// folder first: an import that was cut goes on there, when it is asked for again, where the protocol can go on. A web
    /// server may send us on to another, never from HTTPS to HTTP, and our login is told to nobody else.
    ///
    /// # Errors
    /// - `InvalidInput` for what cannot apply: `protocols` or `port` beside a URL, a host key for a web server.
    /// - `Unsupported` for the running image of a device that has none as one file: install mode, IOS XR, wireless LAN
    ///   controllers.
    /// - `NotFound` for a file, device or host name that is not there; `Auth`; `Busy` while the same import runs.
    /// - As [`Client::import`] and [`Client::fetch`]. A device from which nothing can be read is asked to copy the file to a
    ///   place of ours, by SCP or SFTP; what the reading failed by is then the detail `fetch` of the error.
    pub async fn import_from(&self, origin: &Origin, how: Importing) -> Result<Image> {
        if let Origin::Url(web) = origin {
            how.beside_url()?;
            belongs(&web.at, !web.host_key.is_default(), !web.tls.is_default(), web.login.as_ref())?;
        }
        self.take_from(origin, how).await
    }

    /// The same of an origin that was looked at: what earlier releases kept of a collection may have more in it than applies.
    pub(super) async fn take_from(&self, origin: &Origin, how: Importing) -> Result<Image> {
        let most = most(how.most)?;
        super::requirements::of_import(&how.options)?;
        match origin {
            Origin::Url(web) => {
                let name = file_name(self, &how.options, web.at.file_name())?;
                // A server may tell its files apart by the query alone.
                let query = web.at.query.as_ref().map(|query| Sha256::of(query.expose().as_bytes()));
                let what = format!("{} {:?} {query:?}", web.at.shown(), web.at.user);
                let (waiting, sink) = self.waiting_for(&what).await?;
                self.fetch_url(web, &sink, most).await?;
                self.arrived(&waiting, name, how.options).await
            }
            Origin::Known { device, path } => {
                let path = match path {
                    Some(path) => path.clone(),
                    None => self.running_image(device).await?,
                };
                let last = path.rsplit(['/', ':']).next().filter(|name| !name.is_empty());
                let name = file_name(self, &how.options, last)?;
                let (waiting, sink) = self.waiting_for(&format!("{device} {path}")).await?;
                let doors = self.doors(device);
                let protocols = if how.protocols.is_empty() { &doors } else { &how.protocols };
                let order = Order { to: device, direction: Direction::Fetch, protocols, port: how.port };
                let request = |device, ability: &_| fetching(device, ability, &path, &sink, most);
                if let Err(fetched) = self.in_order(order, &request).await {
                    // Most devices serve no files: then they are asked to write them to us.
                    let is_device = doors.is_empty() && how.protocols.is_empty();
                    if !is_device || !may_write_itself(&fetched) {
                        return Err(fetched);
                    }
                    let written = self.written_by(device, &path, &sink, most).await;
                    written.map_err(|e| e.with("fetch", fetched.report()))?;
                }
                self.arrived(&waiting, name, how.options).await
            }
        }
    }

    /// The device copies the file to a place of ours.
    async fn written_by(&self, id: &DeviceId, path: &str, sink: &Arc<FileSink>, most: u64) -> Result<Receipt> {
        let device = self.device(id).await?;
        let platform = self.platform(&device)?;
        let adapters = self.adapters();
        let cx = self.transfer_context(&device);
        sink.clear().await?;
        let mut cli = adapters.connector.connect(&device, platform.definition(), &cx).await?;
        let mut session = Session { device: &device, cli: &mut *cli, services: &adapters.services, cx: &cx };
        let upload = Upload { path: path.to_owned(), sink: Arc::clone(sink) as Arc<dyn Sink>, most };
        let taken = platform.upload(&upload, &mut session).await;
        cli.close().await;
        let (receipt, _) = taken?;
        Ok(receipt)
    }

    /// The ways of an image server that files can be fetched by.
    fn doors(&self, name: &DeviceId) -> Vec<Protocol> {
        let servers = self.adapters().services.servers.all();
        servers
            .iter()
            .find(|s| s.name == *name)
            .map_or_else(Vec::new, |server| server.doors.iter().map(|door| door.protocol).collect())
    }

    /// The path of the running image, as the device told it last.
    async fn running_image(&self, id: &DeviceId) -> Result<String> {
        let device = self.device(id).await?;
        let inventory = match self.records().get("inventories", id.as_str()).await? {
            Some(inventory) => parse(inventory)?,
            None => {
                let message = format!("{id} was never inspected: which image it runs is not known");
                return Err(Error::new(ErrorKind::NotFound, "import", message).with("device", id));
            }
        };
        repo::running_image(&device, &inventory).map(str::to_owned)
    }

    /// The place for the bytes of one origin, and the sink that fills it.
    async fn waiting_for(&self, what: &str) -> Result<(PathBuf, Arc<FileSink>)> {
        let folder = self.adapters().fetched.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "import", "this client has no data folder to fetch into")
        })?;
        let name = Sha256::of(what.as_bytes()).to_string();
        let path = folder.join(name.get(..32).unwrap_or(&name));
        let failed = |e| Error::new(ErrorKind::Store, "import", folder.display().to_string()).caused_by(e);
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        // What a killed import had fetched whole: whether it is still the newest cannot be told.
        let busy = || Error::new(ErrorKind::Busy, "import", "the same file is being imported by somebody else");
        if !remove_leftover(&path).await? {
            return Err(busy());
        }
        match FileSink::create(&path).await {
            Ok(sink) => Ok((path, sink)),
            // They have got it whole in this moment.
            Err(e) if e.kind() == ErrorKind::Conflict => Err(busy().caused_by(e)),
            Err(e) => Err(e),
        }
    }

    /// Takes in what was fetched, and removes it.
    async fn arrived(&self, file: &Path, name: String, options: ImportOptions) -> Result<Image> {
        let imported = match FileSource::open(file).await {
            Ok(source) => self.take_in(source, name, options).await,
            Err(e) => Err(e),
        };
        if let Err(cause) = tokio::fs::remove_file(file).await {
            tracing::warn!(%cause, "a fetched file could not be removed");
        }
        imported
    }

    async fn fetch_url(&self, web: &Web, sink: &Arc<FileSink>, most: u64) -> Result<Receipt> {
        let (mut at, mut login) = (web.at.clone(), web.login.clone());
        let mut hops = 0;
        loop {
            let refused = match self.fetch_once(web, &at, login.as_ref(), sink, most).await {
                Ok(receipt) => return Ok(receipt),
                Err(e) => e,
            };
            let Some(there) = Elsewhere::told(&refused) else { return Err(refused) };
            let mut to = there.seen_from(&at).map_err(|e| e.caused_by(refused))?;
            let stop = |why: &str| Error::new(ErrorKind::DeviceRejected, "import", format!("{why}: {}", to.shown()));
            if !matches!(to.protocol, Protocol::Http | Protocol::Https) {
                return Err(stop("the web server sends us on to what is no web server"));
            }
            if at.protocol.secure() && !to.protocol.secure() {
                return Err(stop("the server sends us on from HTTPS to HTTP"));
            }
            hops += 1;
            if hops > MOST_HOPS {
                return Err(stop("every server sends us on to the next"));
            }
            if to.endpoint == at.endpoint && to.protocol == at.protocol {
                (to.user, to.password) = (at.user.take(), at.password.take());
            } else {
                login = None;
            }
            at = to;
        }
    }

    async fn fetch_once(
        &self,
        web: &Web,
        at: &Location,
        login: Option<&Login>,
        sink: &Arc<FileSink>,
        most: u64,
    ) -> Result<Receipt> {
        let adapter = self.adapter(at.protocol, Direction::Fetch)?;
        let (device, _lent) = self.host(web, at, login)?;
        let cx = self.transfer_context(&device);
        let Request::Fetch(mut fetch) = fetching(device, adapter.ability(), &at.path, sink, most) else {
            return Err(Error::internal("import", "a fetch is no fetch"));
        };
        fetch.query = at.query.clone();
        adapter.fetch(fetch, &cx).await
    }

    /// The host of a URL, as something that transfers can dial, with the login of the URL where no other is given.
    pub(super) fn host(&self, web: &Web, at: &Location, login: Option<&Login>) -> Result<(Device, Option<Lent>)> {
        let lent = at.password.clone().map(|password| self.adapters().vault.lend(password));
        let mut by = login.cloned().unwrap_or_else(|| Login::password(at.user.clone().unwrap_or_default(), ""));
        if login.is_none() {
            by.password = lent.as_ref().map(|lent| lent.name().clone());
        }
        let id = DeviceId::new(at.endpoint.to_string())?;
        let device = Device::new(id, at.endpoint.clone(), PlatformId(URL.to_owned()), by, web.host_key.clone());
        Ok((Device { tls: web.tls.clone(), ..device }, lent))
    }

    /// Removes files that killed imports had fetched and not taken in, and parts with which nobody went on for a week.
    pub(crate) async fn sweep_fetched(&self) -> Result<()> {
        let Some(folder) = self.adapters().fetched.clone() else { return Ok(()) };
        let Ok(mut entries) = tokio::fs::read_dir(&folder).await else { return Ok(()) };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let whole = entry.path().extension().is_none();
            if whole {
                if let Err(e) = remove_leftover(entry.path()).await {
                    tracing::warn!(error = %e.report(), "a fetched file stays");
                }
                continue;
            }
            let age = entry.metadata().await.and_then(|m| m.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > KEPT)
                && let Err(cause) = tokio::fs::remove_file(entry.path()).await
            {
                tracing::warn!(%cause, path = %entry.path().display(), "an old part of a fetched file stays");
            }
        }
        Ok(())
    }
}

/// Would a device that was not read from be able to write the file to us? Not where the file is the matter, or the room, or
/// where the other side is not who it should be.
fn may_write_itself(error: &Error) -> bool {
    let proven = ![CHECK_HOST_KEY, CHECK_CERTIFICATE].contains(&error.operation());
    let ours =
        [ErrorKind::Cancelled, ErrorKind::NoSpace, ErrorKind::Store, ErrorKind::InvalidInput, ErrorKind::NotFound];
    proven && !ours.contains(&error.kind())
}

fn fetching(
    device: Device,
    ability: &swim_core::ports::TransferAbility,
    path: &str,
    sink: &Arc<FileSink>,
    most: u64,
) -> Request {
    sink.keep_parts(ability.resumes);
    let sink = Arc::clone(sink) as Arc<dyn Sink>;
    Request::Fetch(Fetch { device, path: path.to_owned(), query: None, sink, bytes: None, most })
}

/// The name that it will have; what could never be taken is refused before it is fetched.
fn file_name(client: &Client, options: &ImportOptions, last: Option<&str>) -> Result<String> {
    let name = options.file_name.clone().or_else(|| last.map(str::to_owned));
    let name =
        name.ok_or_else(|| Error::invalid("file_name", "absent", "the path names a folder and no file: give one"))?;
    client.named(options, name.clone()).check()?;
    Ok(name)
}
