//! What catalogues say of one image of the repository.

use super::candidate::{Candidate, Status};
use super::joined::joined;
use crate::analysis::{Agreement, Contradiction, PathRule, Standing};
use crate::image::Image;

/// What the catalogues say of an image: of the same file, and which of them have another file under its name.
///
/// ```
/// use swim_core::catalog::Catalogue;
/// use swim_core::image::{Image, Provenance, Requirements};
/// use swim_core::recommend::{Candidate, Listing};
/// # let mut image: Image = serde_json::from_value(serde_json::json!({
/// #     "id": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "file_name": "x.bin", "bytes": 1,
/// #     "digests": {"sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "sha512": "", "md5": ""},
/// #     "facts": {}, "imported": "2026-11-01T00:00:00Z"
/// # })).unwrap();
/// let entry = serde_json::from_value(serde_json::json!({"filename": "x.bin", "requires": {"ram_mib": 4096}})).unwrap();
/// let listing = Listing::of(&image, [Candidate::listed("lab", &entry)]);
/// listing.complete(&mut image);
/// let ram = Requirements::of(&image).ram.default.unwrap();
/// assert_eq!((ram.value, ram.from), (4096 << 20, Provenance::Catalogue));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Listing {
    /// How it stands; absent when no catalogue names it. Of several the one that advises against it counts.
    pub standing: Option<Standing>,
    /// Catalogues that have another file under its name, and none that is it.
    pub contradictions: Vec<Contradiction>,
    /// How they say that it is reached from other releases.
    pub paths: Vec<PathRule>,
    /// Forms that are unanswered, as they say; absent when no catalogue says it of this file.
    pub forms: Option<Vec<Agreement>>,
    /// The image, and what is said of it.
    said: Candidate,
}

impl Listing {
    /// Looks an image up among entries.
    #[must_use]
    pub fn of(image: &Image, listed: impl IntoIterator<Item = Candidate>) -> Self {
        let own = Candidate::from(image);
        let named = |one: &Candidate| one.file_name.eq_ignore_ascii_case(&own.file_name);
        let about: Vec<Candidate> = listed.into_iter().filter(|one| named(one) || one.is_same_file(&own)).collect();
        let mut all = joined(about.iter().cloned().chain([own.clone()]).collect());
        let at = all.iter().position(|one| one.image == Some(image.id));
        let said = at.map_or(own, |at| all.swap_remove(at));
        let why = || {
            let saying =
                about.iter().filter(|one| one.status == said.status && one.is_same_file(&Candidate::from(image)));
            let mut names: Vec<&str> = saying.flat_map(|one| &one.catalogues).map(String::as_str).collect();
            names.sort_unstable();
            names.dedup();
            let by = || format!("so says the catalogue {}", names.join(", "));
            said.status_why.clone().unwrap_or_else(by)
        };
        let standing = (!said.catalogues.is_empty()).then(|| match said.status {
            Status::Active => Standing::Active,
            Status::Deferred => Standing::Deferred(why()),
            Status::Withdrawn => Standing::Withdrawn(why()),
        });
        Self {
            standing,
            contradictions: said.contradictions.clone(),
            paths: said.paths.clone(),
            forms: said.forms.clone(),
            said,
        }
    }

    /// Takes what the catalogues say of the requirements where the image does not say it; of several the one counts that
    /// asks for more.
    pub fn complete(&self, image: &mut Image) {
        let facts = &self.said.facts;
        let bytes = |field: &Option<crate::image::Field<u64>>| field.as_ref().map(|field| field.value);
        let boot_rom = facts.min_boot_rom.as_ref().map(|field| field.value.clone());
        image.facts.take_catalogue_requirements(bytes(&facts.min_ram), bytes(&facts.min_flash), boot_rom);
    }
}
