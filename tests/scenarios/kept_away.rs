//! An image that must reach no device any more, when a job already waits for its turn.

use std::time::Duration;

use swim_core::catalog::{Authenticity, known_good};
use swim_core::job::Outcome;
use swim_core::model::{Direction, Protocol};
use swim_core::{ErrorKind, repo};
use swim_sim::DeviceSpec;

use crate::fleet::{CAT9K, Fleet, Manner, only};

/// A list comes that has another digest for the image.
async fn contradict(fleet: &Fleet) {
    let text = format!(r#"{{"bulkHash": [{{"filename": "{}", "sha512": "{}"}}]}}"#, CAT9K.file, "0".repeat(128));
    let list = known_good(text.as_bytes()).unwrap();
    let now = fleet.clock.now();
    let done = repo::import_known_good(&fleet.store, "vendor", list, Authenticity::Unsigned, now).await.unwrap();
    assert_eq!(done.1.quarantined.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_not_even_brought() {
    let fleet = Fleet::new(vec![DeviceSpec::cat9300("access1", 1)], only(Protocol::Http, Direction::Pull));
    let worker = fleet.worker("w1", Manner::default());
    let plan = fleet.plan(&worker).await;
    let job = fleet.submit(&plan).await;
    contradict(&fleet).await;
    let report = fleet.work(&worker, &job).await;
    let result = &report.devices[0];
    let error = result.error.as_ref().expect("a reason");
    assert_eq!((result.outcome, error.kind), (Some(Outcome::Failed), ErrorKind::Blocked), "{report:#?}");
    assert!(error.context.contains(&("list".to_owned(), "vendor".to_owned())), "{error:?}");
    fleet.assert_as_before(0, 0, "in the end");
    assert!(fleet.sims[0].snapshot().received.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_brought_is_not_activated() {
    let fleet = Fleet::new(vec![DeviceSpec::cat9300("access1", 1)], only(Protocol::Http, Direction::Pull));
    let worker = fleet.worker("w1", Manner::default());
    let plan = fleet.plan(&worker).await;
    let job = fleet.submit(&plan).await;
    let meanwhile = async {
        while !fleet.sims[0].snapshot().received.iter().any(|file| file.complete) {
            fleet.clock.sleep(Duration::from_millis(10)).await;
        }
        contradict(&fleet).await;
    };
    let (report, ()) = tokio::join!(fleet.work(&worker, &job), meanwhile);
    let result = &report.devices[0];
    assert_eq!(result.error.as_ref().map(|e| e.kind), Some(ErrorKind::Blocked), "{report:#?}");
    assert_ne!(result.outcome, Some(Outcome::Upgraded));
    assert_eq!(fleet.sims[0].snapshot().reload_count, 0);
}
