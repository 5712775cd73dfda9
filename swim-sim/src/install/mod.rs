//! The `install` commands: grammar, questions, and what each phase does to the tables.

mod phases;

use futures_util::FutureExt;

use crate::clock::install_date;
use crate::grammar::{Matched, matched};
use crate::shell::{Flow, Session};
use crate::state::SetState;
use crate::terminal::{Io, Typed};
use crate::{Fault, show};

/// Without a number the timer runs this many minutes.
const TIMER_MINUTES: f64 = 120.0;

/// What a line asks for.
#[derive(Clone, Debug, Default)]
struct Request {
    add: Option<String>,
    activate: bool,
    commit: bool,
    timer: Option<f64>,
    silent: bool,
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    Add,
    Activate,
    Commit,
    Abort,
    RollbackCommitted,
    RollbackId,
    RemoveInactive,
    TimerStop,
}

const TABLE: &[(&str, Verb)] = &[
    ("add file <x>", Verb::Add),
    ("add file <x> <...>", Verb::Add),
    ("activate", Verb::Activate),
    ("activate <...>", Verb::Activate),
    ("commit", Verb::Commit),
    ("abort", Verb::Abort),
    ("abort prompt-level none", Verb::Abort),
    ("rollback to committed", Verb::RollbackCommitted),
    ("rollback to committed prompt-level none", Verb::RollbackCommitted),
    ("rollback to id <x>", Verb::RollbackId),
    ("rollback to id <x> prompt-level none", Verb::RollbackId),
    ("remove inactive", Verb::RemoveInactive),
    ("auto-abort-timer stop", Verb::TimerStop),
];

/// Runs `install REST`.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Io<Flow> {
    let (verb, args) = match matched(rest, TABLE) {
        Matched::Action(verb, args) => (verb, args),
        Matched::Incomplete => return session.say("% Incomplete command.\n\n").await,
        Matched::Ambiguous => {
            return session.say(&format!("% Ambiguous command:  \"install {rest}\"\n")).await;
        }
        Matched::Invalid(at) => return wrong(session, at).await,
    };
    let options: Vec<String> = args
        .iter()
        .skip(usize::from(matches!(verb, Verb::Add)))
        .flat_map(|a| a.split(' ').map(str::to_owned))
        .collect();
    let mut request = Request { silent: rest.contains("prompt-level none"), ..Request::default() };
    match verb {
        Verb::Add | Verb::Activate => {
            request.add = matches!(verb, Verb::Add).then(|| args.first().cloned().unwrap_or_default());
            request.activate = matches!(verb, Verb::Activate);
            let mut words = options.iter().map(String::as_str);
            while let Some(word) = words.next() {
                match word {
                    "activate" => request.activate = true,
                    "commit" => request.commit = true,
                    "prompt-level" | "file" => {
                        words.next();
                    }
                    "auto-abort-timer" => {
                        let minutes = words.next().and_then(|m| m.parse::<f64>().ok());
                        let Some(minutes) = minutes.filter(|m| (30.0..=1200.0).contains(m)) else {
                            return wrong(session, rest.find(word).unwrap_or(0)).await;
                        };
                        request.timer = Some(minutes);
                    }
                    other => return wrong(session, rest.find(other).unwrap_or(0)).await,
                }
            }
        }
        Verb::Commit => request.commit = true,
        _ => {}
    }
    if let Some(busy) = busy(session) {
        let name = name(verb, &request);
        return session
            .say(&format!(
                "{name}: START {}\nFAILED: {name} Another install operation is in progress ({busy})\n",
                date(session)
            ))
            .await;
    }
    match verb {
        Verb::Add | Verb::Activate | Verb::Commit => upgrade(session, &request, name(verb, &request)).await,
        Verb::Abort => go_back(session, "install_abort", request.silent, None).await,
        Verb::RollbackCommitted => go_back(session, "install_rollback", request.silent, None).await,
        Verb::RollbackId => go_back(session, "install_rollback", request.silent, args.first().cloned()).await,
        Verb::RemoveInactive => remove_inactive(session).await,
        Verb::TimerStop => {
            session.device.state().auto_abort = None;
            let date = date(session);
            session.say(&format!("install_auto_abort_timer: START {date}\nAuto abort timer is stopped\nSUCCESS: install_auto_abort_timer {date}\n")).await
        }
    }
}

async fn wrong(session: &mut Session, at: usize) -> Io<Flow> {
    /// `install ` and about a prompt stand before the rest.
    const BEFORE: usize = 8;
    let prompt = session.device.state().running.hostname.len() + 1;
    session.say(&format!("{}^\n% Invalid input detected at '^' marker.\n\n", " ".repeat(prompt + BEFORE + at))).await
}

fn date(session: &Session) -> String {
    install_date(session.device.clock().now())
}

fn busy(session: &Session) -> Option<String> {
    let spec = session.device.spec();
    let elapsed = session.device.clock().elapsed();
    let mut state = session.device.state();
    if let Some(Fault::InstallBusy { seconds }) = spec.faults.iter().find(|f| matches!(f, Fault::InstallBusy { .. })) {
        let until = *state.foreign_install_until.get_or_insert(elapsed + *seconds as f64);
        if elapsed < until {
            return Some("install_add".to_owned());
        }
    }
    state.install_busy.clone()
}

fn name(verb: Verb, request: &Request) -> &'static str {
    match (verb, request.add.is_some(), request.activate, request.commit) {
        (_, true, true, true) => "install_add_activate_commit",
        (_, true, true, false) => "install_add_activate",
        (_, true, false, _) => "install_add",
        (_, false, true, true) => "install_activate_commit",
        (_, false, true, false) => "install_activate",
        (Verb::Commit, ..) => "install_commit",
        (Verb::Abort, ..) => "install_abort",
        (Verb::RemoveInactive, ..) => "install_remove",
        (Verb::TimerStop, ..) => "install_auto_abort_timer",
        _ => "install_rollback",
    }
}

/// Add, activate and commit, in one line or alone.
async fn upgrade(session: &mut Session, request: &Request, name: &'static str) -> Io<Flow> {
    let spec = session.device.spec();
    let start = date(session);
    session.terminal.put(&format!("{name}: START {start}\n")).await?;
    if request.add.is_some() && session.device.state().unsaved() {
        let words = "System configuration has been modified. Please save configuration and resubmit command.";
        return session.say(&format!("FAILED: {name} : {words}\n")).await;
    }
    if let Some(path) = &request.add {
        let device = session.device.clone();
        let source = show::flash_of(&spec, path);
        let path = path.clone();
        session.device.state().install_busy = Some(name.to_owned());
        let added = session
            .terminal
            .follow(move |out| phases::unmarked(device.clone(), phases::add(device, source, path, out)).boxed())
            .await?;
        session.device.state().install_busy = None;
        if let Err(words) = added {
            return fail(session, name, &words).await;
        }
    }
    if request.activate {
        let Some(target) = target(session) else {
            return fail(session, name, "No inactive package to activate").await;
        };
        let files = crate::state::package_files(&spec.family, &target, spec.image_bytes);
        let mut text = String::from("install_activate: Activating IMG\nFollowing packages shall be activated:\n");
        text.extend(files.iter().map(|(f, _)| format!("/flash/{f}\n")));
        session.terminal.put(&text).await?;
        if !request.silent
            && !proceed(session, "\nThis operation may require a reload of the system. Do you want to proceed? [y/n]")
                .await?
        {
            return session.say(&format!("User Rejected Activation\nSUCCESS: {name} {}\n", date(session))).await;
        }
        session.device.state().install_busy = Some(name.to_owned());
        let (device, timer, commit) = (session.device.clone(), request.timer, request.commit);
        let timer = timer.unwrap_or(TIMER_MINUTES);
        let done = session
            .terminal
            .follow(move |out| {
                phases::unmarked(device.clone(), phases::activate(device, target, commit, timer, name, out)).boxed()
            })
            .await?;
        return match done {
            Ok(()) => Ok(Flow::Exit),
            Err(words) => {
                session.device.state().install_busy = None;
                fail(session, name, &words).await
            }
        };
    }
    if request.commit {
        if session.device.state().active().set(SetState::Uncommitted).is_none() {
            return fail(session, name, "No uncommitted package to commit").await;
        }
        session.device.state().install_busy = Some(name.to_owned());
        let device = session.device.clone();
        let done = session
            .terminal
            .follow(move |out| phases::unmarked(device.clone(), phases::commit(device, out)).boxed())
            .await?;
        session.device.state().install_busy = None;
        if let Err(words) = done {
            return fail(session, name, &words).await;
        }
    }
    let end = date(session);
    session.device.state().install_log.push(format!("{name}: {start} .. {end}: SUCCESS"));
    session.say(&format!("\nSUCCESS: {name} {end}\n")).await
}

/// The inactive set that an activation takes: the one that was added last.
fn target(session: &Session) -> Option<String> {
    let state = session.device.state();
    state.active().sets.iter().rev().find(|s| s.state == SetState::Inactive).map(|s| s.short.clone())
}

/// Prints the words and exactly one closing line.
async fn fail(session: &mut Session, name: &str, words: &str) -> Io<Flow> {
    session.device.state().install_log.push(format!("{name}: FAILED {words}"));
    if words.lines().any(|l| l.starts_with("FAILED: install_")) {
        return session.say(&format!("{words}\n")).await;
    }
    let end = date(session);
    session.say(&format!("{words}\n\nFAILED: {name} {end}\n")).await
}

async fn proceed(session: &mut Session, question: &str) -> Io<bool> {
    loop {
        match session.terminal.ask(question).await? {
            Typed::Line(answer) => match answer.trim() {
                "y" | "Y" | "yes" => return Ok(true),
                "n" | "N" | "no" => return Ok(false),
                _ => {}
            },
            Typed::Break | Typed::End => return Ok(false),
        }
    }
}

/// Abort and rollback.
async fn go_back(session: &mut Session, name: &'static str, silent: bool, id: Option<String>) -> Io<Flow> {
    let start = date(session);
    session.terminal.put(&format!("{name}: START {start}\n")).await?;
    let target = match &id {
        None => {
            let uncommitted = session.device.state().active().set(SetState::Uncommitted).is_some();
            if !uncommitted {
                return fail(session, name, "Nothing to go back to: the running packages are committed").await;
            }
            None
        }
        Some(id) => {
            let long = session.device.state().rollback.iter().find(|p| p.id.to_string() == *id).map(|p| p.long.clone());
            let Some(long) = long.filter(|l| session.device.state().active().sets.iter().any(|s| s.long == *l)) else {
                return fail(session, name, &format!("rollback point {id} is not available")).await;
            };
            Some(long)
        }
    };
    if !silent
        && !proceed(session, "\nThis operation may require a reload of the system. Do you want to proceed? [y/n]")
            .await?
    {
        return session.say(&format!("User Rejected Rollback\nSUCCESS: {name} {}\n", date(session))).await;
    }
    session.device.state().install_busy = Some(name.to_owned());
    let device = session.device.clone();
    session.terminal.follow(move |out| phases::go_back(device, target, name, out).boxed()).await?;
    Ok(Flow::Exit)
}

async fn remove_inactive(session: &mut Session) -> Io<Flow> {
    let name = "install_remove";
    let files = phases::removable(&session.device);
    let start = date(session);
    let mut text = format!(
        "{name}: START {start}\n{name}: Removing IMG\nCleaning up unnecessary package files\nNo path specified, will use booted path /flash/packages.conf\n\nCleaning /flash\n  Scanning boot directory for packages ... done.\n  Preparing packages list to delete ...\n"
    );
    if files.is_empty() {
        text += &format!(
            "SUCCESS: No extra package or provisioning files found on media. Nothing to clean.\nSUCCESS: {name} {start}\n"
        );
        return session.say(&text).await;
    }
    text += "\nThe following files will be deleted:\n";
    for (member, file) in &files {
        text += &format!("    [R{}]: /flash/{file}\n", member - 1);
    }
    session.terminal.put(&text).await?;
    if !proceed(session, "\nDo you want to remove the above files? [y/n]").await? {
        return session.say(&format!("User Rejected Deletion\nSUCCESS: {name} {}\n", date(session))).await;
    }
    phases::remove(&session.device, &files);
    let end = date(session);
    session
        .say(&format!("\nDeleting files ... done.\nSUCCESS: Files deleted.\n\n--- Starting Post_Remove_Cleanup ---\nPerforming REMOVE_POSTCHECK on all members\nFinished Post_Remove_Cleanup\nSUCCESS: {name} {end}\n"))
        .await
}
