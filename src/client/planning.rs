//! Judging and planning, and playing a plan before it meets real devices.

use swim_core::analysis::{DeviceReport, Finding, Knowledge, KnownGood, Report, Severity, Subject, judge};
use swim_core::catalog::Judgement;
use swim_core::image::Image;
use swim_core::job::JobReport;
use swim_core::model::{Device, DeviceId, Inventory, Policy};
use swim_core::plan::{self, Candidate, Plan};
use swim_core::platform::Goal;
use swim_core::repo::{self, Damage};
use swim_core::{Error, ErrorKind, Result};

use super::{Client, parse};

impl Client {
    /// May these devices run this image? Judged by the last inventory of each; call [`Client::inspect`] first for fresh ones.
    /// A device that was never inspected is dialled and inspected now; of one that does not answer nothing is known, which is
    /// the *unknown* finding `device.silent`.
    ///
    /// # Errors
    /// `NotFound` for an image that the repository does not have, or a device that is not known; `InvalidInput` for a device
    /// that is named twice, and for what [`Policy::check`] refuses.
    pub async fn analyse(&self, image: &Image, devices: &[DeviceId], policy: &Policy) -> Result<Report> {
        self.analyse_with(image, devices, policy, &Knowledge::default()).await
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
        policy.check()?;
        let mut image = self.as_known(image).await?;
        let knowledge = &self.known_of(&mut image, knowledge).await?;
        let image = &image;
        let inventories = self.inventories(devices).await?;
        let reports =
            inventories.iter().map(|(device, inventory)| self.judged(image, device, inventory, policy, knowledge));
        let damage = repo::damage_of(self.records(), &image.id).await?;
        let reports = reports.map(|report| report.map(|report| unless_damaged(report, damage.as_ref())));
        Ok(Report::new(image, reports.collect::<Result<_>>()?))
    }

    /// Plans an upgrade: who is upgraded with which steps, who is left out and why. Devices that were never inspected are
    /// inspected, as by [`Client::analyse`]; one that does not answer is left out.
    ///
    /// # Errors
    /// As [`Client::analyse`]; `InvalidInput` also when the version of the image is not known.
    pub async fn plan(&self, image: &Image, devices: &[DeviceId], policy: &Policy) -> Result<Plan> {
        self.plan_with(image, devices, policy, &Knowledge::default()).await
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
        policy.check()?;
        let mut image = self.as_known(image).await?;
        let knowledge = &self.known_of(&mut image, knowledge).await?;
        let image = &image;
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
        let damage = repo::damage_of(self.records(), &image.id).await?;
        let mut ready = Vec::new();
        let mut silent = Vec::new();
        for (device, inventory) in &inventories {
            let report = self.judged(image, device, inventory, policy, knowledge)?;
            let report = unless_damaged(report, damage.as_ref());
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

    /// What the kept catalogues and lists say of the image, where the caller does not say it. Requirements that a catalogue
    /// tells become defaults of the image.
    async fn known_of(&self, image: &mut Image, told: &Knowledge) -> Result<Knowledge> {
        let mut knowledge = told.clone();
        let listing = self.listing_of(image).await?;
        listing.complete(image);
        knowledge.standing = knowledge.standing.or(listing.standing);
        knowledge.forms = knowledge.forms.or(listing.forms);
        knowledge.contradictions.extend(listing.contradictions);
        knowledge.paths.extend(listing.paths);
        if knowledge.known_good.is_none() {
            let judged = repo::judgements(self.records(), &image.id).await?;
            let says = |wanted: fn(&Judgement) -> bool| judged.iter().any(|(_, said)| wanted(said));
            let against = judged.iter().find_map(|(list, said)| match said {
                Judgement::Contradicts { differs, .. } => Some(format!("{list}: {}", differs.join("; "))),
                _ => None,
            });
            // Ordinarily that has put it in quarantine, of which a rule of its own speaks, also when it was lifted. An import
            // of the list that was killed may not have come so far.
            if let Some(why) = against {
                if image.contradicted().is_none() {
                    knowledge.known_good = Some(KnownGood::Contradicted(why));
                }
            } else if !judged.is_empty() {
                let listed = says(|said| matches!(said, Judgement::Matches { .. }));
                knowledge.known_good = Some(if listed { KnownGood::Listed } else { KnownGood::NotListed });
            }
        }
        Ok(knowledge)
    }

    /// Of a device that was never inspected and does not answer nothing is known: why is told.
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
                let finding = Finding::unknown("device.silent", "inventory", e.report().to_string())
                    .remedy("make the device answer, then inspect it again");
                Ok(DeviceReport::new(device.id.clone(), vec![finding]))
            }
        }
    }
}

/// Bytes that have rotted must reach no device, whatever else speaks for the image.
fn unless_damaged(report: DeviceReport, damage: Option<&Damage>) -> DeviceReport {
    let Some(damage) = damage else { return report };
    let finding = Finding::new("image.damaged", Severity::Blocking, damage.to_string())
        .from("scrub of the repository")
        .remedy("import the file again");
    let mut findings = report.findings;
    findings.push(finding);
    DeviceReport::new(report.device, findings)
}
