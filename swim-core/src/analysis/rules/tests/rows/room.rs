//! Flash, memory and boot ROM.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let there = |w: &mut World, free: u64| {
        let entry = FileEntry { name: w.image.file_name.clone(), bytes: w.image.bytes, directory: false };
        for m in &mut w.inventory.members {
            let flash = m.flash.as_mut().unwrap();
            flash.files.push(entry.clone());
            flash.free = Some(free);
        }
    };
    let bundle = |w: &mut World| {
        w.inventory.mode = Some(Mode::Bundle);
        w.inventory.members.iter_mut().for_each(|m| m.mode = Some(Mode::Bundle));
    };
    let free = |free: u64| move |w: &mut World| w.inventory.members[0].flash.as_mut().unwrap().free = Some(free);
    let (flash, ram, rom): (Rule, Rule, Rule) = (flash::rule, ram::rule, boot_rom::rule);
    let needs = |w: &mut World| w.image.overrides.boot_rom = Version::parse(Scheme::Rommon, "16.2(1r)").ok();
    vec![
        row("flash", flash, World::new(), |_| (), "flash.too_small", Pass),
        row("flash", flash, World::new(), free(1799 * MIB), "flash.too_small", Blocking),
        row("flash", flash, World::new(), free(1800 * MIB), "flash.too_small", Pass),
        row("flash", flash, World::new(), |w| there(w, 899 * MIB), "flash.too_small", Blocking),
        row("flash", flash, World::new(), |w| there(w, 900 * MIB), "flash.tight", Warning),
        row("flash", flash, World::new(), |w| there(w, 1800 * MIB), "flash.too_small", Pass),
        row(
            "flash",
            flash,
            World::new(),
            |w| {
                bundle(w);
                free(900 * MIB)(w);
            },
            "flash.too_small",
            Pass,
        ),
        row(
            "flash",
            flash,
            World::new(),
            |w| {
                bundle(w);
                free(899 * MIB)(w);
            },
            "flash.too_small",
            Blocking,
        ),
        row("flash", flash, World::ios(), |w| w.image.facts.family = text("rsp"), "flash.squeeze", Warning),
        row("flash", flash, World::new(), |w| w.inventory.members.clear(), "flash.unknown", Unknown),
        row("boot_rom", rom, World::new(), |_| (), "", Pass),
        row("boot_rom", rom, World::isr(), needs, "boot_rom.too_old", Pass),
        row("boot_rom", rom, World::new(), needs, "boot_rom.unknown", Unknown),
        row("ram", ram, World::new(), |_| (), "ram.too_small", Pass),
        row("ram", ram, World::new(), |w| w.inventory.members[1].ram = Some(2048 * MIB), "ram.too_small", Blocking),
        row(
            "ram",
            ram,
            World::new(),
            |w| w.inventory.members[1].model = Some("C9300-24T".into()),
            "ram.unknown",
            Unknown,
        ),
    ]
}
