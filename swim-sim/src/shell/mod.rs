//! A session of the command line: prompts, modes, and who handles which command.

mod admin;
mod configure;
mod copy;
mod files;
mod reload;
mod table;
mod verify;

use crate::grammar::{Matched, matched};
use crate::terminal::{Gone, Io, Terminal, Typed};
use crate::{Fault, SimDevice, install, show};
use table::Action;

/// How a session begins.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// With a prompt.
    Shell,
    /// With one command, and ends after it.
    Exec(String),
}

/// Lines of a page before `terminal length` says otherwise.
pub(crate) const PAGE: u32 = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Exec,
    Config,
    /// `(config-if)` and the like.
    Sub(&'static str),
}

/// What comes after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Exit,
}

pub(crate) struct Session {
    pub(crate) device: SimDevice,
    pub(crate) terminal: Terminal,
    privilege: u8,
    mode: Mode,
}

/// Runs a session until it ends.
pub(crate) async fn run(device: SimDevice, start: Start, terminal: Terminal) {
    let privilege = device.spec().privilege;
    let mut session = Session { device, terminal, privilege, mode: Mode::Exec };
    let ended = match &start {
        Start::Shell => session.interact().await,
        Start::Exec(line) => session.command(line.trim(), 0).await.map(|_| ()),
    };
    if ended.is_ok() {
        session.terminal.finish(matches!(start, Start::Exec(_)).then_some(0)).await;
    }
}

impl Session {
    fn prompt(&self) -> String {
        /// The configuration prompt keeps only so much of a host name.
        const CONFIG_NAME: usize = 20;
        let host = self.device.state().running.hostname.clone();
        let short: String = host.chars().take(CONFIG_NAME).collect();
        match self.mode {
            Mode::Exec if self.privilege == 15 => format!("{host}#"),
            Mode::Exec => format!("{host}>"),
            Mode::Config => format!("{short}(config)#"),
            Mode::Sub(name) => format!("{short}({name})#"),
        }
    }

    async fn interact(&mut self) -> Io<()> {
        loop {
            let prompt = self.prompt();
            self.terminal.prompt(&prompt).await?;
            match self.terminal.line(false).await? {
                Typed::Line(line) => {
                    if self.command(line.trim_end(), prompt.len()).await? == Flow::Exit {
                        return Ok(());
                    }
                }
                Typed::End if self.mode != Mode::Exec => self.mode = Mode::Exec,
                Typed::End | Typed::Break => {}
            }
        }
    }

    /// One line; `column` is where it began on the screen.
    async fn command(&mut self, line: &str, column: usize) -> Io<Flow> {
        if line.trim().is_empty() || line.trim_start().starts_with('!') {
            return Ok(Flow::Next);
        }
        self.faults_at(line).await?;
        if self.mode != Mode::Exec {
            return self.configure(line, column).await;
        }
        let (line, filter) = show::filter::split(line);
        let spec = self.device.spec();
        let table = table::of(spec.kind, self.privilege);
        match matched(line, &table) {
            Matched::Action(action, args) => self.act(action, &args, filter).await,
            Matched::Invalid(at) => self.invalid(line, column, at).await,
            Matched::Incomplete => self.say("% Incomplete command.\n\n").await,
            Matched::Ambiguous => self.say(&format!("% Ambiguous command:  \"{line}\"\n")).await,
        }
    }

    pub(crate) async fn say(&mut self, text: &str) -> Io<Flow> {
        self.terminal.put(text).await?;
        Ok(Flow::Next)
    }

    async fn invalid(&mut self, line: &str, column: usize, at: usize) -> Io<Flow> {
        /// How long a device asks for a name server that is not there.
        const LOOKUP_SECONDS: f64 = 6.0;
        let word = line.trim();
        let lookup = self.device.state().running.domain_lookup;
        if self.mode == Mode::Exec && lookup && !word.contains(' ') {
            self.terminal.put(&format!("Translating \"{word}\"...domain server (255.255.255.255)\n")).await?;
            self.device.clock().sleep(LOOKUP_SECONDS).await;
            return self.say("% Unknown command or computer name, or unable to find computer address\n").await;
        }
        let caret = " ".repeat(column + at);
        self.say(&format!("{caret}^\n% Invalid input detected at '^' marker.\n\n")).await
    }

    /// Faults that wait for a command.
    async fn faults_at(&mut self, line: &str) -> Io<()> {
        for fault in &self.device.spec().faults {
            match fault {
                Fault::HangAt { command_prefix } if line.starts_with(command_prefix.as_str()) => {
                    // Nothing more is said; only the other side can end it.
                    while self.terminal.line(true).await.is_ok() {}
                    return Err(Gone);
                }
                Fault::UnknownPrompt { command_prefix, text } if line.starts_with(command_prefix.as_str()) => {
                    self.terminal.ask(text).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn act(&mut self, action: Action, args: &[String], filter: Option<show::filter::Filter>) -> Io<Flow> {
        let arg = |n: usize| args.get(n).map_or("", String::as_str);
        match action {
            Action::Show(what) => {
                let text = show::text(&self.device, what, args, self.privilege);
                let text = filter.map_or_else(|| text.clone(), |f| f.apply(&text));
                self.say(&text).await
            }
            Action::Nothing => Ok(Flow::Next),
            Action::Length => {
                self.terminal.length = arg(0).parse().unwrap_or(0);
                Ok(Flow::Next)
            }
            Action::Exit => Ok(Flow::Exit),
            Action::Enable => self.enable().await,
            Action::Disable => {
                self.privilege = 1;
                Ok(Flow::Next)
            }
            Action::Configure => self.enter_configuration().await,
            Action::ConfigureAsk => {
                match self.terminal.ask("Configuring from terminal, memory, or network [terminal]? ").await? {
                    Typed::Line(answer) if "terminal".starts_with(answer.trim()) => self.enter_configuration().await,
                    _ => Ok(Flow::Next),
                }
            }
            Action::Save => self.save().await,
            Action::SaveAs => self.copy_running_to_startup().await,
            Action::Copy => self.copy(arg(0), arg(1)).await,
            Action::Dir => {
                let text = show::dir::text(&self.device, if args.is_empty() { None } else { Some(arg(0)) });
                let text = filter.map_or_else(|| text.clone(), |f| f.apply(&text));
                self.say(&text).await
            }
            Action::Delete { force } => self.delete(arg(0), force).await,
            Action::VerifyMd5 => self.verify(arg(0), "md5", args.get(1).cloned()).await,
            Action::VerifySha512 => self.verify(arg(0), "sha512", args.get(1).cloned()).await,
            Action::VerifyEmbedded => self.verify_embedded(arg(0)).await,
            Action::Reload => self.reload_command().await,
            Action::Install => install::run(self, arg(0)).await,
        }
    }
}
