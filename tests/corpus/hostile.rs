//! Device outputs that were cut or changed: no parser panics, takes long, or finds a number that is not there.

use std::fs;
use std::time::{Duration, Instant};

use swim::surface::function;

/// Longest time for one output: none is longer than some hundred kilobytes.
const LIMIT: Duration = Duration::from_secs(10);

fn parse(platform: &str, command: &str, text: &str) -> serde_json::Value {
    let began = Instant::now();
    let arguments = serde_json::json!({"platform": platform, "command": command, "text": text});
    let parsed = function("parse_output", arguments).expect("a known command");
    assert!(began.elapsed() < LIMIT, "{command}: {} bytes took {:?}", text.len(), began.elapsed());
    parsed
}

#[test]
fn damaged_outputs() {
    let Some(folder) = crate::corpus() else { return };
    let Ok(expected) = fs::read_to_string(folder.join("cli/EXPECTED.jsonl")) else { return };
    let mut parsed = 0_u32;
    for line in expected.lines().filter(|l| !l.trim().is_empty()) {
        let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let word = |key: &str| case[key].as_str().expect("text").to_owned();
        let (platform, command) = (word("platform"), word("command"));
        let arguments = serde_json::json!({"platform": platform, "command": command, "text": ""});
        if function("parse_output", arguments).is_err() {
            continue;
        }
        let bytes = fs::read(folder.join("cli").join(word("file"))).expect("file");
        let step = (bytes.len() / 40).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            let front = String::from_utf8_lossy(&bytes[..cut]);
            let value = parse(&platform, &command, &front);
            if command == "dir" && value.get("free_bytes").is_some() {
                assert!(front.contains(" bytes free"), "{front}: {value}");
            }
            parse(&platform, &command, &String::from_utf8_lossy(&bytes[cut..]));
            let mut changed = bytes.clone();
            changed[cut] ^= 0x55;
            changed.truncate(bytes.len() - cut / 3);
            changed.extend_from_slice(b"\x1b[2K\0\r99999999999999999999999999 99999999999999999999K bytes of memory\n");
            parse(&platform, &command, &String::from_utf8_lossy(&changed));
            parsed += 3;
        }
        let whole = String::from_utf8_lossy(&bytes);
        for long in [whole.repeat(1 + 300_000 / whole.len()), whole.replace(['\n', '\r'], " ").repeat(20)] {
            parse(&platform, &command, &long);
        }
        for filler in ["[", "  ", "% - : ", "1 -rw- ", "Switch 1 ", "at ", "bytes total ("] {
            parse(&platform, &command, &format!("{whole}\n{}", filler.repeat(20_000)));
        }
    }
    println!("{parsed} damaged outputs read");
}
