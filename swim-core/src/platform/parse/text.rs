//! Lines, words and labels of device output: what every parser here stands on.

/// The lines of an output: carriage returns count as line ends, the right end is trimmed, log messages that broke
/// into the output are left out. The left end stays, because columns matter.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.split(['\n', '\r']).map(|line| line.trim_end_matches([' ', '\t', '\0'])).filter(|line| !is_log_message(line))
}

/// Is it a log message (`*Mar  1 00:00:11.123: %SYS-5-CONFIG_I: ...`, `%LINK-3-UPDOWN: ...`)?
pub(super) fn is_log_message(line: &str) -> bool {
    let Some((before, after)) = line.split_once('%') else { return false };
    let Some((mnemonic, _)) = after.split_once(':') else { return false };
    let mut parts = mnemonic.rsplitn(3, '-');
    let (Some(name), Some(severity), Some(facility)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let upper = |s: &str, extra: char| {
        !s.is_empty()
            && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || char::from(b) == extra)
    };
    let severity_ok = severity.len() == 1 && severity.bytes().all(|b| b.is_ascii_digit());
    let before = before.trim_end();
    severity_ok
        && upper(name, '_')
        && upper(facility, '-')
        && (before.is_empty() || (before.ends_with(':') && clock_in(before).is_some()))
}

/// The first `hh:mm:ss` in a text.
pub(super) fn clock_in(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let shape =
        |w: &[u8]| w.iter().enumerate().all(|(i, b)| if i == 2 || i == 5 { *b == b':' } else { b.is_ascii_digit() });
    let at = bytes.windows(8).position(shape)?;
    text.get(at..at + 8)
}

/// What follows a label at the start of a line (leading blanks do not count), trimmed; `None` when nothing follows.
pub(super) fn after<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    filled(line.trim_start().strip_prefix(label)?)
}

/// The value of `Label   : value` or `Label = value`; letter case and padding of the label do not count.
/// `Some("")` when the label is there without a value.
pub(super) fn value_of<'a>(line: &'a str, label: &str, separator: char) -> Option<&'a str> {
    let (name, value) = line.split_once(separator)?;
    name.trim().eq_ignore_ascii_case(label).then(|| value.trim())
}

/// The trimmed text, unless it is empty.
pub(super) fn filled(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// The trimmed text as an owned value, unless it is empty.
pub(super) fn owned(text: &str) -> Option<String> {
    filled(text).map(str::to_owned)
}

/// Sets a field that is still absent: the first statement of an output counts.
pub(super) fn set<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

/// A field that `false` says nothing about is left out of the JSON.
pub(super) fn is_false(value: &bool) -> bool {
    !*value
}

/// Reads a line word by word, keeping the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    pub(super) const fn new(line: &'a str) -> Self {
        Self(line)
    }

    /// The next word.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let start = self.0.trim_start();
        if start.is_empty() {
            return None;
        }
        let end = start.find(char::is_whitespace).unwrap_or(start.len());
        let (word, rest) = start.split_at(end);
        self.0 = rest;
        Some(word)
    }

    /// The next word as a number.
    pub(super) fn number<N: std::str::FromStr>(&mut self) -> Option<N> {
        number(self.word()?)
    }

    /// What is left, trimmed.
    pub(super) fn rest(&self) -> &'a str {
        self.0.trim()
    }
}

/// A number of ASCII digits only (no sign).
pub(super) fn number<N: std::str::FromStr>(word: &str) -> Option<N> {
    word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok()).flatten()
}

/// The columns of a row, separated by two or more blanks (or a tab).
pub(super) fn columns(line: &str) -> Vec<&str> {
    line.split("  ").flat_map(|part| part.split('\t')).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// A ruler under a table head: dashes and blanks only.
pub(super) fn is_ruler(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.bytes().all(|b| matches!(b, b'-' | b'=' | b' ' | b'+'))
}

/// A MAC address in the dotted or the colon form.
pub(super) fn is_mac(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_hexdigit).count();
    digits == 12 && word.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_messages_are_known_and_other_percent_lines_are_not() {
        assert!(is_log_message("%SYS-5-CONFIG_I: Configured from console"));
        assert!(is_log_message("*Mar  1 00:00:11.123: %LINEPROTO-5-UPDOWN: Line protocol"));
        assert!(is_log_message("000123: Nov  2 10:11:12.345 UTC: %C4K_REDUNDANCY-6-MODE: x"));
        assert!(!is_log_message("%Error opening tftp://h/f (Timed out)"));
        assert!(!is_log_message("%Warning:There is a file already existing with this name"));
        assert!(!is_log_message("usage is 5% of A-1-B: x"));
    }

    #[test]
    fn lines_end_at_carriage_returns_too() {
        assert_eq!(lines("a \r\n%SYS-5-RELOAD: x\r\n b").filter(|l| !l.is_empty()).collect::<Vec<_>>(), ["a", " b"]);
    }

    #[test]
    fn numbers_have_no_sign() {
        assert_eq!(number::<u64>("12"), Some(12));
        assert_eq!(number::<u64>("+12"), None);
        assert_eq!(number::<u64>(""), None);
    }

    #[test]
    fn a_cursor_keeps_the_rest() {
        let mut c = Cursor::new("  1  two three  four ");
        assert_eq!(c.number::<u32>(), Some(1));
        assert_eq!(c.word(), Some("two"));
        assert_eq!(c.rest(), "three  four");
    }
}
