//! The surface answers as `tests/surface.toml` says; the tests of Python and C read the same list.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;
use swim::{Client, Config, surface};

#[derive(Deserialize)]
struct List {
    verb: Vec<Verb>,
    function: Vec<Function>,
}

#[derive(Deserialize)]
struct Verb {
    name: String,
    bad: Vec<Bad>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    good: Vec<Good>,
    bad: Vec<Bad>,
}

#[derive(Deserialize)]
struct Good {
    arguments: Value,
    result: Option<String>,
    contains: Option<String>,
}

#[derive(Deserialize)]
struct Bad {
    arguments: Value,
    error: String,
}

fn list() -> List {
    toml::from_str(include_str!("surface.toml")).expect("the list is TOML")
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("swim-surface-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_list_is_complete() {
    let list = list();
    let verbs: BTreeSet<_> = list.verb.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(verbs, surface::VERBS.iter().copied().collect());
    let functions: BTreeSet<_> = list.function.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(functions, surface::FUNCTIONS.iter().copied().collect());
}

#[test]
fn functions_answer() {
    for f in list().function {
        for good in f.good {
            let result = surface::function(&f.name, good.arguments.clone())
                .unwrap_or_else(|e| panic!("{} {}: {e:?}", f.name, good.arguments));
            if let Some(wanted) = good.result {
                assert_eq!(result, serde_json::from_str::<Value>(&wanted).expect("JSON"), "{}", f.name);
            }
            if let Some(part) = good.contains {
                assert!(result.to_string().contains(&part), "{}: {result}", f.name);
            }
        }
        for bad in f.bad {
            let e = surface::function(&f.name, bad.arguments.clone()).expect_err(&f.name);
            assert_eq!(e.kind().name(), bad.error, "{} {}: {e}", f.name, bad.arguments);
        }
    }
    let e = surface::function("no_such", Value::Null).expect_err("unknown");
    assert!(e.to_string().contains("no_such"), "{e}");
}

#[test]
fn what_is_wrong_is_named() {
    let arguments = serde_json::json!({"platform": "ios", "a": 7, "b": "15.2(7)E"});
    let e = surface::function("compare_versions", arguments).expect_err("a number");
    assert!(e.to_string().contains("a = 7"), "{e}");
    let e = surface::function("version", serde_json::json!({"colour": "red"})).expect_err("unknown");
    assert!(e.to_string().contains("colour = \"red\""), "{e}");
}

#[tokio::test]
async fn verbs_refuse_what_does_not_fit() {
    let folder = Folder::new("verbs");
    let client = Client::open(Config::new(&folder.0)).await.expect("client");
    for verb in list().verb {
        for bad in verb.bad {
            let e = surface::call(&client, &verb.name, bad.arguments.clone()).await.expect_err(&verb.name);
            assert_eq!(e.kind().name(), bad.error, "{} {}: {e}", verb.name, bad.arguments);
        }
    }
}

/// A job without devices: import, plan, approve, submit, wait, watch and audit through names and JSON alone.
#[tokio::test]
async fn a_job_from_import_to_audit() {
    let folder = Folder::new("job");
    let client = Client::open(Config::new(folder.0.join("data"))).await.expect("client");
    let path = folder.0.join("made-up.bin");
    std::fs::write(&path, b"not really an image").expect("file");
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);
    let options = serde_json::json!({"path": path, "platform": "ios", "version": "15.2(7)E10"});
    let image = call("import", options).await;
    assert_eq!(image["facts"]["version"]["from"], "user");
    let plan = call("plan", serde_json::json!({"image": "made-up.bin", "devices": []})).await;
    let approval = surface::function("plan_digest", serde_json::json!({"plan": plan})).expect("digest");
    let job = call("submit", serde_json::json!({"plan": plan, "approval": approval})).await;
    let report = call("wait", serde_json::json!({"job": job})).await;
    assert_eq!(report["status"], "finished", "{report}");
    let audit = call("audit", serde_json::json!({"job": job})).await;
    assert_eq!(audit[0]["action"], "submitted", "{audit}");
    // It did nothing, and says so.
    assert_eq!((&report["all_good"], &report["left_out"]), (&Value::Bool(false), &Value::Null));
    let text = surface::function("job_text", serde_json::json!({"report": report})).expect("text");
    assert_eq!(text, "the plan upgrades no device: nothing was done\n");
}

/// A device that does not answer is left out: the job of such a plan says who.
#[tokio::test]
async fn a_job_of_nobody_says_who_is_left_out() {
    let folder = Folder::new("left-out");
    let client = Client::open(Config::new(folder.0.join("data"))).await.expect("client");
    let path = folder.0.join("made-up.bin");
    std::fs::write(&path, b"not really an image").expect("file");
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await;
    let options = serde_json::json!({"path": path, "platform": "ios", "version": "15.2(7)E10"});
    let image = call("import", options).await.expect("import");
    // Nobody listens there.
    let device = serde_json::json!([{"id": "sw1", "at": {"host": "127.0.0.1", "port": 1}, "platform": "ios",
        "login": {"user": "u"}, "host_key": "first_use"}]);
    call("add_devices", serde_json::json!({"devices": device})).await.expect("device");
    let of = |devices: &[&str]| serde_json::json!({"image": "made-up.bin", "devices": devices});
    let report = call("analyse", of(&["sw1"])).await.expect("analysis");
    let finding = &report["devices"][0]["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&"device.silent".into(), &"unknown".into()), "{report}");
    let plan = call("plan", of(&["sw1"])).await.expect("plan");
    let approval = surface::function("plan_digest", serde_json::json!({"plan": plan})).expect("digest");
    let job = call("submit", serde_json::json!({"plan": plan, "approval": approval})).await.expect("job");
    let report = call("wait", serde_json::json!({"job": job})).await.expect("report");
    assert_eq!((&report["status"], &report["left_out"]), (&"finished".into(), &serde_json::json!(["sw1"])));
    let text = surface::function("job_text", serde_json::json!({"report": report})).expect("text");
    assert_eq!(text, "the plan upgrades no device: nothing was done; left out by the plan: sw1\n");
    let e = call("commit", serde_json::json!({"job": job, "devices": ["sw1"]})).await.expect_err("commit");
    assert_eq!((e.kind().name(), e.context("device")), ("not_found", Some("sw1")));

    // One device, one answer.
    for verb in ["inspect", "analyse", "plan", "recommend"] {
        let mut arguments = of(&["sw1", "sw1"]);
        if ["inspect", "recommend"].contains(&verb) {
            arguments.as_object_mut().expect("object").remove("image");
        }
        let e = call(verb, arguments).await.expect_err(verb);
        assert_eq!((e.kind().name(), e.context("field")), ("invalid_input", Some("devices[1]")), "{verb}");
    }
    let e = call("baseline", serde_json::json!({"devices": ["sw1", "sw1"]})).await.expect_err("baseline");
    assert_eq!(e.context("field"), Some("devices[1]"));

    // An image that the repository does not have is judged by nobody's word.
    call("remove_image", serde_json::json!({"image": "made-up.bin"})).await.expect("removed");
    for verb in ["analyse", "plan"] {
        let e = call(verb, serde_json::json!({"image": image, "devices": []})).await.expect_err(verb);
        assert_eq!(e.kind().name(), "not_found", "{verb}");
    }
}

/// A client that is closed has nothing of its folder open, and a clone of it says so.
#[tokio::test]
async fn a_closed_client_has_nothing_open() {
    let folder = Folder::new("closed");
    let data = folder.0.join("data");
    let client = Client::open(Config::new(&data)).await.expect("client");
    let clone = client.clone();
    let record = || serde_json::json!({"settings": {}});
    let busy = tokio::spawn(async move {
        while surface::call(&clone, "set_recommendation_settings", record()).await.is_ok() {}
        surface::call(&clone, "devices", Value::Null).await.expect_err("closed").kind()
    });
    surface::call(&client, "set_recommendation_settings", record()).await.expect("before");
    client.close().await.expect("closed");
    assert!(!data.join("swim.db-wal").exists() && !data.join("swim.db-shm").exists());
    std::fs::remove_dir_all(&data).expect("nothing is in the way");
    assert_eq!(busy.await.expect("task").name(), "store");
    assert!(!data.exists(), "nothing came back");
    client.close().await.expect("closed twice");
}

/// Numbers that no device or calendar can take, plans that were changed by hand, and a key that is used twice.
#[tokio::test]
async fn impossible_plans_are_refused() {
    let folder = Folder::new("impossible");
    let client = Client::open(Config::new(folder.0.join("data"))).await.expect("client");
    let path = folder.0.join("made-up.bin");
    std::fs::write(&path, b"not really an image").expect("file");
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await;
    let digest = |plan: &Value| surface::function("plan_digest", serde_json::json!({"plan": plan})).expect("digest");
    let options = serde_json::json!({"path": path, "platform": "ios", "version": "15.2(7)E10"});
    call("import", options).await.expect("import");
    let plan = async |policy: Value| {
        call("plan", serde_json::json!({"image": "made-up.bin", "devices": [], "policy": policy})).await
    };
    for (field, value) in [
        ("return_minutes", 0_u32),
        ("return_minutes", u32::MAX),
        ("auto_abort_minutes", 0),
        ("auto_abort_minutes", 29),
        ("auto_abort_minutes", 1201),
        ("max_parallel", 0),
        ("max_per_server", 0),
    ] {
        let e =
            call("analyse", serde_json::json!({"image": "made-up.bin", "devices": [], "policy": {field: value}})).await;
        assert_eq!(e.expect_err(field).context("field"), Some(&*format!("policy.{field}")));
        let e = plan(serde_json::json!({field: value})).await.expect_err(field);
        assert_eq!(e.kind().name(), "invalid_input", "{e}");
        assert!(e.to_string().contains(&format!("{field} = {value}")), "{e}");
    }
    let good = plan(Value::Null).await.expect("plan");
    for (path, value, kind) in [
        ("/policy/return_minutes", u64::from(u32::MAX), "invalid_input"),
        ("/policy/auto_abort_minutes", 0, "invalid_input"),
        ("/schema", 2, "unsupported"),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(path).expect(path) = value.into();
        let arguments = serde_json::json!({"plan": changed, "approval": digest(&changed)});
        assert_eq!(call("submit", arguments).await.expect_err(path).kind().name(), kind, "{path}");
        let e = call("rehearse", serde_json::json!({"plan": changed})).await.expect_err(path);
        assert_eq!(e.kind().name(), kind, "{path}");
    }
    let other = plan(serde_json::json!({"max_parallel": 7})).await.expect("plan");
    let submit = async |plan: &Value| {
        call("submit", serde_json::json!({"plan": plan, "approval": digest(plan), "key": "change-4711"})).await
    };
    let job = submit(&good).await.expect("job");
    assert_eq!(submit(&good).await.expect("the same job"), job);
    assert_eq!(submit(&other).await.expect_err("another plan").kind().name(), "conflict");
}

/// A job that is due in a hundred years is ended by a cancel, not by its time.
#[tokio::test]
async fn a_job_that_is_not_due_can_be_cancelled() {
    let folder = Folder::new("due");
    let client = Client::open(Config::new(folder.0.join("data"))).await.expect("client");
    let path = folder.0.join("made-up.bin");
    std::fs::write(&path, b"not really an image").expect("file");
    let call = async |verb: &str, arguments: Value| surface::call(&client, verb, arguments).await.expect(verb);
    call("import", serde_json::json!({"path": path, "platform": "ios", "version": "15.2(7)E10"})).await;
    let plan = call("plan", serde_json::json!({"image": "made-up.bin", "devices": []})).await;
    let approval = surface::function("plan_digest", serde_json::json!({"plan": plan})).expect("digest");
    let due = "2126-01-01T00:00:00Z";
    let job = call("submit", serde_json::json!({"plan": plan, "approval": approval, "due": due})).await;
    assert_eq!(call("status", serde_json::json!({"job": job})).await["status"], "running");
    call("cancel", serde_json::json!({"job": job})).await;
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), call("wait", serde_json::json!({"job": job})));
    assert_eq!(ended.await.expect("it ends")["status"], "finished");
}
