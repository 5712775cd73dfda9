//! Do the bytes of the file say what it is? A name is no proof: a web page that was saved under the name of an image has it
//! as well. A list of known-good values that names the digests is one.

use crate::analysis::{Finding, KnownGood, Subject};
use crate::image::{Provenance, UNKNOWN_FORM};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let facts = &s.image.facts;
    // Of what only a catalogue has there are no bytes.
    let Some(container) = &facts.container else { return Vec::new() };
    let named = facts.platform.as_ref().is_none_or(|platform| platform.from == Provenance::FileName);
    if (container.value != UNKNOWN_FORM && !named) || s.knowledge.known_good == Some(KnownGood::Listed) {
        return Vec::new();
    }
    let message =
        "nothing in the bytes of the file says that it is such an image: all that is known of it is from its name";
    let found = Finding::unknown("image.form_unknown", "image.container", message).from("image.container");
    vec![found.remedy("import a list of known-good values that names it, or accept image.form_unknown")]
}
