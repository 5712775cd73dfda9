//! What is different between two plans, for people.

use super::settings::settings;
use super::{DevicePlan, Plan};

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
            Some(now) => out.push(format!("~ {id}: step {}: {} -> {}", i + 1, step.title, now.title)),
            None => out.push(format!("- {id}: step {}: {}", i + 1, step.title)),
        }
    }
    for (i, step) in new.steps.iter().enumerate().skip(old.steps.len()) {
        out.push(format!("+ {id}: step {}: {}", i + 1, step.title));
    }
}
