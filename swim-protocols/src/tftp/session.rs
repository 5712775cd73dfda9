//! One transfer between two ports: what is heard there, and how long to wait for it.

use std::time::Duration;

use swim_core::model::Endpoint;
use swim_core::ports::{Context, Datagrams};
use swim_core::{Error, ErrorKind, Result};

use super::config::{FIRST_WAIT, LONGEST_WAIT, SHORTEST_WAIT, SILENCE};
use super::packet::{ACCESS, FULL, Packet, UNDEFINED};

/// After the other side's machine said that nobody is there, its last words may still lie in our queue.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long a last acknowledgement that got lost is sent again: senders wait some seconds before they repeat.
const DALLY: Duration = Duration::from_secs(10);
/// Repetitions that are answered meanwhile.
const DALLIES: usize = 16;

/// How long to wait before something is repeated (RFC 6298, with a smaller reserve: a repetition too many is harmless).
#[derive(Debug)]
pub(crate) struct Timer {
    wait: Duration,
    /// The smoothed round trip and its variation.
    trip: Option<(Duration, Duration)>,
    /// The other side told how long to wait.
    fixed: bool,
    quiet: Duration,
}

impl Timer {
    pub(crate) fn new(agreed: Option<Duration>) -> Self {
        Self { wait: agreed.unwrap_or(FIRST_WAIT), trip: None, fixed: agreed.is_some(), quiet: Duration::ZERO }
    }

    /// The wait that was agreed replaces ours.
    pub(crate) fn agree(&mut self, wait: Option<Duration>) {
        if let Some(wait) = wait {
            (self.wait, self.fixed) = (wait, true);
        }
    }

    pub(crate) const fn wait(&self) -> Duration {
        self.wait
    }

    /// The smoothed round trip.
    pub(crate) fn trip(&self) -> Option<Duration> {
        self.trip.map(|(smooth, _)| smooth)
    }

    /// An answer took so long. Only for what was sent once: else nobody knows what was answered.
    pub(crate) fn measured(&mut self, took: Duration) {
        self.trip = Some(match self.trip {
            None => (took, took / 2),
            Some((smooth, varies)) => ((smooth * 7 + took) / 8, (varies * 3 + smooth.abs_diff(took)) / 4),
        });
        self.progress();
    }

    /// The transfer moved on.
    pub(crate) fn progress(&mut self) {
        self.quiet = Duration::ZERO;
        if let Some((smooth, varies)) = self.trip.filter(|_| !self.fixed) {
            self.wait = (smooth + (varies * 4).max(smooth / 2)).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        }
    }

    /// Nothing came in time: waits longer, and gives up in the end.
    ///
    /// # Errors
    /// `Timeout` after a long silence.
    pub(crate) fn expired(&mut self, most: Duration) -> Result<()> {
        self.quiet += self.wait;
        if self.quiet >= most {
            let message = format!("the other side was silent for {} s", self.quiet.as_secs());
            return Err(Error::new(ErrorKind::Timeout, "tftp", message));
        }
        if !self.fixed {
            self.wait = (self.wait * 2).min(LONGEST_WAIT);
        }
        Ok(())
    }
}

/// Both ends of a transfer.
#[derive(Debug)]
pub(crate) struct Session {
    socket: Box<dyn Datagrams>,
    peer: Endpoint,
    /// A server answers from a port that it picks: it is taken from its first answer.
    port_open: bool,
    pub(crate) cx: Context,
    pub(crate) timer: Timer,
    refused: Option<Error>,
    batch: Vec<u8>,
    each: usize,
}

impl Session {
    /// With one that asked us.
    pub(crate) fn with(socket: Box<dyn Datagrams>, peer: Endpoint, cx: Context, wait: Option<Duration>) -> Self {
        let timer = Timer::new(wait);
        Self { socket, peer, port_open: false, cx, timer, refused: None, batch: Vec::new(), each: 1 }
    }

    /// With a server, which answers from another port than the one that is asked.
    pub(crate) fn to(socket: Box<dyn Datagrams>, server: Endpoint, cx: Context) -> Self {
        Self { port_open: true, ..Self::with(socket, server, cx, None) }
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

    /// Waits for datagrams of the other side, which [`Session::heard`] holds then. `false`: none came.
    pub(crate) async fn hear(&mut self, mut wait: Duration) -> Result<bool> {
        let began = self.cx.clock.monotonic();
        loop {
            if self.refused.is_some() {
                wait = wait.min(LAST_WORDS);
            }
            let left = wait.saturating_sub(self.cx.clock.monotonic().saturating_sub(began));
            let received = tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => {
                    return Err(Error::new(ErrorKind::Cancelled, "tftp", "stopped on request"));
                }
                received = self.socket.receive(&mut self.batch) => received,
                () = self.cx.clock.sleep(left) => {
                    return self.refused.take().map_or(Ok(false), Err);
                }
            };
            match received {
                Ok((each, from)) => {
                    self.each = each;
                    if self.is_ours(&from) {
                        self.refused = None;
                        return Ok(true);
                    }
                }
                Err(e) if e.kind() == ErrorKind::Unreachable => self.refused = Some(e),
                Err(e) => return Err(e),
            }
            // Strangers must not keep us from noticing a silence.
            if self.cx.clock.monotonic().saturating_sub(began) >= wait {
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

    /// Tells the other side why it ends here, so that it need not wait until it gives up.
    pub(crate) async fn farewell(&mut self, e: &Error) {
        let code = match e.kind() {
            ErrorKind::NoSpace => FULL,
            ErrorKind::Privilege => ACCESS,
            ErrorKind::UnexpectedReply => super::packet::OPTIONS,
            _ => UNDEFINED,
        };
        let _ = self.say(&Packet::Error(code, e.message().to_owned())).await;
    }

    /// Answers repetitions of the last block for a while: its acknowledgement may have been lost.
    pub(crate) fn dally(mut self, last: u16) {
        self.cx.cancel = tokio_util::sync::CancellationToken::new();
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

    /// Nothing came in time.
    pub(crate) fn expired(&mut self) -> Result<()> {
        self.timer.expired(SILENCE)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_the_round_trip_and_doubles_in_silence() {
        let trip = Duration::from_millis(50);
        let mut timer = Timer::new(None);
        assert_eq!(timer.wait(), FIRST_WAIT);
        for _ in 0..40 {
            timer.measured(trip);
        }
        assert_eq!(timer.wait(), trip * 3 / 2);
        timer.expired(SILENCE).unwrap();
        assert_eq!(timer.wait(), trip * 3);
        timer.progress();
        assert_eq!(timer.wait(), trip * 3 / 2);
        let silent = (0..100).find_map(|_| timer.expired(SILENCE).err()).unwrap();
        assert_eq!(silent.kind(), ErrorKind::Timeout);
        let mut agreed = Timer::new(Some(Duration::from_secs(3)));
        agreed.measured(trip);
        agreed.expired(SILENCE).unwrap();
        assert_eq!(agreed.wait(), Duration::from_secs(3));
    }
}
