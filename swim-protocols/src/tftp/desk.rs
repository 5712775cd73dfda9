//! One offer or accept: who may have a transfer, and the transfers themselves.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use swim_core::Result;
use swim_core::model::Endpoint;
use swim_core::ports::{Context, Network};

use super::config::SESSIONS;
use super::cutting::Source;
use super::options::Terms;
use super::packet::{ACCESS, NOT_FOUND, Packet, Request};
use super::sending::{greet, send_file};
use super::session::Session;
use super::taking::{Start, Target, take_file};
use crate::served::Goods;

/// Why a request gets nothing: the code of an error packet, and its words.
pub(super) type Denial = (u16, &'static str);
/// There is nothing at this path, for this one.
pub(super) const NOT_HERE: Denial = (NOT_FOUND, "no such file");
/// An upload where none is expected.
pub(super) const READ_ONLY: Denial = (ACCESS, "nothing can be written here");
/// A download where none is expected.
const WRITE_ONLY: Denial = (ACCESS, "nothing can be read here");

/// What all transfers of an offer or accept share.
pub(super) struct Desk {
    network: Arc<dyn Network>,
    bind: String,
    goods: Goods,
    cx: Context,
    /// Who is served now. A request that comes twice is one.
    busy: Mutex<HashSet<Endpoint>>,
}

impl Desk {
    /// The desk of what is offered or taken; its transfers listen at `bind`, and end with `cx`.
    pub(super) fn new(network: Arc<dyn Network>, bind: String, goods: Goods, cx: Context) -> Self {
        Self { network, bind, goods, cx, busy: Mutex::default() }
    }

    /// Begins a transfer for a request that may have one.
    pub(super) fn admit(self: &Arc<Self>, request: Request, peer: &Endpoint) -> std::result::Result<(), Denial> {
        if self.cx.cancel.is_cancelled() {
            return Err(if request.write { READ_ONLY } else { NOT_HERE });
        }
        let expected = self.goods.visit().expects(&peer.host);
        match &self.goods {
            Goods::Out(..) if expected && request.write => return Err(READ_ONLY),
            Goods::In(..) if expected && !request.write => return Err(WRITE_ONLY),
            _ => {}
        }
        if !expected || !self.goods.admits(&peer.host) {
            return Err(NOT_HERE);
        }
        {
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            if busy.len() >= SESSIONS || !busy.insert(peer.clone()) {
                return Ok(());
            }
        }
        let (desk, peer) = (Arc::clone(self), peer.clone());
        tokio::spawn(async move {
            if let Err(e) = desk.attend(&request, &peer).await {
                desk.goods.ended_early(&e);
            }
            desk.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&peer);
        });
        Ok(())
    }

    /// One transfer, from a port of its own.
    async fn attend(&self, request: &Request, peer: &Endpoint) -> Result<()> {
        let at = Endpoint { host: self.bind.clone(), port: 0 };
        let socket = self.network.datagrams(&at).await?;
        match &self.goods {
            Goods::Out(offer, pulls) => {
                let (terms, answer) = Terms::agree(request, Some(offer.bytes));
                let mut session = Session::with(socket, peer.clone(), self.cx.clone(), terms.wait).await?;
                let source = Source {
                    store: &*offer.store,
                    image: offer.image,
                    bytes: offer.bytes,
                    count: &|bytes| pulls.hand_out(bytes),
                };
                let sent = async {
                    greet(&mut session, answer).await?;
                    send_file(&mut session, &terms, source).await
                };
                if let Err(e) = sent.await {
                    session.farewell(&e).await;
                    return Err(e);
                }
                pulls.arrived(0, offer.bytes);
            }
            Goods::In(accept, intake) => {
                let Some(turn) = intake.turn().await else { return Ok(()) };
                let (terms, answer) = Terms::agree(request, None);
                let mut session = Session::with(socket, peer.clone(), self.cx.clone(), terms.wait).await?;
                let target = Target {
                    sink: &*accept.sink,
                    most: accept.most,
                    expected: terms.told(),
                    count: &|n| intake.took(n),
                };
                let hello = if answer.is_empty() { Packet::Ack(0) } else { Packet::Options(answer) };
                let taken = async {
                    target.check(terms.size.unwrap_or_default())?;
                    target.sink.clear().await?;
                    take_file(&mut session, &terms, Start::Greet(hello.bytes()), &target).await
                };
                let taken = tokio::select! {
                    biased;
                    () = turn.cut.cancelled() => return Ok(()),
                    taken = taken => taken,
                };
                let ended = match taken {
                    Ok((bytes, last)) => intake.publish(turn, Arc::clone(&accept.sink), bytes).await.map(|()| last),
                    Err(e) => Err(e),
                };
                match ended {
                    Ok(last) => session.part(last).await,
                    Err(e) => {
                        session.farewell(&e).await;
                        return Err(e);
                    }
                }
            }
        }
        Ok(())
    }
}
