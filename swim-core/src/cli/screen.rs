//! What a terminal would show: carriage returns, backspaces, NULs and escape sequences resolved, line by line.

/// Longest line that is kept. Wider than any terminal setting (511) by far; a longer one is cut into lines.
const LONGEST_LINE: usize = 32 * 1024;

/// From this length on a run of progress characters is only counted: tens of thousands of dots are one short line.
const RUN_KEPT: u32 = 64;

/// Characters that devices print to show that they are alive: blocks copied, blocks lost, hash progress, bars.
const PROGRESS: &[u8] = b"!.C#OU";

/// Where an escape sequence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    /// Ordinary text.
    None,
    /// After ESC.
    Begun,
    /// Inside `ESC [ ...`.
    Control,
    /// Inside `ESC ] ...`, which ends with BEL or ESC.
    Title,
}

/// One line under construction. Memory is bounded whatever arrives.
#[derive(Debug)]
pub(super) struct Screen {
    line: Vec<u8>,
    cursor: usize,
    escape: Escape,
    run: u32,
}

impl Screen {
    pub(super) const fn new() -> Self {
        Self { line: Vec::new(), cursor: 0, escape: Escape::None, run: 0 }
    }

    /// Takes one byte; returns the line that it completed.
    pub(super) fn push(&mut self, byte: u8) -> Option<String> {
        match self.escape {
            Escape::None => {}
            Escape::Begun => {
                self.escape = match byte {
                    b'[' => Escape::Control,
                    b']' => Escape::Title,
                    _ => Escape::None,
                };
                return None;
            }
            Escape::Control => {
                if (0x40..=0x7e).contains(&byte) {
                    self.escape = Escape::None;
                    // Erase to the end of the line: the only sequence that changes what a prompt is.
                    if byte == b'K' {
                        self.line.truncate(self.cursor);
                    }
                }
                // A line end inside a sequence means that the sequence was cut: the line counts.
                if byte != b'\n' {
                    return None;
                }
                self.escape = Escape::None;
            }
            Escape::Title => {
                if matches!(byte, 0x07 | 0x1b) {
                    self.escape = if byte == 0x1b { Escape::Begun } else { Escape::None };
                }
                if byte != b'\n' {
                    return None;
                }
                self.escape = Escape::None;
            }
        }
        match byte {
            b'\n' => return Some(self.take()),
            b'\r' => self.move_to(0),
            0x08 => self.move_to(self.cursor.saturating_sub(1)),
            0x1b => self.escape = Escape::Begun,
            b'\t' => return self.put(b'\t'),
            0..=0x1f | 0x7f => {}
            _ => return self.put(byte),
        }
        None
    }

    /// The unfinished line.
    pub(super) fn current(&self) -> String {
        String::from_utf8_lossy(&self.line).into_owned()
    }

    /// Is there nothing on the unfinished line?
    pub(super) fn is_blank(&self) -> bool {
        self.line.iter().all(u8::is_ascii_whitespace)
    }

    /// Takes the unfinished line away, as if it had ended.
    pub(super) fn take(&mut self) -> String {
        let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        self.line.clear();
        self.move_to(0);
        line
    }

    const fn move_to(&mut self, cursor: usize) {
        self.cursor = cursor;
        self.run = 0;
    }

    fn put(&mut self, byte: u8) -> Option<String> {
        self.run = if PROGRESS.contains(&byte) { self.run.saturating_add(1) } else { 0 };
        if self.run > RUN_KEPT {
            return None;
        }
        match self.line.get_mut(self.cursor) {
            Some(place) => *place = byte,
            None => self.line.push(byte),
        }
        self.cursor += 1;
        (self.line.len() >= LONGEST_LINE).then(|| self.take())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn show(text: &[u8]) -> (Vec<String>, String) {
        let mut screen = Screen::new();
        let lines = text.iter().filter_map(|b| screen.push(*b)).collect();
        (lines, screen.current())
    }

    #[test]
    fn control_characters_are_resolved() {
        assert_eq!(show(b"a\0b\r\nc"), (vec!["ab".into()], "c".into()));
        assert_eq!(show(b" --More-- \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08next\r\n").0, ["nextore--"]);
        assert_eq!(show(b"\x1b[32mgreen\x1b[0m\r\n").0, ["green"]);
        assert_eq!(show(b"50%\r100%\r\n").0, ["100%"]);
        assert_eq!(show(b"stale text\rnew\x1b[K\r\n").0, ["new"]);
    }

    #[test]
    fn a_hundred_thousand_dots_are_one_short_line() {
        let mut screen = Screen::new();
        for _ in 0..100_000 {
            assert!(screen.push(b'.').is_none());
        }
        assert_eq!(screen.current().len(), RUN_KEPT as usize);
        assert!(screen.line.capacity() <= 4 * RUN_KEPT as usize);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut screen = Screen::new();
        let lines = std::iter::repeat_n(b'x', 10 * LONGEST_LINE).filter_map(|b| screen.push(b)).count();
        assert_eq!(lines, 10);
    }
}
