//! The description block inside of the packed part of a classic image: unpacked as a stream, and only until it is found.

use std::io::{self, BufRead, BufReader, Read};

use super::source::{self, ReadAt};
use super::{cw, elf, expansion, mzip};
use crate::image::CwBlock;

/// How a part is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Packing {
    /// A ZIP archive with one member.
    Zip,
    /// A bzip2 stream.
    Bzip2,
    /// An LZMA or XZ stream.
    Lzma,
}

/// A packed part of a file that may hold its description block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackedPart {
    /// Where it begins.
    pub at: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// How it is packed.
    pub packing: Packing,
}

impl PackedPart {
    /// A part of a file.
    #[must_use]
    pub const fn new(at: u64, bytes: u64, packing: Packing) -> Self {
        Self { at, bytes, packing }
    }
}

/// Bytes that are unpacked at most: the largest classic images have some 200 MiB. A bomb ends here as well, after a second
/// or two of work.
const MOST: u64 = 512 * 1024 * 1024;

/// Bytes that are unpacked before they are searched.
const WINDOW: usize = 256 * 1024;

/// Memory of an LZMA decoder, KiB. Writers take dictionaries of 8 MiB.
const LZMA_KIB: u32 = 40 * 1024;

/// The longest names and extra fields of the only member of an archive.
const MEMBER: u64 = 1024;

/// The packed parts of a classic image; none of what is no such image, or is not packed in a way that is understood.
///
/// # Errors
/// Those of the medium.
pub fn packed_parts(bytes: &dyn ReadAt) -> io::Result<Vec<PackedPart>> {
    let head = source::read(bytes, 0, elf::MAGIC.len())?;
    if head.starts_with(mzip::MAGIC) {
        let part = |segment: &mzip::Segment| {
            Some(PackedPart { at: segment.at, bytes: segment.packed, packing: segment.packing()? })
        };
        return Ok(mzip::read(bytes)?.segments.iter().filter_map(part).collect());
    }
    let payload = if head == elf::MAGIC { elf::read(bytes, 0)?.payload } else { None };
    Ok(payload.map(|p| PackedPart { at: p.at, bytes: p.packed, packing: Packing::Zip }).into_iter().collect())
}

/// What unpacking found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inside {
    /// The first description block that is whole.
    pub block: Option<CwBlock>,
    /// Bytes that were unpacked until then.
    pub unpacked: u64,
    /// Why there is no more, where that is not the ordinary end.
    pub remark: Option<String>,
}

/// Unpacks a part until its description block is found. `packed` gives the bytes of the part. The memory stays below that
/// of the decoder and some hundred KiB, whatever the bytes claim.
///
/// ```
/// use swim_core::image::{look_inside, packed_parts};
/// let text = b"no image".as_slice();
/// assert!(packed_parts(&text.to_vec())?.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn look_inside(part: PackedPart, packed: impl Read) -> Inside {
    let mut inside = Inside::default();
    let most = MOST.min(expansion::most(part.bytes));
    let input = BufReader::with_capacity(64 * 1024, packed.take(part.bytes));
    let ended = unpacker(part.packing, input).and_then(|reader| search(reader, most, &mut inside));
    if let Err(e) = ended
        && inside.block.is_none()
    {
        inside.remark = Some(format!("the packed part could not be unpacked behind {} bytes: {e}", inside.unpacked));
    }
    inside
}

type Unpacker<'a> = Box<dyn Read + 'a>;

fn unpacker<'a, R: BufRead + 'a>(packing: Packing, mut input: R) -> io::Result<Unpacker<'a>> {
    Ok(match packing {
        Packing::Zip => {
            let stored = member(&mut input)?;
            if stored { Box::new(input) } else { Box::new(flate2::bufread::DeflateDecoder::new(input)) }
        }
        Packing::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
        Packing::Lzma => {
            let xz = input.fill_buf()?.starts_with(b"\xFD7zXZ\0");
            if xz {
                Box::new(lzma_rust2::XzReader::new_mem_limit(input, false, LZMA_KIB))
            } else {
                Box::new(lzma_rust2::LzmaReader::new_mem_limit(input, LZMA_KIB, None)?)
            }
        }
    })
}

/// Reads over the header of the only member; is it stored as it is?
fn member(input: &mut impl BufRead) -> io::Result<bool> {
    let mut header = [0; 30];
    input.read_exact(&mut header)?;
    let half = |at: usize| header.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    if !header.starts_with(b"PK\x03\x04") || half(6) & 1 != 0 || !matches!(half(8), 0 | 8) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no member of an archive that is understood"));
    }
    let names = u64::from(half(26)) + u64::from(half(28));
    if names > MEMBER {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the name of the member is too long"));
    }
    let passed = io::copy(&mut input.by_ref().take(names), &mut io::sink())?;
    if passed < names {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(half(8) == 0)
}

/// Reads windows that overlap by the longest block.
fn search(mut reader: Unpacker<'_>, most: u64, inside: &mut Inside) -> io::Result<()> {
    let mut window = Vec::with_capacity(WINDOW + cw::LONGEST);
    loop {
        let before = window.len();
        let read = reader.by_ref().take(WINDOW as u64).read_to_end(&mut window);
        inside.unpacked += (window.len() - before) as u64;
        inside.block = cw::blocks(&window).into_iter().next();
        if inside.block.is_some() || read? == 0 {
            return Ok(());
        }
        if inside.unpacked > most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "no image is packed so tightly"));
        }
        let old = window.len().saturating_sub(cw::LONGEST);
        window.drain(..old);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::image::{Provenance, identify, identify_deeply, identify_with, is_hidden, samples};

    /// What an image is unpacked to: code around its description block.
    fn content(filler: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..filler).map(|n| ((n * 31) >> 3) as u8).collect();
        bytes.extend(samples::description());
        bytes.extend(vec![0x90; 300_000]);
        bytes
    }

    fn zip(content: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(content).unwrap();
        let mut out = b"PK\x03\x04\x14\0\0\0\x08\0".to_vec();
        out.extend([0; 16]);
        out.extend([1, 0, 0, 0]);
        out.push(b'-');
        out.extend(packed.finish().unwrap());
        out
    }

    fn bzip2(content: &[u8]) -> Vec<u8> {
        let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        packed.write_all(content).unwrap();
        packed.finish().unwrap()
    }

    fn lzma(content: &[u8]) -> Vec<u8> {
        let options = lzma_rust2::LzmaOptions::with_preset(1);
        let mut packed = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
        packed.write_all(content).unwrap();
        packed.finish().unwrap()
    }

    fn look(packing: Packing, packed: &[u8]) -> Inside {
        look_inside(PackedPart { at: 0, bytes: packed.len() as u64, packing }, packed)
    }

    type Pack = fn(&[u8]) -> Vec<u8>;
    const ALL: [(Packing, Pack); 3] = [(Packing::Zip, zip), (Packing::Bzip2, bzip2), (Packing::Lzma, lzma)];

    #[test]
    fn the_block_is_found_wherever_it_is_and_nothing_is_unpacked_behind_it() {
        for (packing, pack) in ALL {
            for filler in [0, WINDOW - 100, WINDOW + 5, 3 * WINDOW - 20] {
                let inside = look(packing, &pack(&content(filler)));
                let block = inside.block.unwrap_or_else(|| panic!("{packing:?} {filler}: {:?}", inside.remark));
                assert_eq!(block.get("VERSION"), Some("12.2(55)SE3"), "{packing:?}");
                assert!(inside.unpacked <= (filler + 2 * WINDOW) as u64, "{packing:?}: {}", inside.unpacked);
            }
        }
    }

    #[test]
    fn what_is_cut_or_damaged_or_a_bomb_is_said() {
        for (packing, pack) in ALL {
            let packed = pack(&content(2 * WINDOW));
            let cut = look(packing, &packed[..packed.len() / 4]);
            assert!(cut.block.is_none() && cut.remark.is_some(), "{packing:?}: {cut:?}");
            let none = look(packing, b"");
            assert!(none.remark.is_some(), "{packing:?}");
            let bomb = look(packing, &pack(&vec![0; 80 << 20]));
            assert!(bomb.remark.unwrap().contains("tightly"), "{packing:?}");
            assert!(bomb.unpacked < 80 << 20, "{packing:?}: {}", bomb.unpacked);
        }
        // A dictionary of 4 GiB is refused before it is made.
        let greedy = [&[0x5D, 0xFF, 0xFF, 0xFF, 0xFF][..], &[0xFF; 8], &[0; 30]].concat();
        assert!(look(Packing::Lzma, &greedy).remark.is_some());
    }

    #[test]
    fn a_packed_image_is_known_by_what_is_in_it() {
        for (kind, pack) in [(1, ALL[0].1), (2, ALL[1].1), (3, ALL[2].1)] {
            let whole = samples::mzip_of(kind, &pack(&content(1000)));
            let facts = identify(&whole, "prod.bin");
            assert!(is_hidden(&facts) && facts.version.is_none(), "{facts:?}");
            let [part] = packed_parts(&whole).unwrap()[..] else { panic!("{kind}") };
            let inside = look_inside(part, &whole[usize::try_from(part.at).unwrap()..]);
            let facts = identify_with(&whole, "prod.bin", Some(&inside));
            assert_eq!(facts, identify_deeply(&whole, "prod.bin"));
            let version = facts.version.clone().unwrap();
            assert_eq!((version.value.as_str(), version.from), ("12.2(55)SE3", Provenance::Payload));
            assert_eq!(facts.min_ram.as_ref().unwrap().value, 128 << 20);
            assert!(!is_hidden(&facts) && facts.remarks.is_empty(), "{:?}", facts.remarks);
        }
        // What is packed in a way that is not known is not read, and that is said.
        let facts = identify(&samples::mzip_of(9, &[1; 100]), "prod.bin");
        assert!(is_hidden(&facts) && facts.remarks[0].contains("not read"), "{facts:?}");
        assert!(packed_parts(&samples::mzip_of(9, &[1; 100])).unwrap().is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
            for (packing, magic) in [(Packing::Zip, &zip(b"x")[..31]), (Packing::Bzip2, b"BZh9"), (Packing::Lzma, b"]\0\0\x10\0")] {
                look(packing, &bytes);
                look(packing, &[magic, &bytes].concat());
            }
        }
    }
}
