//! Questions in a transcript.

/// The question of a line, up to its choice or default: `Destination filename [x]?`, `... over write? [confirm]`,
/// `... proceed? [y/n]`. What was answered is cut off.
pub(super) fn question(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some(at) = line.find("]?") {
        return line.get(..at + 2);
    }
    for choice in ["[confirm]", "[y/n]", "[y/n/q]", "[yes/no]", "(yes/no)?", "(y/n)?", "[yes/no]:"] {
        if let Some(at) = line.find(choice) {
            return line.get(..at + choice.len());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::question;

    #[test]
    fn answers_are_cut_off() {
        assert_eq!(question("Destination filename [a.bin]? b.bin"), Some("Destination filename [a.bin]?"));
        assert_eq!(question("Do you want to proceed? [y/n]y"), Some("Do you want to proceed? [y/n]"));
        assert_eq!(question("[OK - 12 bytes]"), None);
        assert_eq!(question("Copying flash:a from Switch 1"), None);
    }
}
