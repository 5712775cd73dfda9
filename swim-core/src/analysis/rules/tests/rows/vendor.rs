//! What the vendor and the file itself say of an image.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let (deferred, good, forms): (Rule, Rule, Rule) = (standing::rule, known_good::rule, licence::rule);
    let demand = |demand: Demand| move |w: &mut World| w.policy.demands = vec![demand];
    let stands = |standing: Standing| move |w: &mut World| w.knowledge.standing = Some(standing);
    let listed = |known: KnownGood| move |w: &mut World| w.knowledge.known_good = Some(known);
    let pending = |forms: Vec<Agreement>| move |w: &mut World| w.knowledge.forms = Some(forms);
    let contradicted = |w: &mut World| {
        let told = Contradiction { catalogue: "lab.json".into(), image: "1 bytes".into(), listed: "2 bytes".into() };
        w.knowledge.contradictions = vec![told];
    };
    let signed = |kind: &'static str| move |w: &mut World| w.image.facts.signature = text(kind);
    vec![
        row("standing", deferred, World::new(), |_| (), "", Pass),
        row("standing", deferred, World::new(), stands(Standing::Active), "standing.active", Pass),
        row("standing", deferred, World::new(), stands(Standing::Deferred("x".into())), "standing.deferred", Blocking),
        row(
            "standing",
            deferred,
            World::new(),
            stands(Standing::Withdrawn("x".into())),
            "standing.withdrawn",
            Blocking,
        ),
        row(
            "standing",
            deferred,
            World::new(),
            |w| {
                stands(Standing::Deferred("x".into()))(w);
                w.policy.allow_deferred = true;
            },
            "standing.deferred",
            Warning,
        ),
        row("standing", deferred, World::new(), demand(Demand::Catalogue), "standing.unknown", Unknown),
        row("catalogue", catalogue::rule, World::new(), |_| (), "", Pass),
        row("catalogue", catalogue::rule, World::new(), contradicted, "catalogue.contradicts", Unknown),
        row("damage", damage::rule, World::new(), |_| (), "", Pass),
        row(
            "damage",
            damage::rule,
            World::new(),
            |w| w.image.facts.damage = vec!["it is truncated".into(), "a sum does not hold".into()],
            "image.damaged",
            Blocking,
        ),
        row(
            "damage",
            damage::rule,
            World::new(),
            |w| w.image.facts.embedded_sum = text("CRC-32 of gzip"),
            "image.intact",
            Pass,
        ),
        row("known_good", good, World::new(), |_| (), "", Pass),
        row("known_good", good, World::new(), listed(KnownGood::NotListed), "", Pass),
        row("known_good", good, World::new(), listed(KnownGood::Listed), "known_good.listed", Pass),
        row(
            "known_good",
            good,
            World::new(),
            listed(KnownGood::Contradicted("md5".into())),
            "known_good.contradicted",
            Blocking,
        ),
        row("known_good", good, World::new(), demand(Demand::KnownGood), "known_good.unknown", Unknown),
        row(
            "known_good",
            good,
            World::new(),
            |w| {
                listed(KnownGood::NotListed)(w);
                demand(Demand::KnownGood)(w);
            },
            "known_good.unknown",
            Unknown,
        ),
        row("licence", forms, World::new(), |_| (), "", Pass),
        row("licence", forms, World::new(), pending(vec![]), "licence.accepted", Pass),
        row("licence", forms, World::new(), pending(vec![Agreement::Eula]), "licence.eula_pending", Warning),
        row("licence", forms, World::new(), pending(vec![Agreement::K9]), "licence.k9_pending", Warning),
        row(
            "licence",
            forms,
            World::new(),
            |w| {
                pending(vec![Agreement::Eula, Agreement::K9])(w);
                demand(Demand::Catalogue)(w);
            },
            "licence.k9_pending",
            Blocking,
        ),
        row("licence", forms, World::new(), demand(Demand::Catalogue), "licence.unknown", Unknown),
        row("signature", signature::rule, World::new(), signed("SPA"), "", Pass),
        row("signature", signature::rule, World::new(), signed("SSA"), "signature.special", Warning),
    ]
}
