//! One client at an offer or accept: its login, and what it may ask.

use std::sync::Arc;
use std::time::Duration;

use swim_core::model::Endpoint;
use swim_core::ports::{Accepted, Context};
use swim_core::{Error, ErrorKind, Result};
use tokio_util::sync::CancellationToken;

use super::command::{Command, extended_port, passive, port};
use super::config::{ATTEMPTS, GOODBYE, IDLE, LEAST_PORT, LOGIN_GRACE, REFUSAL_TIME};
use super::control::{Control, Stop};
use super::desk::{Desk, Fault, Place, Taken, closed_in_time};
use crate::lobby::Pass;
use crate::served::Goods;

const FEATURES: &str = "Features:\nEPRT\nEPSV\nMDTM\nREST STREAM\nSIZE\nUTF8\nEnd";
/// Verbs that FTP knows and that are not for here.
const REFUSED: &[&str] = &[
    "ACCT", "APPE", "AUTH", "DELE", "HELP", "LIST", "LPRT", "LPSV", "MFMT", "MKD", "MLSD", "MLST", "NLST", "PBSZ",
    "PROT", "REIN", "RMD", "RNFR", "RNTO", "SITE", "SMNT", "STAT", "STOU", "XMKD", "XRMD",
];

/// One connection.
pub(super) struct Visitor {
    desk: Arc<Desk>,
    pass: Pass,
    control: Control,
    peer: Endpoint,
    /// Our own address, as the client knows it.
    local: Option<String>,
    /// It is cancelled when the offer ends.
    cx: Context,
    user: String,
    inside: bool,
    refused: u32,
    /// Was text asked for?
    text: bool,
    /// Where the next file begins. Some clients ask for a data connection in between.
    from: u64,
    /// After `EPSV ALL` there is no other way to a data connection.
    only_epsv: bool,
    place: Option<Place>,
}

impl Visitor {
    pub(super) fn new(accepted: Accepted, desk: Arc<Desk>, pass: Pass) -> Self {
        let cx = Context { cancel: pass.cut(), ..desk.cx.clone() };
        Self {
            desk,
            pass,
            control: Control::new(accepted.stream),
            peer: accepted.peer,
            local: accepted.local,
            cx,
            user: String::new(),
            inside: false,
            refused: 0,
            text: false,
            from: 0,
            only_epsv: false,
            place: None,
        }
    }

    /// From the greeting to the end.
    pub(super) async fn attend(mut self) {
        let Err(why) = self.talk().await else { return };
        tracing::info!(device = %self.desk.goods.device(), peer = %self.peer, error = %why, "an FTP session ended");
        // The offer may be over; the last words are not.
        let calm = Context { cancel: CancellationToken::new(), ..self.cx };
        self.control.send_away(&why, GOODBYE, &calm).await;
    }

    async fn talk(&mut self) -> Result<()> {
        self.say(220, "one file is served here").await?;
        let cx = self.cx.clone();
        let stays = cx.within(LOGIN_GRACE, "ftp", self.until(LOGIN_GRACE, |visitor| visitor.inside)).await?;
        if stays {
            self.until(IDLE, |_| false).await?;
        }
        Ok(())
    }

    /// Obeys until something is true, or the client leaves: says whether it stays.
    async fn until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool + Send + Sync) -> Result<bool> {
        while !done(self) {
            let Some(command) = self.control.next(limit, &self.cx).await? else { return Ok(false) };
            if command.verb == "QUIT" {
                self.say(221, "goodbye").await?;
                return Ok(false);
            }
            self.obey(&command).await?;
        }
        Ok(true)
    }

    async fn say(&mut self, code: u16, text: &str) -> Result<()> {
        self.control.say(code, text, &self.cx).await
    }

    async fn obey(&mut self, command: &Command) -> Result<()> {
        let argument = command.argument.as_str();
        match command.verb.as_str() {
            "USER" => {
                // What comes next belongs to this user.
                (self.inside, self.user) = (false, argument.to_owned());
                self.say(331, "password?").await
            }
            "PASS" => self.login(argument).await,
            "SYST" => self.say(215, "UNIX Type: L8").await,
            "FEAT" => self.say(211, FEATURES).await,
            "NOOP" => self.say(200, "fine").await,
            "CLNT" => self.say(200, "hello").await,
            "OPTS" => match argument.to_ascii_uppercase().as_str() {
                "UTF8" | "UTF8 ON" => self.say(200, "names are UTF-8").await,
                _ => self.say(501, "no such option").await,
            },
            verb if REFUSED.contains(&verb) => self.say(502, "not here: one file, nothing else").await,
            "TYPE" | "MODE" | "STRU" | "PWD" | "XPWD" | "CWD" | "XCWD" | "CDUP" | "XCUP" | "ALLO" | "SIZE" | "MDTM"
            | "REST" | "PASV" | "EPSV" | "PORT" | "EPRT" | "RETR" | "STOR" | "ABOR" => {
                if !self.inside {
                    return self.say(530, "log in first").await;
                }
                self.serve(&command.verb, argument).await
            }
            _ => self.say(500, "what?").await,
        }
    }

    async fn login(&mut self, password: &str) -> Result<()> {
        if self.user.is_empty() {
            return self.say(503, "USER first").await;
        }
        if self.desk.admits(&self.peer.host, &self.user, password) {
            self.inside = true;
            self.pass.admitted();
            return self.say(230, "welcome").await;
        }
        self.inside = false;
        self.refused += 1;
        self.cx.sleep(REFUSAL_TIME).await?;
        if self.refused >= ATTEMPTS {
            return Err(Error::new(ErrorKind::Auth, "ftp", "too many wrong logins"));
        }
        self.say(530, "wrong user or password, or used up").await
    }

    async fn serve(&mut self, verb: &str, argument: &str) -> Result<()> {
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
            "ALLO" => self.allocate(argument).await,
            "SIZE" | "MDTM" => self.tell(verb, argument).await,
            "REST" => self.restart(argument).await,
            "PASV" | "EPSV" => self.wait_for_data(verb, argument).await,
            "PORT" | "EPRT" => self.dial_for_data(verb, argument).await,
            "RETR" => self.send(argument).await,
            "STOR" => self.take(argument).await,
            _ => self.say(226, "nothing is under way").await,
        }
    }

    /// Is this the file? There are no folders.
    fn names_it(&self, path: &str) -> bool {
        let plain = path.strip_prefix("./").or_else(|| path.strip_prefix('/')).unwrap_or(path);
        plain == self.desk.goods.name()
    }

    async fn allocate(&mut self, argument: &str) -> Result<()> {
        let bytes = argument.split_whitespace().next().and_then(|n| n.parse::<u64>().ok());
        match (&self.desk.goods, bytes) {
            (_, None) => self.say(501, "how many bytes?").await,
            (Goods::In(accept, _), Some(bytes)) if bytes > accept.most => {
                self.say(552, "so many bytes are not taken").await
            }
            _ => self.say(202, "not needed").await,
        }
    }

    async fn tell(&mut self, verb: &str, path: &str) -> Result<()> {
        let desk = Arc::clone(&self.desk);
        match &desk.goods {
            Goods::Out(offer, _) if self.names_it(path) => match verb {
                "SIZE" if self.text => self.say(550, "as text its size is not known: TYPE I").await,
                "SIZE" => self.say(213, &offer.bytes.to_string()).await,
                _ => self.say(213, &desk.since).await,
            },
            _ => self.say(550, "no such file").await,
        }
    }

    async fn restart(&mut self, argument: &str) -> Result<()> {
        let desk = Arc::clone(&self.desk);
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
    async fn wait_for_data(&mut self, verb: &str, argument: &str) -> Result<()> {
        self.place = None;
        let ours = self.local.clone().unwrap_or_else(|| self.desk.config.bind.clone());
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
        let opened = crate::door::open(self.desk.network.as_ref(), &ours, self.desk.config.passive_ports).await;
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
    async fn begin(&mut self, path: &str) -> Result<Option<(u64, Place)>> {
        let (from, place) = (std::mem::take(&mut self.from), self.place.take());
        if !self.names_it(path) {
            return self.say(550, "no such file").await.map(|()| None);
        }
        if self.text {
            return self.say(550, "not as text: TYPE I").await.map(|()| None);
        }
        let Some(place) = place else {
            return self.say(425, "PASV, EPSV, PORT or EPRT first").await.map(|()| None);
        };
        Ok(Some((from, place)))
    }

    async fn send(&mut self, path: &str) -> Result<()> {
        let (desk, cx, peer) = (Arc::clone(&self.desk), self.cx.clone(), self.peer.host.clone());
        let Goods::Out(offer, pulls) = &desk.goods else { return self.say(550, "nothing can be read here").await };
        if !pulls.open() {
            return self.say(550, "this offer is used up").await;
        }
        let Some((from, place)) = self.begin(path).await? else { return Ok(()) };
        self.say(150, "here it comes").await?;
        let sent = tokio::select! {
            biased;
            stop = self.control.watch() => Err(stop),
            sent = desk.send(offer, pulls, place, from, &peer, &cx) => Ok(sent),
        };
        match sent {
            Ok(Ok(Taken::Surely)) => {
                desk.arrived(offer, pulls, from);
                self.say(226, "that was all").await
            }
            Ok(Ok(Taken::Perhaps(mut data))) => {
                self.say(226, "that was all").await?;
                // Whoever goes on talking has read it.
                let taken = tokio::select! {
                    speaks = self.control.speaks() => speaks,
                    closed = closed_in_time(&mut data, &cx) => closed.is_ok(),
                };
                if taken {
                    desk.arrived(offer, pulls, from);
                }
                Ok(())
            }
            Ok(Err(fault)) => self.failed(fault).await,
            Err(stop) => self.stopped(stop).await,
        }
    }

    async fn take(&mut self, path: &str) -> Result<()> {
        let (desk, cx, peer) = (Arc::clone(&self.desk), self.cx.clone(), self.peer.host.clone());
        let Goods::In(accept, intake) = &desk.goods else { return self.say(550, "nothing can be written here").await };
        if intake.whole().is_some() {
            return self.say(550, "the file was taken").await;
        }
        let Some((_, place)) = self.begin(path).await? else { return Ok(()) };
        self.say(150, "give it").await?;
        let taken = tokio::select! {
            biased;
            stop = self.control.watch() => Err(stop),
            taken = desk.take(accept, intake, place, &peer, &cx) => Ok(taken),
        };
        match taken {
            Ok(Ok(())) => self.say(226, "the file is safe").await,
            Ok(Err(fault)) => self.failed(fault).await,
            Err(stop) => self.stopped(stop).await,
        }
    }

    async fn failed(&mut self, Fault(code, error): Fault) -> Result<()> {
        if error.kind() == ErrorKind::Cancelled {
            return Err(error);
        }
        tracing::info!(device = %self.desk.goods.device(), error = %error, "a transfer ended early");
        let words = match code {
            425 => "there was no data connection",
            426 => "the data connection broke",
            552 => "the file is too large",
            _ => "it went wrong here",
        };
        self.say(code, words).await
    }

    async fn stopped(&mut self, stop: Stop) -> Result<()> {
        if stop == Stop::Gone {
            return Err(Error::new(ErrorKind::Interrupted, "ftp", "the client left in the middle of a file"));
        }
        self.say(426, "stopped").await?;
        self.say(226, "as you wished").await
    }
}
