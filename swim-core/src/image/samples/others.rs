//! Containers of other platforms, written from what is known of them.

use super::member;

/// A header of RPM: tags and texts.
fn rpm_header(out: &mut Vec<u8>, texts: &[(u32, &str)]) {
    let values: Vec<u8> = texts.iter().flat_map(|(_, text)| text.bytes().chain([0])).collect();
    out.extend(b"\x8e\xad\xe8\x01\0\0\0\0");
    out.extend(u32::try_from(texts.len()).unwrap().to_be_bytes());
    out.extend(u32::try_from(values.len()).unwrap().to_be_bytes());
    let mut at = 0_u32;
    for (tag, text) in texts {
        for number in [*tag, 6, at, 1] {
            out.extend(number.to_be_bytes());
        }
        at += u32::try_from(text.len()).unwrap() + 1;
    }
    out.extend(values);
}

/// A package by its name, version, release and architecture.
pub(crate) fn rpm([name, version, release, arch]: [&str; 4]) -> Vec<u8> {
    use sha2::Digest;
    let mut described = Vec::new();
    rpm_header(&mut described, &[(1000, name), (1001, version), (1002, release), (1004, "what it is"), (1022, arch)]);
    let mut bytes = b"\xed\xab\xee\xdb\x03\0\0\0".to_vec();
    bytes.resize(96, 0);
    rpm_header(&mut bytes, &[(268, "signature"), (273, &hex::encode(sha2::Sha256::digest(&described)))]);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(described);
    bytes.resize(bytes.len() + 500, 0x77);
    bytes
}

/// A record of a folder, with the name of Rock Ridge behind the short one.
fn iso_record(sector: u32, size: u32, folder: bool, short: &[u8], real: Option<&str>) -> Vec<u8> {
    let mut record = vec![0, 0];
    for number in [sector, size] {
        record.extend(number.to_le_bytes());
        record.extend(number.to_be_bytes());
    }
    record.extend([0; 7]);
    record.push(if folder { 2 } else { 0 });
    record.resize(32, 0);
    record.push(u8::try_from(short.len()).unwrap());
    record.extend(short);
    record.resize(record.len().next_multiple_of(2), 0);
    if let Some(real) = real {
        record.extend(b"NM");
        record.extend([u8::try_from(real.len()).unwrap() + 5, 1, 0]);
        record.extend(real.bytes());
    }
    record[0] = u8::try_from(record.len()).unwrap();
    record
}

/// A volume with texts in its root folder, and one folder `mdata` when a name says so.
pub(crate) fn iso(files: &[(&str, &str)]) -> Vec<u8> {
    const SECTOR: usize = 2048;
    let (root_sector, folder_sector) = (20, 21);
    let (mut root, mut folder, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for list in [&mut root, &mut folder] {
        list.extend(iso_record(root_sector, 2048, true, &[0], None));
        list.extend(iso_record(root_sector, 2048, true, &[1], None));
    }
    for (number, (path, text)) in files.iter().enumerate() {
        let sector = 22 + u32::try_from(data.len() / SECTOR).unwrap();
        let size = u32::try_from(text.len()).unwrap();
        let short = format!("F{number}.TXT;1").into_bytes();
        match path.strip_prefix("mdata/") {
            Some(name) => folder.extend(iso_record(sector, size, false, &short, Some(name))),
            // The short name is the whole one, as without Rock Ridge.
            None => root.extend(iso_record(
                sector,
                size,
                false,
                format!("{};1", path.to_ascii_uppercase()).as_bytes(),
                None,
            )),
        }
        data.extend(text.bytes());
        data.resize(data.len().next_multiple_of(SECTOR), 0);
    }
    root.extend(iso_record(folder_sector, 2048, true, b"MDATA", None));
    let mut bytes = vec![0; 16 * SECTOR];
    bytes.extend(b"\x01CD001\x01");
    bytes.resize(16 * SECTOR + 156, 0);
    bytes.extend(iso_record(root_sector, 2048, true, &[0], None));
    bytes.resize(20 * SECTOR, 0);
    bytes.extend(root);
    bytes.resize(21 * SECTOR, 0);
    bytes.extend(folder);
    bytes.resize(22 * SECTOR, 0);
    bytes.extend(data);
    bytes
}

/// A zip archive of stored members.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let at = u32::try_from(bytes.len()).unwrap();
        let (length, size) = (u16::try_from(name.len()).unwrap(), u32::try_from(content.len()).unwrap());
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(sum.sum().to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(length.to_le_bytes());
        common.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.bytes());
        bytes.extend(*content);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (at, size, count) = (bytes.len(), directory.len(), u16::try_from(files.len()).unwrap());
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(u32::try_from(size).unwrap().to_le_bytes());
    bytes.extend(u32::try_from(at).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// A package of RouterOS of stage `f` (final), `b` (beta) or `c` (candidate).
pub(crate) fn npk(name: &str, [major, minor, revision]: [u8; 3], stage: u8) -> Vec<u8> {
    let mut part = name.as_bytes().to_vec();
    part.resize(16, 0);
    part.extend([revision, stage, minor, major, 1, 2, 3, 4]);
    let mut records = Vec::new();
    for (kind, value) in
        [(25_u16, Vec::new()), (1, part), (16, b"i386".to_vec()), (24, b"stable".to_vec()), (21, vec![9; 9000])]
    {
        records.extend(kind.to_le_bytes());
        records.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        records.extend(value);
    }
    let mut bytes = b"\x1e\xf1\xd0\xba".to_vec();
    bytes.extend(u32::try_from(records.len()).unwrap().to_le_bytes());
    bytes.extend(records);
    bytes
}

/// An installer with an archive behind its script.
pub(crate) fn onie(version: &str) -> Vec<u8> {
    let mut archive = Vec::new();
    member(&mut archive, "installer/install.sh", b"#!/bin/sh\n");
    archive.resize(archive.len() + 1024, 0);
    let script = format!(
        "#!/bin/sh\nset -e\npayload_sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709\npayload_image_size={}\n\
         image_version=\"{version}\"\nexit 0\nexit_marker\n",
        archive.len()
    );
    [script.into_bytes(), archive].concat()
}

/// An image of NX-OS: numbers and texts in front of a gzip, in the order of bytes of the machine that runs it.
pub(crate) fn nxos(name: &str, big: bool) -> Vec<u8> {
    let (length, size) = (0x330_u32, 40_000_u32);
    let number = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut bytes = vec![1, 0, 0, 0];
    for n in [length, size, 21_326, 7, 1, 2, 3, 256] {
        bytes.extend(number(n));
    }
    bytes.extend(b"5.1(3)\0\0");
    bytes.extend(name.bytes());
    bytes.resize(length as usize, 0);
    bytes.extend(b"\x1f\x8b\x08\0");
    bytes.resize(size as usize, 0x3c);
    bytes
}

/// An archive with these members.
pub(crate) fn tar(names: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in names {
        member(&mut bytes, name, &[7; 700]);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}
