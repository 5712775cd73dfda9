//! What the readers of today say of images that those of an earlier release read.

use super::change::change;
use super::examine::examine;
use super::import::further_names;
use super::requirements::bring_up;
use super::said::contradictions;
use super::window::Ends;
use crate::Result;
use crate::image::{Field, Image, ImageFacts, Provenance};
use crate::model::Sha256;
use crate::ports::{ImageStore, Records};

/// The release whose readers these are.
pub(super) const READERS: &str = env!("CARGO_PKG_VERSION");

/// The facts as they are read now; what a person said at import stays in the place of what the file says.
pub(super) fn renewed(before: &ImageFacts, read: &ImageFacts) -> ImageFacts {
    fn said<T: Clone>(before: &Option<Field<T>>, read: &Option<Field<T>>) -> Option<Field<T>> {
        let said = before.as_ref().filter(|field| field.from == Provenance::User);
        said.or(read.as_ref()).cloned()
    }
    ImageFacts {
        platform: said(&before.platform, &read.platform),
        family: said(&before.family, &read.family),
        version: said(&before.version, &read.version),
        ..read.clone()
    }
}

/// Reads an image of an earlier release again. Did that change what is known of it?
pub(super) async fn reread(
    store: &dyn ImageStore,
    records: &dyn Records,
    image: &Sha256,
    file_name: &str,
    ends: &Ends,
) -> Result<bool> {
    let mut read = examine(store, image, ends, file_name).await;
    further_names(records, image, &mut read).await?;
    let changed = std::sync::atomic::AtomicBool::new(false);
    change(records, image, |image: &mut Image| {
        // What releases of before kept among the facts.
        bring_up(image);
        let mut facts = renewed(&image.facts, &read);
        contradictions(&mut facts, &read);
        changed.store(facts != image.facts, std::sync::atomic::Ordering::Relaxed);
        image.facts = facts;
        READERS.clone_into(&mut image.read_by);
        true
    })
    .await?;
    Ok(changed.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_said_stays() {
        let field = |text: &str, from| Some(Field::new(text.to_owned(), from));
        let before = ImageFacts {
            family: field("c9300", Provenance::User),
            platform: field("ios", Provenance::FileName),
            remarks: vec!["old".into()],
            ..ImageFacts::default()
        };
        let read = ImageFacts {
            family: field("cat9k", Provenance::Header),
            platform: field("ios_xe", Provenance::Header),
            damage: vec!["bytes are missing".into()],
            ..ImageFacts::default()
        };
        let mut after = renewed(&before, &read);
        contradictions(&mut after, &read);
        assert_eq!((&after.family, &after.platform), (&before.family, &read.platform));
        assert_eq!(after.damage, read.damage);
        let remark = "a person says family c9300, the header of the file says cat9k: the person's word counts";
        assert_eq!(after.remarks, [remark]);
    }
}
