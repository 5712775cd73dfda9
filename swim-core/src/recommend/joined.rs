//! The candidates of all sources, each file once.

use std::collections::HashMap;

use super::candidate::Candidate;

/// Where candidates are, by their names and digests.
type Places = HashMap<String, Vec<usize>>;

/// The candidates of all sources, each file once, in an order that does not depend on how they came. A catalogue's entry
/// that contradicts an image of the repository is no candidate beside it: the image is marked.
pub(super) fn joined(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    // Images of the repository come first: what their bytes say stays.
    candidates.sort_by_cached_key(|c| {
        (c.image.is_none(), c.file_name.clone(), c.image, serde_json::to_string(c).unwrap_or_default())
    });
    let (mut out, mut known, mut odd) = (Vec::new(), Places::new(), Vec::new());
    for candidate in candidates {
        let twins = twins(&candidate, &out, &known);
        let alike = same_name(&candidate, &out, &known);
        if candidate.image.is_none() && !alike.is_empty() {
            odd.push(candidate.clone());
        }
        // Whether it stands on its own is seen when all is known.
        if twins.is_empty() && candidate.image.is_none() && !alike.is_empty() {
            continue;
        }
        add(candidate, twins, &mut out, &mut known);
    }
    for entry in odd {
        let of_it = |one: &Candidate| one.catalogues.iter().any(|name| entry.catalogues.contains(name));
        let places = same_name(&entry, &out, &known);
        let marked = |at: &usize| out.get(*at).filter(|one| !of_it(one)).and_then(|one| one.contradicted_by(&entry));
        let told: Vec<_> = places.iter().filter_map(|at| Some((*at, marked(at)?))).collect();
        let twins = twins(&entry, &out, &known);
        if told.is_empty() && twins.is_empty() {
            add(entry, twins, &mut out, &mut known);
            continue;
        }
        for (at, contradiction) in told {
            if let Some(one) = out.get_mut(at)
                && !one.contradictions.contains(&contradiction)
            {
                one.contradictions.push(contradiction);
            }
        }
    }
    out
}

/// The places of what is the same file.
fn twins(candidate: &Candidate, out: &[Candidate], known: &Places) -> Vec<usize> {
    let mut found: Vec<usize> = keys(candidate).iter().filter_map(|key| known.get(key)).flatten().copied().collect();
    found.sort_unstable();
    found.dedup();
    found.retain(|at| out.get(*at).is_some_and(|one| one.is_same_file(candidate)));
    found
}

/// The places of images of the repository that have the name and are other files.
fn same_name(candidate: &Candidate, out: &[Candidate], known: &Places) -> Vec<usize> {
    let places = known.get(&name(candidate)).map_or(&[][..], Vec::as_slice).iter().copied();
    places.filter(|at| out.get(*at).is_some_and(|one| one.image.is_some() && !one.is_same_file(candidate))).collect()
}

fn add(candidate: Candidate, mut twins: Vec<usize>, out: &mut Vec<Candidate>, known: &mut Places) {
    let keys = keys(&candidate);
    // What an entry without digests says goes for every file that could be meant.
    for at in &twins {
        if let Some(twin) = out.get_mut(*at) {
            twin.join(candidate.clone());
        }
    }
    if twins.is_empty() {
        twins.push(out.len());
        out.push(candidate);
    }
    for key in keys {
        let places = known.entry(key).or_default();
        places.extend(&twins);
        places.sort_unstable();
        places.dedup();
    }
}

fn name(candidate: &Candidate) -> String {
    format!("name:{}", candidate.file_name.to_ascii_lowercase())
}

fn keys(candidate: &Candidate) -> Vec<String> {
    candidate.digests.all().chain([name(candidate)]).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{CandidateDigests, Status};
    use super::*;
    use crate::model::Sha256;

    fn named(name: &str, catalogue: Option<&str>) -> Candidate {
        Candidate {
            file_name: name.to_owned(),
            image: catalogue.is_none().then(|| Sha256::of(name.as_bytes())),
            catalogues: catalogue.map(str::to_owned).into_iter().collect(),
            ..Candidate::default()
        }
    }

    #[test]
    fn a_file_of_two_sources_is_one_candidate() {
        let mut local = named("a.bin", None);
        local.digests.md5 = Some("AB".into());
        local.bytes = Some(7);
        let mut entry = Candidate { suggested: true, status: Status::Deferred, ..named("renamed.bin", Some("vendor")) };
        entry.digests.md5 = Some("ab".into());
        let named_so = Candidate { status_why: Some("flaw".into()), ..named("a.bin", Some("other")) };
        let named_so = Candidate { status: Status::Withdrawn, ..named_so };
        for order in [[&local, &entry, &named_so], [&named_so, &entry, &local], [&entry, &local, &named_so]] {
            let all = joined(order.into_iter().cloned().collect());
            assert_eq!(all.len(), 1, "{all:#?}");
            assert_eq!((all[0].status, all[0].suggested, all[0].image), (Status::Withdrawn, true, local.image));
            assert_eq!((all[0].catalogues.len(), all[0].status_why.as_deref()), (2, Some("flaw")));
        }
    }

    #[test]
    fn other_bytes_under_the_same_name_mark_the_image_and_are_no_second_line() {
        let mut local = named("a.bin", None);
        local.bytes = Some(7);
        local.digests.md5 = Some("aa".into());
        let entry = Candidate { bytes: Some(8), status: Status::Deferred, ..named("A.bin", Some("vendor")) };
        for order in [[&local, &entry], [&entry, &local]] {
            let all = joined(order.into_iter().cloned().collect());
            assert_eq!((all.len(), all[0].status), (1, Status::Active), "what is said of another file is not taken");
            let told = &all[0].contradictions[0];
            assert_eq!((&*told.catalogue, &*told.image, &*told.listed), ("vendor", "7 bytes", "8 bytes"));
        }
        let mut digest = entry.clone();
        digest.digests.md5 = Some("BB".into());
        let all = joined(vec![digest, local.clone()]);
        assert_eq!(all[0].contradictions[0].listed, "md5 bb, 8 bytes");
        // A catalogue that lists both files contradicts neither.
        let right = Candidate { bytes: Some(7), ..named("a.bin", Some("vendor")) };
        let all = joined(vec![entry.clone(), local.clone(), right]);
        assert_eq!((all.len(), all[0].contradictions.len()), (2, 0), "{all:#?}");
        assert_eq!((all[1].image, all[1].status), (None, Status::Deferred));
        // Another one that is right does not speak for it.
        let right = Candidate { bytes: Some(7), ..named("a.bin", Some("other")) };
        let all = joined(vec![entry, local, right]);
        assert_eq!((all.len(), all[0].contradictions.len()), (1, 1), "{all:#?}");
    }

    #[test]
    fn of_two_images_of_a_name_the_one_that_the_catalogue_does_not_know_is_marked() {
        let local = |n: u8| Candidate {
            image: Some(Sha256::of(&[n])),
            digests: CandidateDigests { sha256: Some(Sha256::of(&[n]).to_string()), ..CandidateDigests::default() },
            ..named("a.bin", None)
        };
        let entry = Candidate { digests: local(1).digests, suggested: true, ..named("a.bin", Some("vendor")) };
        let all = joined(vec![local(2), entry, local(1)]);
        assert_eq!(all.len(), 2);
        for one in all {
            assert_eq!(one.suggested, one.image == local(1).image);
            assert_eq!(one.contradictions.is_empty(), one.image == local(1).image);
        }
    }

    #[test]
    fn an_entry_that_could_mean_two_files_goes_for_both() {
        let local = |n: u8| Candidate {
            image: Some(Sha256::of(&[n])),
            digests: CandidateDigests { sha256: Some(Sha256::of(&[n]).to_string()), ..CandidateDigests::default() },
            ..named("a.bin", None)
        };
        let entry = Candidate { status: Status::Withdrawn, ..named("a.bin", Some("vendor")) };
        let all = joined(vec![local(1), entry, local(2)]);
        assert_eq!(all.iter().map(|c| c.status).collect::<Vec<_>>(), [Status::Withdrawn; 2]);
    }
}
