//! The install tables.

pub(super) use swim_core::model::InstallStateCode as Row;

use crate::device::shown_state;
use crate::state::State;

const RULER: &str = "--------------------------------------------------------------------------------";

/// A table of the sets in these states (all without), one group for each distinct content.
pub(super) fn table(state: &State, title: &str, only: Option<&[Row]>, elapsed: f64) -> String {
    let mut groups: Vec<(Vec<u32>, Vec<String>)> = Vec::new();
    for member in state.present() {
        let rows: Vec<String> = member
            .sets
            .iter()
            .filter_map(|s| Some((shown_state(s.state)?, s)))
            .filter(|(code, _)| only.is_none_or(|o| o.contains(code)))
            .map(|(code, s)| format!("IMG   {code:?}    {}", s.long))
            .collect();
        match groups.iter_mut().find(|(_, r)| *r == rows) {
            Some((members, _)) => members.push(member.number),
            None => groups.push((vec![member.number], rows)),
        }
    }
    let mut text = String::new();
    for (members, rows) in groups {
        let members: Vec<String> = members.iter().map(u32::to_string).collect();
        text += &format!(
            "[ Switch {} ] {title} Package(s) Information:\nState (St): I - Inactive, U - Activated & Uncommitted,\n            C - Activated & Committed, D - Deactivated & Uncommitted\n{RULER}\nType  St   Filename/Version\n{RULER}\n",
            members.join(" ")
        );
        text += &if rows.is_empty() { format!("No {title} Packages\n") } else { rows.join("\n") + "\n" };
        text += "\n";
    }
    let timer = match state.auto_abort {
        Some(timer) => {
            let left = (timer.at - elapsed).max(0.0) as u64;
            format!(
                "active on install_activate, time before rollback - {:02}:{:02}:{:02}",
                left / 3600,
                left / 60 % 60,
                left % 60
            )
        }
        None => "inactive".to_owned(),
    };
    text + &format!("{RULER}\nAuto abort timer: {timer}\n{RULER}\n\n")
}

/// The points to roll back to.
pub(super) fn rollback(state: &State) -> String {
    let mut text = String::from(
        "ID      Label                            Description\n-------------------------------------------------------\n",
    );
    for point in state.rollback.iter().rev() {
        text += &format!("{:<8}{:<33}{}\n", point.id, "No Label", "No Description");
    }
    text
}
