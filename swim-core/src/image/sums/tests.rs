#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;

use super::*;
use crate::image::{Head, samples};

#[test]
fn damage_is_found_in_both_forms() {
    for (name, whole) in [("elf", samples::elf()), ("mzip", samples::mzip(0))] {
        assert_eq!(check_payload(&whole).unwrap(), PayloadCheck::Intact, "{name}");
        let mut damaged = whole.clone();
        let at = whole.len() - if name == "elf" { samples::ELF_TABLE + 40 } else { 5 };
        damaged[at] ^= 1;
        assert_eq!(check_payload(&damaged).unwrap(), PayloadCheck::Damaged, "{name}");
        let head = Head { bytes: whole[..whole.len() / 2].to_vec(), size: whole.len() as u64 };
        assert_eq!(check_payload(&head).unwrap(), PayloadCheck::Unverifiable, "{name}");
    }
    let whole = samples::mzip(2);
    assert_eq!(check_payload(&whole[..whole.len() - 1]).unwrap(), PayloadCheck::Damaged);
    assert_eq!(check_payload(&samples::package()).unwrap(), PayloadCheck::Unverifiable);
}

#[test]
fn the_word_sum_carries_around_and_leaves_the_rest() {
    let mut sum = WordSum::default();
    sum.take(&[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 2, 9, 9]);
    assert_eq!(sum.value, 2);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

#[test]
fn streams_of_gzip_are_all_checked_and_what_follows_is_not_of_them() {
    let content: Vec<u8> = (0..100_000_u32).map(|n| ((n * 7) >> 3) as u8).collect();
    let two = [gzip(&content), gzip(b"second")].concat();
    assert_eq!(check_payload(&two).unwrap(), PayloadCheck::Intact);
    assert_eq!(check_payload(&[two.clone(), b"a signature".to_vec()].concat()).unwrap(), PayloadCheck::Intact);
    let behind = |more: &[u8]| {
        let bytes = [&two, more].concat();
        embedded_sums(&bytes).unwrap().unwrap().check_to_end(bytes.as_slice()).unwrap()
    };
    for (more, following) in [(b"".as_slice(), 0), (&[0; 100_000], 0), (b"\0\0a signature", 13)] {
        assert_eq!(behind(more), (PayloadCheck::Intact, following));
    }
    assert_eq!(check_payload(&two[..two.len() - 1]).unwrap(), PayloadCheck::Damaged);
    let mut damaged = two.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(check_payload(&damaged).unwrap(), PayloadCheck::Damaged);
    // A size that no file has.
    assert_eq!(check_payload(&Head { bytes: two.clone(), size: u64::MAX }).unwrap(), PayloadCheck::Intact);
    // What is packed more tightly than any image is not followed.
    assert_eq!(gzip::check(gzip(&vec![0; 1 << 20]).as_slice(), 1000).unwrap().0, PayloadCheck::Unverifiable);
}

#[test]
fn an_archive_behind_a_script_is_checked() {
    let archive = b"the archive".to_vec();
    let sum = hex::encode(Sha1::digest(&archive));
    let script = format!("#!/bin/sh\nimage_version=\"1\"\npayload_sha1={sum}\nexit_marker\n");
    let whole = [script.into_bytes(), archive].concat();
    assert_eq!(check_payload(&whole).unwrap(), PayloadCheck::Intact);
    assert_eq!(check_payload(&whole[..whole.len() - 1]).unwrap(), PayloadCheck::Damaged);
    assert_eq!(embedded_sums(&whole).unwrap().unwrap().name(), "SHA-1 of the archive");
}

proptest::proptest! {
    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600), form in 0_usize..5) {
        let magics: [&[u8]; 5] = [gzip::MAGIC, zip::MAGIC, rpm::MAGIC, b"#!/bin/sh\npayload_sha1=", b"\x27\x05\x19\x56"];
        let _ = check_payload(&[magics[form], &bytes].concat()).unwrap();
    }
}
