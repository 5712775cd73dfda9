//! Headers of a tar archive (POSIX ustar), written and read one block at a time.

/// The unit of a tar archive.
pub(super) const BLOCK: usize = 512;

/// Sizes from here on are written in binary, as GNU tar does.
const OCTAL: u64 = 8 * 1024 * 1024 * 1024;

/// A member: its name and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// A header block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Header {
    Member(Member),
    /// A block of zeros: the archive ends.
    End,
}

/// Bytes between the end of a member and the next header.
pub(super) const fn padding(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK as u64) - bytes
}

/// The header of a regular file. The name must fit: ours do.
pub(super) fn header(name: &str, bytes: u64, modified: i64) -> [u8; BLOCK] {
    let mut block = [0_u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| {
        for (to, from) in block.iter_mut().skip(at).zip(text) {
            *to = *from;
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    if bytes < OCTAL {
        put(124, format!("{bytes:011o}\0").as_bytes());
    } else {
        put(124, &[0x80]);
        put(128, &bytes.to_be_bytes());
    }
    put(136, format!("{:011o}\0", modified.clamp(0, 0o777_7777_7777)).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let text = format!("{sum:06o}\0 ");
    for (to, from) in block.iter_mut().skip(148).zip(text.as_bytes()) {
        *to = *from;
    }
    block
}

/// Reads a header; why it is none of ours.
pub(super) fn read(block: &[u8]) -> Result<Header, &'static str> {
    if block.len() != BLOCK {
        return Err("a header is cut off");
    }
    if block.iter().all(|byte| *byte == 0) {
        return Ok(Header::End);
    }
    let part = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
    let written = octal(part(148, 156)).ok_or("a header has no sum")?;
    let counted = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) };
    if written != block.iter().enumerate().map(counted).sum::<u64>() {
        return Err("a header is damaged: its sum is wrong");
    }
    if !matches!(part(156, 157), b"0" | b"\0") {
        return Err("a member is no regular file: archives of a repository have no links and no folders");
    }
    let name = part(0, 100).split(|byte| *byte == 0).next().unwrap_or_default();
    if part(345, 500).iter().any(|byte| *byte != 0) {
        return Err("a member has a longer name than any of a repository");
    }
    let name = std::str::from_utf8(name).map_err(|_| "the name of a member is no text")?.to_owned();
    let bytes = size(part(124, 136)).ok_or("a member has no size")?;
    Ok(Header::Member(Member { name, bytes }))
}

fn size(field: &[u8]) -> Option<u64> {
    if field.first() != Some(&0x80) {
        return octal(field);
    }
    if field.get(1..4)?.iter().any(|byte| *byte != 0) {
        return None;
    }
    Some(u64::from_be_bytes(field.get(4..12)?.try_into().ok()?))
}

/// An octal number between spaces and zero bytes.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u64::from_str_radix(text, 8).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(name in "[a-z0-9/.]{1,99}", bytes in any::<u64>(), modified in any::<i64>()) {
            let block = header(&name, bytes, modified);
            prop_assert_eq!(read(&block).unwrap(), Header::Member(Member { name, bytes }));
        }

        #[test]
        fn any_block_is_read_without_panic(block in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&block);
        }

        #[test]
        fn a_changed_header_is_not_believed(at in 0..BLOCK, other in any::<u8>()) {
            let mut block = header("images/x", 12_345, 0);
            prop_assume!(block[at] != other);
            block[at] = other;
            // The sum is written with spaces and zeros, some of which may be either; the rest is counted by it.
            let same = Ok(Header::Member(Member { name: "images/x".to_owned(), bytes: 12_345 }));
            prop_assert!((148..156).contains(&at) || read(&block) != same);
        }
    }

    #[test]
    fn sizes_past_eight_gibibytes_are_those_of_gnu_tar() {
        let block = header("x", 8 * 1024 * 1024 * 1024, 0);
        assert_eq!(block[124..136], [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
        assert_eq!(header("x", OCTAL - 1, 0)[124..136], *b"77777777777\0");
    }
}
