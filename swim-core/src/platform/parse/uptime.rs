//! Uptimes: `1 year, 22 weeks, 6 days, 9 hours, 38 minutes`.

/// Seconds of an uptime text; years have 365 days. `None` when a part is not understood.
pub(super) fn uptime_seconds(text: &str) -> Option<u64> {
    let mut total: Option<u64> = None;
    for part in text.split([',', ';']) {
        let mut words = part.split_whitespace();
        let count: u64 = super::text::number(words.next()?)?;
        let unit = words.next()?;
        if words.next().is_some() {
            return None;
        }
        let seconds: u64 = match unit.trim_end_matches('s') {
            "year" => 365 * 86_400,
            "week" => 7 * 86_400,
            "day" => 86_400,
            "hour" => 3_600,
            "minute" => 60,
            "second" => 1,
            _ => return None,
        };
        total = Some(total.unwrap_or(0).checked_add(count.checked_mul(seconds)?)?);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::uptime_seconds;

    #[test]
    fn units_add_up_and_strangers_are_refused() {
        assert_eq!(uptime_seconds("1 year, 1 week, 1 day, 1 hour, 1 minute"), Some(32_230_860));
        assert_eq!(uptime_seconds("0 minutes"), Some(0));
        assert_eq!(uptime_seconds("2 months"), None);
        assert_eq!(uptime_seconds("99999999999999999999 years"), None);
        assert_eq!(uptime_seconds(""), None);
    }
}
