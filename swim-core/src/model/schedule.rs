//! When something is done: now, later, again and again.

use std::fmt;

use croner::parser::CronParser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A pattern or a zone is not longer: six fields of lists, and the longest name of a zone has some thirty letters.
const LONGEST: usize = 200;

/// The fields of a pattern, each with what it may be.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31"),
    ("month", "1 to 12, or JAN to DEC"),
    ("day of the week", "0 to 7 (0 and 7 are Sunday), or SUN to SAT"),
];

/// When something is done: `at` a time, once; by a pattern (`cron`), again and again; with both first at that time, whether
/// the pattern names it or not, and then by the pattern. Without either: only when somebody asks for it. A pattern without a
/// zone is read in UTC.
///
/// ```
/// use swim_core::model::Schedule;
/// // Half past two at night in Berlin: on the day when clocks skip that hour, at the same moment's next valid reading.
/// let nightly = Schedule::recurring("30 2 * * *", "Europe/Berlin")?;
/// let next = nightly.next_after("2026-11-29T12:00:00Z".parse().unwrap())?;
/// assert_eq!(next, Some("2026-11-30T01:30:00Z".parse().unwrap()));
/// let e = Schedule::recurring("0 25 * * *", "UTC").unwrap_err();
/// assert_eq!(e.message(), "schedule.cron = \"0 25 * * *\": its hour is 25, and must be 0 to 23");
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Schedule {
    /// The first time; default: what the pattern says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// When it recurs: minute, hour, day of the month, month, day of the week, as cron has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The zone in which the pattern is read, e.g. `Europe/Berlin`; default: UTC, not the zone of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl Schedule {
    /// Is it only done when somebody asks for it?
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Once.
    #[must_use]
    pub const fn once(at: Timestamp) -> Self {
        Self { at: Some(at), cron: None, zone: None }
    }

    /// Again and again.
    ///
    /// # Errors
    /// As [`Schedule::check`].
    pub fn recurring(cron: impl Into<String>, zone: impl Into<String>) -> Result<Self> {
        let schedule = Self { at: None, cron: Some(cron.into()), zone: Some(zone.into()) };
        schedule.check()?;
        Ok(schedule)
    }

    /// Checks that it can be understood.
    ///
    /// # Errors
    /// `InvalidInput` names the field and the value.
    pub fn check(&self) -> Result<()> {
        self.next_after(self.at.unwrap_or(Timestamp::UNIX_EPOCH)).map(|_| ())?;
        match (&self.zone, &self.cron) {
            (Some(zone), None) => {
                Err(Error::invalid("schedule.zone", format!("{zone:?}"), "it belongs to a pattern, and there is none"))
            }
            _ => Ok(()),
        }
    }

    /// The first moment at which it is due, given when it was made.
    ///
    /// # Errors
    /// As [`Schedule::check`].
    pub fn first(&self, made: Timestamp) -> Result<Option<Timestamp>> {
        match self.at {
            Some(at) => Ok(Some(at)),
            None => self.next_after(made),
        }
    }

    /// The next moment of the pattern after this one; `None` when it does not recur.
    ///
    /// # Errors
    /// As [`Schedule::check`].
    pub fn next_after(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let Some(cron) = &self.cron else { return Ok(None) };
        let bad = |field: &str, value: &str, why: &str| {
            let value: String = value.chars().take(LONGEST).collect();
            Error::invalid(field, format!("{value:?}"), why)
        };
        if cron.len() > LONGEST {
            return Err(bad("schedule.cron", cron, "too long"));
        }
        let zone = match self.zone.as_deref() {
            None => TimeZone::UTC,
            Some(zone) => TimeZone::get(zone)
                .map_err(|e| bad("schedule.zone", zone, "no zone of the IANA database").caused_by(e))?,
        };
        let pattern =
            CronParser::new().parse(cron).map_err(|e| bad("schedule.cron", cron, &blamed(cron)).caused_by(e))?;
        let next = pattern.find_next_occurrence(&now.to_zoned(zone), false);
        next.map(|next| Some(next.timestamp())).map_err(|e| bad("schedule.cron", cron, "it never comes").caused_by(e))
    }
}

/// Which field of a pattern is wrong: the first one that is none by itself.
fn blamed(cron: &str) -> String {
    let given: Vec<&str> = cron.split_whitespace().collect();
    if given.len() != FIELDS.len() {
        let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        return format!("it has {} fields, and must have five: {}", given.len(), names.join(", "));
    }
    for (at, (name, range)) in FIELDS.into_iter().enumerate() {
        let Some(field) = given.get(at) else { continue };
        let mut alone = ["*"; FIELDS.len()];
        if let Some(place) = alone.get_mut(at) {
            *place = field;
        }
        if CronParser::new().parse(&alone.join(" ")).is_err() {
            return format!("its {name} is {field}, and must be {range}");
        }
    }
    "it is no pattern of minute, hour, day of the month, month and day of the week".to_owned()
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.at, &self.cron) {
            (None, None) => f.write_str("when it is asked for"),
            (Some(at), None) => write!(f, "at {at}"),
            (at, Some(cron)) => {
                write!(f, "{cron} ({})", self.zone.as_deref().unwrap_or("UTC"))?;
                at.map_or(Ok(()), |at| write!(f, " from {at}"))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_hour_that_is_skipped_or_comes_twice_runs_once() {
        let nightly = Schedule::recurring("30 2 * * *", "Europe/Berlin").unwrap();
        let mut now = at("2027-03-26T12:00:00Z");
        let mut days = Vec::new();
        for _ in 0..4 {
            now = nightly.next_after(now).unwrap().unwrap();
            days.push(now.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).date().day());
        }
        assert_eq!(days, [27, 28, 29, 30], "the 28th has no half past two");
        let mut now = at("2026-10-24T12:00:00Z");
        let mut times = Vec::new();
        for _ in 0..2 {
            now = nightly.next_after(now).unwrap().unwrap();
            times.push(now.to_string());
        }
        assert_eq!(times, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"], "the 25th has it twice");
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        for (cron, zone, field) in [
            ("", "UTC", "schedule.cron"),
            ("61 * * * *", "UTC", "schedule.cron"),
            ("0 0 30 2 *", "UTC", "schedule.cron"),
            ("0 0 * * *", "Mars/Olympus", "schedule.zone"),
            (&"*".repeat(5000), "UTC", "schedule.cron"),
        ] {
            let e = Schedule::recurring(cron, zone).unwrap_err();
            assert_eq!(e.context("field"), Some(field), "{e}");
        }
        for (cron, words) in [
            ("61 * * * *", "its minute is 61, and must be 0 to 59"),
            ("0 25 * * *", "its hour is 25, and must be 0 to 23"),
            ("0 0 0 * *", "its day of the month is 0, and must be 1 to 31"),
            ("0 0 1 13 *", "its month is 13, and must be 1 to 12"),
            ("0 0 * * 9", "its day of the week is 9, and must be 0 to 7"),
            ("0 0 * *", "it has 4 fields, and must have five: minute, hour"),
            ("0 9-5 * * *", "its hour is 9-5"),
        ] {
            let e = Schedule::recurring(cron, "UTC").unwrap_err();
            assert!(e.to_string().contains(words), "{e}");
        }
        let lonely = Schedule { zone: Some("UTC".into()), ..Schedule::default() };
        assert_eq!(lonely.check().unwrap_err().context("field"), Some("schedule.zone"));
        assert_eq!(Schedule::default().first(at("2026-11-29T12:00:00Z")).unwrap(), None);
        let once = Schedule::once(at("2026-11-29T12:00:00Z"));
        assert_eq!(once.first(at("2026-12-01T12:00:00Z")).unwrap(), once.at);
        assert_eq!(once.next_after(at("2026-12-01T12:00:00Z")).unwrap(), None);
    }
}
