//! SCP pull from a server in memory, and rehearsal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use russh::keys::{Algorithm, PrivateKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session};
use russh::{Channel, ChannelId};
use support::{Console, at, bytes, device};
use swim_core::model::{Inventory, Protocol};
use swim_core::ports::Network;
use swim_sim::images::{PackageSpec, ios_xe_package};
use swim_sim::{DeviceSpec, SimNetwork};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Gives one file to whoever knows the password.
struct Source {
    file: Arc<Vec<u8>>,
    channel: Option<Channel<Msg>>,
}

impl Handler for Source {
    type Error = russh::Error;
    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(if (user, password) == ("offer", "once") { Auth::Accept } else { Auth::reject() })
    }
    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channel = Some(channel);
        reply.accept().await;
        Ok(())
    }
    async fn exec_request(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        assert_eq!(data, b"scp -f new.bin");
        session.channel_success(id)?;
        let (mut stream, file) = (self.channel.take().unwrap().into_stream(), Arc::clone(&self.file));
        tokio::spawn(async move {
            let mut ready = [1];
            stream.read_exact(&mut ready).await.unwrap();
            stream.write_all(format!("C0644 {} new.bin\n", file.len()).as_bytes()).await.unwrap();
            stream.read_exact(&mut ready).await.unwrap();
            stream.write_all(&file).await.unwrap();
            stream.write_all(&[0]).await.unwrap();
            stream.read_exact(&mut ready).await.unwrap();
            assert_eq!(ready, [0]);
        });
        Ok(())
    }
}

async fn scp_server(network: &SimNetwork, file: Vec<u8>) {
    let listener = network.listen(&at("0.0.0.0", 2222)).await.unwrap();
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    let config = Arc::new(Config { keys: vec![key], ..Config::default() });
    let file = Arc::new(file);
    tokio::spawn(async move {
        while let Ok(accepted) = listener.accept().await {
            let source = Source { file: Arc::clone(&file), channel: None };
            let running = russh::server::run_stream(Arc::clone(&config), accepted.stream, source).await.unwrap();
            tokio::spawn(running);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn pulls_by_scp_and_asks_for_the_password() {
    let spec = DeviceSpec::cat9300("edge-1", 1);
    let (network, device) = device(spec.clone());
    let file = bytes(ios_xe_package(&PackageSpec::new("cat9k", "17.9.4a", 900_000)));
    scp_server(&network, file).await;
    let mut console = Console::open(&network, &spec).await.unwrap();
    console.run("terminal length 0").await;
    let line = "copy scp://offer@192.0.2.1:2222/new.bin flash:new.bin";
    let wrong = [("]? ", "\n"), ("Password: ", "a\n"), ("Password: ", "b\n"), ("Password: ", "c\n")];
    let refused = console.talk(line, &wrong).await;
    assert!(refused.contains("%Error opening scp://192.0.2.1/new.bin (Permission denied)"), "{refused}");
    let copied = console.talk(line, &[("]? ", "\n"), ("Password: ", "once\n")]).await;
    assert!(copied.contains(" Sending file modes: C0644 900000 new.bin"), "{copied}");
    assert!(copied.contains("900000 bytes copied in"), "{copied}");
    let received = device.snapshot().received;
    assert_eq!((received.len(), received[0].bytes, received[0].protocol), (1, 900_000, Some(Protocol::Scp)));
    let nobody = console.talk("copy scp://offer@192.0.2.1:1/new.bin flash:x", &[("]? ", "\n")]).await;
    assert!(nobody.contains("(Connection refused)"), "{nobody}");
}

#[test]
fn rehearses_a_recorded_switch() {
    let recorded = serde_json::json!({
        "device": "sw-1", "platform": "ios", "taken": "2026-02-01T00:00:00Z", "hostname": "sw-1",
        "model": "WS-C2960X-24PS-L", "serial": "FOC1", "version": {"scheme": "ios", "text": "15.2(7)E4"},
        "software": "C2960X-UNIVERSALK9-M", "image": "flash:/c2960x-universalk9-mz.152-7.E4.bin", "mode": "bundle",
        "ram": 536870912, "boot": {"next": ["flash:/c2960x-universalk9-mz.152-7.E4.bin"]}, "privilege": 15,
        "config_unsaved": true,
        "members": [{"number": 1, "serial": "FOC1", "flash": {"prefix": "flash:", "total": 122185728, "free": 9000000,
            "files": [{"name": "c2960x-universalk9-mz.152-7.E4.bin", "bytes": 26771456}, {"name": "old.bin", "bytes": 5}]}}]
    });
    let inventory: Inventory = serde_json::from_value(recorded).unwrap();
    let device = swim_sim::SimDevice::new(DeviceSpec::from_inventory(&inventory).unwrap());
    let state = device.snapshot();
    assert_eq!((state.version(), state.members[0].free, state.config_unsaved), ("15.2(7)E4", 9_000_000, true));
    assert_eq!(state.file(1, "old.bin").unwrap().bytes, 5);
    assert_eq!(state.file(1, "c2960x-universalk9-mz.152-7.E4.bin").unwrap().bytes, 26_771_456);
    assert_eq!(state.boot_startup, ["flash:/c2960x-universalk9-mz.152-7.E4.bin"]);
    let mut blank = inventory;
    blank.version = None;
    assert!(DeviceSpec::from_inventory(&blank).is_err());
}
