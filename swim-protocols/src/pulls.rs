//! The books of an offer: what was pulled (bytes handed out, parts that are complete, uses that are spent) and by whom.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use swim_core::ports::{Clock, Offer};
use swim_core::{Error, ErrorKind, Result};
use tokio::sync::Notify;

use crate::path::shown;

/// Pulls of the whole file that may break off before the offer is closed. A device that loses more does not get through,
/// and who has the secret must not make us send for ever.
const BROKEN_PULLS: u64 = 3;

/// Bytes that may be read for each byte that may be sent. Whoever reads in order, on one channel or on eight, needs every
/// byte once; who asks for a byte here and a byte there must not make the store work for ever.
const JUMPS: u64 = 8;

/// Parts of a file that are remembered. Devices fetch it in one piece or in a few; somebody who fetches every other byte
/// would make the books longer than the image.
pub(crate) const PARTS: usize = 1024;

/// A device has its last byte a moment before we see that it has, and may tell it at once. Far more than that moment, and
/// bearable for who withdraws an offer whose pulls all broke off.
const SEEN_WITHIN: Duration = Duration::from_millis(500);

/// The books of one offer. A use is spent when every byte of the file has reached a device, in one piece or in parts.
#[derive(Debug)]
pub(crate) struct Pulls {
    bytes: u64,
    uses: u32,
    sent: AtomicU64,
    /// Bytes that were read for readers that jump.
    read: AtomicU64,
    /// The address that showed the secret first; nobody else may show it.
    owner: OnceLock<String>,
    state: Mutex<State>,
    /// A pull is whole.
    whole: Notify,
}

#[derive(Debug, Default)]
struct State {
    completed: u32,
    /// Parts of the current use that have arrived: sorted, disjoint, not touching.
    parts: Vec<(u64, u64)>,
}

impl Pulls {
    pub(crate) fn new(bytes: u64, uses: u32) -> Self {
        let (sent, read) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { bytes, uses, sent, read, owner: OnceLock::new(), state: Mutex::default(), whole: Notify::new() }
    }

    /// May somebody still pull?
    pub(crate) fn open(&self) -> bool {
        self.lock().completed < self.uses
    }

    /// May this address, which showed the secret, pull? The first one becomes the only one.
    pub(crate) fn admits(&self, host: &str) -> bool {
        self.open() && self.owner.get_or_init(|| host.to_owned()) == host
    }

    /// Counts bytes before they are handed to the connection.
    ///
    /// # Errors
    /// `Blocked` when so much was handed out that no honest device can need more, or the last use is spent: pulls that were
    /// begun beside it end.
    pub(crate) fn hand_out(&self, bytes: usize) -> Result<()> {
        if !self.open() {
            return Err(Error::new(ErrorKind::Blocked, "offer", "this offer is used up"));
        }
        let bytes = bytes as u64;
        let most = self.most();
        let counted = |sent: u64| sent.checked_add(bytes).filter(|sent| *sent <= most);
        match self.sent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted) {
            Ok(_) => Ok(()),
            Err(sent) => Err(Error::new(ErrorKind::Blocked, "offer", "too many pulls of this image broke off")
                .with("bytes handed out", sent)),
        }
    }

    /// Counts bytes before they are read from the store for a reader that may jump about in it.
    ///
    /// # Errors
    /// `Blocked` when so much was read that no honest device can need more.
    pub(crate) fn look_up(&self, bytes: usize) -> Result<()> {
        let read = self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        if read > self.most().saturating_mul(JUMPS) {
            let message = "the image was read at too many places for the little that was sent of it";
            return Err(Error::new(ErrorKind::Blocked, "offer", message).with("bytes read", read));
        }
        Ok(())
    }

    /// The most bytes that may be handed out.
    fn most(&self) -> u64 {
        self.bytes.saturating_mul(u64::from(self.uses).saturating_add(BROKEN_PULLS))
    }

    /// Bytes that were handed out so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How often every byte of the file has reached a device.
    pub(crate) fn completed(&self) -> u32 {
        self.lock().completed
    }

    /// Waits a moment for the end of a pull when so many bytes are out that another one can be whole.
    pub(crate) async fn settled(&self, clock: &dyn Clock) {
        self.seen(u64::from(self.completed()).saturating_add(1), clock).await;
    }

    /// Waits a moment when so many bytes are out that the last use can be spent: who had it may come back before we know.
    #[cfg(feature = "http")]
    pub(crate) async fn spent(&self, clock: &dyn Clock) {
        if self.open() {
            self.seen(u64::from(self.uses), clock).await;
        }
    }

    /// Waits a moment for the end of a pull, if enough for so many pulls was handed out.
    async fn seen(&self, pulls: u64, clock: &dyn Clock) {
        let whole = self.whole.notified();
        if self.completed() >= self.uses || self.sent() < self.bytes.saturating_mul(pulls).max(1) {
            return;
        }
        tokio::select! {
            () = whole => {}
            () = clock.sleep(SEEN_WITHIN) => {}
        }
    }

    /// Notes that the bytes from `start` up to (not including) `end` have arrived; says whether the file is whole with them.
    pub(crate) fn arrived(&self, start: u64, end: u64) -> bool {
        let mut state = self.lock();
        // What was on its way when the last use was spent is nobody's use.
        if state.completed >= self.uses {
            return false;
        }
        insert(&mut state.parts, start, end);
        // Forgetting a part only means that it must be fetched again.
        state.parts.truncate(PARTS);
        let whole = match state.parts.as_slice() {
            [(0, to)] => *to >= self.bytes,
            _ => self.bytes == 0,
        };
        if whole {
            state.parts.clear();
            state.completed = state.completed.saturating_add(1);
            self.whole.notify_waiters();
        }
        whole
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain numbers behind: they are still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a part among the others and melts those that touch.
pub(crate) fn insert(parts: &mut Vec<(u64, u64)>, start: u64, end: u64) {
    if start >= end {
        return;
    }
    parts.push((start, end));
    parts.sort_unstable();
    let mut melted: Vec<(u64, u64)> = Vec::with_capacity(parts.len());
    for &(start, end) in parts.iter() {
        match melted.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => melted.push((start, end)),
        }
    }
    *parts = melted;
}

/// Text that cannot be guessed, of hexadecimal digits only, so that every device can type it.
pub(crate) fn random_text<const N: usize>() -> String
where
    rand::distr::StandardUniform: rand::distr::Distribution<[u8; N]>,
{
    hex::encode(rand::random::<[u8; N]>())
}

/// The longest name of a file: no file system has longer ones.
const LONGEST_NAME: usize = 255;

/// Checks the name that a file is served under.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    if name.len() > LONGEST_NAME {
        return Err(Error::invalid("file name", shown(name), "at most 255 characters"));
    }
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(plain) {
        return Err(Error::invalid("file name", shown(name), "letters, digits and . _ - + only"));
    }
    Ok(())
}

/// Checks what is asked of an offer.
pub(crate) fn check_offer(request: &Offer) -> Result<()> {
    check_name(&request.name)?;
    crate::door::check_source(request.source.as_deref())?;
    if request.uses == 0 {
        return Err(Error::invalid("uses", 0, "an offer must be usable at least once"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        assert!(check_name("cat9k_iosxe.17.09.04a.SPA.bin").is_ok() && check_name(&"x".repeat(255)).is_ok());
        for bad in
            ["", "..", ".x", "-rf", "a/b", "a\0b", "a\nb", "a b", "\u{e9}.bin", &"x".repeat(256), &"x/".repeat(9000)]
        {
            let e = check_name(bad).unwrap_err();
            assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("file name")));
            assert!(!e.to_string().chars().any(char::is_control) && e.to_string().len() < 200, "{e}");
        }
    }

    #[test]
    fn parts_that_together_make_the_file_are_one_use() {
        let pulls = Pulls::new(10, 1);
        pulls.arrived(5, 10);
        pulls.arrived(0, 3);
        assert!(pulls.open());
        pulls.arrived(2, 6);
        assert!(!pulls.open());
    }

    #[test]
    fn every_whole_file_spends_one_use() {
        let pulls = Pulls::new(4, 2);
        pulls.arrived(0, 4);
        assert!(pulls.open());
        pulls.arrived(0, 4);
        assert!(!pulls.open());
    }

    #[test]
    fn the_first_address_is_the_only_one() {
        let pulls = Pulls::new(4, 2);
        assert!(pulls.admits("192.0.2.1") && pulls.admits("192.0.2.1") && !pulls.admits("192.0.2.2"));
    }

    #[test]
    fn what_is_handed_out_is_capped() {
        let pulls = Pulls::new(10, 1);
        for _ in 0..4 {
            assert!(pulls.hand_out(10).is_ok());
        }
        assert_eq!((pulls.hand_out(1).unwrap_err().kind(), pulls.sent()), (ErrorKind::Blocked, 40));
    }

    #[test]
    fn the_last_use_ends_the_pulls_beside_it() {
        let pulls = Pulls::new(10, 1);
        pulls.hand_out(10).unwrap();
        pulls.hand_out(10).unwrap();
        assert!(pulls.arrived(0, 10) && !pulls.arrived(0, 10));
        assert_eq!((pulls.hand_out(1).unwrap_err().kind(), pulls.completed()), (ErrorKind::Blocked, 1));
    }

    #[test]
    fn the_books_stay_short() {
        let pulls = Pulls::new(1_000_000, 1);
        for n in 0..5_000 {
            pulls.arrived(2 * n, 2 * n + 1);
        }
        assert_eq!(pulls.lock().parts.len(), PARTS);
        pulls.arrived(0, 1_000_000);
        assert!(!pulls.open());
    }

    proptest! {
        #[test]
        fn melting_keeps_exactly_the_bytes_that_arrived(ranges in prop::collection::vec((0u64..40, 0u64..40), 0..12)) {
            let mut parts = Vec::new();
            let mut naive = [false; 40];
            for (start, end) in ranges {
                insert(&mut parts, start, end);
                for slot in naive.iter_mut().take(end as usize).skip(start as usize) { *slot = true; }
            }
            for (at, expected) in naive.iter().enumerate() {
                let at = at as u64;
                prop_assert_eq!(parts.iter().any(|(s, e)| *s <= at && at < *e), *expected);
            }
            prop_assert!(parts.windows(2).all(|w| w[0].1 < w[1].0));
        }
    }
}
