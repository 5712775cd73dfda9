//! The words of a device, fit to be shown.

/// Characters at each end of a device's words that are kept: its first sentence and its last one. Honest ones are shorter
/// than both together.
const WORDS_KEPT: usize = 1500;

/// Behind the number of those that are not.
const LEFT_OUT: &str = " characters left out] ";

/// A device's words as they may stand in logs and on terminals: control characters, and those that turn the direction of
/// writing, in a visible form (`\x1b`, `\n`). What is that already stays as it is.
pub(super) fn fit_to_show(words: &str) -> String {
    let words = words.trim();
    let all = words.chars().count();
    let mut out = String::with_capacity(words.len().min(8 * WORDS_KEPT));
    for (at, c) in words.chars().enumerate() {
        if all > 2 * WORDS_KEPT && at >= WORDS_KEPT && at < all - WORDS_KEPT {
            if at == WORDS_KEPT {
                out.push_str(&format!(" [{}{LEFT_OUT}", all - 2 * WORDS_KEPT));
            }
            continue;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push_str(&c.escape_unicode().to_string());
            }
            c => out.push(c),
        }
    }
    out
}

/// Bytes of a sentence or a detail that are kept: a list of a hundred ids is shorter.
const LONGEST: usize = 8 * 1024;
/// Bytes of a value that are kept, alone or in quotes inside of a sentence: the longest file name, of 255 bytes, is shorter.
const LONGEST_VALUE: usize = 320;
/// What stands in the place of a login.
const LOGIN: &str = "***";

/// A sentence or a detail of ours, which may repeat what a caller gave: logins in URLs stay with the caller, also where no URL
/// belongs, and nobody reads a megabyte.
pub(super) fn fit_to_tell(text: String) -> String {
    shortened(quotes_shortened(without_logins(text)), LONGEST)
}

/// A value that a caller gave, recognisable: its beginning and its end.
pub(super) fn fit_to_recognise(value: String) -> String {
    shortened(without_logins(value), LONGEST_VALUE)
}

/// The two ends of a text that is longer than this.
fn shortened(text: String, longest: usize) -> String {
    let cut = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    if text.len() <= longest {
        return text;
    }
    let (begun, ended) = (cut(longest / 2), cut(text.len() - longest / 2));
    let left = text.get(begun..ended).map_or(0, |gap| gap.chars().count());
    format!("{} [{left}{LEFT_OUT}{}", text.get(..begun).unwrap_or_default(), text.get(ended..).unwrap_or_default())
}

/// A sentence in which no value that stands in quotes is long.
fn quotes_shortened(text: String) -> String {
    if text.len() <= LONGEST_VALUE {
        return text;
    }
    // A quote behind a backslash is a part of the value.
    let mut escaped = false;
    let mut parts = text.split(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        out.push('"');
        match at % 2 {
            0 => out.push_str(&shortened(part.to_owned(), LONGEST_VALUE)),
            _ => out.push_str(part),
        }
    }
    out
}

/// The text without what stands before the `@` of a URL's host.
fn without_logins(text: String) -> String {
    if !text.contains("://") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once("://") {
        let end = behind.find(|c: char| c.is_whitespace() || "/?#\"'<>\\".contains(c)).unwrap_or(behind.len());
        // Somebody who encodes nothing may have a slash in the password: a port it is not.
        let end = match behind.get(..end).and_then(|host| host.rsplit_once(':')) {
            Some((user, port))
                if !user.contains('@') && !user.ends_with(']') && !port.bytes().all(|b| b.is_ascii_digit()) =>
            {
                let word = behind.split(|c: char| c.is_whitespace() || "\"'<>".contains(c)).next().unwrap_or_default();
                word.rfind('@').map_or(end, |at| end.max(at + 1))
            }
            _ => end,
        };
        let (host, after) = behind.split_at(end);
        out.push_str(before);
        out.push_str("://");
        match host.rsplit_once('@') {
            Some((_, host)) => out.extend([LOGIN, "@", host]),
            None => out.push_str(host),
        }
        rest = after;
    }
    out + rest
}

/// Shown words without this text, also where only its beginning or its end was kept at a place that was left out.
pub(super) fn without(words: String, text: &str, mask: &str) -> String {
    let words = if text.is_empty() { words } else { words.replace(text, mask) };
    without_ends(words, text, mask)
}

fn without_ends(words: String, text: &str, mask: &str) -> String {
    let Some(cut) = words.find(LEFT_OUT).and_then(|end| Some(words.get(..end)?.rfind(" [")?..end + LEFT_OUT.len()))
    else {
        return words;
    };
    let (Some(before), Some(gap), Some(behind)) =
        (words.get(..cut.start), words.get(cut.clone()), words.get(cut.end..))
    else {
        return words;
    };
    let places = || text.char_indices().map(|(at, _)| at).filter(|at| *at > 0);
    let begun = places().rev().filter_map(|at| text.get(..at)).find(|part| before.ends_with(part)).unwrap_or_default();
    let ended = places().filter_map(|at| text.get(at..)).find(|part| behind.starts_with(part)).unwrap_or_default();
    let masked = |part: &str| if part.is_empty() { "" } else { mask };
    let (before, behind) = (before.strip_suffix(begun).unwrap_or(before), behind.strip_prefix(ended).unwrap_or(behind));
    let behind = without_ends(behind.to_owned(), text, mask);
    format!("{before}{}{gap}{}{behind}", masked(begun), masked(ended))
}

/// A sentence of ours with words of others in it: what commands a terminal in a visible form, lines as they are.
pub(super) fn fit_for_a_terminal(sentence: String) -> String {
    let plain = |line: &str| !line.chars().any(char::is_control);
    if sentence.lines().all(plain) {
        return sentence;
    }
    sentence.lines().map(fit_to_show).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use crate::{Error, ErrorKind};

    #[test]
    fn logins_of_urls_are_not_told() {
        for (given, shown) in [
            ("https://u:pw@h/x", "https://***@h/x"),
            ("\"ftp://u:p@w@h:21\" and http://a@b", "\"ftp://***@h:21\" and http://***@b"),
            ("https://h/a@b?c=d@e", "https://h/a@b?c=d@e"),
            ("a@b, scp://h:22/", "a@b, scp://h:22/"),
            ("://@", "://***@"),
            ("u://é:pw@h", "u://***@h"),
            ("https://u:p/w?@h/x", "https://***@h/x"),
            ("http://[::1]:80/a@b http://h:/a@b", "http://[::1]:80/a@b http://h:/a@b"),
        ] {
            let e = Error::invalid("path", given, "no file").with("other", given);
            assert_eq!(e.to_string(), format!("read input: path = {shown}: no file"));
            assert_eq!((e.context("value"), e.context("other")), (Some(shown), Some(shown)));
        }
    }

    #[test]
    fn an_error_is_not_longer_than_somebody_reads() {
        let e = Error::invalid("image", "é".repeat(1_000_000), "there is none");
        assert!(e.to_string().len() < 1000 && e.context("value").unwrap_or_default().len() < 500, "{e}");
        assert!(e.to_string().ends_with("é: there is none") && e.to_string().contains("characters left out"), "{e}");
        // What is quoted is a value as well; what is not may be a list.
        let (quoted, list) = (format!("{:?}", "a\"b ".repeat(100_000)), "0123456789 ".repeat(100));
        let e = Error::new(ErrorKind::NotFound, "find image", format!("there is no {quoted}: {list}\"é\""));
        assert!(e.message().len() < 2000 && e.message().ends_with(&format!("a\\\"b \": {list}\"é\"")), "{e}");
        let short = format!("\"{}\" is none", "x".repeat(300));
        assert_eq!(Error::new(ErrorKind::NotFound, "find image", &*short).message(), short);
    }

    #[test]
    fn a_secret_is_masked_where_only_a_part_of_it_was_kept() {
        let secret = crate::model::Secret::new("hunter2-canary".to_owned());
        for shift in 0..40 {
            // The cut goes through the secret at every place, at both ends.
            let words = format!(
                "{}hunter2-canary{}hunter2-canary{}",
                "x".repeat(1480 + shift),
                "y".repeat(900),
                "z".repeat(1480 + shift)
            );
            let e = Error::new(ErrorKind::Auth, "log in", "no").said(words).masking(&secret);
            let shown = e.device_words().unwrap_or_default();
            let rest: String = shown.replace("***", "").chars().filter(|c| !"xyz".contains(*c)).collect();
            let number: String = rest.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(rest.replace(&number, ""), " [ characters left out] ", "{shift}");
            // What ends or begins at the cut is whole, or not there at all.
            assert_eq!(shown.contains("***"), shift < 20, "{shift}");
        }
    }

    #[test]
    fn the_words_of_a_device_command_no_terminal_and_have_an_end() {
        let says = |words: &str| Error::new(ErrorKind::DeviceRejected, "copy", "no").said(words);
        let e = says("\u{1b}[31mno\u{7}\0\u{9b}\r\nGRANTED: \u{202e}x ü\n");
        let shown = r"\x1b[31mno\x07\x00\x9b\r\nGRANTED: \u{202e}x ü";
        assert_eq!(e.device_words(), Some(shown));
        assert_eq!(e.report().to_string(), format!("copy: no (the device said: {shown})"));
        assert_eq!(says(shown).device_words(), Some(shown));
        let long = says(&format!("first {} last", "\u{1b}".repeat(1_000_000)));
        let words = long.device_words().unwrap_or_default();
        assert!(words.len() < 20_000 && words.starts_with(r"first \x1b") && words.ends_with("last"), "{words}");
        let again = says(words);
        assert!(again.device_words().unwrap_or_default().len() <= words.len());
    }
}
