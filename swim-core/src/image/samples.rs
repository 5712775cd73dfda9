//! Small images of every form, made here, for the tests.

pub(super) mod others;

use super::mzip::crc16;

/// The table of sections of [`elf`], which is at its end, bytes.
pub(super) const ELF_TABLE: usize = 3 * 40;

fn entry(out: &mut Vec<u8>, kind: u32, value: &[u8]) {
    out.extend(kind.to_be_bytes());
    out.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// An IOS XE package of `17.9.4a`.
pub(super) fn package() -> Vec<u8> {
    let mut bytes = vec![0x11; 64];
    for text in [
        "KEY_TLV_PACKAGE_COMPATIBILITY",
        "FRU_RP_TYPE",
        "KEY_TLV_BOARD_COMPAT",
        "BOARD_cat9k_TYPE",
        "CW_BEGIN=$$",
        "CW_FAMILY=$cat9k$",
        "CW_IMAGE=$cat9k_iosxe.17.09.04a.SPA.bin$",
        "CW_VERSION=$17.9.4a$",
        "CW_DESCRIPTION=$Cisco IOS Software, IOS-XE Software$",
        "CW_END=$$",
    ] {
        entry(&mut bytes, 9, text.as_bytes());
    }
    entry(&mut bytes, 12, &[0xAB; 392]);
    bytes.resize(8192, 0x5A);
    bytes
}

/// A description block of `12.2(55)SE3`.
pub(crate) fn description() -> Vec<u8> {
    let mut text = b"CW_BEGIN$-gs-ipservicesk9-m$\0CW_IMAGE$C3560-IPSERVICESK9-M$\0CW_FAMILY$C3560$\0\
        CW_FEATURE$IP|LAYER_3|SSH|3DES|MIN_DRAM_MEG=128$\0CW_VERSION$12.2(55)SE3$\0CW_MEDIA$RAM$\0\
        CW_SYSDESCR$Cisco IOS Software, C3560 Software (C3560-IPSERVICESK9-M), Version 12.2(55)SE3, RELEASE SOFTWARE\0\
        CW_END$-gs-ipservicesk9-m$\0"
        .to_vec();
    text.resize(text.len().next_multiple_of(4), 0);
    text
}

fn words(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| out.extend(word.to_be_bytes()));
}

/// An ELF image with the description block in one section and a packed image of 400 bytes in the next.
pub(super) fn elf() -> Vec<u8> {
    let text = description();
    let (text_at, text_size) = (84, u32::try_from(text.len()).unwrap());
    let packed: Vec<u8> = (0..400_u32).map(|n| (n * 7 % 251) as u8).collect();
    let sum = packed.chunks_exact(4).fold(0_u32, |sum, word| {
        let (sum, carry) = sum.overflowing_add(u32::from_be_bytes(word.try_into().unwrap()));
        sum + u32::from(carry)
    });
    let table = text_at + text_size + 420;
    let mut bytes = b"\x7fELF\x01\x02\x01".to_vec();
    bytes.resize(16, 0);
    words(&mut bytes, &[0x0002_0014, 1, 0x8000, 52, table, 0]);
    for half in [52_u16, 32, 1, 40, 3, 0] {
        bytes.extend(half.to_be_bytes());
    }
    bytes.resize(84, 0);
    bytes.extend(text);
    words(&mut bytes, &[0xFEED_FACE, 900, 400, sum, 0]);
    bytes.extend(packed);
    for (kind, at, size) in [(0, 0, 0), (1, text_at, text_size), (1, text_at + text_size, 420)] {
        words(&mut bytes, &[0, kind, 0, 0, at, size, 0, 0, 0, 0]);
    }
    bytes
}

/// An MZIP image of one segment: 0 is raw and holds the description block, 2 is packed.
pub(super) fn mzip(kind: u32) -> Vec<u8> {
    let mut segment = if kind == 0 { description() } else { Vec::new() };
    segment.extend([0x42; 300]);
    mzip_of(kind, &segment)
}

/// The same of any segment.
pub(crate) fn mzip_of(kind: u32, segment: &[u8]) -> Vec<u8> {
    let size = u32::try_from(segment.len()).unwrap();
    let mut record = Vec::new();
    words(&mut record, &[112, 0x3000, kind, size, size, size]);
    record.resize(56, 0);
    let mut bytes = b"MZIP".to_vec();
    words(&mut bytes, &[1, 0x3000, 1, 0x1001]);
    bytes.resize(52, 0);
    bytes.extend(crc16(crc16(0, &record), segment).to_be_bytes());
    bytes.extend(crc16(0, &bytes).to_be_bytes());
    bytes.extend(record);
    bytes.extend(segment);
    bytes
}

/// What the `info` member of [`tar`] says.
pub(super) const INFO: &str = "version_suffix: ipbasek9-122-55.SE3\n\
    version_directory: c3750-ipbasek9-mz.122-55.SE3\n\
    image_name: c3750-ipbasek9-mz.122-55.SE3.bin\n\
    ios_image_file_size: 1024\ntotal_image_file_size: 4719616\n\
    image_feature: IP|LAYER_3|MIN_DRAM_MEG=128\nimage_family: C3750\nstacking_number: 1.45\n\
    board_ids: 0x401100c4 0x00000001\ninfo_end:\n";

/// A member of an archive.
pub(super) fn member(out: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
    header[257..262].copy_from_slice(b"ustar");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    out.extend(header);
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(512), 0);
}

/// A Catalyst archive of `12.2(55)SE3`.
pub(super) fn tar() -> Vec<u8> {
    let mut bytes = Vec::new();
    member(&mut bytes, "info", INFO.as_bytes());
    member(&mut bytes, "c3750-ipbasek9-mz.122-55.SE3/c3750-ipbasek9-mz.122-55.SE3.bin", &[0x33; 900]);
    member(&mut bytes, "c3750-ipbasek9-mz.122-55.SE3/html/index.htm", b"<html>");
    member(&mut bytes, "info.ver", INFO.as_bytes());
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// A provisioning file of `17.9.4a`.
pub(super) fn packages_conf() -> Vec<u8> {
    let sums = format!("sha1sum: 0123456789abcdef0123456789abcdef01234567\nsha256sum: {}\n", "5a".repeat(32));
    let body = "# sums of the rest\nboot  rp 0 0   rp_boot cat9k-rpboot.17.09.04a.SPA.pkg\n\
        iso   rp 0 0   rp_base cat9k-rpbase.17.09.04a.SPA.pkg\niso   rp 0 0   rp_webui cat9k-webui.17.09.04a.SPA.pkg\n\
        iso   cc 0 0   cc cat9k-rpbase.17.09.04a.SPA.pkg\nfrobnicate strange-rpbase.17.09.04a.SPA.pkg\n\
        # -start- superpackage .pkginfo\n# pkginfo: Name: rp_super\n# pkginfo: BootArchitecture: i686\n\
        # pkginfo: Platform: CAT9K\n# pkginfo: PackageName: universalk9\n# pkginfo: Build: 17.09.04a\n\
        # pkginfo: .UnifiedPlatformList: passport,nyquist\n\
        # pkginfo: .Version: 17.09.04a.0.6.1700000000..Cupertino\n# -end- superpackage .pkginfo\n";
    format!("#!/usr/binos/bin/packages_conf.sh\n{sums}{body}").into_bytes()
}

/// The image as it lies in a raw flash file system.
pub(super) fn carved(image: &[u8], name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    words(&mut bytes, &[0xBAD0_0B1E, u32::try_from(image.len()).unwrap(), 0x1234_FFFF, 0x4D00_0000]);
    bytes.extend(name.as_bytes());
    bytes.resize(64, 0);
    bytes.extend(image);
    bytes
}
