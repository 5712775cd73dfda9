//! What all connections of an offer or accept share, and the file that moves over a data connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use swim_core::model::Endpoint;
use swim_core::ports::{Accept, Context, Listener, Network, Note, Offer};
use swim_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

use super::client::{Outgoing, pour};
use super::config::{CONNECT, CONNECTIONS, DATA_SILENCE, FtpConfig, GOODBYE, HANDSHAKE, PARTING, READ_BUFFER, TAKEN};
use super::data::{Ended, arrival, fill};
use super::failure::broken;
use super::session::Stream;
use crate::delivered::delivered;
use crate::intake::Intake;
use crate::login::OneLogin;
use crate::pulls::Pulls;
use crate::served::{Cipher, Goods};
use crate::tls::Identity;

/// A data connection that is agreed upon.
pub(super) enum Place {
    /// The client dials.
    Door(Box<dyn Listener>),
    /// The client listens.
    Peer(Endpoint),
}

/// The way of a file.
pub(super) struct Way {
    pub(super) place: Place,
    /// The only address that may be at its other end.
    pub(super) peer: String,
    /// It is encrypted where this is there.
    pub(super) identity: Option<Identity>,
}

/// The code of a data connection whose handshake failed (RFC 4217).
pub(super) const NOT_SECURED: u16 = 522;

/// The code of an upload that is larger than what is taken, or than the space that is left.
pub(super) const NO_ROOM: u16 = 552;

/// Why no file was moved.
pub(super) struct Fault {
    /// The code of the reply.
    pub(super) code: u16,
    /// For the log.
    pub(super) error: Error,
    /// What the client still writes to: to be closed behind the reply.
    pub(super) unread: Option<Stream>,
}

impl Fault {
    const fn new(code: u16, error: Error) -> Self {
        Self { code, error, unread: None }
    }
}

impl From<Error> for Fault {
    fn from(e: Error) -> Self {
        let code = match e.kind() {
            // Not 452: lftp then sends an empty file in the place of this one, and takes our thanks for it.
            ErrorKind::NoSpace => NO_ROOM,
            ErrorKind::Interrupted | ErrorKind::Timeout => 426,
            _ => 451,
        };
        Self::new(code, e)
    }
}

/// How a file that was sent to its end was taken.
pub(super) enum Taken {
    /// The client has closed the connection behind the last byte.
    Surely,
    /// Not yet; it may wait for our reply.
    Perhaps(Stream),
    /// That cannot be known: the client closed its side of the connection before it had the file.
    Unknown,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) network: Arc<dyn Network>,
    pub(super) config: FtpConfig,
    pub(super) goods: Goods,
    pub(super) login: OneLogin,
    /// Nothing is served in the clear where this is there.
    pub(super) identity: Option<Identity>,
    /// Of the control connection that logged in last.
    pub(super) cipher: Cipher,
    pub(super) cx: Context,
    /// Cancelled when it is over.
    pub(super) end: CancellationToken,
    /// When it was opened, as FTP writes times.
    pub(super) since: String,
    /// So much of the file was handed out, from its beginning on without a gap.
    handed: AtomicU64,
    /// Connections that are logged in.
    seats: AtomicUsize,
}

/// The place of one connection that is logged in.
#[derive(Debug)]
pub(super) struct Seat(Arc<Desk>);

impl Seat {
    pub(super) fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.0)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.seats.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Desk {
    pub(super) fn new(
        network: Arc<dyn Network>,
        config: FtpConfig,
        identity: Option<Identity>,
        goods: Goods,
        cx: Context,
    ) -> Self {
        Self {
            network,
            config,
            goods,
            login: OneLogin::random(),
            identity,
            cipher: Cipher::default(),
            end: cx.cancel.child_token(),
            since: cx.clock.now().strftime("%Y%m%d%H%M%S").to_string(),
            cx,
            handed: AtomicU64::new(0),
            seats: AtomicUsize::new(0),
        }
    }

    /// A place for one connection, where one is free.
    pub(super) fn seat(desk: &Arc<Self>) -> Option<Seat> {
        let taken = desk.seats.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(Arc::clone(desk));
        (taken < CONNECTIONS).then_some(seat)
    }

    /// Is this the login, and is it still good?
    pub(super) fn admits(&self, host: &str, user: &str, password: &str) -> bool {
        self.goods.visit().expects(host) && self.login.is(user, password) && self.goods.admits(host)
    }

    /// A device that read the rest of the file from here says that it has what is before: that is so where it had it from
    /// us.
    pub(super) fn arrived(&self, offer: &Offer, pulls: &Pulls, from: u64) {
        let all = from <= self.handed.load(Ordering::Relaxed);
        if pulls.arrived(if all { 0 } else { from }, offer.bytes) {
            // The next use begins with nothing.
            self.handed.store(0, Ordering::Relaxed);
        }
    }

    /// Sends the file from an offset.
    pub(super) async fn send(
        &self,
        offer: &Offer,
        pulls: &Pulls,
        way: Way,
        from: u64,
        cx: &Context,
    ) -> std::result::Result<Taken, Fault> {
        let mut data = self.connect(way, cx).await?;
        // Many pull at once: what counts is the work of all of it, which is least by the kernel's hand.
        let file = Outgoing { store: &*offer.store, image: &offer.image, bytes: offer.bytes, copied: false };
        let count = |end: u64, bytes: usize| {
            pulls.hand_out(bytes)?;
            if end - bytes as u64 <= self.handed.load(Ordering::Relaxed) {
                self.handed.fetch_max(end, Ordering::Relaxed);
            }
            Ok(())
        };
        if !pour(file, &mut data, from, cx, count).await? {
            return Ok(Taken::Unknown);
        }
        tokio::select! {
            taken = has_all(&mut data, cx) => taken.map(|()| Taken::Surely).map_err(Fault::from),
            waited = cx.sleep(TAKEN) => waited.map(|()| Taken::Perhaps(data)).map_err(Fault::from),
        }
    }

    /// Takes the file. Who stops waiting for it does not stop its end: what gets its name is written in the books.
    pub(super) async fn take(
        &self,
        accept: &Accept,
        intake: &Arc<Intake>,
        way: Way,
        cx: &Context,
    ) -> std::result::Result<(), Fault> {
        let over = |what: &str| Fault::new(426, Error::new(ErrorKind::Interrupted, "ftp", what));
        let turn = intake.turn().await.ok_or_else(|| over("the file was taken from another connection"))?;
        let come = async {
            let private = way.identity.is_some();
            let mut data = self.connect(way, cx).await?;
            let bytes = match gather(accept, intake, &mut data, cx).await {
                Ok(bytes) => bytes,
                Err(fault) => return Err(Fault { unread: Some(data), ..fault }),
            };
            if private {
                farewell(&mut data, cx).await;
            }
            drop(data);
            cx.sleep(PARTING).await?;
            Ok::<_, Fault>(bytes)
        };
        let bytes = tokio::select! {
            biased;
            () = turn.cut.cancelled() => return Err(over("another upload has begun")),
            come = come => come?,
        };
        cx.notes.note(Note::Flushing);
        let (sink, intake) = (Arc::clone(&accept.sink), Arc::clone(intake));
        let named = tokio::spawn(async move {
            let _turn = turn;
            sink.finish(bytes).await?;
            intake.finish(bytes);
            Ok::<_, Error>(())
        });
        named
            .await
            .map_err(|e| Error::internal("ftp", "the end of an upload was lost").caused_by(e))?
            .map_err(Fault::from)
    }

    async fn connect(&self, way: Way, cx: &Context) -> std::result::Result<Stream, Fault> {
        let code = |e: &Error, code| if e.kind() == ErrorKind::Cancelled { 426 } else { code };
        let opened = match way.place {
            Place::Door(door) => arrival(&way.peer, door.as_ref(), cx).await,
            Place::Peer(at) => cx.within(CONNECT, "connect", self.network.dial(&at)).await.map(|dialed| dialed.stream),
        };
        let stream = opened.map_err(|e| Fault::new(code(&e, 425), e))?;
        let Some(identity) = way.identity else { return Ok(stream) };
        // Whoever dialled: the client of FTP is the client of TLS.
        let stream = BufReader::with_capacity(READ_BUFFER, stream);
        let secured = identity.accept(stream, HANDSHAKE, cx).await;
        let secured = secured.map_err(|e| Fault::new(code(&e, NOT_SECURED), e))?;
        if !secured.resumed {
            // Of the same address, and perhaps of somebody else behind it: who logged in has the keys. vsftpd demands the same.
            let message = "a data connection does not go on with the keys of its control connection";
            return Err(Fault::new(NOT_SECURED, Error::new(ErrorKind::Auth, "ftp", message)));
        }
        Ok(secured.stream)
    }
}

/// The good-bye of TLS to a client that has said its own: some wait for it before they ask for our reply.
async fn farewell(data: &mut Stream, cx: &Context) {
    let parting = async { data.shutdown().await.map_err(broken) };
    if let Err(e) = cx.within(GOODBYE, "ftp", parting).await {
        tracing::debug!(error = %e, "a client did not wait for the end of its data connection");
    }
}

/// Reads what nobody wants: a connection that is closed on unread bytes breaks, and a client that sees it broken before our
/// reply tries again (lftp) where it was to give up.
pub(super) async fn discard(data: &mut Stream) -> Result<()> {
    let mut nothing = vec![0; READ_BUFFER];
    while data.read(&mut nothing).await.map_err(broken)? > 0 {}
    Ok(())
}

/// Writes what comes to an empty sink; the next piece is taken while one is written.
async fn gather(accept: &Accept, intake: &Intake, data: &mut Stream, cx: &Context) -> std::result::Result<u64, Fault> {
    accept.sink.clear().await?;
    let mut held = Bytes::new();
    let mut done = 0;
    loop {
        let at = done - held.len() as u64;
        let write = async { if held.is_empty() { Ok(()) } else { accept.sink.write(at, held.clone()).await } };
        let (written, (piece, ended)) = tokio::join!(write, fill(data, cx));
        written?;
        cx.notes.note(Note::Bytes { done, total: None });
        intake.took(piece.len());
        done += piece.len() as u64;
        held = piece;
        if done > accept.most {
            let message = format!("more than the {} bytes came that are taken", accept.most);
            return Err(Fault::new(NO_ROOM, Error::new(ErrorKind::InvalidInput, "ftp", message)));
        }
        cx.pace.take(held.len(), cx).await?;
        match ended {
            Ended::Full => {}
            Ended::Failed(e) | Ended::Torn(e) => return Err(e.into()),
            Ended::Done => {
                if !held.is_empty() {
                    accept.sink.write(done - held.len() as u64, held).await?;
                    cx.notes.note(Note::Bytes { done, total: None });
                }
                return Ok(done);
            }
        }
    }
}

/// Waits until the other side has all that was sent on a connection that we have closed on our side.
async fn has_all(data: &mut Stream, cx: &Context) -> Result<()> {
    closed(data).await?;
    reached(data, cx).await
}

/// Waits until the machine of the other side has all that was sent.
pub(super) fn reached<'a>(data: &'a Stream, cx: &'a Context) -> impl Future<Output = Result<()>> + Send + 'a {
    delivered(&**data, true, DATA_SILENCE, cx)
}

/// Waits until the other side closes its direction of a connection.
async fn closed(data: &mut Stream) -> Result<()> {
    let mut nothing = [0; 64];
    match data.read(&mut nothing).await {
        Ok(0) => Ok(()),
        // Many programs close a connection that they have read to its end without the good-bye of TLS.
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(()),
        Err(e) => Err(broken(e)),
        Ok(_) => {
            Err(Error::new(ErrorKind::UnexpectedReply, "ftp", "the client writes to a connection that it shall read"))
        }
    }
}

/// The end of a connection whose file was answered for, in the time of silence.
pub(super) async fn closed_in_time(data: &mut Stream, cx: &Context) -> Result<()> {
    cx.within(DATA_SILENCE, "ftp", closed(data)).await?;
    reached(data, cx).await
}
