//! The output of one command: all of it, or its head and its tail when it is very long.

use std::collections::VecDeque;

/// Bytes kept from the start. The longest output that is parsed (a running configuration) is well below this.
const HEAD: usize = 512 * 1024;

/// Bytes kept from the end: the verdict of a command is there.
const TAIL: usize = 128 * 1024;

/// Lines, bounded in bytes.
#[derive(Debug, Default)]
pub(super) struct Output {
    head: String,
    tail: VecDeque<String>,
    tail_bytes: usize,
    dropped: usize,
}

impl Output {
    /// Adds a line.
    pub(super) fn push(&mut self, line: &str) {
        if self.tail.is_empty() && self.head.len() + line.len() < HEAD {
            self.head.push_str(line);
            self.head.push('\n');
            return;
        }
        self.tail_bytes += line.len() + 1;
        self.tail.push_back(line.to_owned());
        while self.tail_bytes > TAIL {
            let Some(gone) = self.tail.pop_front() else { break };
            self.tail_bytes -= gone.len() + 1;
            self.dropped += gone.len() + 1;
        }
    }

    /// The text, without blank lines at both ends.
    pub(super) fn text(&self) -> String {
        let mut text = self.head.clone();
        if self.dropped > 0 {
            text.push_str(&format!("[... {} bytes left out ...]\n", self.dropped));
        }
        for line in &self.tail {
            text.push_str(line);
            text.push('\n');
        }
        // Only whole blank lines go: indentation of the first line is part of a table.
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if !line.trim().is_empty() {
                break;
            }
            start += line.len();
        }
        text.get(start..).unwrap_or_default().trim_end().to_owned()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn long_output_keeps_head_and_tail() {
        let mut output = Output::default();
        for n in 0..100_000 {
            output.push(&format!("line number {n}"));
        }
        let text = output.text();
        assert!(text.starts_with("line number 0\n") && text.ends_with("line number 99999"));
        assert!(text.contains("bytes left out"));
        assert!(text.len() < HEAD + TAIL + 100);
    }
}
