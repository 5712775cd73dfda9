//! We dial an FTP or FTPS server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use swim_core::model::{Device, Direction, Protocol, Sha256};
use swim_core::ports::{Context, Fetch, ImageStore, Network, Note, Push, Receipt, Secrets, Transfer, TransferAbility};
use swim_core::{Effect, Error, ErrorKind, Result, Retry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::config::{COMPARED, DATA_SILENCE, FLUSH, FtpClientConfig, PIECE, SILENCE};
use super::data::{Ended, drain, fill};
use super::failure::{About, broken, refused};
use super::reply::Reply;
use super::session::{Ports, Session, Stream};
use crate::noted::{is_outdated, version};
use crate::sendfile::{ImageFile, PORTION, is_near, socket};
use crate::spread::SPREAD;
use crate::tls::TlsClient;

/// FTP or FTPS with us as the client. FTP is not encrypted: who can listen on the way reads the login and the image.
#[derive(Clone, Debug)]
pub struct FtpClient {
    ports: Ports,
    ability: TransferAbility,
}

/// What came of a file.
enum Taken {
    /// All of it: so many bytes.
    Whole(u64),
    /// It is another file than the one that is there.
    Other,
}

impl FtpClient {
    /// An adapter of FTP that dials through `network` and asks `secrets` for passwords.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, secrets: Arc<dyn Secrets>, config: FtpClientConfig) -> Self {
        Self { ports: Ports { network, secrets, config, tls: None }, ability: ability(Protocol::Ftp) }
    }

    /// The same of FTPS (`AUTH TLS`): the verbs and the files are encrypted, and servers are judged by the
    /// [`swim_core::model::TlsTrust`] of the device or door. A server that would send files in the clear is left.
    #[must_use]
    pub fn tls(network: Arc<dyn Network>, secrets: Arc<dyn Secrets>, config: FtpClientConfig, tls: TlsClient) -> Self {
        Self { ports: Ports { network, secrets, config, tls: Some(tls) }, ability: ability(Protocol::Ftps) }
    }

    async fn session<'a>(&'a self, device: &'a Device, cx: &'a Context) -> Result<Session<'a>> {
        Session::open(&self.ports, device, cx).await
    }

    fn receipt(&self, direction: Direction, bytes: u64, from: u64, began: Duration, cx: &Context) -> Receipt {
        let took = cx.clock.monotonic().saturating_sub(began);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Receipt::new(self.ability.protocol, direction, bytes, from, millis)
    }
}

fn ability(protocol: Protocol) -> TransferAbility {
    TransferAbility::new(protocol, protocol.secure(), true, &[Direction::Push, Direction::Fetch])
}

#[async_trait]
impl Transfer for FtpClient {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, cx: &Context) -> Result<Receipt> {
        crate::path::check(&request.path)?;
        let began = cx.clock.monotonic();
        let named = |e: Error| e.with("device", &request.device.id).of_file(&request.path);
        let mut session = self.session(&request.device, cx).await.map_err(named)?;
        let from = session.beginning_of_image(&request).await.map_err(|e| named(session.discreet(e)))?;
        session.put(&request, from).await.map_err(|e| named(session.discreet(e)))?;
        session.give_up(None).await;
        let receipt = self.receipt(Direction::Push, request.bytes - from, from, began, cx);
        Ok(receipt.over(session.cipher()).of(request.image))
    }

    async fn fetch(&self, request: Fetch, cx: &Context) -> Result<Receipt> {
        crate::path::check(&request.path)?;
        let began = cx.clock.monotonic();
        let named = |e: Error| e.with("device", &request.device.id).of_file(&request.path);
        let mut session = self.session(&request.device, cx).await.map_err(named)?;
        let taken = session.get(&request).await;
        session.give_up(None).await;
        let (bytes, from) = taken.map_err(|e| named(session.discreet(e)))?;
        Ok(self.receipt(Direction::Fetch, bytes, from, began, cx).over(session.cipher()))
    }

    async fn list(&self, device: &Device, path: &str, cx: &Context) -> Result<Vec<String>> {
        if !path.is_empty() {
            crate::path::check(path)?;
        }
        let named = |e: Error| e.with("device", &device.id).of_file(path);
        let mut session = self.session(device, cx).await.map_err(named)?;
        let names = session.names(path).await;
        session.give_up(None).await;
        names.map_err(|e| named(session.discreet(e)))
    }

    async fn remove(&self, device: &Device, path: &str, cx: &Context) -> Result<()> {
        crate::path::check(path)?;
        let named = |e: Error| e.with("device", &device.id).of_file(path);
        let mut session = self.session(device, cx).await.map_err(named)?;
        let removed = session.delete(path).await;
        session.give_up(None).await;
        removed.map_err(|e| named(session.discreet(e)))
    }
}

impl Session<'_> {
    /// How long the file there is, when it is our image as far back as a transfer can have left holes; otherwise 0. What
    /// comes behind a hole may be ours: SFTP writes on several channels.
    async fn beginning_of_image(&mut self, request: &Push) -> Result<u64> {
        let there = self.size(&request.path).await?;
        let Some(there) = there.filter(|t| request.resume && *t > 0 && *t <= request.bytes) else { return Ok(0) };
        let from = there.saturating_sub(SPREAD);
        // A server that does not let us look gets the whole image again.
        let Ok(mut data) = self.transfer(&format!("RETR {}", request.path), from).await? else { return Ok(0) };
        let same = is_ours(request, &mut data, from, there, self.cx).await?;
        drop(data);
        self.last(SILENCE).await?;
        Ok(if same { there } else { 0 })
    }

    /// Writes the image from an offset, behind what is there.
    async fn put(&mut self, request: &Push, from: u64) -> Result<()> {
        if from > 0 && from == request.bytes {
            return Ok(());
        }
        let store = format!("STOR {}", request.path);
        let mut opened = match from {
            0 => self.transfer(&store, 0).await?,
            _ => self.transfer(&format!("APPE {}", request.path), 0).await?,
        };
        if from > 0 && matches!(&opened, Err(reply) if reply.unknown()) {
            opened = self.transfer(&store, from).await?;
        }
        let data = match opened {
            Ok(data) => data,
            Err(reply) => return Err(self.why_not(&reply, &request.path).await),
        };
        let written = self.written(request, data, from).await;
        let Err(e) = written else { return Ok(()) };
        // What is there can be continued where the server lets us look; a file that has no room will never be whole.
        let stays = self.looks && !matches!(e.kind(), ErrorKind::NoSpace | ErrorKind::Integrity);
        self.give_up((!stays).then_some(request.path.as_str())).await;
        Err(e.effected(Effect::Unknown))
    }

    /// Servers have the same words for a file that is not there and for one that must stay: looks which it is.
    async fn delete(&mut self, path: &str) -> Result<()> {
        let answer = self.ask(&format!("DELE {path}")).await?;
        if answer.good() {
            return Ok(());
        }
        let refusal = refused(&answer, About::Write);
        if refusal.kind() == ErrorKind::Privilege && self.size(path).await?.is_none() && self.looks {
            return Err(Error::new(ErrorKind::NotFound, "ftp", "the file is not there").caused_by(refusal));
        }
        Err(refusal)
    }

    /// Servers have the same words for a folder that is not there and for one that must not be written to: looks which it is.
    async fn why_not(&mut self, reply: &Reply, path: &str) -> Error {
        let error = refused(reply, About::Write);
        let folder = path.trim_end_matches('/').rsplit_once('/').map(|(folder, _)| folder).filter(|f| !f.is_empty());
        let Some(folder) = folder.filter(|_| error.kind() == ErrorKind::Privilege) else { return error };
        match self.ask(&format!("CWD {folder}")).await {
            Ok(answer) if answer.code == 550 => Error::new(ErrorKind::NotFound, "ftp", "the folder is not there")
                .said(format!("{} {}", answer.code, answer.text.trim()))
                .caused_by(error),
            _ => error,
        }
    }

    async fn written(&mut self, request: &Push, mut data: Stream, from: u64) -> Result<()> {
        let copied = socket(&*data).is_some_and(is_near);
        let file = Outgoing { store: &*request.store, image: &request.image, bytes: request.bytes, copied };
        let sent = pour(file, &mut data, from, self.cx, |_, _| Ok(())).await;
        if let Err(e) = sent {
            drop(data);
            if e.kind() != ErrorKind::Interrupted {
                return Err(e);
            }
            // The server knows why it closed the connection.
            return Err(match self.last(super::config::GOODBYE).await {
                Ok(reply) if !reply.good() => refused(&reply, About::Write),
                _ => e,
            });
        }
        self.cx.notes.note(Note::Flushing);
        let reply = self.last(FLUSH).await?;
        // Only now: TLS servers send on it as well, and a connection that is closed with bytes unread is reset, together
        // with what is still on its way to the server.
        drop(data);
        if !reply.good() {
            return Err(refused(&reply, About::Write));
        }
        match self.size(&request.path).await? {
            Some(there) if there != request.bytes => {
                let message = format!("the file has {there} bytes, the image {}", request.bytes);
                Err(Error::new(ErrorKind::Integrity, "ftp", message))
            }
            _ => Ok(()),
        }
    }

    /// The whole fetch; how many bytes came and where they began.
    async fn get(&mut self, request: &Fetch) -> Result<(u64, u64)> {
        let total = self.size(&request.path).await?;
        if let Some(total) = total {
            check_size(request, total)?;
        }
        let sink = &*request.sink;
        let version = match total {
            Some(total) => self.changed(&request.path).await?.map(|changed| version(total, changed)),
            None => None,
        };
        // A part of another version is not gone on with; it goes when the new one is granted.
        let have = if is_outdated(sink, version.as_deref()).await? { 0 } else { sink.have().await? };
        let verb = format!("RETR {}", request.path);
        if have > 0 && total.is_some_and(|t| t >= have) {
            let from = have.saturating_sub(COMPARED);
            let tail = sink.read(from, usize::try_from(have - from).unwrap_or(usize::MAX)).await?;
            if let Ok(data) = self.transfer(&verb, from).await?
                && let Taken::Whole(bytes) = self.take(request, data, &tail, have, total).await?
            {
                return Ok((bytes, have));
            }
            // Another file, or a server that knows no offsets: all of it, from its beginning.
        }
        let data = self.transfer(&verb, 0).await?.map_err(|reply| refused(&reply, About::Read))?;
        // Not before it is granted: a server that is busy must not cost what is there.
        sink.clear().await?;
        if let Some(version) = &version {
            sink.note_version(version).await?;
        }
        match self.take(request, data, &[], 0, total).await? {
            Taken::Whole(bytes) => Ok((bytes, 0)),
            Taken::Other => Err(Error::internal("ftp", "a file that was not there is another one")),
        }
    }

    /// Takes the bytes of a file. `known` is what must come first, for it is there already up to `have`. The next piece is
    /// taken while one is written.
    async fn take(
        &mut self,
        request: &Fetch,
        mut data: Stream,
        known: &[u8],
        have: u64,
        total: Option<u64>,
    ) -> Result<Taken> {
        let (mut done, mut known) = (have, known);
        let mut held = Bytes::new();
        loop {
            let at = done - held.len() as u64;
            let write = async { if held.is_empty() { Ok(()) } else { request.sink.write(at, held.clone()).await } };
            let (written, (mut piece, ended)) = tokio::join!(write, fill(&mut data, self.cx));
            written?;
            self.cx.notes.note(Note::Bytes { done, total });
            let repeated = piece.len().min(known.len());
            if piece[..repeated] != known[..repeated] {
                drop(data);
                self.last(SILENCE).await?;
                return Ok(Taken::Other);
            }
            known = &known[repeated..];
            held = piece.split_off(repeated);
            done += held.len() as u64;
            if done > total.unwrap_or(request.most) {
                let message = format!("more than {} bytes came", total.unwrap_or(request.most));
                let kind = if total.is_some() { ErrorKind::UnexpectedReply } else { ErrorKind::NoSpace };
                return Err(Error::new(kind, "ftp", message));
            }
            self.cx.pace.take(held.len(), self.cx).await?;
            if matches!(ended, Ended::Full) {
                continue;
            }
            drop(data);
            request.sink.write(done - held.len() as u64, held).await?;
            self.cx.notes.note(Note::Bytes { done, total });
            return match ended {
                Ended::Failed(e) => Err(e),
                // Where every byte came that the protected verbs told, nothing can be cut off.
                Ended::Torn(e) if total != Some(done) || !known.is_empty() => Err(e),
                _ if !known.is_empty() => Err(ended_early(done, total)),
                _ => self.whole(request, done, total).await.map(|()| Taken::Whole(done - have)),
            };
        }
    }

    /// The connection was closed: was that the end of the file?
    async fn whole(&mut self, request: &Fetch, done: u64, total: Option<u64>) -> Result<()> {
        let reply = self.last(SILENCE).await?;
        if !reply.good() {
            return Err(refused(&reply, About::Read));
        }
        if total.is_some_and(|t| done < t) {
            return Err(ended_early(done, total));
        }
        check_size(request, done)?;
        request.sink.finish(done).await
    }
}

/// Is what comes our image from a place up to where it ends there? The first piece that differs says no.
async fn is_ours(request: &Push, data: &mut Stream, from: u64, there: u64, cx: &Context) -> Result<bool> {
    let mut at = from;
    loop {
        let (theirs, ended) = fill(data, cx).await;
        let end = at + theirs.len() as u64;
        if end > there {
            return Ok(false);
        }
        if !theirs.is_empty() {
            cx.pace.take(theirs.len(), cx).await?;
            if request.store.read(&request.image, at, theirs.len()).await? != theirs {
                return Ok(false);
            }
        }
        at = end;
        match ended {
            Ended::Full => {}
            Ended::Failed(e) => return Err(e),
            Ended::Done | Ended::Torn(_) => return Ok(at == there),
        }
    }
}

fn ended_early(done: u64, total: Option<u64>) -> Error {
    let message = format!("the connection ended at byte {done} of {}", total.unwrap_or_default());
    Error::new(ErrorKind::Interrupted, "ftp", message).retry_when(Retry::Now)
}

/// The bytes that are sent.
#[derive(Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub(super) store: &'a dyn ImageStore,
    pub(super) image: &'a Sha256,
    pub(super) bytes: u64,
    /// Our copies of the bytes are sent, also where the kernel could take them from the file.
    pub(super) copied: bool,
}

/// Sends the bytes: the next piece is read while one is on its way. `allow` is asked before a piece goes out, with the place
/// of its end and its length. Says whether the close of the other side can tell that it has them: one that closed its side
/// before the last piece was sent has told nothing by it.
pub(super) async fn pour(
    file: Outgoing<'_>,
    data: &mut Stream,
    from: u64,
    cx: &Context,
    allow: impl Fn(u64, usize) -> Result<()> + Send + Sync,
) -> Result<bool> {
    let mut tells = true;
    let read = |at: u64| {
        let length = usize::try_from(file.bytes - at).unwrap_or(usize::MAX).min(PIECE);
        async move { if length == 0 { Ok(Bytes::new()) } else { file.store.read(file.image, at, length).await } }
    };
    let mut at = from;
    let held = match socket(&**data) {
        Some(_) if !file.copied => ImageFile::of(file.store, file.image).await?,
        _ => None,
    };
    if let Some(held) = held {
        while at < file.bytes {
            let length = usize::try_from(file.bytes - at).unwrap_or(usize::MAX).min(PORTION);
            allow(at + length as u64, length)?;
            cx.pace.take(length, cx).await?;
            tells &= at + (length as u64) < file.bytes || !has_closed(data);
            let Some(socket) = socket(&**data) else { break };
            held.pass(socket, (file.store, file.image), at, length, DATA_SILENCE, cx).await?;
            at += length as u64;
            cx.notes.note(Note::Bytes { done: at, total: Some(file.bytes) });
        }
    }
    let mut piece = read(at).await?;
    while at < file.bytes {
        if piece.is_empty() {
            return Err(Error::new(ErrorKind::Integrity, "ftp", "the image is shorter than its size"));
        }
        at += piece.len() as u64;
        allow(at, piece.len())?;
        cx.pace.take(piece.len(), cx).await?;
        tells &= at < file.bytes || !has_closed(data);
        let (sent, next) = tokio::join!(drain(data, &piece, cx), read(at));
        sent?;
        piece = next?;
        cx.notes.note(Note::Bytes { done: at, total: Some(file.bytes) });
    }
    let over = async {
        data.flush().await.map_err(broken)?;
        data.shutdown().await.map_err(broken)
    };
    cx.within(SILENCE, "ftp", over).await?;
    Ok(tells)
}

/// Has the other side closed its direction of a data connection on which it has nothing to send?
fn has_closed(data: &mut Stream) -> bool {
    matches!(data.read(&mut [0; 64]).now_or_never(), Some(Ok(0)))
}

fn check_size(request: &Fetch, total: u64) -> Result<()> {
    if let Some(expected) = request.bytes.filter(|expected| *expected != total) {
        let message = format!("the file has {total} bytes, not {expected}");
        return Err(Error::new(ErrorKind::Integrity, "ftp", message));
    }
    if total > request.most {
        let message = format!("the file has {total} bytes; at most {} are taken", request.most);
        return Err(Error::new(ErrorKind::NoSpace, "ftp", message));
    }
    Ok(())
}
