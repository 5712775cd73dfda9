//! Command matching as on the device: abbreviations, ambiguity, missing words, the caret.

/// How a line was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Matched<A> {
    /// This action, with what stood at the placeholders.
    Action(A, Vec<String>),
    /// A word that fits nothing, at this column of the line.
    Invalid(usize),
    /// Words are missing.
    Incomplete,
    /// A word that could be several.
    Ambiguous,
}

/// Matches a line against patterns of keywords, `<x>` for any word and `<...>` for the rest of the line.
pub(crate) fn matched<A: Copy>(line: &str, table: &[(&str, A)]) -> Matched<A> {
    let words = split(line);
    let mut alive: Vec<(Vec<&str>, A, Vec<String>)> =
        table.iter().map(|(pattern, action)| (pattern.split(' ').collect(), *action, Vec::new())).collect();
    for (index, (column, word)) in words.iter().enumerate() {
        if let Some((_, action, args)) = alive.iter().find(|(p, ..)| p.get(index) == Some(&"<...>")) {
            // The rest of the line belongs to it unless a keyword fits better.
            if !alive.iter().any(|(p, ..)| p.get(index).is_some_and(|k| fits(k, word))) {
                let mut args = args.clone();
                args.push(line.get(*column..).unwrap_or_default().trim_end().to_owned());
                return Matched::Action(*action, args);
            }
        }
        let keywords: Vec<&str> =
            alive.iter().filter_map(|(p, ..)| p.get(index).copied()).filter(|k| fits(k, word)).collect();
        let exact = keywords.iter().any(|k| k.eq_ignore_ascii_case(word));
        let mut distinct = keywords.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if !exact && distinct.len() > 1 {
            return Matched::Ambiguous;
        }
        let chosen = if exact { distinct.iter().find(|k| k.eq_ignore_ascii_case(word)) } else { distinct.first() };
        alive = alive
            .into_iter()
            .filter_map(|(p, action, mut args)| {
                let at = p.get(index).copied()?;
                match chosen {
                    Some(keyword) => (at == *keyword).then_some((p, action, args)),
                    None if at == "<x>" => {
                        args.push((*word).to_owned());
                        Some((p, action, args))
                    }
                    None => None,
                }
            })
            .collect();
        if alive.is_empty() {
            return Matched::Invalid(*column);
        }
    }
    match alive.into_iter().find(|(p, ..)| p.len() == words.len()) {
        Some((_, action, args)) => Matched::Action(action, args),
        None => Matched::Incomplete,
    }
}

fn fits(keyword: &str, word: &str) -> bool {
    !keyword.starts_with('<') && keyword.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// Words with their columns.
fn split(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices() {
        match (c.is_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                words.push((from, line.get(from..at).unwrap_or_default()));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push((from, line.get(from..).unwrap_or_default()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[(&str, u8)] = &[
        ("show version", 1),
        ("show boot", 2),
        ("show bootvar", 3),
        ("copy <x> <x>", 4),
        ("copy running-config startup-config", 5),
        ("install add file <x>", 6),
        ("ip scp server enable", 7),
        ("ip <...>", 8),
    ];

    #[test]
    fn abbreviations_and_errors() {
        assert_eq!(matched("sh ver", TABLE), Matched::Action(1, vec![]));
        assert_eq!(matched("show boot", TABLE), Matched::Action(2, vec![]));
        assert_eq!(matched("show boo", TABLE), Matched::Ambiguous);
        assert_eq!(matched("show", TABLE), Matched::Incomplete);
        assert_eq!(matched("show foo", TABLE), Matched::Invalid(5));
        assert_eq!(matched("show version x", TABLE), Matched::Invalid(13));
        assert_eq!(matched("copy a: b:", TABLE), Matched::Action(4, vec!["a:".into(), "b:".into()]));
        assert_eq!(matched("copy run start", TABLE), Matched::Action(5, vec![]));
        assert_eq!(matched("install add file flash:x", TABLE), Matched::Action(6, vec!["flash:x".into()]));
        assert_eq!(matched("ip scp server enable", TABLE), Matched::Action(7, vec![]));
        assert_eq!(matched("ip http  server", TABLE), Matched::Action(8, vec!["http  server".into()]));
    }
}
