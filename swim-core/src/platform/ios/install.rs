//! Install mode: add, activate with the device's own timer, commit; and the way back.

use std::time::Duration;

use super::inspect::install_state;
use super::reload::{BACK_WITHIN, CHECK_AFTER};
use super::{Ios, LONG_SILENCE, last_words, now, optional, questions};
use crate::cli::{Dialogue, Ended, Transcript};
use crate::model::{InstallRow, InstallState, InstallStateCode};
use crate::platform::{Acted, Probe, Session, Undone};
use crate::version::Version;
use crate::{Effect, Error, ErrorKind, Result, Retry};

/// Somebody else's install, or ours of before a crash, is looked at again after this long.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(30);

pub(super) async fn summary(s: &mut Session<'_>) -> Result<InstallState> {
    match optional(s, "show install summary").await? {
        Some(text) => Ok(install_state(&text)),
        None => Err(Error::new(ErrorKind::Unsupported, "install", "the device has no install mode commands")),
    }
}

fn dialogue(command: String) -> Dialogue {
    let mut d = Dialogue::show(command).fails_on(r"^\s*FAILED:.*").fails_on(r"^\s*%\s?Error.*").silence(LONG_SILENCE);
    d.answers = questions::install();
    d
}

/// The device's own verdict: one `SUCCESS: install_...` or `FAILED: install_...` line a command.
fn judge(said: &Transcript, operation: &str) -> Result<String> {
    if let Some(words) = said.failures.first() {
        let kind = if words.contains("free space") || words.to_ascii_lowercase().contains("space left") {
            ErrorKind::NoSpace
        } else if words.contains("in progress") {
            ErrorKind::Busy
        } else {
            ErrorKind::DeviceRejected
        };
        let all = said.failures.join("\n");
        let failed =
            said.output.lines().filter(|l| l.contains("Failed on [")).map(str::trim).collect::<Vec<_>>().join("\n");
        let words = match (failed.is_empty(), said.failures.len()) {
            (false, _) => format!("{failed}\n{all}"),
            // The closing line alone names no reason: the lines before it do.
            (true, 1) => last_words(&said.output),
            (true, _) => all,
        };
        let error = Error::new(kind, operation, "the device says that it failed").said(words);
        return Err(if kind == ErrorKind::Busy { error.retry_when(Retry::After(LOOK_AGAIN)) } else { error });
    }
    match said.output.lines().find(|l| l.trim_start().starts_with("SUCCESS:")) {
        Some(line) => Ok(line.trim().to_owned()),
        None if said.ended == Ended::Closed => Ok(last_words(&said.output)),
        None => Err(Error::new(ErrorKind::UnexpectedReply, operation, "the device said neither SUCCESS nor FAILED")
            .said(last_words(&said.output))
            .effected(Effect::Unknown)),
    }
}

pub(super) async fn add(path: &str, s: &mut Session<'_>) -> Result<String> {
    let said = s.run(&dialogue(format!("install add file {path}"))).await?;
    judge(&said, "install add")
}

pub(super) async fn activate(minutes: u32, s: &mut Session<'_>) -> Result<Acted> {
    let said = s.run(&dialogue(format!("install activate auto-abort-timer {minutes}")).may_close()).await?;
    let said = judge(&said, "install activate")?;
    Ok(Acted::Detached { said, check_after: CHECK_AFTER, back_within: BACK_WITHIN })
}

pub(super) async fn commit(s: &mut Session<'_>) -> Result<String> {
    let said = s.run(&dialogue("install commit".to_owned())).await?;
    judge(&said, "install commit")
}

impl Ios {
    fn is(&self, row: &InstallRow, version: &Version) -> bool {
        row.kind == "IMG" && self.version(&row.what).is_some_and(|v| v.same_release(version))
    }

    pub(super) fn rows<'a>(&self, state: &'a InstallState, version: &Version) -> Vec<&'a InstallRow> {
        state.rows.iter().filter(|r| self.is(r, version)).collect()
    }

    pub(super) async fn probe_added(&self, version: &Version, s: &mut Session<'_>) -> Result<Probe> {
        let state = summary(s).await?;
        if let Some(busy) = state.busy {
            return Ok(Probe::Busy { what: busy, again: LOOK_AGAIN });
        }
        match self.rows(&state, version).first() {
            Some(row) => Ok(Probe::Done {
                how: format!("show install summary lists {} {} as {:?}", row.kind, row.what, row.state),
            }),
            None => Ok(Probe::Ready { mark: now(s) }),
        }
    }

    pub(super) async fn probe_committed(&self, version: &Version, s: &mut Session<'_>) -> Result<Probe> {
        let state = summary(s).await?;
        let rows = self.rows(&state, version);
        let active: Vec<_> = rows.iter().filter(|r| r.state != InstallStateCode::I).collect();
        if active.is_empty() {
            let running = super::parse_running(self, s).await?;
            let evidence = format!("show install summary does not list {version} as active");
            return Ok(Probe::FellBack { running, evidence });
        }
        if active.iter().all(|r| r.state == InstallStateCode::C) && state.auto_abort_seconds.is_none() {
            return Ok(Probe::Done { how: format!("{version} is committed and no timer runs") });
        }
        Ok(Probe::Ready { mark: now(s) })
    }

    /// Takes an added image out again, if it is inactive.
    pub(super) async fn undo_add(&self, path: &str, version: &Version, s: &mut Session<'_>) -> Result<Undone> {
        let state = summary(s).await?;
        let rows = self.rows(&state, version);
        if rows.is_empty() {
            return Ok(Undone::Nothing);
        }
        if rows.iter().any(|r| r.state != InstallStateCode::I) {
            return Ok(Undone::Impossible { why: format!("{version} is active") });
        }
        let foreign = state.rows.iter().any(|r| r.state == InstallStateCode::I && !self.is(r, version));
        let mut commands = vec![format!("install remove file {path}")];
        // It would take other people's inactive packages along.
        if !foreign {
            commands.push("install remove inactive".to_owned());
        }
        let mut words = String::new();
        for command in commands {
            match s.run(&dialogue(command)).await {
                Ok(said) => words = last_words(&said.output),
                Err(e) if e.kind() == ErrorKind::DeviceRejected => words = e.report().to_string(),
                Err(e) => return Err(e),
            }
            if self.rows(&summary(s).await?, version).is_empty() {
                return Ok(Undone::Restored { how: format!("{version} removed: {words}") });
            }
        }
        Ok(Undone::Impossible { why: format!("{version} is still listed: {words}") })
    }

    /// Goes back to the committed version while that is possible.
    pub(super) async fn undo_activate(&self, version: &Version, s: &mut Session<'_>) -> Result<Undone> {
        let state = summary(s).await?;
        let rows = self.rows(&state, version);
        if rows.iter().any(|r| r.state == InstallStateCode::C) {
            return Ok(Undone::Impossible { why: format!("{version} is committed") });
        }
        if !rows.iter().any(|r| r.state == InstallStateCode::U) {
            return Ok(Undone::Nothing);
        }
        let said = s.run(&dialogue("install abort".to_owned()).may_close()).await?;
        let how = judge(&said, "install abort")?;
        Ok(Undone::Detached { how, check_after: CHECK_AFTER, back_within: BACK_WITHIN })
    }
}
