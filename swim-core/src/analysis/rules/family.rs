//! Is the image made for this hardware?

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::analysis::beginning::begins;
use crate::analysis::{Finding, Severity, Subject};
use crate::model::Inventory;

#[derive(Debug, Default, Deserialize)]
struct Table {
    families: BTreeMap<String, Vec<String>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| toml::from_str(include_str!("families.toml")).unwrap_or_default());

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let facts = &s.image.facts;
    let mut out = Vec::new();
    if let Some(kind) = &facts.image_type
        && kind.value != "image"
    {
        out.push(
            Finding::new(
                "image.not_bootable",
                Severity::Blocking,
                format!("the file is a {}, not an image to boot", kind.value),
            )
            .from(told!("image type", kind.from))
            .remedy("choose the image of the release"),
        );
    }
    match &facts.platform {
        Some(platform) if platform.value != s.device.platform.0 => out.push(
            Finding::new("family.platform", Severity::Blocking, "the image is for another operating system")
                .compared(s.device.platform.0.clone(), platform.value.clone())
                .from(told!("image platform", platform.from))
                .remedy("choose an image of the device's own operating system"),
        ),
        Some(_) => {}
        None => out.push(
            Finding::unknown(
                "family.platform_unknown",
                "image.platform",
                "what operating system the image holds is not known",
            )
            .remedy("name the platform when the image is imported"),
        ),
    }
    out.push(hardware(s));
    out
}

fn hardware(s: &Subject<'_>) -> Finding {
    let Some(family) = &s.image.facts.family else {
        return Finding::unknown("family.image_unknown", "image.family", "the family of the image is not known")
            .remedy("name the family when the image is imported");
    };
    let wanted = family.value.to_ascii_lowercase();
    let from = format!("{}: {wanted}", told!("image family", family.from));
    let running = s.inventory.software.as_deref().and_then(software_family);
    let models: Vec<&str> =
        s.inventory.members.iter().filter_map(|m| m.model.as_deref()).chain(s.inventory.model.as_deref()).collect();
    let known = TABLE.families.get(&wanted);
    // A model that the table gives to this family, on every member.
    if let Some(prefixes) = known
        && !models.is_empty()
    {
        let odd = models.iter().find(|m| !prefixes.iter().any(|p| begins(m, p)));
        return match odd {
            None => Finding::new("family.hardware", Severity::Pass, "the image is for this hardware").from(from),
            Some(model) => Finding::new("family.hardware", Severity::Blocking, "the image is for other hardware")
                .compared((*model).to_owned(), prefixes.join(", "))
                .from(from)
                .from("model from show version")
                .remedy("choose an image of the device's own family"),
        };
    }
    // Otherwise the family of the running software decides, where it can be read.
    match running {
        Some(running) if running == wanted => {
            Finding::new("family.hardware", Severity::Pass, "the running software is of the same family").from(from)
        }
        Some(running) => Finding::new("family.hardware", Severity::Blocking, "the image is of another family")
            .compared(running, wanted)
            .from(from)
            .from("running family from show version")
            .remedy("choose an image of the device's own family"),
        None => Finding::unknown(
            "family.hardware_unknown",
            "inventory.software",
            "which images this model takes is not known",
        )
        .from(from)
        .remedy("compare model and image by hand"),
    }
}

/// The family of images that a device takes: that of its running software, else that of all its models in the table.
pub(crate) fn running_family(inventory: &Inventory) -> Option<String> {
    let of_software = inventory.software.as_deref().and_then(software_family);
    of_software.or_else(|| {
        let models: Vec<String> = inventory
            .members
            .iter()
            .filter_map(|m| m.model.as_deref())
            .chain(inventory.model.as_deref())
            .map(str::to_ascii_uppercase)
            .collect();
        let takes = |prefixes: &[String]| models.iter().all(|m| prefixes.iter().any(|p| m.starts_with(p.as_str())));
        let mut families = TABLE.families.iter().filter(|(_, prefixes)| !models.is_empty() && takes(prefixes));
        let (family, _) = families.next()?;
        families.next().is_none().then(|| family.clone())
    })
}

/// The family in the image code of `show version`: `CAT9K_IOSXE` -> `cat9k`, `C2960X-UNIVERSALK9-M` -> `c2960x`.
fn software_family(code: &str) -> Option<String> {
    let code = code.to_ascii_lowercase();
    let family = code.split('-').next()?.trim_end_matches("_iosxe");
    // Generic code names are shared by many routers and tell nothing.
    let generic = ["x86_64_linux_iosd", "linux", "x86_64bi_linux_iosd"];
    (!family.is_empty() && !generic.contains(&family)).then(|| family.to_owned())
}
