//! The self-test of servers, against our own offers and a real SSH server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../swim-protocols/tests/support/certificates.rs"]
mod certificates;
#[path = "../swim-protocols/tests/support/mounted.rs"]
mod mounted;
#[path = "../swim-protocols/tests/support/nginx.rs"]
mod nginx;
#[path = "../swim-protocols/tests/support/mod.rs"]
mod support;
#[path = "../swim-protocols/tests/support/tftpd.rs"]
mod tftpd;
#[path = "../swim-protocols/tests/support/vsftpd.rs"]
mod vsftpd;

use certificates::Authority;
use mounted::Mounted;
use nginx::Nginx;
use support::{Folder, Sshd, free_port};
use swim::core::model::Protocol;
use swim::{Checked, Client, Config, ErrorKind, Works};
use tftpd::Tftpd;
use vsftpd::Vsftpd;

/// What the self-test says of one protocol of one server; `None`: of our own offers.
fn of<'a>(checked: &'a [Checked], server: Option<&str>, protocol: Protocol) -> &'a Checked {
    let same = |c: &&Checked| c.server.as_ref().map(|s| s.as_str()) == server && c.protocol == protocol;
    checked.iter().find(same).unwrap_or_else(|| panic!("{server:?} {protocol}: {checked:#?}"))
}

fn codes(checked: &Checked) -> Vec<&str> {
    checked.findings.iter().map(|f| f.code.as_ref()).collect()
}

fn config(sshd: &Sshd, data: &Folder) -> Config {
    let (user, port, key) = (Sshd::user(), sshd.device().at.port, sshd.folder.file("user"));
    let folder = sshd.folder.file("");
    Config::from_toml(&format!(
        r#"
        data = "{data}"
        offers = {{ listen = "127.0.0.1", tftp_port = 0, ftp_port = 0, https = {{}} }}
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
        [[servers]]
        name = "stranger"
        host = "127.0.0.1"
        host_key = "first_use"
        doors = [{{ protocol = "sftp", port = {port}, login = {{ user = "swim-no-such-user", key = "key" }} }}]
        [[servers]]
        name = "reader"
        host = "127.0.0.1"
        host_key = "first_use"
        doors = [{{ protocol = "sftp", port = {port}, folder = "/", login = {{ user = "nobody", key = "key" }} }}]
        [[servers]]
        name = "impostor"
        host = "127.0.0.1"
        host_key = {{ pinned = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }}
        doors = [{{ protocol = "scp", port = {port}, login = {{ user = "{user}", key = "key" }} }}]
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
    let kind = |c: &Checked| c.error.as_ref().map(|e| e.kind);
    for protocol in [Protocol::Scp, Protocol::Sftp, Protocol::Http, Protocol::Https, Protocol::Ftp, Protocol::Tftp] {
        assert_eq!(of(&checked, None, protocol).works, Works::Yes, "{checked:#?}");
    }
    assert_eq!(of(&checked, Some("depot"), Protocol::Sftp).works, Works::Yes, "{checked:#?}");
    assert!(!std::fs::exists(sshd.folder.file("swim-selftest.bin")).unwrap(), "the file of the test is removed");
    assert!(checked.iter().all(|c| c.left_behind.is_none()), "{checked:#?}");
    let folder = of(&checked, Some("depot"), Protocol::Scp);
    assert_eq!((folder.works, kind(folder)), (Works::No, Some(ErrorKind::NotFound)), "{folder:#?}");
    assert_eq!(codes(folder), ["server.folder"], "{folder:#?}");
    let gone = of(&checked, Some("gone"), Protocol::Sftp);
    assert_eq!((gone.works, kind(gone)), (Works::No, Some(ErrorKind::Unreachable)), "{gone:#?}");
    assert_eq!(codes(gone), ["server.port_closed"], "{gone:#?}");
    assert!(gone.findings[0].message.contains("127.0.0.1:1"), "{gone:#?}");
    assert_eq!(codes(of(&checked, Some("stranger"), Protocol::Sftp)), ["server.login"], "{checked:#?}");
    assert_eq!(codes(of(&checked, Some("reader"), Protocol::Sftp)), ["server.permission"], "{checked:#?}");
    assert_eq!(codes(of(&checked, Some("impostor"), Protocol::Scp)), ["server.host_key"], "{checked:#?}");
}

/// Less than the file of the self-test needs.
const SMALL: &str = "64k";

#[tokio::test]
async fn a_full_disk_and_another_protocol_are_told_by_every_server() {
    let (sshd, data, ftpd) = (Sshd::start(), Folder::new(), Vsftpd::start("127.0.0.1"));
    let small = Mounted::tmpfs(&sshd.folder.file("small"), SMALL);
    let (user, ssh, ftp, key) = (Sshd::user(), sshd.device().at.port, ftpd.port, sshd.folder.file("user"));
    let doors = [
        ("full-sftp", "sftp", ssh, small.0.as_str(), "server.no_space"),
        ("full-scp", "scp", ssh, small.0.as_str(), "server.no_space"),
        ("ssh-is-no-ftp", "ftp", ssh, "", "server.protocol"),
        // The request is not always out before the server has said who it is.
        ("ssh-is-no-http", "http", ssh, "", "server.protocol or server.interrupted"),
        ("ftp-is-no-tls", "https", ftp, "", "server.no_tls"),
        ("ftp-without-tls", "ftps", ftp, "", "server.no_tls"),
    ];
    let servers: String = doors
        .iter()
        .map(|(name, protocol, port, folder, _)| {
            format!(
                "[[servers]]\nname = '{name}'\nhost = '127.0.0.1'\nhost_key = 'first_use'\n[[servers.doors]]\n\
                 protocol = '{protocol}'\nport = {port}\nfolder = '{folder}'\nlogin = {{ user = '{user}', key = 'key' }}\n"
            )
        })
        .collect();
    let config = format!("data = '{}'\n[secrets.key]\nfile = '{key}'\n{servers}", data.file(""));
    let client = Client::open(Config::from_toml(&config).unwrap()).await.unwrap();
    let checked = client.check_servers().await.unwrap();
    for (name, protocol, _, _, code) in doors {
        let said = checked.iter().find(|c| c.server.as_ref().is_some_and(|s| s.as_str() == name)).unwrap();
        assert_eq!((said.works, said.protocol.name()), (Works::No, protocol), "{said:#?}");
        assert!(code.split(" or ").any(|code| codes(said) == [code]), "{said:#?}");
    }
    assert!(small.is_empty(), "a part of the file is removed as well");

    // An SSH server may say something before it names itself: it is waited for, here in faster time.
    let data = Folder::new();
    let hurried = format!(
        "data = '{}'\nsimulation = {{ pace = 30 }}\n[secrets.key]\nfile = '{key}'\n[[servers]]\nname = 'ftp-is-no-ssh'\n\
         host = '127.0.0.1'\nhost_key = 'first_use'\n[[servers.doors]]\nprotocol = 'sftp'\nport = {ftp}\n\
         login = {{ user = '{user}', key = 'key' }}",
        data.file("")
    );
    let client = Client::open(Config::from_toml(&hurried).unwrap()).await.unwrap();
    let checked = client.check_servers().await.unwrap();
    let said = of(&checked, Some("ftp-is-no-ssh"), Protocol::Sftp);
    assert_eq!((said.works, codes(said)), (Works::No, vec!["server.protocol"]), "{said:#?}");
    assert!(said.findings[0].message.contains("220 "), "{said:#?}");
}

/// Such a client reaches nothing but this machine, and its offers work there.
#[tokio::test]
async fn the_offers_of_a_simulation_work() {
    for listen in ["127.0.0.1", "::1"] {
        let data = Folder::new();
        let config = format!(
            "data = '{}'\nsimulation = {{ pace = 2 }}\noffers = {{ listen = '{listen}', tftp_port = 0, ftp_port = 0 }}",
            data.file("")
        );
        let client = Client::open(Config::from_toml(&config).unwrap()).await.unwrap();
        let checked = client.check_servers().await.unwrap();
        assert_eq!(checked.len(), 5, "{checked:#?}");
        for said in &checked {
            assert_eq!((said.works, codes(said)), (Works::Yes, vec![]), "{said:#?}");
        }
    }
}

#[tokio::test]
async fn a_web_server_says_what_is_wrong_with_its_certificate_and_its_methods() {
    let authority = Authority::new();
    let (good, old) = (authority.issue(&["127.0.0.1"]), authority.issue_expired(&["127.0.0.1"]));
    let other = authority.issue(&["images.example.net"]);
    let lines = "location /free/ { dav_methods PUT DELETE; } location /fixed/ { dav_methods off; }";
    let web = Nginx::tls("127.0.0.1", &good, lines);
    let (expired, misnamed) = (Nginx::tls("127.0.0.1", &old, ""), Nginx::tls("127.0.0.1", &other, ""));
    for folder in ["free", "fixed"] {
        std::fs::create_dir(web.folder.file(folder)).unwrap();
    }
    let (data, ca) = (Folder::new(), &authority.pem);
    let servers: String = [
        ("good", web.port, "free", "swim"),
        ("keeper", web.port, "", "swim"),
        ("no-put", web.port, "fixed", "swim"),
        ("small", web.port, "small", "swim"),
        ("locked", web.port, "locked", "nobody"),
        ("shut", web.port, "shut", "swim"),
        ("expired", expired.port, "", "swim"),
        ("misnamed", misnamed.port, "", "swim"),
    ]
    .iter()
    .map(|(name, port, folder, user)| {
        format!(
            "[[servers]]\nname = '{name}'\nhost = '127.0.0.1'\nhost_key = 'first_use'\n[[servers.doors]]\n\
             protocol = 'https'\nport = {port}\nfolder = '{folder}'\nlogin = {{ user = '{user}', password = 'good' }}\n\
             tls = {{ ca = \"\"\"{ca}\"\"\" }}\n"
        )
    })
    .collect();
    let config = format!("data = '{}'\n[secrets]\ngood = {{ value = 'open sesame' }}\n{servers}", data.file(""));
    let client = Client::open(Config::from_toml(&config).unwrap()).await.unwrap();
    let checked = client.check_servers().await.unwrap();
    let good = of(&checked, Some("good"), Protocol::Https);
    assert_eq!((good.works, codes(good), &good.left_behind), (Works::Yes, vec![], &None), "{good:#?}");
    assert!(!std::fs::exists(web.folder.file("free/swim-selftest.bin")).unwrap());
    let keeper = of(&checked, Some("keeper"), Protocol::Https);
    assert_eq!(keeper.works, Works::Yes, "{keeper:#?}");
    assert!(keeper.left_behind.as_ref().is_some_and(|left| left.contains("405")), "{keeper:#?}");
    for (name, code, words) in [
        ("no-put", "server.not_supported", "405"),
        ("small", "server.no_space", "413"),
        ("locked", "server.login", "401"),
        ("shut", "server.permission", "403"),
        ("expired", "server.certificate", "expired at 2020-02-03"),
        ("misnamed", "server.certificate", "it names images.example.net"),
    ] {
        let said = of(&checked, Some(name), Protocol::Https);
        assert_eq!((said.works, codes(said)), (Works::No, vec![code]), "{said:#?}");
        assert!(said.findings[0].message.contains(words) && said.findings[0].remedy.is_some(), "{said:#?}");
    }
}

/// What the self-test says of these image servers: name, protocol, port, which password, folder.
async fn tested(doors: &[(&str, &str, u16, &str, &str)]) -> Vec<Checked> {
    let data = Folder::new();
    let servers: String = doors
        .iter()
        .map(|(name, protocol, port, password, folder)| {
            format!(
                r#"
                [[servers]]
                name = "{name}"
                host = "127.0.0.1"
                host_key = "first_use"
                [[servers.doors]]
                protocol = "{protocol}"
                port = {port}
                folder = "{folder}"
                login = {{ user = "anonymous", password = "{password}" }}
                "#
            )
        })
        .collect();
    let config = format!(
        "data = \"{}\"\noffers = {{ listen = \"127.0.0.1\", tftp_port = 0, ftp_port = 0 }}\n\
         [secrets]\ngood = {{ value = \"open sesame\" }}\nbad = {{ value = \"close sesame\" }}\n{servers}",
        data.file("")
    );
    Client::open(Config::from_toml(&config).unwrap()).await.unwrap().check_servers().await.unwrap()
}

/// Carries the control connection of an FTP server at 127.0.0.2, and nothing else: a firewall before its data ports.
async fn control_only(to: u16) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut far = tokio::net::TcpStream::connect(("127.0.0.2", to)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn an_ftp_server_says_exactly_what_is_wrong() {
    let (open, shut) = (Vsftpd::start("127.0.0.1"), Vsftpd::with("127.0.0.1", "anon_upload_enable=NO"));
    let keeper = Vsftpd::with("127.0.0.1", "cmds_denied=DELE");
    let small = Mounted::tmpfs(&open.file("small"), SMALL);
    // The one data port that it may use is free at 127.0.0.1, where the client looks for it.
    let data_port = free_port("127.0.0.2");
    let walled = Vsftpd::with("127.0.0.2", &format!("pasv_min_port={data_port}\npasv_max_port={data_port}"));
    let through = control_only(walled.port).await;
    let checked = tested(&[
        ("good", "ftp", open.port, "good", ""),
        ("stranger", "ftp", open.port, "bad", ""),
        ("nowhere", "ftp", open.port, "good", "no/such/folder"),
        ("read-only", "ftp", shut.port, "good", ""),
        ("walled", "ftp", through, "good", ""),
        ("gone", "ftp", 1, "good", ""),
        ("keeper", "ftp", keeper.port, "good", ""),
        ("full", "ftp", open.port, "good", "small"),
    ])
    .await;
    assert!(small.is_empty(), "a part of the file is removed as well");
    let good = of(&checked, Some("good"), Protocol::Ftp);
    assert_eq!((good.works, codes(good), &good.left_behind), (Works::Yes, vec![], &None), "{good:#?}");
    assert!(!std::fs::exists(open.file("swim-selftest.bin")).unwrap());
    // Who may write and not remove: the file stays, and that is said.
    let keeps = of(&checked, Some("keeper"), Protocol::Ftp);
    assert_eq!((keeps.works, codes(keeps)), (Works::Yes, vec![]), "{keeps:#?}");
    let left = keeps.left_behind.as_deref().unwrap();
    assert!(left.starts_with("swim-selftest.bin: ") && left.contains("550"), "{left}");
    assert!(std::fs::exists(keeper.file("swim-selftest.bin")).unwrap());
    for (name, code, words) in [
        ("stranger", "server.login", "530"),
        ("nowhere", "server.folder", "no/such/folder"),
        ("read-only", "server.permission", "550"),
        ("walled", "server.data_port", &data_port.to_string()),
        ("gone", "server.port_closed", "127.0.0.1:1"),
        ("full", "server.no_space", "small/swim-selftest.bin"),
    ] {
        let said = of(&checked, Some(name), Protocol::Ftp);
        assert_eq!(said.left_behind, None, "{said:#?}");
        assert_eq!((said.works, codes(said)), (Works::No, vec![code]), "{said:#?}");
        assert!(said.findings[0].message.contains(words) && said.findings[0].remedy.is_some(), "{said:#?}");
    }
}

#[tokio::test]
async fn a_tftp_server_says_which_options_it_ignores_and_what_is_wrong() {
    // tftpd-hpa knows no windows; the second is told to know no block sizes; the third shows another file than it took;
    // the fourth makes no new files.
    let plain = Tftpd::start("127.0.0.1", Folder::new(), &[]);
    let small = Tftpd::start("127.0.0.1", Folder::new(), &["-r", "blksize"]);
    let (maps, files) = (Folder::new(), Folder::new());
    std::fs::write(maps.file("map"), "rG ^swim-selftest\\.bin$ other.bin\n").unwrap();
    std::fs::write(files.file("other.bin"), vec![0; 100_003]).unwrap();
    let mapped = Tftpd::start("127.0.0.1", files, &["-m", &maps.file("map")]);
    let fixed = Tftpd::with("127.0.0.1", Folder::new(), &[]);
    let closed = free_port("127.0.0.1");
    let checked = tested(&[
        ("plain", "tftp", plain.port, "good", ""),
        ("small", "tftp", small.port, "good", ""),
        ("mapped", "tftp", mapped.port, "good", ""),
        ("fixed", "tftp", fixed.port, "good", ""),
        ("gone", "tftp", closed, "good", ""),
    ])
    .await;
    for (name, works, expected) in [
        ("plain", Works::Yes, vec!["server.tftp_window"]),
        ("small", Works::Yes, vec!["server.tftp_block", "server.tftp_window"]),
        ("mapped", Works::No, vec!["server.content"]),
        ("fixed", Works::No, vec!["server.folder"]),
        ("gone", Works::No, vec!["server.port_closed"]),
    ] {
        let said = of(&checked, Some(name), Protocol::Tftp);
        assert_eq!((said.works, codes(said)), (works, expected), "{said:#?}");
        // What was written stays, and that is said.
        let stays = said.left_behind.as_deref().is_some_and(|left| left.contains("tftp removes no files"));
        assert_eq!(stays, ["plain", "small", "mapped"].contains(&name), "{said:#?}");
    }
    let window = &of(&checked, Some("plain"), Protocol::Tftp).findings[0];
    assert_eq!((window.measured.as_deref(), window.required.as_deref()), (Some("1 blocks"), Some("64 blocks")));
    // Ours knows them.
    assert_eq!(codes(of(&checked, None, Protocol::Tftp)), Vec::<&str>::new(), "{checked:#?}");
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
