//! The front desk of a port: one socket at which the requests for all offers arrive. Most devices can be told no other port
//! than 69, so that every offer of a site stands behind it; the random path that a request names tells which one is meant.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use swim_core::model::Endpoint;
use swim_core::ports::{Clock, Datagrams, Network};
use swim_core::{ErrorKind, Result};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::config::SHORTEST_WAIT;
use super::desk::{Denial, Desk, NOT_HERE, READ_ONLY};
use super::packet::{ILLEGAL, Packet};

/// Opens with the first offer, and closes with the last one.
pub(super) struct Front {
    network: Arc<dyn Network>,
    at: Endpoint,
    open: tokio::sync::Mutex<Option<Open>>,
}

struct Open {
    hall: Weak<Hall>,
    /// It holds the socket until it ends.
    serving: JoinHandle<()>,
}

/// The offers behind an open port.
struct Hall {
    port: u16,
    desks: Mutex<HashMap<String, Arc<Desk>>>,
    _end: DropGuard,
}

/// The place of one offer; it leaves with this value.
pub(super) struct Place {
    hall: Arc<Hall>,
    path: String,
}

impl Front {
    pub(super) fn new(network: Arc<dyn Network>, at: Endpoint) -> Self {
        Self { network, at, open: tokio::sync::Mutex::default() }
    }

    /// A place for an offer.
    pub(super) async fn place(&self, path: &str, desk: Arc<Desk>, clock: &Arc<dyn Clock>) -> Result<Place> {
        let mut open = self.open.lock().await;
        let hall = match open.as_ref().and_then(|open| open.hall.upgrade()) {
            Some(hall) => hall,
            None => {
                if let Some(closing) = open.take() {
                    // The last offer has just gone: the port is free in a moment. How that ended does not matter here.
                    let _ = closing.serving.await;
                }
                let door = self.network.datagrams(&self.at).await?;
                let end = CancellationToken::new();
                let port = door.local().port;
                let hall = Arc::new(Hall { port, desks: Mutex::default(), _end: end.clone().drop_guard() });
                let serving = tokio::spawn(serve(door, Arc::downgrade(&hall), end, Arc::clone(clock)));
                *open = Some(Open { hall: Arc::downgrade(&hall), serving });
                hall
            }
        };
        hall.desks().insert(path.to_owned(), desk);
        Ok(Place { hall, path: path.to_owned() })
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Place {
    pub(super) fn port(&self) -> u16 {
        self.hall.port
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hall.desks().remove(&self.path);
    }
}

impl Hall {
    fn desks(&self) -> MutexGuard<'_, HashMap<String, Arc<Desk>>> {
        // A panic elsewhere leaves a map behind that is still true.
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a request to the offer that it names. Who names none learns nothing, and counts against nobody.
    fn hand_over(&self, datagram: &[u8], peer: &Endpoint) -> std::result::Result<(), Denial> {
        let request = match Packet::read(datagram) {
            Ok(Packet::Request(request)) => request,
            Err(_) if matches!(datagram, [0, 1 | 2, ..]) => {
                return Err((ILLEGAL, "only binary transfers (octet) are served"));
            }
            _ => return Ok(()),
        };
        let desk = self.desks().get(request.file.trim_start_matches('/')).map(Arc::clone);
        match desk {
            Some(desk) => desk.admit(request, peer),
            None => Err(if request.write { READ_ONLY } else { NOT_HERE }),
        }
    }
}

async fn serve(door: Box<dyn Datagrams>, hall: Weak<Hall>, end: CancellationToken, clock: Arc<dyn Clock>) {
    let mut batch = Vec::new();
    loop {
        let received = tokio::select! {
            () = end.cancelled() => return,
            received = door.receive(&mut batch) => received,
        };
        let (each, peer) = match received {
            Ok(received) => received,
            // One that was refused here is gone already.
            Err(e) if e.kind() == ErrorKind::Unreachable => continue,
            Err(_) => {
                clock.sleep(SHORTEST_WAIT).await;
                continue;
            }
        };
        for datagram in batch.chunks(each) {
            // Not held while something is awaited: the hall closes with its last offer.
            let Some(handed) = hall.upgrade().map(|hall| hall.hand_over(datagram, &peer)) else { return };
            if let Err((code, words)) = handed {
                // A refusal that is lost is asked for again.
                let refusal = Packet::Error(code, words.to_owned()).bytes();
                let _ = door.send(&refusal, refusal.len(), &peer).await;
            }
        }
    }
}
