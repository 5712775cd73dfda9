//! The index in memory: there is none, every record is looked at.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::Value;
use swim_core::Result;
use swim_core::model::{DeviceId, Sha256};
use swim_core::ports::Index;
use swim_core::repo::{Group, How, ImageEntry, ImageQuery, InUse, Software, Usage, split_name, uses};

use super::records::Tables;
use super::{MemoryStore, State};

fn rows<'a>(records: &'a Tables, table: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    records.get(table).into_iter().flatten()
}

fn entries(state: &State) -> Vec<ImageEntry> {
    let mut names: BTreeMap<Sha256, Vec<&str>> = BTreeMap::new();
    for (key, _) in rows(&state.records, "image_names") {
        if let Some((image, name)) = split_name(key) {
            names.entry(image).or_default().push(name);
        }
    }
    let images = rows(&state.records, "images");
    let mut entries: Vec<ImageEntry> = images.filter_map(|(key, value)| ImageEntry::of_record(key, value)).collect();
    for entry in &mut entries {
        for name in names.get(&entry.image).into_iter().flatten() {
            entry.add_name(name);
        }
    }
    entries
}

fn usage(state: &State, image: &Sha256) -> Vec<Usage> {
    let Some(entry) = entries(state).into_iter().find(|entry| entry.image == *image) else { return Vec::new() };
    let mut out = Vec::new();
    for (device, inventory) in rows(&state.records, "inventories") {
        let Ok(device) = DeviceId::new(device.clone()) else { continue };
        out.extend(uses(inventory).into_iter().filter_map(|(how, software)| {
            let by = software.is(&entry)?;
            Some(Usage::new(device.clone(), how, by, software.said))
        }));
    }
    out
}

/// The images that some software is, or the software itself, where it is none.
type Known = (Vec<Sha256>, Option<Software>);

fn most_used(state: &State) -> Vec<InUse> {
    let mut counts: BTreeMap<Software, u64> = BTreeMap::new();
    for (_, inventory) in rows(&state.records, "inventories") {
        for (_, software) in uses(inventory).into_iter().filter(|(how, _)| *how == How::Running) {
            *counts.entry(software).or_default() += 1;
        }
    }
    let entries = entries(state);
    let mut found: BTreeMap<Known, (Vec<String>, u64)> = BTreeMap::new();
    for (software, devices) in counts {
        let said = software.said.clone();
        let images: BTreeSet<Sha256> =
            entries.iter().filter(|entry| software.is(entry).is_some()).map(|entry| entry.image).collect();
        let itself = images.is_empty().then_some(software);
        let known = found.entry((images.into_iter().collect(), itself)).or_default();
        known.0.push(said);
        known.1 += devices;
    }
    found.into_iter().map(|((images, _), (software, devices))| InUse::new(software, images, devices)).collect()
}

#[async_trait]
impl Index for MemoryStore {
    async fn find(&self, query: &ImageQuery) -> Result<Vec<(String, Value)>> {
        Ok(self.locked(|state| {
            let images = state.records.get("images");
            let found = query.select(entries(state)).into_iter().map(|entry| entry.image.to_string());
            found.filter_map(|key| images?.get(&key).cloned().map(|value| (key, value))).collect()
        }))
    }

    async fn groups(&self) -> Result<Vec<Group>> {
        let mut groups: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
        for entry in self.locked(|state| entries(state)) {
            let group = (entry.column("image_type").to_owned(), entry.column("family").to_owned());
            let sums = groups.entry(group).or_default();
            *sums = (sums.0 + 1, sums.1.saturating_add(entry.bytes));
        }
        Ok(groups.into_iter().map(|((kind, family), (n, bytes))| Group::new(&kind, &family, n, bytes)).collect())
    }

    async fn usage(&self, image: &Sha256, after: Option<&DeviceId>, limit: Option<u32>) -> Result<Vec<Usage>> {
        let mut found = self.locked(|state| usage(state, image));
        found.retain(|usage| after.is_none_or(|after| usage.device > *after));
        let mut devices: Vec<&DeviceId> = found.iter().map(|usage| &usage.device).collect();
        devices.dedup();
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let behind = devices.get(limit).map(|device| (*device).clone());
        found.retain(|usage| behind.as_ref().is_none_or(|behind| usage.device < *behind));
        Ok(found)
    }

    async fn users(&self, image: &Sha256) -> Result<u64> {
        let devices: BTreeSet<DeviceId> =
            self.locked(|state| usage(state, image)).into_iter().map(|u| u.device).collect();
        Ok(devices.len() as u64)
    }

    async fn most_used(&self, count: u32) -> Result<Vec<InUse>> {
        let mut found = self.locked(|state| most_used(state));
        found.sort_by(|a, b| b.devices.cmp(&a.devices).then_with(|| a.software.cmp(&b.software)));
        found.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(found)
    }
}
