//! Is the image signed for production? Presence and kind only: that a signature was checked is another question.

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    // Old formats have none, and most names do not tell.
    let Some(signature) = &s.image.facts.signature else { return Vec::new() };
    // The first letter says that it is signed, the second for what, the third with which version of the key.
    if matches!(signature.value.as_bytes(), [b'S', b'S', _]) {
        let message = "the image is signed with a special key, for development or for one customer";
        return vec![
            Finding::new("signature.special", Severity::Warning, message)
                .compared(signature.value.clone(), "SPA")
                .from(told!("signature", signature.from))
                .remedy("use the released image, unless the vendor gave this one for a purpose"),
        ];
    }
    Vec::new()
}
