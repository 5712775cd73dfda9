//! Containers of other platforms.

use super::super::*;
use crate::image::samples::others as samples;

/// Container, platform, family, version, type, of whatever name.
#[allow(clippy::ptr_arg)] // A slice has no size and is nothing that can be read from as it is.
fn known(bytes: &Vec<u8>) -> [String; 5] {
    let facts = identify(bytes, "prod.bin");
    let text = |field: &Option<Field<String>>| field.as_ref().map(|f| f.value.clone()).unwrap_or_default();
    let version = facts.version.as_ref().map(|v| v.value.normal()).unwrap_or_default();
    [text(&facts.container), text(&facts.platform), text(&facts.family), version, text(&facts.image_type)]
}

const MDATA: &str =
    r#"{"platform-family":"8000","xr-version":"24.3.1","image-name":"8000-x64-24.3.1.iso","iso-type":"x"}"#;
const MINI: &str = "Name: ncs5500-mini-x\nVersion: 6.3.1\nPKG_FORMAT_VER: 1.0\n";
const GOLDEN: &str = "GISO_PKG_FMT_VER: 1.0\nName: asr9k-goldenk9-x64\nVersion: 6.6.3-SITE\nBuilt By: x\n";
const EOS: &[u8] = b"SWI_VERSION=4.29.2F\nSWI_ARCH=i386\nSWI_VARIANT=US\nBUILD_DATE=x\n";

#[test]
fn each_is_known_by_its_bytes() {
    for (bytes, expected) in [
        (
            samples::rpm(["ncs5500-mcast", "2.0.0.0", "r613", "x86_64"]),
            ["rpm", "ios_xr", "ncs5500", "6.1.3", "package"],
        ),
        (samples::rpm(["xr-telnet", "24.3.1v1.0.0", "1", "x86_64"]), ["rpm", "ios_xr", "", "24.3.1", "package"]),
        (samples::rpm(["bash", "5.1", "2", "x86_64"]), ["rpm", "", "", "", ""]),
        (samples::iso(&[("iso_info.txt", MINI)]), ["ios_xr_iso", "ios_xr", "ncs5500", "6.3.1", "image"]),
        (
            samples::iso(&[("iso_info.txt", MINI), ("giso_info.txt", GOLDEN)]),
            ["ios_xr_iso", "ios_xr", "asr9k", "6.6.3", "image"],
        ),
        (samples::iso(&[("mdata/mdata.json", MDATA)]), ["ios_xr_iso", "ios_xr", "8000", "24.3.1", "image"]),
        (samples::iso(&[("readme.txt", "hello")]), ["iso", "", "", "", ""]),
        (
            samples::zip(&[("boot0", b"x"), ("version", EOS), ("swi-signature", b"HashAlgorithm:x")]),
            ["eos_swi", "eos", "", "4.29.2F", "image"],
        ),
        (
            samples::zip(&[(".imagehash", b"master.1"), (".platforms_asic", b"x86_64-arista_7050\n")]),
            ["sonic_swi", "sonic", "", "", "image"],
        ),
        (samples::zip(&[("a.txt", b"x")]), ["zip", "", "", "", ""]),
        (samples::npk("gps", [6, 48, 4], b'f'), ["npk", "routeros", "gps", "6.48.4", "package"]),
        (samples::npk("routeros", [7, 1, 6], b'b'), ["npk", "routeros", "routeros", "7.1beta6", "package"]),
        (samples::onie("202305.1"), ["onie", "sonic", "", "", "image"]),
        (samples::nxos("n7000-s1-dk9.5.1.3.bin", true), ["nxos", "nxos", "n7000-s1", "5.1(3)", "image"]),
        (samples::nxos("nxos.9.3.5.bin", false), ["nxos", "nxos", "nxos", "9.3(5)", "image"]),
        (
            samples::tar(&["asr9k-mini-px.pie-6.4.2", "asr9k-k9sec-px.pie-6.4.2", "README"]),
            ["ios_xr_tar", "ios_xr", "asr9k-px", "6.4.2", "image"],
        ),
        (
            samples::tar(&["asr9k-px-6.1.3.CSCvd54775.pie", "asr9k-px-6.1.3.txt"]),
            ["ios_xr_tar", "ios_xr", "asr9k-px", "6.1.3", "smu"],
        ),
        (samples::tar(&["a", "b"]), ["tar", "", "", "", ""]),
        (
            b"\x1f\x8b\x08\x08\0\0\0\0\0\x03FGT_61E-v6.4.11.M-build2030-FORTINET.out\0rest".to_vec(),
            ["gzip", "fortios", "fgt_61e", "6.4.11", "image"],
        ),
        (b"\x36\x13\x03\x1b and more".to_vec(), ["netboot", "", "", "", ""]),
        (b"hsqs and more".to_vec(), ["squashfs", "", "", "", ""]),
        (b"\x85\x01\x14\x00\0\0\0igs-i-l.110-22a\0\0".to_vec(), ["ios_microcode", "ios", "igs", "11.0(22a)", ""]),
    ] {
        assert_eq!(known(&bytes), expected, "{:?}", identify(&bytes, "prod.bin"));
    }
}

#[test]
fn what_the_bytes_say_comes_from_them() {
    let facts = identify(&samples::zip(&[("version", EOS), ("swi-signature", b"x")]), "EOS-4.31.1F.swi");
    assert_eq!(facts.version.unwrap().from, Provenance::Member);
    assert_eq!(facts.signature.unwrap().value, "present");
    assert_eq!(facts.compatibility[0].value, "SWI_ARCH=i386");
    assert_eq!(facts.remarks, ["the bytes say version 4.29.2F, the name 4.31.1F"]);
    let facts = identify(&samples::zip(&[(".imagehash", b"1"), (".platforms_asic", b"a\n\nb\n")]), "sonic.swi");
    assert_eq!(facts.compatibility.iter().map(|c| c.value.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let facts = identify(&samples::npk("gps", [6, 48, 4], b'f'), "gps-6.48.4.npk");
    assert_eq!((facts.version.unwrap().from, facts.compatibility[0].value.as_str()), (Provenance::Header, "i386"));
    assert_eq!(facts.remarks, Vec::<String>::new());
    assert_eq!(identify(&samples::npk("gps", [6, 48, 4], b'x'), "gps.npk").version, None);
}

/// Truncated at every place of its first part and with every bit of it flipped: no version that is not there.
#[test]
fn damage_is_said_and_no_version_made_up() {
    for (whole, version) in [
        (samples::rpm(["ncs5500-mcast", "2.0.0.0", "r613", "x86_64"]), "6.1.3"),
        (samples::iso(&[("iso_info.txt", MINI)]), "6.3.1"),
        (samples::iso(&[("mdata/mdata.json", MDATA)]), "24.3.1"),
        (samples::zip(&[("version", EOS)]), "4.29.2F"),
        (samples::npk("gps", [6, 48, 4], b'f'), "6.48.4"),
        (samples::nxos("nxos.9.3.5.bin", false), "9.3(5)"),
        (samples::tar(&["asr9k-mini-px.pie-6.4.2", "x"]), "6.4.2"),
        (samples::onie("1"), ""),
    ] {
        let sound = identify(&whole, "prod.bin");
        assert_eq!(sound.version.map(|v| v.value.normal()).unwrap_or_default(), version);
        for end in (0..whole.len()).step_by(37) {
            let cut = identify(&whole[..end].to_vec(), "prod.bin");
            let told = cut.version.as_ref().map(|v| v.value.normal());
            assert!(told.is_none() || told.as_deref() == Some(version), "{end}: {cut:?}");
            let container = cut.container.map(|c| c.value).unwrap_or_default();
            let silent = cut.damage.is_empty()
                && cut.remarks.is_empty()
                && told.is_some()
                && !["ios_xr_iso", "rpm"].contains(&container.as_str());
            // What was only padding may be missing.
            assert!(!silent || whole[end..].iter().all(|b| *b == 0), "{end} of {}: {container}", whole.len());
        }
    }
}

/// Where a format has sums, and where it says the version twice, no flipped bit gives another version. A volume of the second
/// generation of IOS XR has neither.
#[test]
fn a_flipped_bit_gives_no_other_version() {
    for (whole, version) in [
        (samples::rpm(["ncs5500-mcast", "2.0.0.0", "r613", "x86_64"]), "6.1.3"),
        (samples::iso(&[("mdata/mdata.json", MDATA)]), "24.3.1"),
        (samples::zip(&[("version", EOS)]), "4.29.2F"),
    ] {
        // The rest is payload or padding.
        let text = whole.iter().rposition(|b| *b != 0 && *b != 0x77).map_or(0, |end| end + 1);
        for bit in 0..text * 8 {
            if whole[bit / 8] == 0 {
                continue;
            }
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let told = identify(&damaged, "prod.bin").version.map(|v| v.value.normal());
            assert!(told.is_none() || told.as_deref() == Some(version), "bit {bit} of byte {}: {told:?}", bit / 8);
        }
    }
}
