//! What a client may ask once it is logged in: the file, and the data connection on which it moves.

use std::sync::Arc;

use swim_core::{Error, ErrorKind, Result};

use super::command::{extended_port, passive, port};
use super::config::{ATTEMPTS, HEARD, LEAST_PORT};
use super::control::Stop;
use super::desk::{Desk, Fault, NO_ROOM, NOT_SECURED, Place, Taken, Way, closed_in_time, discard, reached};
use super::visitor::Visitor;
use crate::served::Goods;

impl Visitor {
    pub(super) async fn serve(&mut self, desk: &Arc<Desk>, verb: &str, argument: &str) -> Result<()> {
        match verb {
            "TYPE" => match argument.to_ascii_uppercase().as_str() {
                "I" | "L 8" | "L8" => {
                    self.text = false;
                    self.say(200, "binary").await
                }
                "A" | "A N" => {
                    self.text = true;
                    self.say(200, "text; the file is binary").await
                }
                _ => self.say(504, "TYPE I").await,
            },
            "MODE" if argument.eq_ignore_ascii_case("S") => self.say(200, "a stream").await,
            "STRU" if argument.eq_ignore_ascii_case("F") => self.say(200, "a file").await,
            "MODE" | "STRU" => self.say(504, "a stream of bytes, nothing else").await,
            "PWD" | "XPWD" => self.say(257, "\"/\"").await,
            "CWD" | "XCWD" if !matches!(argument, "/" | "." | "./" | "~" | "") => {
                self.say(550, "there is no folder").await
            }
            "CWD" | "XCWD" | "CDUP" | "XCUP" => self.say(250, "/").await,
            "ALLO" => self.allocate(desk, argument).await,
            "SIZE" | "MDTM" => self.tell(desk, verb, argument).await,
            "REST" => self.restart(desk, argument).await,
            "PASV" | "EPSV" => self.wait_for_data(desk, verb, argument).await,
            "PORT" | "EPRT" => self.dial_for_data(verb, argument).await,
            "RETR" => self.send(desk, argument).await,
            "STOR" => self.take(desk, argument).await,
            _ => self.say(226, "nothing is under way").await,
        }
    }

    async fn allocate(&mut self, desk: &Desk, argument: &str) -> Result<()> {
        let bytes = argument.split_whitespace().next().and_then(|n| n.parse::<u64>().ok());
        match (&desk.goods, bytes) {
            (_, None) => self.say(501, "how many bytes?").await,
            (Goods::In(accept, _), Some(bytes)) if bytes > accept.most => {
                self.say(NO_ROOM, "so many bytes are not taken").await
            }
            _ => self.say(202, "not needed").await,
        }
    }

    async fn tell(&mut self, desk: &Desk, verb: &str, path: &str) -> Result<()> {
        match &desk.goods {
            Goods::Out(offer, _) if names_it(desk, path) => match verb {
                "SIZE" if self.text => self.say(550, "as text its size is not known: TYPE I").await,
                "SIZE" => self.say(213, &offer.bytes.to_string()).await,
                _ => self.say(213, &desk.since).await,
            },
            _ => self.say(550, "no such file").await,
        }
    }

    async fn restart(&mut self, desk: &Desk, argument: &str) -> Result<()> {
        match (&desk.goods, argument.parse::<u64>()) {
            (_, Err(_)) => self.say(501, "at which byte?").await,
            (Goods::In(..), Ok(1..)) => self.say(501, "an upload begins at its beginning").await,
            (Goods::Out(offer, _), Ok(from)) if from > offer.bytes => self.say(554, "the file is shorter").await,
            (_, Ok(from)) => {
                self.from = from;
                self.say(350, "and now?").await
            }
        }
    }

    /// Opens a door for the client's data connection, at the address that it has dialled.
    async fn wait_for_data(&mut self, desk: &Desk, verb: &str, argument: &str) -> Result<()> {
        self.place = None;
        let ours = self.local.clone().unwrap_or_else(|| desk.config.bind.clone());
        let family = if ours.contains(':') { "2" } else { "1" };
        if verb == "EPSV" {
            match argument.to_ascii_uppercase().as_str() {
                "ALL" => {
                    self.only_epsv = true;
                    return self.say(200, "EPSV, nothing else").await;
                }
                "" => {}
                asked if asked == family => {}
                _ => return self.say(522, &format!("use ({family})")).await,
            }
        } else if self.only_epsv {
            return self.say(503, "EPSV ALL was said").await;
        } else if ours == "0.0.0.0" || passive(&ours, 0).is_none() {
            return self.say(425, "there is no IPv4 here: EPSV").await;
        }
        let opened = crate::door::open(desk.network.as_ref(), &ours, desk.config.passive_ports).await;
        let door = match opened {
            Ok(door) => door,
            Err(e) => {
                tracing::warn!(error = %e, "there is no port for a data connection");
                return self.say(425, "there is no free port").await;
            }
        };
        let port = door.local().port;
        self.place = Some(Place::Door(door));
        match passive(&ours, port).filter(|_| verb == "PASV") {
            Some(numbers) => self.say(227, &format!("Entering Passive Mode ({numbers}).")).await,
            None => self.say(229, &format!("Entering Extended Passive Mode (|||{port}|)")).await,
        }
    }

    /// Takes the place where the client waits: nobody else is ever dialled for it.
    async fn dial_for_data(&mut self, verb: &str, argument: &str) -> Result<()> {
        self.place = None;
        if self.only_epsv {
            return self.say(503, "EPSV ALL was said").await;
        }
        let mut place = if verb == "PORT" { port(argument) } else { extended_port(argument) };
        // So says a client that does not know its own address (lftp over IPv6).
        if let Some(at) = place.as_mut().filter(|at| matches!(at.host.as_str(), "0.0.0.0" | "::")) {
            at.host.clone_from(&self.peer.host);
        }
        match place {
            None => self.say(501, "that is no address").await,
            Some(at) if at.host != self.peer.host || at.port < LEAST_PORT => {
                tracing::warn!(peer = %self.peer, asked = %at, "a client names another place for its data");
                self.say(504, "your own address and a port from 1024 on, nothing else").await
            }
            Some(at) => {
                self.place = Some(Place::Peer(at));
                self.say(200, "there").await
            }
        }
    }

    /// What a transfer needs: an offset and a data connection.
    async fn begin(&mut self, desk: &Desk, path: &str) -> Result<Option<(u64, Way)>> {
        let (from, place) = (std::mem::take(&mut self.from), self.place.take());
        if desk.identity.is_some() && !self.private {
            return self.say(521, "not in the clear: PBSZ 0 and PROT P first").await.map(|()| None);
        }
        if !names_it(desk, path) {
            return self.say(550, "no such file").await.map(|()| None);
        }
        if self.text {
            return self.say(550, "not as text: TYPE I").await.map(|()| None);
        }
        let Some(place) = place else {
            return self.say(425, "PASV, EPSV, PORT or EPRT first").await.map(|()| None);
        };
        let reads = matches!(desk.goods, Goods::Out(..));
        let identity = self.identity.as_ref().filter(|_| self.private).map(|identity| identity.continued(reads));
        Ok(Some((from, Way { place, peer: self.peer.host.clone(), identity })))
    }

    async fn send(&mut self, desk: &Desk, path: &str) -> Result<()> {
        let cx = self.cx.clone();
        let Goods::Out(offer, pulls) = &desk.goods else { return self.say(550, "nothing can be read here").await };
        if !pulls.open() {
            return self.say(550, "this offer is used up").await;
        }
        let Some((from, way)) = self.begin(desk, path).await? else { return Ok(()) };
        self.say(150, "here it comes").await?;
        let sent = tokio::select! {
            biased;
            stop = self.control().watch_reader() => Err(stop),
            sent = desk.send(offer, pulls, way, from, &cx) => Ok(sent),
        };
        match sent {
            Ok(Ok(Taken::Surely)) => {
                desk.arrived(offer, pulls, from);
                self.say(226, "that was all").await
            }
            Ok(Ok(Taken::Perhaps(mut data))) => {
                self.say(226, "that was all").await?;
                // Whoever answers that with the next command has read it, where his machine has all of it.
                let taken = tokio::select! {
                    speaks = self.control().speaks_anew() => speaks && reached(&data, &cx).await.is_ok(),
                    closed = closed_in_time(&mut data, &cx) => closed.is_ok(),
                };
                if taken {
                    desk.arrived(offer, pulls, from);
                }
                Ok(())
            }
            Ok(Ok(Taken::Unknown)) => {
                tracing::info!(device = %desk.goods.device(), "who reads the file closed its side before the end");
                self.say(226, "that was all").await
            }
            Ok(Err(fault)) => self.failed(desk, fault).await,
            Err(stop) => self.stopped(stop).await,
        }
    }

    async fn take(&mut self, desk: &Desk, path: &str) -> Result<()> {
        let cx = self.cx.clone();
        let Goods::In(accept, intake) = &desk.goods else { return self.say(550, "nothing can be written here").await };
        if intake.whole().is_some() {
            return self.say(550, "the file was taken").await;
        }
        let Some((_, way)) = self.begin(desk, path).await? else { return Ok(()) };
        self.say(150, "give it").await?;
        let taken = tokio::select! {
            biased;
            stop = self.control().watch() => Err(stop),
            taken = desk.take(accept, intake, way, &cx) => Ok(taken),
        };
        match taken {
            Ok(Ok(())) => self.say(226, "the file is safe").await,
            Ok(Err(fault)) => self.failed(desk, fault).await,
            Err(stop) => self.stopped(stop).await,
        }
    }

    async fn failed(&mut self, desk: &Desk, Fault { code, error, unread }: Fault) -> Result<()> {
        if error.kind() == ErrorKind::Cancelled {
            return Err(error);
        }
        desk.goods.ended_early(&error);
        let words = match code {
            425 => "there was no data connection",
            426 => "the data connection broke",
            NO_ROOM if error.kind() == ErrorKind::NoSpace => "there is no space left here",
            NO_ROOM => "the file is too large",
            NOT_SECURED => "the data connection was not secured",
            _ => "it went wrong here",
        };
        self.say(code, words).await?;
        if let Some(mut data) = unread {
            let cx = self.cx.clone();
            tokio::select! {
                _ = self.control().speaks_anew() => {}
                read = discard(&mut data) => tracing::debug!(?read, "a data connection that is not wanted ended"),
                waited = cx.sleep(HEARD) => waited?,
            }
        }
        // A handshake is as dear as a login.
        self.refused += u32::from(code == NOT_SECURED);
        if self.refused >= ATTEMPTS {
            return Err(Error::new(ErrorKind::Auth, "ftp", "too many handshakes that failed"));
        }
        Ok(())
    }

    async fn stopped(&mut self, stop: Stop) -> Result<()> {
        match stop {
            Stop::Gone => Err(Error::new(ErrorKind::Interrupted, "ftp", "the client left in the middle of a file")),
            Stop::Flood => {
                let message = "the client says too much in the middle of a file";
                Err(Error::new(ErrorKind::UnexpectedReply, "ftp", message))
            }
            Stop::Abort => {
                self.say(426, "stopped").await?;
                self.say(226, "as you wished").await
            }
        }
    }
}

/// Is this the file? There are no folders.
fn names_it(desk: &Desk, path: &str) -> bool {
    let plain = path.strip_prefix("./").or_else(|| path.strip_prefix('/')).unwrap_or(path);
    plain == desk.goods.name()
}
