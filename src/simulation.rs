//! A client of simulated devices on this machine: its time runs as fast as theirs, and it can reach nothing else.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use swim_core::model::Endpoint;
use swim_core::ports::{Clock, Datagrams, Dialed, Listener, Network};
use swim_core::{Error, ErrorKind, Result};
use swim_protocols::clock::TokioClock;
use swim_sim::PacedClock;

/// For trying a program on simulated devices before it meets real ones.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Simulation {
    /// So many seconds pass in one second, for this client as for the devices: an hour of reloads takes a minute at 60.
    pub pace: u32,
    /// Since when: processes that share a data folder must agree on the time. Default: since the client was opened.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

impl Simulation {
    /// The largest pace: at more, a simulated minute is shorter than a busy machine's pauses, and calls time out.
    const FASTEST: u32 = 1000;

    pub(crate) fn clock(self) -> Result<Arc<dyn Clock>> {
        if !(1..=Self::FASTEST).contains(&self.pace) {
            return Err(Error::invalid("simulation.pace", self.pace, "must be 1 to 1000"));
        }
        let now = TokioClock::system().now();
        let since = self.since.unwrap_or(now);
        let ahead = now.duration_since(since).checked_mul(i32::try_from(self.pace).unwrap_or(i32::MAX));
        let start = ahead.and_then(|ahead| since.checked_add(ahead).ok());
        let start = start.ok_or_else(|| Error::invalid("simulation.since", since, "too long ago for this pace"))?;
        Ok(Arc::new(PacedClock::new(start, self.pace)))
    }
}

/// Real devices would be given too little time by a clock that runs faster: only this machine can be reached.
#[derive(Debug)]
pub(crate) struct OnlyLoopback(pub(crate) Arc<dyn Network>);

fn loopback(at: &Endpoint, what: &str) -> Result<()> {
    if at.host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback()) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        what,
        format!("{at} is no loopback address, and this client is configured for a simulation"),
    )
    .with("endpoint", at))
}

#[async_trait]
impl Network for OnlyLoopback {
    async fn dial(&self, to: &Endpoint) -> Result<Dialed> {
        loopback(to, "connect")?;
        self.0.dial(to).await
    }

    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>> {
        loopback(at, "listen")?;
        self.0.listen(at).await
    }

    async fn datagrams(&self, at: &Endpoint) -> Result<Box<dyn Datagrams>> {
        loopback(at, "listen")?;
        self.0.datagrams(at).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine() {
        let at = |host: &str| Endpoint { host: host.to_owned(), port: 22 };
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(loopback(&at(own), "connect").is_ok(), "{own}");
        }
        for other in ["192.0.2.1", "localhost.example", "0.0.0.0", "::"] {
            let e = loopback(&at(other), "connect").expect_err(other);
            assert!(e.kind() == ErrorKind::InvalidInput && e.to_string().contains(other), "{e}");
        }
    }

    #[test]
    fn a_pace_that_cannot_work_is_refused() {
        for pace in [0, 1001] {
            assert!(Simulation { pace, since: None }.clock().is_err());
        }
        let e = Simulation { pace: 1000, since: Some(Timestamp::MIN) }.clock().expect_err("it was long ago");
        assert!(e.to_string().contains("simulation.since"), "{e}");
    }

    #[test]
    fn two_clients_agree_on_the_time() {
        let since = TokioClock::system().now() - jiff::SignedDuration::from_secs(100);
        let show = || Simulation { pace: 10, since: Some(since) }.clock().expect("a clock").now();
        let ahead = show().duration_since(since).as_secs();
        assert!((1000..1100).contains(&ahead), "{ahead}");
    }
}
