use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::model::{Device, DeviceId, HostKeyPolicy, Policy, Protocol, Sha256};
use crate::repo::collection::CollectFrom;

fn told<T: DeserializeOwned + std::fmt::Debug>(value: &Value) -> String {
    read::<T>(value, "x", Telling::Values).unwrap_err().to_string()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Nested {
    #[serde(default)]
    ids: Vec<DeviceId>,
    #[serde(default)]
    by_id: BTreeMap<DeviceId, u64>,
    #[serde(default)]
    by_number: BTreeMap<u16, bool>,
    #[serde(default)]
    pair: Option<(u8, u8)>,
    must: String,
}

#[test]
fn every_mistake_is_told_by_place_value_and_what_is_allowed() {
    for (value, words) in [
        (json!(5), "x = 5: must be an object"),
        (json!([]), "x = a list of 0: must be an object"),
        (json!({}), "x.must = (absent): must be given"),
        (json!({"must": null}), "x.must = null: must be a text"),
        (json!({"must": "", "ids": "sw1"}), "x.ids = \"sw1\": must be a list"),
        (json!({"must": "", "ids": ["a", ""]}), "x.ids[1] = \"\": 1 to 253 characters without white space"),
        (json!({"must": "", "by_id": {"a b": 1}}), "x.\"a b\" = \"a b\": 1 to 253 characters without white space"),
        (
            json!({"must": "", "by_id": {"a": -1}}),
            "x.by_id.a = -1: must be a whole number from 0 to 18446744073709551615",
        ),
        (
            json!({"must": "", "by_number": {"70000": true}}),
            "x.by_number.70000 = \"70000\": must be a whole number from 0 to 65535",
        ),
        (json!({"must": "", "by_number": {"7": 1}}), "x.by_number.7 = 1: must be true or false"),
        (json!({"must": "", "pair": [1]}), "x.pair = a list of 1: must be a list of 2"),
        (json!({"must": "", "pair": [1, 1.5]}), "x.pair[1] = 1.5: must be a whole number from 0 to 255"),
        (
            json!({"must": "", "colour": {"a": 1}}),
            "x.colour = an object with 1 field: there is no such field: it may be ids, by_id, by_number, pair or must",
        ),
    ] {
        let words = words.replace("x.\"a b\"", "x.by_id.\"a b\"");
        assert_eq!(told::<Nested>(&value), words);
    }
}

#[test]
fn forms_are_listed_and_what_they_hold_is_asked_for() {
    assert_eq!(told::<Protocol>(&json!("smtp")).split(" = ").nth(1).unwrap().split(": ").next(), Some("\"smtp\""));
    let forms = "must be known_hosts, known_hosts_file, pinned or first_use";
    assert_eq!(told::<HostKeyPolicy>(&json!("any")), format!("x = \"any\": {forms}"));
    assert_eq!(told::<HostKeyPolicy>(&json!(1)), format!("x = 1: {forms}"));
    assert_eq!(told::<HostKeyPolicy>(&json!({"any": 1})), format!("x.any = 1: {forms}"));
    assert_eq!(told::<HostKeyPolicy>(&json!({"pinned": 1})), "x.pinned = 1: must be a text");
    assert_eq!(
        told::<HostKeyPolicy>(&json!("pinned")),
        "x = \"pinned\": needs more: must be an object {\"pinned\": ...}"
    );
    assert_eq!(
        told::<HostKeyPolicy>(&json!({"first_use": 1})),
        "x = an object with 1 field: must be \"first_use\" alone, not an object"
    );
    let from = "x = an object with 0 fields: must be an object with one field: url, file or devices";
    assert_eq!(told::<CollectFrom>(&json!({})), from);
    assert_eq!(told::<CollectFrom>(&json!({"file": {}})), "x.file.path = (absent): must be given");
    assert_eq!(told::<CollectFrom>(&json!("file")), "x = \"file\": needs more: must be an object {\"file\": {...}}");
    assert_eq!(
        told::<Policy>(&json!({"transfers": [["scp", "sideways"]]})).split(':').next(),
        Some("x.transfers[0][1] = \"sideways\"")
    );
    assert_eq!(told::<Sha256>(&json!("zz")), "x = \"zz\": 64 hexadecimal digits");
}

#[test]
fn what_may_hold_a_secret_repeats_nothing() {
    let device =
        json!({"id": "sw1", "at": {"host": "h"}, "platform": "ios", "login": {"user": "u"}, "host_key": "first_use"});
    let canary = "hunter 2";
    for (at, value) in [
        ("/id", json!(canary)),
        ("/at", json!(canary)),
        ("/at/port", json!(canary)),
        ("/login", json!(canary)),
        ("/login", json!({"user": "u", "pasword": canary})),
        ("/login/user", json!([canary])),
        ("/host_key", json!(canary)),
        ("/host_key", json!({canary: 1})),
        ("/telnet", json!(canary)),
        ("/pulls_from", json!(canary)),
    ] {
        let mut device = device.clone();
        device["telnet"] = json!(false);
        device["pulls_from"] = json!("::1");
        device["at"]["port"] = json!(22);
        *device.pointer_mut(at).unwrap() = value;
        let wrong = read::<Device>(&device, "", Telling::Places).unwrap_err();
        assert!(!format!("{wrong} {wrong:?}").contains("hunter"), "{wrong:?}");
        assert!(wrong.to_string().starts_with(at[1..].split('/').next().unwrap()), "{wrong}");
    }
}

#[test]
fn lines_of_toml_are_told() {
    let read = |text: &str| Toml::parse(text).and_then(|t| t.read::<Nested>(Telling::Places)).unwrap_err().to_string();
    assert_eq!(read("\nmust = 1"), "line 2: must = (a number): must be a text");
    assert_eq!(
        read("must = ''\nids = [\n'a',\n'']"),
        "line 4: ids[1] = (a text): 1 to 253 characters without white space"
    );
    assert_eq!(
        read("must = ''\n[by_id]\na = 1.5"),
        "line 3: by_id.a = (a number): must be a whole number from 0 to 18446744073709551615"
    );
    assert_eq!(read("ids = []"), "must = (absent): must be given");
    assert!(read("must = ''\nmust = ''").starts_with("line 2: not valid TOML: duplicate key"));
    assert!(read("must = 'hunter2").starts_with("line 1: not valid TOML: "));
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    One { number: u8 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    number: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outer {
    #[serde(default)]
    inner: Option<Inner>,
    #[serde(default)]
    many: Vec<Inner>,
    #[serde(default)]
    by_name: BTreeMap<String, Inner>,
    #[serde(default)]
    by_number: BTreeMap<u16, Inner>,
    #[serde(default)]
    tagged: Option<Tagged>,
    #[serde(default)]
    pair: Option<(u8, u8)>,
    #[serde(default)]
    any: Value,
}

#[test]
fn a_list_is_no_object_and_nothing_is_given_twice_however_it_is_read() {
    for (text, words) in [
        ("[]", "a list of 0: must be an object"),
        (r#"{"inner": [1]}"#, "inner = a list of 1: must be an object"),
        (r#"{"many": [{"number": 1}, [1]]}"#, "many[1] = a list of 1: must be an object"),
        (r#"{"by_name": {"a": [1]}}"#, "by_name.a = a list of 1: must be an object"),
        (r#"{"tagged": ["one", 1]}"#, "tagged = a list of 2: must be an object"),
        (r#"{"by_name": {"a": {"number": 1}, "a": {"number": 2}}}"#, "by_name.a = (given): is given twice"),
        (r#"{"inner": {"number": 1, "number": 1}}"#, "inner.number = (given): is given twice"),
        (r#"{"any": {"a": 1, "a": 2}}"#, "any.a = (given): is given twice"),
        (r#"{"pair": [1]}"#, "pair = a list of 1: must be a list of 2"),
    ] {
        let at_once = read_slice::<Outer>(text.as_bytes()).unwrap_err().to_string();
        let by_value = parse(text.as_bytes()).and_then(|value| read::<Outer>(&value, "", Telling::Values));
        assert_eq!((at_once.as_str(), by_value.unwrap_err().to_string().as_str()), (words, words), "{text}");
    }
    let good = r#"{"inner": {"number": 1}, "many": [{"number": 2}], "by_name": {"a": {"number": 3}}, "by_number": {"7": {"number": 4}},
        "tagged": {"kind": "one", "number": 5}, "pair": [6, 7], "any": [{"a": [8]}]}"#;
    let read = read_slice::<Outer>(good.as_bytes()).unwrap();
    assert_eq!((read.tagged, read.by_number[&7].number), (Some(Tagged::One { number: 5 }), 4));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let text = "\u{feff}{\"number\": 7}";
    assert_eq!(read_slice::<Inner>(text.as_bytes()).unwrap().number, 7);
    assert_eq!(parse(text.as_bytes()).unwrap(), json!({"number": 7}));
    assert_eq!(Toml::parse("\u{feff}number = 7").unwrap().read::<Inner>(Telling::Values).unwrap().number, 7);
    assert_eq!(parse("\u{feff}\u{feff}7".as_bytes()).unwrap_err().to_string(), "line 1: not valid JSON (column 1)");
}

#[test]
fn what_stands_in_toml_without_quotes_is_no_text() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Mixed {
        name: Option<String>,
        id: Option<DeviceId>,
        at: Option<jiff::Timestamp>,
        number: Option<u8>,
        inner: Option<Inner>,
        protocol: Option<Protocol>,
    }
    let read = |text: &str| Toml::parse(text).and_then(|t| t.read::<Mixed>(Telling::Values));
    assert!(read("at = 2026-11-30T00:00:00Z").unwrap().at.is_some());
    assert!(read("at = '2026-11-30T00:00:00Z'").unwrap().at.is_some());
    for (text, words) in [
        ("name = 2026-11-30", "line 1: name = 2026-11-30: must be a text, in quotes"),
        ("id = 2026-11-30", "line 1: id = 2026-11-30: must be a text, in quotes"),
        ("name = nan", "line 1: name = nan: must be a text, in quotes"),
        ("name = 99999999999999999999", "line 1: name = 99999999999999999999: must be a text, in quotes"),
        ("number = 2026-11-30", "line 1: number = 2026-11-30: must be a whole number from 0 to 255"),
        ("inner = 2026-11-30", "line 1: inner = 2026-11-30: must be an object"),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), words);
    }
    let e = read("protocol = 2026-11-30").unwrap_err().to_string();
    assert!(e.starts_with("line 1: protocol = 2026-11-30: must be "), "{e}");
    let told = Toml::parse("name = 2026-11-30").and_then(|t| t.read::<Mixed>(Telling::Places)).unwrap_err();
    assert_eq!(told.to_string(), "line 1: name = (a date or number): must be a text, in quotes");
}

proptest! {
    #[test]
    fn large_documents_are_read_as_others_are(text in r#"\{("(inner|many|any|by_name|pair)": ?(\{"(number|a)": ?[0-9]\}|\[[0-9]?\]|\[\{"number": [0-9]\}\]|null|[0-9]),?){0,3}\}"#) {
        let at_once = read_slice::<Outer>(text.as_bytes());
        let by_value = parse(text.as_bytes()).and_then(|value| read::<Outer>(&value, "", Telling::Values));
        prop_assert_eq!(at_once, by_value);
    }

    #[test]
    fn no_value_breaks_it(text in r#"[\[\]{}",:0-9a-z "]{0,60}"#) {
        if let Ok(value) = parse(text.as_bytes()) {
            prop_assert_eq!(&value, &serde_json::from_str::<Value>(&text).unwrap());
            let ours = read::<Nested>(&value, "", Telling::Values).is_ok();
            prop_assert!(!ours || serde_json::from_value::<Nested>(value).is_ok());
        }
    }
}
