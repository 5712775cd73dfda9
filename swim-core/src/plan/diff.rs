//! What is different between two plans, for people.

use super::settings::settings;
use super::{DevicePlan, Plan};
use crate::platform::{StepKind, StepSpec};

/// The differences between two plans, one line each; empty when they do the same.
#[must_use]
pub fn diff(old: &Plan, new: &Plan) -> Vec<String> {
    let mut out = Vec::new();
    if old.goal != new.goal {
        out.push(format!(
            "goal: {} {} -> {} {}",
            old.goal.file_name, old.goal.version, new.goal.file_name, new.goal.version
        ));
    }
    for ((name, before), (_, now)) in settings(&old.policy).into_iter().zip(settings(&new.policy)) {
        if before != now {
            out.push(format!("policy: {name}: {before} -> {now}"));
        }
    }
    for line in &old.devices {
        match new.device(&line.device.id) {
            None => out.push(format!("- {}: no longer upgraded", line.device.id)),
            Some(now) => lines(line, now, &mut out),
        }
    }
    for line in &new.devices {
        if old.device(&line.device.id).is_none() {
            out.push(format!("+ {}: {} steps", line.device.id, line.steps.len()));
        }
    }
    let order = |p: &Plan| p.devices.iter().map(|d| d.device.id.clone()).collect::<Vec<_>>();
    if out.is_empty() && order(old) != order(new) {
        out.push("order: the devices come in another order".to_owned());
    }
    out
}

fn lines(old: &DevicePlan, new: &DevicePlan, out: &mut Vec<String>) {
    let id = &old.device.id;
    if old.expects != new.expects {
        out.push(format!("~ {id}: starts from another state"));
    }
    if old.device != new.device {
        out.push(format!("~ {id}: is reached in another way"));
    }
    for (i, step) in old.steps.iter().enumerate() {
        match new.steps.get(i) {
            Some(now) if now == step => {}
            Some(now) if now.title == step.title => ways(&format!("~ {id}: step {}", i + 1), step, now, out),
            Some(now) => out.push(format!("~ {id}: step {}: {} -> {}", i + 1, step.title, now.title)),
            None => out.push(format!("- {id}: step {}: {}", i + 1, step.title)),
        }
    }
    for (i, step) in new.steps.iter().enumerate().skip(old.steps.len()) {
        out.push(format!("+ {id}: step {}: {}", i + 1, step.title));
    }
}

/// A step that does the same in another way.
fn ways(place: &str, old: &StepSpec, new: &StepSpec, out: &mut Vec<String>) {
    let before = out.len();
    if let (
        StepKind::Transfer { transfers: then, from: was, .. },
        StepKind::Transfer { transfers: now, from: is, .. },
    ) = (&old.kind, &new.kind)
    {
        let named = |source: &Option<crate::transfer::Source>| {
            let Some(source) = source else { return "what is configured when it runs".to_owned() };
            let ways = source.server.iter().flat_map(|s| &s.ways).map(|way| source.of_pull(way.protocol));
            std::iter::once(source.to_string()).chain(ways).collect::<Vec<_>>().join(", ")
        };
        if was != is {
            out.push(format!("{place}: pulls from {} -> {}", named(was), named(is)));
        }
        if then != now {
            let order = |all: &[(_, _)]| all.iter().map(|(p, d)| format!("{p} {d}")).collect::<Vec<_>>().join(", ");
            out.push(format!("{place}: tries {} -> {}", order(then), order(now)));
        }
    }
    if out.len() == before {
        out.push(format!("{place}: {}: done in another way", old.title));
    }
}
