//! Whole upgrades on simulated devices in virtual time: real SSH, real transfers, the real engine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod commit;
mod crash;
mod fleet;
mod happy;
mod kept_away;
mod kill;
mod secrets;
mod servers;
mod telnet;
mod verdicts;
