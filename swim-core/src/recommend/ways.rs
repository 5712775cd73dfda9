//! How a catalogue says that an image is reached from other releases, as rules of analysis.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::analysis::PathRule;
use crate::catalog::Entry;
use crate::image::platform_id;
use crate::version::{Scheme, Version};

/// The rules of an entry; none when its platform has no grammar of versions (see [`Entry`], whose documents are refused then).
pub(super) fn ways(catalogue: &str, entry: &Entry) -> Vec<PathRule> {
    let Some(platform) = entry.platform.as_deref().map(platform_id) else { return Vec::new() };
    let Ok(scheme) = Scheme::of_platform(platform) else { return Vec::new() };
    let source = format!("the catalogue {catalogue}");
    let rule = |from: String, via: &[String], note: Option<&str>| {
        let written: Value = json!({ "platform": platform, "from": from, "via": via, "note": note, "source": source });
        serde_json::from_value::<PathRule>(written).ok()
    };
    let mut paths: Vec<(Version, _)> =
        entry.paths.iter().filter_map(|path| Some((Version::parse(scheme, &path.from).ok()?, path))).collect();
    paths.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(Ordering::Equal));
    let mut out = Vec::new();
    for (at, (from, path)) in paths.iter().enumerate() {
        // Each counts until the next one begins.
        let until = paths.get(at + 1).map_or_else(String::new, |(next, _)| format!(",<{}", next.normal()));
        let from = format!(">={}{until}", from.normal());
        if !path.via.is_empty() || path.note.is_some() {
            out.extend(rule(from, &path.via, path.note.as_deref()));
        }
    }
    if let Some(base) = entry.requires.base_version.as_deref().and_then(|text| Version::parse(scheme, text).ok()) {
        let base = base.normal();
        out.extend(rule(format!("<{base}"), &[base], Some("the release that must run before")));
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_way_counts_until_the_next_and_the_base_comes_first() {
        let entry: Entry = serde_json::from_value(json!({
            "filename": "a.bin", "platform": "iosxe", "requires": {"base_version": "16.12.4"},
            "paths": [{"from": "17.6.1"}, {"from": "17.03.01", "via": ["17.6.5"]}, {"from": "17.9.1", "note": "slow"}],
        }))
        .unwrap();
        let rules = ways("lab", &entry);
        let written: Vec<Value> = rules.iter().map(|rule| serde_json::to_value(rule).unwrap()).collect();
        let said: Vec<_> = written.iter().map(|rule| (rule["from"].as_str().unwrap(), &rule["via"])).collect();
        assert_eq!(
            said,
            [(">=17.3.1,<17.6.1", &json!(["17.6.5"])), (">=17.9.1", &Value::Null), ("<16.12.4", &json!(["16.12.4"]))]
        );
        assert_eq!(rules[0].source(), "the catalogue lab");
    }
}
