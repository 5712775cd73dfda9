//! The control port that offers and accepts share: their visitors are told apart by the user that they log in as.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use swim_core::ports::{Context, Listener};
use tokio_util::sync::CancellationToken;

use super::config::{ACCEPT_PAUSE, WAITING, WAITING_OF_ONE};
use super::desk::Desk;
use super::visitor::Visitor;
use crate::tls::Identity;

/// One listener. It is opened with the first offer or accept and closed with the last.
#[derive(Debug)]
pub(super) struct Reception {
    pub(super) port: u16,
    state: Mutex<State>,
    /// Of visitors that are not logged in; cancelled when the last offer is over.
    cx: Context,
    /// Cancelled when the port is free again.
    gone: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    desks: Vec<Arc<Desk>>,
    /// Connections that are not logged in, by address.
    waiting: HashMap<String, usize>,
}

/// The place of one connection that is not logged in.
pub(super) struct Waiting {
    reception: Arc<Reception>,
    host: String,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.reception.lock();
        if let Some(count) = state.waiting.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                state.waiting.remove(&self.host);
            }
        }
    }
}

impl Reception {
    /// Opens it for a first offer or accept.
    pub(super) fn open(door: Box<dyn Listener>, first: &Arc<Desk>) -> Arc<Self> {
        let cx = Context { cancel: CancellationToken::new(), ..Context::new(Arc::clone(&first.cx.clock)) };
        let state = Mutex::new(State { desks: vec![Arc::clone(first)], waiting: HashMap::new() });
        let reception = Arc::new(Self { port: door.local().port, state, cx, gone: CancellationToken::new() });
        tokio::spawn(Arc::clone(&reception).attend_all(door));
        reception.attach(first);
        reception
    }

    /// Serves one more, unless it is closed: then its port is free when this returns.
    pub(super) async fn join(self: &Arc<Self>, desk: &Arc<Desk>) -> bool {
        let open = {
            let mut state = self.lock();
            let open = !state.desks.is_empty();
            if open {
                state.desks.push(Arc::clone(desk));
            }
            open
        };
        if open {
            self.attach(desk);
        } else {
            self.gone.cancelled().await;
        }
        open
    }

    /// Takes it away when it is over; with the last one the door is closed.
    fn attach(self: &Arc<Self>, desk: &Arc<Desk>) {
        let (reception, desk) = (Arc::clone(self), Arc::clone(desk));
        tokio::spawn(async move {
            tokio::select! {
                () = desk.end.cancelled() => {}
                () = desk.cx.clock.sleep(desk.goods.visit().lifetime) => desk.end.cancel(),
            }
            let mut state = reception.lock();
            state.desks.retain(|other| !Arc::ptr_eq(other, &desk));
            if state.desks.is_empty() {
                reception.cx.cancel.cancel();
            }
        });
    }

    /// What a visitor that is not logged in stands on.
    pub(super) fn context(&self) -> Context {
        self.cx.clone()
    }

    /// The certificate that is shown; there is none where everything is served in the clear.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.lock().desks.iter().find_map(|desk| desk.identity.clone())
    }

    /// Must this user not log in in the clear? Where nothing is served in the clear, nobody may.
    pub(super) fn insists(&self, user: &str, host: &str) -> bool {
        let state = self.lock();
        let theirs = |desk: &Arc<Desk>| desk.login.user == user && desk.goods.visit().expects(host);
        match state.desks.iter().find(|desk| theirs(desk)) {
            Some(desk) => desk.identity.is_some(),
            None => state.desks.iter().all(|desk| desk.identity.is_some()),
        }
    }

    /// What this login is good for.
    pub(super) fn admits(&self, host: &str, user: &str, password: &str, private: bool) -> Option<Arc<Desk>> {
        let state = self.lock();
        let good = |desk: &&Arc<Desk>| (private || desk.identity.is_none()) && desk.admits(host, user, password);
        state.desks.iter().find(good).cloned()
    }

    /// A place for a connection from there, unless nobody is expected from there or too many are waiting.
    fn greet(self: &Arc<Self>, host: &str) -> Option<Waiting> {
        let mut state = self.lock();
        if !state.desks.iter().any(|desk| desk.goods.visit().expects(host)) {
            tracing::warn!(peer = host, "a connection to FTP offers from an address that is not expected");
            return None;
        }
        let all: usize = state.waiting.values().sum();
        let count = state.waiting.entry(host.to_owned()).or_default();
        if *count >= WAITING_OF_ONE || all >= WAITING {
            tracing::warn!(peer = host, "too many connections to FTP offers do not log in");
            if *count == 0 {
                state.waiting.remove(host);
            }
            return None;
        }
        *count += 1;
        Some(Waiting { reception: Arc::clone(self), host: host.to_owned() })
    }

    async fn attend_all(self: Arc<Self>, door: Box<dyn Listener>) {
        loop {
            let accepted = tokio::select! {
                () = self.cx.cancel.cancelled() => break,
                accepted = door.accept() => accepted,
            };
            let Ok(accepted) = accepted else {
                self.cx.clock.sleep(ACCEPT_PAUSE).await;
                continue;
            };
            if let Some(waiting) = self.greet(&accepted.peer.host) {
                tokio::spawn(Visitor::new(accepted, Arc::clone(&self), waiting).attend());
            }
        }
        drop(door);
        self.gone.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain lists behind: they are still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
