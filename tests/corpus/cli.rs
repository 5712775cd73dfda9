//! Device outputs: `cli/EXPECTED.jsonl` says what each must yield.
//!
//! A leaf of the expected JSON is a field, named by its path. A field that we leave out is missing, one that we give
//! with another value is wrong. What we say beyond the expectation is not counted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};
use swim_core::ErrorKind;
use swim_core::platform::parse::parse_output;

/// The sets that must match without exception.
const REQUIRED: &[&str] = &["ios", "ios_stack", "iosxe_bundle", "iosxe_install"];

#[derive(Default, Debug, PartialEq)]
struct Score {
    matched: usize,
    fields: usize,
    wrong: usize,
    unsupported: usize,
    files: usize,
}

#[test]
fn device_outputs() {
    let Some(folder) = crate::corpus() else { return };
    let Ok(expected) = fs::read_to_string(folder.join("cli/EXPECTED.jsonl")) else {
        println!("cli/EXPECTED.jsonl not present: skipped");
        return;
    };
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for line in expected.lines().filter(|l| !l.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).expect("a line of EXPECTED.jsonl is JSON");
        let word = |key: &str| case[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {line}")).to_owned();
        let score = scores.entry(word("platform")).or_default();
        score_file(score, &folder.join("cli"), &word("file"), &word("platform"), &word("command"), &case["facts"]);
    }
    let mut failed = Vec::new();
    for (set, s) in &scores {
        if s.unsupported == s.files {
            println!("{set} not supported yet: {} files", s.files);
        } else {
            println!("{set} matched {} of {} fields, {} wrong", s.matched, s.fields, s.wrong);
        }
        if REQUIRED.contains(&set.as_str()) && (s.matched != s.fields || s.wrong != 0 || s.unsupported != 0) {
            failed.push(set.clone());
        }
    }
    assert!(failed.is_empty(), "these sets do not match: {failed:?}");
}

fn score_file(score: &mut Score, folder: &Path, file: &str, platform: &str, command: &str, facts: &Value) {
    score.files += 1;
    let bytes = fs::read(folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let mut wanted = BTreeMap::new();
    flatten(String::new(), facts, &mut wanted);
    let got = match parse_output(platform, command, &String::from_utf8_lossy(&bytes)) {
        Ok(got) => got,
        Err(e) if e.kind() == ErrorKind::Unsupported => {
            score.unsupported += 1;
            score.fields += wanted.len();
            if REQUIRED.contains(&platform) {
                println!("{file}: {e}");
            }
            return;
        }
        Err(e) => panic!("{file}: {e}"),
    };
    compare(score, file, &wanted, got);
}

fn compare(score: &mut Score, file: &str, wanted: &BTreeMap<String, Value>, got: Map<String, Value>) {
    let mut ours = BTreeMap::new();
    flatten(String::new(), &Value::Object(got), &mut ours);
    for (path, want) in wanted {
        score.fields += 1;
        match ours.get(path) {
            Some(have) if have == want => score.matched += 1,
            Some(have) => {
                score.wrong += 1;
                println!("{file}: {path}: expected {want}, got {have}");
            }
            None => println!("{file}: {path}: expected {want}, got nothing"),
        }
        // A list that is longer than the expected one says something that is not so; so does one that should be empty.
    }
    for (path, have) in &ours {
        if !wanted.contains_key(path) && is_extra_element(path, wanted) {
            score.wrong += 1;
            println!("{file}: {path}: expected no such element, got {have}");
        }
    }
}

/// Is it an element of a list that the expectation gives, behind its end?
fn is_extra_element(path: &str, wanted: &BTreeMap<String, Value>) -> bool {
    let Some((list, _)) = path.split_once('[') else { return false };
    if wanted.contains_key(list) {
        return true;
    }
    // Fields of elements that are expected may be more than the expectation names; whole elements may not.
    let element = path.split_once(']').map_or(path, |(head, _)| head);
    let known = |prefix: &str| wanted.keys().any(|k| k.starts_with(prefix));
    known(&format!("{list}[")) && !known(&format!("{element}]"))
}

/// Leaves by path: `members[0].role`. An empty list or object is a leaf, and so is the name of what it stands for.
fn flatten(path: String, value: &Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(path, value, out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (i, value) in list.iter().enumerate() {
                flatten(format!("{path}[{i}]"), value, out);
            }
        }
        leaf => {
            out.insert(path, leaf.clone());
        }
    }
}

#[test]
fn the_comparison_counts_missing_and_wrong() {
    let facts = serde_json::json!({"a": 1, "b": [1, 2], "c": {"d": "x"}, "e": [], "f": "y"});
    let ours = serde_json::json!({"a": 1, "b": [1, 3, 4], "c": {"d": "x", "more": 1}, "e": [7], "unasked": true});
    let mut wanted = BTreeMap::new();
    flatten(String::new(), &facts, &mut wanted);
    let mut score = Score::default();
    let Value::Object(ours) = ours else { unreachable!() };
    compare(&mut score, "self-test", &wanted, ours);
    // Matched: a, b[0], c.d. Wrong: b[1], and the elements b[2] and e[0]. Missing: e and f.
    assert_eq!(score, Score { matched: 3, fields: 6, wrong: 3, unsupported: 0, files: 0 });
}
