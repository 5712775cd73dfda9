//! Classic IOS images: ELF self-extractors and MZIP files. The payload is stored, not compressed.

use std::fmt;
use std::io::{self, Cursor, Read};

use super::Chain;
use super::fill::Fill;

/// The outer form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IosContainer {
    /// ELF, 32 bits, big-endian: a section with the strings and a section with the payload.
    Elf,
    /// MZIP with one raw segment.
    Mzip,
}

/// What an image shall say of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IosImageSpec {
    /// The family, as in `C2960X`.
    pub family: String,
    /// The image code, as in `C2960X-UNIVERSALK9-M`.
    pub image: String,
    /// The version, as in `15.2(7)E10`.
    pub version: String,
    /// `MIN_DRAM_MEG` of the feature string.
    pub min_dram_meg: Option<u32>,
    /// Size of the file in bytes; never less than the headers.
    pub bytes: u64,
    /// Other seeds give other bytes.
    pub seed: u64,
    /// The outer form.
    pub container: IosContainer,
}

impl IosImageSpec {
    /// An MZIP image with seed 0 that needs 128 MiB.
    #[must_use]
    pub fn new(family: impl Into<String>, image: impl Into<String>, version: impl Into<String>, bytes: u64) -> Self {
        Self {
            family: family.into(),
            image: image.into(),
            version: version.into(),
            min_dram_meg: Some(128),
            bytes,
            seed: 0,
            container: IosContainer::Mzip,
        }
    }

    /// The same in another form.
    #[must_use]
    pub const fn container(mut self, container: IosContainer) -> Self {
        self.container = container;
        self
    }

    /// The same with another payload.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn strings(&self) -> Vec<u8> {
        let dram = self.min_dram_meg.map(|m| format!("|MIN_DRAM_MEG={m}")).unwrap_or_default();
        // `C3560-IPSERVICESK9-M` is framed by `-gs-ipservicesk9-m`: without the family.
        let feature = self.image.split_once('-').map_or("", |(_, rest)| rest).to_ascii_lowercase();
        let mut text = format!(
            "CW_BEGIN$-gs-{feature}$\0CW_IMAGE${}$\0CW_FAMILY${}$\0CW_FEATURE$IP|LAYER_2|PLUS|SSH|3DES{dram}$\0CW_VERSION${}$\0CW_MEDIA$RAM$\0CW_SYSDESCR$Cisco IOS Software, {} Software ({}), Version {}, RELEASE SOFTWARE (fc1)$\0CW_END$-gs-{feature}$\0",
            self.image, self.family, self.version, self.family, self.image, self.version
        )
        .into_bytes();
        text.resize(text.len().next_multiple_of(4), 0);
        text
    }
}

/// A stream of an image.
pub struct IosImage(Chain);

impl fmt::Debug for IosImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IosImage").finish_non_exhaustive()
    }
}

impl Read for IosImage {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Streams an image. Its checksums need a first pass over the payload, which is made here.
#[must_use]
pub fn ios_image(spec: &IosImageSpec) -> IosImage {
    IosImage(match spec.container {
        IosContainer::Elf => elf(spec),
        IosContainer::Mzip => mzip(spec),
    })
}

/// Fixed header, then one record a segment, of the same size.
const MZIP_HEADER: usize = 56;

fn mzip(spec: &IosImageSpec) -> Chain {
    let strings = spec.strings();
    let first = 2 * MZIP_HEADER;
    let payload = spec.bytes.saturating_sub((first + strings.len()) as u64);
    let segment = (strings.len() as u64 + payload) as u32;
    let fill = Fill::new(spec.seed, payload);
    let mut record = Vec::new();
    for word in [first as u32, 0x0000_3000, 0, segment, segment, segment] {
        record.extend(u32::to_be_bytes(word));
    }
    record.resize(MZIP_HEADER, 0);

    let mut sum = Crc::new();
    sum.take(&record);
    sum.take(&strings);
    pass(fill.clone(), |bytes| sum.take(bytes));
    let mut head = b"MZIP".to_vec();
    for word in [1_u32, 0x0000_3000, 1, 1] {
        head.extend(word.to_be_bytes());
    }
    head.resize(MZIP_HEADER - 4, 0);
    head.extend(sum.value().to_be_bytes());
    let own = crc(&[&head]);
    head.extend(own.to_be_bytes());
    head.extend(record);
    head.extend(strings);
    Chain { head: Cursor::new(head), fill, tail: Cursor::default() }
}

/// Runs over all bytes of a filler.
fn pass(mut fill: Fill, mut each: impl FnMut(&[u8])) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(got) = fill.read(&mut chunk) {
        if got == 0 {
            break;
        }
        each(chunk.get(..got).unwrap_or_default());
    }
}

/// CCITT polynomial, first and last value complemented.
struct Crc {
    value: u16,
    table: [u16; 256],
}

impl Crc {
    fn new() -> Self {
        let mut table = [0; 256];
        for (byte, entry) in (0_u16..).zip(table.iter_mut()) {
            *entry = (0..8).fold(byte << 8, |v, _| if v & 0x8000 == 0 { v << 1 } else { v << 1 ^ 0x1021 });
        }
        Self { value: !0, table }
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let index = (self.value >> 8) as u8 ^ byte;
            self.value = self.value << 8 ^ self.table[usize::from(index)];
        }
    }

    const fn value(&self) -> u16 {
        !self.value
    }
}

/// The sum of several pieces in a row.
pub(super) fn crc(pieces: &[&[u8]]) -> u16 {
    let mut sum = Crc::new();
    for piece in pieces {
        sum.take(piece);
    }
    sum.value()
}

/// A sum of big-endian words with end-around carry; bytes after the last whole word are left out.
struct WordSum {
    sum: u32,
    rest: Vec<u8>,
}

impl WordSum {
    fn take(&mut self, bytes: &[u8]) {
        self.rest.extend(bytes);
        let whole = self.rest.len() / 4 * 4;
        for word in self.rest.get(..whole).unwrap_or_default().chunks_exact(4) {
            let word = word.iter().fold(0, |n, b| n << 8 | u32::from(*b));
            let (sum, carried) = self.sum.overflowing_add(word);
            self.sum = sum + u32::from(carried);
        }
        self.rest.drain(..whole);
    }
}

/// ELF header, program header, section headers.
const ELF_HEADER: u32 = 52;
const PROGRAM_HEADER: u32 = 32;
const SECTION_HEADER: u32 = 40;
/// None, the strings, the payload.
const SECTIONS: u32 = 3;
/// PowerPC.
const MACHINE: u16 = 20;

fn elf(spec: &IosImageSpec) -> Chain {
    let strings = spec.strings();
    let text_at = ELF_HEADER + PROGRAM_HEADER;
    let payload_at = text_at + strings.len() as u32;
    let inner = b"inner.image";
    /// Magic, two sizes, two checksums.
    const ENVELOPE: u64 = 20;
    let zip_overhead = (30 + 46 + 22 + 2 * inner.len()) as u64;
    let headers = u64::from(SECTIONS * SECTION_HEADER);
    let fixed = u64::from(payload_at) + ENVELOPE + zip_overhead + headers;
    let stored = spec.bytes.saturating_sub(fixed);
    let fill = Fill::new(spec.seed, stored);

    // First pass: the checks of the stored member.
    let mut crc32 = !0_u32;
    let mut plain = WordSum { sum: 0, rest: Vec::new() };
    let table = crc32_table();
    pass(fill.clone(), |bytes| {
        for byte in bytes {
            crc32 = crc32 >> 8 ^ table[usize::from(crc32 as u8 ^ byte)];
        }
        plain.take(bytes);
    });
    let (local, central) = zip(inner, !crc32, stored as u32);
    let mut packed = WordSum { sum: 0, rest: Vec::new() };
    packed.take(&local);
    pass(fill.clone(), |bytes| packed.take(bytes));
    packed.take(&central);

    let packed_bytes = stored as u32 + zip_overhead as u32;
    let payload_bytes = packed_bytes + ENVELOPE as u32;
    let sections_at = payload_at + payload_bytes;
    let mut head = vec![0x7f, b'E', b'L', b'F', 1, 2, 1];
    head.resize(16, 0);
    for half in [2, MACHINE] {
        head.extend(half.to_be_bytes());
    }
    for word in [1, 0x8000_8000, ELF_HEADER, sections_at, 0] {
        head.extend(u32::to_be_bytes(word));
    }
    for half in [ELF_HEADER, PROGRAM_HEADER, 1, SECTION_HEADER, SECTIONS, 0] {
        head.extend((half as u16).to_be_bytes());
    }
    let all = strings.len() as u32 + payload_bytes;
    for word in [1, text_at, 0x8000_8000, 0x8000_8000, all, all, 7, 4] {
        head.extend(u32::to_be_bytes(word));
    }
    head.extend(&strings);
    for word in [0xfeed_face, stored as u32, packed_bytes, packed.sum, plain.sum] {
        head.extend(u32::to_be_bytes(word));
    }
    head.extend(local);
    let mut tail = central;
    for section in [[0; 4], [1, text_at, strings.len() as u32, 0], [1, payload_at, payload_bytes, 0]] {
        let [kind, at, size, _] = section;
        for word in [0, kind, if kind == 0 { 0 } else { 7 }, 0, at, size, 0, 0, u32::from(kind != 0), 0] {
            tail.extend(u32::to_be_bytes(word));
        }
    }
    Chain { head: Cursor::new(head), fill, tail: Cursor::new(tail) }
}

fn crc32_table() -> [u32; 256] {
    let mut table = [0; 256];
    for (byte, entry) in (0_u32..).zip(table.iter_mut()) {
        *entry = (0..8).fold(byte, |v, _| if v & 1 == 0 { v >> 1 } else { v >> 1 ^ 0xedb8_8320 });
    }
    table
}

/// The records before and after the one stored member of a ZIP archive.
fn zip(name: &[u8], crc: u32, size: u32) -> (Vec<u8>, Vec<u8>) {
    let words = |to: &mut Vec<u8>, values: &[u32]| values.iter().for_each(|v| to.extend(v.to_le_bytes()));
    let halves = |to: &mut Vec<u8>, values: &[u16]| values.iter().for_each(|v| to.extend(v.to_le_bytes()));
    let length = name.len() as u16;
    let mut local = b"PK\x03\x04".to_vec();
    halves(&mut local, &[10, 0, 0, 0, 0x21]);
    words(&mut local, &[crc, size, size]);
    halves(&mut local, &[length, 0]);
    local.extend(name);
    let mut central = b"PK\x01\x02".to_vec();
    halves(&mut central, &[10, 10, 0, 0, 0, 0x21]);
    words(&mut central, &[crc, size, size]);
    halves(&mut central, &[length, 0, 0, 0, 0]);
    words(&mut central, &[0, 0]);
    central.extend(name);
    let central_size = central.len() as u32;
    central.extend(b"PK\x05\x06");
    halves(&mut central, &[0, 0, 1, 1]);
    words(&mut central, &[central_size, local.len() as u32 + size]);
    halves(&mut central, &[0]);
    (local, central)
}
