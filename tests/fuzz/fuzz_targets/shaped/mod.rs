//! What the targets of containers share: bytes that begin as the container does, so that its reader is reached.

use swim_core::image::{Head, ImageFacts, Provenance, check_payload, identify, identify_deeply};

/// Bytes, how many more the file claims to have, and its name.
pub type Input<'a> = (&'a [u8], u64, &'a str);

/// The file with these marks in it is known twice as the same, whole and when only its beginning is at hand.
pub fn judge(marks: &[(usize, &[u8])], (bytes, missing, name): Input<'_>) {
    let mut whole = bytes.to_vec();
    for (at, mark) in marks {
        if whole.len() < at + mark.len() {
            whole.resize(at + mark.len(), 0);
        }
        whole[*at..at + mark.len()].copy_from_slice(mark);
    }
    let facts = identify(&whole, name);
    assert_eq!(facts, identify(&whole, name));
    told(&facts, name);
    told(&identify_deeply(&whole, name), name);
    let head = Head { size: missing.saturating_add(whole.len() as u64), bytes: whole };
    told(&identify(&head, name), name);
    let _ = check_payload(&head);
}

/// Nothing is said to come from a name that there is not, and no remark is endless.
fn told(facts: &ImageFacts, name: &str) {
    if name.is_empty() {
        assert!(facts.version.as_ref().is_none_or(|version| version.from != Provenance::FileName));
    }
    assert!(facts.remarks.len() < 5000 && facts.compatibility.len() < 5000);
}
