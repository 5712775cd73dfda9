//! The self-test of servers, against our own offers and a real SSH server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../swim-protocols/tests/support/mod.rs"]
mod support;

use support::{Folder, Sshd};
use swim::core::model::Protocol;
use swim::{Checked, Client, Config, ErrorKind, Works};

fn config(sshd: &Sshd, data: &Folder) -> Config {
    let (user, port, key) = (Sshd::user(), sshd.device().at.port, sshd.folder.file("user"));
    let folder = sshd.folder.file("");
    Config::from_toml(&format!(
        r#"
        data = "{data}"
        offers = {{ listen = "127.0.0.1", tftp_port = 0, https = {{}} }}
        [secrets.key]
        file = "{key}"
        [[servers]]
        name = "depot"
        host = "127.0.0.1"
        host_key = "first_use"
        sites = ["berlin"]
        doors = [
            {{ protocol = "sftp", port = {port}, folder = "{folder}", login = {{ user = "{user}", key = "key" }} }},
            {{ protocol = "scp", port = {port}, folder = "/no/such/folder", login = {{ user = "{user}", key = "key" }} }},
        ]
        [[servers]]
        name = "gone"
        host = "127.0.0.1"
        host_key = "first_use"
        doors = [{{ protocol = "sftp", port = 1, login = {{ user = "{user}", key = "key" }} }}]
        "#,
        data = data.file(""),
    ))
    .unwrap()
}

#[tokio::test]
async fn every_offer_and_every_door_is_tried_and_says_what_is_wrong() {
    let (sshd, data) = (Sshd::start(), Folder::new());
    let client = Client::open(config(&sshd, &data)).await.unwrap();
    let checked = client.check_servers().await.unwrap();
    let of = |server: Option<&str>, protocol| -> &Checked {
        let same = |c: &&Checked| c.server.as_ref().map(|s| s.as_str()) == server && c.protocol == protocol;
        checked.iter().find(same).unwrap_or_else(|| panic!("{server:?} {protocol}: {checked:#?}"))
    };
    let kind = |c: &Checked| c.error.as_ref().map(|e| e.kind);
    for protocol in [Protocol::Scp, Protocol::Sftp, Protocol::Http, Protocol::Https, Protocol::Tftp] {
        assert_eq!(of(None, protocol).works, Works::Yes, "{checked:#?}");
    }
    assert_eq!(of(Some("depot"), Protocol::Sftp).works, Works::Yes, "{checked:#?}");
    assert!(std::fs::metadata(sshd.folder.file("swim-selftest.bin")).unwrap().len() > 0);
    let folder = of(Some("depot"), Protocol::Scp);
    assert_eq!((folder.works, kind(folder)), (Works::No, Some(ErrorKind::NotFound)), "{folder:#?}");
    let gone = of(Some("gone"), Protocol::Sftp);
    assert_eq!((gone.works, kind(gone)), (Works::No, Some(ErrorKind::Unreachable)), "{gone:#?}");
}

#[tokio::test]
async fn a_server_that_names_no_secret_is_refused_at_the_start() {
    let (sshd, data) = (Sshd::start(), Folder::new());
    let mut config = config(&sshd, &data);
    config.secrets.clear();
    let e = Client::open(config).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::InvalidInput, "{e:?}");
    assert!(e.to_string().contains("depot"), "{e}");
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused_at_the_start() {
    let (sshd, data) = (Sshd::start(), Folder::new());
    for (https, field) in [
        (r#"https = { certificate = "x" }"#, "offers.https.key"),
        (r#"https = { key = "key" }"#, "offers.https.certificate"),
        (r#"https = { certificate = "x", key = "key" }"#, "key"),
    ] {
        let mut config = config(&sshd, &data);
        config.offers = Config::from_toml(&format!("data = 'x'\n[offers]\n{https}")).unwrap().offers;
        let e = Client::open(config).await.unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{e:?}");
    }
}
