//! Reload, coming back, and the proof.
//!
//! What counts is what the device says after a fresh login: that it did reload, and what every member runs. Never that
//! the port answers, never that the session ended, never that `packages.conf` is booted.

use std::time::Duration;

use jiff::Timestamp;

use super::inspect::{mode, reason};
use super::{Ios, LONG_SILENCE, boot, install, last_words, optional, questions, same_path};
use crate::analysis::{Finding, Severity};
use crate::cli::Dialogue;
use crate::model::{InstallStateCode, Mode};
use crate::platform::parse::{self, ShowSwitch, ShowVersion};
use crate::platform::{Acted, Mark, Probe, Session, Undone};
use crate::version::Version;
use crate::{Error, ErrorKind, Result};

/// No box of these families is back sooner.
pub(super) const CHECK_AFTER: Duration = Duration::from_secs(60);

/// The longest return seen is 30 minutes (microcode and boot loader upgrade); the policy's own limit may be longer.
pub(super) const BACK_WITHIN: Duration = Duration::from_secs(45 * 60);

/// Members come up after the active one; version and state of a member are not judged before this uptime.
const SETTLED: u64 = 15 * 60;

/// While members come up.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Uptime has minute resolution; half a minute for the clocks on top.
const SLACK: i64 = 90;

/// What one look after a reload sees.
struct Seen {
    shown: ShowVersion,
    switch: Option<ShowSwitch>,
    version: Option<Version>,
    at: Timestamp,
}

/// What members say.
enum Members {
    AllRight,
    Coming(String),
    Wrong(String),
}

impl Ios {
    async fn see(&self, s: &mut Session<'_>) -> Result<Seen> {
        let shown = parse::show_version(&s.show("show version").await?);
        let switch =
            optional(s, "show switch").await?.map(|t| parse::show_switch(&t)).filter(|w| !w.members.is_empty());
        Ok(Seen { version: self.running(&shown), shown, switch, at: s.cx.clock.now() })
    }

    fn judge_members(&self, seen: &Seen, version: &Version, wanted: &[u32]) -> Members {
        let mut wrong = Vec::new();
        for row in &seen.shown.switches {
            if !self.version(&row.sw_version).is_some_and(|v| v.same_release(version)) {
                wrong.push(format!("member {} runs {}", row.switch, row.sw_version));
            }
        }
        let listed = seen.switch.iter().flat_map(|w| &w.members);
        for member in listed.clone().filter(|m| !m.is_ready()) {
            wrong.push(format!("member {} is {}", member.id, member.state.as_deref().unwrap_or("in an unknown state")));
        }
        let there: Vec<u32> = match &seen.switch {
            Some(_) => listed.map(|m| m.id).collect(),
            None if !seen.shown.switches.is_empty() => seen.shown.switches.iter().map(|r| r.switch).collect(),
            None => vec![1],
        };
        for number in wanted.iter().filter(|n| !there.contains(n)) {
            wrong.push(format!("member {number} is missing"));
        }
        if wrong.is_empty() {
            Members::AllRight
        } else if seen.shown.uptime_seconds.is_some_and(|up| up < SETTLED) {
            Members::Coming(wrong.join("; "))
        } else {
            Members::Wrong(wrong.join("; "))
        }
    }

    pub(super) async fn probe_reloaded(
        &self,
        version: &Version,
        image: Option<&str>,
        mark: Option<&Mark>,
        s: &mut Session<'_>,
    ) -> Result<Probe> {
        let seen = self.see(s).await?;
        let on_new = seen.version.as_ref().is_some_and(|v| v.same_release(version));
        if on_new {
            if let (Some(image), Some(running)) = (image, &seen.shown.image)
                && !same_path(image, running)
            {
                return Ok(Probe::Failed {
                    why: format!("it runs {version}, but from {running} instead of {image}"),
                    said: Some(running.clone()),
                });
            }
            return Ok(self.after(&seen, version, &[]));
        }
        match mark {
            Some(mark) if rebooted(mark, &seen) => Ok(fell_back(&seen)),
            _ => Ok(Probe::Ready { mark: mark_of(&seen) }),
        }
    }

    pub(super) async fn probe_activated(
        &self,
        version: &Version,
        mark: Option<&Mark>,
        s: &mut Session<'_>,
    ) -> Result<Probe> {
        let seen = self.see(s).await?;
        let state = install::summary(s).await?;
        if seen.version.as_ref().is_some_and(|v| v.same_release(version)) {
            let rows = self.rows(&state, version);
            if !rows.iter().any(|r| matches!(r.state, InstallStateCode::U | InstallStateCode::C)) {
                return Ok(Probe::InDoubt {
                    why: format!("it runs {version}, but show install summary does not list it as active"),
                });
            }
            return Ok(self.after(&seen, version, &[]));
        }
        if mark.is_some_and(|mark| rebooted(mark, &seen)) {
            return Ok(fell_back(&seen));
        }
        let uncommitted = state.rows.iter().find(|r| matches!(r.state, InstallStateCode::U | InstallStateCode::D));
        match (uncommitted, mark) {
            // Ours, activated, and about to reload.
            (Some(row), Some(_)) if !self.rows(&state, version).is_empty() => {
                Ok(Probe::Busy { what: format!("{} {} is being activated", row.kind, row.what), again: LOOK_AGAIN })
            }
            (Some(row), _) => {
                let text = format!("an uncommitted install is there that is not ours: {} {}", row.kind, row.what);
                let finding = Finding::new("install.uncommitted", Severity::Blocking, text)
                    .from("show install summary")
                    .remedy("commit or abort it, then plan again");
                Ok(Probe::Blocked { findings: vec![finding] })
            }
            (None, _) => Ok(Probe::Ready { mark: mark_of(&seen) }),
        }
    }

    /// It runs the new version: do all members?
    fn after(&self, seen: &Seen, version: &Version, wanted: &[u32]) -> Probe {
        match self.judge_members(seen, version, wanted) {
            Members::AllRight => Probe::Done { how: format!("show version: {version}, up {}", uptime(seen)) },
            Members::Coming(what) => Probe::Busy { what, again: LOOK_AGAIN },
            Members::Wrong(what) => Probe::Failed { why: what.clone(), said: Some(what) },
        }
    }

    pub(super) async fn prove(
        &self,
        version: &Version,
        wanted: Option<Mode>,
        members: &[u32],
        hostname: Option<&str>,
        s: &mut Session<'_>,
    ) -> Result<Probe> {
        let seen = self.see(s).await?;
        match &seen.version {
            Some(running) if running.same_release(version) => {}
            running => {
                let evidence = format!("show version: {}", running.as_ref().map_or("no version", Version::as_str));
                return Ok(Probe::FellBack { running: running.clone(), evidence });
            }
        }
        let failed = |why: String| Ok(Probe::Failed { said: Some(why.clone()), why });
        if wanted.is_some() && mode(&seen.shown) != wanted {
            return failed(format!("it runs in mode {:?} instead of {wanted:?}", mode(&seen.shown)));
        }
        if let (Some(wanted), Some(is)) = (hostname, &seen.shown.hostname)
            && wanted != is
        {
            return failed(format!("its name is {is} instead of {wanted}: the configuration may be lost"));
        }
        Ok(self.after(&seen, version, members))
    }
}

/// It reloaded if its uptime is less than it would be without.
fn rebooted(mark: &Mark, seen: &Seen) -> bool {
    let (Some(before), Some(is)) = (mark.uptime_seconds, seen.shown.uptime_seconds) else {
        return mark.version != seen.version;
    };
    let passed = seen.at.duration_since(mark.at).as_secs();
    let expected = i64::try_from(before).unwrap_or(i64::MAX).saturating_add(passed);
    i64::try_from(is).unwrap_or(i64::MAX) <= expected - SLACK
}

fn mark_of(seen: &Seen) -> Mark {
    Mark {
        at: seen.at,
        uptime_seconds: seen.shown.uptime_seconds,
        version: seen.version.clone(),
        reload_reason: reason(&seen.shown),
        facts: std::collections::BTreeMap::new(),
    }
}

fn fell_back(seen: &Seen) -> Probe {
    let why = reason(&seen.shown).map(|r| format!(", last reload: {r}")).unwrap_or_default();
    let version = seen.version.as_ref().map_or("no version", Version::as_str);
    Probe::FellBack {
        running: seen.version.clone(),
        evidence: format!("show version: {version}, up {}{why}", uptime(seen)),
    }
}

fn uptime(seen: &Seen) -> String {
    seen.shown.uptime.clone().unwrap_or_else(|| "for an unknown time".to_owned())
}

pub(super) async fn reload(s: &mut Session<'_>) -> Result<Acted> {
    let mut dialogue = Dialogue::show("reload").silence(LONG_SILENCE).may_close();
    dialogue.answers = questions::reload();
    let said = s.run(&dialogue).await?;
    Ok(Acted::Detached { said: last_words(&said.output), check_after: CHECK_AFTER, back_within: BACK_WITHIN })
}

/// Back to the image that ran before: it must still be there.
pub(super) async fn go_back(previous: Option<&str>, s: &mut Session<'_>) -> Result<Undone> {
    let Some(previous) = previous else {
        return Ok(Undone::Impossible { why: "which image ran before is not known".to_owned() });
    };
    if super::files::size(previous, s).await?.is_none() {
        return Ok(Undone::Impossible { why: format!("{previous} is not on the device any more") });
    }
    let original = boot::lines(s).await?.unwrap_or_default();
    boot::set(previous, &[], &original, s).await?;
    match reload(s).await? {
        Acted::Detached { said, check_after, back_within } => {
            Ok(Undone::Detached { how: format!("boots {previous}: {said}"), check_after, back_within })
        }
        Acted::Settled { said, .. } => {
            Err(Error::new(ErrorKind::UnexpectedReply, "go back", "the device did not reload").said(said))
        }
    }
}
