//! Tokens, and everything that goes wrong on the way.

use std::time::Duration;

use swim::core::catalog::{LARGEST_REPLY, Query};
use swim::{Error, ErrorKind, Retry};
use swim_protocols::catalog::{VendorConfig, VendorLogin};
use swim_sim::vendor::{Call, Loss, Scripted, Sort};

use crate::world::{FIRST, PID, World};

fn query() -> Query {
    Query::release(PID, "17.3.1", "latest")
}

fn without_secrets(e: &Error) {
    let all = format!("{e:?} {} {:?}", e.report(), e.record());
    assert!(!all.contains("canary") && !all.contains("app-secret"), "{all}");
}

#[tokio::test]
async fn a_token_serves_many_calls_and_is_replaced_when_it_ends() {
    let world = World::new().await;
    for _ in 0..3 {
        world.search(&query()).await.unwrap();
    }
    assert_eq!(world.service.count(Call::Token), 1);
    // It ends in the middle of a download.
    world.service.lose(Sort::Tokens, Loss::Forgotten);
    assert_eq!(world.links(&[FIRST], &[]).await.unwrap().granted.len(), 1);
    assert_eq!(world.service.count(Call::Token), 2);
    // Each one is good for one call only.
    world.service.settings(|settings| settings.token_calls = Some(1));
    world.service.lose(Sort::Tokens, Loss::Forgotten);
    assert_eq!(world.links(&[FIRST], &[]).await.unwrap().granted.len(), 1);
    assert_eq!(world.service.count(Call::Token), 4);
}

#[tokio::test]
async fn a_token_is_not_used_past_its_life() {
    let world = World::new().await;
    world.service.settings(|settings| settings.token_seconds = 0);
    world.search(&query()).await.unwrap();
    world.search(&query()).await.unwrap();
    assert_eq!(world.service.count(Call::Token), 2);
}

#[tokio::test]
async fn a_service_that_refuses_fresh_tokens_is_asked_twice() {
    let world = World::new().await;
    world.service.settings(|settings| settings.token_calls = Some(0));
    let e = world.search(&query()).await.unwrap_err();
    assert_eq!((e.kind(), e.retry()), (ErrorKind::Auth, Retry::Never));
    assert_eq!((world.service.count(Call::Token), world.service.count(Call::Metadata)), (2, 2));
    without_secrets(&e);
}

#[tokio::test]
async fn credentials_are_changed_while_it_runs() {
    let world = World::new().await;
    world.search(&query()).await.unwrap();
    world.catalog.set_login(VendorLogin::new("app", "bad")).await.unwrap();
    let e = world.search(&query()).await.unwrap_err();
    assert_eq!((e.kind(), e.retry()), (ErrorKind::Auth, Retry::Never));
    assert!(e.device_words().unwrap().contains("invalid_client"), "{e:?}");
    without_secrets(&e);
    world.catalog.set_login(VendorLogin::new("app", "good").with_user("jdoe", "user")).await.unwrap();
    assert_eq!(world.search(&query()).await.unwrap_err().kind(), ErrorKind::Auth);
    world.service.settings(|settings| settings.user = Some(("jdoe".to_owned(), "user-canary p&w".to_owned())));
    world.search(&query()).await.unwrap();
    let e = world.catalog.set_login(VendorLogin::new(" ", "good")).await.unwrap_err();
    assert_eq!(e.context("field"), Some("catalog.login.client_id"));
    let e = world.catalog.set_login(VendorLogin::new("app", "no-such-secret")).await;
    assert!(e.is_ok(), "it is looked up when it is needed");
    assert_eq!(world.search(&query()).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_busy_service_is_asked_again_when_it_says() {
    let world = World::new().await;
    world.service.script(Call::Metadata, Scripted::Status(429, Some(7)));
    world.service.script(Call::Download, Scripted::Status(503, None));
    world.service.script(Call::Download, Scripted::Status(500, None));
    assert_eq!(world.links(&[FIRST], &[]).await.unwrap().granted.len(), 1);
    assert_eq!(world.pauses(), [7, 10, 4]);
    world.service.script(Call::Metadata, Scripted::Status(429, Some(9999)));
    let e = world.search(&query()).await.unwrap_err();
    assert_eq!((e.kind(), e.retry()), (ErrorKind::Busy, Retry::After(Duration::from_secs(9999))));
    assert_eq!(world.pauses().len(), 3, "nobody waits for hours without being asked");
    world.service.script(Call::Metadata, Scripted::Status(403, None));
    assert_eq!(world.search(&query()).await.unwrap_err().kind(), ErrorKind::NotEntitled);
    world.service.script(Call::Token, Scripted::Status(503, Some(3)));
    world.service.lose(Sort::Tokens, Loss::Forgotten);
    world.search(&query()).await.unwrap();
    assert_eq!(world.pauses().last(), Some(&3));
}

#[tokio::test]
async fn what_is_no_reply_is_said_and_not_guessed() {
    let world = World::new().await;
    for (answer, kind) in [
        (Scripted::Truncated, ErrorKind::UnexpectedReply),
        (Scripted::Raw("<html>maintenance</html>".to_owned()), ErrorKind::UnexpectedReply),
        (Scripted::Raw("[]".to_owned()), ErrorKind::UnexpectedReply),
        (Scripted::Raw(String::new()), ErrorKind::UnexpectedReply),
        (Scripted::Oversized(LARGEST_REPLY + 1), ErrorKind::UnexpectedReply),
    ] {
        world.service.script(Call::Metadata, answer.clone());
        let e = world.search(&query()).await.unwrap_err();
        assert_eq!((e.kind(), e.retry()), (kind, Retry::Never), "{answer:?}: {e:?}");
        without_secrets(&e);
    }
    world.service.script(Call::Token, Scripted::Raw("{\"access_token\": 1}".to_owned()));
    world.service.lose(Sort::Tokens, Loss::Forgotten);
    assert_eq!(world.search(&query()).await.unwrap_err().kind(), ErrorKind::UnexpectedReply);
    // An empty object is a page without images.
    world.service.script(Call::Metadata, Scripted::Raw("{}".to_owned()));
    assert!(world.search(&query()).await.unwrap().images.is_empty());
    // Links without a word.
    world.service.script(Call::Download, Scripted::Raw("{}".to_owned()));
    let links = world.links(&[FIRST], &[]).await.unwrap();
    assert_eq!(links.refused[0].error.kind, ErrorKind::UnexpectedReply);
}

#[tokio::test]
async fn broken_and_slow_connections() {
    let world = World::new().await;
    world.service.script(Call::Metadata, Scripted::HangUp);
    world.service.script(Call::Metadata, Scripted::Cut(10));
    world.service.script(Call::Download, Scripted::Slow(Duration::from_millis(50)));
    assert_eq!(world.links(&[FIRST], &[]).await.unwrap().granted.len(), 1);
    assert_eq!(world.service.count(Call::Metadata), 3);
    world.service.script(Call::Metadata, Scripted::Slow(Duration::from_secs(3600)));
    let stop = world.cx.cancel.clone();
    let query = query();
    let (found, ()) = tokio::join!(world.search(&query), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
    });
    assert_eq!(found.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn secrets_go_to_no_other_machine_in_clear_text() {
    for (url, token_url, field) in [
        ("http://192.0.2.1", "https://id.example.com/token", "catalog.url"),
        ("https://apix.example.com", "http://id.example.com/token", "catalog.token_url"),
        ("ftp://apix.example.com", "https://id.example.com/token", "catalog.url"),
        ("https://user:pw@apix.example.com", "https://id.example.com/token", "catalog.url"),
    ] {
        let e = VendorConfig::at(url, token_url).check().unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)));
        assert!(!e.to_string().contains("pw"));
    }
    VendorConfig::default().check().unwrap();
}
