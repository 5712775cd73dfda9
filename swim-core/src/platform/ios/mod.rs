//! IOS and IOS XE: bundle mode and install mode.
//!
//! Procedures are short and read like the operator's own list. What a device asks is answered from the catalogue in
//! `questions`; what it prints is read by the parsers of [`super::parse`].

mod boot;
mod files;
mod inspect;
mod install;
mod questions;
mod reload;
mod room;
mod steps;
mod transfer;
mod upload;
mod verify;

use std::time::Duration;

use async_trait::async_trait;

use super::{Acted, Definition, Goal, Mark, Platform, Probe, Session, StepKind, StepSpec, Undone, Upload};
use crate::model::{Inventory, Policy};
use crate::ports::Receipt;
use crate::version::Version;
use crate::{Error, ErrorKind, Result};

/// A command that changes flash, the configuration or the install table may be silent for this long: signature checks
/// and expansion of 1 GB take up to ten minutes without a word on slow flash; three times that.
const LONG_SILENCE: Duration = Duration::from_secs(1800);

/// The driver.
#[derive(Debug)]
pub(super) struct Ios {
    definition: Definition,
}

impl Ios {
    pub(super) const fn new(definition: Definition) -> Self {
        Self { definition }
    }

    /// Runs an install command. While another operation is under way, perhaps our own of before a crash, it waits, and
    /// looks whether that one brought the step to its end.
    async fn install(&self, step: &StepSpec, s: &mut Session<'_>) -> Result<String> {
        let give_up = s.cx.clock.monotonic() + LONG_SILENCE;
        loop {
            let tried = match &step.kind {
                StepKind::InstallAdd { path, .. } => install::add(path, s).await,
                _ => install::commit(s).await,
            };
            match tried {
                Err(e) if e.kind() == ErrorKind::Busy && s.cx.clock.monotonic() < give_up => {
                    s.cx.sleep(install::LOOK_AGAIN).await?;
                }
                done => return done,
            }
            if let Probe::Done { how } = self.probe(step, None, s).await? {
                return Ok(how);
            }
        }
    }

    /// A version as this platform writes it; absent when the text is none.
    fn version(&self, text: &str) -> Option<Version> {
        Version::parse(self.definition.versions, text).ok()
    }
}

#[async_trait]
impl Platform for Ios {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    async fn upload(&self, upload: &Upload, s: &mut Session<'_>) -> Result<(Receipt, Vec<String>)> {
        upload::take(upload, &self.definition.abilities, s).await
    }

    async fn inspect(&self, s: &mut Session<'_>) -> Result<Inventory> {
        self.look_at_everything(s).await
    }

    fn steps(&self, goal: &Goal, inventory: &Inventory, policy: &Policy) -> Result<Vec<StepSpec>> {
        steps::line(&self.definition, goal, inventory, policy)
    }

    async fn probe(&self, step: &StepSpec, mark: Option<&Mark>, s: &mut Session<'_>) -> Result<Probe> {
        match &step.kind {
            StepKind::SaveConfig => self.probe_saved(mark, s).await,
            StepKind::MakeRoom { deletions } => room::probe(deletions, s).await,
            StepKind::Transfer { bytes, path, .. } => files::probe(path, *bytes, mark, s).await,
            StepKind::CopyLocal { to, bytes, .. } => files::probe(to, *bytes, mark, s).await,
            StepKind::VerifyDigest { path, algorithm, expected } => verify::probe(path, *algorithm, expected, s).await,
            StepKind::SetBoot { path, .. } => boot::probe(path, s).await,
            StepKind::InstallAdd { version, .. } => self.probe_added(version, s).await,
            StepKind::InstallActivate { version, .. } => self.probe_activated(version, mark, s).await,
            StepKind::Reload { version, image, .. } => self.probe_reloaded(version, image.as_deref(), mark, s).await,
            StepKind::Prove { version, mode, members, hostname } => {
                self.prove(version, *mode, members, hostname.as_deref(), s).await
            }
            StepKind::InstallCommit { version } => self.probe_committed(version, s).await,
            StepKind::PostCheck => Ok(Probe::Ready { mark: now(s) }),
        }
    }

    async fn act(&self, step: &StepSpec, s: &mut Session<'_>) -> Result<Acted> {
        match &step.kind {
            StepKind::SaveConfig => boot::save(s).await.map(settled),
            StepKind::MakeRoom { deletions } => room::delete_all(deletions, s).await.map(settled),
            StepKind::Transfer { image, bytes, path, transfers, from, .. } => {
                let from = from.clone().unwrap_or_else(|| s.services.servers.source(s.device));
                let wanted = transfer::Wanted { image, bytes: *bytes, path, from: &from };
                transfer::bring(wanted, transfers, &self.definition.abilities, s).await
            }
            StepKind::CopyLocal { from, to, bytes } => transfer::copy_local(from, to, *bytes, s).await.map(settled),
            StepKind::SetBoot { path, fallback, undo } => boot::set(path, fallback, undo, s).await.map(settled),
            StepKind::InstallAdd { .. } | StepKind::InstallCommit { .. } => self.install(step, s).await.map(settled),
            StepKind::InstallActivate { auto_abort_minutes, .. } => install::activate(*auto_abort_minutes, s).await,
            StepKind::Reload { .. } => reload::reload(s).await,
            StepKind::VerifyDigest { .. } | StepKind::Prove { .. } | StepKind::PostCheck => {
                Err(Error::new(ErrorKind::Internal, step.name(), "this step only looks: there is nothing to do"))
            }
        }
    }

    async fn undo(&self, step: &StepSpec, s: &mut Session<'_>) -> Result<Undone> {
        match &step.kind {
            StepKind::Transfer { path, .. } => files::undo(path, s).await,
            StepKind::CopyLocal { to, .. } => files::undo(to, s).await,
            StepKind::SetBoot { undo, .. } => boot::restore(undo, s).await,
            StepKind::InstallAdd { path, version } => self.undo_add(path, version, s).await,
            StepKind::InstallActivate { version, .. } => self.undo_activate(version, s).await,
            StepKind::Reload { previous_image, .. } => reload::go_back(previous_image.as_deref(), s).await,
            _ => Ok(Undone::Nothing),
        }
    }
}

/// What is true now, where nothing but the time matters.
fn now(s: &Session<'_>) -> Mark {
    Mark {
        at: s.cx.clock.now(),
        uptime_seconds: None,
        version: None,
        reload_reason: None,
        facts: std::collections::BTreeMap::new(),
    }
}

const fn settled(said: String) -> Acted {
    Acted::Settled { said, receipt: None, fallbacks: Vec::new() }
}

/// Runs a command that a platform or release may not have: absent when the device refuses it.
async fn optional(s: &mut Session<'_>, command: &str) -> Result<Option<String>> {
    match s.show(command).await {
        Ok(output) => Ok(Some(output)),
        Err(e) if e.kind() == ErrorKind::DeviceRejected => Ok(None),
        Err(e) => Err(e),
    }
}

/// The last lines of an output: the device's own words.
fn last_words(output: &str) -> String {
    let lines: Vec<&str> = output.lines().map(str::trim_end).filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join("\n")
}

/// `flash:/a/b.bin` and `flash:a/b.bin` are one path.
fn same_path(a: &str, b: &str) -> bool {
    let plain = |p: &str| p.replacen(":/", ":", 1).to_ascii_lowercase();
    plain(a) == plain(b)
}

/// The file system and the rest of a path: `flash:` and `x.bin`.
fn split_path(path: &str) -> (&str, &str) {
    path.find(':').map_or(("", path), |at| (&path[..=at], path[at + 1..].trim_start_matches('/')))
}

/// The version that runs now.
async fn parse_running(ios: &Ios, s: &mut Session<'_>) -> Result<Option<Version>> {
    Ok(ios.running(&super::parse::show_version(&s.show("show version").await?)))
}
