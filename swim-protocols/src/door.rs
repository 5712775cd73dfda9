//! The door of an offer: where it listens, who may come in, how many at once, and until when.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use swim_core::model::Endpoint;
use swim_core::ports::{Accept, Accepted, Context, Listener, Network, Offer};
use swim_core::{Error, Result};
use tokio_util::sync::CancellationToken;

/// Pause after a connection could not be taken, so that a lack of descriptors is no busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    /// The only address that may come.
    pub(crate) source: Option<String>,
    pub(crate) lifetime: Duration,
}

impl From<&Offer> for Visit {
    fn from(offer: &Offer) -> Self {
        Self { source: offer.source.clone(), lifetime: offer.lifetime }
    }
}

impl From<&Accept> for Visit {
    fn from(accept: &Accept) -> Self {
        Self { source: accept.source.clone(), lifetime: accept.lifetime }
    }
}

impl Visit {
    /// May this address come?
    pub(crate) fn expects(&self, host: &str) -> bool {
        self.source.as_ref().is_none_or(|source| source == host)
    }
}

/// Takes connections until the offer ends, at most `at_once` at a time. Each is attended in a task of its own, with a
/// token that is cancelled when the offer ends.
pub(crate) async fn attend_all<F>(
    door: Box<dyn Listener>,
    visit: impl Into<Visit> + Send,
    cx: &Context,
    end: CancellationToken,
    at_once: usize,
    attend: impl Fn(Accepted, CancellationToken) -> F + Send,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let visit = visit.into();
    let busy = Arc::new(AtomicUsize::new(0));
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
        if !visit.expects(&accepted.peer.host) {
            tracing::warn!(peer = %accepted.peer, "a connection to an offer from an address that is not expected");
            continue;
        }
        if busy.fetch_add(1, Ordering::Relaxed) >= at_once {
            busy.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (attended, busy) = (attend(accepted, end.child_token()), Arc::clone(&busy));
        tokio::spawn(async move {
            attended.await;
            busy.fetch_sub(1, Ordering::Relaxed);
        });
    }
}
