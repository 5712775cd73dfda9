//! One client at our control port: its login, encrypted or not, and what it says until it leaves.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use swim_core::model::Endpoint;
use swim_core::ports::{Accepted, Context};
use swim_core::{Error, ErrorKind, Result};
use tokio_util::sync::CancellationToken;

use super::command::Command;
use super::config::{ATTEMPTS, GOODBYE, HANDSHAKE, IDLE, LOGIN_GRACE, REFUSAL_TIME};
use super::control::Control;
use super::desk::{Desk, Place, Seat};
use super::reception::Reception;
use crate::lobby::Pass;
use crate::tls::Identity;

const FEATURES: &str = "Features:\nEPRT\nEPSV\nMDTM\nREST STREAM\nSIZE\nUTF8\nEnd";
const FEATURES_OF_TLS: &str = "Features:\nAUTH TLS\nEPRT\nEPSV\nMDTM\nPBSZ\nPROT\nREST STREAM\nSIZE\nUTF8\nEnd";
/// Verbs that FTP knows and that are not for here.
const REFUSED: &[&str] = &[
    "ACCT", "ADAT", "APPE", "CCC", "CONF", "DELE", "ENC", "HELP", "LIST", "LPRT", "LPSV", "MFMT", "MIC", "MKD", "MLSD",
    "MLST", "NLST", "REIN", "RMD", "RNFR", "RNTO", "SITE", "SMNT", "STAT", "STOU", "XMKD", "XRMD",
];

/// One connection.
pub(super) struct Visitor {
    reception: Arc<Reception>,
    control: Control,
    pub(super) peer: Endpoint,
    /// Our own address, as the client knows it.
    pub(super) local: Option<String>,
    /// That of the reception, or of the offer that the client has logged in to; it is cancelled when that ends.
    pub(super) cx: Context,
    user: String,
    pass: Pass,
    inside: Option<Seat>,
    /// Wrong logins, and handshakes that failed.
    pub(super) refused: u32,
    /// What the data connections show, once the control connection is encrypted.
    pub(super) identity: Option<Identity>,
    /// Of the control connection.
    cipher: Option<String>,
    /// Shall data connections be encrypted?
    pub(super) private: bool,
    /// Was text asked for?
    pub(super) text: bool,
    /// Where the next file begins. Some clients ask for a data connection in between.
    pub(super) from: u64,
    /// After `EPSV ALL` there is no other way to a data connection.
    pub(super) only_epsv: bool,
    pub(super) place: Option<Place>,
}

impl Visitor {
    pub(super) fn new(accepted: Accepted, reception: Arc<Reception>, pass: Pass) -> Self {
        let cx = reception.context();
        Self {
            reception,
            control: Control::new(accepted.stream),
            peer: accepted.peer,
            local: accepted.local,
            cx,
            user: String::new(),
            pass,
            inside: None,
            refused: 0,
            identity: None,
            cipher: None,
            private: false,
            text: false,
            from: 0,
            only_epsv: false,
            place: None,
        }
    }

    /// From the greeting to the end.
    pub(super) async fn attend(mut self) {
        let Err(why) = self.talk().await else { return };
        tracing::info!(peer = %self.peer, error = %why.report(), "an FTP session ended");
        // The offer may be over; the last words are not.
        let calm = Context { cancel: CancellationToken::new(), ..self.cx };
        self.control.send_away(&why, GOODBYE, &calm).await;
    }

    async fn talk(&mut self) -> Result<()> {
        self.say(220, "one file is served here").await?;
        let cx = self.cx.clone();
        let stays = cx.within(LOGIN_GRACE, "ftp", self.until(LOGIN_GRACE, |visitor| visitor.inside.is_some())).await?;
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

    pub(super) async fn say(&mut self, code: u16, text: &str) -> Result<()> {
        self.control.say(code, text, &self.cx).await
    }

    async fn obey(&mut self, command: &Command) -> Result<()> {
        let argument = command.argument.as_str();
        match command.verb.as_str() {
            // Whoever is inside has a seat, and keeps it: a login that could be left would be a way around the seats.
            "USER" | "PASS" | "AUTH" if self.inside.is_some() => self.say(503, "you are logged in").await,
            "USER" => self.name(argument).await,
            "PASS" => self.login(argument).await,
            "AUTH" | "PBSZ" | "PROT" => self.protect(&command.verb, &argument.to_ascii_uppercase()).await,
            "SYST" => self.say(215, "UNIX Type: L8").await,
            "FEAT" if self.reception.identity().is_some() => self.say(211, FEATURES_OF_TLS).await,
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
                let Some(desk) = self.inside.as_ref().map(Seat::desk) else {
                    return self.say(530, "log in first").await;
                };
                self.serve(&desk, &command.verb, argument).await
            }
            _ => self.say(500, "what?").await,
        }
    }

    /// What comes next belongs to this user.
    async fn name(&mut self, user: &str) -> Result<()> {
        self.user.clear();
        // Before the password is said.
        if self.identity.is_none() && self.reception.insists(user, &self.peer.host) {
            return self.say(530, "not in the clear: AUTH TLS first").await;
        }
        user.clone_into(&mut self.user);
        self.say(331, "password?").await
    }

    async fn login(&mut self, password: &str) -> Result<()> {
        if self.user.is_empty() {
            return self.say(503, "USER first").await;
        }
        if let Some(desk) = self.reception.admits(&self.peer.host, &self.user, password, self.identity.is_some()) {
            let Some(seat) = Desk::seat(&desk) else {
                return Err(Error::new(ErrorKind::Busy, "ftp", "there are too many connections with this login"));
            };
            self.cx = Context { cancel: desk.end.child_token(), ..desk.cx.clone() };
            desk.cipher.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&self.cipher);
            self.inside = Some(seat);
            self.pass.admitted();
            return self.say(230, "welcome").await;
        }
        self.refused += 1;
        self.cx.sleep(REFUSAL_TIME).await?;
        if self.refused >= ATTEMPTS {
            return Err(Error::new(ErrorKind::Auth, "ftp", "too many wrong logins"));
        }
        self.say(530, "wrong user or password, or used up").await
    }

    /// `AUTH`, `PBSZ` and `PROT` (RFC 4217).
    async fn protect(&mut self, verb: &str, argument: &str) -> Result<()> {
        let Some(identity) = self.reception.identity() else {
            return self.say(502, "not here: one file, nothing else").await;
        };
        match (verb, argument) {
            ("AUTH", _) if self.identity.is_some() => self.say(503, "it is encrypted").await,
            ("AUTH", "TLS" | "TLS-C") => self.secure(&identity).await,
            ("AUTH", _) => self.say(504, "AUTH TLS").await,
            _ if self.identity.is_none() => self.say(503, "AUTH TLS first").await,
            ("PBSZ", _) => self.say(200, "PBSZ=0").await,
            ("PROT", "P") => {
                self.private = true;
                self.say(200, "files are encrypted").await
            }
            ("PROT", "C") if !self.reception.insists(&self.user, &self.peer.host) => {
                self.private = false;
                self.say(200, "files are not encrypted").await
            }
            ("PROT", "C") => self.say(534, "files are not sent in the clear").await,
            _ => self.say(536, "PROT P").await,
        }
    }

    /// From here on every verb and reply is encrypted; what was said before counts no more.
    async fn secure(&mut self, identity: &Identity) -> Result<()> {
        if !self.control.is_silent() {
            // Somebody in between could have put commands here that we would take for ones that were protected.
            let message = "the client sent something between AUTH and the TLS handshake";
            return Err(Error::new(ErrorKind::UnexpectedReply, "ftp", message));
        }
        self.user.clear();
        self.say(234, "go on").await?;
        let identity = identity.for_one_client()?;
        match self.control.secure(&identity, HANDSHAKE, &self.cx).await {
            Ok(cipher) => {
                (self.identity, self.cipher) = (Some(identity), cipher);
                Ok(())
            }
            Err(e) => {
                // As slow as a wrong login: the place is held for as long.
                self.cx.sleep(REFUSAL_TIME).await?;
                Err(e)
            }
        }
    }

    /// The control connection, while a file is moved.
    pub(super) const fn control(&mut self) -> &mut Control {
        &mut self.control
    }
}
