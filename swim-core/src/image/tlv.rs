//! The header of IOS XE packages: type, length, value, padded to four bytes. Its start is found by its content.

/// A header begins and ends inside this many bytes.
pub(super) const WINDOW: usize = 64 * 1024;
/// The run begins inside this many bytes.
const START: usize = 4096;
const LONGEST: usize = 4096;
const TEXT: u32 = 9;
/// The envelope of a signature.
const SIGNATURE: u32 = 12;

/// What the run holds.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// The texts, in order.
    pub(super) texts: Vec<String>,
    /// Is there a signature envelope?
    pub(super) signed: bool,
    /// Does the file end inside a value?
    pub(super) cut: bool,
}

/// One entry: type, value, offset of the next.
fn entry(head: &[u8], at: usize) -> Option<(u32, &[u8], usize)> {
    let word = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let kind = word(at)?;
    let length = usize::try_from(word(at + 4)?).ok()?;
    if !(1..64).contains(&kind) || length > LONGEST {
        return None;
    }
    let value = at + 8;
    let end = (value + length).min(head.len());
    Some((kind, head.get(value..end)?, value + length.next_multiple_of(4)))
}

/// Finds the run with the most known keys; `None` when none has two.
pub(super) fn find(head: &[u8]) -> Option<Run> {
    let words = head.len() / 4;
    let mut marks = vec![0u32; words + 1];
    for index in (0..words).rev() {
        let Some((kind, value, next)) = entry(head, index * 4) else {
            continue;
        };
        let known = kind == TEXT && (value.starts_with(b"KEY_TLV_") || value.starts_with(b"CW_"));
        let after = marks.get(next / 4).copied().unwrap_or(0);
        if let Some(mark) = marks.get_mut(index) {
            *mark = after + u32::from(known);
        }
    }
    let most = marks.iter().take(START / 4).copied().max().filter(|most| *most >= 2)?;
    let mut at = marks.iter().position(|mark| *mark == most)? * 4;
    let mut run = Run::default();
    while let Some((kind, value, next)) = entry(head, at) {
        match kind {
            TEXT => run.texts.push(String::from_utf8_lossy(value).into_owned()),
            SIGNATURE => run.signed = true,
            _ => {}
        }
        run.cut |= next > head.len();
        at = next;
    }
    Some(run)
}
