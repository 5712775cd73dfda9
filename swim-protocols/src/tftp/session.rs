//! One transfer between two ports: what is heard there, and how long to wait for it.

use std::time::Duration;

use swim_core::model::Endpoint;
use swim_core::ports::{Context, Datagrams};
use swim_core::{Error, ErrorKind, Result};

use super::alarm::Alarm;
use super::config::{NO_ANSWER, SILENCE};
use super::packet::{ACCESS, FULL, Packet, UNDEFINED};
use super::timer::Timer;

/// After the other side's machine said that nobody is there, its last words may still lie in our queue.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long a last acknowledgement that got lost is sent again: senders wait some seconds before they repeat.
const DALLY: Duration = Duration::from_secs(10);
/// Repetitions that are answered meanwhile.
const DALLIES: usize = 16;

/// Both ends of a transfer.
#[derive(Debug)]
pub(crate) struct Session {
    socket: Box<dyn Datagrams>,
    peer: Endpoint,
    /// A server answers from a port that it picks: it is taken from its first answer.
    port_open: bool,
    pub(crate) cx: Context,
    timer: Timer,
    /// So long may nothing come that moves the transfer on.
    patience: Duration,
    /// How long that was waited for.
    quiet: Duration,
    /// When the wait for what comes next began: what moves nothing on does not begin it anew.
    waiting: Option<Duration>,
    alarm: Alarm,
    refused: Option<Error>,
    /// The other side has ended the transfer.
    over: bool,
    batch: Vec<u8>,
    each: usize,
}

impl Session {
    /// With one that asked us.
    pub(crate) async fn with(
        socket: Box<dyn Datagrams>,
        peer: Endpoint,
        cx: Context,
        wait: Option<Duration>,
    ) -> Result<Self> {
        socket.connect(&peer).await?;
        Ok(Self::open(socket, peer, cx, wait))
    }

    fn open(socket: Box<dyn Datagrams>, peer: Endpoint, cx: Context, wait: Option<Duration>) -> Self {
        let (timer, alarm) = (Timer::new(wait), Alarm::new(&cx));
        let (patience, quiet, waiting) = (SILENCE, Duration::ZERO, None);
        let (refused, over, batch, each) = (None, false, Vec::new(), 1);
        Self { socket, peer, port_open: false, cx, timer, patience, quiet, waiting, alarm, refused, over, batch, each }
    }

    /// With a server, which answers from another port than the one that is asked.
    pub(crate) fn to(socket: Box<dyn Datagrams>, server: Endpoint, cx: Context) -> Self {
        Self { port_open: true, patience: NO_ANSWER, ..Self::open(socket, server, cx, None) }
    }

    /// The other side.
    pub(crate) const fn peer(&self) -> &Endpoint {
        &self.peer
    }

    /// Sends datagrams of `each` bytes.
    pub(crate) async fn send(&mut self, batch: &[u8], each: usize) -> Result<()> {
        match self.socket.send(batch, each, &self.peer).await {
            // It concerns an earlier datagram. The timer sends this one again if need be.
            Err(e) if e.kind() == ErrorKind::Unreachable => {
                self.refused = Some(e);
                Ok(())
            }
            other => other,
        }
    }

    pub(crate) async fn say(&mut self, packet: &Packet<'_>) -> Result<()> {
        let bytes = packet.bytes();
        self.send(&bytes, bytes.len()).await
    }

    /// Waits for datagrams of the other side, which [`Session::heard`] holds then. `false`: so long after the last thing that
    /// was sent, or that moved the transfer on, nothing came that did.
    ///
    /// # Errors
    /// `Timeout` when nothing moved the transfer on for too long, whatever came.
    pub(crate) async fn hear(&mut self, wait: Duration) -> Result<bool> {
        let began = self.cx.clock.monotonic();
        let until = *self.waiting.get_or_insert(began) + wait;
        let heard = self.hear_until(until.min(began + self.patience.saturating_sub(self.quiet))).await?;
        self.quiet += self.cx.clock.monotonic().saturating_sub(began);
        if self.quiet >= self.patience {
            let message = format!("nothing came for {} s that moves the transfer on", self.quiet.as_secs());
            return Err(Error::new(ErrorKind::Timeout, "tftp", message));
        }
        if !heard {
            self.waiting = None;
        }
        Ok(heard)
    }

    async fn hear_until(&mut self, mut until: Duration) -> Result<bool> {
        loop {
            if self.refused.is_some() {
                until = until.min(self.cx.clock.monotonic() + LAST_WORDS);
            }
            let (stopped, rings) = self.alarm.ends(until);
            let received = tokio::select! {
                biased;
                () = stopped => {
                    return Err(Error::new(ErrorKind::Cancelled, "tftp", "stopped on request"));
                }
                received = self.socket.receive(&mut self.batch) => received,
                () = rings => {
                    return self.refused.take().map_or(Ok(false), Err);
                }
            };
            match received {
                Ok((each, from)) => {
                    self.each = each;
                    let first = self.port_open;
                    if self.is_ours(&from) {
                        if first {
                            self.socket.connect(&self.peer).await?;
                        }
                        self.refused = None;
                        return Ok(true);
                    }
                }
                Err(e) if e.kind() == ErrorKind::Unreachable => self.refused = Some(e),
                Err(e) => return Err(e),
            }
            // Strangers must not keep us from noticing a silence.
            if self.cx.clock.monotonic() >= until {
                return self.refused.take().map_or(Ok(false), Err);
            }
        }
    }

    /// Does the batch come from the other side? Others have no business at this port, and get no answer: whoever forges
    /// senders would have us knock at their doors.
    fn is_ours(&mut self, from: &Endpoint) -> bool {
        if !self.port_open {
            return *from == self.peer;
        }
        let first = self.batch.get(..self.each.min(self.batch.len())).unwrap_or_default();
        let answers = matches!(Packet::read(first), Ok(packet) if !matches!(packet, Packet::Request(_)));
        if from.host == self.peer.host && answers {
            self.peer.port = from.port;
            self.port_open = false;
        }
        !self.port_open
    }

    /// What came: datagrams of this length, the last may be shorter.
    pub(crate) fn heard(&mut self) -> (Vec<u8>, usize) {
        (std::mem::take(&mut self.batch), self.each)
    }

    /// Gives the memory back for the next ones.
    pub(crate) fn reuse(&mut self, batch: Vec<u8>) {
        self.batch = batch;
    }

    /// The other side ends the transfer with an error, which is not answered (RFC 1350, section 7).
    pub(crate) fn ended_by_peer(&mut self, code: u16, words: &str) -> Error {
        self.over = true;
        refusal(code, words)
    }

    /// Tells the other side why it ends here, so that it need not wait until it gives up. Who has ended it knows: it may have
    /// begun anew at the same port, and would take our words for the answer to that.
    pub(crate) async fn farewell(&mut self, e: &Error) {
        if self.over {
            return;
        }
        let code = match e.kind() {
            ErrorKind::NoSpace => FULL,
            ErrorKind::Privilege => ACCESS,
            ErrorKind::UnexpectedReply => super::packet::OPTIONS,
            _ => UNDEFINED,
        };
        // Other parts of us name what the other side has no business to know, such as our files.
        let words = if e.operation() == "tftp" { e.message() } else { "the transfer cannot go on" };
        let _ = self.say(&Packet::Error(code, words.to_owned())).await;
    }

    /// Acknowledges the last block, and answers its repetitions for a while: that acknowledgement may get lost.
    pub(crate) async fn part(mut self, last: u16) {
        if self.say(&Packet::Ack(last)).await.is_err() {
            return;
        }
        self.cx.cancel = tokio_util::sync::CancellationToken::new();
        self.alarm.obey(&self.cx.cancel);
        tokio::spawn(async move {
            let until = self.cx.clock.monotonic() + DALLY;
            for _ in 0..DALLIES {
                let left = until.saturating_sub(self.cx.clock.monotonic());
                if left.is_zero() || !matches!(self.hear(left).await, Ok(true)) {
                    return;
                }
                let (batch, each) = self.heard();
                let repeated = |d: &[u8]| matches!(Packet::read(d), Ok(Packet::Data(block, _)) if block == last);
                if batch.chunks(each).any(repeated) && self.say(&Packet::Ack(last)).await.is_err() {
                    return;
                }
            }
        });
    }

    /// The transfer has begun: the wait that was agreed to, if any, replaces ours.
    pub(crate) fn begins(&mut self, wait: Option<Duration>) {
        self.patience = SILENCE;
        self.timer.agree(wait);
        self.moved_on(None);
    }

    /// The transfer moved on; what was asked once was answered after so long.
    pub(crate) fn moved_on(&mut self, took: Option<Duration>) {
        (self.quiet, self.waiting) = (Duration::ZERO, None);
        match took {
            Some(took) => self.timer.measured(took),
            None => self.timer.progress(),
        }
    }

    /// What is waited for now was asked for just now.
    pub(crate) const fn asked(&mut self) {
        self.waiting = None;
    }

    /// Nothing came in time.
    pub(crate) fn expired(&mut self) {
        self.timer.expired();
    }

    /// How long an answer is waited for.
    pub(crate) const fn wait(&self) -> Duration {
        self.timer.wait()
    }

    /// The round trip, when it is known.
    pub(crate) fn trip(&self) -> Option<Duration> {
        self.timer.trip()
    }
}

/// What the other side's error means.
pub(crate) fn refusal(code: u16, words: &str) -> Error {
    let kind = match code {
        1 => ErrorKind::NotFound,
        2 => ErrorKind::Privilege,
        3 => ErrorKind::NoSpace,
        4 | 8 => ErrorKind::Unsupported,
        5 => ErrorKind::Interrupted,
        6 => ErrorKind::Conflict,
        7 => ErrorKind::Auth,
        _ => ErrorKind::DeviceRejected,
    };
    Error::new(kind, "tftp", format!("the other side ended the transfer (error {code})")).said(words)
}
