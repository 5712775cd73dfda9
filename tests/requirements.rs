//! What an image requires: the default beside what a person set, and the record of every change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read;
use std::path::PathBuf;

use serde_json::{Value, json};
use swim::{Client, Config, ImportOptions, surface};
use swim_sim::images::{IosImageSpec, ios_image};

const IMAGE: &str = "c2960x-universalk9-mz.152-7.E10.bin";
/// `MIN_DRAM_MEG` of the sample.
const DEFAULT_RAM: u64 = 128 << 20;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("swim-requirements-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn image(&self) -> PathBuf {
        let path = self.0.join(IMAGE);
        let mut file = Vec::new();
        let made = IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", "15.2(7)E10", 300_000);
        ios_image(&made).read_to_end(&mut file).unwrap();
        std::fs::write(&path, file).unwrap();
        path
    }

    async fn client(&self) -> Client {
        Client::open(Config::new(self.0.join("data"))).await.unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn the_default_comes_back() {
    let folder = Folder::new("default");
    let client = folder.client().await;
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);
    let arguments = json!({"path": folder.image(), "min_ram": 999_999_999_999_999_u64, "min_boot_rom": "15.2(3r)E1"});
    let imported = call("import", arguments).await;
    assert_eq!(imported["facts"]["min_ram"], json!({"value": DEFAULT_RAM, "from": "payload"}), "{imported}");
    let shown = call("requirements", json!({"image": IMAGE})).await;
    assert_eq!(shown["ram"]["default"]["value"], DEFAULT_RAM);
    assert_eq!(shown["ram"]["override"], json!({"value": 999_999_999_999_999_u64, "from": "user"}));
    assert_eq!(shown["ram"]["effective"], shown["ram"]["override"]);
    assert_eq!(shown["boot_rom"]["effective"]["value"]["text"], "15.2(3r)E1");
    assert_eq!(shown["flash"], json!({"default": null, "override": null, "effective": null}));

    let one = json!({"image": IMAGE, "fields": ["ram"], "by": "bob"});
    let shown = call("restore_requirements", one).await;
    assert_eq!(shown["ram"]["effective"], json!({"value": DEFAULT_RAM, "from": "payload"}));
    assert_eq!(shown["ram"]["override"], Value::Null);
    assert_eq!(shown["boot_rom"]["override"]["value"]["text"], "15.2(3r)E1");

    call("set_requirements", json!({"image": IMAGE, "flash": 1, "by": "ann"})).await;
    // What is set already is no change.
    call("set_requirements", json!({"image": IMAGE, "flash": 1, "by": "eve"})).await;
    let shown = call("restore_requirements", json!({"image": IMAGE})).await;
    assert_eq!(shown["flash"]["effective"], Value::Null);
    assert_eq!(shown["boot_rom"]["effective"], Value::Null);
    let history = shown["history"].as_array().unwrap();
    let told: Vec<_> = history.iter().map(|h| (h["number"].as_u64().unwrap(), h["by"].as_str())).collect();
    assert_eq!(told, [(1, None), (2, Some("bob")), (3, Some("ann")), (4, None)], "{history:#?}");
    let change = |n: usize| history[n]["changes"].clone();
    let most = 999_999_999_999_999_u64;
    assert_eq!(change(0)[0], json!({"field": "ram", "from": null, "to": most}));
    assert_eq!(change(1), json!([{"field": "ram", "from": most, "to": null}]));
    assert_eq!(change(2), json!([{"field": "flash", "from": null, "to": 1}]));
    assert_eq!(change(3)[1], json!({"field": "boot_rom", "from": "15.2(3r)E1", "to": null}));
    assert!(history.iter().all(|h| h["at"].as_str().is_some_and(|at| at.ends_with('Z')) && h["file_name"] == IMAGE));
}

#[tokio::test]
async fn what_is_out_of_range_is_named_and_nothing_is_kept() {
    let folder = Folder::new("range");
    let client = folder.client().await;
    let path = folder.image();
    for (field, value) in [("min_ram", 0), ("min_flash", 1_000_000_000_000_000_u64)] {
        let mut options = ImportOptions::default();
        match field {
            "min_ram" => options.min_ram = Some(value),
            _ => options.min_flash = Some(value),
        }
        let e = client.import(&path, options).await.unwrap_err();
        assert!(e.message().starts_with(&format!("{field} = {value}: it is in bytes")), "{e}");
        assert!(client.images(None).await.unwrap().is_empty(), "a refused import keeps nothing");
    }
    client.import(&path, ImportOptions::default()).await.unwrap();
    for (field, value) in [("ram", json!(0)), ("flash", json!(1_000_000_000_000_000_u64)), ("boot_rom", json!("x"))] {
        let e = surface::call(&client, "set_requirements", json!({"image": IMAGE, field: value})).await.unwrap_err();
        assert!(e.message().starts_with(&format!("{field} = {value}: ")), "{e}");
    }
    let e = surface::call(&client, "set_requirements", json!({"image": IMAGE})).await.unwrap_err();
    assert_eq!(e.kind().name(), "invalid_input", "{e}");
    assert!(client.requirements(IMAGE).await.unwrap().history.is_empty());
}

/// Twenty writers at once: every change has its record and its number, and the last one holds.
#[tokio::test]
async fn changes_at_the_same_time_are_all_recorded() {
    let folder = Folder::new("race");
    let client = folder.client().await;
    client.import(folder.image(), ImportOptions::default()).await.unwrap();
    let writers = (1..=10_u64).map(|bytes| {
        let client = client.clone();
        async move {
            let arguments = json!({"image": IMAGE, "ram": bytes, "by": format!("writer {bytes}")});
            surface::call(&client, "set_requirements", arguments).await.unwrap();
        }
    });
    futures_util::future::join_all(writers).await;
    let shown = client.requirements(IMAGE).await.unwrap();
    let numbers: Vec<u64> = shown.history.iter().map(|change| change.number).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    let mut before = None;
    for change in &shown.history {
        assert_eq!(change.changes[0].from, before, "each change begins where the one before it ended");
        before.clone_from(&change.changes[0].to);
    }
    let value = serde_json::to_value(&shown).unwrap();
    assert_eq!(value["ram"]["effective"]["value"], serde_json::to_value(before).unwrap());
}

#[tokio::test]
async fn the_history_stays_when_the_image_goes_and_comes_again() {
    let folder = Folder::new("again");
    let client = folder.client().await;
    let path = folder.image();
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);
    call("import", json!({"path": path, "min_ram": 7})).await;
    call("remove_image", json!({"image": IMAGE})).await;
    call("import", json!({"path": path})).await;
    let shown = call("set_requirements", json!({"image": IMAGE, "ram": 8})).await;
    assert_eq!(shown["history"].as_array().unwrap().len(), 2, "{shown}");
    assert_eq!(shown["history"][1]["changes"][0]["from"], Value::Null, "it was set for the new image first: {shown}");
}

/// What a person sets counts more than the image, the image more than a catalogue; and a catalogue is looked up, not kept.
#[tokio::test]
async fn a_catalogue_tells_the_default_that_the_image_does_not() {
    let folder = Folder::new("catalogue");
    let client = folder.client().await;
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);
    call("import", json!({"path": folder.image()})).await;
    let listed = async |name: &str, requires: Value| {
        let path = folder.0.join(name);
        let document = json!({"schema": 1, "entries": [{"filename": IMAGE, "requires": requires}]});
        std::fs::write(&path, document.to_string()).unwrap();
        call("import_catalog", json!({"path": path, "allow_unsigned": true})).await;
    };
    listed("a.json", json!({"ram_mib": 4096, "flash_mib": 64, "bootrom": "15.2(3r)E1"})).await;
    let shown = call("requirements", json!({"image": IMAGE})).await;
    assert_eq!(shown["ram"]["default"], json!({"value": DEFAULT_RAM, "from": "payload"}), "the image says it");
    assert_eq!(shown["flash"]["default"], json!({"value": 64 << 20, "from": "catalogue"}));
    assert_eq!(shown["flash"]["effective"], shown["flash"]["default"]);
    assert_eq!(shown["boot_rom"]["default"]["value"]["text"], "15.2(3r)E1");
    // Of two catalogues the one that asks for more counts.
    listed("b.json", json!({"flash_mib": 128})).await;
    listed("c.json", json!({"flash_mib": 32})).await;
    let shown = call("set_requirements", json!({"image": IMAGE, "flash": 7, "by": "ann"})).await;
    assert_eq!(shown["flash"]["default"], json!({"value": 128 << 20, "from": "catalogue"}));
    assert_eq!(shown["flash"]["effective"], json!({"value": 7, "from": "user"}));
    let shown = call("restore_requirements", json!({"image": IMAGE})).await;
    assert_eq!(shown["flash"]["effective"], json!({"value": 128 << 20, "from": "catalogue"}));
    listed("b.json", json!({})).await;
    let shown = call("requirements", json!({"image": IMAGE})).await;
    assert_eq!(shown["flash"]["effective"]["value"], 64 << 20);
}

#[tokio::test]
async fn who_changes_something_is_named_or_left_out() {
    let folder = Folder::new("nobody");
    let client = folder.client().await;
    surface::call(&client, "import", json!({"path": folder.image()})).await.unwrap();
    for (verb, by) in [("set_requirements", ""), ("set_requirements", "  "), ("restore_requirements", "")] {
        let mut arguments = json!({"image": IMAGE, "by": by});
        if verb == "set_requirements" {
            arguments["ram"] = 5.into();
        }
        let e = surface::call(&client, verb, arguments).await.unwrap_err();
        assert!(e.message().contains("by = ") && e.message().contains("leave it out"), "{verb}: {e}");
    }
    let shown = surface::call(&client, "requirements", json!({"image": IMAGE})).await.unwrap();
    assert_eq!(shown["history"], json!([]), "nothing was changed");
}
