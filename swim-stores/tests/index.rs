//! The index of SQLite: the same answers as a look at every record, by its indexes, also of databases of before.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]

mod support;

use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use support::Folder;
use swim_core::image::Image;
use swim_core::model::{DeviceId, Sha256};
use swim_core::ports::{Index, Records};
use swim_core::repo::{ImageQuery, ImageSort};
use swim_stores::sqlite::Question;
use swim_stores::{MemoryStore, SqliteStore};

const FAMILIES: [&str; 3] = ["cat9k", "isr4300", "C9k"];
const VERSIONS: [&str; 4] = ["17.09.04a", "17.12.01", "03.13.01.S", "16.6.5"];
const NAMES: [&str; 5] = ["a.bin", "A.BIN", "cat9k_iosxe.17.09.04a.SPA.bin", "\u{e9}tude \"1\".bin", "x%_'.tar"];
const TYPES: [&str; 2] = ["image", "smu"];
/// Parts that are looked for.
static PARTS: [&str; 14] =
    ["", "a", "9k", "cat", "17.", "04A", "=cat9k", "=", ".bin", "\"", "%", "abab", "\u{c9}tude", "='"];
/// Versions that are looked for, as parts of what there is and in other spellings of it.
static SPELLED: [&str; 10] =
    ["17.09.04", "17.9.4", "=17.9.4", "=17.9.4A", "17.09", "17.9", "03.13.01", "3.13.1S", "16.06.05.0.1", "a"];

fn id(number: u8) -> Sha256 {
    Sha256::of(&[number])
}

fn image(number: u8, seed: usize) -> Value {
    let pick = |of: &[&str], by: usize| of.get(seed / by % (of.len() + 1)).map(|text| (*text).to_owned());
    let field = |text: Option<String>| text.map(|value| json!({ "value": value, "from": "user" }));
    let version =
        pick(&VERSIONS, 3).map(|text| json!({ "value": { "scheme": "ios_xe", "text": text }, "from": "user" }));
    let name = NAMES[seed % NAMES.len()];
    let digests = json!({ "sha256": id(number), "sha512": "ab".repeat(64), "md5": format!("{seed:032x}") });
    json!({
        "id": id(number), "file_name": name, "bytes": seed % 3 + 1, "digests": digests,
        "imported": format!("2026-11-{:02}T00:00:00Z", seed % 28 + 1),
        "facts": {
            "family": field(pick(&FAMILIES, 2)), "version": version, "image_type": field(pick(&TYPES, 5)),
            "platform": field(Some("ios_xe".to_owned())),
        },
    })
}

fn inventory(device: &str, seed: usize) -> Value {
    let version = VERSIONS.get(seed / 2 % 5).map(|text| json!({ "scheme": "ios_xe", "text": text }));
    let name = NAMES[seed % NAMES.len()];
    let software = ["CAT9K_IOSXE", "ISR4300-UNIVERSALK9-M", "LINUX"][seed / 3 % 3];
    let next = format!("flash:/{}", NAMES[seed / 7 % NAMES.len()]);
    let other = NAMES[seed / 2 % NAMES.len()];
    let mode = ["install", "bundle"][seed / 5 % 2];
    json!({
        "device": device, "platform": "ios_xe", "taken": "2026-11-29T00:00:00Z", "version": version,
        "software": software, "mode": mode, "image": format!("flash:{name}"),
        "boot": { "next": [next] },
        "members": [{ "number": 1, "flash": { "prefix": "flash:", "total": null, "free": null, "files": [
            { "name": name, "bytes": seed / 11 % 3 + 1 }, { "name": other, "bytes": 70_000 },
        ] } }],
    })
}

#[derive(Clone, Debug)]
enum Op {
    Image(u8, usize),
    NewImage(u8, usize),
    Bury(u8),
    RemoveImage(u8),
    Name(u8, usize),
    RemoveName(u8, usize),
    Device(u8, usize),
    RemoveDevice(u8),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..4_u8, 0..2000_usize).prop_map(|(n, seed)| Op::Image(n, seed)),
        1 => (0..4_u8, 0..2000_usize).prop_map(|(n, seed)| Op::NewImage(n, seed)),
        1 => (0..4_u8).prop_map(Op::Bury),
        1 => (0..4_u8).prop_map(Op::RemoveImage),
        2 => (0..4_u8, 0..5_usize).prop_map(|(n, name)| Op::Name(n, name)),
        1 => (0..4_u8, 0..5_usize).prop_map(|(n, name)| Op::RemoveName(n, name)),
        4 => (0..5_u8, 0..2000_usize).prop_map(|(n, seed)| Op::Device(n, seed)),
        1 => (0..5_u8).prop_map(Op::RemoveDevice),
    ]
}

async fn apply(store: &dyn Records, op: &Op) {
    let name = |n: u8, name: usize| format!("{}/{}", id(n), NAMES[name]);
    let done = match op.clone() {
        Op::Image(n, seed) => store.put("images", &id(n).to_string(), image(n, seed)).await.map(|()| true),
        Op::NewImage(n, seed) => store.put_new("images", &id(n).to_string(), image(n, seed)).await,
        Op::Bury(n) => store.put("images", &id(n).to_string(), json!({ "removing": true })).await.map(|()| true),
        Op::RemoveImage(n) => store.remove("images", &id(n).to_string()).await,
        Op::Name(n, of) => store.put("image_names", &name(n, of), json!({})).await.map(|()| true),
        Op::RemoveName(n, of) => store.remove("image_names", &name(n, of)).await,
        Op::Device(n, seed) => {
            let device = format!("sw{n}");
            store.put("inventories", &device, inventory(&device, seed)).await.map(|()| true)
        }
        Op::RemoveDevice(n) => store.remove("inventories", &format!("sw{n}")).await,
    };
    done.expect("a store that works");
}

fn query() -> impl Strategy<Value = ImageQuery> {
    let part = || proptest::option::of(proptest::sample::select(&PARTS[..]).prop_map(str::to_owned));
    let sort = proptest::sample::select(&ImageSort::ALL[..]);
    let version = proptest::option::of(proptest::sample::select(&SPELLED[..]).prop_map(str::to_owned));
    (part(), part(), part(), prop_oneof![part(), version], sort, any::<bool>(), proptest::option::of(0..4_u32))
        .prop_map(|(text, file_name, family, version, sort, descending, limit)| ImageQuery {
            text,
            file_name,
            family,
            version,
            sort,
            descending,
            limit,
            ..ImageQuery::default()
        })
}

/// Everything that a caller could see.
async fn seen(store: &dyn Index, queries: &[ImageQuery]) -> Vec<String> {
    let mut out = Vec::new();
    for query in queries {
        let found = store.find(query).await.expect("find");
        if let Some((_, last)) = found.last() {
            let after: Image = serde_json::from_value(last.clone()).expect("an image");
            let next = ImageQuery { after: Some(Box::new(after)), ..query.clone() };
            out.push(format!("{:?}", store.find(&next).await.expect("find")));
        }
        out.push(format!("{found:?}"));
    }
    out.push(format!("{:?}", store.groups().await.expect("groups")));
    for number in 0..4 {
        let sw1 = DeviceId::new("sw1").expect("a name");
        out.push(format!("{:?}", store.usage(&id(number), None, None).await.expect("usage")));
        out.push(format!("{:?}", store.usage(&id(number), Some(&sw1), Some(2)).await.expect("usage")));
        out.push(format!("{:?}", store.users(&id(number)).await.expect("users")));
    }
    out.push(format!("{:?}", store.most_used(10).await.expect("most used")));
    out.push(format!("{:?}", store.most_used(2).await.expect("most used")));
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_answers_as_a_look_at_every_record(
        program in proptest::collection::vec(op(), 1..50),
        queries in proptest::collection::vec(query(), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let folder = Folder::new("index-is-scan");
            let (sqlite, memory) = (SqliteStore::open(folder.join("swim.db")).expect("open"), MemoryStore::new());
            for op in &program {
                apply(&sqlite, op).await;
                apply(&memory, op).await;
            }
            prop_assert_eq!(seen(&sqlite, &queries).await, seen(&memory, &queries).await);
            Ok(())
        })?;
    }
}

/// The tables of version 1, and the records that it wrote.
async fn as_before(path: &std::path::Path, program: &[Op]) {
    let memory = MemoryStore::new();
    for op in program {
        apply(&memory, op).await;
    }
    drop(SqliteStore::open(path).expect("open"));
    let db = Connection::open(path).expect("open");
    let ours = "SELECT 'DROP TABLE ' || name FROM sqlite_schema WHERE type = 'table' AND name IN
        ('image_index', 'image_text', 'image_digests', 'known_names', 'uses', 'software')
        ORDER BY name = 'software', name";
    let drops: Vec<String> = db
        .prepare(ours)
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .expect("the tables of the index");
    assert_eq!(drops.len(), 6);
    for drop in drops {
        db.execute_batch(&drop).expect(&drop);
    }
    db.pragma_update(None, "user_version", 1).expect("pragma");
    for table in ["images", "image_names", "inventories"] {
        for (key, value) in memory.all(table).await.expect("all") {
            db.execute("INSERT INTO records VALUES (?1, ?2, ?3)", (table, key, value.to_string())).expect("insert");
        }
    }
}

#[tokio::test]
async fn a_database_of_before_is_indexed_when_it_is_opened() {
    let folder = Folder::new("index-migration");
    let path = folder.join("swim.db");
    let mut program: Vec<Op> = (0..4).map(|n| Op::Image(n, 37 * usize::from(n) + 5)).collect();
    program.extend((0..5).map(|n| Op::Device(n, 101 * usize::from(n))));
    program.extend([Op::Name(1, 3), Op::Name(2, 4), Op::Bury(3)]);
    as_before(&path, &program).await;
    let (sqlite, memory) = (SqliteStore::open(&path).expect("migrate"), MemoryStore::new());
    for op in &program {
        apply(&memory, op).await;
    }
    let queries = [ImageQuery::default(), ImageQuery { text: Some("tude".to_owned()), ..ImageQuery::default() }];
    assert_eq!(seen(&sqlite, &queries).await, seen(&memory, &queries).await);
    assert_eq!(sqlite.find(&queries[0]).await.expect("find").len(), 3);
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_the_index_as_it_is() {
    let folder = Folder::new("index-refused");
    let store = SqliteStore::open(folder.join("swim.db")).expect("open");
    apply(&store, &Op::Image(1, 5)).await;
    let link = Connection::open(folder.join("swim.db")).expect("open");
    let pages = link.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0)).expect("pages");
    store.limit_pages(u32::try_from(pages).expect("few") + 1).await.expect("limit");
    // The record alone would fit, the record with its place in the index does not.
    let mut large = image(2, 9);
    large["facts"]["internal_name"] = json!({ "value": "y".repeat(60_000), "from": "user" });
    store.put("images", &id(2).to_string(), large).await.expect_err("full");
    assert_eq!(store.get("images", &id(2).to_string()).await.expect("get"), None, "neither is there");
    assert_eq!(store.find(&ImageQuery::default()).await.expect("find").len(), 1);
}

#[tokio::test]
async fn every_question_is_answered_by_an_index() {
    let folder = Folder::new("index-plan");
    let store = SqliteStore::open(folder.join("swim.db")).expect("open");
    let query = |text: &str| ImageQuery { text: Some(text.to_owned()), ..ImageQuery::default() };
    let explain = async |question| store.explain(&question).await.expect("explain").join("\n");
    let plan = explain(Question::Find(Box::new(query("cat9k")))).await;
    assert!(plan.contains("VIRTUAL TABLE INDEX") && plan.contains("SEARCH i USING INTEGER PRIMARY KEY"), "{plan}");
    let version = ImageQuery { version: Some("3.1".to_owned()), ..ImageQuery::default() };
    let plan = explain(Question::Find(Box::new(version))).await;
    assert!(plan.contains("VIRTUAL TABLE INDEX") && plan.contains("SEARCH i USING INTEGER PRIMARY KEY"), "{plan}");
    let plan = explain(Question::Find(Box::new(query("abcdef12")))).await;
    assert!(plan.contains("SEARCH image_digests USING PRIMARY KEY"), "{plan}");
    // Two characters: the rows of the images alone, in their order, without sorting.
    let plan = explain(Question::Find(Box::new(query("9k")))).await;
    assert!(plan.contains("SCAN i USING INDEX images_by_imported") && !plan.contains("TEMP B-TREE"), "{plan}");
    let plan = explain(Question::Usage).await;
    assert!(plan.contains("INDEX uses_of (software=?") && !plan.contains("SCAN u"), "{plan}");
    let plan = explain(Question::MostUsed).await;
    assert!(plan.contains("software_by_devices") || plan.contains("SCAN s"), "{plan}");
    assert!(!plan.contains("uses"), "devices are counted when they change: {plan}");
    let plan = explain(Question::Groups).await;
    assert!(plan.contains("COVERING INDEX images_by_group"), "{plan}");
}
