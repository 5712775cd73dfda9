//! `show switch`, `show switch detail` and `show chassis`: the members of a stack.

use serde::Serialize;

use super::text::{Cursor, after, columns, is_false, is_mac, lines, number, owned, set};

/// A member of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StackMember {
    /// Its number.
    pub id: u32,
    /// The unit whose session this is (`*`).
    #[serde(skip_serializing_if = "is_false")]
    pub local: bool,
    /// Role, as printed.
    pub role: String,
    /// MAC address, as printed.
    pub mac: String,
    /// Priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Hardware version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hw: Option<String>,
    /// State, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Address of the redundancy link (9800).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

impl StackMember {
    /// Is it in service?
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("Ready"))
    }
}

/// The stack ports of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StackPorts {
    /// Member number.
    pub id: u32,
    /// State of each port, as printed.
    pub status: Vec<String>,
    /// The neighbour at each port, as printed (`None` is the device's word for none).
    pub neighbors: Vec<String>,
}

/// What the command says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowSwitch {
    /// MAC address of the stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// How long it stays after the active unit went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistency: Option<String>,
    /// The members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<StackMember>,
    /// The stack ports (`detail`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stack_ports: Vec<StackPorts>,
}

/// Reads `show switch`.
///
/// ```
/// use swim_core::platform::parse::show_switch;
/// let s = show_switch("*1       Active   0011.2233.4455     15     V02     HA sync in progress");
/// assert!(s.members[0].local);
/// assert_eq!(s.members[0].state.as_deref(), Some("HA sync in progress"));
/// assert!(!s.members[0].is_ready());
/// ```
#[must_use]
pub fn show_switch(text: &str) -> ShowSwitch {
    let mut out = ShowSwitch::default();
    for line in lines(text) {
        if let Some((label, value)) = line.split_once(':') {
            let label = label.trim();
            if label.ends_with("Mac Address") {
                set(&mut out.mac, value.split_whitespace().next().and_then(owned));
            }
            set(&mut out.persistency, after(line, "Mac persistency wait time:").map(str::to_owned));
        }
        if let Some(member) = member(line) {
            out.members.push(member);
        } else if let Some(ports) = ports(line) {
            out.stack_ports.push(ports);
        }
    }
    out
}

/// Reads `show switch detail`: as `show switch`, with the stack ports.
#[must_use]
pub fn show_switch_detail(text: &str) -> ShowSwitch {
    show_switch(text)
}

/// Reads `show chassis` of a pair: the form of `show switch`, with the address of the redundancy link.
#[must_use]
pub fn show_chassis(text: &str) -> ShowSwitch {
    show_switch(text)
}

fn member(line: &str) -> Option<StackMember> {
    let line = line.trim_start();
    let (local, rest) = line.strip_prefix('*').map_or((false, line), |r| (true, r));
    let mut c = Cursor::new(rest);
    let id = c.number()?;
    let role = c.word()?.to_owned();
    let mac = c.word().filter(|w| is_mac(w))?.to_owned();
    let mut out = StackMember { id, local, role, mac, ..StackMember::default() };
    let mut ahead = c;
    if let Some(priority) = ahead.number() {
        out.priority = Some(priority);
        c = ahead;
    }
    let mut cells = columns(c.rest());
    if let Some(ip) = cells.last().filter(|w| w.parse::<std::net::IpAddr>().is_ok()) {
        out.ip = Some((*ip).to_owned());
        cells.pop();
    }
    match cells.as_slice() {
        [hw, state] => {
            out.hw = owned(hw);
            out.state = owned(state);
        }
        // One blank between the columns, or the hardware column is empty.
        [both] => match both.split_once(' ').filter(|(hw, _)| is_hardware(hw)) {
            Some((hw, state)) => {
                out.hw = owned(hw);
                out.state = owned(state);
            }
            None if is_hardware(both) => out.hw = owned(both),
            None => out.state = owned(both),
        },
        _ => {}
    }
    Some(out)
}

/// `V04`, `0`, `3`, `P2B`: no state has a digit in it.
fn is_hardware(word: &str) -> bool {
    word.len() <= 4 && word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn ports(line: &str) -> Option<StackPorts> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [id, p1, p2, n1, n2] = words.as_slice() else { return None };
    let status = |w: &str| ["ok", "down", "absent", "noport"].iter().any(|s| w.eq_ignore_ascii_case(s));
    let neighbor = |w: &str| w.eq_ignore_ascii_case("none") || number::<u32>(w).is_some();
    (status(p1) && status(p2) && neighbor(n1) && neighbor(n2)).then_some(())?;
    let text = |w: &&str| (*w).to_owned();
    Some(StackPorts { id: number(id)?, status: [p1, p2].map(text).to_vec(), neighbors: [n1, n2].map(text).to_vec() })
}
