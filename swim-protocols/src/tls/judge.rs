//! Is this the certificate that it was? Pinned fingerprints, trust on first use.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use swim_core::model::{Device, Endpoint, Fingerprint, TlsTrust};
use swim_core::ports::Records;
use swim_core::{Error, ErrorKind, Result};

use crate::first_use;

/// The table of remembered certificates; the record's key is `host:port`.
const TABLE: &str = "certificates";
/// The operation of all errors about certificates.
pub(super) const OPERATION: &str = swim_core::transfer::CHECK_CERTIFICATE;

/// A certificate that was seen first and is insisted on since.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    /// Its SHA-256 fingerprint.
    fingerprint: String,
    /// When it was first seen.
    first_seen: Timestamp,
}

/// The judgement for one device or door.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    trust: TlsTrust,
    at: Endpoint,
    records: Arc<dyn Records>,
    now: Timestamp,
}

/// A certificate that is not believed.
pub(super) fn refused(message: String) -> Error {
    Error::new(ErrorKind::Auth, OPERATION, message)
}

impl Judge {
    pub(super) fn new(device: &Device, records: Arc<dyn Records>, now: Timestamp) -> Self {
        Self { trust: device.tls.clone(), at: device.at.clone(), records, now }
    }

    /// Judges the certificate whose key the other side proved to have.
    pub(super) async fn check(&self, shown: Fingerprint) -> Result<()> {
        match &self.trust {
            // The chain, the dates and the name were looked at during the handshake.
            TlsTrust::MachineRoots | TlsTrust::Ca(_) => Ok(()),
            TlsTrust::Pinned(pin) => self.same(pin.parse()?, shown),
            TlsTrust::FirstUse => {
                let record = Remembered { fingerprint: shown.to_string(), first_seen: self.now };
                match first_use::remember(&*self.records, TABLE, &self.at, &record).await? {
                    None => Ok(()),
                    Some(known) => {
                        let known = known.fingerprint.parse();
                        self.same(known.map_err(|e| first_use::unreadable(TABLE, &self.at, e))?, shown)
                    }
                }
            }
            other => Err(refused(format!("the policy {other:?} is not known to this build"))),
        }
    }

    fn same(&self, expected: Fingerprint, shown: Fingerprint) -> Result<()> {
        if expected == shown {
            return Ok(());
        }
        Err(refused(format!(
            "the fingerprint of the certificate of {} is {shown}, expected was {expected}: it was replaced, or somebody is \
             in between",
            self.at
        ))
        .with("expected", expected)
        .with("offered", shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryRecords;

    #[tokio::test]
    async fn the_first_certificate_is_remembered_by_place_and_another_one_is_refused_with_both_fingerprints() {
        let records = Arc::new(MemoryRecords::default());
        let judge = |port, trust| Judge {
            trust,
            at: Endpoint { host: "web".into(), port },
            records: Arc::clone(&records) as Arc<dyn Records>,
            now: Timestamp::UNIX_EPOCH,
        };
        let (first, second) = (Fingerprint::of(b"1"), Fingerprint::of(b"2"));
        let check = judge(443, TlsTrust::FirstUse);
        check.check(first).await.unwrap();
        check.check(first).await.unwrap();
        let e = check.check(second).await.unwrap_err();
        assert_eq!((e.kind(), e.context("expected")), (ErrorKind::Auth, Some(first.to_string().as_str())));
        assert_eq!(e.context("offered"), Some(second.to_string().as_str()));
        judge(8443, TlsTrust::FirstUse).check(second).await.unwrap();
        judge(443, TlsTrust::Pinned(second.0.to_string())).check(second).await.unwrap();
        let e = judge(443, TlsTrust::Pinned("ab".into())).check(second).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::InvalidInput);
        records.put(TABLE, "web:443", "torn".into()).await.unwrap();
        assert_eq!(check.check(first).await.unwrap_err().kind(), ErrorKind::Store);
    }
}
