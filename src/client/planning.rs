//! Judging and planning, and playing a plan before it meets real devices.

use swim_core::analysis::{DeviceReport, Finding, Knowledge, Report, Severity, Subject, judge};
use swim_core::image::Image;
use swim_core::job::JobReport;
use swim_core::model::{Device, DeviceId, Inventory, Policy};
use swim_core::plan::{self, Candidate, Plan};
use swim_core::platform::Goal;
use swim_core::{Error, ErrorKind, Result};

use super::{Client, parse};

impl Client {
    /// May these devices run this image? Uses the last inventories; call [`Client::inspect`] first for fresh ones.
    ///
    /// # Errors
    /// `NotFound` for an image or a device that is not known.
    pub async fn analyse(&self, image: &Image, devices: &[DeviceId], policy: &Policy) -> Result<Report> {
        self.analyse_with(image, devices, policy, Knowledge::NONE).await
    }

    /// The same with what is known from elsewhere: how the image stands in a catalogue, upgrade paths of the caller.
    ///
    /// # Errors
    /// As [`Client::analyse`].
    pub async fn analyse_with(
        &self,
        image: &Image,
        devices: &[DeviceId],
        policy: &Policy,
        knowledge: &Knowledge,
    ) -> Result<Report> {
        let image = &self.as_set(image).await?;
        let inventories = self.inventories(devices).await?;
        let reports =
            inventories.iter().map(|(device, inventory)| self.judged(image, device, inventory, policy, knowledge));
        Ok(Report::new(image, reports.collect::<Result<_>>()?))
    }

    /// Plans an upgrade: who is upgraded with which steps, who is left out and why.
    ///
    /// # Errors
    /// `InvalidInput` when the version of the image is not known; `NotFound` for a device that is not known.
    pub async fn plan(&self, image: &Image, devices: &[DeviceId], policy: &Policy) -> Result<Plan> {
        self.plan_with(image, devices, policy, Knowledge::NONE).await
    }

    /// The same with what is known from elsewhere; see [`Client::analyse_with`].
    ///
    /// # Errors
    /// As [`Client::plan`].
    pub async fn plan_with(
        &self,
        image: &Image,
        devices: &[DeviceId],
        policy: &Policy,
        knowledge: &Knowledge,
    ) -> Result<Plan> {
        let image = &self.as_set(image).await?;
        let Some(version) = &image.facts.version else {
            return Err(Error::invalid("image", &image.file_name, "its version is not known: name it at import"));
        };
        let goal = Goal {
            image: image.id,
            file_name: image.file_name.clone(),
            bytes: image.bytes,
            digests: image.digests.clone(),
            version: version.value.clone(),
        };
        let inventories = self.inventories(devices).await?;
        let mut ready = Vec::new();
        let mut silent = Vec::new();
        for (device, inventory) in &inventories {
            let report = self.judged(image, device, inventory, policy, knowledge)?;
            match inventory {
                Ok(inventory) => ready.push((device, inventory, report, self.platform(device)?)),
                Err(_) => silent.push(plan::Refused { device: device.id.clone(), findings: report.findings }),
            }
        }
        let candidates: Vec<_> = ready
            .iter()
            .map(|(device, inventory, report, platform)| Candidate { device, inventory, report, platform: &**platform })
            .collect();
        let mut plan = plan::build(&goal, &candidates, &self.adapters().services, policy)?;
        plan.refused.extend(silent);
        Ok(plan)
    }

    /// Plays a plan on simulated devices that look like the real ones did when they were inspected, in virtual time.
    /// Nothing real is touched.
    ///
    /// # Errors
    /// `NotFound` for a device that was never inspected, `Unsupported` for one that cannot be simulated.
    pub async fn rehearse(&self, plan: &Plan) -> Result<JobReport> {
        plan.check()?;
        let mut inventories = Vec::new();
        for line in &plan.devices {
            let id = line.device.id.as_str();
            let value = self
                .records()
                .get("inventories", id)
                .await?
                .ok_or_else(|| Error::new(ErrorKind::NotFound, "rehearse", format!("{id} was never inspected")))?;
            inventories.push(parse::<Inventory>(value)?);
        }
        crate::rehearsal::play(plan.clone(), inventories).await
    }

    /// A device that did not answer is blocked, with its error.
    fn judged(
        &self,
        image: &Image,
        device: &Device,
        inventory: &Result<Inventory>,
        policy: &Policy,
        knowledge: &Knowledge,
    ) -> Result<DeviceReport> {
        match inventory {
            Ok(inventory) => {
                let platform = self.platform(device)?;
                Ok(judge(&Subject { image, device, inventory, definition: platform.definition(), policy, knowledge }))
            }
            Err(e) => {
                let finding = Finding::new("device.silent", Severity::Blocking, e.report().to_string())
                    .remedy("make the device answer, then inspect it again");
                Ok(DeviceReport::new(device.id.clone(), vec![finding]))
            }
        }
    }
}
