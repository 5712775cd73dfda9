//! The lobby of an offer: connections that have not shown its secret. They are few and short, and the newest is always let
//! in: whoever shows the secret promptly gets through a crowd of those that never do.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use swim_core::ports::Clock;
use tokio_util::sync::CancellationToken;

/// Strangers from one address: no device opens more connections at once.
const FROM_ONE: usize = 8;
/// Strangers at a door in all. Each costs a descriptor and some ten kilobytes.
const STRANGERS: usize = 64;
/// From the connection to the secret. A slow router computes for ten seconds and more at a key exchange. Who comes from the
/// device's own address has the time that the protocol gives.
const GRACE: Duration = Duration::from_secs(30);

/// Who is connected to an offer or accept.
#[derive(Debug)]
pub(crate) struct Lobby {
    /// Connections that have shown the secret, at the same time.
    at_once: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// The oldest first.
    strangers: Vec<Stranger>,
    inside: usize,
    /// The address that showed the secret last.
    shown: Option<String>,
}

#[derive(Debug)]
struct Stranger {
    number: u64,
    /// Its address, or the network of a subscriber, who has all addresses in it.
    from: String,
    /// Does it come from where the device is known to be?
    known: bool,
    leave: CancellationToken,
}

/// The place of one connection; the last clone gives it back.
#[derive(Clone, Debug)]
pub(crate) struct Pass(Arc<Place>);

#[derive(Debug)]
struct Place {
    lobby: Arc<Lobby>,
    number: u64,
    host: String,
    known: bool,
    inside: AtomicBool,
    /// Cancelled when the offer ends, or it must leave.
    cut: CancellationToken,
    /// Cancelled when it must leave at once.
    leave: CancellationToken,
}

impl Lobby {
    /// Where so many connections that have shown the secret are served at the same time.
    pub(crate) fn new(at_once: usize) -> Arc<Self> {
        Arc::new(Self { at_once, state: Mutex::default() })
    }

    /// Lets a connection in. Where there are too many strangers, one leaves for it: the oldest of its own address, or else
    /// the oldest of the address that has the most. Nobody from elsewhere drives out who comes from where the device is
    /// `known` to be.
    pub(crate) fn enter(self: &Arc<Self>, host: &str, known: bool, end: &CancellationToken) -> Pass {
        let mut state = self.lock();
        let known = known || state.shown.as_deref() == Some(host);
        let from = if known { host.to_owned() } else { neighbourhood(host) };
        if let Some(at) = state.in_the_way(&from, known) {
            let oldest = state.strangers.remove(at);
            oldest.leave.cancel();
            tracing::warn!(peer = oldest.from, "a connection without the secret leaves for a newer one");
        }
        let number = state.next;
        state.next += 1;
        let leave = CancellationToken::new();
        state.strangers.push(Stranger { number, from, known, leave: leave.clone() });
        drop(state);
        let (lobby, host, cut) = (Arc::clone(self), host.to_owned(), end.child_token());
        Pass(Arc::new(Place { lobby, number, host, known, inside: AtomicBool::new(false), cut, leave }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain lists behind: they are still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Who must leave when one more comes.
    fn in_the_way(&self, from: &str, known: bool) -> Option<usize> {
        let oldest = |from: &str| self.strangers.iter().position(|s| s.from == from);
        if self.strangers.iter().filter(|s| s.from == from).count() >= FROM_ONE {
            return oldest(from);
        }
        // With the one that comes: who has a connection already is in his own way before he is in another's.
        let mut crowds = HashMap::from([(from, 1)]);
        for stranger in self.strangers.iter().filter(|s| !s.known) {
            *crowds.entry(stranger.from.as_str()).or_default() += 1;
        }
        if known || crowds.values().sum::<usize>() <= STRANGERS {
            return None;
        }
        let most = crowds.values().max().copied();
        self.strangers.iter().position(|s| !s.known && crowds.get(s.from.as_str()).copied() == most)
    }
}

impl Pass {
    /// Ends the connection: cancelled when the offer ends, and when it must leave.
    pub(crate) fn cut(&self) -> CancellationToken {
        self.0.cut.clone()
    }

    /// This one has shown the secret. Where too many have, it must leave.
    pub(crate) fn admitted(&self) {
        let place = &*self.0;
        if place.inside.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut state = place.lobby.lock();
        state.strangers.retain(|s| s.number != place.number);
        state.shown = Some(place.host.clone());
        state.inside += 1;
        if state.inside > place.lobby.at_once {
            place.leave.cancel();
        }
    }

    /// Attends to the connection until it is over, must leave, or is a stranger for too long.
    pub(crate) async fn stay(self, clock: Arc<dyn Clock>, attended: impl Future<Output = ()> + Send) {
        // What the protocol runs beside its connection ends with it.
        let _cut_at_the_end = self.cut().drop_guard();
        let place = &*self.0;
        let overdue = async {
            clock.sleep(GRACE).await;
            if place.known || place.inside.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = place.leave.cancelled() => {}
            () = attended => {}
            () = overdue => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.lobby.lock();
        if *self.inside.get_mut() {
            state.inside -= 1;
        } else {
            state.strangers.retain(|s| s.number != self.number);
        }
    }
}

/// What one subscriber has: an IPv4 address, or 64 bits of IPv6.
fn neighbourhood(host: &str) -> String {
    match host.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => host.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn left(pass: &Pass) -> bool {
        pass.0.leave.is_cancelled()
    }

    #[test]
    fn the_oldest_of_an_address_leaves_for_a_newer_one() {
        let (lobby, end) = (Lobby::new(2), CancellationToken::new());
        let other = lobby.enter("192.0.2.2", false, &end);
        let crowd: Vec<Pass> = (0..3 * FROM_ONE).map(|_| lobby.enter("192.0.2.1", false, &end)).collect();
        let gone = crowd.iter().take_while(|pass| left(pass)).count();
        assert_eq!((gone, crowd.iter().filter(|pass| left(pass)).count()), (2 * FROM_ONE, 2 * FROM_ONE));
        assert!(!left(&other));
        drop(crowd);
        assert_eq!(lobby.lock().strangers.len(), 1);
        // All of a subscriber's addresses are one.
        let crowd: Vec<Pass> = (0..=FROM_ONE).map(|n| lobby.enter(&format!("2001:db8::{n}"), false, &end)).collect();
        assert!(left(&crowd[0]) && !left(&crowd[1]));
    }

    #[test]
    fn many_addresses_drive_out_neither_a_known_one_nor_a_single_one() {
        let (lobby, end) = (Lobby::new(2), CancellationToken::new());
        let (known, single) = (lobby.enter("198.51.100.1", true, &end), lobby.enter("198.51.100.2", false, &end));
        let flood = |addresses: usize, each: usize| -> Vec<Pass> {
            let from = (0..addresses).flat_map(|n| std::iter::repeat_n(format!("192.0.2.{n}"), each));
            from.map(|host| lobby.enter(&host, false, &end)).collect()
        };
        let held = flood(STRANGERS - 1, 2);
        assert!(!left(&known) && !left(&single));
        assert_eq!(lobby.lock().strangers.len(), STRANGERS + 1);
        drop(held);
        // Where everybody has one, the oldest leaves; but nobody who showed the secret does.
        let prompt = lobby.enter("198.51.100.3", false, &end);
        prompt.admitted();
        let held = flood(STRANGERS, 1);
        assert!(left(&single) && !left(&known) && !left(&prompt));
        // From there others may come, too.
        let again = lobby.enter("198.51.100.3", false, &end);
        drop((held, flood(2 * STRANGERS, 1)));
        assert!(!left(&again));
    }

    #[test]
    fn too_many_inside_are_too_many() {
        let (lobby, end) = (Lobby::new(2), CancellationToken::new());
        let inside: Vec<Pass> = (0..3).map(|_| lobby.enter("192.0.2.1", true, &end)).collect();
        inside.iter().for_each(Pass::admitted);
        inside.iter().for_each(Pass::admitted);
        assert_eq!(inside.iter().map(left).collect::<Vec<_>>(), [false, false, true]);
        drop(inside);
        assert_eq!(lobby.lock().inside, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_stays_for_a_short_time_and_a_guest_as_long_as_it_likes() {
        let (lobby, end) = (Lobby::new(2), CancellationToken::new());
        let clock: Arc<dyn Clock> = Arc::new(crate::clock::TokioClock::system());
        let stays = |host: &'static str, known, admitted| {
            let pass = lobby.enter(host, known, &end);
            if admitted {
                pass.admitted();
            }
            let cut = pass.cut();
            (tokio::spawn(pass.stay(Arc::clone(&clock), std::future::pending())), cut)
        };
        let (stranger, cut) = stays("192.0.2.1", false, false);
        let (known, _) = stays("192.0.2.2", true, false);
        let (guest, _) = stays("192.0.2.3", false, true);
        tokio::time::sleep(GRACE + Duration::from_secs(1)).await;
        assert!(stranger.is_finished() && cut.is_cancelled());
        assert!(!known.is_finished() && !guest.is_finished());
    }
}
