//! Sample images of any size, streamed: valid in the parts that readers look at, filled with a repeating pattern.

mod classic;
mod fill;
mod package;

pub use classic::{IosContainer, IosImage, IosImageSpec, ios_image};
pub use package::{PackageSpec, XePackage, ios_xe_package};

use std::io::{self, Read};

/// Reads one part after the other.
pub(crate) struct Chain {
    head: io::Cursor<Vec<u8>>,
    fill: fill::Fill,
    tail: io::Cursor<Vec<u8>>,
}

impl Read for Chain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.head.read(buffer)?;
        if got > 0 {
            return Ok(got);
        }
        let got = self.fill.read(buffer)?;
        if got > 0 {
            return Ok(got);
        }
        self.tail.read(buffer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::identity::Identity;

    fn bytes(mut from: impl Read) -> Vec<u8> {
        let mut all = Vec::new();
        from.read_to_end(&mut all).unwrap();
        all
    }

    #[test]
    fn a_package_has_its_size_and_identity() {
        let spec = PackageSpec::new("cat9k", "17.9.4a", 300_000).seed(7);
        let all = bytes(ios_xe_package(&spec));
        assert_eq!(all.len(), 300_000);
        let identity = Identity::read(&all).unwrap();
        assert_eq!((identity.family.as_str(), identity.version.as_str()), ("cat9k", "17.9.4a"));
        assert_eq!(identity.name, "cat9k_iosxe.17.09.04a.SPA.bin");
        // Every TLV follows the one before it.
        let mut at = package::HEADER;
        let mut texts = Vec::new();
        loop {
            let word = |o: usize| u32::from_be_bytes(all[o..o + 4].try_into().unwrap()) as usize;
            let (kind, length) = (word(at), word(at + 4));
            if kind == 12 {
                assert_eq!(length, 392);
                break;
            }
            assert_eq!(kind, 9);
            texts.push(String::from_utf8(all[at + 8..at + 8 + length].to_vec()).unwrap());
            at += 8 + length.next_multiple_of(4);
        }
        assert_eq!(texts[0], "KEY_TLV_PACKAGE_COMPATIBILITY");
        assert!(texts.contains(&"CW_END=$$".to_owned()));
        let other = bytes(ios_xe_package(&PackageSpec::new("cat9k", "17.9.4a", 300_000).seed(8)));
        assert_ne!(all, other);
        assert_eq!(all, bytes(ios_xe_package(&spec)));
    }

    #[test]
    fn classic_images_check() {
        for container in [IosContainer::Elf, IosContainer::Mzip] {
            let spec = IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", "15.2(7)E10", 200_003).container(container);
            let all = bytes(ios_image(&spec));
            assert_eq!(all.len(), 200_003);
            let identity = Identity::read(&all).unwrap();
            assert_eq!((identity.family.as_str(), identity.version.as_str()), ("C2960X", "15.2(7)E10"));
            match container {
                IosContainer::Elf => assert_eq!(&all[..6], b"\x7fELF\x01\x02"),
                IosContainer::Mzip => {
                    assert_eq!(&all[..4], b"MZIP");
                    let word = |o: usize| u32::from_be_bytes(all[o..o + 4].try_into().unwrap()) as usize;
                    let half = |o: usize| u16::from_be_bytes(all[o..o + 2].try_into().unwrap());
                    assert_eq!(word(56), 112);
                    assert_eq!(word(56 + 12) + 112, all.len());
                    assert_eq!(half(54), classic::crc(&[&all[..54]]));
                    assert_eq!(half(52), classic::crc(&[&all[56..]]));
                }
            }
        }
    }
}
