#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::image::samples;

/// Every form, with its true version.
fn files() -> [(&'static str, Vec<u8>, &'static str); 6] {
    [
        ("package", samples::package(), "17.9.4a"),
        ("elf", samples::elf(), "12.2(55)SE3"),
        ("mzip", samples::mzip(0), "12.2(55)SE3"),
        ("tar", samples::tar(), "12.2(55)SE3"),
        ("packages.conf", samples::packages_conf(), "17.9.4a"),
        ("carved", samples::carved(&samples::elf(), "prod.bin"), "12.2(55)SE3"),
    ]
}

fn check(what: &str, bytes: &dyn ReadAt, truth: &str) {
    if let Some(version) = identify(bytes, "prod.bin").version {
        assert_eq!(version.value.normal(), truth, "{what}");
    }
}

#[test]
fn whole_files_give_their_version() {
    for (what, bytes, truth) in files() {
        assert_eq!(identify(&bytes, "prod.bin").version.map(|v| v.value.normal()).as_deref(), Some(truth), "{what}");
    }
}

#[test]
fn cut_anywhere_no_other_version_appears() {
    for (what, bytes, truth) in files() {
        for end in 0..bytes.len().min(3072) {
            check(&format!("{what} cut at {end}"), &bytes[..end].to_vec(), truth);
            let head = crate::image::Head { bytes: bytes[..end].to_vec(), size: bytes.len() as u64 };
            check(&format!("{what} seen up to {end}"), &head, truth);
        }
    }
}

#[test]
fn one_flipped_bit_never_gives_another_version() {
    for (what, bytes, truth) in files() {
        let mut bytes = bytes;
        for at in 0..bytes.len().min(1152) {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                check(&format!("{what} byte {at} bit {bit}"), &bytes, truth);
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn one_damaged_stretch_never_gives_another_version(
        form in 0_usize..6, place in 0.0_f64..1.0, damage in prop::collection::vec(any::<u8>(), 1..9)
    ) {
        let (what, mut bytes, truth) = files()[form].clone();
        let at = (place * bytes.len().min(2048) as f64) as usize;
        let end = bytes.len().min(at + damage.len());
        bytes[at..end].copy_from_slice(&damage[..end - at]);
        check(what, &bytes, truth);
    }

    #[test]
    fn many_damages_and_a_cut_never_panic(
        form in 0_usize..6, end in 0_usize..9000, flips in prop::collection::vec((any::<u16>(), any::<u8>()), 0..64)
    ) {
        let (_, mut bytes, _) = files()[form].clone();
        bytes.truncate(end);
        for (at, mask) in flips {
            let length = bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(usize::from(at) % length) {
                *byte ^= mask;
            }
        }
        let _ = identify(&bytes, "cat9k_iosxe.17.09.04a.SPA.bin");
        let _ = crate::image::check_payload(&bytes).unwrap();
    }

    #[test]
    fn any_bytes_and_any_text_are_read_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..600), magic in 0_usize..6, text in "\\PC{0,300}"
    ) {
        let magics: [&[u8]; 6] = [b"", b"MZIP", b"\x7fELF\x01\x02", b"\xba\xd0\x0b\x1e", b"CW_BEGIN$", b"\0\0\0\x09\0\0\0\x0bCW_"];
        let mut file = magics[magic].to_vec();
        file.extend(bytes);
        let _ = identify(&file, &text);
        let _ = crate::image::cw_tags(text.split('x'));
        let _ = crate::image::PackagesConf::parse(&text);
        let _ = crate::image::TarInfo::parse(&text);
    }
}
