//! Configuration mode.

use super::{Flow, Mode, Session};
use crate::grammar::{Matched, matched};
use crate::state::BootLine;
use crate::terminal::Io;
use crate::{BootStatement, Kind, show};

#[derive(Clone, Copy, Debug)]
enum Set {
    End,
    Exit,
    Boot,
    NoBoot,
    NoBootLine,
    Manual(bool),
    Register,
    ScpServer(bool),
    DomainLookup(bool),
    QuietFiles(bool),
    Hostname,
    Interface,
    Line,
    /// A line that is kept as it is.
    Keep,
    /// Takes a kept line away.
    Forget,
    Do,
}

const TABLE: &[(&str, Set)] = &[
    ("end", Set::End),
    ("exit", Set::Exit),
    ("do <...>", Set::Do),
    ("boot system <...>", Set::Boot),
    ("no boot system", Set::NoBoot),
    ("no boot system <...>", Set::NoBootLine),
    ("boot manual", Set::Manual(true)),
    ("no boot manual", Set::Manual(false)),
    ("config-register <x>", Set::Register),
    ("ip scp server enable", Set::ScpServer(true)),
    ("no ip scp server enable", Set::ScpServer(false)),
    ("ip domain-lookup", Set::DomainLookup(true)),
    ("no ip domain-lookup", Set::DomainLookup(false)),
    ("ip domain lookup", Set::DomainLookup(true)),
    ("no ip domain lookup", Set::DomainLookup(false)),
    ("file prompt quiet", Set::QuietFiles(true)),
    ("no file prompt quiet", Set::QuietFiles(false)),
    ("file prompt alert", Set::QuietFiles(false)),
    ("hostname <x>", Set::Hostname),
    ("interface <...>", Set::Interface),
    ("line <...>", Set::Line),
    ("description <...>", Set::Keep),
    ("shutdown", Set::Keep),
    ("no shutdown", Set::Keep),
    ("ip <...>", Set::Keep),
    ("no ip <...>", Set::Forget),
    ("logging <...>", Set::Keep),
    ("no logging <...>", Set::Forget),
    ("ntp <...>", Set::Keep),
    ("no ntp <...>", Set::Forget),
    ("snmp-server <...>", Set::Keep),
    ("no snmp-server <...>", Set::Forget),
    ("banner <...>", Set::Keep),
    ("exec-timeout <...>", Set::Keep),
];

impl Session {
    pub(super) async fn enter_configuration(&mut self) -> Io<Flow> {
        self.mode = Mode::Config;
        self.say("Enter configuration commands, one per line.  End with CNTL/Z.\n").await
    }

    pub(super) async fn configure(&mut self, line: &str, column: usize) -> Io<Flow> {
        match matched(line, TABLE) {
            Matched::Action(set, args) => self.set(set, line, args.first().map_or("", String::as_str), column).await,
            Matched::Invalid(at) => self.invalid(line, column, at).await,
            Matched::Incomplete => self.say("% Incomplete command.\n\n").await,
            Matched::Ambiguous => self.say(&format!("% Ambiguous command:  \"{line}\"\n")).await,
        }
    }

    async fn set(&mut self, set: Set, line: &str, arg: &str, column: usize) -> Io<Flow> {
        match set {
            Set::End => {
                self.mode = Mode::Exec;
                return Ok(Flow::Next);
            }
            Set::Exit => {
                self.mode = if self.mode == Mode::Config { Mode::Exec } else { Mode::Config };
                return Ok(Flow::Next);
            }
            Set::Do => {
                let back = std::mem::replace(&mut self.mode, Mode::Exec);
                let done = Box::pin(self.command(arg, column + line.len() - arg.len())).await;
                self.mode = back;
                return done.map(|_| Flow::Next);
            }
            Set::Interface | Set::Line => {
                self.mode = Mode::Sub(if matches!(set, Set::Line) { "config-line" } else { "config-if" });
                return Ok(Flow::Next);
            }
            Set::Boot => {
                let Some(statement) = boot_statement(&self.device.spec(), arg) else {
                    return self.invalid(line, column, line.len() - arg.len()).await;
                };
                let style = self.device.spec().boot_statement;
                let mut state = self.device.state();
                if style == BootStatement::Replaces {
                    state.running.boot.clear();
                }
                if !state.running.boot.contains(&statement) {
                    state.running.boot.push(statement);
                }
            }
            _ => self.simple(set, line, arg),
        }
        let now = self.device.clock().now();
        self.device.state().touch(now);
        Ok(Flow::Next)
    }

    fn simple(&self, set: Set, line: &str, arg: &str) {
        let kept = line.trim().to_owned();
        let mut state = self.device.state();
        let config = &mut state.running;
        match set {
            Set::NoBoot => config.boot.clear(),
            Set::NoBootLine => {
                let gone = format!("boot system {arg}");
                config.boot.retain(|l| l.line != gone);
            }
            Set::Manual(on) => config.manual_boot = on,
            Set::Register => config.register = arg.to_owned(),
            Set::ScpServer(on) => config.scp_server = on,
            Set::DomainLookup(on) => config.domain_lookup = on,
            Set::QuietFiles(on) => config.quiet_files = on,
            Set::Hostname => config.hostname = arg.to_owned(),
            Set::Keep if !config.other.contains(&kept) => config.other.push(kept),
            Set::Forget => {
                let gone = kept.strip_prefix("no ").unwrap_or(&kept).to_owned();
                config.other.retain(|l| *l != gone);
            }
            _ => {}
        }
    }
}

/// Reads what follows `boot system`, in the forms that this kind of device has; `None` for another.
fn boot_statement(spec: &crate::DeviceSpec, rest: &str) -> Option<BootLine> {
    let line = format!("boot system {rest}");
    let words: Vec<&str> = rest.split_whitespace().collect();
    let named = |path: &str| show::flash_of(spec, path).is_some();
    let (list, in_flash) = match (spec.kind, words.as_slice()) {
        (Kind::Cat9300Stack { .. } | Kind::IosSwitch, ["switch", "all" | "1" | "2" | "3" | "4", list]) => {
            (*list, false)
        }
        (Kind::Cat9300Stack { .. } | Kind::IosRouter, ["flash" | "bootflash", path]) => (*path, true),
        (Kind::IosRouter, ["tftp", _, _] | ["tftp", _] | ["rom"]) => {
            return Some(BootLine { line, paths: Vec::new() });
        }
        (_, [list]) => (*list, false),
        _ => return None,
    };
    let paths: Vec<String> = list
        .split(';')
        .filter(|p| !p.is_empty())
        .map(|p| if in_flash && !p.contains(':') { format!("{}{p}", spec.flash_prefix()) } else { p.to_owned() })
        .collect();
    (!paths.is_empty() && paths.iter().all(|p| named(p))).then_some(BootLine { line, paths })
}
