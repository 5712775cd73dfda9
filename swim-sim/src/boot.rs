//! The reload engine: which image a boot ends on.

use crate::flash::Content;
use crate::release::unpadded;
use crate::state::{Power, SetState, State};
use crate::{DeviceSpec, Fault, Kind, Mode};

/// What a member boots.
struct Choice {
    version: String,
    image: String,
    mode: Mode,
}

impl State {
    /// Boots: takes the saved configuration and the first image of its boot list that is there, whole and of this
    /// family; `None` of them leaves the device in its boot loader. An uncommitted activation survives only the reload
    /// that belongs to it (`activating`).
    pub(crate) fn boot(&mut self, spec: &DeviceSpec, activating: bool, now: f64) {
        self.running = self.startup.clone();
        self.changed = self.saved;
        self.booted = now;
        self.install_busy = None;
        self.copies_running = 0;
        if spec.faults.contains(&Fault::NeverReturns) {
            self.power = Power::Loader;
            return;
        }
        let back_on_old = spec.faults.contains(&Fault::ComesBackOnOld);
        if !activating || back_on_old {
            self.back_to_committed();
        }
        if !back_on_old {
            let stays: Vec<u32> = spec
                .faults
                .iter()
                .filter_map(|f| if let Fault::MemberStaysOnOld { member } = f { Some(*member) } else { None })
                .collect();
            let choices: Vec<Option<Choice>> = self.members.iter().map(|m| self.choose(spec, m.number)).collect();
            if choices.first().is_none_or(Option::is_none) {
                self.power = Power::Loader;
                return;
            }
            for (member, choice) in self.members.iter_mut().zip(choices) {
                if let Some(choice) = choice.filter(|_| !stays.contains(&member.number)) {
                    member.version = choice.version;
                    member.image = choice.image;
                    member.mode = choice.mode;
                }
            }
        }
        for fault in &spec.faults {
            match fault {
                Fault::MemberMissing { member } => {
                    if let Some(m) = self.member_mut(*member) {
                        m.missing = true;
                    }
                }
                Fault::AuthFailsAfterReload { times } => self.refuse_logins = *times,
                Fault::RefuseConnections { count } => self.refuse_left = *count,
                _ => {}
            }
        }
        self.power = Power::Up;
    }

    /// Undoes an activation that is not committed.
    pub(crate) fn back_to_committed(&mut self) {
        for member in &mut self.members {
            if member.set(SetState::Fallback).is_none() {
                continue;
            }
            for set in &mut member.sets {
                set.state = match set.state {
                    SetState::Fallback => SetState::Committed,
                    SetState::Uncommitted => SetState::Inactive,
                    other => other,
                };
            }
        }
        self.auto_abort = None;
    }

    fn choose(&self, spec: &DeviceSpec, number: u32) -> Option<Choice> {
        // Boot field 0 of the register: stop in the boot loader.
        if self.running.register.ends_with('0') || self.running.manual_boot {
            return None;
        }
        let list = self.running.boot_paths();
        if let Some(choice) = list.iter().find_map(|path| self.bootable(spec, number, path)) {
            return Some(choice);
        }
        if matches!(spec.kind, Kind::Cat9300Stack { .. }) {
            return None;
        }
        // Without a list that works, a switch or router takes the first image that it finds on flash.
        let files = &self.member(number)?.flash.files;
        let first = files.iter().find(|(_, f)| matches!(&f.content, Content::Image(i) if i.fits(&spec.family)))?.0;
        self.bootable(spec, number, &format!("{}{first}", spec.flash_prefix()))
    }

    fn bootable(&self, spec: &DeviceSpec, number: u32, path: &str) -> Option<Choice> {
        let name = path.split_once(':').map_or(path, |(_, name)| name).trim_start_matches('/');
        let member = self.members.iter().find(|m| m.number == number)?;
        match &member.flash.files.get(name)?.content {
            Content::Image(image) if image.fits(&spec.family) => Some(Choice {
                version: unpadded_if_xe(spec, &image.version),
                image: path.to_owned(),
                mode: Mode::Bundle,
            }),
            Content::Provisioning => {
                let set = member.set(SetState::Uncommitted).or_else(|| member.set(SetState::Committed))?;
                Some(Choice { version: set.short.clone(), image: path.to_owned(), mode: Mode::Install })
            }
            _ => None,
        }
    }
}

fn unpadded_if_xe(spec: &DeviceSpec, version: &str) -> String {
    if spec.install_mode() { unpadded(version) } else { version.to_owned() }
}
