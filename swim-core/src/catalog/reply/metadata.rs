//! Metadata: a tree of products, kinds of software, platforms, releases and images. Each level has one name a generation.

use serde_json::Value;

use super::value::{digest, exceptions, field, flag, list, number, of_the_whole, scalar, text};
use super::{CatalogImage, MetadataReply, object};
use crate::Result;
use crate::catalog::{Entry, Status};

/// The most images of one page; real pages have some hundred at most.
const MOST: usize = 100_000;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads a page of metadata of any generation.
///
/// # Errors
/// `UnexpectedReply` for what is no JSON object, or larger than [`LARGEST_REPLY`](super::LARGEST_REPLY).
///
/// ```
/// let page = br#"{"metadataTransId": "7", "metadata": [{"pid": "C9300", "products": [{"mdfId": "1", "softwareTypes":
///     [{"operatingSystems": [{"releases": [{"version": "17.9.5", "images": [{"imageGuid": "A1", "size": "12",
///     "name": "cat9k_iosxe.17.09.05.SPA.bin", "minDram": "8192"}]}]}]}]}]}]}"#;
/// let page = swim_core::catalog::metadata(page)?;
/// assert_eq!(page.images[0].entry.version.as_deref(), Some("17.9.5"));
/// assert_eq!(page.images[0].entry.requires.ram_mib, Some(8192));
/// # Ok::<(), swim_core::Error>(())
/// ```
pub fn metadata(body: &[u8]) -> Result<MetadataReply> {
    let reply = object(body)?;
    let root = match field(&reply, &["metadata_response", "metadataResponse"]) {
        Value::Null => &reply,
        inner => inner,
    };
    let pages = field(&reply, &["pagination", "pagination_response_record", "paginationResponseRecord"]);
    let page = number(pages, &["pageIndex", "page_index"]).unwrap_or(1);
    let mut images = Vec::new();
    let mut found = of_the_whole(&reply);
    if !std::ptr::eq(root, &raw const reply) {
        found.extend(of_the_whole(root));
    }
    for item in list(root, &["metadata"]) {
        found.extend(exceptions(field(item, &["exception", "exceptions"])));
        products(list(item, &["products"]), text(item, &["pid"]).as_deref(), &mut images);
    }
    let udi = text(root, &["pid"]);
    for name in ["metadata_mdfid_list", "metadata_id_list"] {
        products(list(root, &[name]), udi.as_deref(), &mut images);
    }
    Ok(MetadataReply {
        trans_id: text(root, &["metadataTransId", "metadata_trans_id"])
            .or_else(|| text(&reply, &["metadataTransId", "metadata_trans_id"])),
        page,
        last_page: number(pages, &["lastIndex", "last_index"]).unwrap_or(page),
        images,
        invalid_images: list(&reply, &["invalidImages", "invalid_images"]).iter().filter_map(scalar).collect(),
        exceptions: found,
    })
}

fn products(products: &[Value], pid: Option<&str>, images: &mut Vec<CatalogImage>) {
    for product in products {
        let above = CatalogImage {
            pid: pid.map(str::to_owned),
            mdf_id: text(product, &["mdfId", "mdf_id"]),
            ..CatalogImage::default()
        };
        let concept = text(product, &["mdfConceptName", "mdf_concept_name"]);
        for software in list(product, &["softwareTypes", "software_response_list", "software_list"]) {
            let above = CatalogImage {
                software_type: text(software, &["softwareTypeName", "software_type_name"]),
                ..above.clone()
            };
            for system in list(software, &["operatingSystems", "platform_list"]) {
                for release in list(system, &["releases", "release_list"]) {
                    for one in list(release, &["images", "image_details"]) {
                        if images.len() < MOST
                            && let Some(image) = image(one, release, concept.as_deref(), &above)
                        {
                            images.push(image);
                        }
                    }
                }
            }
        }
    }
}

fn image(value: &Value, release: &Value, concept: Option<&str>, above: &CatalogImage) -> Option<CatalogImage> {
    let mut entry = Entry::named(&text(value, &["name", "imageName", "image_name"])?);
    let sums = field(value, &["image_checksums", "imageChecksums"]);
    let sum = |plain: &str, inside: &str, digits| {
        digest(value, &[plain], digits).or_else(|| digest(sums, &[inside, plain], digits))
    };
    let found = exceptions(field(value, &["exception", "exceptions", "asd_image_exception"]));
    entry.size = number(value, &["size", "imageSize", "image_size"]);
    entry.md5 = sum("md5", "md5_checksum", 32);
    entry.sha512 = sum("sha512", "sha512_checksum", 128);
    entry.version = text(release, &["version", "release_version"]).or(entry.version);
    entry.feature_set =
        entry.feature_set.or_else(|| text(value, &["featureSetDescription", "feature_set_description", "feature_set"]));
    // The mark is about the code that is inside: an image without payload encryption carries it as well.
    let strong = flag(value, &["encryptionSoftwareIndicator", "encryption_software_indicator"]);
    entry.crypto.k9 = strong.or(entry.crypto.k9);
    entry.requires.ram_mib = number(value, &["minDram", "min_dram"]).filter(|mib| *mib > 0);
    entry.requires.flash_mib = number(value, &["minFlash", "min_flash"]).filter(|mib| *mib > 0);
    entry.families.extend(concept.map(str::to_owned));
    let notice = field(value, &["deferralNotice", "deferral_notice"]);
    entry.advisories = advisories(value, release);
    let stage = text(release, &["lifeCycle", "life_cycle", "release_life_cycle"]);
    let deferred = scalar(notice).is_some_and(|n| !["n", "no", "false"].contains(&n.to_ascii_lowercase().as_str()))
        || matches!(notice, Value::Object(o) if !o.is_empty())
        || matches!(notice, Value::Array(a) if !a.is_empty())
        || stage.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("df") || s.to_ascii_lowercase().contains("defer"));
    let withdrawn = flag(value, &["isDeleted", "is_deleted"]) == Some(true)
        || found.iter().any(|e| e.code.eq_ignore_ascii_case("is_Deleted"));
    entry.lifecycle.status = match (withdrawn, deferred) {
        (true, _) => Status::Withdrawn,
        (false, true) => Status::Deferred,
        (false, false) => Status::Active,
    };
    entry.lifecycle.stage = stage;
    entry.lifecycle.suggested = flag(release, &["isSuggested", "is_suggested_rel", "is_suggested"]);
    entry.lifecycle.released = text(value, &["releaseDate", "release_date"])
        .or_else(|| text(release, &["fcsDate", "release_fcs_date", "fcs_date"]))
        .map(|day| iso(&day).unwrap_or(day));
    entry.provenance = Some("vendor service".to_owned());
    Some(CatalogImage {
        guid: text(value, &["imageGuid", "image_guid"]).unwrap_or_default(),
        related: flag(value, &["isRelated", "related_image"]).unwrap_or(false),
        entry,
        exceptions: found,
        ..above.clone()
    })
}

/// Notices of a release and of an image, each verbatim. Flags say only that there is one.
fn advisories(image: &Value, release: &Value) -> Vec<String> {
    let places = [
        (release, "securityAdvisory"),
        (release, "fieldNotice"),
        (image, "softwareAdvisory"),
        (image, "deferralNotice"),
        (release, "security_advisory"),
        (release, "field_notice"),
        (image, "software_advisory"),
        (image, "deferral_notice"),
        (image, "psirtIndicator"),
    ];
    let mut out = Vec::new();
    for (of, name) in places {
        for one in super::value::elements(&of[name]) {
            let words = match one {
                Value::Object(o) if o.is_empty() => None,
                Value::Object(_) => Some(one.to_string()),
                other => {
                    scalar(other).filter(|t| !["n", "no", "false", "0"].contains(&t.to_ascii_lowercase().as_str()))
                }
            };
            out.extend(words.map(|words| if words.len() <= 4 { format!("{name}: {words}") } else { words }));
        }
    }
    out
}

/// `15/Nov/2023` and `15 Nov 2023` as `2023-11-15`.
fn iso(day: &str) -> Option<String> {
    let mut parts = day.split(['/', ' ', '-']);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let day: u8 = day.parse().ok().filter(|d| (1..=31).contains(d))?;
    let year: u16 = year.parse().ok().filter(|y| (1980..3000).contains(y))?;
    let short = month.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|m| *m == short)? + 1;
    parts.next().is_none().then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_or_left_as_they_are() {
        assert_eq!(iso("15/Nov/2023").as_deref(), Some("2023-11-15"));
        assert_eq!(iso("1 February 2024").as_deref(), Some("2024-02-01"));
        for odd in ["2023-11-15", "15/13/2023", "32/Jan/2023", "", "soon", "1/ü/2023", "15/Nov/2023/x"] {
            assert_eq!(iso(odd), None, "{odd}");
        }
    }
}
