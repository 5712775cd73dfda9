//! Identification of an image that is in the store: the parts that it asks for are read, and no more of a large file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_blocking};

use super::window::Ends;
use crate::image::{
    Field, ImageFacts, Inside, PackedPart, PayloadCheck, Provenance, ReadAt, bytes_follow, embedded_sums, identify,
    identify_with, is_hidden, look_inside, packed_parts,
};
use crate::model::Sha256;
use crate::ports::ImageStore;

/// Bytes that are read at once.
const PIECE: u64 = 64 * 1024;
/// Looks at one image: the release archives of IOS XR have some thirty members, each of which tells where the next one is.
const LOOKS: usize = 64;
/// Pieces of one image, 16 MiB in all.
const PIECES: usize = 256;

/// Bytes of a packed part that are read at once, and pieces that wait to be unpacked.
const READ: usize = 1024 * 1024;
const FED: usize = 2;

/// What is at hand of a file, and what was asked for beside it.
struct AtHand<'a> {
    ends: &'a Ends,
    pieces: BTreeMap<u64, Bytes>,
    asked: Mutex<BTreeSet<u64>>,
}

impl ReadAt for AtHand<'_> {
    fn size(&self) -> u64 {
        self.ends.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.ends.read_at(offset, buffer)?;
        if count > 0 || buffer.is_empty() || offset >= self.size() {
            return Ok(count);
        }
        let number = offset / PIECE;
        match self.pieces.get(&number) {
            Some(piece) => piece.as_ref().read_at(offset - number * PIECE, buffer),
            None => {
                self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
                Ok(0)
            }
        }
    }
}

/// Says what an image is. It begins with what the import has seen, and begins again with what it missed, until it misses
/// nothing, or has read so much that no honest file needs more.
pub(super) async fn examine(store: &dyn ImageStore, image: &Sha256, ends: &Ends, file_name: &str) -> ImageFacts {
    let (facts, at_hand) = look_around(store, image, ends, file_name).await;
    let mut facts = if is_hidden(&facts) { look_deeper(store, image, &at_hand, facts, file_name).await } else { facts };
    check(store, image, &at_hand, &mut facts).await;
    facts
}

/// What the file is says a part of it that is packed.
async fn look_deeper(
    store: &dyn ImageStore,
    image: &Sha256,
    at_hand: &AtHand<'_>,
    facts: ImageFacts,
    file_name: &str,
) -> ImageFacts {
    let mut inside = None;
    for part in packed_parts(at_hand).unwrap_or_default() {
        let found = unpack(store, image, part).await;
        let over = found.block.is_some();
        inside = Some(found);
        if over {
            break;
        }
    }
    // Without a part that can be unpacked the remark stays that it was not read.
    inside.map_or(facts, |inside| identify_with(at_hand, file_name, Some(&inside)))
}

/// Computes the sums that the file carries of its content, where it has any, and says in the facts what came out.
async fn check(store: &dyn ImageStore, image: &Sha256, at_hand: &AtHand<'_>, facts: &mut ImageFacts) {
    // What is known to be damaged needs no second proof, which would cost another look at all bytes.
    let Some(sums) = embedded_sums(at_hand).ok().flatten().filter(|_| facts.damage.is_empty()) else { return };
    let (name, parts) = (sums.name(), sums.parts().to_vec());
    if parts.iter().any(|(at, length)| at.saturating_add(*length) > at_hand.size()) {
        facts.damage.push(format!("bytes are missing that the {name} is of"));
        return;
    }
    match fed(store, image, &parts, move |content| sums.check_to_end(content)).await {
        Ok(Ok((PayloadCheck::Intact, following))) => {
            facts.embedded_sum = Some(Field::new(name.to_owned(), Provenance::Payload));
            // Images of FortiOS have more behind the stream.
            if following > 0 && facts.platform.as_ref().is_none_or(|platform| platform.value != "fortios") {
                facts.remarks.push(bytes_follow(following));
            }
        }
        Ok(Ok((PayloadCheck::Damaged, _))) => {
            facts.damage.push(format!("the {name} does not hold: the file is damaged"))
        }
        Ok(Ok(_)) => facts.remarks.push(format!("the {name} could not be computed")),
        Ok(Err(e)) => facts.remarks.push(format!("the {name} could not be computed: {e}")),
        Err(e) => facts.remarks.push(format!("the {name} could not be computed: {e}")),
    }
}

async fn look_around<'a>(
    store: &dyn ImageStore,
    image: &Sha256,
    ends: &'a Ends,
    file_name: &str,
) -> (ImageFacts, AtHand<'a>) {
    let mut at_hand = AtHand { ends, pieces: BTreeMap::new(), asked: Mutex::default() };
    let mut looks = 1;
    loop {
        let mut facts = identify(&at_hand, file_name);
        let asked = std::mem::take(at_hand.asked.get_mut().unwrap_or_else(PoisonError::into_inner));
        if asked.is_empty() || looks == LOOKS || at_hand.pieces.len() + asked.len() > PIECES {
            return (facts, at_hand);
        }
        looks += 1;
        for number in asked {
            match store.read(image, number * PIECE, PIECE as usize).await {
                Ok(piece) => at_hand.pieces.insert(number, piece),
                Err(e) => {
                    facts.remarks.push(format!("a part of the image could not be read: {e}"));
                    return (facts, at_hand);
                }
            };
        }
    }
}

/// Unpacks a part until it has found what it looks for.
async fn unpack(store: &dyn ImageStore, image: &Sha256, part: PackedPart) -> Inside {
    let found = fed(store, image, &[(part.at, part.bytes)], move |content| look_inside(part, content)).await;
    found.unwrap_or_else(|e| Inside {
        remark: Some(format!("the packed part could not be unpacked: {e}")),
        ..Inside::default()
    })
}

/// Does work on a thread of its own, which the reads of the store feed with these parts of an image until it has enough.
async fn fed<T: Send + 'static>(
    store: &dyn ImageStore,
    image: &Sha256,
    parts: &[(u64, u64)],
    work: impl FnOnce(Fed) -> T + Send + 'static,
) -> Result<T, JoinError> {
    let (feed, pieces) = mpsc::channel(FED);
    let working = spawn_blocking(move || work(Fed { pieces, piece: Bytes::new() }));
    'parts: for (start, length) in parts {
        let (mut at, end) = (*start, start.saturating_add(*length));
        while at < end {
            let length = usize::try_from(end - at).unwrap_or(usize::MAX).min(READ);
            let piece = store.read(image, at, length).await;
            let over = !matches!(&piece, Ok(piece) if !piece.is_empty());
            at += piece.as_ref().map_or(0, |piece| piece.len() as u64);
            // Gone: it has enough, or cannot go on.
            if feed.send(piece.map_err(|e| e.to_string())).await.is_err() || over {
                break 'parts;
            }
        }
    }
    drop(feed);
    working.await
}

/// What the store read, as a stream.
struct Fed {
    pieces: mpsc::Receiver<Result<Bytes, String>>,
    piece: Bytes,
}

impl io::Read for Fed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let piece = self.piece.split_to(self.piece.len().min(buffer.len()));
        if let Some(to) = buffer.get_mut(..piece.len()) {
            to.copy_from_slice(&piece);
        }
        Ok(piece.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::image::samples;
    use crate::ports::ImageWriter;
    use crate::repo::window::Window;
    use crate::{Error, Result};

    /// One image, and how much of it was read.
    #[derive(Debug)]
    struct Held(Vec<u8>, Mutex<usize>);

    #[async_trait]
    impl ImageStore for Held {
        async fn create(&self) -> Result<Box<dyn ImageWriter>> {
            Err(Error::internal("test", "nothing is written"))
        }

        async fn size(&self, _: &Sha256) -> Result<Option<u64>> {
            Ok(Some(self.0.len() as u64))
        }

        async fn read(&self, _: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
            let start = (offset as usize).min(self.0.len());
            let end = (start + length).min(self.0.len());
            *self.1.lock().unwrap() += end - start;
            Ok(Bytes::copy_from_slice(&self.0[start..end]))
        }

        async fn remove(&self, _: &Sha256) -> Result<()> {
            Ok(())
        }

        async fn list(&self) -> Result<Vec<Sha256>> {
            Ok(Vec::new())
        }

        async fn sweep(&self) -> Result<u64> {
            Ok(0)
        }
    }

    fn member(out: &mut Vec<u8>, name: &str, bytes: usize) {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{bytes:011o}").as_bytes());
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend(header);
        out.resize(out.len() + bytes.next_multiple_of(512), 7);
    }

    async fn examined(bytes: Vec<u8>) -> (ImageFacts, usize) {
        let mut window = Window::default();
        window.take(&Bytes::copy_from_slice(&bytes));
        let (ends, held) = (window.finish(), Held(bytes, Mutex::default()));
        let facts = examine(&held, &Sha256::of(b"x"), &ends, "release.tar").await;
        let read = *held.1.lock().unwrap();
        (facts, read)
    }

    #[tokio::test]
    async fn members_in_the_middle_of_a_large_archive_are_seen_and_little_else() {
        let mut archive = Vec::new();
        for name in ["README", "asr9k-mini-px.pie-6.4.2", "asr9k-k9sec-px.pie-6.4.2", "notes"] {
            member(&mut archive, name, 3 * 1024 * 1024);
        }
        archive.resize(archive.len() + 1024, 0);
        let (facts, read) = examined(archive.clone()).await;
        assert_eq!(facts.container.unwrap().value, "ios_xr_tar");
        assert_eq!(facts.version.unwrap().value.normal(), "6.4.2");
        assert_eq!(facts.remarks, Vec::<String>::new());
        assert!(read <= 4 * PIECE as usize, "{read}");
        archive.truncate(archive.len() - 2 * 1024 * 1024);
        assert!(examined(archive).await.0.damage[0].contains("truncated"));
    }

    #[tokio::test]
    async fn a_packed_image_is_unpacked_as_far_as_its_description() {
        use std::io::Write;
        let mut content = samples::description();
        let mut state = 1_u64;
        content.extend((0..6_000_000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        }));
        let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        packed.write_all(&content).unwrap();
        let whole = samples::mzip_of(2, &packed.finish().unwrap());
        assert!(whole.len() > 6 * READ - READ / 2, "{}", whole.len());
        let mut window = Window::default();
        window.take(&Bytes::copy_from_slice(&whole));
        let (ends, held) = (window.finish(), Held(whole, Mutex::default()));
        let facts = examine(&held, &Sha256::of(b"x"), &ends, "prod.bin").await;
        assert_eq!(facts.version.unwrap().value.normal(), "12.2(55)SE3");
        let read = *held.1.lock().unwrap();
        // Once for the sum; for the description the rest is not read.
        assert!(read <= held.0.len() + 5 * READ, "{read}");
        assert_eq!(facts.embedded_sum.unwrap().value, "CRC-16 of the segments");
        assert_eq!(facts.damage, Vec::<String>::new());
        // A flipped bit that the description does not show.
        let mut damaged = held.0.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        let facts = examine(&Held(damaged, Mutex::default()), &Sha256::of(b"x"), &ends, "prod.bin").await;
        assert_eq!(facts.version.unwrap().value.normal(), "12.2(55)SE3");
        assert!(facts.embedded_sum.is_none() && facts.damage[0].contains("does not hold"), "{:?}", facts.damage);
        // A store that fails is no reason to lose what is known.
        let cut = Held(held.0[..150].to_vec(), Mutex::default());
        let facts = examine(&cut, &Sha256::of(b"x"), &ends, "prod.bin").await;
        assert!(facts.version.is_none() && facts.remarks[0].contains("could not be unpacked"), "{facts:?}");
    }

    #[tokio::test]
    async fn what_follows_a_packed_stream_is_told_unless_the_vendor_puts_it_there() {
        use std::io::Write;
        let packed = |name: &str| {
            let mut packed = flate2::GzBuilder::new().filename(name).write(Vec::new(), flate2::Compression::fast());
            packed.write_all(b"content").unwrap();
            packed.finish().unwrap()
        };
        for (name, more, remarks) in [
            ("x.bin", b"".as_slice(), 0),
            ("x.bin", &[0; 512], 0),
            ("x.bin", b"junk", 1),
            ("FGT_200F-v7.2.7-build1624-FORTINET.out", b"signature", 0),
        ] {
            let (facts, _) = examined([&packed(name), more].concat()).await;
            assert_eq!(facts.embedded_sum.unwrap().value, "CRC-32 of gzip");
            let told: Vec<_> = facts.remarks.iter().filter(|remark| remark.contains("follow the end")).collect();
            assert_eq!(told.len(), remarks, "{name} {:?}", facts.remarks);
        }
    }

    #[tokio::test]
    async fn what_needs_no_more_reads_no_more() {
        let (facts, read) = examined(vec![0x5a; 5_000_000]).await;
        assert_eq!((facts.container.unwrap().value.as_str(), read), ("unknown", 0));
    }

    #[tokio::test]
    async fn an_archive_without_end_is_given_up() {
        let mut archive = Vec::new();
        for _ in 0..600 {
            member(&mut archive, "x", 70_000);
        }
        let (facts, read) = examined(archive).await;
        assert_eq!(facts.container.unwrap().value, "tar");
        assert!(read <= LOOKS * PIECE as usize, "{read}");
    }
}
