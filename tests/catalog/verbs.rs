//! The same through names and JSON alone, as Python and C see it; and what is kept between two clients.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use swim::{Client, Config, ErrorKind, surface};
use swim_core::ports::Records;
use swim_sim::vendor::{Call, VendorService};
use swim_stores::SqliteStore;

use crate::world::{FIRST, PID, SECOND, image};

pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("swim-catalog-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn openssl(&self, arguments: &[&str]) {
        let done = Command::new("openssl").current_dir(&self.0).args(arguments).output().expect("make tools");
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// An RSA key with its certificate, `name.key` and `name.pem`.
    pub(crate) fn certificate(&self, name: &str) -> String {
        let (key, pem, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
        let words =
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", &subject, "-keyout", &key];
        self.openssl(&[&words[..], &["-out", &pem]].concat());
        self.path(&pem)
    }

    /// The detached signature of a file.
    pub(crate) fn sign(&self, key: &str, file: &str) -> String {
        let out = format!("{file}.signature");
        self.openssl(&["dgst", "-sha512", "-sign", &format!("{key}.key"), "-out", &out, file]);
        self.path(&out)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) async fn open(folder: &Folder, catalog: Value) -> Client {
    let secrets = json!({"vendor": {"value": "app-secret"}, "old": {"value": "old-canary"}});
    let config = json!({"data": folder.path("data"), "secrets": secrets, "catalog": catalog});
    Client::open(Config::from_json(&config.to_string()).unwrap()).await.unwrap()
}

pub(crate) async fn call(client: &Client, verb: &str, arguments: Value) -> Value {
    surface::call(client, verb, arguments).await.unwrap_or_else(|e| panic!("{verb}: {e:?}"))
}

pub(crate) async fn refused(client: &Client, verb: &str, arguments: Value) -> swim::Error {
    surface::call(client, verb, arguments).await.unwrap_err()
}

#[tokio::test]
async fn from_credentials_over_forms_to_an_image() {
    let folder = Folder::new("download");
    let service = VendorService::start(vec![image(FIRST), image(SECOND)]).await.unwrap();
    service.images(|images| images[0].k9 = true);
    let at = |login: Value| json!({"url": service.url(), "token_url": service.token_url(), "login": login});
    let client = open(&folder, at(Value::Null)).await;
    let question = json!({"pid": PID, "current": "17.3.1"});
    let e = refused(&client, "catalog_query", question.clone()).await;
    assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("catalog.login")));
    let login = |secret: &str| json!({"client_id": "app", "client_secret": secret});
    let e = refused(&client, "set_catalog_login", login("app-secret")).await;
    assert_eq!(e.context("field"), Some("catalog.login.client_secret"));
    assert!(!format!("{e:?}").contains("app-secret"), "it may be the secret itself");
    call(&client, "set_catalog_login", login("old")).await;
    let e = refused(&client, "catalog_query", question.clone()).await;
    assert!(e.kind() == ErrorKind::Auth && !format!("{e:?} {:?}", e.record()).contains("canary"), "{e:?}");
    call(&client, "set_catalog_login", login("vendor")).await;
    let found = call(&client, "catalog_query", question.clone()).await;
    assert_eq!(
        (found["images"].as_array().unwrap().len(), &found["images"][0]["entry"]["filename"]),
        (2, &json!(FIRST))
    );

    let wanted = json!({"pid": PID, "images": [FIRST, SECOND, "made-up.bin"]});
    let done = call(&client, "catalog_download", wanted.clone()).await;
    assert_eq!((&done["forms"][0]["kind"], service.count(Call::Answer)), (&json!("k9"), 0), "{done}");
    assert_eq!(done["images"], json!([]), "one request for both: both wait for the form");
    assert_eq!(
        (&done["refused"][0]["image"], &done["refused"][0]["error"]["kind"]),
        (&json!("made-up.bin"), &json!("not_found"))
    );
    let form = call(&client, "catalog_form", json!({"form": "k9"})).await;
    assert!(form["content"].as_str().unwrap().contains("conditions"), "{form}");
    let decision = json!({"form": "k9", "accepted": true, "by": "Ada", "business_function": "commercial_or_civil"});
    let mut decided = wanted.clone();
    decided["decisions"] = json!([decision]);
    let done = call(&client, "catalog_download", decided).await;
    assert_eq!(done["images"].as_array().unwrap().len(), 2, "{done}");
    assert_eq!(done["images"][0]["checked"], json!(["size", "md5", "sha512"]));
    assert!(!done.to_string().contains("canary"), "links are told to nobody");
    assert_eq!(call(&client, "images", json!({})).await.as_array().unwrap().len(), 2);
    let e = refused(&client, "answer_form", json!({"decision": {"form": "eula", "accepted": true, "by": " "}})).await;
    assert_eq!(e.context("field"), Some("decision.by"));
    let decline = json!({"form": "k9", "accepted": false, "by": "Ada", "comments": "changed my mind"});
    call(&client, "answer_form", json!({"decision": decline, "images": [FIRST]})).await;
    assert_eq!(refused(&client, "catalog_download", wanted).await.kind(), ErrorKind::AgreementRequired);
    let told = call(&client, "form_decisions", json!({})).await;
    let told: Vec<_> = told.as_array().unwrap().iter().map(|line| &line["decision"]).collect();
    assert_eq!((told.len(), &told[0]["accepted"], &told[1]["accepted"]), (2, &json!(true), &json!(false)));
    assert_eq!((&told[0]["by"], &told[1]["comments"]), (&json!("Ada"), &json!("changed my mind")));

    // The login that was set counts for the next client too, until the configuration names another one.
    drop(client);
    let client = open(&folder, at(Value::Null)).await;
    call(&client, "catalog_query", question.clone()).await;
    drop(client);
    let client = open(&folder, at(login("old"))).await;
    assert_eq!(refused(&client, "catalog_query", question).await.kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn devices_are_asked_for_twenty_at_a_time() {
    let folder = Folder::new("devices");
    let client = open(&folder, json!({})).await;
    let devices: Vec<_> = (0..21).map(|n| format!("sw{n}")).collect();
    let e = refused(&client, "catalog_query", json!({"devices": devices})).await;
    assert_eq!((e.kind(), e.context("value")), (ErrorKind::InvalidInput, Some("21")));
    assert!(e.to_string().contains("20"), "{e}");
    let found = call(&client, "catalog_query", json!({"devices": ["sw1"]})).await;
    assert_eq!((&found[0]["device"], &found[0]["error"]["kind"]), (&json!("sw1"), &json!("not_found")));
}

#[tokio::test]
async fn an_open_catalogue_is_taken_signed_or_by_word() {
    let folder = Folder::new("open");
    let client = open(&folder, json!({})).await;
    let entries =
        json!([{"filename": FIRST, "version": "17.9.5", "lifecycle": {"status": "deferred"}}, {"filename": "b.bin"}]);
    let file = folder.write("catalog.json", json!({"schema": 1, "entries": entries}).to_string());
    assert_eq!(refused(&client, "import_catalog", json!({"path": file})).await.context("field"), Some("signature"));
    let taken = call(&client, "import_catalog", json!({"path": file, "allow_unsigned": true, "name": "lab"})).await;
    assert_eq!((&taken["authenticity"], &taken["entries"]), (&json!("unsigned"), &json!(2)));
    let certificate = folder.certificate("publisher");
    let signature = folder.sign("publisher", "catalog.json");
    let signed = json!({"path": file, "name": "lab", "certificate": certificate, "signature": signature});
    let taken = call(&client, "import_catalog", signed.clone()).await;
    assert_eq!(taken["authenticity"]["signed"]["signer"], "CN=publisher");
    let listed = call(&client, "catalog", json!({"text": "CAT9K"})).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed[0]["catalog"], &listed[0]["signed"], &listed[0]["lifecycle"]["status"]),
        (&json!("lab"), &json!(true), &json!("deferred"))
    );
    // One byte more is another document.
    folder.write("catalog.json", json!({"schema": 1, "entries": []}).to_string());
    assert_eq!(refused(&client, "import_catalog", signed).await.kind(), ErrorKind::Integrity);
    assert_eq!(call(&client, "catalog", json!({})).await.as_array().unwrap().len(), 2, "what was there stays");
}

/// A file that is in the repository, and lists about it.
fn list_of(values: &[(&str, &str)]) -> String {
    let entry = |(name, sha512): &(&str, &str)| json!({"filename": name, "dtype": "osimage", "sha512": sha512});
    json!({"bulkHash": values.iter().map(entry).collect::<Vec<_>>()}).to_string()
}

#[tokio::test]
async fn an_image_that_contradicts_a_list_is_kept_away_from_devices() {
    let folder = Folder::new("known-good");
    let client = open(&folder, json!({})).await;
    let path = folder.write("made-up.bin", b"not really an image");
    let options = json!({"path": path, "platform": "ios", "version": "15.2(7)E10"});
    let kept = call(&client, "import", options.clone()).await;
    let sha512 = kept["digests"]["sha512"].as_str().unwrap().to_owned();
    let store = SqliteStore::open(folder.path("data/swim.db")).unwrap();
    let unmarked = store.get("images", kept["id"].as_str().unwrap()).await.unwrap().unwrap();
    let plan = call(&client, "plan", json!({"image": "made-up.bin", "devices": []})).await;
    let approval = surface::function("plan_digest", json!({"plan": plan})).unwrap();

    let certificate = folder.certificate("vendor");
    let publish = |values: &[(&str, &str)]| {
        let file = folder.write("list.json", list_of(values));
        json!({"path": file, "name": "vendor", "signature": folder.sign("vendor", "list.json"), "certificate": certificate})
    };
    let other = "0".repeat(128);
    let taken = call(&client, "import_known_good", publish(&[("made-up.bin", &other)])).await;
    assert_eq!(taken["list"]["authenticity"]["signed"]["algorithm"], "rsa_pkcs1_sha512");
    assert_eq!(taken["images"]["quarantined"][0]["file_name"], "made-up.bin", "{taken}");
    let seen = call(&client, "image", json!({"image": "made-up.bin"})).await;
    assert_eq!(seen["quarantine"]["list"], "vendor");
    assert!(seen["quarantine"]["reasons"][0].as_str().unwrap().contains("its sha512 is"), "{seen}");
    assert_eq!(call(&client, "images", json!({})).await[0]["quarantine"]["list"], "vendor");
    // A plan that was made before, an offer, and the caller's own older copy.
    let e = refused(&client, "submit", json!({"plan": plan, "approval": approval})).await;
    assert_eq!((e.kind(), e.context("list")), (ErrorKind::Blocked, Some("vendor")));
    let device = json!([{"id": "sw1", "at": {"host": "127.0.0.1", "port": 1}, "platform": "ios",
        "login": {"user": "u", "password": "vendor"}, "host_key": "first_use"}]);
    call(&client, "add_devices", json!({"devices": device})).await;
    for (verb, arguments) in [
        ("offer", json!({"image": kept, "device": "sw1", "protocol": "http"})),
        ("push", json!({"image": kept, "device": "sw1", "path": "flash:x.bin"})),
        ("submit", json!({"plan": plan, "approval": approval})),
    ] {
        // Also where its record does not say it yet, as the disk was full when the list came.
        let (key, mark) = ("0 vendor", json!({"name": "vendor", "at": "2026-01-01T00:00:00Z"}));
        store.put("images", kept["id"].as_str().unwrap(), unmarked.clone()).await.unwrap();
        store.put("known_good_pending", key, mark).await.unwrap();
        assert_eq!(refused(&client, verb, arguments).await.kind(), ErrorKind::Blocked, "{verb}");
        let seen = call(&client, "image", json!({"image": "made-up.bin"})).await;
        assert_eq!(seen["quarantine"]["list"], "vendor", "{seen}");
        assert!(Records::remove(&store, "known_good_pending", key).await.unwrap());
    }
    // A person lifts it; that stays while the list says the same.
    let e = refused(&client, "lift_quarantine", json!({"image": "made-up.bin", "by": "Ada", "reason": " "})).await;
    assert_eq!(e.context("field"), Some("reason"));
    let lift = json!({"image": "made-up.bin", "by": "Ada", "reason": "built in our lab"});
    let lifted = call(&client, "lift_quarantine", lift.clone()).await;
    // What is lifted does not look like what holds; who, when and why stay to be seen.
    let info = call(&client, "image_info", json!({"image": "made-up.bin"})).await;
    for image in [&lifted, &info["image"]] {
        assert!(image["quarantine"].is_null(), "{image}");
        let told = &image["quarantine_lifted"];
        assert_eq!((&told["list"], &told["lifted"]["by"]), (&json!("vendor"), &json!("Ada")));
        assert_eq!(told["lifted"]["reason"], "built in our lab");
        assert!(told["lifted"]["at"].is_string() && told["since"].is_string(), "{told}");
    }
    assert_eq!(refused(&client, "lift_quarantine", lift).await.kind(), ErrorKind::Conflict);
    let taken = call(&client, "import_known_good", publish(&[("made-up.bin", &other)])).await;
    assert_eq!(taken["images"]["quarantined"], json!([]));
    call(&client, "submit", json!({"plan": plan, "approval": approval})).await;
    // Another contradiction is another decision.
    let another = "1".repeat(128);
    let taken = call(&client, "import_known_good", publish(&[("made-up.bin", &another)])).await;
    assert_eq!(taken["images"]["quarantined"].as_array().unwrap().len(), 1);
    let seen = call(&client, "image", json!({"image": "made-up.bin"})).await;
    assert!(seen["quarantine"].is_object() && seen["quarantine_lifted"].is_null(), "{seen}");
    // The list is mended.
    let taken = call(&client, "import_known_good", publish(&[("made-up.bin", &sha512.to_uppercase())])).await;
    assert_eq!((&taken["images"]["good"], taken["images"]["released"].as_array().unwrap().len()), (&json!(1), 1));
    let says = call(&client, "known_good", json!({"image": "made-up.bin"})).await;
    assert_eq!((&says[0]["judgement"], &says[0]["compared"]), (&json!("matches"), &json!(["sha512"])));
    assert!(call(&client, "image", json!({"image": "made-up.bin"})).await["quarantine"].is_null());

    // An import is judged as it comes, and so is a new name of what is there.
    call(&client, "import_known_good", publish(&[("b.bin", &other)])).await;
    let renamed = folder.write("b.bin", b"not really an image");
    let again = call(&client, "import", json!({"path": renamed})).await;
    assert_eq!(
        (&again["file_name"], &again["quarantine"]["list"]),
        (&json!("made-up.bin"), &json!("vendor")),
        "{again}"
    );
    let gone = call(&client, "remove_known_good", json!({"name": "vendor"})).await;
    assert_eq!(gone["released"].as_array().unwrap().len(), 1);
    assert_eq!(call(&client, "known_good", json!({})).await, json!([]));
    call(&client, "import_known_good", publish(&[("c.bin", &other)])).await;
    let third = folder.write("c.bin", b"another file");
    assert_eq!(call(&client, "import", json!({"path": third})).await["quarantine"]["list"], "vendor");
}

#[tokio::test]
async fn a_list_with_a_bad_signature_changes_nothing() {
    let folder = Folder::new("bad-list");
    let client = open(&folder, json!({})).await;
    let file = folder.write("list.json", list_of(&[("a.bin", &"0".repeat(128))]));
    let (certificate, stranger) = (folder.certificate("vendor"), folder.certificate("stranger"));
    let signature = folder.sign("stranger", "list.json");
    let with = |certificate: &str| json!({"path": file, "signature": signature, "certificate": certificate});
    assert_eq!(refused(&client, "import_known_good", with(&certificate)).await.kind(), ErrorKind::Integrity);
    let mut rooted = with(&stranger);
    rooted["root"] = certificate.into();
    assert_eq!(refused(&client, "import_known_good", rooted).await.kind(), ErrorKind::Auth);
    assert_eq!(refused(&client, "import_known_good", json!({"path": file})).await.kind(), ErrorKind::InvalidInput);
    assert_eq!(call(&client, "known_good", json!({})).await, json!([]));
    let taken = call(&client, "import_known_good", json!({"path": file, "allow_unsigned": true})).await;
    assert_eq!((&taken["list"]["authenticity"], &taken["list"]["name"]), (&json!("unsigned"), &json!("list.json")));
}
