//! Whole upgrades in virtual time, with a client that is not ours to test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use support::{Console, bytes, connect, device, http_server};
use swim_core::model::InstallStateCode as Row;
use swim_sim::images::{IosImageSpec, PackageSpec, ios_image, ios_xe_package};
use swim_sim::{DeviceSpec, Fault, InstallPhase, SimNetwork};

const NEW: &str = "cat9k_iosxe.17.09.04a.SPA.bin";

fn package() -> Vec<u8> {
    bytes(ios_xe_package(&PackageSpec::new("cat9k", "17.9.4a", 3_000_000)))
}

async fn pulled(network: &SimNetwork, console: &mut Console, name: &str, file: Vec<u8>) -> String {
    http_server(network, 8080, file).await;
    console.run("terminal length 0").await;
    console
        .talk(
            &format!("copy http://192.0.2.1:8080/one-time/{name} flash:{name}"),
            &[(&format!("Destination filename [{name}]? "), "\n")],
        )
        .await
}

#[tokio::test(start_paused = true)]
async fn shows_what_a_stack_shows() {
    let spec = DeviceSpec::cat9300("edge-1", 3);
    let (network, _device) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    // Paging is on until it is switched off.
    console.type_in("show version\n").await;
    console.until(" --More-- ").await.unwrap();
    console.type_in("q").await;
    console.until("edge-1#").await.unwrap();
    console.run("terminal length 0").await;
    let version = console.run("show version").await;
    assert!(version.contains("Cisco IOS XE Software, Version 17.06.03"), "{version}");
    assert!(version.contains("     3 65    C9300-48P"), "{version}");
    assert!(console.run("show install summary").await.contains("[ Switch 1 2 3 ] Installed Package(s)"));
    assert!(console.run("dir flash-2:").await.contains("packages.conf"));
    assert!(console.run("dir flash:nothing").await.contains("%Error opening flash:/nothing (No such file"));
    assert!(console.run("show boot | include BOOT variable").await.matches("flash:packages.conf;").count() == 6);
    let wrong = console.run("show nothing").await;
    assert!(wrong.contains("\r\n            ^\r\n% Invalid input detected at '^' marker."), "{wrong}");
    assert!(console.run("show").await.contains("% Incomplete command."));
    assert!(
        console.run("sh ver | inc uptime is").await.contains("edge-1 uptime is 3 weeks, 2 days, 1 hour, 2 minutes")
    );
}

#[tokio::test(start_paused = true)]
async fn installs_and_commits() {
    let spec = DeviceSpec::cat9300("edge-1", 2);
    let (network, device) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    let copied = pulled(&network, &mut console, NEW, package()).await;
    assert!(copied.contains("3000000 bytes copied in"), "{copied}");
    let md5 = device.snapshot().file(1, NEW).unwrap().md5.clone();
    assert!(console.run(&format!("verify /md5 flash:{NEW}")).await.contains(&format!("(flash:{NEW}) = {md5}")));
    assert!(console.run(&format!("verify /md5 flash:{NEW} {md5}")).await.contains("Verified (flash:"));
    assert!(console.run(&format!("verify /md5 flash:{NEW} 00")).await.contains("%Error verifying"));
    let added = console.run(&format!("install add file flash:{NEW}")).await;
    assert!(added.contains("SUCCESS: install_add "), "{added}");
    assert!(device.snapshot().file(2, NEW).is_some());
    let activated = console.until_gone("install activate auto-abort-timer 30", &[("[y/n]", "y\n")]).await;
    assert!(activated.contains("SUCCESS: install_activate "), "{activated}");
    assert!(connect(&network, &spec).await.is_err(), "it is booting");
    device.wait_up().await;
    let after = device.snapshot();
    assert_eq!((after.version(), after.reload_count), ("17.9.4a", 1));
    assert!(after.installed(Row::U).unwrap().starts_with("17.09.04a.0."));
    let mut console = Console::open(&network, &spec).await.unwrap();
    console.run("terminal length 0").await;
    let summary = console.run("show install summary").await;
    assert!(summary.contains("IMG   U    17.09.04a") && summary.contains("time before rollback - 00:"), "{summary}");
    let committed = console.run("install commit").await;
    assert!(committed.contains("SUCCESS: install_commit"), "{committed}");
    tokio::time::sleep(std::time::Duration::from_secs(7200)).await;
    let after = device.snapshot();
    assert_eq!((after.version(), after.reload_count, after.auto_abort_seconds), ("17.9.4a", 1, None));
    assert!(console.talk("install remove inactive", &[("[y/n]", "y\n")]).await.contains("SUCCESS: Files deleted."));
    assert!(device.snapshot().file(1, NEW).is_none());
}

#[tokio::test(start_paused = true)]
async fn goes_back_when_the_timer_goes_off() {
    let spec = DeviceSpec::cat9300("edge-1", 1);
    let (network, device) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    pulled(&network, &mut console, NEW, package()).await;
    let line = format!("install add file flash:{NEW} activate auto-abort-timer 30 prompt-level none");
    console.until_gone(&line, &[]).await;
    device.wait_up().await;
    assert_eq!(device.snapshot().version(), "17.9.4a");
    tokio::time::sleep(std::time::Duration::from_secs(30 * 60)).await;
    device.wait_up().await;
    let after = device.snapshot();
    assert_eq!((after.version(), after.reload_count), ("17.6.3", 2));
    assert!(after.installed(Row::I).unwrap().starts_with("17.09.04a"));
}

#[tokio::test(start_paused = true)]
async fn fails_as_planned() {
    let words = "FAILED: the flash had a bad day";
    let spec = DeviceSpec::cat9300("edge-1", 2)
        .fault(Fault::InstallFails { phase: InstallPhase::Add, words: words.into() })
        .fault(Fault::WrongDigest);
    let (network, device) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    pulled(&network, &mut console, NEW, package()).await;
    // A damaged image is refused first.
    let added = console.run(&format!("install add file flash:{NEW}")).await;
    assert!(added.contains("image verification failed") && added.contains("FAILED: install_add "), "{added}");
    device.set_faults(vec![Fault::InstallFails { phase: InstallPhase::Add, words: words.into() }]);
    console
        .talk(&format!("copy http://192.0.2.1:8080/one-time/{NEW} flash:{NEW}"), &[("]? ", "\n"), ("[confirm]", "\n")])
        .await;
    let added = console.run(&format!("install add file flash:{NEW}")).await;
    assert!(added.contains(words) && added.contains("FAILED: install_add "), "{added}");
    assert_eq!(device.snapshot().installed(Row::I), None);
    device.set_faults(vec![Fault::MemberStaysOnOld { member: 2 }, Fault::AuthFailsAfterReload { times: 1 }]);
    console.until_gone(&format!("install add file flash:{NEW} activate commit"), &[("[y/n]", "y\n")]).await;
    device.wait_up().await;
    assert_eq!(connect(&network, &spec).await.err().unwrap(), "login refused");
    let mut console = Console::open(&network, &spec).await.unwrap();
    console.run("terminal length 0").await;
    assert!(console.run("show switch").await.contains("V-Mismatch"));
    let missing = console.talk("copy http://192.0.2.1:8080/gone flash:x", &[("]? ", "\n")]).await;
    assert!(missing.contains("%Error opening http://192.0.2.1/gone (No such file or directory)"), "{missing}");
}

#[tokio::test(start_paused = true)]
async fn a_session_may_drop_while_the_copy_goes_on() {
    let spec = DeviceSpec::ios_switch("sw-1").fault(Fault::CopySessionLost);
    let (network, device) = device(spec.clone());
    let name = "c2960x-universalk9-mz.152-7.E10.bin";
    let image = bytes(ios_image(&IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", "15.2(7)E10", 6_000_000)));
    http_server(&network, 8080, image).await;
    let mut console = Console::open(&network, &spec).await.unwrap();
    console.until_gone(&format!("copy http://192.0.2.1:8080/one-time/{name} flash:{name}"), &[("]? ", "\n")]).await;
    assert_eq!(device.snapshot().copies_running, 1);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(device.snapshot().copies_running, 0);
    assert_eq!(device.snapshot().file(1, name).unwrap().bytes, 6_000_000);

    // The boot statement replaces; what is not saved is lost.
    let mut console = Console::open(&network, &spec).await.unwrap();
    for unsaved in [true, false] {
        console
            .talk(
                "configure terminal",
                &[("(config)#", &format!("boot system flash:/{name}\n")), ("(config)#", "end\n")],
            )
            .await;
        let answer = if unsaved { "no\n" } else { "yes\n" };
        console.until_gone("reload", &[("[yes/no]: ", answer), ("[confirm]", "\n")]).await;
        device.wait_up().await;
        console = Console::open(&network, &spec).await.unwrap();
        let version = if unsaved { "15.2(7)E3" } else { "15.2(7)E10" };
        assert_eq!(device.snapshot().version(), version);
    }
    assert!(console.run("show version | include System image").await.contains(name));
}

#[tokio::test(start_paused = true)]
async fn an_install_goes_on_without_its_session() {
    let spec = DeviceSpec::cat9300("edge-1", 1);
    let (network, device) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    pulled(&network, &mut console, NEW, package()).await;
    console.type_in(&format!("install add file flash:{NEW}\n")).await;
    console.until("--- Starting Add ---\r\nPerforming Add on all members\r\n").await.unwrap();
    drop(console);
    assert!(device.snapshot().install_busy);
    tokio::time::sleep(std::time::Duration::from_secs(300)).await;
    let after = device.snapshot();
    assert!(!after.install_busy && after.installed(Row::I).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_foreign_activation_goes_back_by_itself() {
    let spec = DeviceSpec::cat9300("edge-1", 1).fault(Fault::ForeignUncommittedInstall);
    let (network, device) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    assert!(console.run("show install uncommitted").await.contains("IMG   U    17.06.03"));
    tokio::time::sleep(std::time::Duration::from_secs(7200)).await;
    device.wait_up().await;
    assert_eq!(device.snapshot().version(), "16.12.4");
}

#[tokio::test(start_paused = true)]
async fn enable_and_noise() {
    let spec = DeviceSpec::ios_router("r-1").enable("sesame").fault(Fault::Syslog { every_lines: 3 });
    let (network, device) = device(spec.clone());
    let mut console = Console::open(&network, &spec).await.unwrap();
    assert!(console.run("show running-config").await.contains("% Invalid input"), "not at level 1");
    console.type_in("enable\n").await;
    console.until("Password: ").await.unwrap();
    console.type_in("sesame\n").await;
    console.until("r-1#").await.unwrap();
    console.type_in("terminal length 0\nshow bootvar\n").await;
    console.until("r-1#").await.unwrap();
    let shown = console.until("r-1#").await.unwrap();
    assert!(shown.contains("BOOT variable = flash0:c2900-universalk9-mz.SPA.157-3.M5.bin,1;"), "{shown}");
    assert!(shown.contains("%LINK-3-UPDOWN"), "{shown}");
    assert!(device.snapshot().commands.contains(&"sesame".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn five_hundred_devices_reload() {
    let wall = std::time::Instant::now();
    let mut set = tokio::task::JoinSet::new();
    for i in 0..500 {
        set.spawn(async move {
            let spec = DeviceSpec::ios_switch(format!("sw-{i}"));
            let (network, device) = device(spec.clone());
            let mut console = Console::open(&network, &spec).await.unwrap();
            console.until_gone("reload", &[("[confirm]", "\n")]).await;
            device.wait_up().await;
            let mut console = Console::open(&network, &spec).await.unwrap();
            console.run("terminal length 0").await;
            assert!(console.run("show version | include uptime is").await.contains("uptime is 0 minutes"));
            device.snapshot().reload_count
        });
    }
    let mut reloads = 0;
    while let Some(done) = set.join_next().await {
        reloads += done.unwrap();
    }
    assert_eq!(reloads, 500);
    println!("500 devices reloaded in {:?}", wall.elapsed());
}
