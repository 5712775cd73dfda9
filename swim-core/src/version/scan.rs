//! A cursor over the ASCII text of a version.

/// Reads a text from the left. Every method either takes what it names or leaves the cursor where it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// Starts at the left of an ASCII text.
    pub(super) const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What has not been read.
    pub(super) const fn rest(self) -> &'a str {
        self.rest
    }

    /// Is everything read?
    pub(super) const fn is_done(self) -> bool {
        self.rest.is_empty()
    }

    /// Takes this text.
    pub(super) fn literal(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes the bytes for which the test holds; perhaps none.
    pub(super) fn take_while(&mut self, test: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|b| !test(b)).unwrap_or(self.rest.len());
        // The tests only ever accept ASCII bytes, so `end` is a character boundary; if not, nothing is taken.
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or(("", self.rest));
        self.rest = rest;
        taken
    }

    /// Takes the lower-case letters up to this word or to the first other byte; perhaps none.
    pub(super) fn lower_case_before(&mut self, word: &str) -> &'a str {
        let letters = self.rest.bytes().position(|b| !b.is_ascii_lowercase()).unwrap_or(self.rest.len());
        let end = self.rest.find(word).map_or(letters, |at| at.min(letters));
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or(("", self.rest));
        self.rest = rest;
        taken
    }

    /// Takes a number of at most `digits` digits.
    pub(super) fn number(&mut self, digits: usize) -> Option<u64> {
        let before = *self;
        let taken = self.take_while(|b| b.is_ascii_digit());
        let number = if taken.len() > digits { None } else { taken.parse().ok() };
        if number.is_none() {
            *self = before;
        }
        number
    }

    /// Takes a dot and a number of at most `digits` digits.
    pub(super) fn dot_number(&mut self, digits: usize) -> Option<u64> {
        let before = *self;
        let number = if self.literal(".") { self.number(digits) } else { None };
        if number.is_none() {
            *self = before;
        }
        number
    }
}

/// Cuts what stands around a version in the device's sentences: `Cisco IOS XE Software, Version 03.16.04b.S - Extended
/// Support Release`, `15.2(4)E8, RELEASE SOFTWARE (fc3)`.
pub(super) fn bare(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let start = lower.rfind("version ").map_or(0, |at| at + "version ".len());
    let tail = text.get(start..).unwrap_or(text);
    // Not all of them have a comma there: `Version 03.07.05E RELEASE SOFTWARE (fc1)`.
    let ends = [",", " - ", " RELEASE SOFTWARE", " EARLY DEPLOYMENT"];
    ends.iter().fold(tail, |tail, end| tail.split(end).next().unwrap_or(tail)).trim()
}

/// What stands before a mark that some devices and catalogues append, `6.1.4[Default]`, `10.4(5) [Maintenance Release]`.
pub(super) fn before<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split_once(mark).map_or(text, |(text, _)| text).trim()
}
