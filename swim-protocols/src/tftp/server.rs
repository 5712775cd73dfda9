//! The server of an offer: one file at a path that cannot be guessed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::model::{Direction, Endpoint, Protocol};
use swim_core::ports::{Context, Datagrams, Network, Note, Offer, Served, Transfer, TransferAbility};
use swim_core::{Error, ErrorKind, Result};
use tokio_util::sync::CancellationToken;

use super::config::{
    FIRST_WAIT, LARGEST_BLOCK, LARGEST_WINDOW, LONGEST_WAIT, PLAIN_BLOCK, SESSIONS, SHORTEST_WAIT, SILENCE,
    SMALLEST_BLOCK, TftpConfig,
};
use super::packet::{ACCESS, ILLEGAL, NOT_FOUND, Packet, Request};
use super::send::Sender;
use crate::pulls::{Pulls, check_offer, random_text};
use crate::served::HiddenPath;

/// Bytes that are read from the store at once.
const PIECE: usize = 1024 * 1024;
/// Pause between the parts of a window after a loss: a slow receiver empties its buffer meanwhile.
const PAUSE: Duration = Duration::from_millis(1);
/// Bytes that are handed to the network at once.
const BATCH: usize = 60_000;

/// Serves images to devices over TFTP.
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
        Self { network, config, ability: TransferAbility::new(Protocol::Tftp, false, false, &[Direction::Pull]) }
    }
}

/// What all transfers of an offer share.
struct Desk {
    network: Arc<dyn Network>,
    bind: String,
    request: Offer,
    pulls: Arc<Pulls>,
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
        let at = Endpoint { host: self.config.bind.clone(), port: self.config.port };
        let door = self.network.datagrams(&at).await?;
        let port = door.local().port;
        let end = cx.cancel.child_token();
        let path = format!("{}/{}", random_text::<8>(), request.name);
        let pulls = Arc::new(Pulls::new(request.bytes, request.uses));
        let served = HiddenPath {
            protocol: Protocol::Tftp,
            port,
            path: path.clone(),
            pulls: Arc::clone(&pulls),
            clock: Arc::clone(&cx.clock),
            began: cx.clock.monotonic(),
            end: end.clone().drop_guard(),
        };
        let desk = Arc::new(Desk {
            network: Arc::clone(&self.network),
            bind: self.config.bind.clone(),
            path,
            pulls,
            cx: Context { cancel: end.clone(), ..cx.clone() },
            request,
            busy: Mutex::default(),
        });
        tokio::spawn(serve(door, desk, end));
        Ok(Box::new(served))
    }
}

async fn serve(door: Box<dyn Datagrams>, desk: Arc<Desk>, end: CancellationToken) {
    let lifetime = desk.cx.clock.sleep(desk.request.lifetime);
    tokio::pin!(lifetime);
    let mut batch = Vec::new();
    loop {
        let received = tokio::select! {
            () = end.cancelled() => return,
            () = &mut lifetime => return end.cancel(),
            received = door.receive(&mut batch) => received,
        };
        let Ok((each, peer)) = received else {
            desk.cx.clock.sleep(SHORTEST_WAIT).await;
            continue;
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
            Err(_) if datagram.starts_with(&[0, 1]) => {
                return Err((ILLEGAL, "only binary transfers (octet) are served"));
            }
            // To answer what is no request would answer whoever forged its sender.
            _ => return Ok(()),
        };
        if request.write {
            return Err((ACCESS, "nothing can be written here"));
        }
        let expected = self.request.source.as_ref().is_none_or(|source| *source == peer.host);
        if !expected || request.file.trim_start_matches('/') != self.path || !self.pulls.admits(&peer.host) {
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
            if let Err(e) = desk.send(&request, &peer).await {
                tracing::info!(device = %desk.request.device.id, error = %e, "a pull ended early");
            }
            desk.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&peer);
        });
        Ok(())
    }

    /// One transfer, from a port of its own.
    async fn send(&self, request: &Request, peer: &Endpoint) -> Result<()> {
        let at = Endpoint { host: self.bind.clone(), port: 0 };
        let socket = self.network.datagrams(&at).await?;
        let agreed = Agreed::read(request, self.request.bytes);
        let mut session = Session {
            desk: self,
            socket: &*socket,
            peer,
            sender: Sender::new(self.request.bytes, agreed.block, agreed.window),
            block: agreed.block,
            wait: agreed.wait.unwrap_or(FIRST_WAIT),
            fixed_wait: agreed.wait.is_some(),
            piece: (0, Bytes::new()),
        };
        let sent = async {
            session.greet(agreed.options).await?;
            session.send().await
        };
        if let Err(e) = sent.await {
            // The device need not wait until it gives up.
            let farewell = Packet::Error(0, e.message().to_owned()).bytes();
            let _ = socket.send(&farewell, farewell.len(), peer).await;
            return Err(e);
        }
        self.pulls.arrived(0, self.request.bytes);
        Ok(())
    }
}

/// What a request asks for, as far as we agree.
struct Agreed {
    block: u64,
    window: u64,
    wait: Option<Duration>,
    options: Vec<(String, String)>,
}

impl Agreed {
    fn read(request: &Request, bytes: u64) -> Self {
        let mut agreed = Self { block: PLAIN_BLOCK, window: 1, wait: None, options: Vec::new() };
        for (name, value) in &request.options {
            let Ok(value) = value.parse::<u64>() else { continue };
            let taken = match name.as_str() {
                "blksize" if value >= SMALLEST_BLOCK => {
                    agreed.block = value.min(LARGEST_BLOCK);
                    agreed.block
                }
                "windowsize" if value >= 1 => {
                    agreed.window = value.min(LARGEST_WINDOW);
                    agreed.window
                }
                "timeout" if (1..=255).contains(&value) => {
                    agreed.wait = Some(Duration::from_secs(value));
                    value
                }
                // curl takes a size of zero for a mistake.
                "tsize" if bytes > 0 => bytes,
                _ => continue,
            };
            if !agreed.options.iter().any(|(known, _)| known == name) {
                agreed.options.push((name.clone(), taken.to_string()));
            }
        }
        agreed
    }
}

/// One transfer under way.
struct Session<'a> {
    desk: &'a Desk,
    socket: &'a dyn Datagrams,
    peer: &'a Endpoint,
    sender: Sender,
    block: u64,
    wait: Duration,
    /// The device told how long to wait.
    fixed_wait: bool,
    /// The last piece that was read from the store, and where it begins.
    piece: (u64, Bytes),
}

impl Session<'_> {
    /// Tells the options that are agreed to, until the device acknowledges them as block 0.
    async fn greet(&mut self, options: Vec<(String, String)>) -> Result<()> {
        if options.is_empty() {
            return Ok(());
        }
        let packet = Packet::Options(options).bytes();
        let mut quiet = Duration::ZERO;
        loop {
            self.socket.send(&packet, packet.len(), self.peer).await?;
            match self.heard(self.wait).await? {
                Some(acks) if acks.contains(&0) => return Ok(()),
                Some(_) => {}
                None => quiet = self.stayed_quiet(quiet)?,
            }
        }
    }

    async fn send(&mut self) -> Result<()> {
        let clock = Arc::clone(&self.desk.cx.clock);
        let mut quiet = Duration::ZERO;
        while !self.sender.is_done() {
            if let Some((first, last)) = self.sender.send() {
                self.put(first, last).await?;
            }
            let asked = clock.monotonic();
            let Some(acks) = self.heard(self.wait).await? else {
                quiet = self.stayed_quiet(quiet)?;
                self.sender.timed_out();
                continue;
            };
            let mut moved = false;
            for ack in acks {
                moved |= self.sender.acknowledged(ack);
            }
            if moved {
                quiet = Duration::ZERO;
                if !self.fixed_wait {
                    let trip = clock.monotonic().saturating_sub(asked);
                    self.wait = (trip * 4).clamp(SHORTEST_WAIT, LONGEST_WAIT);
                }
                let total = self.desk.request.bytes;
                let done = self.sender.arrived().saturating_mul(self.block).min(total);
                self.desk.cx.notes.note(Note::Bytes { done, total: Some(total) });
            }
        }
        Ok(())
    }

    /// Nothing came in time: waits longer, and gives up in the end.
    fn stayed_quiet(&mut self, quiet: Duration) -> Result<Duration> {
        let quiet = quiet + self.wait;
        if quiet >= SILENCE {
            let message = format!("the device was silent for {} s", quiet.as_secs());
            return Err(Error::new(ErrorKind::Timeout, "tftp", message));
        }
        if !self.fixed_wait {
            self.wait = (self.wait * 2).min(LONGEST_WAIT);
        }
        Ok(quiet)
    }

    /// The acknowledgements of the next datagrams of the device; none after `wait`.
    async fn heard(&self, wait: Duration) -> Result<Option<Vec<u16>>> {
        let silence = self.desk.cx.clock.sleep(wait);
        tokio::pin!(silence);
        let mut batch = Vec::new();
        loop {
            let (each, from) = tokio::select! {
                biased;
                () = self.desk.cx.cancel.cancelled() => return Err(Error::new(ErrorKind::Cancelled, "tftp", "the offer ended")),
                received = self.socket.receive(&mut batch) => received?,
                () = &mut silence => return Ok(None),
            };
            // Others have no business at this port.
            if from != *self.peer {
                continue;
            }
            let mut acks = Vec::new();
            for datagram in batch.chunks(each) {
                match Packet::read(datagram) {
                    Ok(Packet::Ack(block)) => acks.push(block),
                    Ok(Packet::Error(code, words)) => {
                        let message = format!("the device ended the transfer (error {code})");
                        return Err(Error::new(ErrorKind::DeviceRejected, "tftp", message).said(words));
                    }
                    _ => {}
                }
            }
            if !acks.is_empty() {
                return Ok(Some(acks));
            }
        }
    }

    /// Sends blocks.
    async fn put(&mut self, first: u64, last: u64) -> Result<()> {
        let mut batch = Vec::new();
        let mut of_file = 0;
        let each = usize::try_from(self.block).unwrap_or(usize::MAX) + 4;
        for number in first..=last {
            Packet::data_head(number as u16, &mut batch);
            let from = (number - 1) * self.block;
            let until = (from + self.block).min(self.desk.request.bytes);
            self.copy(from, until, &mut batch).await?;
            of_file += usize::try_from(until - from).unwrap_or(usize::MAX);
            if batch.len() + each > BATCH >> self.sender.losses() || number == last {
                self.desk.pulls.hand_out(of_file)?;
                self.desk.cx.pace.take(of_file, &self.desk.cx).await?;
                of_file = 0;
                self.socket.send(&batch, each, self.peer).await?;
                batch.clear();
                if number < last && self.sender.losses() > 0 {
                    self.desk.cx.sleep(PAUSE).await?;
                }
            }
        }
        Ok(())
    }

    /// Appends bytes of the image.
    async fn copy(&mut self, mut from: u64, until: u64, batch: &mut Vec<u8>) -> Result<()> {
        let offer = &self.desk.request;
        while from < until {
            let (at, piece) = &self.piece;
            let skip = from.checked_sub(*at).and_then(|skip| usize::try_from(skip).ok());
            let Some(skip) = skip.filter(|skip| *skip < piece.len()) else {
                let piece = offer.store.read(&offer.image, from, PIECE).await?;
                if piece.is_empty() {
                    return Err(Error::new(ErrorKind::Integrity, "tftp", "the image is shorter than its size"));
                }
                self.piece = (from, piece);
                continue;
            };
            let length = usize::try_from(until - from).unwrap_or(usize::MAX).min(piece.len() - skip);
            batch.extend_from_slice(&piece[skip..skip + length]);
            from += length as u64;
        }
        Ok(())
    }
}
