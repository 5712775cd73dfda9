//! What a rehearsal takes from a device that has had the image before.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read;
use std::path::PathBuf;

use serde_json::{Value, json};
use swim::{Client, Config, surface};
use swim_sim::images::{IosImageSpec, ios_image};
use swim_sim::{DeviceSpec, FileSpec, SimDevice, loopback};

const IMAGE: &str = "c2960x-universalk9-mz.152-7.E10.bin";
const BYTES: u64 = 20_000_000;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A device fell back, and its flash still has the image: what has its name and its length is played as the image, and what
/// has only its name is not.
#[tokio::test]
async fn what_lies_on_the_flash_already_is_played_as_what_it_looks_like() {
    let folder = Folder(std::env::temp_dir().join(format!("swim-rehearsal-{}", std::process::id())));
    for (bytes, outcome) in [(BYTES, "upgraded"), (BYTES - 1, "failed")] {
        let spec =
            DeviceSpec::ios_switch("edge1").login("admin", "p").file(FileSpec::image(IMAGE, bytes, "15.2(7)E10"));
        let sim = SimDevice::new(spec);
        let served = loopback::serve(&sim, ([127, 0, 0, 1], 0).into()).await.unwrap();
        let at = json!({"host": "127.0.0.1", "port": served.local_addr().port()});
        let data = folder.0.join(outcome);
        let config = json!({
            "data": data, "secrets": {"lab": {"value": "p"}},
            "devices": [{
                "id": "edge1", "at": at, "platform": "ios", "login": {"user": "admin", "password": "lab"},
                "host_key": "first_use",
            }],
        });
        let client = Client::open(Config::from_json(&config.to_string()).unwrap()).await.unwrap();
        let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.unwrap();
        let path = data.join(IMAGE);
        let mut file = Vec::new();
        let made = IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", "15.2(7)E10", BYTES);
        ios_image(&made).read_to_end(&mut file).unwrap();
        std::fs::write(&path, file).unwrap();
        call("import", json!({"path": path, "min_ram": 1, "min_flash": 1})).await;
        call("inspect", json!({"devices": ["edge1"]})).await;
        let plan = call("plan", json!({"image": IMAGE, "devices": ["edge1"]})).await;
        let played = call("rehearse", json!({"plan": plan})).await;
        assert_eq!(played["devices"][0]["outcome"], outcome, "{bytes} bytes: {played}");
    }
}
