//! Documents of users: JSON and TOML texts, read into the types that users write.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use swim_core::catalog::{Decision, Query, Wanted};
use swim_core::document::{Telling, Toml, parse, read, read_slice};
use swim_core::model::{Device, ImageServer, Policy, Schedule};
use swim_core::recommend::Settings;
use swim_core::repo::ImageQuery;
use swim_core::repo::collection::Collection;

/// Stands for a secret that somebody wrote in the wrong place. No word of ours has it.
const SECRET: &str = "zqxjkvw";

fuzz_target!(|text: &str| {
    if let Ok(toml) = Toml::parse(text) {
        let _ = (toml.read::<Policy>(Telling::Values), toml.read::<Device>(Telling::Places));
    }
    let Ok(value) = parse(text.as_bytes()) else { return };
    let hidden = with_secrets(&value);
    written::<Policy>(&value);
    written::<Schedule>(&value);
    written::<ImageServer>(&value);
    written::<Device>(&value);
    written::<Collection>(&value);
    told::<Policy>(text, &value, &hidden);
    told::<Device>(text, &value, &hidden);
    told::<ImageServer>(text, &value, &hidden);
    told::<Collection>(text, &value, &hidden);
    told::<Schedule>(text, &value, &hidden);
    told::<Settings>(text, &value, &hidden);
    told::<ImageQuery>(text, &value, &hidden);
    told::<Query>(text, &value, &hidden);
    told::<Wanted>(text, &value, &hidden);
    told::<Decision>(text, &value, &hidden);
});

/// Both ways of reading agree, what is wrong fits on a page, and no value of a secret document is repeated.
fn told<T: DeserializeOwned>(text: &str, value: &Value, hidden: &Value) {
    let read_whole = read::<T>(value, "", Telling::Values);
    assert_eq!(read_whole.is_ok(), read_slice::<T>(text.as_bytes()).is_ok());
    if let Err(wrong) = read_whole {
        assert!(wrong.why().len() < 4000, "{wrong}");
    }
    if let Err(wrong) = read::<T>(hidden, "", Telling::Places) {
        assert!(!wrong.why().contains(SECRET), "{wrong}");
    }
}

/// What was read can be written and read again.
fn written<T: DeserializeOwned + Serialize>(value: &Value) {
    let Ok(one) = read::<T>(value, "", Telling::Values) else { return };
    let again = serde_json::to_value(&one).expect("it can be written");
    let same: T = read(&again, "", Telling::Values).expect("and read again");
    assert_eq!(serde_json::to_value(&same).expect("and written"), again);
}

/// The same document with a secret in the place of each text.
fn with_secrets(value: &Value) -> Value {
    match value {
        Value::String(_) => SECRET.into(),
        Value::Array(items) => items.iter().map(with_secrets).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), with_secrets(value))).collect(),
        other => other.clone(),
    }
}
