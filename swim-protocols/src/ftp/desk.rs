//! What all connections of an offer or accept share, and the file that moves over a data connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use swim_core::model::Endpoint;
use swim_core::ports::{Accept, Context, Listener, Network, Note, Offer};
use swim_core::{Error, ErrorKind, Result};
use tokio::io::AsyncReadExt;

use super::client::{Outgoing, pour};
use super::config::{CONNECT, DATA_SILENCE, FtpConfig, PARTING, TAKEN};
use super::data::{Ended, arrival, fill};
use super::failure::broken;
use super::session::Stream;
use crate::intake::Intake;
use crate::login::OneLogin;
use crate::pulls::Pulls;
use crate::served::Goods;

/// A data connection that is agreed upon.
pub(super) enum Place {
    /// The client dials.
    Door(Box<dyn Listener>),
    /// The client listens.
    Peer(Endpoint),
}

/// Why no file was moved: the code of the reply, and the error for the log.
pub(super) struct Fault(pub(super) u16, pub(super) Error);

impl From<Error> for Fault {
    fn from(e: Error) -> Self {
        let code = match e.kind() {
            ErrorKind::NoSpace => 552,
            ErrorKind::Interrupted | ErrorKind::Timeout => 426,
            _ => 451,
        };
        Self(code, e)
    }
}

/// How a file that was sent to its end was taken.
pub(super) enum Taken {
    /// The client has closed the connection behind the last byte.
    Surely,
    /// Not yet; it may wait for our reply.
    Perhaps(Stream),
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) network: Arc<dyn Network>,
    pub(super) config: FtpConfig,
    pub(super) goods: Goods,
    pub(super) login: OneLogin,
    pub(super) cx: Context,
    /// When it was opened, as FTP writes times.
    pub(super) since: String,
    /// So much of the file was handed out, from its beginning on without a gap.
    handed: AtomicU64,
}

impl Desk {
    pub(super) fn new(network: Arc<dyn Network>, config: FtpConfig, goods: Goods, cx: Context) -> Self {
        let since = cx.clock.now().strftime("%Y%m%d%H%M%S").to_string();
        Self { network, config, goods, login: OneLogin::random(), cx, since, handed: AtomicU64::new(0) }
    }

    /// Is this the login, and is it still good?
    pub(super) fn admits(&self, host: &str, user: &str, password: &str) -> bool {
        self.login.is(user, password) && self.goods.admits(host)
    }

    /// A device that read the rest of the file from here says that it has what is before: that is so where it had it from
    /// us.
    pub(super) fn arrived(&self, offer: &Offer, pulls: &Pulls, from: u64) {
        let all = from <= self.handed.load(Ordering::Relaxed);
        pulls.arrived(if all { 0 } else { from }, offer.bytes);
    }

    /// Sends the file from an offset.
    pub(super) async fn send(
        &self,
        offer: &Offer,
        pulls: &Pulls,
        place: Place,
        from: u64,
        peer: &str,
        cx: &Context,
    ) -> std::result::Result<Taken, Fault> {
        let mut data = self.connect(place, peer, cx).await?;
        let file = Outgoing { store: &*offer.store, image: &offer.image, bytes: offer.bytes };
        let count = |end: u64, bytes: usize| {
            pulls.hand_out(bytes)?;
            if end - bytes as u64 <= self.handed.load(Ordering::Relaxed) {
                self.handed.fetch_max(end, Ordering::Relaxed);
            }
            Ok(())
        };
        pour(file, &mut data, from, cx, count).await?;
        tokio::select! {
            taken = closed(&mut data) => taken.map(|()| Taken::Surely).map_err(Fault::from),
            waited = cx.sleep(TAKEN) => waited.map(|()| Taken::Perhaps(data)).map_err(Fault::from),
        }
    }

    /// Takes the file. Who stops waiting for it does not stop its end: what gets its name is written in the books.
    pub(super) async fn take(
        &self,
        accept: &Accept,
        intake: &Arc<Intake>,
        place: Place,
        peer: &str,
        cx: &Context,
    ) -> std::result::Result<(), Fault> {
        let over = |what: &str| Fault(426, Error::new(ErrorKind::Interrupted, "ftp", what));
        let turn = intake.turn().await.ok_or_else(|| over("the file was taken from another connection"))?;
        let come = async {
            let mut data = self.connect(place, peer, cx).await?;
            accept.sink.clear().await?;
            let bytes = gather(accept, intake, &mut data, cx).await?;
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

    async fn connect(&self, place: Place, peer: &str, cx: &Context) -> std::result::Result<Stream, Fault> {
        let opened = match place {
            Place::Door(door) => arrival(peer, door.as_ref(), cx).await,
            Place::Peer(at) => cx.within(CONNECT, "connect", self.network.dial(&at)).await.map(|dialed| dialed.stream),
        };
        opened.map_err(|e| Fault(if e.kind() == ErrorKind::Cancelled { 426 } else { 425 }, e))
    }
}

/// Writes what comes to the sink; the next piece is taken while one is written.
async fn gather(accept: &Accept, intake: &Intake, data: &mut Stream, cx: &Context) -> Result<u64> {
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
            return Err(Error::new(ErrorKind::NoSpace, "ftp", message));
        }
        cx.pace.take(held.len(), cx).await?;
        match ended {
            Ended::Full => {}
            Ended::Failed(e) | Ended::Torn(e) => return Err(e),
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

/// Waits until the other side closes a connection that we have closed on our side: it has all that we sent.
pub(super) async fn closed(data: &mut Stream) -> Result<()> {
    let mut nothing = [0; 64];
    match data.read(&mut nothing).await.map_err(broken)? {
        0 => Ok(()),
        _ => Err(Error::new(ErrorKind::UnexpectedReply, "ftp", "the client writes to a connection that it shall read")),
    }
}

/// The end of a connection whose file was answered for, in the time of silence.
pub(super) async fn closed_in_time(data: &mut Stream, cx: &Context) -> Result<()> {
    cx.within(DATA_SILENCE, "ftp", closed(data)).await
}
