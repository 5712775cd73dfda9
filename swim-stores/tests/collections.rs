//! Sources of the virtual image repository: who runs what is due.
#![allow(clippy::unwrap_used)]

use jiff::Timestamp;
use swim_core::model::{DeviceId, HostKeyPolicy, Schedule, TlsTrust};
use swim_core::repo::collection::{CollectFrom, Collected, Collection, Run, add, claim, end, release, remove, renew};
use swim_core::{ErrorKind, Result};
use swim_stores::MemoryStore;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn at_url(url: &str) -> Collection {
    let (host_key, tls) = (HostKeyPolicy::default(), TlsTrust::default());
    let from = CollectFrom::Url { url: url.into(), login: None, host_key, tls };
    Collection::new(DeviceId::new("depot").unwrap(), from)
}

#[tokio::test]
async fn one_of_several_runs_what_is_due_and_a_dead_one_loses_it() {
    let records = MemoryStore::new();
    let mut source = at_url("http://h/images/");
    source.schedule = Schedule::recurring("0 3 * * *", "UTC").unwrap();
    let name = source.name.clone();
    let made = at("2026-11-29T12:00:00Z");
    let it = add(&records, source.clone(), made).await.unwrap();
    assert_eq!(it.due, Some(at("2026-11-30T03:00:00Z")));
    let kind = |e: Result<Collected>| e.unwrap_err().kind();
    assert_eq!(kind(claim(&records, &name, "a", made, true).await), ErrorKind::Blocked);
    // Nobody was there for three nights: one run makes up for all.
    let late = at("2026-12-03T02:00:00Z");
    let it = claim(&records, &name, "a", late, true).await.unwrap();
    assert_eq!(it.due, Some(at("2026-12-03T03:00:00Z")));
    assert_eq!(kind(claim(&records, &name, "b", late, false).await), ErrorKind::Busy);
    // Who dies holds others up for two minutes, and not for hours.
    let later = at("2026-12-03T02:02:01Z");
    claim(&records, &name, "c", later, false).await.unwrap();
    release(&records, &name, "c").await.unwrap();
    assert_eq!(release(&records, &name, "c").await.unwrap_err().kind(), ErrorKind::LeaseLost);
    let next_day = at("2026-12-04T02:00:00Z");
    claim(&records, &name, "b", next_day, true).await.unwrap();
    let run = Run::new(late, next_day, Ok(Vec::new()));
    assert_eq!(kind(end(&records, &name, "a", &run).await), ErrorKind::LeaseLost);
    renew(&records, &name, "b", next_day).await.unwrap();
    let done = end(&records, &name, "b", &run).await.unwrap();
    assert_eq!((done.runs, done.claimed), (1, None));
    // Replacing a source keeps what it brought.
    let again = add(&records, at_url("http://other/"), next_day).await.unwrap();
    assert_eq!((again.runs, again.due), (1, None));
    assert!(remove(&records, &name).await.unwrap());
    assert_eq!(kind(claim(&records, &name, "a", late, false).await), ErrorKind::NotFound);
}
