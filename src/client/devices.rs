//! Devices: which are known, and what they say of themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use swim_core::model::{Device, DeviceId, Inventory, Login};
use swim_core::platform::{Platform, Session};
use swim_core::ports::Context;
use swim_core::repo::collection::Item;
use swim_core::{Error, ErrorKind, ErrorRecord, Result};

use super::{Client, json, parse};

/// Devices that are asked for their inventory at the same time.
const INSPECT_AT_ONCE: usize = 50;

/// What a device said of itself, or why it did not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Inspected {
    /// Which device.
    pub device: DeviceId,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
    /// What came of its running image, where images are collected along with inventories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected: Option<Item>,
}

impl Client {
    /// Makes devices known, or replaces what is known of them.
    ///
    /// # Errors
    /// `Unsupported` when the platform is not known; `InvalidInput` when a login names a secret that is not configured or
    /// a fingerprint is none; those of the store.
    pub async fn add_devices(&self, devices: &[Device]) -> Result<()> {
        for device in devices {
            self.platform(device)?;
            device.check()?;
            self.has_secrets(&format!("login of {}", device.id), &device.login).await?;
            self.records().put("devices", device.id.as_str(), json(device)?).await?;
        }
        Ok(())
    }

    /// The likeliest mistake is the password itself in the place of its name: then it would be kept as a name.
    pub(crate) async fn has_secrets(&self, whose: &str, login: &Login) -> Result<()> {
        let named = [
            ("password", &login.password),
            ("key", &login.key),
            ("key_passphrase", &login.key_passphrase),
            ("enable", &login.enable),
        ];
        for (field, name) in named {
            let Some(name) = name else { continue };
            match self.adapters().secrets.resolve(name).await {
                Err(e) if e.kind() == ErrorKind::NotFound => {
                    let what = format!(
                        "{whose}: {field}: no secret of that name is configured (it is not repeated here, because it may \
                         be the secret itself)"
                    );
                    let e = Error::new(ErrorKind::InvalidInput, "check login", what);
                    return Err(e.with("field", format!("login.{field}")));
                }
                // A vault that does not answer now may do so when it is needed.
                _ => {}
            }
        }
        Ok(())
    }

    /// The devices that are known, by name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn devices(&self) -> Result<Vec<Device>> {
        self.records().all("devices").await?.into_iter().map(|(_, value)| parse(value)).collect()
    }

    /// The devices of these names, each named once: of two answers for one device nobody would know which is which.
    pub(super) async fn known(&self, ids: &[DeviceId]) -> Result<Vec<Device>> {
        DeviceId::once("devices", ids)?;
        let mut known = Vec::with_capacity(ids.len());
        for id in ids {
            known.push(self.device(id).await?);
        }
        Ok(known)
    }

    pub(super) async fn device(&self, id: &DeviceId) -> Result<Device> {
        match self.records().get("devices", id.as_str()).await? {
            Some(value) => parse(value),
            None => Err(Error::new(ErrorKind::NotFound, "find device", format!("there is no device {id}"))),
        }
    }

    pub(super) fn platform(&self, device: &Device) -> Result<Arc<dyn Platform>> {
        let known = &self.0.adapters.platforms;
        known.iter().find(|p| p.definition().id == device.platform).cloned().ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|p| p.definition().id.0.as_str()).collect();
            let message =
                format!("{}: there is no platform {}; there are {}", device.id, device.platform, names.join(", "));
            Error::new(ErrorKind::Unsupported, "find platform", message).with("device", &device.id)
        })
    }

    /// Asks devices for their inventory, many at once, and remembers the answers. Where the configuration says
    /// `collect_images`, their running images are taken into the repository behind it, which takes much longer.
    ///
    /// # Errors
    /// `NotFound` for a device that is not known, `InvalidInput` for one that is named twice. A device that does not answer is
    /// in the result, with its error.
    pub async fn inspect(&self, devices: &[DeviceId]) -> Result<Vec<Inspected>> {
        let mut inspected = self.ask_all(devices).await?;
        if self.adapters().collect_images {
            let answered = inspected.iter_mut().filter(|one| one.inventory.is_some()).collect::<Vec<_>>();
            let ids: Vec<_> = answered.iter().map(|one| one.device.clone()).collect();
            for (one, item) in answered.into_iter().zip(self.take_running(&ids, false).await?) {
                one.collected = Some(item);
            }
        }
        Ok(inspected)
    }

    async fn ask_all(&self, devices: &[DeviceId]) -> Result<Vec<Inspected>> {
        use futures_util::{StreamExt, TryStreamExt};
        let known = self.known(devices).await?;
        let looks = known.into_iter().map(|device| async move {
            let inspected = match self.look(&device).await {
                Ok(inventory) => {
                    self.records().put("inventories", device.id.as_str(), json(&inventory)?).await?;
                    Inspected { device: device.id, inventory: Some(inventory), error: None, collected: None }
                }
                Err(e) => Inspected { device: device.id, inventory: None, error: Some(e.record()), collected: None },
            };
            Ok::<_, Error>(inspected)
        });
        futures_util::stream::iter(looks).buffered(INSPECT_AT_ONCE).try_collect().await
    }

    async fn look(&self, device: &Device) -> Result<Inventory> {
        let platform = self.platform(device)?;
        let cx = Context::new(Arc::clone(&self.0.adapters.clock));
        let mut cli = self.0.adapters.connector.connect(device, platform.definition(), &cx).await?;
        let services = &self.0.adapters.services;
        let looked = platform.inspect(&mut Session { device, cli: &mut *cli, services, cx: &cx }).await;
        cli.close().await;
        looked
    }

    /// The last inventory of each device; devices that were never asked, or did not answer, are asked now.
    pub(super) async fn inventories(&self, devices: &[DeviceId]) -> Result<Vec<(Device, Result<Inventory>)>> {
        let devices = self.known(devices).await?;
        let mut missing = Vec::new();
        for Device { id, .. } in &devices {
            if self.records().get("inventories", id.as_str()).await?.is_none() {
                missing.push(id.clone());
            }
        }
        let asked: BTreeMap<_, _> = self.ask_all(&missing).await?.into_iter().map(|i| (i.device.clone(), i)).collect();
        let mut out = Vec::new();
        for device in devices {
            let id = &device.id;
            let inventory = match asked.get(id).and_then(|i| i.error.clone()) {
                Some(error) => Err(Error::from(error)),
                None => match self.records().get("inventories", id.as_str()).await? {
                    Some(value) => parse(value),
                    None => Err(Error::internal("inspect", "the inventory was not kept")),
                },
            };
            out.push((device, inventory));
        }
        Ok(out)
    }
}
