//! A repository of 10,000 images and 100,000 devices: each question to the index, with its query plan, its time, and the time
//! of a look at every record for the same answer.
//!
//! `cargo run --release -p swim-stores --example repository_scale [IMAGES DEVICES]`

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a program for people")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::stream::{self, TryStreamExt};
use serde_json::{Value, json};
use swim_core::Result;
use swim_core::image::Image;
use swim_core::model::Sha256;
use swim_core::ports::{Index, Records};
use swim_core::repo::{By, How, ImageEntry, ImageQuery, ImageSort, uses};
use swim_stores::SqliteStore;
use swim_stores::sqlite::Question;

/// Writes that wait together: they share transactions.
const AT_ONCE: usize = 256;
/// Each question is asked so often; the median counts.
const ROUNDS: usize = 7;

const FAMILIES: [(&str, &str); 6] = [
    ("cat9k", "cat9k_iosxe"),
    ("cat9k_lite", "cat9k_lite_iosxe"),
    ("isr4300", "isr4300-universalk9"),
    ("isr4400", "isr4400-universalk9"),
    ("asr1000", "asr1000-universalk9"),
    ("cat3k_caa", "cat3k_caa-universalk9"),
];

fn version(n: usize) -> String {
    format!("{}.{:02}.{:02}", 16 + n % 2, 1 + n / 2 % 15, 1 + n / 30 % 30)
}

fn image_name(n: usize) -> String {
    let (_, name) = FAMILIES[n % FAMILIES.len()];
    let build = n / (FAMILIES.len() * 900);
    let tail = if build == 0 { String::new() } else { format!(".{build}") };
    format!("{name}.{}.SPA{tail}.bin", version(n / FAMILIES.len()))
}

fn image(n: usize) -> (String, Value) {
    let id = Sha256::of(image_name(n).as_bytes());
    let field = |value: Value| json!({ "value": value, "from": "header" });
    let sha512 = format!("{id}{}", Sha256::of(id.bytes()));
    let value = json!({
        "id": id, "file_name": image_name(n), "bytes": 400_000_000 + n,
        "digests": { "sha256": id, "sha512": sha512, "md5": &sha512[..32] },
        "imported": format!("2026-{:02}-{:02}T00:00:{:02}Z", 1 + n % 12, 1 + n / 12 % 28, n / 336 % 60),
        "facts": {
            "platform": field(json!("ios_xe")), "family": field(json!(FAMILIES[n % FAMILIES.len()].0)),
            "version": field(json!({ "scheme": "ios_xe", "text": version(n / FAMILIES.len()) })),
            "image_type": field(json!("image")), "internal_name": field(json!(format!("internal-{n}"))),
            "compatibility": [field(json!("board 0x1")), field(json!("board 0x2"))],
        },
    });
    (id.to_string(), value)
}

/// Few releases run on many devices, as in the field.
fn runs(device: usize, images: usize) -> usize {
    let spread = (device * 7919) % 1000;
    (spread * spread * spread / 1_000_000) * 12 % images
}

fn inventory(device: usize, images: usize) -> (String, Value) {
    let id = format!("sw{device:06}");
    let n = runs(device, images);
    let running = image_name(n);
    let install = n % FAMILIES.len() < 2 && device.is_multiple_of(2);
    let file = |name: String, n: usize| json!({ "name": name, "bytes": 400_000_000 + n });
    let spare = runs(device + 1, images);
    let files = json!([file(running.clone(), n), file(image_name(spare), spare), { "name": "vlan.dat", "bytes": 700 }]);
    let software = FAMILIES[n % FAMILIES.len()].1.to_uppercase();
    let value = json!({
        "device": id, "platform": "ios_xe", "taken": "2026-11-29T00:00:00Z", "hostname": id, "model": "X-1",
        "version": { "scheme": "ios_xe", "text": version(n / FAMILIES.len()) }, "software": software,
        "mode": if install { "install" } else { "bundle" },
        "image": if install { "flash:packages.conf".to_owned() } else { format!("flash:{running}") },
        "boot": { "next": [format!("flash:{running}")] },
        "members": [{ "number": 1, "flash": { "prefix": "flash:", "total": null, "free": null, "files": files } }],
    });
    (id, value)
}

async fn fill(
    store: &SqliteStore,
    table: &'static str,
    rows: impl Iterator<Item = (String, Value)> + Send,
) -> Duration {
    let begun = Instant::now();
    let writes = stream::iter(rows.map(|(key, value)| Ok::<_, swim_core::Error>((key, value))));
    writes
        .try_for_each_concurrent(AT_ONCE, |(key, value)| async move { store.put(table, &key, value).await })
        .await
        .expect("write");
    begun.elapsed()
}

/// The median time, and the last answer.
async fn timed<T>(work: impl AsyncFn() -> Result<T>) -> (Duration, T) {
    let mut times = Vec::new();
    let mut answer = None;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        answer = Some(work().await.expect("an answer"));
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    (times[ROUNDS / 2], answer.expect("asked"))
}

async fn entries(store: &SqliteStore) -> Result<Vec<ImageEntry>> {
    let rows = store.all("images").await?;
    Ok(rows.iter().filter_map(|(key, value)| ImageEntry::of_record(key, value)).collect())
}

fn tell(what: &str, answers: usize, index: Duration, scan: Duration, plan: &[String]) {
    let ratio = scan.as_secs_f64() / index.as_secs_f64();
    println!(
        "\n{what}: {answers} answers in {:.2} ms; every record looked at: {:.1} ms ({ratio:.0}x)",
        index.as_secs_f64() * 1e3,
        scan.as_secs_f64() * 1e3
    );
    for line in plan {
        println!("    {line}");
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|n| n.parse::<usize>().expect("a number"));
    let (images, devices) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(100_000));
    let folder = std::env::temp_dir().join(format!("swim-scale-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("swim.db");
    let store = SqliteStore::open(&path)?;
    let wrote = fill(&store, "images", (0..images).map(image)).await;
    println!("{images} images written in {:.1} s", wrote.as_secs_f64());
    let wrote = fill(&store, "inventories", (0..devices).map(|n| inventory(n, images))).await;
    println!("{devices} inventories written in {:.1} s", wrote.as_secs_f64());
    let again = fill(&store, "inventories", (0..devices).map(|n| inventory(n, images))).await;
    println!("{devices} inventories that did not change written in {:.1} s", again.as_secs_f64());
    println!("the database has {} MiB", std::fs::metadata(&path).map_or(0, |m| m.len() >> 20));

    let text = |text: &str| ImageQuery { text: Some(text.to_owned()), ..ImageQuery::default() };
    let id = Sha256::of(image_name(77).as_bytes()).to_string();
    let page = ImageQuery { sort: ImageSort::Version, limit: Some(50), ..text("universalk9") };
    let part = |part: &str| Some(part.to_owned());
    for (what, query) in [
        ("quick filter, any field: \"asr1000\", whole", text("asr1000")),
        ("quick filter, any field: \"17.03.0\", first 50", ImageQuery { limit: Some(50), ..text("17.03.0") }),
        ("quick filter, any field: \"universalk9\", first 50 by version", page),
        (
            "version \"7.3.1\" and family \"isr\"",
            ImageQuery { version: part("7.3.1"), family: part("isr"), ..text("") },
        ),
        ("quick filter, first digits of an id", text(&id[..12])),
        (
            "quick filter, any field: \"9k\" (too short for trigrams), first 50",
            ImageQuery { limit: Some(50), ..text("9k") },
        ),
        ("quick filter, any field: \"zz\" (too short for trigrams), nothing found", text("zz")),
    ] {
        let (index, found) = timed(async || store.find(&query).await).await;
        let (scan, looked) = timed(async || Ok(query.select(entries(&store).await?))).await;
        let keys: Vec<String> = looked.iter().map(|entry| entry.image.to_string()).collect();
        assert_eq!(found.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), keys, "the same answer");
        tell(what, found.len(), index, scan, &store.explain(&Question::Find(Box::new(query))).await?);
    }

    let (index, groups) = timed(async || store.groups().await).await;
    let (scan, looked) = timed(async || {
        let groups = entries(&store)
            .await?
            .into_iter()
            .map(|e| (e.column("image_type").to_owned(), e.column("family").to_owned()));
        Ok(groups.collect::<BTreeSet<_>>())
    })
    .await;
    assert_eq!(groups.len(), looked.len());
    tell("groups", groups.len(), index, scan, &store.explain(&Question::Groups).await?);

    let (index, top) = timed(async || store.most_used(10).await).await;
    let (scan, looked) = timed(async || {
        let mut counts = std::collections::BTreeMap::<_, u64>::new();
        for (_, inventory) in store.all("inventories").await? {
            for (_, software) in uses(&inventory).into_iter().filter(|(how, _)| *how == How::Running) {
                *counts.entry(software.said).or_default() += 1;
            }
        }
        Ok(counts)
    })
    .await;
    assert_eq!(top.iter().map(|used| used.devices).max(), Some(top[0].devices));
    let counted: u64 = top[0].software.iter().filter_map(|said| looked.get(said)).sum();
    assert_eq!(top[0].devices, counted, "the same count");
    tell("top ten", top.len(), index, scan, &store.explain(&Question::MostUsed).await?);
    for used in &top {
        println!("    {:>6} devices: {}", used.devices, used.software.join(", "));
    }

    let used = top.iter().find_map(|used| used.images.first()).copied().expect("an image in use");
    let (key, value) = (used.to_string(), store.get("images", &used.to_string()).await?.expect("there"));
    let entry = ImageEntry::of_record(&key, &value).expect("an image");
    let looked = async || {
        let mut found = Vec::new();
        for (device, inventory) in store.all("inventories").await? {
            found
                .extend(uses(&inventory).into_iter().filter_map(|(how, s)| Some((device.clone(), how, s.is(&entry)?))));
        }
        Ok(found)
    };
    let (scan, looked) = timed(looked).await;
    let plan = store.explain(&Question::Usage).await?;
    let (index, all) = timed(async || store.usage(&used, None, None).await).await;
    let told: Vec<_> = all.iter().map(|u| (u.device.to_string(), u.how, u.by)).collect();
    assert_eq!(told.len(), looked.len());
    assert_eq!(told.iter().collect::<BTreeSet<&(String, How, By)>>(), looked.iter().collect());
    let name = serde_json::from_value::<Image>(value).expect("an image").file_name;
    tell(&format!("devices using {name}, all"), all.len(), index, scan, &plan);
    let (index, first) = timed(async || store.usage(&used, None, Some(50)).await).await;
    tell(&format!("devices using {name}, the first 50 devices"), first.len(), index, scan, &[]);
    let (index, count) = timed(async || store.users(&used).await).await;
    tell(&format!("how many use {name}: {count}"), 1, index, scan, &[]);
    drop(store);
    std::fs::remove_dir_all(&folder).ok();
    Ok(())
}
