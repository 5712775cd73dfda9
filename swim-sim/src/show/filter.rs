//! `| include`, `| exclude`, `| begin`, `| section`, `| count`.

use regex::Regex;

/// A filter behind a command.
#[derive(Debug)]
pub(crate) struct Filter {
    verb: String,
    pattern: Regex,
}

/// Takes the filter off a line. A pattern that cannot be read matches nothing.
pub(crate) fn split(line: &str) -> (&str, Option<Filter>) {
    let Some((command, rest)) = line.split_once('|') else {
        return (line, None);
    };
    let (verb, pattern) = rest.trim_start().split_once(' ').unwrap_or_else(|| (rest.trim(), ""));
    let pattern = Regex::new(pattern.trim_end()).or_else(|_| Regex::new("$^")).ok();
    (command.trim_end(), pattern.map(|pattern| Filter { verb: verb.to_ascii_lowercase(), pattern }))
}

impl Filter {
    pub(crate) fn apply(&self, text: &str) -> String {
        let hit = |l: &str| self.pattern.is_match(l);
        let is = |verb: &str| !self.verb.is_empty() && verb.starts_with(&self.verb);
        let mut out = String::new();
        if is("count") {
            let n = text.lines().filter(|l| hit(l)).count();
            return format!("Number of lines which match regexp = {n}\n");
        }
        let mut on = false;
        for line in text.lines() {
            let take = if is("include") {
                hit(line)
            } else if is("exclude") {
                !hit(line)
            } else if is("begin") {
                on |= hit(line);
                on
            } else {
                // A section: the line and the indented ones behind it.
                on = hit(line) || (on && line.starts_with(' '));
                on
            };
            if take {
                out.push_str(line);
                out.push('\n');
            }
        }
        out
    }
}
