//! Is this the host that it was? Known hosts, pinned fingerprints, trust on first use.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use russh::keys::ssh_key::known_hosts::{Entry, HostPatterns, KnownHosts, Marker};
use russh::keys::{Algorithm, HashAlg, PublicKey};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use swim_core::model::{Device, Endpoint, HostKeyPolicy};
use swim_core::ports::Records;
use swim_core::{Error, ErrorKind, Result};

use crate::first_use;

/// The table of remembered keys; the record's key is `host:port`.
const TABLE: &str = "host_keys";
const OPERATION: &str = swim_core::transfer::CHECK_HOST_KEY;

/// A key that was seen first and is insisted on since.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    /// The key as in a `known_hosts` line, without the host.
    key: String,
    /// Its fingerprint, for people.
    fingerprint: String,
    /// When it was first seen.
    first_seen: Timestamp,
}

/// The check for one connection.
#[derive(Clone, Debug)]
pub(crate) struct HostKeyCheck {
    policy: HostKeyPolicy,
    at: Endpoint,
    records: Arc<dyn Records>,
    now: Timestamp,
}

/// The fingerprint as `ssh-keygen -l` shows it.
pub(crate) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Auth, OPERATION, message)
}

impl HostKeyCheck {
    pub(crate) fn new(device: &Device, records: Arc<dyn Records>, now: Timestamp) -> Self {
        Self { policy: device.host_key.clone(), at: device.at.clone(), records, now }
    }

    /// The algorithms of the keys that we have for this host.
    pub(crate) async fn known_algorithms(&self) -> Result<Vec<Algorithm>> {
        Ok(match &self.policy {
            HostKeyPolicy::KnownHosts(_) | HostKeyPolicy::KnownHostsFile(_) => {
                KnownHosts::new(&self.known_hosts().await?)
                    .flatten()
                    .filter(|e| self.names(e))
                    .map(|e| e.public_key().algorithm())
                    .collect()
            }
            HostKeyPolicy::FirstUse => self.remembered().await?.into_iter().map(|key| key.algorithm()).collect(),
            _ => Vec::new(),
        })
    }

    /// Judges the key that the server proved to have.
    pub(crate) async fn check(&self, key: &PublicKey) -> Result<()> {
        match &self.policy {
            HostKeyPolicy::Pinned(pin) => self.check_pin(pin, key),
            HostKeyPolicy::KnownHosts(_) | HostKeyPolicy::KnownHostsFile(_) => {
                self.check_known_hosts(&self.known_hosts().await?, key)
            }
            HostKeyPolicy::FirstUse => self.check_first_use(key).await,
            other => Err(refused(format!("the policy {other:?} is not known to this build"))),
        }
    }

    async fn known_hosts(&self) -> Result<String> {
        match &self.policy {
            HostKeyPolicy::KnownHosts(text) => Ok(text.clone()),
            HostKeyPolicy::KnownHostsFile(path) => tokio::fs::read_to_string(path).await.map_err(|e| {
                Error::new(ErrorKind::NotFound, OPERATION, format!("the known_hosts file {path} cannot be read"))
                    .with("path", path)
                    .caused_by(e)
            }),
            _ => Ok(String::new()),
        }
    }

    fn check_pin(&self, pin: &str, key: &PublicKey) -> Result<()> {
        let shown = fingerprint(key);
        if pin.trim().trim_end_matches('=') == shown {
            return Ok(());
        }
        Err(self.changed(pin.trim(), &shown))
    }

    fn check_known_hosts(&self, text: &str, key: &PublicKey) -> Result<()> {
        let mut other = None;
        let mut unread = 0_usize;
        for entry in KnownHosts::new(text) {
            let Ok(entry) = entry else {
                unread += 1;
                continue;
            };
            if !self.names(&entry) {
                continue;
            }
            let same = entry.public_key().key_data() == key.key_data();
            match entry.marker() {
                Some(Marker::Revoked) if same => {
                    return Err(refused(format!("the host key {} of {} is revoked", fingerprint(key), self.at)));
                }
                Some(_) => {}
                None if same => return Ok(()),
                None => other = Some(fingerprint(entry.public_key())),
            }
        }
        Err(match other {
            Some(expected) => self.changed(&expected, &fingerprint(key)),
            None => refused(format!(
                "{} shows {}, and no line of the known_hosts text names it ({unread} lines that cannot be read were passed \
                 over)",
                self.at,
                fingerprint(key)
            )),
        }
        .with("offered", fingerprint(key)))
    }

    async fn check_first_use(&self, key: &PublicKey) -> Result<()> {
        let text =
            key.to_openssh().map_err(|e| Error::internal(OPERATION, "the key cannot be written down").caused_by(e))?;
        let record = Remembered { key: text, fingerprint: fingerprint(key), first_seen: self.now };
        let Some(known) = first_use::remember(&*self.records, TABLE, &self.at, &record).await? else { return Ok(()) };
        let expected = known.fingerprint.clone();
        if self.read(&known)?.key_data() == key.key_data() {
            return Ok(());
        }
        Err(self.changed(&expected, &fingerprint(key)))
    }

    async fn remembered(&self) -> Result<Option<PublicKey>> {
        let known: Option<Remembered> = first_use::remembered(&*self.records, TABLE, &self.at).await?;
        known.map(|known| self.read(&known)).transpose()
    }

    fn read(&self, known: &Remembered) -> Result<PublicKey> {
        PublicKey::from_openssh(&known.key).map_err(|e| first_use::unreadable(TABLE, &self.at, e))
    }

    fn changed(&self, expected: &str, shown: &str) -> Error {
        refused(format!(
            "the host key of {} is {shown}, expected was {expected}: it was replaced, or somebody is in between",
            self.at
        ))
        .with("expected", expected)
        .with("offered", shown)
    }

    /// Does a line of `known_hosts` speak of our host? Names with a port other than 22 are written `[host]:port`.
    fn names(&self, entry: &Entry) -> bool {
        let name =
            if self.at.port == 22 { self.at.host.clone() } else { format!("[{}]:{}", self.at.host, self.at.port) };
        let name = name.to_lowercase();
        let patterns = match entry.host_patterns() {
            HostPatterns::Patterns(patterns) => patterns,
            HostPatterns::HashedName { salt, hash } => {
                return Hmac::<Sha1>::new_from_slice(salt)
                    .is_ok_and(|mac| mac.chain_update(name.as_bytes()).verify_slice(hash).is_ok());
            }
        };
        let mut named = false;
        for pattern in patterns {
            let pattern = pattern.to_lowercase();
            match pattern.strip_prefix('!') {
                Some(not) if matches_glob(not.as_bytes(), name.as_bytes()) => return false,
                Some(_) => {}
                None => named |= matches_glob(pattern.as_bytes(), name.as_bytes()),
            }
        }
        named
    }
}

/// `*` and `?` as in `known_hosts`. Runs in linear time and space in the product of the lengths.
fn matches_glob(pattern: &[u8], text: &[u8]) -> bool {
    let mut reachable = vec![false; text.len() + 1];
    reachable[0] = true;
    for p in pattern {
        if *p == b'*' {
            let mut seen = false;
            for slot in &mut reachable {
                seen |= *slot;
                *slot = seen;
            }
        } else {
            for at in (0..text.len()).rev() {
                reachable[at + 1] = reachable[at] && (*p == b'?' || *p == text[at]);
            }
            reachable[0] = false;
        }
    }
    reachable[text.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use russh::keys::PrivateKey;
    use russh::keys::key::safe_rng;

    use super::*;
    use crate::memory::MemoryRecords;

    fn key() -> PublicKey {
        PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap().public_key().clone()
    }

    fn check(policy: HostKeyPolicy, port: u16, records: &Arc<MemoryRecords>) -> HostKeyCheck {
        let at = Endpoint { host: "r1.example.net".into(), port };
        HostKeyCheck { policy, at, records: Arc::<MemoryRecords>::clone(records), now: Timestamp::UNIX_EPOCH }
    }

    #[tokio::test]
    async fn the_first_key_is_remembered_and_another_one_is_refused_with_both_fingerprints() {
        let records = Arc::new(MemoryRecords::default());
        let (first, second) = (key(), key());
        let check = check(HostKeyPolicy::FirstUse, 22, &records);
        check.check(&first).await.unwrap();
        check.check(&first).await.unwrap();
        assert_eq!(check.known_algorithms().await.unwrap(), [Algorithm::Ed25519]);
        let e = check.check(&second).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Auth);
        assert!(e.message().contains(&fingerprint(&first)) && e.message().contains(&fingerprint(&second)), "{e}");
    }

    #[tokio::test]
    async fn a_pin_holds() {
        let records = Arc::new(MemoryRecords::default());
        let key = key();
        check(HostKeyPolicy::Pinned(fingerprint(&key)), 22, &records).check(&key).await.unwrap();
        let e = check(HostKeyPolicy::Pinned("SHA256:AAAA".into()), 22, &records).check(&key).await.unwrap_err();
        assert_eq!(e.context("expected"), Some("SHA256:AAAA"));
    }

    #[tokio::test]
    async fn known_hosts_lines_are_read_as_ssh_reads_them() {
        let records = Arc::new(MemoryRecords::default());
        let key = key();
        let text = key.to_openssh().unwrap();
        let judged =
            async |line: String, port| check(HostKeyPolicy::KnownHosts(line), port, &records).check(&key).await;
        assert!(judged(format!("r1.example.net {text}"), 22).await.is_ok());
        assert!(judged(format!("*.example.net,other {text}"), 22).await.is_ok());
        assert!(judged(format!("[r1.example.net]:2222 {text}"), 2222).await.is_ok());
        assert!(judged(format!("r1.example.net {text}"), 2222).await.is_err());
        assert!(judged(format!("*,!r1.example.net {text}"), 22).await.is_err());
        assert!(judged(format!("@revoked * {text}\nr1.example.net {text}"), 22).await.is_err());
        // What `ssh-keygen -H` made of `r1.example.net` and of `[r1.example.net]:2222`.
        let (plain, port) = (
            "|1|t87HwJpch+mWqbYYNnNCelz9NTk=|206pA/HDTuMGPDTJGmPwD+GRl8I=",
            "|1|6flW7B4C28oUqvoJyR0C7m9hogA=|d8RLPbp2/9Zi0R1tvAg5cY0sUOM=",
        );
        assert!(judged(format!("{plain} {text}"), 22).await.is_ok());
        assert!(judged(format!("{plain} {text}"), 2222).await.is_err());
        assert!(judged(format!("{port} {text}"), 2222).await.is_ok());
        assert!(judged(format!("nonsense\nr1.example.net {text}"), 22).await.is_ok());
    }

    #[tokio::test]
    async fn a_known_hosts_file_is_read_each_time_and_named_when_it_is_not_there() {
        let records = Arc::new(MemoryRecords::default());
        let path = std::env::temp_dir().join(format!("swim-known-hosts-{}", std::process::id()));
        let check = check(HostKeyPolicy::KnownHostsFile(path.to_str().unwrap().into()), 22, &records);
        let key = key();
        let e = check.check(&key).await.unwrap_err();
        assert!(e.to_string().contains("swim-known-hosts"), "{e}");
        std::fs::write(&path, format!("r1.example.net {}\n", key.to_openssh().unwrap())).unwrap();
        let checked = check.check(&key).await;
        std::fs::remove_file(&path).unwrap();
        checked.unwrap();
    }
}
