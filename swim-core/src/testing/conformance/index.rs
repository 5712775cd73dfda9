//! The suite of `Index`.

use serde_json::{Value, json};

use crate::image::{Field, Image, ImageFacts, Overrides, Provenance};
use crate::model::{DeviceId, Digests, Sha256};
use crate::ports::Index;
use crate::repo::{By, How, ImageQuery, ImageSort, InUse, Usage};
use crate::version::{Scheme, Version};

/// Asserts the contract of [`Index`] on an empty store.
pub async fn index(store: &dyn Index) {
    assert_eq!(store.find(&ImageQuery::default()).await.expect("find"), Vec::new(), "the suite wants an empty store");
    texts(store).await;
    pages(store).await;
    groups(store).await;
    used(store).await;
    changes(store).await;
}

fn field<T>(value: T) -> Option<Field<T>> {
    Some(Field::new(value, Provenance::Header))
}

/// An image of IOS XE, imported in this second.
fn image(name: &str, family: &str, version: &str, second: i64) -> Image {
    let id = Sha256::of(name.as_bytes());
    let facts = ImageFacts {
        platform: field("ios_xe".to_owned()),
        family: field(family.to_owned()),
        version: Version::parse(Scheme::IosXe, version).ok().and_then(field),
        image_type: field("image".to_owned()),
        internal_name: field(format!("In_{name}")),
        ..ImageFacts::default()
    };
    let imported = jiff::Timestamp::from_second(second).expect("in range");
    let bytes = 1000 * second.unsigned_abs();
    let digests = Digests { sha256: id, sha512: "abc0".repeat(32), sha1: None, md5: format!("{:032x}", second) };
    let overrides = Overrides::default();
    Image {
        id,
        file_name: name.to_owned(),
        bytes,
        digests,
        facts,
        overrides,
        imported,
        read_by: String::new(),
        quarantine: None,
        quarantine_lifted: None,
    }
}

async fn put(store: &dyn Index, image: &Image) {
    let value = serde_json::to_value(image).expect("JSON");
    store.put("images", &image.id.to_string(), value).await.expect("put");
}

fn some() -> Vec<Image> {
    let mut patch = image("fix.smu.bin", "cat9k", "17.09.04", 4);
    patch.facts.image_type = field("smu".to_owned());
    let mut plain = image("plain.bin", "x", "1", 5);
    plain.facts = ImageFacts::default();
    vec![
        image("cat9k_iosxe.17.12.01.SPA.bin", "cat9k", "17.12.01", 1),
        image("cat9k_iosxe.17.09.04a.SPA.bin", "cat9k", "17.09.04a", 2),
        image("isr4300-universalk9.03.13.01.S.155-3.S1.bin", "isr4300", "03.13.01.S", 3),
        patch,
        plain,
    ]
}

async fn found(store: &dyn Index, query: ImageQuery) -> Vec<String> {
    let rows = store.find(&query).await.expect("find");
    let name = |(key, value): (String, Value)| {
        let image: Image = serde_json::from_value(value).expect("an image");
        assert_eq!(image.id.to_string(), key);
        image.file_name
    };
    rows.into_iter().map(name).collect()
}

async fn texts(store: &dyn Index) {
    for image in some() {
        put(store, &image).await;
    }
    let key = format!("{}/Renamed.BIN", Sha256::of(b"plain.bin"));
    store.put("image_names", &key, json!({})).await.expect("put");
    let all: Vec<String> = some().into_iter().map(|image| image.file_name).collect();
    let names = |at: &[usize]| at.iter().map(|at| all[*at].clone()).collect::<Vec<_>>();
    let id = Sha256::of(b"plain.bin").to_string();
    for (text, expected) in [
        ("", &[0, 1, 2, 3, 4][..]),
        ("CAT9K", &[0, 1, 3]),
        ("in_plain", &[]),
        ("In_Fix", &[3]),
        ("renamed", &[4]),
        ("17.9.4a", &[1]),
        ("17.09.04A", &[1]),
        // Two characters and one.
        ("9k", &[0, 1, 3]),
        ("4", &[1, 2, 3]),
        ("%", &[]),
        ("_", &[0, 1, 2, 3]),
        ("\"", &[]),
        ("\" OR \"", &[]),
        ("cat9k\ncat9k", &[]),
        // Digests are found by their beginning.
        (&id[..5], &[4]),
        (&id[1..20], &[]),
        ("abc0abc0", &[0, 1, 2, 3, 4]),
        ("bc0a", &[]),
        (&format!("{:032x}", 2), &[1]),
    ] {
        let query = ImageQuery { text: Some(text.to_owned()), ..ImageQuery::default() };
        assert_eq!(found(store, query).await, names(expected), "{text:?}");
    }
    let text = |text: &str| Some(text.to_owned());
    let none = ImageQuery::default;
    for (query, expected) in [
        (ImageQuery { version: text("3.1"), ..none() }, &[2][..]),
        (ImageQuery { version: text("17"), ..none() }, &[0, 1, 3]),
        (ImageQuery { version: text("=17.9.4A"), ..none() }, &[1]),
        (ImageQuery { version: text("=17.9.4"), ..none() }, &[3]),
        (ImageQuery { platform: text("="), ..none() }, &[4]),
        (ImageQuery { platform: text("=ios"), ..none() }, &[]),
        (ImageQuery { platform: text("ios"), family: text("isr"), ..none() }, &[2]),
        (ImageQuery { text: text("iosxe"), family: text("cat9k"), version: text("12"), ..none() }, &[0]),
        (ImageQuery { image_type: text("smu"), ..none() }, &[3]),
        (ImageQuery { file_name: text("=renamed.bin"), ..none() }, &[4]),
        (ImageQuery { file_name: text("=renamed"), ..none() }, &[]),
        (ImageQuery { internal_name: text("=in_plain.bin"), ..none() }, &[]),
        (ImageQuery { feature_set: text(""), ..none() }, &[0, 1, 2, 3, 4]),
    ] {
        assert_eq!(found(store, query.clone()).await, names(expected), "{query:?}");
    }
}

async fn pages(store: &dyn Index) {
    for sort in ImageSort::ALL {
        for descending in [false, true] {
            let query = ImageQuery { sort, descending, ..ImageQuery::default() };
            let whole = found(store, query.clone()).await;
            assert_eq!(whole.len(), 5);
            let mut paged: Vec<Image> = Vec::new();
            loop {
                let after = paged.last().cloned().map(Box::new);
                let page = ImageQuery { limit: Some(2), after, ..query.clone() };
                let rows = store.find(&page).await.expect("find");
                if rows.is_empty() {
                    break;
                }
                assert!(rows.len() <= 2);
                paged.extend(
                    rows.into_iter().map(|(_, value)| serde_json::from_value::<Image>(value).expect("an image")),
                );
            }
            assert_eq!(paged.into_iter().map(|image| image.file_name).collect::<Vec<_>>(), whole, "{query:?}");
        }
    }
    let by_version = found(store, ImageQuery { sort: ImageSort::Version, ..ImageQuery::default() }).await;
    let place = |part: &str| by_version.iter().position(|name| name.contains(part));
    assert!(place("17.09.04a") < place("17.12.01"), "numbers are ordered as numbers");
    let largest = ImageQuery { sort: ImageSort::Bytes, descending: true, limit: Some(1), ..ImageQuery::default() };
    assert_eq!(found(store, largest).await, ["plain.bin"]);
    // The last one of a page may be gone when the next page is asked for.
    let gone = image("cat9k_iosxe.17.10.01.SPA.bin", "cat9k", "17.10.01", 1);
    let after = ImageQuery { sort: ImageSort::FileName, after: Some(Box::new(gone)), ..ImageQuery::default() };
    assert_eq!(found(store, after).await[0], "cat9k_iosxe.17.12.01.SPA.bin");
}

async fn groups(store: &dyn Index) {
    let groups = store.groups().await.expect("groups");
    let seen: Vec<_> =
        groups.iter().map(|g| (g.image_type.as_deref(), g.family.as_deref(), g.images, g.bytes)).collect();
    let expected = [
        (None, None, 1, 5000),
        (Some("image"), Some("cat9k"), 2, 3000),
        (Some("image"), Some("isr4300"), 1, 3000),
        (Some("smu"), Some("cat9k"), 1, 4000),
    ];
    assert_eq!(seen, expected);
}

/// An inventory with these fields beside those that say nothing.
fn inventory(device: &str, fields: Value) -> Value {
    let mut inventory = json!({
        "device": device, "platform": "ios_xe", "taken": "2026-11-29T00:00:00Z", "boot": {}, "members": [],
    });
    if let (Some(all), Value::Object(fields)) = (inventory.as_object_mut(), fields) {
        all.extend(fields);
    }
    inventory
}

fn version(text: &str) -> Value {
    json!({ "scheme": "ios_xe", "text": text })
}

async fn used(store: &dyn Index) {
    let flash = |files: Value| json!([{ "number": 1, "flash": { "prefix": "flash:", "total": null, "free": null, "files": files } }]);
    let old = "cat9k_iosxe.17.09.04a.SPA.bin";
    for (device, fields) in [
        // Install mode: by the release. The file beside it is another one of that name, by its size.
        (
            "a",
            json!({
                "version": version("17.09.04a"), "software": "CAT9K_IOSXE", "mode": "install",
                "image": "flash:packages.conf",
                "install": { "rows": [
                    { "kind": "IMG", "state": "C", "what": "17.09.04a.0.6", "members": [] },
                    { "kind": "IMG", "state": "I", "what": "17.12.01.0.1", "members": [] },
                    { "kind": "SMU", "state": "C", "what": "x.smu.bin", "members": [] },
                ] },
                "members": flash(json!([{ "name": old, "bytes": 999_999_u64 }])),
            }),
        ),
        // Bundle mode: by name and size, and what is next by the name alone.
        (
            "b",
            json!({
                "version": version("17.09.04a"), "software": "CAT9K_IOSXE", "mode": "bundle", "image": format!("flash:{old}"),
                "boot": { "next": ["flash:/cat9k_iosxe.17.12.01.SPA.bin", "flash:packages.conf"] },
                "members": flash(json!([{ "name": old, "bytes": 2000 }, { "name": "vlan.dat", "bytes": 100 }])),
            }),
        ),
        // Nothing of ours.
        ("c", json!({ "image": "bootflash:other-9.bin" })),
        ("d", json!({ "image": "bootflash:other-9.bin" })),
        ("e", json!({ "image": "bootflash:other-9.bin" })),
        ("f", json!({})),
    ] {
        store.put("inventories", device, inventory(device, fields)).await.expect("put");
    }
    store.put("inventories", "not an inventory", json!(7)).await.expect("put");
    let of = |name: &str| Sha256::of(name.as_bytes());
    let id = |name: &str| DeviceId::new(name).expect("a name");
    let usage = store.usage(&of(old), None, None).await.expect("usage");
    let release = "cat9k 17.9.4a".to_owned();
    let mut expected = vec![
        Usage::new(id("a"), How::Running, By::Release, release.clone()),
        Usage::new(id("a"), How::Committed, By::Release, release.clone()),
        Usage::new(id("b"), How::Running, By::NameAndSize, old.to_owned()),
    ];
    assert_eq!(usage, expected, "files below 64 KiB are not looked at, files of another size are other files");
    assert_eq!(store.users(&of(old)).await.expect("users"), 2);
    let new = "cat9k_iosxe.17.12.01.SPA.bin";
    let next = Usage::new(id("b"), How::BootNext, By::Name, new.to_owned());
    let installed = Usage::new(id("a"), How::Installed, By::Release, "cat9k 17.12.1".to_owned());
    assert_eq!(store.usage(&of(new), None, None).await.expect("usage"), [installed, next.clone()]);
    assert_eq!(store.usage(&of(new), Some(&id("a")), Some(1)).await.expect("usage"), [next]);
    assert_eq!(store.usage(&of(old), None, Some(1)).await.expect("usage"), expected[..2]);
    assert_eq!(store.usage(&of(old), Some(&id("b")), Some(9)).await.expect("usage"), []);
    assert_eq!(store.usage(&of(old), None, Some(0)).await.expect("usage"), []);
    assert_eq!(store.usage(&of("fix.smu.bin"), None, None).await.expect("usage"), [], "a patch is no release");
    assert_eq!(store.usage(&of("nobody"), None, None).await.expect("usage"), []);
    let top = store.most_used(10).await.expect("most used");
    let other = InUse::new(vec!["other-9.bin".to_owned()], vec![], 3);
    let ours = InUse::new(vec![release.clone(), old.to_owned()], vec![of(old)], 2);
    assert_eq!(top, [other.clone(), ours], "one image, whatever its devices call it");
    assert_eq!(store.most_used(1).await.expect("most used"), [other]);
    assert_eq!(store.most_used(0).await.expect("most used"), []);

    // Another image of the release: both may be it, and neither is said to be.
    let twin = image("cat9k_iosxe_npe.17.09.04a.SPA.bin", "cat9k", "17.09.04a", 6);
    put(store, &twin).await;
    expected.truncate(2);
    assert_eq!(store.usage(&twin.id, None, None).await.expect("usage"), expected);
    let top = store.most_used(10).await.expect("most used");
    let either = InUse::new(vec![release], vec![of(old), twin.id], 1);
    assert_eq!(top[1..], [either, InUse::new(vec![old.to_owned()], vec![of(old)], 1)]);
    store.remove("images", &twin.id.to_string()).await.expect("remove");
}

/// What is written, swapped and removed is seen at once.
async fn changes(store: &dyn Index) {
    let old = image("cat9k_iosxe.17.09.04a.SPA.bin", "cat9k", "17.09.04a", 2);
    let (key, value) = (old.id.to_string(), serde_json::to_value(&old).expect("JSON"));
    let text = |text: &str| ImageQuery { text: Some(text.to_owned()), ..ImageQuery::default() };
    let tombstone = json!({ "removing": true });
    assert!(store.swap("images", &key, &value, tombstone.clone()).await.expect("swap"));
    assert_eq!(found(store, text("17.9.4a")).await, [] as [&str; 0], "it is being removed");
    assert_eq!(store.users(&old.id).await.expect("users"), 0);
    assert!(!store.put_new("images", &key, value.clone()).await.expect("put_new"));
    assert_eq!(found(store, text("17.9.4a")).await, [] as [&str; 0], "the key was taken");
    assert!(store.remove("images", &key).await.expect("remove"));
    assert!(store.put_new("images", &key, value).await.expect("put_new"));
    assert_eq!(found(store, text("17.9.4a")).await, [old.file_name.as_str()]);
    let mut renamed = old.clone();
    renamed.facts.family = field("other_family".to_owned());
    put(store, &renamed).await;
    assert_eq!(found(store, text("other_fam")).await, [old.file_name.as_str()]);
    assert_eq!(store.users(&old.id).await.expect("users"), 1, "the release of another family is not it");
    let name = format!("{key}/again.bin");
    store.put("image_names", &name, json!({})).await.expect("put");
    assert_eq!(found(store, text("again.bin")).await, [old.file_name.as_str()]);
    assert!(store.remove("image_names", &name).await.expect("remove"));
    assert_eq!(found(store, text("again.bin")).await, [] as [&str; 0]);
    for device in ["c", "d"] {
        store.put("inventories", device, inventory(device, json!({ "image": "flash:third.bin" }))).await.expect("put");
    }
    assert_eq!(store.most_used(1).await.expect("most used")[0].software, ["third.bin"]);
    assert!(store.remove("inventories", "c").await.expect("remove"));
    let top = store.most_used(9).await.expect("most used");
    assert!(top.contains(&InUse::new(vec!["third.bin".to_owned()], vec![], 1)), "{top:?}");
}
