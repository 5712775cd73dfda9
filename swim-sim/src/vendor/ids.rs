//! Ids that the service grants: good, expired, or never seen.

use std::collections::BTreeMap;

use super::{Loss, Sort};

/// What an id is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    Good,
    Expired,
    Unknown,
}

/// Ids of one sort.
#[derive(Debug)]
pub(super) struct Granted {
    next: u64,
    known: BTreeMap<String, bool>,
}

impl Granted {
    fn from(first: u64) -> Self {
        Self { next: first, known: BTreeMap::new() }
    }

    pub(super) fn grant(&mut self) -> String {
        self.next += 1;
        let id = self.next.to_string();
        self.known.insert(id.clone(), true);
        id
    }

    pub(super) fn worth(&self, id: &str) -> Worth {
        match self.known.get(id) {
            Some(true) => Worth::Good,
            Some(false) => Worth::Expired,
            None => Worth::Unknown,
        }
    }

    fn lose(&mut self, loss: Loss) {
        match loss {
            Loss::Expired => self.known.values_mut().for_each(|good| *good = false),
            Loss::Forgotten => self.known.clear(),
        }
    }
}

/// All that was granted.
#[derive(Debug)]
pub(super) struct Ids {
    /// Tokens with the calls that they are good for.
    tokens: BTreeMap<String, u32>,
    pub(super) metadata: Granted,
    pub(super) sessions: Granted,
    pub(super) retries: Granted,
    pub(super) links: Granted,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            tokens: BTreeMap::new(),
            metadata: Granted::from(1_178_782_699),
            sessions: Granted::from(1_159_838_637),
            retries: Granted::from(1_151_931_304),
            links: Granted::from(500),
        }
    }
}

impl Ids {
    pub(super) fn token(&mut self, calls: Option<u32>) -> String {
        let token = format!("bearer-canary-{:032x}", rand::random::<u128>());
        self.tokens.insert(token.clone(), calls.unwrap_or(u32::MAX));
        token
    }

    /// Is a token good for one more call?
    pub(super) fn admits(&mut self, token: &str) -> bool {
        match self.tokens.get_mut(token) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    pub(super) fn lose(&mut self, sort: Sort, loss: Loss) {
        match sort {
            Sort::Metadata => self.metadata.lose(loss),
            Sort::Sessions => self.sessions.lose(loss),
            Sort::RetryIds => self.retries.lose(loss),
            Sort::Tokens => self.tokens.clear(),
        }
    }
}
