//! The line of steps, from goal, inventory and policy. Pure.

use super::room;
use crate::model::{ActivateMode, Algorithm, Direction, Inventory, Member, Mode, Policy, Protocol, UnsavedConfig};
use crate::platform::{Definition, Goal, StepKind, StepSpec};
use crate::version::Version;
use crate::{Error, ErrorKind, Result};

pub(super) fn line(
    definition: &Definition,
    goal: &Goal,
    inventory: &Inventory,
    policy: &Policy,
) -> Result<Vec<StepSpec>> {
    let missing = |what: &str| {
        Error::new(ErrorKind::Blocked, "plan", format!("the device did not tell its {what}"))
            .with("device", &inventory.device)
    };
    // An archive is unpacked with `archive download-sw`; booted as it is, it stops the device in its boot loader.
    if goal.file_name.get(goal.file_name.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case(".tar"))
    {
        let what = format!("{} is an archive, and no step unpacks archives yet", goal.file_name);
        return Err(Error::new(ErrorKind::Unsupported, "plan", what).with("device", &inventory.device));
    }
    let running = inventory.version.clone().ok_or_else(|| missing("version"))?;
    let mode = inventory.mode.ok_or_else(|| missing("mode"))?;
    if runs_everywhere(inventory, &goal.version) {
        return Ok(Vec::new());
    }
    let members = &inventory.members;
    let active = members
        .iter()
        .find(|m| matches!(m.role.as_deref(), Some("Active" | "Master")))
        .or_else(|| members.first())
        .ok_or_else(|| missing("members"))?;
    let flash = active.flash.as_ref().ok_or_else(|| missing("flash"))?;
    let path = format!("{}{}", flash.prefix, goal.file_name);

    let mut out = Vec::new();
    if policy.unsaved_config == UnsavedConfig::Save && inventory.config_unsaved != Some(false) {
        out.push(
            StepSpec::new(StepKind::SaveConfig, "save the running configuration").ensures("a reload loses nothing"),
        );
    }
    make_room(goal, inventory, policy, mode, &path, &mut out)?;
    out.push(
        StepSpec::new(
            StepKind::transfer(goal.image, goal.bytes, path.clone(), order(definition, goal.bytes, policy)?),
            format!("copy {} ({} bytes) to {path}", goal.file_name, goal.bytes),
        )
        .ensures(format!("{path} has {} bytes", goal.bytes)),
    );
    out.push(verify(definition, goal, &running, &path));
    if mode == Mode::Bundle {
        for other in members.iter().filter(|m| m.number != active.number) {
            let prefix =
                &other.flash.as_ref().ok_or_else(|| missing(&format!("flash of member {}", other.number)))?.prefix;
            let to = format!("{prefix}{}", goal.file_name);
            let kind = StepKind::CopyLocal { from: path.clone(), to: to.clone(), bytes: goal.bytes };
            out.push(
                StepSpec::new(kind, format!("copy {path} to {to}")).ensures(format!("member {} has it", other.number)),
            );
            out.push(verify(definition, goal, &running, &to));
        }
    }
    if policy.activate == ActivateMode::Off {
        return Ok(out);
    }
    match mode {
        Mode::Install => install(goal, &running, policy, &path, &mut out),
        Mode::Bundle => bundle(goal, inventory, &running, &path, &mut out),
    }
    let prove = StepKind::Prove {
        version: goal.version.clone(),
        mode: Some(mode),
        members: inventory.member_numbers(),
        hostname: inventory.hostname.clone(),
    };
    out.push(
        StepSpec::new(prove, format!("prove that every member runs {}", goal.version))
            .ensures("proven after a fresh login: version, mode, members, host name"),
    );
    if policy.post_check {
        out.push(StepSpec::new(StepKind::PostCheck, "ask the post-check").ensures("the operator is content"));
    }
    if mode == Mode::Install {
        let mut commit = StepSpec::new(
            StepKind::InstallCommit { version: goal.version.clone() },
            format!("commit {}", goal.version),
        )
        .requires("the activation is proven")
        .ensures("it survives reloads; the auto-abort timer is stopped")
        .irreversible();
        commit.held = policy.hold_commit;
        out.push(commit);
    }
    Ok(out)
}

fn runs_everywhere(inventory: &Inventory, version: &Version) -> bool {
    let same = |v: &Option<Version>| v.as_ref().is_some_and(|v| v.same_release(version));
    same(&inventory.version) && inventory.members.iter().all(|m| same(&m.version))
}

/// The policy's order, without what the platform does not know and without TFTP where it cannot be done in time.
fn order(definition: &Definition, bytes: u64, policy: &Policy) -> Result<Vec<(Protocol, Direction)>> {
    let known = &definition.abilities.transfers;
    let mut order: Vec<_> = policy.transfers.iter().filter(|t| known.contains(t)).copied().collect();
    let too_slow = crate::transfer::too_slow_for_tftp(bytes, &policy.link);
    if too_slow.is_some() {
        order.retain(|(protocol, _)| *protocol != Protocol::Tftp);
    }
    if !order.is_empty() {
        return Ok(order);
    }
    if let Some(why) = too_slow.filter(|_| policy.transfers.iter().any(|(p, _)| *p == Protocol::Tftp)) {
        return Err(Error::new(ErrorKind::Blocked, "plan", why));
    }
    let names = |list: &[(Protocol, Direction)]| {
        let name = |(p, d): &(Protocol, Direction)| format!("{p} {d}");
        list.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let what = format!("the policy's transfers are {}; this platform knows {}", names(&policy.transfers), names(known));
    Err(Error::new(ErrorKind::Blocked, "plan", what))
}

fn verify(definition: &Definition, goal: &Goal, running: &Version, path: &str) -> StepSpec {
    // SHA-512 is there since IOS XE 16; older releases and IOS know MD5.
    let modern = definition.versions == crate::version::Scheme::IosXe
        && !running.as_str().trim_start_matches('0').starts_with('3');
    let algorithm = if modern { Algorithm::Sha512 } else { Algorithm::Md5 };
    // Both were always taken; what is absent could never be equal to the device's answer.
    let expected = goal.digests.get(algorithm).unwrap_or_default();
    StepSpec::new(
        StepKind::VerifyDigest { path: path.to_owned(), algorithm, expected },
        format!("let the device compute the {} of {path}", algorithm.name()),
    )
    .ensures("the bytes on flash are the bytes of the repository")
}

fn make_room(
    goal: &Goal,
    inventory: &Inventory,
    policy: &Policy,
    mode: Mode,
    path: &str,
    out: &mut Vec<StepSpec>,
) -> Result<()> {
    let mut deletions = Vec::new();
    for member in &inventory.members {
        let need = need(goal, member, mode);
        let free = member.flash.as_ref().and_then(|f| f.free).unwrap_or(u64::MAX);
        if free >= need {
            continue;
        }
        let found = if policy.make_room { room::candidates(inventory, member, &[path], need) } else { None };
        deletions.extend(found.ok_or_else(|| {
            Error::new(
                ErrorKind::NoSpace,
                "plan",
                format!(
                    "member {} has {free} bytes free and needs {need}, and no unused images to delete",
                    member.number
                ),
            )
        })?);
    }
    if !deletions.is_empty() {
        let names: Vec<_> = deletions.iter().map(|d| format!("{} ({} bytes)", d.path, d.bytes)).collect();
        let title = format!("delete {}", names.join(", "));
        out.push(
            StepSpec::new(StepKind::MakeRoom { deletions }, title)
                .requires("none of them is running or in a boot list")
                .ensures("there is room for the image"),
        );
    }
    Ok(())
}

/// The file; in install mode once more its size for the expanded packages.
fn need(goal: &Goal, member: &Member, mode: Mode) -> u64 {
    let there = member.flash.iter().flat_map(|f| &f.files).any(|f| f.name == goal.file_name && f.bytes == goal.bytes);
    let file = if there { 0 } else { goal.bytes };
    match mode {
        Mode::Install => file + goal.bytes,
        Mode::Bundle => file,
    }
}

fn install(goal: &Goal, running: &Version, policy: &Policy, path: &str, out: &mut Vec<StepSpec>) {
    let version = goal.version.clone();
    out.push(
        StepSpec::new(
            StepKind::InstallAdd { path: path.to_owned(), version: version.clone() },
            format!("install add {path}"),
        )
        .requires("no other install is under way")
        .ensures(format!("{version} is inactive on every member"))
        .irreversible(),
    );
    let minutes = policy.auto_abort_minutes;
    out.push(
        StepSpec::new(
            StepKind::InstallActivate {
                version: version.clone(),
                auto_abort_minutes: minutes,
                previous: Some(running.clone()),
            },
            format!("activate {version}; without a commit the device goes back to {running} after {minutes} minutes"),
        )
        .requires("no uncommitted install is there")
        .ensures(format!("every member reloaded and runs {version}"))
        .irreversible(),
    );
}

fn bundle(goal: &Goal, inventory: &Inventory, running: &Version, path: &str, out: &mut Vec<StepSpec>) {
    let old = inventory.image.clone();
    out.push(
        StepSpec::new(
            StepKind::SetBoot {
                path: path.to_owned(),
                fallback: old.iter().cloned().collect(),
                undo: inventory.boot.lines.clone().unwrap_or_default(),
            },
            format!("boot {path} first, then {}", old.as_deref().unwrap_or("nothing")),
        )
        .requires(format!("{path} is verified"))
        .ensures("the saved boot list names the new image first"),
    );
    out.push(
        StepSpec::new(
            StepKind::Reload {
                version: goal.version.clone(),
                image: Some(path.to_owned()),
                previous: Some(running.clone()),
                previous_image: old,
            },
            format!("reload into {}", goal.version),
        )
        .requires("the boot list is saved")
        .ensures(format!("the device reloaded and runs {}", goal.version))
        .irreversible(),
    );
}
