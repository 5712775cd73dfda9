//! A device reads our one file over SFTP.

use bytes::Bytes;
use russh::server::Msg;
use swim_core::Result;
use swim_core::ports::{Context, Note, Offer};

use super::codec::{self, Packets, Reader, Writer};
use super::folder::{self, Place};
use crate::pulls::Pulls;
use crate::ssh::config::TRANSFER_SILENCE;
use crate::ssh::pipe::{Heard, Pipe};

/// The largest read that we answer at once.
const LARGEST_READ: usize = 255 * 1024;
/// Bytes that are read from the store at once and kept until they are sent: two hundred devices, each at another place of
/// the image, hold 40 MiB.
const PIECE: usize = 192 * 1024;
/// A plain file that can only be read.
const FILE_MODE: u32 = 0o100_444;
/// Files that may be open at the same time.
const HANDLES: u32 = 16;
/// Parts that may wait for the device's good-bye: a device reads in order, some with a few parts at once.
const PENDING: usize = 1024;

/// One session of a device.
struct Desktop<'a> {
    offer: &'a Offer,
    pulls: &'a Pulls,
    cx: &'a Context,
    opened: u32,
    /// The handles that are open.
    handles: Vec<u32>,
    /// The last piece that was read from the store and where it begins.
    ahead: (u64, Bytes),
    /// Parts that were handed out and not yet confirmed by the device's next request or good-bye.
    pending: Vec<(u64, u64)>,
}

/// An answer: a packet, and bytes of the image behind it.
type Reply = (Bytes, Option<Bytes>);

/// Serves one session.
pub(super) async fn serve(pipe: &mut Pipe<Msg>, offer: &Offer, pulls: &Pulls, cx: &Context) -> Result<()> {
    let (handles, ahead, pending) = (Vec::new(), (0, Bytes::new()), Vec::new());
    Desktop { offer, pulls, cx, opened: 0, handles, ahead, pending }.talk(pipe).await
}

impl Desktop<'_> {
    async fn talk(&mut self, pipe: &mut Pipe<Msg>) -> Result<()> {
        let mut packets = Packets::default();
        loop {
            while let Some(packet) = packets.next()? {
                let (head, data) = self.judge(packet).await?;
                pipe.send(head, false, TRANSFER_SILENCE, self.cx).await?;
                if let Some(data) = data {
                    self.pulls.hand_out(data.len())?;
                    self.cx.pace.take(data.len(), self.cx).await?;
                    pipe.send(data, false, TRANSFER_SILENCE, self.cx).await?;
                }
            }
            match pipe.hear(TRANSFER_SILENCE, self.cx).await? {
                Heard::Data(bytes) => packets.push(&bytes),
                Heard::Moved => {}
                Heard::Quiet | Heard::Closed => return Ok(()),
            }
        }
    }

    /// Answers one packet. An error ends the session.
    async fn judge(&mut self, mut packet: Reader) -> Result<Reply> {
        let kind = packet.byte()?;
        if kind == codec::INIT {
            return Ok((folder::greeting(), None));
        }
        let id = packet.int()?;
        Ok(match kind {
            codec::REALPATH => (folder::real_path(id, self.place(&packet.text()?), &self.offer.name), None),
            codec::STAT | codec::LSTAT => match self.place(&packet.text()?) {
                Place::File => (self.attributes(id), None),
                Place::Root => (folder::root(id), None),
                Place::Nothing => status(id, codec::NO_SUCH_FILE, "No such file"),
            },
            codec::OPEN => {
                let place = self.place(&packet.text()?);
                self.open(id, place, packet.int()?)
            }
            codec::FSTAT => match self.handle(&mut packet)? {
                Some(_) => (self.attributes(id), None),
                None => status(id, codec::FAILURE, "No such handle"),
            },
            codec::READ => match self.handle(&mut packet)? {
                Some(_) => {
                    let (offset, length) = (packet.long()?, packet.int()?);
                    self.read(id, offset, length).await?
                }
                None => status(id, codec::FAILURE, "No such handle"),
            },
            codec::CLOSE => match self.handle(&mut packet)? {
                Some(handle) => {
                    self.handles.retain(|h| *h != handle);
                    self.confirm();
                    status(id, codec::OK, "")
                }
                None => status(id, codec::FAILURE, "No such handle"),
            },
            codec::EXTENDED => status(id, codec::UNSUPPORTED, "Not supported"),
            2..=20 => status(id, codec::PERMISSION_DENIED, "Only one file can be read here"),
            _ => status(id, codec::BAD_MESSAGE, "Unknown request"),
        })
    }

    fn place(&self, path: &str) -> Place {
        folder::place(path, &self.offer.name)
    }

    fn attributes(&self, id: u32) -> Bytes {
        Writer::new(codec::ATTRS).int(id).file_attributes(self.offer.bytes, FILE_MODE).done()
    }

    fn open(&mut self, id: u32, place: Place, flags: u32) -> Reply {
        if flags != codec::OPEN_READ {
            return status(id, codec::PERMISSION_DENIED, "Only reading is allowed here");
        }
        if place != Place::File {
            return status(id, codec::NO_SUCH_FILE, "No such file");
        }
        if !self.pulls.open() {
            return status(id, codec::PERMISSION_DENIED, "This offer is used up");
        }
        if self.handles.len() >= HANDLES as usize {
            return status(id, codec::FAILURE, "Too many open files");
        }
        self.opened = self.opened.wrapping_add(1);
        self.handles.push(self.opened);
        (Writer::new(codec::HANDLE).int(id).string(&self.opened.to_be_bytes()).done(), None)
    }

    fn handle(&self, packet: &mut Reader) -> Result<Option<u32>> {
        let text = packet.string()?;
        let number = <[u8; 4]>::try_from(&text[..]).ok().map(u32::from_be_bytes);
        Ok(number.filter(|n| self.handles.contains(n)))
    }

    async fn read(&mut self, id: u32, offset: u64, length: u32) -> Result<Reply> {
        let offer = self.offer;
        if offset >= offer.bytes {
            return Ok(status(id, codec::EOF, "End of file"));
        }
        let left = usize::try_from(offer.bytes - offset).unwrap_or(usize::MAX);
        let length = (length as usize).min(LARGEST_READ).min(left);
        if length == 0 {
            // Odd and not forbidden; OpenSSH answers it in the same way.
            return Ok((Writer::new(codec::DATA).int(id).int(0).done(), None));
        }
        let (at, piece) = &self.ahead;
        let held = offset.checked_sub(*at).and_then(|o| usize::try_from(o).ok()).filter(|o| *o < piece.len());
        let skip = match held {
            Some(skip) => skip,
            None => match self.look_up(offset, PIECE.min(left)).await {
                Ok(piece) if !piece.is_empty() => {
                    self.ahead = (offset, piece);
                    0
                }
                Ok(_) => return Ok(status(id, codec::FAILURE, "The image is shorter than its size")),
                Err(e) => {
                    tracing::warn!(error = %e, "the image cannot be read");
                    return Ok(status(id, codec::FAILURE, "The image cannot be read"));
                }
            },
        };
        let piece = &self.ahead.1;
        let data = piece.slice(skip..piece.len().min(skip + length));
        let end = offset + data.len() as u64;
        let room = self.pending.len() < PENDING;
        match self.pending.last_mut() {
            Some(last) if last.1 == offset => last.1 = end,
            // Reads all over the place are answered, and not written down.
            _ if room => self.pending.push((offset, end)),
            _ => {}
        }
        self.cx.notes.note(Note::Bytes { done: end, total: Some(offer.bytes) });
        let head = Writer::new(codec::DATA).int(id).int(u32::try_from(data.len()).unwrap_or(u32::MAX));
        Ok((head.followed_by(data.len()), Some(data)))
    }

    async fn look_up(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.pulls.look_up(length)?;
        self.offer.store.read(&self.offer.image, offset, length).await
    }

    /// The device closed its handle: it has what it asked for.
    fn confirm(&mut self) {
        for (start, end) in self.pending.drain(..) {
            self.pulls.arrived(start, end);
        }
    }
}

fn status(id: u32, code: u32, words: &str) -> Reply {
    (folder::status(id, code, words), None)
}
