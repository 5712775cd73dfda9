//! What devices come for: an image that is offered to them, or a file that is taken from them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use swim_core::image::Image;
use swim_core::model::{DeviceId, Direction, Protocol, Secret, ServerCertificate, Sha256};
use swim_core::ports::{Accept, Offer, Receipt, Served, Sink};
use swim_core::repo::Referrer;
use swim_core::{Error, ErrorKind, Result};
use swim_stores::FileSink;

use super::Client;
use super::transfers::{digest, most};

/// How long an offer stays open when the caller does not say: 1 GB at the slowest rate seen takes a bit over an hour.
const LIFETIME: u64 = 6 * 3600;

/// The longest that an offer may stay open: what is exposed must end by itself.
const LONGEST_LIFETIME: u64 = 7 * 24 * 3600;

/// The protocol by which devices go on behind what an earlier upload left; with the others they begin anew.
const GOES_ON: Protocol = Protocol::Sftp;

/// Offers and accepts of one client that may be open: each holds a port.
const MOST_OPEN: usize = 1000;

/// How to offer an image. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Offering {
    /// The name to appear under; default: the image's file name.
    pub name: Option<String>,
    /// Only this address may come; default: the first one that shows the secret.
    pub source: Option<String>,
    /// How many times it may be pulled; default: once.
    pub uses: Option<u32>,
    /// It closes after so many seconds. Default: six hours; at most a week.
    pub seconds: Option<u64>,
}

/// How to take an upload. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Taking {
    /// The name that the device must give it; default: that of the file.
    pub name: Option<String>,
    /// As in [`Offering`].
    pub source: Option<String>,
    /// The largest file to take, in bytes. Default: 16 GiB.
    pub most: Option<u64>,
    /// As in [`Offering`].
    pub seconds: Option<u64>,
}

/// An open offer or accept: what the device must be told. [`Client::withdraw`] ends it. Its `Debug` shows no credential.
#[derive(Clone)]
#[non_exhaustive]
pub struct Offered {
    /// Its number in this client.
    pub id: u64,
    /// The protocol.
    pub protocol: Protocol,
    /// `Pull` for an offer, `Upload` for an accept.
    pub direction: Direction,
    /// The port that it listens at.
    pub port: u16,
    /// What to ask for: a name, or a path that is the credential.
    pub path: String,
    /// Who to log in as, where the protocol has a login.
    pub user: Option<String>,
    /// The single-use password.
    pub password: Option<Secret<String>>,
    /// The certificate that it shows, where the protocol has one: the device must trust it.
    pub certificate: Option<ServerCertificate>,
}

impl fmt::Debug for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Offered");
        shown.field("id", &self.id).field("protocol", &self.protocol).field("direction", &self.direction);
        shown.field("port", &self.port);
        // Where there is no login the path is the credential.
        if self.user.is_some() {
            shown.field("path", &self.path).field("user", &self.user);
        }
        shown.finish_non_exhaustive()
    }
}

/// What is kept of an open offer or accept.
#[derive(Debug)]
pub(super) struct Open {
    served: Box<dyn Served>,
    what: What,
}

/// What an offer shows, or an accept fills.
#[derive(Debug)]
enum What {
    Image(Sha256),
    File(Arc<FileSink>),
}

impl Client {
    /// Offers an image to a device: what it must be told is in the answer. It ends by [`Client::withdraw`], after its
    /// time, or when it is used up.
    ///
    /// # Errors
    /// `Unsupported` where we do not serve the protocol, `InvalidInput` for a name that devices cannot type, `Integrity` for an
    /// image that is damaged, those of listening.
    pub async fn offer(&self, image: &Image, to: &DeviceId, by: Protocol, how: &Offering) -> Result<Offered> {
        let image = &self.as_known(image).await?;
        image.cleared("offer")?;
        let device = self.target(to, by, None).await?;
        let adapter = self.adapter(by, Direction::Pull)?;
        let cx = self.transfer_context(&device);
        let request = Offer {
            device,
            store: Arc::clone(self.images_store()),
            image: image.id,
            bytes: image.bytes,
            name: how.name.clone().unwrap_or_else(|| image.file_name.clone()),
            source: how.source.clone(),
            uses: how.uses.unwrap_or(1),
            lifetime: lifetime(how.seconds)?,
        };
        self.check_room()?;
        self.usable(&image.id).await?;
        let open = Open { served: adapter.offer(request, &cx).await?, what: What::Image(image.id) };
        let offered = self.keep(by, Direction::Pull, open)?;
        // A deletion looks at the open offers after it has hidden the image: one of the two sees the other.
        if let Err(gone) = self.usable(&image.id).await {
            self.withdraw(offered.id).await.ok();
            return Err(gone);
        }
        Ok(offered)
    }

    /// The open offers of an image.
    pub(super) fn offers_of(&self, image: &Sha256) -> Vec<Referrer> {
        let opened = self.opened();
        let of = opened.iter().filter(|(_, open)| matches!(open.what, What::Image(id) if id == *image));
        of.map(|(id, _)| Referrer::Offer { offer: *id }).collect()
    }

    /// Takes one file that a device uploads, e.g. its configuration or a core dump, into a file that is not there yet.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> swim::Result<()> {
    /// use swim::core::model::{DeviceId, Protocol};
    /// # let folder = std::env::temp_dir().join(format!("swim-accept-{}", std::process::id()));
    /// let mut config = swim::Config::from_toml(r#"
    ///     data = "/var/lib/swim"
    ///     offers = { listen = "127.0.0.1" }
    ///     [secrets.lab]
    ///     env = "HOME"
    ///     [[devices]]
    ///     id = "sw1"
    ///     at = { host = "192.0.2.10", port = 22 }
    ///     platform = "ios_xe"
    ///     login = { user = "admin", password = "lab" }
    ///     host_key = "first_use"
    /// "#)?;
    /// # config.data = folder.clone();
    /// let client = swim::Client::open(config).await?;
    /// let (device, file) = (DeviceId::new("sw1")?, folder.join("sw1-confg"));
    /// let told = client.accept(&device, Protocol::Sftp, &file, &swim::Taking::default()).await?;
    /// // On the device: copy running-config sftp://USER:PASSWORD@OUR-ADDRESS:PORT/sw1-confg
    /// assert_eq!(told.path, "sw1-confg");
    /// assert!(told.user.is_some() && told.password.is_some());
    /// // Nobody came.
    /// let e = client.withdraw(told.id).await.unwrap_err();
    /// assert_eq!(e.kind(), swim::ErrorKind::Interrupted);
    /// assert!(!file.exists());
    /// # drop(client);
    /// # let _ = std::fs::remove_dir_all(folder);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Conflict` when the file is there; as [`Client::offer`].
    pub async fn accept(
        &self,
        from: &DeviceId,
        by: Protocol,
        file: impl Into<PathBuf>,
        how: &Taking,
    ) -> Result<Offered> {
        let file = file.into();
        let device = self.target(from, by, None).await?;
        let adapter = self.adapter(by, Direction::Upload)?;
        let cx = self.transfer_context(&device);
        let own_name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.check_room()?;
        let (most, lifetime) = (most(how.most)?, lifetime(how.seconds)?);
        let sink = FileSink::create(&file).await?;
        sink.keep_parts(by == GOES_ON);
        let request = Accept {
            device,
            name: how.name.clone().unwrap_or(own_name),
            sink: Arc::clone(&sink) as Arc<dyn Sink>,
            most,
            source: how.source.clone(),
            lifetime,
        };
        let open = Open { served: adapter.accept(request, &cx).await?, what: What::File(sink) };
        self.keep(by, Direction::Upload, open)
    }

    /// Ends an offer or an accept and says what it did. The receipt has the SHA-256 of the image when it was pulled whole,
    /// which it counts, or that of the file that was taken. Of an upload that is not whole only what SFTP can go on with
    /// stays.
    ///
    /// # Errors
    /// `NotFound` when there is none of that number; `Interrupted` for an upload that is not whole.
    pub async fn withdraw(&self, offered: u64) -> Result<Receipt> {
        let open = self.opened().remove(&offered).ok_or_else(|| {
            let message = format!("there is no open offer {offered}");
            Error::new(ErrorKind::NotFound, "withdraw", message).with("offer", offered)
        })?;
        let closed = open.served.close().await;
        let sink = match open.what {
            What::Image(id) => return Ok(closed?.of(id)),
            What::File(sink) => sink,
        };
        if closed.is_err() {
            sink.give_up().await;
        }
        let mut receipt = closed?;
        receipt.digest = digest(&sink).await;
        Ok(receipt)
    }

    fn opened(&self) -> MutexGuard<'_, BTreeMap<u64, Open>> {
        // A panic elsewhere leaves a map behind that is still true.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_room(&self) -> Result<()> {
        if self.opened().len() < MOST_OPEN {
            return Ok(());
        }
        let message = format!("{MOST_OPEN} offers are open: withdraw some");
        Err(Error::new(ErrorKind::Busy, "offer", message))
    }

    fn keep(&self, protocol: Protocol, direction: Direction, open: Open) -> Result<Offered> {
        let id = self.0.newest.fetch_add(1, Ordering::Relaxed) + 1;
        let served = &open.served;
        let offered = Offered {
            id,
            protocol,
            direction,
            port: served.port(),
            path: served.path().to_owned(),
            user: served.user().map(str::to_owned),
            password: served.password().cloned(),
            certificate: served.certificate().cloned(),
        };
        self.opened().insert(id, open);
        Ok(offered)
    }
}

fn lifetime(seconds: Option<u64>) -> Result<Duration> {
    let seconds = seconds.unwrap_or(LIFETIME);
    if seconds == 0 || seconds > LONGEST_LIFETIME {
        return Err(Error::invalid("seconds", seconds, &format!("1 to {LONGEST_LIFETIME}")));
    }
    Ok(Duration::from_secs(seconds))
}
