//! Imports from real servers: URLs with and without a login, over IPv4 and IPv6, image servers, and web servers that send
//! one on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../swim-protocols/tests/support/certificates.rs"]
mod certificates;
#[path = "../swim-protocols/tests/support/nginx.rs"]
mod nginx;
#[path = "../swim-protocols/tests/support/mod.rs"]
mod support;
#[path = "../swim-protocols/tests/support/vsftpd.rs"]
mod vsftpd;

use std::io::{Read, Write};
use std::net::TcpListener;

use nginx::Nginx;
use serde_json::{Value, json};
use support::{Folder, Sshd};
use swim::core::model::HostKeyPolicy;
use swim::core::ports::Records;
use swim::{Client, Config, Error, ErrorKind, Importing, Origin, surface};
use swim_sim::{DeviceSpec, SimDevice, loopback};
use swim_stores::SqliteStore;
use vsftpd::Vsftpd;

const NAME: &str = "c2960x-universalk9-mz.152-7.E10.bin";
/// The password of both servers, as a URL writes it.
const PASSWORD: &str = "open%20sesame";

fn content() -> Vec<u8> {
    (0..3_000_001_u32).map(|n| ((n * 7) >> 3) as u8).collect()
}

async fn client(folder: &Folder, more: &str) -> Client {
    let data = folder.file("data");
    Client::open(Config::from_toml(&format!("data = '{data}'\n{more}")).unwrap()).await.unwrap()
}

async fn import(client: &Client, from: Value) -> swim::Result<Value> {
    surface::call(client, "import_from", from).await
}

/// Nothing of an import that is over waits any more.
fn nothing_waits(folder: &Folder) {
    let waiting: Vec<_> = std::fs::read_dir(folder.file("data/fetched")).unwrap().collect();
    assert!(waiting.is_empty(), "{waiting:?}");
}

fn silent_of_secrets(e: &Error) {
    let told = format!("{e} {e:?} {} {}", e.report(), serde_json::to_string(&e.record()).unwrap());
    assert!(!told.contains("sesame") && !told.contains("signed"), "{told}");
}

#[tokio::test]
async fn web_servers() {
    for host in ["127.0.0.1", "::1"] {
        let (nginx, folder) = (Nginx::start(host), Folder::new());
        let client = client(&folder, "").await;
        std::fs::write(nginx.folder.file(&format!("locked/{NAME}")), content()).unwrap();
        std::fs::write(nginx.folder.file("locked/an odd name.bin"), b"odd").unwrap();
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let url = |login: &str, name: &str| format!("http://{login}{shown}:{}/locked/{name}", nginx.port);
        let image = import(&client, json!({"url": url(&format!("swim:{PASSWORD}@"), NAME)})).await.unwrap();
        assert_eq!((&image["file_name"], &image["bytes"]), (&json!(NAME), &json!(3_000_001)));
        assert_eq!(image["facts"]["version"]["value"]["text"], "15.2(7)E10", "{image}");
        let odd = url(&format!("swim:{PASSWORD}@"), "an%20odd%20name.bin?signed=1");
        let odd = import(&client, json!({"url": odd, "file_name": "renamed.bin"})).await.unwrap();
        assert_eq!((&odd["file_name"], &odd["bytes"]), (&json!("renamed.bin"), &json!(3)));
        let requests = nginx.requests();
        assert!(requests.contains("/locked/an%20odd%20name.bin?signed=1"), "{requests}");
        for (from, kind) in [
            (json!({"url": url("", NAME)}), ErrorKind::Auth),
            (json!({"url": url("swim:wrong%20sesame@", NAME)}), ErrorKind::Auth),
            (json!({"url": url(&format!("swim:{PASSWORD}@"), "other.bin?signed=1")}), ErrorKind::NotFound),
            (json!({"url": url(&format!("swim:{PASSWORD}@"), "")}), ErrorKind::InvalidInput),
            (json!({"url": url(&format!("swim:{PASSWORD}@"), NAME), "most": 9}), ErrorKind::NoSpace),
            (json!({"url": url(&format!("swim:{PASSWORD}@"), NAME), "sha256": "00"}), ErrorKind::InvalidInput),
            (json!({"url": url(&format!("swim:{PASSWORD}@"), NAME), "sha256": "0".repeat(64)}), ErrorKind::Integrity),
            (json!({"url": url(&format!("swim:{PASSWORD}@"), NAME), "path": "x"}), ErrorKind::InvalidInput),
            (json!({"url": "sftp://swim:open%20sesame@127.0.0.1/x.bin"}), ErrorKind::InvalidInput),
            (json!({"url": "http://swim:open%20sesame@127.0.0.1:1/x.bin"}), ErrorKind::Unreachable),
        ] {
            let e = import(&client, from.clone()).await.unwrap_err();
            assert_eq!(e.kind(), kind, "{from}: {e:?}");
            silent_of_secrets(&e);
        }
        nothing_waits(&folder);
        assert_eq!(client.images(None).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn what_cannot_apply_is_refused_and_a_refusal_says_who_and_what() {
    let (nginx, folder) = (Nginx::start("127.0.0.1"), Folder::new());
    let client = client(&folder, "[secrets.s]\nvalue = 'open sesame'").await;
    std::fs::write(nginx.folder.file(NAME), b"image").unwrap();
    let url = format!("http://127.0.0.1:{}/{NAME}", nginx.port);
    let key = json!({"user": "u", "key": "s"});
    for (url, more, field) in [
        (url.as_str(), json!({"port": nginx.port}), "port"),
        (&url, json!({"protocols": ["sftp"]}), "protocols"),
        (&url, json!({"host_key": "first_use"}), "host_key"),
        (&url, json!({"login": key}), "login.key"),
        (&url, json!({"login": {"user": "u", "password": "s", "enable": "s"}}), "login.enable"),
        (&url, json!({"path": "/x"}), "path"),
        ("ftp://127.0.0.1/x.bin", json!({"tls": "machine_roots"}), "tls"),
        ("ftp://127.0.0.1/x.bin", json!({"host_key": "first_use"}), "host_key"),
        ("tftp://127.0.0.1/x.bin", json!({"login": {"user": "u", "password": "s"}}), "login"),
        ("tftp://u:open%20sesame@127.0.0.1/x.bin", json!({}), "url"),
        ("sftp://127.0.0.1/x.bin", json!({"login": key, "host_key": "first_use", "tls": "first_use"}), "tls"),
    ] {
        let mut from = json!({ "url": url });
        from.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let e = import(&client, from).await.unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{url} {more}: {e:?}");
        silent_of_secrets(&e);
    }
    // It may be sent on to HTTPS.
    import(&client, json!({"url": url, "tls": "first_use"})).await.unwrap();
    let mut typed = Origin::url(&url).unwrap();
    let Origin::Url(web) = &mut typed else { panic!("{typed:?}") };
    web.host_key = HostKeyPolicy::FirstUse;
    let e = client.import_from(&typed, Importing::default()).await.unwrap_err();
    assert_eq!(e.context("field"), Some("host_key"), "{e:?}");
    let absent = format!("http://u:open%20sesame@127.0.0.1:{}/images/absent.bin?signed=1", nginx.port);
    let e = import(&client, json!({ "url": absent })).await.unwrap_err();
    let told = format!("http: /images/absent.bin: 127.0.0.1:{} answered 404 Not Found", nginx.port);
    assert_eq!((e.kind(), e.to_string()), (ErrorKind::NotFound, told));
    silent_of_secrets(&e);
}

#[tokio::test]
async fn ftp_servers() {
    for host in ["127.0.0.1", "::1"] {
        let (ftpd, folder) = (Vsftpd::start(host), Folder::new());
        let client = client(&folder, "[secrets.ftp]\nvalue = 'open sesame'").await;
        std::fs::create_dir(ftpd.file("ftpfolder")).unwrap();
        std::fs::write(ftpd.file(&format!("ftpfolder/{NAME}")), content()).unwrap();
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let at = format!("{shown}:{}/ftpfolder/{NAME}", ftpd.port);
        let login = json!({"user": "anonymous", "password": "ftp"});
        for from in [
            json!({"url": format!("ftp://anonymous:{PASSWORD}@{at}")}),
            json!({"url": format!("ftp://{at}"), "login": login}),
        ] {
            let image = import(&client, from).await.unwrap();
            assert_eq!((&image["file_name"], &image["bytes"]), (&json!(NAME), &json!(3_000_001)));
        }
        let both = json!({"url": format!("ftp://anonymous:{PASSWORD}@{at}"), "login": login});
        let e = import(&client, both).await.unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("login")));
        let e = import(&client, json!({"url": format!("ftp://anonymous:other%20sesame@{at}")})).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Auth);
        silent_of_secrets(&e);
        nothing_waits(&folder);
    }
}

#[tokio::test]
async fn image_servers_and_ssh() {
    let (sshd, folder) = (Sshd::start(), Folder::new());
    let (user, port, key) = (Sshd::user(), sshd.device().at.port, sshd.folder.file("user"));
    let more = format!(
        "[secrets.key]\nfile = '{key}'\n[[servers]]\nname = 'depot'\nhost = '127.0.0.1'\nhost_key = 'first_use'\n\
         doors = [{{ protocol = 'sftp', port = {port}, login = {{ user = '{user}', key = 'key' }} }}]"
    );
    let client = client(&folder, &more).await;
    let there = folder.file(NAME);
    std::fs::write(&there, content()).unwrap();
    let image = import(&client, json!({"device": "depot", "path": there})).await.unwrap();
    assert_eq!(image["bytes"], json!(3_000_001));
    for scheme in ["sftp", "scp"] {
        let login = json!({"user": user, "key": "key"});
        let from =
            json!({"url": format!("{scheme}://127.0.0.1:{port}{there}"), "login": login, "host_key": "first_use"});
        let again = import(&client, from).await.unwrap();
        assert_eq!(again["id"], image["id"], "{scheme}");
    }
    let e = import(&client, json!({"device": "depot", "path": there, "tls": "first_use"})).await.unwrap_err();
    assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("tls")));
    nothing_waits(&folder);
}

/// Answers every request with this, and says what was asked.
fn web(answer: String) -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap_or(0);
            let _ = asked.send(String::from_utf8_lossy(&request[..count]).into_owned());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, hears)
}

fn sends_to(place: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn a_web_server_may_send_us_on_and_nobody_else_hears_the_login() {
    let folder = Folder::new();
    let client = client(&folder, "").await;
    let (mirror, hears) = web("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nimage".into());
    let (front, asked) = web(sends_to(&format!("http://127.0.0.1:{mirror}/m/{NAME}?signed=1")));
    let url = format!("http://swim:{PASSWORD}@127.0.0.1:{front}/{NAME}");
    let image = import(&client, json!({ "url": url })).await.unwrap();
    assert_eq!((&image["file_name"], &image["bytes"]), (&json!(NAME), &json!(5)));
    assert!(asked.recv().unwrap().to_lowercase().contains("authorization: basic"));
    let heard = hears.recv().unwrap();
    assert!(heard.starts_with(&format!("GET /m/{NAME}?signed=1 ")), "{heard}");
    assert!(!heard.to_lowercase().contains("authorization"), "{heard}");
    for (place, kind) in [
        (format!("/{NAME}"), ErrorKind::DeviceRejected),
        ("ftp://127.0.0.1/x?".into(), ErrorKind::InvalidInput),
        ("ftp://127.0.0.1/x".into(), ErrorKind::DeviceRejected),
        ("no url at all".into(), ErrorKind::InvalidInput),
    ] {
        let (port, _hears) = web(sends_to(&place));
        let e = import(&client, json!({"url": format!("http://127.0.0.1:{port}/{NAME}")})).await.unwrap_err();
        assert_eq!(e.kind(), kind, "{place}: {e:?}");
    }
    nothing_waits(&folder);
}

#[tokio::test]
async fn an_import_that_was_cut_goes_on() {
    let (nginx, folder) = (Nginx::start("127.0.0.1"), Folder::new());
    let client = client(&folder, "").await;
    std::fs::write(nginx.folder.file(NAME), content()).unwrap();
    let url = json!({"url": format!("http://127.0.0.1:{}/{NAME}", nginx.port)});
    // What a cut import leaves: a part whose version the server still has.
    let parts = folder.file("data/fetched");
    let cut = async {
        loop {
            let written = std::fs::read_dir(&parts).into_iter().flatten().flatten();
            if written.filter_map(|e| e.metadata().ok()).any(|m| m.len() > 500_000) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = import(&client, url.clone()) => drop(done.unwrap()),
        () = cut => {}
    }
    let image = import(&client, url).await.unwrap();
    assert_eq!(image["bytes"], json!(3_000_001));
    nothing_waits(&folder);
}

#[tokio::test]
async fn sources_are_collected_from_by_name_and_when_they_are_due() {
    let (nginx, ftpd, folder) = (Nginx::start("127.0.0.1"), Vsftpd::start("127.0.0.1"), Folder::new());
    let client = client(&folder, "[secrets.ftp]\nvalue = 'open sesame'").await;
    let call = |verb: &'static str, arguments: Value| surface::call(&client, verb, arguments);
    std::fs::create_dir(ftpd.file("ftp folder")).unwrap();
    for (name, bytes) in [(NAME, content()), ("README", b"no image".to_vec()), ("odd.pkg", b"odd".to_vec())] {
        std::fs::write(ftpd.file(&format!("ftp folder/{name}")), bytes).unwrap();
    }
    let login = json!({"user": "anonymous", "password": "ftp"});
    let url = format!("ftp://127.0.0.1:{}/ftp%20folder/", ftpd.port);
    call("add_collection", json!({"name": "ftp", "from": {"url": {"url": url, "login": login}}})).await.unwrap();
    let counts = |ran: &Value| {
        let run = &ran["run"];
        ["imported", "known", "refused", "failed"].map(|field| run[field].as_u64().unwrap())
    };
    let ran = call("collect", json!({"name": "ftp"})).await.unwrap();
    assert_eq!(counts(&ran[0]), [1, 0, 0, 0], "{ran}");
    let ran = call("collect", json!({"name": "ftp"})).await.unwrap();
    assert_eq!(counts(&ran[0]), [0, 1, 0, 0], "{ran}");
    // A web server without a listing says so; one file needs none.
    let at = format!("http://127.0.0.1:{}", nginx.port);
    let web = |url: String| json!({"name": "web", "from": {"url": {"url": url}}, "only": ["*.pkg"]});
    call("add_collection", web(format!("{at}/"))).await.unwrap();
    let ran = call("collect", json!({"name": "web"})).await.unwrap();
    assert_eq!(ran[0]["run"]["error"]["kind"], "privilege", "{ran}");
    std::fs::write(nginx.folder.file("odd.pkg"), b"odd too").unwrap();
    let page = "<a href='odd.pkg'>odd</a><a href='gone.pkg'>gone</a><a href='x.txt'>x</a>";
    std::fs::write(nginx.folder.file("index.html"), page).unwrap();
    let mut due = web(format!("{at}/"));
    due["schedule"] = json!({"at": "2026-01-01T00:00:00Z"});
    let kept = call("add_collection", due).await.unwrap();
    assert_eq!((&kept["runs"], &kept["due"]), (&json!(1), &json!("2026-01-01T00:00:00Z")));
    let ran = call("collect", json!({})).await.unwrap();
    assert_eq!((ran.as_array().unwrap().len(), counts(&ran[0])), (1, [1, 0, 0, 1]), "{ran}");
    assert_eq!(call("collect", json!({})).await.unwrap(), json!([]), "once is once");
    let sources = call("collections", json!({})).await.unwrap();
    assert_eq!(
        (&sources[1]["runs"], &sources[1]["imported"], &sources[1]["due"]),
        (&json!(2), &json!(1), &Value::Null)
    );
    let file = folder.file("local.bin");
    std::fs::write(&file, b"local").unwrap();
    call("add_collection", json!({"name": "file", "from": {"file": {"path": file}}})).await.unwrap();
    assert_eq!(counts(&call("collect", json!({"name": "file"})).await.unwrap()[0]), [1, 0, 0, 0]);
    assert_eq!(call("remove_collection", json!({"name": "file"})).await.unwrap(), json!(true));
    assert_eq!(call("remove_collection", json!({"name": "file"})).await.unwrap(), json!(false));
    nothing_waits(&folder);
}

#[tokio::test]
async fn running_images_of_devices_where_they_are_files() {
    let folder = Folder::new();
    let small = |mut spec: DeviceSpec| {
        (spec.image_bytes, spec.scp_server) = (300_000, true);
        spec.login("admin", "p")
    };
    // It serves no files, so it writes them to us.
    let mut shut = small(DeviceSpec::ios_router("shut"));
    shut.scp_server = false;
    let specs = [
        (small(DeviceSpec::ios_switch("edge")), "ios"),
        (small(DeviceSpec::cat9300("stack", 2)), "ios_xe"),
        (shut, "ios"),
    ];
    let (mut devices, mut served) = (Vec::new(), Vec::new());
    for (spec, platform) in specs {
        let id = spec.hostname.clone();
        let at = loopback::serve(&SimDevice::new(spec), ([127, 0, 0, 1], 0).into()).await.unwrap();
        devices.push(json!({
            "id": id, "at": {"host": "127.0.0.1", "port": at.local_addr().port()}, "platform": platform,
            "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
        }));
        served.push(at);
    }
    let config = |collect: bool| {
        let config = json!({
            "data": folder.file("data"), "secrets": {"lab": {"value": "p"}}, "devices": devices, "collect_images": collect,
            "offers": {"listen": "127.0.0.1"},
        });
        Config::from_json(&config.to_string()).unwrap()
    };
    let client = Client::open(config(false)).await.unwrap();
    let call = |verb: &'static str, arguments: Value| surface::call(&client, verb, arguments);
    let e = import(&client, json!({"device": "edge"})).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound, "never inspected: {e}");
    let run = call("baseline", json!({})).await.unwrap();
    assert_eq!((&run["imported"], &run["refused"], &run["failed"]), (&json!(2), &json!(1), &json!(0)), "{run}");
    let of = |run: &Value, what: &str| {
        run["results"].as_array().unwrap().iter().find(|i| i["what"] == what).unwrap().clone()
    };
    let refused = of(&run, "stack");
    assert_eq!((&refused["outcome"], &refused["error"]["kind"]), (&json!("refused"), &json!("unsupported")));
    assert!(refused["error"]["message"].as_str().unwrap().contains("packages.conf"), "{refused}");
    let written = call("image", json!({"image": of(&run, "shut")["image"]})).await.unwrap();
    assert_eq!(
        (&written["file_name"], &written["bytes"]),
        (&json!("c2900-universalk9-mz.SPA.157-3.M5.bin"), &json!(300_000))
    );
    let e = import(&client, json!({"device": "shut", "path": "flash0:none.bin"})).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound);
    let fetch = e.context("fetch").unwrap_or_else(|| panic!("{e:?}"));
    assert!(fetch.contains("Administratively disabled"), "{fetch}");
    let image = call("image", json!({"image": of(&run, "edge")["image"]})).await.unwrap();
    assert_eq!(image["file_name"], "c2960x-universalk9-mz.152-7.E3.bin");
    assert_eq!(image["facts"]["version"]["value"]["text"], "15.2(7)E3");
    let again = call("baseline", json!({"devices": ["edge"]})).await.unwrap();
    assert_eq!(again["known"], json!(1), "{again}");
    // Without a list: all that are known when it runs. Earlier releases kept an empty one for that.
    let kept = call("add_collection", json!({"name": "all", "from": {"devices": {}}})).await.unwrap();
    assert_eq!(kept["source"], json!({"name": "all", "from": {"devices": {}}}));
    let records = SqliteStore::open(folder.file("data/swim.db")).unwrap();
    for devices in [json!({}), json!({"devices": []})] {
        let mut record = kept.clone();
        record["source"]["from"]["devices"] = devices;
        records.put("collections", "all", record).await.unwrap();
        let ran = call("collect", json!({"name": "all"})).await.unwrap();
        assert_eq!((&ran[0]["run"]["known"], &ran[0]["run"]["refused"]), (&json!(2), &json!(1)), "{ran}");
    }
    drop(records);
    // Along with the inventory only where that is asked for.
    let inspected = call("inspect", json!({"devices": ["edge"]})).await.unwrap();
    assert!(inspected[0].get("collected").is_none(), "{inspected}");
    drop(client);
    let client = Client::open(config(true)).await.unwrap();
    let inspected = surface::call(&client, "inspect", json!({"devices": ["edge", "stack"]})).await.unwrap();
    assert_eq!(inspected[0]["collected"]["outcome"], "known", "{inspected}");
    assert_eq!(inspected[1]["collected"]["outcome"], "refused", "{inspected}");
    nothing_waits(&folder);
}
