//! One thing that analysis found.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad it is. *Unknown* is a verdict of its own: never a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// It is fine.
    Pass,
    /// Worth knowing.
    Warning,
    /// A fact is missing; the rule cannot answer.
    Unknown,
    /// The upgrade must not go on.
    Blocking,
}

/// What a rule found.
///
/// Most of its words are the same for every device: they are borrowed from the program, so that the report of a fleet is
/// no million copies of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code, e.g. `flash.too_small`.
    pub code: Cow<'static, str>,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub message: Cow<'static, str>,
    /// What was measured, with its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Cow<'static, str>>,
    /// What is required, with its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Cow<'static, str>>,
    /// The fact that nobody told, by its name, where an answer needs it: `inventory.ram`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Cow<'static, str>>,
    /// Where both come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provenance: Vec<Cow<'static, str>>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Cow<'static, str>>,
    /// The member it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u32>,
    /// It is *unknown*, and the policy accepts that (`accept_unknown`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
}

/// One line: code, sentence, figures, missing fact, member.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        if let (Some(measured), Some(required)) = (&self.measured, &self.required) {
            write!(f, " (has {measured}, needs {required})")?;
        }
        if let Some(fact) = &self.missing {
            write!(f, " (not known: {fact})")?;
        }
        match self.member {
            Some(member) => write!(f, " [member {member}]"),
            None => Ok(()),
        }
    }
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, severity: Severity, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: code.into(),
            severity,
            message: message.into(),
            measured: None,
            required: None,
            missing: None,
            provenance: Vec::new(),
            remedy: None,
            member: None,
            accepted: false,
        }
    }

    /// *Unknown*, because nobody told this fact.
    ///
    /// ```
    /// use swim_core::analysis::{Finding, Severity};
    /// let finding = Finding::unknown("ram.unknown", "inventory.ram", "the device did not say how much memory it has");
    /// assert_eq!(finding.severity, Severity::Unknown);
    /// assert!(finding.to_string().ends_with("(not known: inventory.ram)"));
    /// ```
    #[must_use]
    pub fn unknown(
        code: impl Into<Cow<'static, str>>,
        fact: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(code, Severity::Unknown, message).missing(fact)
    }

    /// With the fact that is missing, by its name.
    #[must_use]
    pub fn missing(mut self, fact: impl Into<Cow<'static, str>>) -> Self {
        self.missing = Some(fact.into());
        self
    }

    /// With what was measured and what is required.
    #[must_use]
    pub fn compared(mut self, measured: impl Into<Cow<'static, str>>, required: impl Into<Cow<'static, str>>) -> Self {
        self.measured = Some(measured.into());
        self.required = Some(required.into());
        self
    }

    /// With where a value comes from.
    #[must_use]
    pub fn from(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.provenance.push(source.into());
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn remedy(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.remedy = Some(what.into());
        self
    }

    /// About one member.
    #[must_use]
    pub const fn on_member(mut self, member: u32) -> Self {
        self.member = Some(member);
        self
    }
}
