//! The door of an offer: where it listens, who may come in, how many at once, and until when.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use swim_core::model::{Device, Endpoint};
use swim_core::ports::{Accept, Accepted, Context, Listener, Network, Offer};
use swim_core::{Error, Result};
use tokio_util::sync::CancellationToken;

use crate::lobby::{Lobby, Pass};
use crate::path::shown;

/// Pause after a connection could not be taken, so that a lack of descriptors is no busy loop.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listens at the first free port of the range, or at any.
pub(crate) async fn open(network: &dyn Network, bind: &str, ports: Option<(u16, u16)>) -> Result<Box<dyn Listener>> {
    let Some((first, last)) = ports else {
        return network.listen(&Endpoint { host: bind.to_owned(), port: 0 }).await;
    };
    let mut failure = Error::invalid("ports", format!("{first}-{last}"), "the first port must not be above the last");
    for port in first..=last {
        match network.listen(&Endpoint { host: bind.to_owned(), port }).await {
            Ok(door) => return Ok(door),
            Err(e) => failure = e,
        }
    }
    Err(failure)
}

/// Who is expected at a door, and until when.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    source: Source,
    /// Where the device is known to be.
    device: Option<IpAddr>,
    pub(crate) lifetime: Duration,
}

/// Who may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Anybody,
    Only(IpAddr),
    /// What was asked for is no address; [`check_source`] refuses it before a door is opened.
    Nobody,
}

/// An address as it is compared: IPv4 that is mapped into IPv6 is IPv4.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// Checks the only address that may come.
pub(crate) fn check_source(source: Option<&str>) -> Result<()> {
    let Some(text) = source else { return Ok(()) };
    match address(text) {
        Some(address) if !address.is_unspecified() && !address.is_multicast() => Ok(()),
        _ => Err(Error::invalid("source", shown(text), "the IPv4 or IPv6 address that a device comes from")),
    }
}

impl From<&Offer> for Visit {
    fn from(offer: &Offer) -> Self {
        Self::new(offer.source.as_deref(), &offer.device, offer.lifetime)
    }
}

impl From<&Accept> for Visit {
    fn from(accept: &Accept) -> Self {
        Self::new(accept.source.as_deref(), &accept.device, accept.lifetime)
    }
}

impl Visit {
    fn new(source: Option<&str>, device: &Device, lifetime: Duration) -> Self {
        let source = source.map_or(Source::Anybody, |text| address(text).map_or(Source::Nobody, Source::Only));
        Self { source, device: address(&device.at.host), lifetime }
    }

    /// May this address come?
    pub(crate) fn expects(&self, host: &str) -> bool {
        match self.source {
            Source::Anybody => true,
            Source::Only(source) => address(host) == Some(source),
            Source::Nobody => false,
        }
    }

    /// Is this where the device is known to be?
    pub(crate) fn knows(&self, host: &str) -> bool {
        match (self.source, address(host)) {
            (Source::Only(source), Some(host)) if source == host => true,
            (_, host) => host.is_some() && host == self.device,
        }
    }
}

/// Takes connections until the offer ends. Each is attended in a task of its own, with a pass whose token is cancelled when
/// the offer ends; at most `at_once` that have shown the secret, which the protocol [says](Pass::admitted).
pub(crate) async fn attend_all<F>(
    door: Box<dyn Listener>,
    visit: impl Into<Visit> + Send,
    cx: &Context,
    end: CancellationToken,
    at_once: usize,
    attend: impl Fn(Accepted, Pass) -> F + Send,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let visit = visit.into();
    let lobby = Lobby::new(at_once);
    let lifetime = cx.clock.sleep(visit.lifetime);
    tokio::pin!(lifetime);
    loop {
        let accepted = tokio::select! {
            () = end.cancelled() => return,
            () = &mut lifetime => {
                end.cancel();
                return;
            }
            accepted = door.accept() => accepted,
        };
        let Ok(accepted) = accepted else {
            cx.clock.sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let host = accepted.peer.host.as_str();
        if !visit.expects(host) {
            tracing::warn!(peer = %accepted.peer, "a connection to an offer from an address that is not expected");
            continue;
        }
        let pass = lobby.enter(host, visit.knows(host), &end);
        let attended = attend(accepted, pass.clone());
        tokio::spawn(pass.stay(Arc::clone(&cx.clock), attended));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn visit(source: Option<&str>, device: &str) -> Visit {
        use swim_core::model::{DeviceId, HostKeyPolicy, Login, PlatformId};
        let at = Endpoint { host: device.to_owned(), port: 22 };
        let (id, platform) = (DeviceId::new("sw1").unwrap(), PlatformId("ios".into()));
        let device = Device::new(id, at, platform, Login::password("u", "p"), HostKeyPolicy::FirstUse);
        Visit::new(source, &device, Duration::from_secs(1))
    }

    #[test]
    fn sources_are_compared_as_addresses() {
        for (source, host) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1", "::ffff:192.0.2.1"),
            ("0:0:0:0:0:0:0:1", "::1"),
            ("2001:DB8:0::0A", "2001:db8::a"),
        ] {
            check_source(Some(source)).unwrap();
            let visit = visit(Some(source), "somewhere");
            assert!(visit.expects(host) && visit.knows(host), "{source} {host}");
            assert!(!visit.expects("192.0.2.2") && !visit.expects("") && !visit.knows("2001:db8::b"));
        }
        assert!(visit(None, "sw1").expects("192.0.2.1") && !visit(None, "sw1").knows("192.0.2.1"));
        assert!(visit(None, "192.0.2.1").knows("192.0.2.1") && !visit(None, "192.0.2.1").knows("192.0.2.2"));
    }

    #[test]
    fn what_is_no_address_is_refused_and_lets_nobody_in() {
        for bad in
            ["", " ", "127.0.0.1 ", "bogus host", "sw1", "a\n", "0.0.0.0", "::", "224.0.0.1", "192.0.2.1/32", "1.2.3"]
        {
            let e = check_source(Some(bad)).unwrap_err();
            assert_eq!(e.kind(), swim_core::ErrorKind::InvalidInput);
            assert_eq!((e.context("field"), e.context("value")), (Some("source"), Some(format!("{bad:?}").as_str())));
        }
        assert!(!visit(Some("bogus host"), "sw1").expects("192.0.2.1") && !visit(Some(""), "sw1").expects(""));
        check_source(None).unwrap();
    }
}
