//! What is recommended for devices that were inspected, by the images that were imported.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use swim::{Client, Config, surface};
use swim_sim::images::{IosImageSpec, ios_image};
use swim_sim::{DeviceSpec, SimDevice, loopback};

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn versions(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().filter_map(|one| one["version"].as_str()).collect()
}

#[tokio::test]
async fn a_device_is_told_what_it_should_run() {
    let folder = Folder(std::env::temp_dir().join(format!("swim-recommend-{}", std::process::id())));
    let sim = SimDevice::new(DeviceSpec::ios_switch("edge1").login("admin", "p"));
    let served = loopback::serve(&sim, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let device = |id: &str| {
        json!({
            "id": id, "at": {"host": "127.0.0.1", "port": served.local_addr().port()}, "platform": "ios",
            "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
        })
    };
    let config = json!({
        "data": folder.0.join("data"), "secrets": {"lab": {"value": "p"}}, "devices": [device("edge1"), device("edge2")],
    });
    let client = Client::open(Config::from_json(&config.to_string()).unwrap()).await.unwrap();
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);

    for (family, code, version) in [
        ("c2960x", "C2960X-UNIVERSALK9-M", "152-7.E10"),
        ("c2960x", "C2960X-UNIVERSALK9-M", "152-7.E4"),
        ("c2960x", "C2960X-LANLITEK9-M", "152-7.E9"),
        ("c3750e", "C3750E-UNIVERSALK9-M", "152-4.E10"),
    ] {
        let set = code.split('-').nth(1).unwrap().to_lowercase();
        let path = folder.0.join(format!("{family}-{set}-mz.{version}.bin"));
        let made = IosImageSpec::new(family.to_uppercase(), code, number(version), 300_000);
        let mut file = Vec::new();
        ios_image(&made).read_to_end(&mut file).unwrap();
        std::fs::write(&path, file).unwrap();
        call("import", json!({"path": path})).await;
    }

    // Nobody was inspected yet: that is said, and no device is asked.
    let told = call("recommend", json!({"devices": ["edge1", "edge2"]})).await;
    assert_eq!(told[1]["error"]["kind"], "not_found", "{told}");
    assert!(told[1]["error"]["message"].as_str().unwrap().contains("edge2 was never inspected: inspect it first"));
    let latest = call("has_latest", json!({"device": "edge1"})).await;
    assert_eq!((&latest["latest"], &latest["error"]["kind"]), (&json!("unknown"), &json!("not_found")));

    call("inspect", json!({"devices": ["edge1"]})).await;
    let told = call("recommend", json!({"devices": ["edge1", "edge2"]})).await;
    assert_eq!(versions(&told[0]["recommended"]), ["15.2(7)E10", "15.2(7)E9", "15.2(7)E4"], "{told:#}");
    assert_eq!(told[0]["elsewhere"][0]["candidates"], 1);
    assert_eq!(told[0]["recommended"][0]["verdict"], "compatible", "{told:#}");
    assert_eq!(told[1]["error"]["kind"], "not_found");
    let text = surface::function("recommendation_text", json!({"recommendation": told[0]})).unwrap();
    assert!(text.as_str().unwrap().contains("1. c2960x-universalk9-mz.152-7.E10.bin"), "{text}");

    let only =
        json!({"devices": ["edge1"], "settings": {"same_feature": true, "latest_maintenance": true}, "all": true});
    let told = call("recommend", only).await;
    assert_eq!(versions(&told[0]["recommended"]), ["15.2(7)E10"], "{told:#}");
    assert_eq!(told[0]["dropped"].as_array().unwrap().len(), 3, "{told:#}");

    let latest = call("has_latest", json!({"device": "edge1"})).await;
    assert_eq!(latest["latest"], "no", "{latest}");
    assert_eq!(versions(&latest["newer"])[0], "15.2(7)E10");

    // What a person requires counts, and settings are kept.
    call("set_requirements", json!({"image": "c2960x-universalk9-mz.152-7.E10.bin", "ram": 999_999_999_999_999_u64}))
        .await;
    let kept = call("set_recommendation_settings", json!({"settings": {"same_feature": true}})).await;
    let all = json!({
        "latest_maintenance": false, "same_feature": true, "higher_than_current": false, "include_catalogue": true,
    });
    assert_eq!(kept, all);
    assert_eq!(call("recommendation_settings", Value::Null).await, all);
    let told = call("recommend", json!({"devices": ["edge1"]})).await;
    assert_eq!(versions(&told[0]["recommended"]), ["15.2(7)E4"], "{told:#}");
    let dropped: Vec<_> =
        told[0]["dropped"].as_array().unwrap().iter().map(|one| one["explanation"][1]["outcome"].clone()).collect();
    assert!(dropped.contains(&json!("not_met")), "{told:#}");
}

/// A switch that was never inspected, as long as the second lives.
async fn switch(name: &str) -> (Folder, impl Sized, Client) {
    let folder = Folder(std::env::temp_dir().join(format!("swim-recommend-{name}-{}", std::process::id())));
    let sim = SimDevice::new(DeviceSpec::ios_switch("edge1").login("admin", "p"));
    let served = loopback::serve(&sim, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let config = json!({
        "data": folder.0.join("data"), "secrets": {"lab": {"value": "p"}}, "devices": [{
            "id": "edge1", "at": {"host": "127.0.0.1", "port": served.local_addr().port()}, "platform": "ios",
            "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
        }],
    });
    let client = Client::open(Config::from_json(&config.to_string()).unwrap()).await.unwrap();
    (folder, (sim, served), client)
}

fn about(report: &Value, code: &str) -> Option<Value> {
    let found = report["devices"][0]["findings"].as_array().unwrap();
    found.iter().find(|finding| finding["code"] == code).cloned()
}

/// What catalogues name is recommended as well, what they advise against is not; and what is not whole never is.
#[tokio::test]
async fn catalogues_and_damage_count() {
    let (folder, _served, client) = switch("listed").await;
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);
    let file = |version: &str, missing: usize| {
        let path = folder.0.join(format!("c2960x-universalk9-mz.{version}.bin"));
        let mut file = Vec::new();
        let made = IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", number(version), 300_000);
        ios_image(&made).read_to_end(&mut file).unwrap();
        file.truncate(file.len() - missing);
        std::fs::write(&path, file).unwrap();
        path
    };
    let whole = call("import", json!({"path": file("152-7.E8", 0)})).await;
    assert!(whole["facts"]["embedded_sum"]["value"].is_string() && whole["facts"]["damage"].is_null(), "{whole:#}");
    call("import", json!({"path": file("152-7.E9", 0)})).await;
    let cut = call("import", json!({"path": file("152-7.E11", 1)})).await;
    assert!(cut["facts"]["damage"][0].as_str().unwrap().contains("truncated"), "{cut:#}");
    call("inspect", json!({"devices": ["edge1"]})).await;

    let report = call("analyse", json!({"image": cut["file_name"], "devices": ["edge1"]})).await;
    assert_eq!(report["devices"][0]["verdict"], "incompatible", "{report:#}");
    assert_eq!(about(&report, "image.damaged").unwrap()["severity"], "blocking");
    for (verb, arguments) in [
        ("offer", json!({"image": cut["id"], "device": "edge1", "protocol": "http"})),
        ("push", json!({"image": cut["id"], "device": "edge1", "path": "flash:x.bin"})),
    ] {
        let e = surface::call(&client, verb, arguments).await.expect_err(verb);
        assert_eq!(e.kind(), swim::ErrorKind::Integrity, "{e}");
    }
    let plan = call("plan", json!({"image": cut["file_name"], "devices": ["edge1"]})).await;
    assert_eq!(plan["devices"], json!([]), "nothing is planned with it: {plan:#}");

    // The newest of the repository is withdrawn by a catalogue, which names two more.
    let entry = |code: &str, lifecycle: Value, advisories: Value| {
        json!({
            "filename": format!("c2960x-universalk9-mz.{code}.bin"), "platform": "ios", "families": ["c2960x"],
            "version": number(code), "feature_set": "universalk9", "image_type": "image", "size": 300_000,
            "crypto": {"k9": true}, "lifecycle": lifecycle, "advisories": advisories,
        })
    };
    let document = json!({"schema": 1, "entries": [
        entry("152-7.E9", json!({"status": "withdrawn"}), json!(["cisco-sa-2026-1"])),
        entry("152-7.E12", json!({"status": "active", "suggested": true}), json!([])),
        entry("152-7.E13", json!({"status": "deferred"}), json!(["it leaks memory"])),
    ]});
    let path = folder.0.join("catalogue.json");
    std::fs::write(&path, document.to_string()).unwrap();
    call("import_catalog", json!({"path": path, "allow_unsigned": true, "name": "lab"})).await;

    let told = call("recommend", json!({"devices": ["edge1"]})).await;
    let recommended = versions(&told[0]["recommended"]);
    assert!(recommended.contains(&"15.2(7)E12") && recommended.contains(&"15.2(7)E8"), "{told:#}");
    for (version, why) in [("15.2(7)E9", "cisco-sa-2026-1"), ("15.2(7)E13", "leaks"), ("15.2(7)E11", "truncated")] {
        assert!(!recommended.contains(&version), "{version}: {told:#}");
        let dropped = told[0]["dropped"].as_array().unwrap().iter().find(|one| one["version"] == version);
        assert!(dropped.unwrap().to_string().contains(why), "{version}: {dropped:#?}");
    }
    let local = json!({"devices": ["edge1"], "settings": {"include_catalogue": false}});
    let told = call("recommend", local).await;
    assert!(!versions(&told[0]["recommended"]).contains(&"15.2(7)E12"), "{told:#}");

    // What has rotted in the repository is not recommended either.
    let id = whole["id"].as_str().unwrap();
    let stored = find(&folder.0.join("data"), id).expect("stored");
    let mut bytes = std::fs::read(&stored).unwrap();
    bytes[100_000] ^= 1;
    // Stored files are only for reading.
    std::fs::remove_file(&stored).unwrap();
    std::fs::write(&stored, bytes).unwrap();
    assert_eq!(call("scrub", json!({"afresh": true})).await["damaged"].as_array().unwrap().len(), 1);
    let told = call("recommend", json!({"devices": ["edge1"]})).await;
    assert!(!versions(&told[0]["recommended"]).contains(&"15.2(7)E8"), "{told:#}");
    let rotted = told[0]["dropped"].as_array().unwrap().iter().find(|one| one["version"] == "15.2(7)E8");
    assert!(rotted.unwrap().to_string().contains("has rotted"), "{rotted:#?}");

    // What the catalogue says counts in an analysis as well, for the file that it names.
    let report = call("analyse", json!({"image": "c2960x-universalk9-mz.152-7.E9.bin", "devices": ["edge1"]})).await;
    let found = about(&report, "standing.withdrawn").expect("standing.withdrawn");
    assert!(found["message"].as_str().unwrap().contains("cisco-sa-2026-1"), "{found:#}");
}

/// A catalogue that has other bytes under the name of an image: nobody can tell which is right, so somebody must.
#[tokio::test]
async fn a_catalogue_that_contradicts_an_image_is_a_finding() {
    let (folder, _served, client) = switch("other").await;
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);
    let name = "c2960x-universalk9-mz.152-7.E10.bin";
    let path = folder.0.join(name);
    let mut file = Vec::new();
    ios_image(&IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", "15.2(7)E10", 300_000))
        .read_to_end(&mut file)
        .unwrap();
    std::fs::write(&path, file).unwrap();
    let image = call("import", json!({"path": path})).await;
    call("inspect", json!({"devices": ["edge1"]})).await;
    let listed = async |entry: Value| {
        let path = folder.0.join("lab.json");
        std::fs::write(&path, json!({"schema": 1, "entries": [entry]}).to_string()).unwrap();
        call("import_catalog", json!({"path": path, "allow_unsigned": true})).await;
    };
    let entry = |more: Value| {
        let mut entry = json!({"filename": name, "platform": "ios", "families": ["c2960x"], "version": "15.2(7)E10"});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let wrong = "ab".repeat(32);
    for (said, words) in [(json!({"size": 300_001}), "300001 bytes"), (json!({"sha256": wrong}), &*wrong)] {
        listed(entry(said)).await;
        let report = call("analyse", json!({"image": name, "devices": ["edge1"]})).await;
        let found = report["devices"][0]["findings"].as_array().unwrap().clone();
        let found = found.iter().find(|finding| finding["code"] == "catalogue.contradicts").expect("the finding");
        assert_eq!(found["severity"], "unknown", "{found:#}");
        assert!(found["required"].as_str().unwrap().contains(words), "{found:#}");
        assert!(found["measured"].is_string() && found["remedy"].is_string(), "{found:#}");
        assert_eq!(found["provenance"][1], "catalogue lab.json");
        let plan = call("plan", json!({"image": name, "devices": ["edge1"]})).await;
        assert_eq!(plan["devices"], json!([]), "{plan:#}");

        let told = call("recommend", json!({"devices": ["edge1"]})).await;
        let recommended = told[0]["recommended"].as_array().unwrap();
        assert_eq!((recommended.len(), &told[0]["dropped"]), (1, &json!([])), "one name, one line: {told:#}");
        assert_eq!(recommended[0]["unknown"], json!(["catalogue.contradicts"]), "{told:#}");
        let text = surface::function("recommendation_text", json!({"recommendation": told[0]})).unwrap();
        let id = image["id"].as_str().unwrap();
        assert!(text.as_str().unwrap().contains(&format!("{name} [{}, 300000 bytes]", &id[..12])), "{text}");
        assert!(text.as_str().unwrap().contains("as the device said at "), "{text}");
        assert_eq!(call("image", json!({"image": &id[..12]})).await["id"], id, "what is shown can be given back");
    }
    let accepted = json!({"accept_unknown": ["catalogue.contradicts"]});
    let plan = call("plan", json!({"image": name, "devices": ["edge1"], "policy": accepted})).await;
    assert_eq!(plan["devices"].as_array().unwrap().len(), 1, "{plan:#}");
    listed(entry(json!({"sha256": image["id"]}))).await;
    let plan = call("plan", json!({"image": name, "devices": ["edge1"]})).await;
    assert_eq!(plan["devices"].as_array().unwrap().len(), 1, "a catalogue that is right: {plan:#}");

    // What it says of the way counts as well, and a recommendation does not lead past it.
    listed(entry(json!({"sha256": image["id"], "requires": {"base_version": "15.2(7)E8"}}))).await;
    let report = call("analyse", json!({"image": name, "devices": ["edge1"]})).await;
    let found = about(&report, "path.via").expect("path.via");
    assert_eq!(
        (&found["required"], &found["provenance"][0]),
        (&json!("15.2(7)E8"), &json!("the catalogue lab.json: the release that must run before")),
        "{found:#}"
    );
    let told = call("recommend", json!({"devices": ["edge1"]})).await;
    assert_eq!(told[0]["recommended"], json!([]), "{told:#}");
    assert_eq!(told[0]["dropped"][0]["blocked"], json!(["path.via"]), "{told:#}");
}

/// A catalogue that says which forms are pending meets the demand for one; and what is held against the running release is said.
#[tokio::test]
async fn a_catalogue_tells_of_forms_and_of_the_running_release() {
    let (folder, _served, client) = switch("forms").await;
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);
    let name = "c2960x-universalk9-mz.152-7.E10.bin";
    let path = folder.0.join(name);
    let mut file = Vec::new();
    ios_image(&IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", "15.2(7)E10", 300_000))
        .read_to_end(&mut file)
        .unwrap();
    std::fs::write(&path, file).unwrap();
    let image = call("import", json!({"path": path})).await;
    let inspected = call("inspect", json!({"devices": ["edge1"]})).await;
    let running = inspected[0]["inventory"]["version"]["text"].as_str().unwrap().to_owned();
    let listed = async |entries: Value| {
        let path = folder.0.join("lab.json");
        std::fs::write(&path, json!({"schema": 1, "entries": entries}).to_string()).unwrap();
        call("import_catalog", json!({"path": path, "allow_unsigned": true})).await;
    };
    for (more, code, severity) in [
        (json!({}), "licence.unknown", "unknown"),
        (json!({"forms": []}), "licence.accepted", "pass"),
        (json!({"forms": ["k9"]}), "licence.k9_pending", "blocking"),
        (json!({"forms": ["eula", "k9"]}), "licence.eula_pending", "blocking"),
    ] {
        let mut entry = json!({"filename": name, "sha256": image["id"]});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        listed(json!([entry])).await;
        let policy = json!({"demands": ["catalogue"]});
        let report = call("analyse", json!({"image": name, "devices": ["edge1"], "policy": policy})).await;
        let found = about(&report, code).unwrap_or_else(|| panic!("{code}: {report:#}"));
        assert_eq!(found["severity"], severity, "{found:#}");
        assert!(about(&report, "standing.active").is_some(), "{report:#}");
    }

    let old = "c2960x-universalk9-mz.running.bin";
    listed(json!([{
        "filename": old, "platform": "IOS", "families": ["c2960x"], "version": running, "image_type": "image",
        "feature_set": "universalk9", "size": 300_000, "lifecycle": {"status": "deferred"},
        "advisories": ["it leaks memory"],
    }]))
    .await;
    let latest = call("has_latest", json!({"device": "edge1"})).await;
    assert_eq!(latest["against"], json!([format!("it is deferred: it leaks memory ({old})")]), "{latest:#}");
    assert!(latest["why"].as_str().unwrap().contains("of the running release: it is deferred"), "{latest:#}");
}

/// The file whose path has these digits.
fn find(folder: &Path, digits: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).ok()?.filter_map(Result::ok).find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return find(&path, digits);
        }
        path.to_str()?.replace('/', "").contains(digits).then_some(path)
    })
}

/// `152-7.E10` as it is in the header.
fn number(code: &str) -> String {
    let (digits, rest) = code.split_once('-').unwrap();
    let (maintenance, train) = rest.split_once('.').unwrap();
    format!("{}.{}({maintenance}){train}", &digits[..2], &digits[2..])
}
