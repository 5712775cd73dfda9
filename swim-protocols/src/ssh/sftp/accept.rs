//! A device writes our one file over SFTP.

use bytes::{Bytes, BytesMut};
use russh::server::Msg;
use swim_core::Result;
use swim_core::ports::{Accept, Context, Sink};

use super::codec::{self, Packets, Reader, Writer};
use super::folder::{self, Place};
use super::upload::{Upload, check_size};
use crate::intake::{Discreet, Intake};
use crate::ssh::config::TRANSFER_SILENCE;
use crate::ssh::pipe::{Heard, Pipe};

/// A plain file that its owner may write.
const FILE_MODE: u32 = 0o100_600;

/// One session of a device.
struct Inbox<'a> {
    accept: &'a Accept,
    sink: Discreet<'a>,
    intake: &'a Intake,
    cx: &'a Context,
    opened: u32,
    /// The file while it is open. Its handle is the number of the last opening.
    upload: Option<Upload>,
}

/// Serves one session.
pub(super) async fn serve(pipe: &mut Pipe<Msg>, accept: &Accept, intake: &Intake, cx: &Context) -> Result<()> {
    let mut inbox = Inbox { accept, sink: Discreet(&*accept.sink), intake, cx, opened: 0, upload: None };
    let ended = inbox.talk(pipe).await;
    // What came so far need not be sent again, when the device goes on behind it.
    if let Some(mut upload) = inbox.upload.take() {
        let _ = upload.flush(&inbox.sink).await;
    }
    ended
}

impl Inbox<'_> {
    async fn talk(&mut self, pipe: &mut Pipe<Msg>) -> Result<()> {
        let mut packets = Packets::default();
        loop {
            // Devices have many writes under way: what can be answered now is answered at once.
            let mut answers = BytesMut::new();
            while let Some(packet) = packets.next()? {
                answers.extend_from_slice(&self.judge(packet).await?);
            }
            let cx = self.context();
            pipe.send(answers.freeze(), false, TRANSFER_SILENCE, &cx).await?;
            match pipe.hear(TRANSFER_SILENCE, &cx).await? {
                Heard::Data(bytes) => packets.push(&bytes),
                Heard::Moved => {}
                Heard::Quiet | Heard::Closed => return Ok(()),
            }
        }
    }

    /// While a file is open, a newer upload ends the session.
    fn context(&self) -> Context {
        self.upload.as_ref().map_or_else(|| self.cx.clone(), |upload| upload.context(self.cx))
    }

    /// Answers one packet. An error ends the session.
    async fn judge(&mut self, mut packet: Reader) -> Result<Bytes> {
        let kind = packet.byte()?;
        if kind == codec::INIT {
            return Ok(folder::greeting());
        }
        let id = packet.int()?;
        Ok(match kind {
            codec::REALPATH => folder::real_path(id, self.place(&packet.text()?), &self.accept.name),
            codec::STAT | codec::LSTAT => match self.place(&packet.text()?) {
                Place::File => self.attributes(id).await?,
                Place::Root => folder::root(id),
                Place::Nothing => folder::status(id, codec::NO_SUCH_FILE, "No such file"),
            },
            codec::OPEN => {
                let place = self.place(&packet.text()?);
                let flags = packet.int()?;
                self.open(id, place, flags, packet.size()?).await?
            }
            codec::FSTAT => match self.handle(&mut packet)? {
                true => self.attributes(id).await?,
                false => no_handle(id),
            },
            codec::SETSTAT => match self.place(&packet.text()?) {
                // Times and permissions are those of the file that we make.
                Place::File => self.resize(id, packet.size()?),
                _ => folder::status(id, codec::PERMISSION_DENIED, "Only one file can be written here"),
            },
            codec::FSETSTAT => match self.handle(&mut packet)? {
                true => self.resize(id, packet.size()?),
                false => no_handle(id),
            },
            codec::WRITE => match self.handle(&mut packet)? {
                true => {
                    let offset = packet.long()?;
                    let data = packet.string()?;
                    self.write(id, offset, &data).await
                }
                false => no_handle(id),
            },
            codec::CLOSE => match self.handle(&mut packet)? {
                true => self.close(id).await,
                false => no_handle(id),
            },
            codec::EXTENDED => folder::status(id, codec::UNSUPPORTED, "Not supported"),
            2..=20 => folder::status(id, codec::PERMISSION_DENIED, "Only one file can be written here"),
            _ => folder::status(id, codec::BAD_MESSAGE, "Unknown request"),
        })
    }

    fn place(&self, path: &str) -> Place {
        folder::place(path, &self.accept.name)
    }

    /// The file as far as it came. A device that goes on begins behind its size.
    async fn attributes(&self, id: u32) -> Result<Bytes> {
        let bytes = match (&self.upload, self.intake.whole()) {
            (Some(upload), _) => upload.end(),
            (None, Some(whole)) => whole,
            (None, None) => match self.sink.have().await? {
                0 => return Ok(folder::status(id, codec::NO_SUCH_FILE, "No such file")),
                have => have,
            },
        };
        Ok(Writer::new(codec::ATTRS).int(id).file_attributes(bytes, FILE_MODE).done())
    }

    /// Opens the file for writing. That it shall not be there yet (EXCL) changes nothing: what a broken upload left is no
    /// file yet. Nor does APPEND, with which OpenSSH goes on: its writes name their places, and those that it was told
    /// before a dying upload let go may lie before the end.
    async fn open(&mut self, id: u32, place: Place, flags: u32, told: Option<u64>) -> Result<Bytes> {
        if flags & codec::OPEN_WRITE == 0 {
            return Ok(folder::status(id, codec::PERMISSION_DENIED, "Nothing can be read here"));
        }
        if place != Place::File {
            return Ok(folder::status(id, codec::PERMISSION_DENIED, "This name is not taken here"));
        }
        if let Err(e) = check_size(told.unwrap_or_default(), self.accept.most) {
            return Ok(folder::status(id, codec::FAILURE, e.message()));
        }
        if self.upload.is_some() {
            return Ok(folder::status(id, codec::FAILURE, "The file is open already"));
        }
        if flags & codec::OPEN_CREATE == 0 && self.sink.have().await? == 0 {
            return Ok(folder::status(id, codec::NO_SUCH_FILE, "No such file"));
        }
        let Some(turn) = self.intake.turn_in(self.cx.cancel.child_token()).await else {
            return Ok(folder::status(id, codec::PERMISSION_DENIED, "No more uploads are taken here"));
        };
        // What an earlier try left is no part of a file that is taken where it is longer than such a file.
        let kept = if flags & codec::OPEN_TRUNCATE == 0 { self.sink.have().await? } else { 0 };
        let have = if kept > self.accept.most { 0 } else { kept };
        if have == 0
            && let Err(e) = self.sink.clear().await
        {
            return Ok(folder::status(id, codec::FAILURE, e.message()));
        }
        self.upload = Some(Upload::new(turn, have, self.accept.most));
        self.opened = self.opened.wrapping_add(1);
        Ok(Writer::new(codec::HANDLE).int(id).string(&self.opened.to_be_bytes()).done())
    }

    /// Is the next field the handle of the open file?
    fn handle(&self, packet: &mut Reader) -> Result<bool> {
        let handle = packet.string()?;
        Ok(self.upload.is_some() && handle[..] == self.opened.to_be_bytes())
    }

    fn resize(&mut self, id: u32, bytes: Option<u64>) -> Bytes {
        match (&mut self.upload, bytes) {
            (Some(upload), Some(bytes)) => {
                let resized = upload.resize(bytes);
                self.answer(id, &resized)
            }
            (None, Some(bytes)) if self.intake.whole() != Some(bytes) => {
                folder::status(id, codec::PERMISSION_DENIED, "The file is not open")
            }
            _ => folder::status(id, codec::OK, ""),
        }
    }

    async fn write(&mut self, id: u32, offset: u64, data: &[u8]) -> Bytes {
        let cx = self.context();
        let Some(upload) = &mut self.upload else { return no_handle(id) };
        let written = upload.write(offset, data, &self.sink, self.intake, &cx).await;
        self.answer(id, &written)
    }

    /// The end of the upload, good or bad.
    async fn close(&mut self, id: u32) -> Bytes {
        let Some(upload) = self.upload.take() else { return no_handle(id) };
        let finished = upload.finish(&self.sink, self.intake, self.cx).await;
        self.answer(id, &finished)
    }

    fn answer(&self, id: u32, done: &Result<()>) -> Bytes {
        match done {
            Ok(()) => folder::status(id, codec::OK, ""),
            Err(e) => {
                tracing::info!(error = %e.report(), "an upload is refused");
                self.intake.failed(e.report().to_string());
                folder::status(id, codec::FAILURE, e.message())
            }
        }
    }
}

fn no_handle(id: u32) -> Bytes {
    folder::status(id, codec::FAILURE, "No such handle")
}
