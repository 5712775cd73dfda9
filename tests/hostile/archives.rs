//! Archives of a repository that somebody made on purpose.

use serde_json::{Value, json};
use swim::ErrorKind;
use swim::core::model::Sha256;

use crate::world::{Folder, call, client, member, refused};

const BYTES: &[u8] = b"not really an image";

/// A list that has other digests for a name.
fn list(folder: &Folder, name: &str) -> Value {
    let entry = json!({"filename": name, "dtype": "osimage", "sha512": "0".repeat(128)});
    let path = folder.write("list.json", json!({"bulkHash": [entry]}).to_string());
    json!({"path": path, "name": "vendor", "allow_unsigned": true})
}

/// An archive with one image, whose record somebody may have changed.
async fn archive(folder: &Folder, change: impl Fn(&mut Value)) -> String {
    let from = client(folder).await;
    call(&from, "import", json!({"path": folder.write("made-up.bin", BYTES)})).await;
    let path = folder.path("honest.tar");
    call(&from, "export_repository", json!({"path": path})).await;
    let honest = std::fs::read(&path).unwrap();
    let length = usize::from_str_radix(std::str::from_utf8(&honest[124..135]).unwrap(), 8).unwrap();
    let mut manifest: Value = serde_json::from_slice(&honest[512..512 + length]).unwrap();
    change(&mut manifest);
    let text = manifest.to_string();
    let mut made = Vec::new();
    member(&mut made, "manifest.json", b'0', text.as_bytes());
    let line = format!("{}  manifest.json\n", Sha256::of(text.as_bytes()));
    member(&mut made, "manifest.sha256", b'0', line.as_bytes());
    member(&mut made, &format!("images/{}", Sha256::of(BYTES)), b'0', BYTES);
    made.extend([0; 1024]);
    folder.write("made.tar", made)
}

#[tokio::test]
async fn an_archive_brings_no_image_past_a_list() {
    let (there, here) = (Folder::new(), Folder::new());
    let path = archive(&there, |_| {}).await;
    let client = client(&here).await;
    call(&client, "import_known_good", list(&here, "made-up.bin")).await;
    let brought = call(&client, "import_repository", json!({"path": path})).await;
    let image = call(&client, "image", json!({"image": "made-up.bin"})).await;
    assert_eq!(image["quarantine"]["list"], "vendor", "{brought} {image}");
    assert_eq!(brought["quarantined"], json!([image["id"]]), "{brought}");
    let audit = call(&client, "image_audit", json!({"image": image["id"]})).await;
    assert_eq!(audit[0]["action"], "quarantined", "{audit}");
}

#[tokio::test]
async fn a_new_name_from_an_archive_is_judged() {
    let (there, here) = (Folder::new(), Folder::new());
    let path = archive(&there, |_| {}).await;
    let client = client(&here).await;
    call(&client, "import", json!({"path": here.write("other.bin", BYTES)})).await;
    call(&client, "import_known_good", list(&here, "made-up.bin")).await;
    call(&client, "import_repository", json!({"path": path})).await;
    let image = call(&client, "image", json!({"image": "other.bin"})).await;
    assert_eq!(image["quarantine"]["list"], "vendor", "{image}");
}

#[tokio::test]
async fn what_another_repository_lifted_is_not_lifted_here_and_what_it_held_is_held() {
    let lifted = |field: &'static str| {
        move |manifest: &mut Value| {
            let mut held = json!({"since": "2026-01-01T00:00:00Z", "list": "vendor",
                "reasons": ["made-up.bin: its sha512 is another one"]});
            if field != "held" {
                held["lifted"] = json!({"at": "2026-01-02T00:00:00Z", "by": "Mallory", "reason": "trust me"});
            }
            let field = if field == "held" { "quarantine" } else { field };
            manifest["images"][0]["record"][field] = held;
        }
    };
    // Earlier releases wrote what was lifted in the place of what holds.
    for by in ["held", "quarantine", "quarantine_lifted"] {
        let (there, here) = (Folder::new(), Folder::new());
        let path = archive(&there, lifted(by)).await;
        let client = client(&here).await;
        call(&client, "import_repository", json!({"path": path})).await;
        let seen = async || call(&client, "image", json!({"image": "made-up.bin"})).await["quarantine"].clone();
        let held = seen().await;
        assert!(held["list"] == "vendor" && held["lifted"].is_null(), "{held}");
        // A list of other files says nothing of it.
        call(&client, "import_known_good", list(&here, "b.bin")).await;
        assert_eq!(seen().await["list"], "vendor", "no list here ever spoke for it");
        let lift = json!({"image": "made-up.bin", "by": "Ada", "reason": "I looked at it"});
        call(&client, "lift_quarantine", lift).await;
        let lifted = async || {
            call(&client, "image", json!({"image": "made-up.bin"})).await["quarantine_lifted"]["lifted"].clone()
        };
        assert!(seen().await.is_null());
        assert_eq!(lifted().await["by"], "Ada");
        let again = call(&client, "import_repository", json!({"path": path})).await;
        assert_eq!((&again["conflicts"], &lifted().await["by"]), (&json!([]), &json!("Ada")), "{again}");
    }
}

#[tokio::test]
async fn requirements_of_an_archive_are_those_that_a_person_could_have_set() {
    let id = Sha256::of(BYTES);
    let further = move |value: Value| {
        move |manifest: &mut Value| {
            manifest["images"][0]["further"] = json!([{"table": "requirement_changes", "key": "2026-01-01T00:00:00.000000000Z-000000001", "value": value}]);
        }
    };
    let set =
        |overrides: Value| move |manifest: &mut Value| manifest["images"][0]["record"]["overrides"] = overrides.clone();
    let good = json!({"image": id, "file_name": "made-up.bin", "number": 1, "at": "2026-01-01T00:00:00Z", "by": "Ada",
        "changes": [{"field": "ram", "from": null, "to": 5}]});
    let mut other = good.clone();
    other["image"] = json!(Sha256::of(b"other"));
    let here = Folder::new();
    let client = client(&here).await;
    let tried = async |change: &dyn Fn(&mut Value)| {
        let there = Folder::new();
        let path = archive(&there, change).await;
        swim::surface::call(&client, "import_repository", json!({"path": path})).await
    };
    for (what, change) in [
        ("a change that is none", &further(json!({"min_ram": 5})) as &dyn Fn(&mut Value)),
        ("a change of another image", &further(other)),
        ("no memory at all", &set(json!({"ram": 0}))),
        ("more flash than there is", &set(json!({"flash": 1_000_000_000_000_000_u64}))),
    ] {
        let e = tried(change).await.expect_err(what);
        assert_eq!((e.kind(), e.context("member")), (ErrorKind::Integrity, Some("manifest.json")), "{what}: {e:?}");
        assert!(e.to_string().contains(&id.to_string()), "{what}: {e}");
    }
    assert_eq!(call(&client, "images", json!({})).await, json!([]), "nothing of a bad archive stays");
    tried(&further(good)).await.unwrap();
    let seen = call(&client, "requirements", json!({"image": "made-up.bin"})).await;
    assert_eq!(seen["history"][0]["by"], "Ada");
}

#[tokio::test]
async fn odd_members_are_refused_and_what_was_whole_stays() {
    let (there, here) = (Folder::new(), Folder::new());
    let path = archive(&there, |_| {}).await;
    let honest = std::fs::read(path).unwrap();
    let image = honest.len() - 1024 - 1024;
    let client = client(&here).await;
    let with = |name: &str, kind: u8| {
        let mut odd = honest[..honest.len() - 1024].to_vec();
        member(&mut odd, name, kind, b"x");
        odd.extend([0; 1024]);
        odd
    };
    let mut twice = honest[..honest.len() - 1024].to_vec();
    twice.extend_from_within(image..);
    twice.extend([0; 1024]);
    for (what, bytes) in [
        ("a path that leads out", with("../../etc/passwd", b'0')),
        ("an absolute path", with("/etc/passwd", b'0')),
        ("a link", with("images/x", b'2')),
        ("a hard link", with("images/x", b'1')),
        ("a folder", with("images/", b'5')),
        ("a device", with("images/x", b'3')),
        ("a member that is there twice", twice),
        ("no end", honest[..honest.len() - 1024].to_vec()),
        ("half an end", honest[..honest.len() - 1024 - 700].to_vec()),
        ("nothing", vec![]),
        ("zeros", vec![0; 4096]),
    ] {
        let path = here.write("odd.tar", bytes);
        let e = refused(&client, "import_repository", json!({"path": path})).await;
        assert!(matches!(e.kind(), ErrorKind::Integrity), "{what}: {e:?}");
    }
    for place in [here.path(""), "/dev/zero".to_owned(), here.path("none.tar")] {
        let e = refused(&client, "import_repository", json!({"path": place})).await;
        assert!(matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound), "{place}: {e:?}");
    }
    assert!(call(&client, "scrub", json!({})).await["damaged"] == json!([]));
    // Bytes that flipped on the way are noticed, wherever they are: what is there afterwards is what it should be.
    for at in (0..honest.len()).step_by(37) {
        let mut flipped = honest.clone();
        flipped[at] ^= 0x40;
        let path = here.write("flipped.tar", flipped);
        if let Err(e) = swim::surface::call(&client, "import_repository", json!({"path": path})).await {
            assert!(matches!(e.kind(), ErrorKind::Integrity | ErrorKind::Unsupported), "{at}: {e:?}");
        }
    }
    let found = call(&client, "scrub", json!({})).await;
    assert_eq!((&found["damaged"], &found["unrecorded"], &found["images"]), (&json!([]), &json!([]), &json!(1)));
}
