//! What the operator wants done, and how careful to be.

use serde::{Deserialize, Serialize};

use super::{Direction, Link, Protocol};
use crate::analysis::{ACCEPTABLE, near};
use crate::{Error, Result};

/// What devices take as their auto-abort timer, in minutes.
const AUTO_ABORT_MINUTES: (u32, u32) = (30, 1200);

/// From a minute to a week: a device that is not back by then is not coming back.
const RETURN_MINUTES: (u32, u32) = (1, 7 * 24 * 60);

/// When devices are activated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActivateMode {
    /// Distribute only; nothing is activated.
    Off,
    /// One device after the other, after all copies are done; the next one only after the last one is proven.
    #[default]
    Sequential,
    /// All at once (within `max_parallel`).
    Parallel,
}

/// How the software is installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Approach {
    /// In the mode in which the device runs now.
    #[default]
    Current,
}

/// What a failed device means for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailurePolicy {
    /// Go on with the other devices (the default).
    #[default]
    Continue,
    /// Start no further device.
    Stop,
}

/// What to do about a running configuration that was not saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnsavedConfig {
    /// It is a finding that blocks the device.
    #[default]
    Block,
    /// Save it as a step of the plan.
    Save,
}

/// Something that must be known and good although no step of a plan needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Demand {
    /// A list of known-good values names the image with its digests.
    KnownGood,
    /// A catalogue says how the image stands with its vendor, and which forms are pending.
    Catalogue,
    /// SNMP may write on the device: other tools transfer files that way.
    SnmpWrite,
    /// No SNMP view hides CISCO-FLASH-MIB.
    FlashMib,
}

/// The settings of an upgrade. Every field has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Transfers to try, in order.
    pub transfers: Vec<(Protocol, Direction)>,
    /// What is known of the way to the devices: for the predictions in the plan.
    pub link: Link,
    /// When devices are activated.
    pub activate: ActivateMode,
    /// In which mode the software is installed.
    pub approach: Approach,
    /// What a failed device means for the others.
    pub on_failure: FailurePolicy,
    /// What to do about an unsaved configuration.
    pub unsaved_config: UnsavedConfig,
    /// May files be deleted to make room? Only files that are proven to be unreferenced, listed in the plan.
    pub make_room: bool,
    /// Hold the commit back: the job waits until somebody commits it, perhaps another process. In install mode the device's
    /// own timer (`auto_abort_minutes`) runs meanwhile: when it ends first, the device goes back.
    pub hold_commit: bool,
    /// Ask the caller's post-check before the commit; a no makes the device go back.
    pub post_check: bool,
    /// The device's auto-abort timer in minutes (30 to 1200), for install mode.
    pub auto_abort_minutes: u32,
    /// Devices at work at the same time.
    pub max_parallel: u32,
    /// Devices that pull from one server at the same time (five by default).
    pub max_per_server: u32,
    /// Minutes to wait for a device to come back after a reload, at most a week.
    pub return_minutes: u32,
    /// May a device be moved to an older version?
    pub allow_downgrade: bool,
    /// May the feature set or the cryptography of the software change?
    pub allow_feature_change: bool,
    /// May an image be used that its vendor deferred or withdrew?
    pub allow_deferred: bool,
    /// What must be known and good although the plan does not need it.
    pub demands: Vec<Demand>,
    /// Codes of *unknown* findings that a person accepts, e.g. `ram.requirement_unknown`: of [`ACCEPTABLE`], for a slip of the
    /// pen would accept nothing. They stay visible in the report.
    pub accept_unknown: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            // What every built-in platform knows, the encrypted ones first.
            transfers: vec![
                (Protocol::Scp, Direction::Pull),
                (Protocol::Scp, Direction::Push),
                (Protocol::Http, Direction::Pull),
            ],
            link: Link::default(),
            activate: ActivateMode::Sequential,
            approach: Approach::Current,
            on_failure: FailurePolicy::Continue,
            unsaved_config: UnsavedConfig::Block,
            make_room: false,
            hold_commit: false,
            post_check: false,
            // The device's own default (install activate: 120 minutes).
            auto_abort_minutes: 120,
            max_parallel: 50,
            max_per_server: 5,
            // Longest return seen is 30 minutes (microcode and boot loader upgrade); twice that is never early.
            return_minutes: 60,
            allow_downgrade: false,
            allow_feature_change: false,
            allow_deferred: false,
            demands: Vec::new(),
            accept_unknown: Vec::new(),
        }
    }
}

impl Policy {
    /// Checks what the types do not.
    ///
    /// ```
    /// use swim_core::model::Policy;
    /// assert!(Policy::default().check().is_ok());
    /// let e = Policy { return_minutes: u32::MAX, ..Policy::default() }.check().unwrap_err();
    /// assert!(e.message().contains("return_minutes"));
    /// let e = Policy { accept_unknown: vec!["ram".into()], ..Policy::default() }.check().unwrap_err();
    /// assert_eq!(e.context("field"), Some("policy.accept_unknown[0]"));
    /// assert!(e.message().ends_with("it may be ram.requirement_unknown or ram.unknown"));
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` names the first field that is not possible, with its value and what may be there.
    pub fn check(&self) -> Result<()> {
        let numbers = [
            ("auto_abort_minutes", self.auto_abort_minutes, AUTO_ABORT_MINUTES),
            ("return_minutes", self.return_minutes, RETURN_MINUTES),
            ("max_parallel", self.max_parallel, (1, u32::MAX)),
            ("max_per_server", self.max_per_server, (1, u32::MAX)),
        ];
        self.link.check()?;
        for (field, value, (least, most)) in numbers {
            if !(least..=most).contains(&value) {
                let field = format!("policy.{field}");
                return Err(Error::invalid(&field, value, &format!("it must lie between {least} and {most}")));
            }
        }
        if self.transfers.is_empty() {
            let why = "name at least one, e.g. [\"scp\", \"pull\"]: the image must come to the device";
            return Err(Error::invalid("policy.transfers", "[]", why));
        }
        if let Some((_, direction)) = self.transfers.iter().find(|(_, d)| !d.distributes()) {
            return Err(Error::invalid("policy.transfers", direction, "only pull and push bring an image to a device"));
        }
        for (at, code) in self.accept_unknown.iter().enumerate() {
            if !ACCEPTABLE.contains(&code.as_str()) {
                let near = near(code);
                let why = format!("no finding that can be unknown has this code: it may be {}", listed(&near));
                return Err(Error::invalid(&format!("policy.accept_unknown[{at}]"), format!("{code:?}"), &why));
            }
        }
        Ok(())
    }
}

/// `a, b or c`.
fn listed(codes: &[&str]) -> String {
    match codes {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        codes => codes.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_have_no_effect_or_none_that_ends_is_refused_by_field_and_value() {
        let usual = Policy::default;
        let accepting = |code: &str| Policy { accept_unknown: vec!["ram.unknown".into(), code.into()], ..usual() };
        for (policy, field, value) in [
            (accepting("ram.requirement"), "policy.accept_unknown[1]", "\"ram.requirement\""),
            // It blocks; nobody can accept that.
            (accepting("flash.too_small"), "policy.accept_unknown[1]", "\"flash.too_small\""),
            (accepting(""), "policy.accept_unknown[1]", "\"\""),
            (Policy { transfers: vec![], ..usual() }, "policy.transfers", "[]"),
            (Policy { max_parallel: 0, ..usual() }, "policy.max_parallel", "0"),
            (Policy { max_per_server: 0, ..usual() }, "policy.max_per_server", "0"),
            (Policy { auto_abort_minutes: 29, ..usual() }, "policy.auto_abort_minutes", "29"),
            (Policy { return_minutes: 0, ..usual() }, "policy.return_minutes", "0"),
        ] {
            let e = policy.check().unwrap_err();
            assert_eq!((e.context("field"), e.context("value")), (Some(field), Some(value)), "{e}");
        }
        let e = accepting("disk.unknown").check().unwrap_err();
        for code in ACCEPTABLE {
            assert!(e.message().contains(code), "{e}");
            accepting(code).check().unwrap();
        }
    }
}
