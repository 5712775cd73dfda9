//! What takes the place of what: a signature is not broken by leaving it out.

use serde_json::{Value, json};
use swim::ErrorKind;
use swim_core::ports::Records;
use swim_stores::SqliteStore;

use crate::verbs::{Folder, call, open, refused};

/// A document in a file, proven by a certificate or by nothing.
fn proven(folder: &Folder, by: Option<&str>, text: &Value) -> Value {
    let path = folder.write("document.json", text.to_string());
    match by {
        None => json!({"path": path, "name": "vendor", "allow_unsigned": true}),
        Some(by) => json!({"path": path, "name": "vendor", "certificate": folder.path(&format!("{by}.pem")),
            "signature": folder.sign(by, "document.json")}),
    }
}

#[tokio::test]
async fn a_signed_catalogue_gives_way_to_its_own_signer_only() {
    let folder = Folder::new("replaced");
    let client = open(&folder, json!({})).await;
    folder.certificate("publisher");
    folder.certificate("stranger");
    let catalogue = |status: &str| {
        json!({"schema": 1, "generated": "2026-06-01T00:00:00Z",
            "entries": [{"filename": "a.bin", "lifecycle": {"status": status}}]})
    };
    let import = async |by, status: &str| {
        let how = proven(&folder, by, &catalogue(status));
        swim::surface::call(&client, "import_catalog", how).await
    };
    let status = async || call(&client, "catalog", json!({})).await[0]["lifecycle"]["status"].clone();
    import(None, "active").await.unwrap();
    import(Some("publisher"), "deferred").await.unwrap();
    for by in [None, Some("stranger")] {
        let e = import(by, "active").await.unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::Conflict, Some("allow_older")), "{e}");
        let now = by.map_or("is not signed", |_| "is signed by CN=stranger");
        assert!(
            e.to_string().contains("vendor that is here is signed by CN=publisher") && e.to_string().contains(now),
            "{e}"
        );
    }
    assert_eq!(status().await, "deferred");
    import(Some("publisher"), "withdrawn").await.unwrap();
    // Somebody who means it says so.
    let mut meant = proven(&folder, None, &catalogue("active"));
    meant["allow_older"] = json!(true);
    assert_eq!(call(&client, "import_catalog", meant).await["authenticity"], "unsigned");
    assert_eq!(status().await, "active");
}

#[tokio::test]
async fn catalogues_are_listed_and_removed_and_all_of_it_is_audited() {
    let folder = Folder::new("removed");
    let client = open(&folder, json!({})).await;
    folder.certificate("publisher");
    let catalogue = |name: &str| json!({"schema": 1, "entries": [{"filename": name}]});
    assert_eq!(call(&client, "catalogs", json!({})).await, json!([]));
    call(&client, "import_catalog", proven(&folder, Some("publisher"), &catalogue("a.bin"))).await;
    let kept = call(&client, "catalogs", json!({})).await;
    assert_eq!(
        (kept.as_array().unwrap().len(), &kept[0]["name"], &kept[0]["entries"]),
        (1, &json!("vendor"), &json!(1))
    );
    assert!(kept[0]["authenticity"]["signed"]["signer"].as_str().unwrap().contains("publisher"), "{kept:#}");

    let e = refused(&client, "remove_catalog", json!({"name": "other"})).await;
    assert_eq!((e.kind(), e.context("name")), (ErrorKind::NotFound, Some("other")), "{e}");
    assert_eq!(call(&client, "remove_catalog", json!({"name": "vendor"})).await, kept[0]);
    assert_eq!(
        (call(&client, "catalogs", json!({})).await, call(&client, "catalog", json!({})).await),
        (json!([]), json!([]))
    );

    // Nothing is left to give way, and the audit shows how that came.
    call(&client, "import_catalog", proven(&folder, None, &catalogue("b.bin"))).await;
    call(&client, "import_catalog", proven(&folder, None, &catalogue("c.bin"))).await;
    let audit = call(&client, "catalog_audit", json!({})).await;
    let actions: Vec<&str> = audit.as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["imported", "removed", "imported", "replaced"], "{audit:#}");
    assert_eq!((&audit[1]["before"], &audit[1]["now"]), (&kept[0], &Value::Null));
    assert_eq!(audit[3]["before"]["authenticity"], "unsigned");
}

/// Who dies behind the removal has written no line of the audit: it is there all the same, before and after another comes.
#[tokio::test]
async fn a_removal_is_audited_by_the_write_that_removes() {
    let folder = Folder::new("removal-cut");
    let client = open(&folder, json!({})).await;
    let store = SqliteStore::open(folder.path("data/swim.db")).unwrap();
    let how = || proven(&folder, None, &json!({"schema": 1, "entries": [{"filename": "a.bin"}]}));
    call(&client, "import_catalog", how()).await;
    let kept = call(&client, "remove_catalog", json!({"name": "vendor"})).await;
    let lines = store.all("catalog_audit").await.unwrap();
    let (key, _) = lines.iter().find(|(key, _)| key.ends_with("removed vendor")).unwrap();
    assert!(Records::remove(&store, "catalog_audit", key).await.unwrap());

    let audit = call(&client, "catalog_audit", json!({})).await;
    assert_eq!((&audit[1]["action"], &audit[1]["before"]), (&json!("removed"), &kept), "{audit:#}");
    assert_eq!(refused(&client, "remove_catalog", json!({"name": "vendor"})).await.kind(), ErrorKind::NotFound);
    call(&client, "import_catalog", how()).await;
    let after = call(&client, "catalog_audit", json!({})).await;
    assert_eq!((&after[1], &after[2]["action"]), (&audit[1], &json!("imported")), "{after:#}");
    assert_eq!(call(&client, "catalogs", json!({})).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_byte_order_mark_is_signed_and_read_over() {
    let folder = Folder::new("marked");
    let client = open(&folder, json!({})).await;
    folder.certificate("publisher");
    let text = format!("\u{feff}{}", json!({"schema": 1, "entries": [{"filename": "a.bin"}]}));
    let path = folder.write("document.json", &text);
    let signature = folder.sign("publisher", "document.json");
    let how =
        json!({"path": path, "name": "marked", "certificate": folder.path("publisher.pem"), "signature": signature});
    assert_eq!(call(&client, "import_catalog", how.clone()).await["entries"], 1);
    // The signature is of the bytes as they are.
    folder.write("document.json", text.trim_start_matches('\u{feff}'));
    assert_eq!(refused(&client, "import_catalog", how).await.kind(), ErrorKind::Integrity);
}

#[tokio::test]
async fn a_signed_list_gives_way_to_its_own_signer_only() {
    let folder = Folder::new("list-replaced");
    let client = open(&folder, json!({})).await;
    folder.certificate("publisher");
    folder.certificate("stranger");
    let list = |name: &str| json!({"bulkHash": [{"filename": name, "sha512": "0".repeat(128)}]});
    call(&client, "import_known_good", proven(&folder, Some("publisher"), &list("a.bin"))).await;
    for by in [None, Some("stranger")] {
        let e = refused(&client, "import_known_good", proven(&folder, by, &list("b.bin"))).await;
        assert_eq!((e.kind(), e.context("name")), (ErrorKind::Conflict, Some("vendor")), "{e}");
        assert!(
            e.to_string().contains("is signed by CN=publisher") && e.to_string().contains("remove that one first"),
            "{e}"
        );
    }
    let taken = call(&client, "import_known_good", proven(&folder, Some("publisher"), &list("c.bin"))).await;
    let remark = "a file of the list before is not in this one, a.bin: is it an older one?";
    assert_eq!(taken["list"]["remarks"], json!([remark]));
    call(&client, "remove_known_good", json!({"name": "vendor"})).await;
    call(&client, "import_known_good", proven(&folder, None, &list("b.bin"))).await;
}
