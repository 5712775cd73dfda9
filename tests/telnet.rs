//! A device that is reached by Telnet, through names and JSON alone: what Python and C stand on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read;
use std::path::PathBuf;

use serde_json::{Value, json};
use swim::{Client, Config, ErrorKind, surface};
use swim_sim::images::{IosImageSpec, ios_image};
use swim_sim::{DeviceSpec, SimDevice, loopback};

const SECRET: &str = "Canary-7f3a";

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_telnet_device_from_its_document_to_its_rehearsal() {
    let folder = Folder(std::env::temp_dir().join(format!("swim-telnet-{}", std::process::id())));
    let sim = SimDevice::new(DeviceSpec::ios_switch("edge1").login("admin", SECRET));
    let served = loopback::serve_telnet(&sim, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let config = json!({"data": folder.0, "secrets": {"lab": {"value": SECRET}}});
    let client = Client::open(Config::from_json(&config.to_string()).unwrap()).await.unwrap();
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await;
    let device = |more: Value| {
        let mut device = json!({
            "id": "edge1", "at": {"host": "127.0.0.1"}, "platform": "ios",
            "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
        });
        device.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"devices": [device]})
    };
    let known = async || call("devices", json!({})).await.unwrap()[0].clone();
    call("add_devices", device(json!({}))).await.unwrap();
    assert_eq!((&known().await["telnet"], &known().await["at"]["port"]), (&json!(false), &json!(22)));
    call("add_devices", device(json!({"telnet": true}))).await.unwrap();
    assert_eq!((&known().await["telnet"], &known().await["at"]["port"]), (&json!(true), &json!(23)));
    let e = call("add_devices", device(json!({"telnet": "yes"}))).await.unwrap_err();
    assert!(e.kind() == ErrorKind::InvalidInput && e.to_string().contains("telnet"), "{e}");

    let at = json!({"host": "127.0.0.1", "port": served.local_addr().port()});
    call("add_devices", device(json!({"telnet": true, "at": at}))).await.unwrap();
    let seen = call("inspect", json!({"devices": ["edge1"]})).await.unwrap();
    assert_eq!(seen[0]["inventory"]["hostname"], "edge1", "{seen}");
    assert_eq!(sim.snapshot().commands[..2], ["admin", SECRET]);

    let path = folder.0.join("c2960x-universalk9-mz.152-7.E10.bin");
    let mut bytes = Vec::new();
    let image = IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", "15.2(7)E10", 200_000);
    ios_image(&image).read_to_end(&mut bytes).unwrap();
    std::fs::write(&path, bytes).unwrap();
    call("import", json!({"path": path, "min_ram": 1, "min_flash": 1})).await.unwrap();
    let image = "c2960x-universalk9-mz.152-7.E10.bin";
    let report = call("analyse", json!({"image": image, "devices": ["edge1"]})).await.unwrap();
    assert!(report.to_string().contains("session.telnet"), "{report}");
    let plan = call("plan", json!({"image": image, "devices": ["edge1"]})).await.unwrap();
    assert!(plan.to_string().contains("session.telnet"), "{plan}");
    // It is played over Telnet too.
    let played = call("rehearse", json!({"plan": plan})).await.unwrap();
    assert_eq!(played["devices"][0]["outcome"], "upgraded", "{played}");
    for said in [seen, report, plan, played] {
        assert!(!said.to_string().contains(SECRET), "{said}");
    }
}
