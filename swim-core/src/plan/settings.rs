//! The settings of a plan, for people: an approval is worth as much as what the approver can see.

use serde_json::Value;

use crate::model::Policy;

/// Every setting with its value, by the names that a policy is written with.
pub(super) fn settings(policy: &Policy) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::to_value(policy) else {
        return Vec::new();
    };
    fields.into_iter().map(|(name, value)| (name, shown(&value))).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        // A transfer: `scp pull`.
        Value::Array(list) if list.iter().all(Value::is_string) && list.len() == 2 => {
            list.iter().map(shown).collect::<Vec<_>>().join(" ")
        }
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let known = fields.iter().filter(|(_, value)| !value.is_null());
            known.map(|(name, value)| format!("{name} {}", shown(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_shown_in_words() {
        let shown = settings(&Policy { accept_unknown: vec!["ram.unknown".into()], ..Policy::default() });
        let of = |name: &str| shown.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(of("transfers"), Some("scp pull, scp push, http pull"));
        assert_eq!(of("activate"), Some("sequential"));
        assert_eq!(of("hold_commit"), Some("no"));
        assert_eq!(of("accept_unknown"), Some("ram.unknown"));
        assert_eq!(of("max_parallel"), Some("50"));
    }
}
