//! The state of a device, and what a boot makes of it. Plain values: no waiting, no input or output.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::flash::{Content, Flash, StoredFile};
use crate::identity::Identity;
use crate::release::{long_version, padded};
use crate::{DeviceSpec, Fault, Kind, Mode, Received};

/// A boot statement of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BootLine {
    /// As it stands in the configuration.
    pub(crate) line: String,
    /// The images it names on flash, in order; none for `tftp` and `rom`.
    pub(crate) paths: Vec<String>,
}

/// The part of a configuration that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) hostname: String,
    pub(crate) boot: Vec<BootLine>,
    pub(crate) register: String,
    pub(crate) scp_server: bool,
    pub(crate) manual_boot: bool,
    pub(crate) quiet_files: bool,
    pub(crate) domain_lookup: bool,
    /// Lines that are kept and shown, without a meaning here.
    pub(crate) other: Vec<String>,
}

impl Config {
    pub(crate) fn boot_paths(&self) -> Vec<String> {
        self.boot.iter().flat_map(|l| l.paths.clone()).collect()
    }
}

/// State of a set of packages on one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetState {
    Inactive,
    Uncommitted,
    Committed,
    /// Committed, but another set is activated: it is where an abort goes back to. Not shown in the tables.
    Fallback,
}

#[derive(Clone, Debug)]
pub(crate) struct PackageSet {
    pub(crate) long: String,
    pub(crate) short: String,
    pub(crate) state: SetState,
}

#[derive(Clone, Debug)]
pub(crate) struct MemberState {
    pub(crate) number: u32,
    pub(crate) serial: String,
    pub(crate) mac: String,
    pub(crate) version: String,
    pub(crate) image: String,
    pub(crate) mode: Mode,
    pub(crate) missing: bool,
    pub(crate) flash: Flash,
    pub(crate) sets: Vec<PackageSet>,
}

impl MemberState {
    pub(crate) fn set(&self, state: SetState) -> Option<&PackageSet> {
        self.sets.iter().find(|s| s.state == state)
    }
}

/// The auto-abort timer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AutoAbort {
    /// Device seconds (see [`crate::clock::DeviceClock::elapsed`]) at which it goes off.
    pub(crate) at: f64,
    /// Tells this timer from earlier ones.
    pub(crate) serial: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct RollbackPoint {
    pub(crate) id: u32,
    pub(crate) long: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    Up,
    Booting,
    Loader,
}

pub(crate) struct State {
    pub(crate) power: Power,
    pub(crate) members: Vec<MemberState>,
    pub(crate) running: Config,
    pub(crate) startup: Config,
    pub(crate) changed: Option<Timestamp>,
    pub(crate) saved: Option<Timestamp>,
    pub(crate) auto_abort: Option<AutoAbort>,
    pub(crate) timer_started: bool,
    pub(crate) rollback: Vec<RollbackPoint>,
    pub(crate) install_log: Vec<String>,
    pub(crate) install_busy: Option<String>,
    /// Device seconds until which somebody else's install operation runs.
    pub(crate) foreign_install_until: Option<f64>,
    /// Device seconds of the last boot; negative when it was before the start.
    pub(crate) booted: f64,
    pub(crate) reload_reason: String,
    pub(crate) reload_count: u32,
    pub(crate) commands: Vec<String>,
    pub(crate) received: Vec<Received>,
    pub(crate) refuse_left: u32,
    pub(crate) refuse_logins: u32,
    pub(crate) drop_at: Option<u64>,
    pub(crate) lose_copy_session: bool,
    pub(crate) copies_running: u32,
    pub(crate) serial: u64,
}

impl State {
    pub(crate) fn new(spec: &DeviceSpec) -> Self {
        let boot = spec.boot.iter().map(|path| boot_line(spec, path)).collect();
        let startup = Config {
            hostname: spec.hostname.clone(),
            boot,
            register: spec.config_register.clone(),
            scp_server: spec.scp_server,
            manual_boot: false,
            quiet_files: false,
            domain_lookup: true,
            other: vec!["service timestamps log datetime msec".into(), "aaa new-model".into()],
        };
        let mut running = startup.clone();
        let unsaved = spec.faults.contains(&Fault::ConfigUnsaved);
        if unsaved {
            running.other.push("ntp server 192.0.2.123".into());
        }
        let earlier = |days: i64| spec.clock.checked_sub(jiff::SignedDuration::from_hours(24 * days)).ok();
        let mut state = Self {
            power: Power::Up,
            members: (1..=spec.member_count()).map(|n| member(spec, n)).collect(),
            running,
            startup,
            changed: if unsaved { earlier(1) } else { earlier(9) },
            saved: earlier(9),
            auto_abort: None,
            timer_started: false,
            rollback: Vec::new(),
            install_log: Vec::new(),
            install_busy: None,
            foreign_install_until: None,
            booted: -(spec.uptime_seconds as f64),
            reload_reason: if spec.install_mode() { "Reload Command".into() } else { "power-on".into() },
            reload_count: 0,
            commands: Vec::new(),
            received: Vec::new(),
            refuse_left: 0,
            refuse_logins: 0,
            drop_at: None,
            lose_copy_session: spec.faults.contains(&Fault::CopySessionLost),
            copies_running: 0,
            serial: 0,
        };
        if spec.install_mode() {
            state.rollback.push(RollbackPoint { id: 1, long: long_version(&spec.version) });
        }
        for fault in &spec.faults {
            match fault {
                Fault::RefuseConnections { count } => state.refuse_left = *count,
                Fault::DropSessionAtByte { n } => state.drop_at = Some(*n),
                Fault::ForeignUncommittedInstall => state.foreign_install(),
                _ => {}
            }
        }
        state
    }

    /// The active unit. Member 1 is always there.
    pub(crate) fn active(&self) -> &MemberState {
        &self.members[0]
    }

    pub(crate) fn member(&self, number: u32) -> Option<&MemberState> {
        self.members.iter().find(|m| m.number == number && !m.missing)
    }

    pub(crate) fn member_mut(&mut self, number: u32) -> Option<&mut MemberState> {
        self.members.iter_mut().find(|m| m.number == number && !m.missing)
    }

    pub(crate) fn present(&self) -> impl Iterator<Item = &MemberState> {
        self.members.iter().filter(|m| !m.missing)
    }

    pub(crate) fn unsaved(&self) -> bool {
        self.running != self.startup
    }

    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.changed = Some(now);
    }

    pub(crate) fn save(&mut self, now: Timestamp) {
        self.startup = self.running.clone();
        self.saved = Some(now);
    }

    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// The running version is an activation of somebody else, not committed.
    fn foreign_install(&mut self) {
        let serial = self.next_serial();
        for member in &mut self.members {
            let older =
                PackageSet { long: long_version("16.12.4"), short: "16.12.4".into(), state: SetState::Fallback };
            for set in &mut member.sets {
                set.state = SetState::Uncommitted;
            }
            member.sets.push(older);
        }
        self.auto_abort = Some(AutoAbort { at: FOREIGN_TIMER, serial });
    }
}

/// What is left of somebody else's timer at the start: most of its two hours.
const FOREIGN_TIMER: f64 = 6_582.0;

/// How `boot system` for one path stands in this kind of configuration.
pub(crate) fn boot_line(spec: &DeviceSpec, path: &str) -> BootLine {
    let line = match spec.kind {
        Kind::Cat9300Stack { .. } => format!("boot system switch all {path}"),
        Kind::IosSwitch => format!("boot system {path}"),
        Kind::IosRouter => format!("boot system flash {path}"),
    };
    BootLine { line, paths: vec![path.to_owned()] }
}

/// The packages that a bundle of this version is unpacked into, with their share of its size in thousandths.
pub(crate) fn package_files(family: &str, version: &str, bundle_bytes: u64) -> Vec<(String, u64)> {
    const PARTS: [(&str, u64); 9] = [
        ("cc_srdriver", 20),
        ("espbase", 60),
        ("guestshell", 10),
        ("rpbase", 520),
        ("rpboot", 40),
        ("sipbase", 30),
        ("srdriver", 40),
        ("webui", 20),
        ("wlc", 250),
    ];
    let version = padded(version);
    PARTS
        .iter()
        .map(|(part, share)| (format!("{family}-{part}.{version}.SPA.pkg"), bundle_bytes / 1000 * share))
        .collect()
}

fn member(spec: &DeviceSpec, number: u32) -> MemberState {
    let old = spec.clock.checked_sub(jiff::SignedDuration::from_hours(24 * 60)).unwrap_or(spec.clock);
    let mut files = BTreeMap::new();
    let mut put = |name: &str, bytes: u64, content: Content| {
        files.insert(name.to_owned(), StoredFile::made_up(name, bytes, content, old));
    };
    let install = spec.install_mode();
    if install {
        for (name, bytes) in package_files(&spec.family, &spec.version, spec.image_bytes) {
            put(&name, bytes, Content::Package(spec.version.clone()));
        }
        put("packages.conf", 7_761, Content::Provisioning);
    } else {
        put(&spec.image, spec.image_bytes, Content::Image(own_image(spec, &spec.version, &spec.image)));
        put("vlan.dat", 1_272, Content::Other);
    }
    for file in spec.files.iter().filter(|f| f.member.is_none_or(|m| m == number)) {
        let content = file.version.as_ref().map_or(Content::Other, |v| Content::Image(own_image(spec, v, &file.name)));
        let mut stored = StoredFile::made_up(&file.name, file.bytes, content, old);
        if let Some(md5) = &file.md5 {
            stored.md5 = md5.to_ascii_lowercase();
        }
        if let Some(sha512) = &file.sha512 {
            stored.sha512 = sha512.to_ascii_lowercase();
        }
        files.insert(file.name.clone(), stored);
    }
    let mut flash = Flash::new(spec.flash_total, spec.flash_free, files);
    if spec.faults.contains(&Fault::NoSpaceOnMember { member: number }) {
        flash.fill();
    }
    let index = (number - 1) as usize;
    let sets = if install {
        vec![PackageSet { long: long_version(&spec.version), short: spec.version.clone(), state: SetState::Committed }]
    } else {
        Vec::new()
    };
    MemberState {
        number,
        serial: spec.serials.get(index).cloned().unwrap_or_else(|| made_up_serial(&spec.hostname, number)),
        mac: made_up_mac(&spec.hostname, number),
        version: spec.version.clone(),
        image: if install {
            "flash:packages.conf".into()
        } else {
            spec.boot.first().cloned().unwrap_or_else(|| format!("{}{}", spec.flash_prefix(), spec.image))
        },
        mode: if install { Mode::Install } else { Mode::Bundle },
        missing: false,
        flash,
        sets,
    }
}

fn own_image(spec: &DeviceSpec, version: &str, name: &str) -> Identity {
    Identity { family: spec.family.clone(), version: version.to_owned(), name: name.to_owned() }
}

/// A stable number of a text (FNV-1a): serials and addresses that are the same in every run.
pub(crate) fn stable_number(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn made_up_serial(hostname: &str, number: u32) -> String {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPQRSTUVWX";
    let mut rest = stable_number(&format!("{hostname}/{number}"));
    let mut serial = String::from("FOC");
    for _ in 0..8 {
        serial.push(char::from(SIGNS[(rest % 32) as usize]));
        rest /= 32;
    }
    serial
}

fn made_up_mac(hostname: &str, number: u32) -> String {
    let n = stable_number(&format!("{hostname}/mac/{number}"));
    format!("0200.{:04x}.{:02x}00", n & 0xffff, n >> 16 & 0xff)
}
