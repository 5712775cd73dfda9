//! Feature sets and cryptography.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let (features, cryptography): (Rule, Rule) = (feature::rule, crypto::rule);
    let npe = |w: &mut World| w.inventory.software = Some("CAT9K_IOSXE_NPE".into());
    let allowed = |w: &mut World| w.policy.allow_feature_change = true;
    vec![
        row("feature", features, World::new(), |_| (), "feature.same", Pass),
        row(
            "feature",
            features,
            World::new(),
            |w| w.image.facts.feature_set = text("ipbase"),
            "feature.changed",
            Blocking,
        ),
        row(
            "feature",
            features,
            World::new(),
            |w| {
                w.image.facts.feature_set = text("ipbase");
                allowed(w);
            },
            "feature.changed",
            Warning,
        ),
        row(
            "feature",
            features,
            World::ios(),
            |w| w.inventory.software = Some("C3750E-IPSERVICESK9-M".into()),
            "feature.changed",
            Warning,
        ),
        row(
            "feature",
            features,
            World::new(),
            |w| w.image.facts.feature_set = text("universalk9_noli"),
            "feature.changed",
            Blocking,
        ),
        row(
            "feature",
            features,
            World::new(),
            |w| w.image.facts.feature_set = text("universalk9_npe"),
            "feature.same",
            Pass,
        ),
        row("feature", features, World::new(), |w| w.image.facts.feature_set = None, "feature.image_unknown", Unknown),
        row("feature", features, World::new(), |w| w.inventory.software = None, "feature.running_unknown", Unknown),
        row("crypto", cryptography, World::new(), |_| (), "crypto.same", Pass),
        row("crypto", cryptography, World::new(), |w| w.image.facts.k9 = flag(false), "crypto.k9_lost", Blocking),
        row(
            "crypto",
            cryptography,
            World::new(),
            |w| {
                w.image.facts.k9 = flag(false);
                allowed(w);
            },
            "crypto.k9_lost",
            Warning,
        ),
        row(
            "crypto",
            cryptography,
            World::ios(),
            |w| w.inventory.software = Some("C3750E-UNIVERSAL-M".into()),
            "crypto.k9_gained",
            Warning,
        ),
        row("crypto", cryptography, World::new(), |w| w.image.facts.npe = flag(true), "crypto.npe_gained", Blocking),
        row("crypto", cryptography, World::new(), npe, "crypto.npe_lost", Blocking),
        row("crypto", cryptography, World::new(), |w| w.image.facts.ldpe = flag(true), "crypto.ldpe_gained", Blocking),
        row(
            "crypto",
            cryptography,
            World::ios(),
            |w| w.inventory.software = Some("CAT3K_CAA-UNIVERSALK9LDPE-M".into()),
            "crypto.ldpe_lost",
            Blocking,
        ),
        row(
            "crypto",
            cryptography,
            World::new(),
            |w| {
                w.inventory.software = None;
                w.inventory.image = Some("flash:cat9k_iosxe_npe.17.06.05.SPA.bin".into());
            },
            "crypto.npe_lost",
            Blocking,
        ),
        row("crypto", cryptography, World::new(), |w| w.inventory.software = None, "crypto.running_unknown", Unknown),
        row(
            "crypto",
            cryptography,
            World::new(),
            |w| (w.image.facts.k9, w.image.facts.npe, w.image.facts.ldpe) = (None, None, None),
            "crypto.image_unknown",
            Unknown,
        ),
    ]
}
