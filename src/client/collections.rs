//! The virtual image repository and baselines: images that are collected from URLs, files and devices.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use swim_core::image::Image;
use swim_core::model::{Device, DeviceId, Direction, Inventory, Location, Sha256};
use swim_core::repo::collection::{self, CollectFrom, Collected, Collection, Item, Outcome, Run};
use swim_core::{Error, ErrorKind, Result, repo};

use super::imports::Web;
use super::{Client, Importing, Origin, some};
use crate::ImportOptions;

/// Devices whose images are taken at the same time: as many as pull from one server.
const AT_ONCE: usize = 5;

/// How often a process that keeps collecting looks for sources that are due: patterns have minutes.
const LOOKS_EVERY: Duration = Duration::from_secs(20);

/// A claim of ours on a source. Dropped before the run has ended (whoever waited for it went away), it is given back.
struct Held {
    client: Client,
    name: DeviceId,
    ended: bool,
}

impl Held {
    /// Holds it on for as long as this is polled; ends when it is lost.
    async fn on(&self) -> Error {
        loop {
            self.client.adapters().clock.sleep(collection::RENEW_EVERY).await;
            let now = self.client.adapters().clock.now();
            if let Err(e) = collection::renew(self.client.records(), &self.name, &self.client.0.worker, now).await {
                return e;
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.ended {
            return;
        }
        let (client, name) = (self.client.clone(), self.name.clone());
        runtime.spawn(async move {
            if let Err(e) = collection::release(client.records(), &name, &client.0.worker).await {
                tracing::debug!(error = %e, "a claim that was given up runs out by itself");
            }
        });
    }
}

/// A run that was asked for, or was due.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Ran {
    /// The source.
    pub name: DeviceId,
    /// What came of it.
    pub run: Run,
}

impl Client {
    /// Takes the running images of devices into the repository, several at once; `None` stands for all that are known. What is
    /// there already, by name and size, is not fetched again. Devices that were never inspected are inspected.
    ///
    /// # Errors
    /// `NotFound` for a device that is not known; `InvalidInput` for an empty list and for a device that is named twice; those of
    /// the store. A device whose image cannot be taken is in the answer.
    pub async fn baseline(&self, devices: Option<&[DeviceId]>) -> Result<Run> {
        some("devices", devices)?;
        let began = self.adapters().clock.now();
        let devices = self.named_or_all(devices).await?;
        let items = self.take_running(&devices, false).await;
        Ok(Run::new(began, self.adapters().clock.now(), items))
    }

    /// Keeps a source of images, or replaces the one of its name. It runs by its schedule, as long as a process
    /// [keeps collecting](Client::keep_collecting) or [collects](Client::collect) what is due, and when it is asked for.
    ///
    /// # Errors
    /// `InvalidInput` names the field; `NotFound` for a device that is not known; those of the store.
    pub async fn add_collection(&self, source: Collection) -> Result<Collected> {
        source.check()?;
        match &source.from {
            CollectFrom::Devices { devices: Some(devices) } => {
                self.known(devices).await?;
            }
            // Whoever collects may have another one there; what is here now is most likely what is meant.
            CollectFrom::File { path } if Path::new(path).is_dir() => {
                return Err(Error::invalid("from.file.path", format!("{path:?}"), "it is a folder: name a file of it"));
            }
            CollectFrom::Url { login: Some(login), .. } => {
                self.has_secrets(&format!("login of collection {}", source.name), login).await?;
            }
            _ => {}
        }
        collection::add(self.records(), source, self.adapters().clock.now()).await
    }

    /// The sources, by name, each with what it brought.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn collections(&self) -> Result<Vec<Collected>> {
        collection::all(self.records()).await
    }

    /// Forgets a source; its images stay. Was there one?
    ///
    /// # Errors
    /// Those of the store.
    pub async fn remove_collection(&self, name: &DeviceId) -> Result<bool> {
        collection::remove(self.records(), name).await
    }

    /// Collects from one source now, or from all that are due where none is named. Of several processes that look at the
    /// same time one collects.
    ///
    /// # Errors
    /// `NotFound` for a source that is not there; `Busy` while another process collects from it; those of the store. What
    /// could not be taken is in the answer, and is kept as the source's last run.
    pub async fn collect(&self, name: Option<&DeviceId>) -> Result<Vec<Ran>> {
        if let Some(name) = name {
            return Ok(vec![self.run_collection(name, false).await?]);
        }
        let now = self.adapters().clock.now();
        let mut ran = Vec::new();
        for it in self.collections().await?.into_iter().filter(|it| it.due.is_some_and(|due| due <= now)) {
            match self.run_collection(&it.source.name, true).await {
                Ok(one) => ran.push(one),
                // Another process was faster, or it was taken away meanwhile.
                Err(e) if matches!(e.kind(), ErrorKind::Busy | ErrorKind::Blocked | ErrorKind::NotFound) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(ran)
    }

    /// Collects whenever something is due, until this future is dropped. Failures are logged and tried again.
    pub async fn keep_collecting(&self) {
        loop {
            if let Err(e) = self.collect(None).await {
                tracing::warn!(error = %e.report(), "collections that are due could not be looked at");
            }
            self.adapters().clock.sleep(LOOKS_EVERY).await;
        }
    }

    async fn run_collection(&self, name: &DeviceId, when_due: bool) -> Result<Ran> {
        let clock = &self.adapters().clock;
        let worker = self.0.worker.as_str();
        let it = collection::claim(self.records(), name, worker, clock.now(), when_due).await?;
        let began = clock.now();
        let mut held = Held { client: self.clone(), name: name.clone(), ended: false };
        let items = tokio::select! {
            biased;
            items = self.gather(&it.source) => items,
            lost = held.on() => Err(lost),
        };
        held.ended = true;
        let run = Run::new(began, clock.now(), items);
        collection::end(self.records(), name, worker, &run).await?;
        Ok(Ran { name: name.clone(), run })
    }

    async fn gather(&self, source: &Collection) -> Result<Vec<Item>> {
        match &source.from {
            CollectFrom::File { path } => {
                let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
                let before = self.known_as(name.as_deref().unwrap_or(path), None).await?;
                let imported = self.import(path, ImportOptions::default()).await;
                Ok(vec![Item::new(path, imported.map(|image| came(before.as_ref(), &image)))])
            }
            CollectFrom::Devices { devices } => {
                // Earlier releases kept an empty list where all were meant.
                let devices = devices.as_deref().filter(|devices| !devices.is_empty());
                let devices = self.named_or_all(devices).await?;
                self.take_running(&devices, source.again).await
            }
            CollectFrom::Url { login, host_key, tls, .. } => {
                let Some(at) = source.from.location()? else { return Ok(Vec::new()) };
                let web = |at| Web { at, login: login.clone(), host_key: host_key.clone(), tls: tls.clone() };
                self.gather_url(source, at, &web).await
            }
        }
    }

    async fn gather_url(
        &self,
        source: &Collection,
        at: Location,
        web: &(dyn Fn(Location) -> Web + Sync),
    ) -> Result<Vec<Item>> {
        let places = match at.file_name() {
            Some(name) => vec![(name.to_owned(), at.clone())],
            None => {
                let names = source.picked(self.listed(&web(at.clone())).await?);
                names.into_iter().map(|name| (name.clone(), at.joined(&name))).collect()
            }
        };
        let mut items = Vec::new();
        for (name, at) in places {
            let ended = match self.known_as(&name, None).await? {
                Some(image) if !source.again => Ok((Outcome::Known, image.id)),
                before => {
                    let origin = Origin::Url(Box::new(web(at)));
                    let imported = self.take_from(&origin, Importing::default()).await;
                    imported.map(|image| came(before.as_ref(), &image))
                }
            };
            items.push(Item::new(name, ended));
        }
        Ok(items)
    }

    /// The names in the folder of a URL.
    async fn listed(&self, web: &Web) -> Result<Vec<String>> {
        let adapter = self.adapter(web.at.protocol, Direction::Fetch)?;
        let (device, _lent) = self.host(web, &web.at, web.login.as_ref())?;
        let cx = self.transfer_context(&device);
        adapter.list(&device, &web.at.path, &cx).await
    }

    pub(super) async fn take_running(&self, devices: &[DeviceId], again: bool) -> Result<Vec<Item>> {
        let inventories = self.inventories(devices).await?;
        let takes = inventories.into_iter().map(|(device, inventory)| async move {
            let ended = match inventory {
                Ok(inventory) => self.take_one(&device, &inventory, again).await,
                Err(e) => Err(e),
            };
            Item::new(device.id.as_str(), ended)
        });
        Ok(futures_util::stream::iter(takes).buffered(AT_ONCE).collect().await)
    }

    async fn take_one(&self, device: &Device, inventory: &Inventory, again: bool) -> Result<(Outcome, Sha256)> {
        let path = repo::running_image(device, inventory)?;
        let name = path.rsplit(['/', ':']).next().unwrap_or(path);
        let files = inventory.members.iter().filter_map(|m| m.flash.as_ref()).flat_map(|flash| &flash.files);
        let bytes = files.filter(|file| file.name == name).map(|file| file.bytes).next();
        if !again
            && bytes.is_some()
            && let Some(image) = self.known_as(name, bytes).await?
        {
            return Ok((Outcome::Known, image.id));
        }
        let origin = Origin::Known { device: device.id.clone(), path: Some(path.to_owned()) };
        let image = self.import_from(&origin, Importing::default()).await?;
        Ok((Outcome::Imported, image.id))
    }

    /// The image that the repository has under a name, its first one or a further one, and of a size where that is known.
    async fn known_as(&self, name: &str, bytes: Option<u64>) -> Result<Option<Image>> {
        let mut found = repo::named(self.index(), name).await?;
        found.retain(|image| bytes.is_none_or(|bytes| bytes == image.bytes));
        Ok((!found.is_empty()).then(|| found.remove(0)))
    }

    async fn named_or_all(&self, devices: Option<&[DeviceId]>) -> Result<Vec<DeviceId>> {
        let devices = match devices {
            Some(named) => self.known(named).await?,
            None => self.devices().await?,
        };
        Ok(devices.into_iter().map(|device| device.id).collect())
    }
}

/// What came of an import, when this was here under the name before.
fn came(before: Option<&Image>, image: &Image) -> (Outcome, Sha256) {
    let known = before.is_some_and(|before| before.id == image.id);
    (if known { Outcome::Known } else { Outcome::Imported }, image.id)
}
