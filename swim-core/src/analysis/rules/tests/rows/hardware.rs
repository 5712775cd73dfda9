//! Stacks, redundancy, modes and products.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let (format, second, product): (Rule, Rule, Rule) = (stack_format::rule, redundancy::rule, support::rule);
    let bin = |w: &mut World| w.image.facts.container = text("ios_mzip");
    let peer = |peer: Option<&str>| {
        let peer = peer.map(str::to_owned);
        move |w: &mut World| w.inventory.redundancy.as_mut().unwrap().peer = peer
    };
    let aireos = |w: &mut World| w.inventory.platform = PlatformId("aireos".into());
    vec![
        row("stack_format", format, World::ios(), |_| (), "stack_format.fits", Pass),
        row("stack_format", format, World::ios(), bin, "stack_format.wrong", Blocking),
        row("stack_format", format, World::ios(), |_| (), "stack_format.archive", Warning),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| {
                bin(w);
                w.inventory.members.truncate(1);
            },
            "",
            Pass,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| {
                bin(w);
                w.inventory.members.truncate(1);
                w.inventory.model = Some("ME-3600X-24FS-M".into());
                w.inventory.members[0].model = None;
            },
            "stack_format.wrong",
            Blocking,
        ),
        row(
            "stack_format",
            format,
            World::new(),
            |w| {
                w.inventory.model = Some("WS-C3850-48T".into());
                w.inventory.members.iter_mut().for_each(|m| m.model = Some("WS-C3850-48T".into()));
            },
            "stack_format.fits",
            Pass,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| w.inventory.members.iter_mut().for_each(|m| m.model = Some("WS-C3650-24PS".into())),
            "stack_format.wrong",
            Blocking,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| {
                w.image.facts.container = None;
                w.image.file_name = "prod".into();
            },
            "stack_format.unknown",
            Unknown,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| w.image.facts.compatibility.push(Field::new("stacking_number: 1.11".into(), Provenance::Member)),
            "stack_format.stacking_number_unknown",
            Unknown,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| w.image.facts.compatibility.push(Field::new("board_ids: 0x29 0x2a".into(), Provenance::Member)),
            "stack_format.board_unknown",
            Unknown,
        ),
        row("redundancy", second, World::new(), |_| (), "", Pass),
        row("redundancy", second, World::chassis(), |_| (), "redundancy.peer", Pass),
        row("redundancy", second, World::chassis(), |_| (), "redundancy.switchover", Pass),
        row("redundancy", second, World::chassis(), |_| (), "redundancy.second_flash_unknown", Unknown),
        row("redundancy", second, World::chassis(), peer(Some("DISABLED")), "redundancy.peer", Blocking),
        row("redundancy", second, World::chassis(), peer(None), "redundancy.peer_unknown", Unknown),
        row("redundancy", second, World::chassis(), peer(Some("STANDBY COLD")), "redundancy.switchover", Warning),
        row("redundancy", second, World::chassis(), |w| w.inventory.redundancy = None, "redundancy.unknown", Unknown),
        row(
            "redundancy",
            second,
            World::chassis(),
            |w| w.inventory.redundancy.as_mut().unwrap().operating = None,
            "redundancy.mode_unknown",
            Unknown,
        ),
        row(
            "redundancy",
            second,
            World::chassis(),
            |w| w.inventory.redundancy.as_mut().unwrap().hardware = Some("Simplex".into()),
            "",
            Pass,
        ),
        row("support", product, World::new(), |_| (), "", Pass),
        row("support", product, World::new(), aireos, "support.analysis", Unknown),
        row(
            "support",
            product,
            World::new(),
            |w| {
                w.inventory.platform = PlatformId("ios_xr".into());
                w.inventory.model = Some("ASR-9006-AC".into());
            },
            "support.analysis",
            Unknown,
        ),
    ]
}
