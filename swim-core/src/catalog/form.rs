//! The forms of the vendor, and the decision of a person about one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Which form it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FormKind {
    /// Eligibility for strong encryption.
    K9,
    /// The licence of the end user.
    Eula,
}

impl FormKind {
    /// As it is written in the address of the service.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::K9 => "k9",
            Self::Eula => "eula",
        }
    }
}

impl fmt::Display for FormKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A form that must be answered, to be shown to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Which one.
    pub kind: FormKind,
    /// Where it can be read and answered in a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its text (often HTML of the vendor), verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FormField>,
}

/// A field of a form, verbatim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormField {
    /// Its id, e.g. `BUS_FUNCTION`.
    pub id: String,
    /// What is shown beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How it is answered, e.g. `radioButton`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// What can be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Self>,
}

/// For whom strong encryption is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BusinessFunction {
    /// Commercial or civil.
    CommercialOrCivil,
    /// Government or military.
    GovernmentOrMilitary,
}

impl BusinessFunction {
    /// As the form writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CommercialOrCivil => "COMM_OR_CIVIL",
            Self::GovernmentOrMilitary => "GOV_OR_MIL",
        }
    }
}

/// What a person decided about a form. The library never makes one.
///
/// ```
/// use swim_core::catalog::{BusinessFunction, Decision, FormKind};
/// let decision = Decision::accept(FormKind::K9, "Ada Lovelace").business(BusinessFunction::CommercialOrCivil);
/// assert!(decision.check().is_ok());
/// assert!(Decision::accept(FormKind::K9, "Ada Lovelace").check().is_err(), "for whom is it?");
/// assert!(Decision::accept(FormKind::Eula, " ").check().is_err(), "nobody decided");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Decision {
    /// About which form.
    pub form: FormKind,
    /// Accepted, or declined.
    pub accepted: bool,
    /// The person who decided.
    pub by: String,
    /// For whom the encryption is. To accept the K9 form it must be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_function: Option<BusinessFunction>,
    /// For governments and the military: is it in one of the countries that the form names?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countries: Option<bool>,
    /// Why it is declined. The service wants to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
}

impl Decision {
    /// Accepted by a person.
    #[must_use]
    pub fn accept(form: FormKind, by: impl Into<String>) -> Self {
        Self { form, accepted: true, by: by.into(), business_function: None, countries: None, comments: None }
    }

    /// Declined by a person.
    #[must_use]
    pub fn decline(form: FormKind, by: impl Into<String>, comments: impl Into<String>) -> Self {
        Self { accepted: false, comments: Some(comments.into()), ..Self::accept(form, by) }
    }

    /// For whom the encryption is.
    #[must_use]
    pub const fn business(mut self, function: BusinessFunction) -> Self {
        self.business_function = Some(function);
        self
    }

    /// Is the government or military one of the countries that the form names?
    #[must_use]
    pub const fn in_countries(mut self, countries: bool) -> Self {
        self.countries = Some(countries);
        self
    }

    /// Refuses what no person can have meant.
    ///
    /// # Errors
    /// `InvalidInput` names the field.
    pub fn check(&self) -> Result<()> {
        let missing = |field: &str, why: &str| Err(Error::invalid(field, "(absent)", why));
        if self.by.trim().is_empty() {
            return missing("decision.by", "a form is answered by a person: name who decided");
        }
        if !self.accepted {
            let why = "the service wants to know why a form is declined";
            return if self.comments.as_ref().is_none_or(|c| c.trim().is_empty()) {
                missing("decision.comments", why)
            } else {
                Ok(())
            };
        }
        match (self.form, self.business_function, self.countries) {
            (FormKind::K9, None, _) => missing(
                "decision.business_function",
                "the form asks for whom the encryption is: nobody else can say it",
            ),
            (FormKind::K9, Some(BusinessFunction::GovernmentOrMilitary), None) => {
                missing("decision.countries", "the form asks whether it is in one of the countries that it names")
            }
            _ => Ok(()),
        }
    }
}

/// What the service says to an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acknowledged {
    /// Was the answer taken?
    pub taken: bool,
    /// The session that the download goes on with, where the service gives one.
    pub session_id: Option<String>,
    /// Its words.
    pub message: String,
}
