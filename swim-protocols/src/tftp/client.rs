//! We dial a TFTP server: requests to write and to read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use swim_core::model::{Direction, Endpoint, Protocol};
use swim_core::ports::{Blocks, Context, Fetch, Network, Push, Receipt, Transfer, TransferAbility};
use swim_core::{Effect, Error, ErrorKind, Result, Retry};

use super::config::TftpClientConfig;
use super::cutting::Source;
use super::options::{Terms, Way, Wish};
use super::packet::{OPTIONS, Packet, Request, UNDEFINED};
use super::sending::send_file;
use super::session::{Session, refusal};
use super::taking::{Start, Target, take_file};
use crate::net::{REDIAL_AFTER, is_loopback};

/// Old servers take requests of 512 bytes in all.
const LONGEST_PATH: usize = 400;
/// Below it a file has arrived before a wider window would pay.
const WORTH_A_WINDOW: u64 = 1024 * 1024;

/// TFTP with us as the client. There is no login and no encryption: who can listen on the way reads the image.
#[derive(Clone, Debug)]
pub struct TftpClient {
    network: Arc<dyn Network>,
    config: TftpClientConfig,
    ability: TransferAbility,
}

/// How a server answered a request.
enum Answer {
    /// The transfer begins on these terms. `true`: the first block or acknowledgement was the answer.
    Begins(Terms, bool),
    /// It refuses, with a code and its words.
    Refuses(u16, String),
}

impl TftpClient {
    /// An adapter that dials through `network`.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, config: TftpClientConfig) -> Self {
        let directions = [Direction::Push, Direction::Fetch];
        Self { network, config, ability: TransferAbility::new(Protocol::Tftp, false, false, &directions) }
    }

    async fn session(&self, server: &Endpoint, cx: &Context) -> Result<Session> {
        let host = match server.host.parse() {
            // A server of this machine answers from it: nobody else need be heard.
            Ok(IpAddr::V4(ip)) if ip.is_loopback() => Ipv4Addr::LOCALHOST.to_string(),
            Ok(IpAddr::V6(ip)) if ip.is_loopback() => Ipv6Addr::LOCALHOST.to_string(),
            _ if server.host.contains(':') => Ipv6Addr::UNSPECIFIED.to_string(),
            _ => Ipv4Addr::UNSPECIFIED.to_string(),
        };
        let socket = self.network.datagrams(&Endpoint { host, port: 0 }).await?;
        Ok(Session::to(socket, server.clone(), cx.clone()))
    }

    /// Asks until there is an answer.
    async fn ask(&self, session: &mut Session, request: Request, wish: &Wish) -> Result<Answer> {
        let (write, options) = (request.write, !request.options.is_empty());
        let packet = Packet::Request(request).bytes();
        let mut once = true;
        let at = session.peer().clone();
        loop {
            session.send(&packet, packet.len()).await?;
            let asked = session.cx.clock.monotonic();
            let unreachable = |e: Error| match e.kind() {
                ErrorKind::Timeout | ErrorKind::Unreachable => {
                    Error::new(ErrorKind::Unreachable, "connect", format!("{at}: no TFTP server answers there"))
                        .retry_when(Retry::After(REDIAL_AFTER))
                        .caused_by(e)
                }
                _ => e,
            };
            let wait = session.wait();
            if !session.hear(wait).await.map_err(unreachable)? {
                session.expired();
                once = false;
                continue;
            }
            session.moved_on(once.then(|| session.cx.clock.monotonic().saturating_sub(asked)));
            let (batch, each) = session.heard();
            let answer = match Packet::read(batch.get(..each.min(batch.len())).unwrap_or_default()) {
                Ok(Packet::Error(code, words)) => Some(Answer::Refuses(code, words)),
                Ok(Packet::Options(granted)) if options => match wish.granted(&granted) {
                    Ok(terms) => Some(Answer::Begins(terms, false)),
                    Err(e) => {
                        session.farewell(&e).await;
                        return Err(e);
                    }
                },
                Ok(Packet::Ack(0)) if write => Some(Answer::Begins(Terms::PLAIN, true)),
                Ok(Packet::Data(1, _)) if !write => Some(Answer::Begins(Terms::PLAIN, true)),
                _ => None,
            };
            session.reuse(batch);
            match answer {
                Some(answer) => return Ok(answer),
                None => {
                    return Err(Error::new(ErrorKind::UnexpectedReply, "tftp", "the server answers something else"));
                }
            }
        }
    }

    /// The window for a push: the round trip is measured by a request to read, which changes nothing. A request to write
    /// that is given up again would leave an empty file.
    async fn probe(&self, request: &Push, server: &Endpoint, wish: Wish, cx: &Context) -> Result<Wish> {
        if request.bytes < WORTH_A_WINDOW || !wish.grows || wish.wider(Duration::from_secs(1), Way::Push).is_none() {
            return Ok(wish);
        }
        let mut session = self.session(server, cx).await?;
        let asked = Request { write: false, file: request.path.clone(), options: wish.options(0) };
        match self.ask(&mut session, asked, &wish).await {
            Ok(Answer::Begins(..)) => give_up(&mut session).await,
            Ok(Answer::Refuses(..)) => {}
            Err(e) if matches!(e.kind(), ErrorKind::Cancelled | ErrorKind::Unreachable) => return Err(e),
            Err(_) => {}
        }
        Ok(session.trip().and_then(|trip| wish.wider(trip, Way::Push)).unwrap_or(wish))
    }

    async fn put(&self, request: &Push, cx: &Context) -> Result<Blocks> {
        check_path(&request.path)?;
        let server = self.network.resolve(&request.device.at).await?;
        let wish = self.probe(request, &server, Wish::new(&self.config, &server.host)?, cx).await?;
        let mut options = wish.options(request.bytes);
        loop {
            let mut session = self.session(&server, cx).await?;
            let asked = Request { write: true, file: request.path.clone(), options: options.clone() };
            let terms = match self.ask(&mut session, asked, &wish).await? {
                Answer::Begins(terms, _) => terms,
                Answer::Refuses(OPTIONS, _) if !options.is_empty() => {
                    options.clear();
                    continue;
                }
                Answer::Refuses(code, words) => return Err(refusal(code, &words)),
            };
            session.begins(terms.wait);
            let source =
                Source { store: &*request.store, image: request.image, bytes: request.bytes, count: &|_| Ok(()) };
            let sent = send_file(&mut session, &terms, source).await;
            if let Err(e) = sent {
                session.farewell(&e).await;
                let left = "a part of the file may be left there: TFTP cannot remove it";
                return Err(broken(e).effected(Effect::Unknown).with("left behind", left));
            }
            return Ok(wish.blocks(&terms));
        }
    }

    async fn get(&self, request: &Fetch, cx: &Context) -> Result<(u64, Blocks)> {
        check_path(&request.path)?;
        let server = self.network.resolve(&request.device.at).await?;
        let mut wish = Wish::new(&self.config, &server.host)?;
        let way = if server.host.parse().is_ok_and(is_loopback) { Way::Inside } else { Way::Fetch };
        let mut plain = false;
        loop {
            let mut session = self.session(&server, cx).await?;
            let options = if plain { Vec::new() } else { wish.options(0) };
            let asked = Request { write: false, file: request.path.clone(), options };
            let (terms, heard) = match self.ask(&mut session, asked, &wish).await? {
                Answer::Begins(terms, heard) => (terms, heard),
                Answer::Refuses(OPTIONS, _) if !plain => {
                    plain = true;
                    continue;
                }
                Answer::Refuses(code, words) => return Err(refusal(code, &words)),
            };
            // Now the round trip is known. A server that grants all of the window is asked for the one that fits.
            if terms.window == wish.window
                && terms.size.is_some_and(|bytes| bytes >= WORTH_A_WINDOW)
                && let Some(wider) = session.trip().and_then(|trip| wish.wider(trip, way))
            {
                give_up(&mut session).await;
                wish = Wish { grows: false, ..wider };
                continue;
            }
            session.begins(terms.wait);
            let told = terms.told();
            let expected = request.bytes.or(told);
            let target = Target { sink: &*request.sink, most: request.most, expected, count: &|_| () };
            let start = if heard { Start::Heard } else { Start::Greet(Packet::Ack(0).bytes()) };
            let taken = async {
                if let Some(bytes) = told {
                    target.check_whole(bytes)?;
                }
                target.sink.clear().await?;
                let (bytes, last) = take_file(&mut session, &terms, start, &target).await?;
                target.sink.finish(bytes).await?;
                Ok((bytes, last))
            };
            match taken.await {
                Ok((bytes, last)) => {
                    session.part(last).await;
                    return Ok((bytes, wish.blocks(&terms)));
                }
                Err(e) => {
                    session.farewell(&e).await;
                    return Err(broken(e));
                }
            }
        }
    }

    fn receipt(&self, direction: Direction, bytes: u64, began: Duration, cx: &Context) -> Receipt {
        let took = cx.clock.monotonic().saturating_sub(began);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Receipt::new(self.ability.protocol, direction, bytes, 0, millis)
    }
}

#[async_trait]
impl Transfer for TftpClient {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, cx: &Context) -> Result<Receipt> {
        let began = cx.clock.monotonic();
        let sent = self.put(&request, cx).await;
        let blocks = sent.map_err(|e| e.with("device", &request.device.id).of_file(&request.path))?;
        Ok(self.receipt(Direction::Push, request.bytes, began, cx).of(request.image).cut(blocks))
    }

    async fn fetch(&self, request: Fetch, cx: &Context) -> Result<Receipt> {
        let began = cx.clock.monotonic();
        let taken = self.get(&request, cx).await;
        let (bytes, blocks) = taken.map_err(|e| e.with("device", &request.device.id).of_file(&request.path))?;
        Ok(self.receipt(Direction::Fetch, bytes, began, cx).cut(blocks))
    }
}

/// Ends a transfer that has not begun.
async fn give_up(session: &mut Session) {
    let _ = session.say(&Packet::Error(UNDEFINED, "asked for the size and the round trip only".to_owned())).await;
}

/// What ends a transfer in its middle.
fn broken(e: Error) -> Error {
    match e.kind() {
        ErrorKind::Unreachable => Error::new(ErrorKind::Interrupted, "tftp", "the other side is gone")
            .retry_when(Retry::After(REDIAL_AFTER))
            .caused_by(e),
        _ => e,
    }
}

fn check_path(path: &str) -> Result<()> {
    crate::path::check_within(path, LONGEST_PATH)
}
