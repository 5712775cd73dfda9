#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod others;

use super::*;
use crate::image::{Head, samples};

const MIB: u64 = 1024 * 1024;

fn remarks(facts: &ImageFacts, about: &str) -> usize {
    facts.damage.iter().chain(&facts.remarks).filter(|remark| remark.contains(about)).count()
}

#[test]
fn a_renamed_package_is_known_by_its_header() {
    let facts = identify(&samples::package(), "prod.bin");
    assert_eq!(facts.container.unwrap().value, "ios_xe_package");
    assert_eq!(facts.version.as_ref().unwrap().value.as_str(), "17.9.4a");
    assert_eq!(facts.version.unwrap().from, Provenance::Header);
    assert_eq!(facts.family.unwrap().value, "cat9k");
    assert_eq!(facts.signature.unwrap().value, "SPA");
    assert_eq!(facts.compatibility.len(), 2);
    assert_eq!(facts.remarks, Vec::<String>::new());
}

#[test]
fn a_web_page_is_no_image() {
    for page in ["<!DOCTYPE html><title>Log in</title>", "\u{feff}\n <HTML>\n"] {
        let facts = identify(&page.as_bytes().to_vec(), "cat9k_iosxe.17.09.04a.SPA.bin");
        assert_eq!(facts.container.unwrap().value, "html");
        assert!(facts.damage[0].contains("web page"), "{:?}", facts.damage);
    }
    assert!(identify(&b"<htm".to_vec(), "x.bin").damage.is_empty());
}

#[test]
fn a_name_that_contradicts_the_header_is_remarked() {
    let facts = identify(&samples::package(), "cat9k_iosxe.17.12.01.SPA.bin");
    assert_eq!(facts.version.unwrap().value.as_str(), "17.9.4a");
    assert_eq!(facts.remarks.len(), 1, "{:?}", facts.remarks);
}

#[test]
fn two_versions_in_one_description_are_none() {
    let mut bytes = samples::package();
    let at = bytes.windows(7).position(|w| w == b"17.9.4a").unwrap();
    bytes[at + 5] = b'5';
    let facts = identify(&bytes, "prod.bin");
    assert_eq!(facts.version, None);
    assert_eq!(remarks(&facts, "two versions"), 1);
}

#[test]
fn an_elf_image_is_read_from_its_sections() {
    let elf = samples::elf();
    let facts = identify(&elf, "prod.bin");
    assert_eq!(facts.remarks, Vec::<String>::new());
    assert_eq!(facts.container.unwrap().value, "ios_elf");
    assert_eq!(
        facts.version.unwrap(),
        Field::new(Version::parse(Scheme::Ios, "12.2(55)SE3").unwrap(), Provenance::Header)
    );
    assert_eq!(facts.min_ram.unwrap().value, 128 * MIB);
    assert!(facts.k9.unwrap().value);
    assert_eq!(facts.family.unwrap().value, "c3560");
    assert_eq!(facts.feature_set.unwrap().value, "ipservicesk9");
    let cut = identify(&elf[..elf.len() - 1].to_vec(), "prod.bin");
    assert_eq!(remarks(&cut, "truncated"), 1, "{:?}", cut.remarks);
    assert_eq!(cut.version.unwrap().from, Provenance::Payload);
    let named = identify(&elf[..40].to_vec(), "c3560-ipservicesk9-mz.122-55.SE3.bin");
    assert_eq!(named.version.unwrap().from, Provenance::FileName);
}

#[test]
fn an_elf_file_of_something_else_is_no_image() {
    let mut elf = b"\x7fELF\x01\x02\x01".to_vec();
    elf.resize(400, 0);
    let facts = identify(&elf, "busybox");
    assert_eq!(facts.container.unwrap().value, "elf");
    assert_eq!(facts.platform, None);
    assert_eq!(facts.remarks, Vec::<String>::new());
}

#[test]
fn an_mzip_image_is_read_where_it_is_not_compressed() {
    let facts = identify(&samples::mzip(0), "prod.bin");
    assert_eq!(facts.container.unwrap().value, "ios_mzip");
    assert_eq!(facts.version.unwrap().from, Provenance::Payload);
    assert_eq!(facts.remarks, Vec::<String>::new());
    let packed = samples::mzip(2);
    let facts = identify(&packed, "prod.bin");
    assert_eq!((facts.version.is_none(), remarks(&facts, "compressed payload")), (true, 1));
    let cut = identify(&packed[..packed.len() - 1].to_vec(), "prod.bin");
    assert_eq!(remarks(&cut, "truncated"), 1, "{:?}", cut.remarks);
    let mut damaged = packed;
    damaged[17] ^= 4;
    assert_eq!(remarks(&identify(&damaged, "prod.bin"), "check sum"), 1);
}

#[test]
fn an_archive_is_read_from_its_first_member() {
    let tar = samples::tar();
    let facts = identify(&tar, "prod.tar");
    assert_eq!(facts.remarks, Vec::<String>::new());
    assert_eq!(facts.container.unwrap().value, "ios_tar");
    assert_eq!(facts.platform.unwrap().value, "ios");
    let version = facts.version.unwrap();
    assert_eq!((version.value.as_str(), version.from), ("12.2(55)SE3", Provenance::Member));
    assert_eq!(facts.family.unwrap().value, "c3750");
    assert_eq!(facts.feature_set.unwrap().value, "ipbasek9");
    assert_eq!(facts.min_ram.unwrap().value, 128 * MIB);
    assert_eq!(facts.min_flash.unwrap(), Field::new(4_719_616, Provenance::Member));
    assert_eq!(facts.compatibility[0].value, "stacking_number: 1.45");
}

#[test]
fn an_archive_without_its_last_member_is_truncated() {
    let tar = samples::tar();
    for end in [2048, 2600, tar.len() - 2048] {
        let facts = identify(&tar[..end].to_vec(), "prod.tar");
        assert_eq!(remarks(&facts, "truncated"), 1, "{end}: {:?}", facts.remarks);
        assert_eq!(facts.version.unwrap().value.as_str(), "12.2(55)SE3");
    }
    // Newer ones have no such member: the mark of the end is there.
    let newer = [&tar[..tar.len() - 2048], &[0; 1024]].concat();
    assert!(identify(&newer, "prod.tar").damage.is_empty());
    // Of a file that is not all at hand nobody knows.
    let head = Head { bytes: tar[..1024].to_vec(), size: tar.len() as u64 };
    assert_eq!(remarks(&identify(&head, "prod.tar"), "at hand"), 1);
    let mut changed = tar.clone();
    let last = tar.len() - 1024 - 500;
    changed[last] ^= 1;
    assert_eq!(remarks(&identify(&changed, "prod.tar"), "differ"), 1);
}

#[test]
fn a_provisioning_file_is_identified() {
    let facts = identify(&samples::packages_conf(), "packages.conf");
    assert_eq!(facts.container.unwrap().value, "packages_conf");
    assert_eq!(facts.version.unwrap().value.normal(), "17.9.4a");
    assert_eq!(facts.family.unwrap().value, "cat9k");
    assert_eq!(facts.feature_set.unwrap().value, "universalk9");
    let fits: Vec<&str> = facts.compatibility.iter().map(|field| field.value.as_str()).collect();
    assert_eq!(fits, ["i686", "passport", "nyquist"]);
    assert_eq!(facts.remarks.len(), 1, "{:?}", facts.remarks);
}

#[test]
fn a_record_of_a_flash_file_system_is_looked_past() {
    let whole = samples::carved(&samples::mzip(2), "c3560-ipservicesk9-mz.122-55.SE3.bin");
    let facts = identify(&whole, "carved-0017");
    assert_eq!(facts.container.unwrap().value, "ios_mzip");
    assert_eq!(facts.version.unwrap().from, Provenance::FileName);
    let cut = identify(&whole[..whole.len() - 1].to_vec(), "carved-0017");
    assert_eq!(remarks(&cut, "truncated"), 2, "{:?}", cut.remarks);
    let nothing = identify(&samples::carved(b"nothing known", "a.bin"), "carved-0017");
    assert_eq!((nothing.container.unwrap().value.as_str(), nothing.remarks.len()), ("unknown", 1));
}

#[test]
fn in_other_files_a_description_counts_as_payload() {
    let mut bytes = vec![0x99; 1000];
    bytes.extend(samples::description());
    let facts = identify(&bytes, "dump");
    assert_eq!(facts.container.unwrap().value, "unknown");
    assert_eq!(facts.version.unwrap().from, Provenance::Payload);
    assert_eq!(facts.platform.unwrap().from, Provenance::Payload);
    let other = b"CW_BEGIN$$\0CW_IMAGE$n9000-dk9.7.0.3.I7.6.bin$\0CW_VERSION$7.0(3)I7(6)$\0CW_END$$\0".to_vec();
    let facts = identify(&other, "dump");
    assert_eq!(facts.version.unwrap().value.normal(), "7.0(3)I7(6)");
    assert_eq!((facts.platform.unwrap().value.as_str(), facts.remarks.len()), ("nxos", 0));
    let other = b"CW_BEGIN$$\0CW_IMAGE$X86_64BI_LINUX_IOSD-UNIVERSALK9-M$\0CW_VERSION$16.9.4$\0CW_END$$\0".to_vec();
    let facts = identify(&other, "dump");
    assert_eq!((facts.version.is_none(), facts.platform.is_none(), facts.remarks.len()), (true, true, 2));
}

/// Counts what is read.
struct Counted(Vec<u8>, std::cell::Cell<usize>);

impl ReadAt for Counted {
    fn size(&self) -> u64 {
        1 << 31
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let known = self.0.as_slice().read_at(offset, buffer)?;
        buffer[known..].fill(0);
        self.1.set(self.1.get() + buffer.len());
        Ok(buffer.len())
    }
}

#[test]
fn of_a_large_file_only_a_little_is_read() {
    let files = [samples::package(), samples::elf(), samples::mzip(0), samples::tar(), vec![1, 2, 3]];
    for (number, file) in files.into_iter().enumerate() {
        let counted = Counted(file, std::cell::Cell::new(0));
        let _ = identify(&counted, "prod.bin");
        assert!(counted.1.get() <= SEARCHED + 2 * tlv::WINDOW, "file {number}: {} bytes", counted.1.get());
    }
}
