//! The repository through names and JSON alone, as Python and C reach it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use serde_json::{Value, json};
use swim::{Client, Config, ErrorKind, surface};
use swim_core::ports::Records;
use swim_stores::SqliteStore;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("swim-repository-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn call(client: &Client, verb: &str, arguments: Value) -> Value {
    surface::call(client, verb, arguments).await.unwrap_or_else(|e| panic!("{verb}: {e:?}"))
}

async fn refused(client: &Client, verb: &str, arguments: Value) -> swim::Error {
    surface::call(client, verb, arguments).await.expect_err(verb)
}

const OLD: &str = "cat9k_iosxe.17.09.04a.SPA.bin";

#[tokio::test]
async fn who_uses_what_is_told_by_inventories() {
    let folder = Folder::new("usage");
    let client = Client::open(Config::new(folder.0.join("data"))).await.unwrap();
    for (name, version) in [(OLD, "17.09.04a"), ("cat9k_iosxe.17.12.01.SPA.bin", "17.12.01")] {
        let path = folder.file(name, name.as_bytes());
        call(&client, "import", json!({ "path": path, "platform": "ios_xe", "version": version })).await;
    }
    let records = SqliteStore::open(folder.0.join("data").join("swim.db")).unwrap();
    for (device, image) in [("sw1", OLD), ("sw2", OLD), ("sw3", "elsewhere.bin")] {
        let inventory = json!({ "device": device, "platform": "ios_xe", "taken": "2026-11-29T00:00:00Z", "boot": {},
            "members": [], "image": format!("flash:{image}") });
        records.put("inventories", device, inventory).await.unwrap();
    }
    let using = call(&client, "devices_using", json!({ "image": OLD })).await;
    let expected = json!([
        { "device": "sw1", "how": "running", "by": "name", "software": OLD },
        { "device": "sw2", "how": "running", "by": "name", "software": OLD },
    ]);
    assert_eq!(using, expected);
    let page = call(&client, "devices_using", json!({ "image": OLD, "after": "sw1", "limit": 1 })).await;
    assert_eq!(page, json!([expected[1]]));
    let top = call(&client, "top_images", json!({})).await;
    assert_eq!((&top[0]["devices"], &top[0]["software"]), (&json!(2), &json!([OLD])));
    assert_eq!((&top[1]["devices"], &top[1]["images"]), (&json!(1), &json!([])), "also what was not imported");
    let groups = call(&client, "image_groups", json!({})).await;
    assert_eq!((&groups[0]["images"], &groups[0]["families"][0]["family"]), (&json!(2), &json!("cat9k")));
    let info = call(&client, "image_info", json!({ "image": OLD })).await;
    assert_eq!((&info["devices"], &info["names"], &info["referrers"]), (&json!(2), &json!([OLD]), &json!([])));
    for (query, count) in [
        (json!({ "text": "17.9.4" }), 1),
        (json!({ "version": "17." }), 2),
        (json!({ "version": "17.", "limit": 1, "sort": "version" }), 1),
        (json!({ "version": "17.", "sort": "version", "after": OLD }), 1),
        (json!({ "platform": "=ios" }), 0),
        (json!({ "version": "17.9.4" }), 1),
        (json!({ "version": "17.09.04" }), 1),
        (json!({ "version": "17.09.4", "platform": "iosxe" }), 1),
        (json!({ "version": "=17.09.4" }), 0),
        (json!({ "version": "17.09" }), 1),
        (json!({ "image_type": "xe-bundle" }), 2),
        (json!({ "image_type": "xe-smu" }), 0),
    ] {
        assert_eq!(call(&client, "images", query.clone()).await.as_array().unwrap().len(), count, "{query}");
    }
    let e = refused(&client, "images", json!({ "image_type": "foo" })).await;
    assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("image_type")));
    assert!(e.message().contains("there are image, kickstart, smu, rommon, epld, package"), "{e}");
    let deleted = call(&client, "remove_image", json!({ "image": OLD })).await;
    assert_eq!((&deleted["devices"], &deleted["used_by"]), (&json!(2), &json!(["sw1", "sw2"])));
    let top = call(&client, "top_images", json!({ "count": 1 })).await;
    assert_eq!((&top[0]["devices"], &top[0]["images"]), (&json!(2), &json!([])));
    let audit = call(&client, "image_audit", json!({ "image": deleted["image"] })).await;
    assert_eq!((audit.as_array().unwrap().len(), &audit[1]["file_name"]), (2, &json!(OLD)));
    let id = deleted["image"].as_str().unwrap();
    for wanted in [&id[..12], &id[..4], &id[..12].to_uppercase(), OLD] {
        assert_eq!(call(&client, "image_audit", json!({ "image": wanted })).await, audit, "{wanted}");
    }
}

fn device() -> Value {
    json!({ "id": "sw1", "at": { "host": "192.0.2.10", "port": 22 }, "platform": "ios", "login": { "user": "admin" },
        "host_key": "first_use" })
}

#[tokio::test]
async fn jobs_and_offers_keep_an_image() {
    let folder = Folder::new("referrers");
    let mut config = Config::new(folder.0.join("data"));
    config.offers.listen = "127.0.0.1".to_owned();
    let client = Client::open(config).await.unwrap();
    let path = folder.file("made-up.bin", b"not really an image");
    call(&client, "import", json!({ "path": path, "platform": "ios", "version": "15.2(7)E10" })).await;
    call(&client, "add_devices", json!({ "devices": [device()] })).await;
    let plan = call(&client, "plan", json!({ "image": "made-up.bin", "devices": [] })).await;
    let approval = surface::function("plan_digest", json!({ "plan": plan })).unwrap();
    let due = "2126-01-01T00:00:00Z";
    let job = call(&client, "submit", json!({ "plan": plan, "approval": approval, "due": due })).await;
    let offer = json!({ "image": "made-up.bin", "device": "sw1", "protocol": "http" });
    let offered = call(&client, "offer", offer.clone()).await;
    let e = refused(&client, "remove_image", json!({ "image": "made-up.bin", "reason": "no reason is enough" })).await;
    assert_eq!(e.kind(), ErrorKind::Conflict);
    assert!(e.to_string().contains(job.as_str().unwrap()) && e.to_string().contains("offer 1 is open"), "{e}");
    let info = call(&client, "image_info", json!({ "image": "made-up.bin" })).await;
    assert_eq!(info["referrers"].as_array().unwrap().len(), 2);
    call(&client, "withdraw", json!({ "offer": offered["offer"] })).await;
    call(&client, "cancel", json!({ "job": job })).await;
    call(&client, "wait", json!({ "job": job })).await;
    call(&client, "remove_image", json!({ "image": "made-up.bin" })).await;
    assert_eq!(refused(&client, "offer", offer).await.kind(), ErrorKind::NotFound);
    let submit = json!({ "plan": plan, "approval": approval, "due": due });
    assert_eq!(refused(&client, "submit", submit).await.kind(), ErrorKind::NotFound);
    assert_eq!(call(&client, "list", json!({})).await.as_array().unwrap().len(), 1, "no other job was made");
}

#[tokio::test]
async fn rot_reaches_no_device() {
    let folder = Folder::new("rot");
    let mut config = Config::new(folder.0.join("data"));
    config.offers.listen = "127.0.0.1".to_owned();
    let client = Client::open(config).await.unwrap();
    let path = folder.file("made-up.bin", b"not really an image");
    let import = json!({ "path": path, "platform": "ios", "version": "15.2(7)E10" });
    let image = call(&client, "import", import.clone()).await;
    call(&client, "add_devices", json!({ "devices": [device()] })).await;
    let plan = call(&client, "plan", json!({ "image": "made-up.bin", "devices": [] })).await;
    let approval = surface::function("plan_digest", json!({ "plan": plan })).unwrap();
    let id = image["id"].as_str().unwrap();
    let stored = folder.0.join("data").join("images").join(&id[..2]).join(&id[2..]);
    std::fs::write(&stored, b"NOT REALLY AN IMAGE").unwrap();
    let found = call(&client, "scrub", json!({})).await;
    assert_eq!((&found["finished"], &found["damaged"][0]["kind"]), (&json!(true), &json!("changed")), "{found}");
    let offer = json!({ "image": "made-up.bin", "device": "sw1", "protocol": "http" });
    let push = json!({ "image": "made-up.bin", "device": "sw1", "path": "flash:x.bin" });
    let submit = json!({ "plan": plan, "approval": approval, "due": "2126-01-01T00:00:00Z" });
    let export = json!({ "path": folder.0.join("moved.tar") });
    for (verb, arguments) in [("offer", &offer), ("push", &push), ("submit", &submit), ("export_repository", &export)] {
        assert_eq!(refused(&client, verb, arguments.clone()).await.kind(), ErrorKind::Integrity, "{verb}");
    }
    let record =
        json!({ "device": "sw1", "platform": "ios", "taken": "2026-11-29T00:00:00Z", "boot": {}, "members": [] });
    let records = SqliteStore::open(folder.0.join("data").join("swim.db")).unwrap();
    records.put("inventories", "sw1", record).await.unwrap();
    let devices = json!({ "image": "made-up.bin", "devices": ["sw1"] });
    for (verb, place) in [("analyse", "/devices/0"), ("plan", "/refused/0")] {
        let judged = call(&client, verb, devices.clone()).await;
        let findings = judged.pointer(&format!("{place}/findings")).expect(verb).to_string();
        assert!(findings.contains("image.damaged"), "{verb}: {findings}");
    }
    call(&client, "import", import).await;
    assert_eq!(std::fs::read(&stored).unwrap(), b"not really an image");
    assert!(!call(&client, "analyse", devices).await.to_string().contains("image.damaged"));
    let offered = call(&client, "offer", offer).await;
    call(&client, "withdraw", json!({ "offer": offered["offer"] })).await;
}

#[tokio::test]
async fn a_repository_moves() {
    let folder = Folder::new("moves");
    let from = Client::open(Config::new(folder.0.join("from"))).await.unwrap();
    let to = Client::open(Config::new(folder.0.join("to"))).await.unwrap();
    for (name, bytes) in [(OLD, vec![5; 3_000_000]), ("second.bin", vec![6; 10])] {
        call(&from, "import", json!({ "path": folder.file(name, &bytes) })).await;
    }
    let path = folder.0.join("moved.tar");
    let wrote = call(&from, "export_repository", json!({ "path": path })).await;
    assert_eq!((&wrote["images"], &wrote["bytes"]), (&json!(2), &json!(std::fs::metadata(&path).unwrap().len())));
    assert_eq!(refused(&from, "export_repository", json!({ "path": path })).await.kind(), ErrorKind::Conflict);
    let brought = call(&to, "import_repository", json!({ "path": path })).await;
    assert_eq!(brought["imported"].as_array().unwrap().len(), 2);
    assert_eq!(call(&to, "images", json!({})).await, call(&from, "images", json!({})).await);
    let again = call(&to, "import_repository", json!({ "path": path })).await;
    assert_eq!((&again["present"], &again["conflicts"]), (&json!(2), &json!([])));
    assert_eq!(call(&to, "scrub", json!({})).await["images"], 2);
    let cut = folder.file("cut.tar", &std::fs::read(&path).unwrap()[..2_000_000]);
    let e = refused(&to, "import_repository", json!({ "path": cut })).await;
    assert!(e.kind() == ErrorKind::Integrity && e.to_string().contains("the archive ends in it"), "{e}");
}
