//! What this process has used, as Linux tells it.

#![allow(dead_code)]

use serde_json::Value;

/// Clock ticks of a second in `/proc`: 100 on every Linux.
const TICKS: f64 = 100.0;
/// Places of the times in user and kernel mode behind the name of the program, in `/proc/self/stat`.
const USER_TICKS: usize = 11;

/// CPU seconds of all threads, also of those that have ended.
pub(crate) fn cpu_seconds() -> Value {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name may contain spaces and brackets; behind the last bracket are numbers only.
    let numbers = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = numbers.split_whitespace().skip(USER_TICKS).take(2).filter_map(|n| n.parse().ok()).collect();
    if ticks.len() == 2 { (ticks.iter().sum::<f64>() / TICKS).into() } else { Value::Null }
}

/// The largest resident memory so far.
pub(crate) fn peak_kib() -> Value {
    status("VmHWM:")
}

/// The resident memory now.
pub(crate) fn resident_kib() -> Value {
    status("VmRSS:")
}

fn status(name: &str) -> Value {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix(name)?.split_whitespace().next()?.parse::<u64>().ok());
    kib.map_or(Value::Null, Value::from)
}
