//! Catalogues and lists: old ones played again, and who lifted what.

use serde_json::{Value, json};
use swim::ErrorKind;

use crate::world::{Folder, call, client, refused};

const NAME: &str = "cat9k_iosxe.17.09.05.SPA.bin";

fn catalogue(generated: Option<&str>, status: &str) -> String {
    let mut document = json!({"schema": 1, "entries": [{"filename": NAME, "lifecycle": {"status": status}}]});
    if let Some(generated) = generated {
        document["generated"] = generated.into();
    }
    document.to_string()
}

#[tokio::test]
async fn an_older_catalogue_does_not_take_the_place_of_a_newer_one() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let certificate = folder.certificate("publisher");
    let signed = |name: &str, text: String| {
        folder.write(name, text);
        json!({"path": folder.path(name), "name": "vendor", "certificate": certificate,
            "signature": folder.sign("publisher", name)})
    };
    let old = signed("old.json", catalogue(Some("2026-01-01T00:00:00Z"), "active"));
    let new = signed("new.json", catalogue(Some("2026-06-01T00:00:00Z"), "deferred"));
    let undated = signed("undated.json", catalogue(None, "active"));
    call(&client, "import_catalog", old.clone()).await;
    call(&client, "import_catalog", new.clone()).await;
    for replayed in [&old, &undated] {
        let e = refused(&client, "import_catalog", replayed.clone()).await;
        assert_eq!((e.kind(), e.context("name")), (ErrorKind::Conflict, Some("vendor")), "{e:?}");
        assert!(e.to_string().contains("2026-06-01"), "{e}");
    }
    let status = async || call(&client, "catalog", json!({})).await[0]["lifecycle"]["status"].clone();
    assert_eq!(status().await, "deferred");
    call(&client, "import_catalog", new).await;
    // Somebody who means it says so.
    let mut meant = old;
    meant["allow_older"] = json!(true);
    call(&client, "import_catalog", meant).await;
    assert_eq!(status().await, "active");
}

#[tokio::test]
async fn the_audit_tells_who_lifted_a_quarantine() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let image = call(&client, "import", json!({"path": folder.write("made-up.bin", b"no image")})).await;
    let entry = json!({"filename": "made-up.bin", "sha512": "0".repeat(128)});
    let list = folder.write("list.json", json!({"bulkHash": [entry]}).to_string());
    let taken = call(&client, "import_known_good", json!({"path": list, "allow_unsigned": true})).await;
    assert_eq!(taken["images"]["quarantined"][0]["image"], image["id"]);
    let lift = json!({"image": "made-up.bin", "by": "Ada", "reason": "built in our lab"});
    call(&client, "lift_quarantine", lift).await;
    let audit = call(&client, "image_audit", json!({"image": image["id"]})).await;
    let line = audit.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&line["action"], &line["by"], &line["reason"]),
        (&json!("quarantine lifted"), &json!("Ada"), &json!("built in our lab")),
        "{audit}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_an_image_that_somebody_changed_changes_nothing() {
    let folder = Folder::new();
    let client = client(&folder).await;
    let path = folder.write("made-up.bin", b"not really an image");
    let image = call(&client, "import", json!({"path": path, "platform": "ios", "version": "15.2(7)E4"})).await;
    let device = json!([{"id": "sw1", "at": {"host": "127.0.0.1", "port": 1}, "platform": "ios",
        "login": {"user": "u"}, "host_key": "first_use"}]);
    call(&client, "add_devices", json!({"devices": device})).await;
    let mut forged = image.clone();
    forged["bytes"] = json!(3);
    forged["digests"]["md5"] = json!("0".repeat(32));
    let plan = json!({"image": forged, "devices": []});
    let mut named = forged.clone();
    named["facts"]["version"] = json!({"value": {"scheme": "ios", "text": "15.2(7)E10"}, "from": "user"});
    let planned = call(&client, "plan", json!({"image": named, "devices": []})).await;
    assert_eq!(
        (&planned["goal"]["bytes"], &planned["goal"]["digests"]["md5"]),
        (&image["bytes"], &image["digests"]["md5"]),
        "{plan}"
    );
    assert_eq!(planned["goal"]["version"]["text"], "15.2(7)E4", "what it is stands in the repository");
    let offered = call(&client, "offer", json!({"image": forged, "device": "sw1", "protocol": "http"})).await;
    let got = fetch(offered["port"].as_u64().unwrap(), offered["path"].as_str().unwrap());
    assert!(got.ends_with("\r\n\r\nnot really an image"), "{got}");
}

fn fetch(port: u64, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
    let path = path.trim_start_matches('/');
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).unwrap();
    got
}

#[tokio::test]
async fn documents_that_are_none_change_nothing() {
    let folder = Folder::new();
    let client = client(&folder).await;
    call(
        &client,
        "import_catalog",
        json!({"path": folder.write("c.json", catalogue(None, "active")),
        "allow_unsigned": true, "name": "lab"}),
    )
    .await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (what, text) in [
        ("deep", deep),
        ("no json", "{".to_owned()),
        ("nothing", String::new()),
        ("a number", "7".to_owned()),
        ("huge numbers", r#"{"schema":1e999,"entries":[]}"#.to_owned()),
        ("another form", r#"{"schema":4294967295,"entries":[]}"#.to_owned()),
        ("lists for objects", r#"{"schema":1,"entries":[["a.bin"]]}"#.to_owned()),
        ("odd size", r#"{"schema":1,"entries":[{"filename":"a","size":-1}]}"#.to_owned()),
    ] {
        let path = folder.write("odd.json", &text);
        for verb in ["import_catalog", "import_known_good"] {
            let e = refused(&client, verb, json!({"path": path, "allow_unsigned": true, "name": "lab"})).await;
            let kinds = [ErrorKind::Unsupported, ErrorKind::InvalidInput];
            assert!(kinds.contains(&e.kind()), "{what} {verb}: {e:?}");
        }
    }
    let listed: Value = call(&client, "catalog", json!({})).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(call(&client, "known_good", json!({})).await, json!([]));
}
