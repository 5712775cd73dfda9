//! Folders of others, and whoever collects from them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use swim::ErrorKind;

use crate::world::{Folder, Web, call, client, page, refused};

fn source(url: &str) -> Value {
    json!({"name": "depot", "from": {"url": {"url": url}}, "only": ["*"]})
}

#[tokio::test]
async fn who_stops_collecting_holds_nobody_up() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|line, to| {
        if line.starts_with("GET /slow/ ") {
            std::thread::sleep(Duration::from_secs(20));
        }
        page(to, "<a href='x.bin'>x</a>");
    });
    call(&client, "add_collection", source(&web.url("/slow/"))).await;
    let given_up = tokio::time::timeout(Duration::from_millis(500), call(&client, "collect", json!({"name": "depot"})));
    assert!(given_up.await.is_err());
    call(&client, "add_collection", source(&web.url("/"))).await;
    let began = Instant::now();
    let ran = loop {
        match swim::surface::call(&client, "collect", json!({"name": "depot"})).await {
            Ok(ran) => break ran,
            Err(e) => assert!(e.kind() == ErrorKind::Busy && began.elapsed() < Duration::from_secs(5), "{e:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(ran[0]["run"]["imported"], 1, "{ran}");
}

#[tokio::test]
async fn what_is_there_under_another_name_is_not_fetched_every_night() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|line, to| {
        let listing = "<a href='a.bin'>a</a><a href='b.bin'>b</a>";
        page(to, if line.starts_with("GET / ") { listing } else { "the same bytes" });
    });
    call(&client, "add_collection", source(&web.url("/"))).await;
    call(&client, "collect", json!({"name": "depot"})).await;
    let before = web.asked().len();
    let ran = call(&client, "collect", json!({"name": "depot"})).await;
    assert_eq!((&ran[0]["run"]["known"], &ran[0]["run"]["imported"]), (&json!(2), &json!(0)), "{ran}");
    assert_eq!(web.asked().len(), before + 1, "only the listing");
}

#[tokio::test]
async fn hostile_listings_lead_nowhere_else() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|line, to| {
        let listing = "<a href='../x.bin'>a</a><a href='%2e%2e%2fx.bin'>a</a><a href='/etc/x.bin'>a</a>\
            <a href='a.bin'>a</a><a href='a.bin'>a</a><a href='./a.bin'>a</a><a href='//evil/x.bin'>a</a>\
            <a href='http://evil/x.bin'>a</a><a href='b%0a.bin'>a</a><a href='c%00.bin'>a</a><a href='..'>a</a>\
            <a href='..%5cx.bin'>a</a><a href=''>a</a><a href='javascript:x.bin'>a</a>";
        page(to, if line.starts_with("GET /f/ ") { listing.as_bytes() } else { b"image" });
    });
    call(&client, "add_collection", source(&web.url("/f/"))).await;
    let ran = call(&client, "collect", json!({"name": "depot"})).await;
    let asked: Vec<String> = web.asked().iter().map(|r| r.lines().next().unwrap().to_owned()).collect();
    assert_eq!(asked, ["GET /f/ HTTP/1.1", "GET /f/a.bin HTTP/1.1"], "{ran}");
}

#[tokio::test]
async fn a_listing_without_end_ends() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|line, to| {
        let _ = write!(to, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let piece = if line.contains("/links/") { "href=".repeat(2000) } else { "<a href='x'>".repeat(2000) };
        while write!(to, "{:x}\r\n{piece}\r\n", piece.len()).is_ok() {}
    });
    for folder in ["/links/", "/names/"] {
        call(&client, "add_collection", source(&web.url(folder))).await;
        let began = Instant::now();
        let ran = call(&client, "collect", json!({"name": "depot"})).await;
        assert_eq!(ran[0]["run"]["error"]["kind"], "no_space", "{ran}");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}

/// A page of links that never end: each would be read to the end of the page.
#[tokio::test]
async fn a_page_of_open_links_is_read_in_no_time() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let web = Web::new(|_, to| page(to, "href=".repeat(60_000)));
    call(&client, "add_collection", source(&web.url("/f/"))).await;
    let began = Instant::now();
    call(&client, "collect", json!({"name": "depot"})).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn odd_sources_are_named() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let with = |field: &str, value: Value| {
        let mut source = source("http://127.0.0.1/f/");
        source[field] = value;
        source
    };
    for (source, field) in [
        (with("schedule", json!({"cron": "* * * * * * * *"})), "schedule.cron"),
        (with("schedule", json!({"cron": "0 0 31 2 *"})), "schedule.cron"),
        (with("schedule", json!({"cron": "-1 * * * *"})), "schedule.cron"),
        (with("schedule", json!({"cron": "99999999999999999999 * * * *"})), "schedule.cron"),
        (with("schedule", json!({"cron": "*/0 * * * *"})), "schedule.cron"),
        (with("schedule", json!({"cron": "5-1 * * * *"})), "schedule.cron"),
        (with("schedule", json!({"cron": "0 3 * * *\u{0}"})), "schedule.cron"),
        (with("schedule", json!({"cron": "0 3 * * *", "zone": "../../etc/passwd"})), "schedule.zone"),
        (with("schedule", json!({"cron": "0 3 * * *", "zone": ""})), "schedule.zone"),
        (with("schedule", json!({"cron": 5})), "schedule.cron"),
        (with("schedule", json!({"at": "tomorrow"})), "schedule.at"),
        (with("only", json!(vec!["*"; 101])), "only"),
        (with("schedule", json!({})), "schedule"),
        (with("schedule", json!({"zone": "UTC"})), "schedule.zone"),
        (with("from", json!({"file": {"path": ""}})), "from.file.path"),
        (with("from", json!({"file": {"path": "no-such-folder/"}})), "from.file.path"),
        (with("from", json!({"file": {"path": std::env::temp_dir()}})), "from.file.path"),
        (with("from", json!({"devices": {"devices": []}})), "from.devices.devices"),
        (with("from", json!({"devices": {"devices": ["a", "b", "a"]}})), "from.devices.devices[2]"),
        (with("name", json!("a b")), "name"),
    ] {
        let shown = source.to_string();
        let e = refused(&client, "add_collection", source).await;
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{shown}: {e:?}");
    }
    assert_eq!(call(&client, "collections", json!({})).await, json!([]));
}
