//! What we serve: one file to pull, or one to upload, at a path that cannot be guessed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use swim_core::model::{Direction, Endpoint, Protocol};
use swim_core::ports::{Accept, Context, Datagrams, Network, Offer, Served, Transfer, TransferAbility};
use swim_core::{ErrorKind, Result};
use tokio_util::sync::CancellationToken;

use super::config::{SESSIONS, SHORTEST_WAIT, TftpConfig};
use super::options::Terms;
use super::packet::{ACCESS, ILLEGAL, NOT_FOUND, Packet, Request};
use super::sending::{Source, greet, send_file};
use super::session::Session;
use super::taking::{Start, Target, take_file};
use crate::intake::check_accept;
use crate::pulls::{check_offer, random_text};
use crate::served::{Goods, HiddenPath};

/// Serves images to devices over TFTP, and takes their uploads.
#[derive(Clone, Debug)]
pub struct TftpOffers {
    network: Arc<dyn Network>,
    config: TftpConfig,
    ability: TransferAbility,
}

impl TftpOffers {
    /// An adapter that listens through `network`.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, config: TftpConfig) -> Self {
        let directions = [Direction::Pull, Direction::Upload];
        Self { network, config, ability: TransferAbility::new(Protocol::Tftp, false, false, &directions) }
    }

    /// Opens the door.
    async fn open(&self, goods: Goods, cx: &Context) -> Result<Box<dyn Served>> {
        let at = Endpoint { host: self.config.bind.clone(), port: self.config.port };
        let door = self.network.datagrams(&at).await?;
        let end = cx.cancel.child_token();
        let path = format!("{}/{}", random_text::<8>(), goods.name());
        let served = HiddenPath::new(Protocol::Tftp, door.local().port, &path, goods.books(), cx, &end);
        let desk = Arc::new(Desk {
            network: Arc::clone(&self.network),
            bind: self.config.bind.clone(),
            goods,
            path,
            cx: Context { cancel: end.clone(), ..cx.clone() },
            busy: Mutex::default(),
        });
        tokio::spawn(serve(door, desk, end));
        Ok(Box::new(served))
    }
}

/// What all transfers of an offer or accept share.
struct Desk {
    network: Arc<dyn Network>,
    bind: String,
    goods: Goods,
    path: String,
    cx: Context,
    /// Who is served now. A request that comes twice is one.
    busy: Mutex<HashSet<Endpoint>>,
}

#[async_trait]
impl Transfer for TftpOffers {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn offer(&self, request: Offer, cx: &Context) -> Result<Box<dyn Served>> {
        check_offer(&request)?;
        self.open(Goods::pulled(request), cx).await
    }

    async fn accept(&self, request: Accept, cx: &Context) -> Result<Box<dyn Served>> {
        check_accept(&request)?;
        self.open(Goods::taken(request), cx).await
    }
}

async fn serve(door: Box<dyn Datagrams>, desk: Arc<Desk>, end: CancellationToken) {
    let lifetime = desk.cx.clock.sleep(desk.goods.visit().lifetime);
    tokio::pin!(lifetime);
    let mut batch = Vec::new();
    loop {
        let received = tokio::select! {
            () = end.cancelled() => return,
            () = &mut lifetime => return end.cancel(),
            received = door.receive(&mut batch) => received,
        };
        let (each, peer) = match received {
            Ok(received) => received,
            // One that was refused here is gone already.
            Err(e) if e.kind() == ErrorKind::Unreachable => continue,
            Err(_) => {
                desk.cx.clock.sleep(SHORTEST_WAIT).await;
                continue;
            }
        };
        for datagram in batch.chunks(each) {
            if let Err((code, words)) = desk.admit(datagram, &peer) {
                // A refusal that is lost is asked for again.
                let refusal = Packet::Error(code, words.to_owned()).bytes();
                let _ = door.send(&refusal, refusal.len(), &peer).await;
            }
        }
    }
}

impl Desk {
    /// Begins a transfer for a request that may have one.
    fn admit(self: &Arc<Self>, datagram: &[u8], peer: &Endpoint) -> std::result::Result<(), (u16, &'static str)> {
        let request = match Packet::read(datagram) {
            Ok(Packet::Request(request)) => request,
            Err(_) if matches!(datagram, [0, 1 | 2, ..]) => {
                return Err((ILLEGAL, "only binary transfers (octet) are served"));
            }
            _ => return Ok(()),
        };
        if request.file.trim_start_matches('/') != self.path {
            return Err(if request.write {
                (ACCESS, "nothing can be written here")
            } else {
                (NOT_FOUND, "no such file")
            });
        }
        let expected = self.goods.visit().expects(&peer.host);
        match &self.goods {
            Goods::Out(..) if expected && request.write => return Err((ACCESS, "nothing can be written here")),
            Goods::In(..) if expected && !request.write => return Err((ACCESS, "nothing can be read here")),
            _ => {}
        }
        if !expected || !self.goods.admits(&peer.host) {
            return Err((NOT_FOUND, "no such file"));
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
                tracing::info!(device = %desk.goods.device(), error = %e, "a transfer ended early");
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
                let mut session = Session::with(socket, peer.clone(), self.cx.clone(), terms.wait);
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
                let mut session = Session::with(socket, peer.clone(), self.cx.clone(), terms.wait);
                let target =
                    Target { sink: &*accept.sink, most: accept.most, expected: terms.size, count: &|n| intake.took(n) };
                let hello = if answer.is_empty() { Packet::Ack(0) } else { Packet::Options(answer) };
                let taken = async {
                    target.check(terms.size.unwrap_or_default())?;
                    target.sink.clear().await?;
                    take_file(&mut session, &terms, Start::Greet(hello.bytes()), &target, |bytes| intake.finish(bytes))
                        .await
                };
                let taken = tokio::select! {
                    biased;
                    () = turn.cut.cancelled() => return Ok(()),
                    taken = taken => taken,
                };
                match taken {
                    Ok((_, last)) => session.dally(last),
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
