//! The device as a whole: its state, its power, its timer, its way to the outside.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use swim_core::model::{Endpoint, InstallStateCode};
use swim_core::ports::{ByteStream, Datagrams};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::carrier::Access;
use crate::clock::DeviceClock;
use crate::network::Net;
use crate::snapshot::{FileState, InstallEntry, MemberSnapshot, Snapshot};
use crate::state::{AutoAbort, Power, SetState, State};
use crate::stream::CutStream;
use crate::{DeviceSpec, Fault, ssh, telnet};

/// How a device reaches the servers that it pulls from.
#[derive(Clone, Debug, Default)]
pub(crate) enum Outside {
    /// Not at all.
    #[default]
    Nowhere,
    /// Through an in-memory network, with this address of its own.
    Memory(Weak<Net>, String),
    /// Through TCP.
    Tcp,
}

/// The ways of a session to end: cut, or silenced.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    pub(crate) cut: CancellationToken,
    pub(crate) mute: CancellationToken,
}

struct Inner {
    spec: Mutex<Arc<DeviceSpec>>,
    state: Mutex<State>,
    clock: DeviceClock,
    lines: Mutex<Lines>,
    up: watch::Sender<bool>,
    outside: Mutex<Outside>,
}

/// A simulated device. Clones are the same device.
///
/// ```
/// use swim_sim::{DeviceSpec, SimDevice};
/// let device = SimDevice::new(DeviceSpec::cat9300("edge-1", 2));
/// assert_eq!(device.snapshot().version(), "17.6.3");
/// assert_eq!(device.snapshot().members.len(), 2);
/// ```
#[derive(Clone)]
pub struct SimDevice(Arc<Inner>);

impl fmt::Debug for SimDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("SimDevice")
            .field("hostname", &state.running.hostname)
            .field("power", &state.power)
            .field("version", &state.active().version)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimDevice {
    /// Switches a device on; it has already booted.
    #[must_use]
    pub fn new(spec: DeviceSpec) -> Self {
        let clock = DeviceClock::new(spec.clock, spec.timing.scale);
        let state = State::new(&spec);
        Self(Arc::new(Inner {
            spec: Mutex::new(Arc::new(spec)),
            state: Mutex::new(state),
            clock,
            lines: Mutex::default(),
            up: watch::Sender::new(true),
            outside: Mutex::default(),
        }))
    }

    /// What it was made from.
    #[must_use]
    pub fn spec(&self) -> Arc<DeviceSpec> {
        Arc::clone(&lock(&self.0.spec))
    }

    /// Changes what goes wrong from now on. Faults of the start (a full flash, unsaved configuration, somebody else's
    /// activation, counted refusals) are not applied again.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        let mut spec = lock(&self.0.spec);
        *spec = Arc::new(DeviceSpec { faults, ..(**spec).clone() });
    }

    /// Its state at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let elapsed = self.0.clock.elapsed();
        let state = self.state();
        Snapshot {
            hostname: state.running.hostname.clone(),
            up: state.power == Power::Up,
            members: state.members.iter().map(member_snapshot).collect(),
            reload_count: state.reload_count,
            reload_reason: state.reload_reason.clone(),
            boot_running: state.running.boot_paths(),
            boot_startup: state.startup.boot_paths(),
            boot_lines: state.running.boot.iter().map(|l| l.line.clone()).collect(),
            config_unsaved: state.unsaved(),
            auto_abort_seconds: state.auto_abort.map(|t| (t.at - elapsed).max(0.0) as u64),
            install_busy: state.install_busy.is_some(),
            copies_running: state.copies_running,
            commands: state.commands.clone(),
            received: state.received.clone(),
        }
    }

    /// Waits until it takes connections. Never returns for a device that stays in its boot loader.
    pub async fn wait_up(&self) {
        // The sender lives as long as the device.
        let _ = self.0.up.subscribe().wait_for(|up| *up).await;
    }

    /// Pulls the plug and puts it back: an unplanned reload.
    pub fn power_cycle(&self) {
        self.reload("power-on", false);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }

    pub(crate) fn clock(&self) -> &DeviceClock {
        &self.0.clock
    }

    pub(crate) fn up(&self) -> watch::Receiver<bool> {
        self.0.up.subscribe()
    }

    pub(crate) fn has_fault(&self, fault: &Fault) -> bool {
        self.spec().faults.contains(fault)
    }

    pub(crate) fn set_outside(&self, outside: Outside) {
        *lock(&self.0.outside) = outside;
    }

    /// Ends with the next reload.
    pub(crate) fn power_lines(&self) -> Lines {
        lock(&self.0.lines).clone()
    }

    /// May a connection be made now? Counts down the refusals.
    pub(crate) fn admits(&self) -> bool {
        let mut state = self.state();
        if state.power != Power::Up {
            return false;
        }
        if state.refuse_left > 0 {
            state.refuse_left -= 1;
            return false;
        }
        true
    }

    /// Is this login right? Counts down the refusals.
    pub(crate) fn takes_login(&self, user: &str, password: &str) -> bool {
        let spec = self.spec();
        let mut state = self.state();
        if state.refuse_logins > 0 {
            state.refuse_logins -= 1;
            return false;
        }
        user == spec.user && password == spec.password
    }

    /// Takes a connection and serves it in a task of its own.
    pub(crate) fn serve<S>(&self, stream: S, access: Access)
    where
        S: ByteStream + 'static,
    {
        self.start_first_timer();
        let power = self.power_lines();
        let lines = Lines { cut: power.cut.child_token(), mute: power.mute.child_token() };
        let stream = CutStream::new(stream, lines.cut.clone(), lines.mute.clone());
        match access {
            Access::Ssh => tokio::spawn(ssh::serve(self.clone(), lines, stream)),
            Access::Telnet => tokio::spawn(telnet::serve(self.clone(), lines, stream)),
        };
    }

    /// Opens a connection to a server outside.
    pub(crate) async fn dial(&self, to: &Endpoint) -> swim_core::Result<Box<dyn ByteStream>> {
        let outside = lock(&self.0.outside).clone();
        let unreachable =
            || swim_core::Error::new(swim_core::ErrorKind::Unreachable, "dial", format!("{to} cannot be reached"));
        match outside {
            Outside::Nowhere => Err(unreachable()),
            Outside::Memory(network, own) => {
                let network = network.upgrade().ok_or_else(unreachable)?;
                network.dial_from(&own, to)
            }
            Outside::Tcp => crate::loopback::dial(to).await,
        }
    }

    /// A port of the device that takes datagrams.
    pub(crate) async fn datagrams(&self) -> swim_core::Result<Box<dyn Datagrams>> {
        let outside = lock(&self.0.outside).clone();
        let nowhere = || swim_core::Error::new(swim_core::ErrorKind::Unreachable, "dial", "there is no network");
        match outside {
            Outside::Nowhere => Err(nowhere()),
            Outside::Memory(network, own) => network.upgrade().ok_or_else(nowhere)?.mailbox(&own, 0),
            Outside::Tcp => crate::loopback::datagrams().await,
        }
    }

    /// Ends all sessions and boots in a task of its own. `activating`: the reload belongs to `install activate`.
    pub(crate) fn reload(&self, reason: &str, activating: bool) {
        {
            let mut state = self.state();
            if state.power == Power::Booting {
                return;
            }
            state.power = Power::Booting;
            state.reload_count += 1;
            state.reload_reason = reason.to_owned();
        }
        self.0.up.send_replace(false);
        let old = std::mem::take(&mut *lock(&self.0.lines));
        if self.has_fault(&Fault::SilentAtReload) {
            old.mute.cancel();
        }
        old.cut.cancel();
        let device = self.clone();
        tokio::spawn(async move {
            let spec = device.spec();
            device.clock().sleep(spec.timing.boot_seconds).await;
            let now = device.clock().elapsed();
            let up = {
                let mut state = device.state();
                state.boot(&spec, activating, now);
                state.power == Power::Up
            };
            device.0.up.send_replace(up);
        });
    }

    /// Starts the auto-abort timer anew; it survives reloads.
    pub(crate) fn arm_auto_abort(&self, minutes: f64) {
        let at = self.0.clock.elapsed() + minutes * 60.0;
        let serial = {
            let mut state = self.state();
            let serial = state.next_serial();
            state.auto_abort = Some(AutoAbort { at, serial });
            state.timer_started = true;
            serial
        };
        self.start_timer(serial, minutes * 60.0);
    }

    /// Starts the timer of an activation that was there from the start; a device may be made where nothing runs yet.
    fn start_first_timer(&self) {
        let elapsed = self.0.clock.elapsed();
        let timer = {
            let mut state = self.state();
            let started = std::mem::replace(&mut state.timer_started, true);
            state.auto_abort.filter(|_| !started)
        };
        if let Some(timer) = timer {
            self.start_timer(timer.serial, timer.at - elapsed);
        }
    }

    fn start_timer(&self, serial: u64, seconds: f64) {
        let device = self.clone();
        tokio::spawn(async move {
            device.clock().sleep(seconds).await;
            let due = device.state().auto_abort.is_some_and(|t| t.serial == serial);
            if due {
                device
                    .state()
                    .install_log
                    .push("install_auto_abort: timer expired, rolling back to the committed set".into());
                device.wait_up().await;
                device.reload("Install auto abort timer expired", false);
            }
        });
    }
}

fn member_snapshot(member: &crate::state::MemberState) -> MemberSnapshot {
    MemberSnapshot {
        number: member.number,
        present: !member.missing,
        version: member.version.clone(),
        image: member.image.clone(),
        mode: member.mode,
        free: member.flash.free(),
        files: member
            .flash
            .files
            .iter()
            .map(|(name, f)| FileState {
                name: name.clone(),
                bytes: f.bytes,
                md5: f.md5.clone(),
                sha512: f.sha512.clone(),
            })
            .collect(),
        install: member
            .sets
            .iter()
            .filter_map(|s| Some(InstallEntry { state: shown_state(s.state)?, version: s.long.clone() }))
            .collect(),
    }
}

/// The letter of the tables; none for the set behind an uncommitted one.
pub(crate) const fn shown_state(state: SetState) -> Option<InstallStateCode> {
    match state {
        SetState::Inactive => Some(InstallStateCode::I),
        SetState::Uncommitted => Some(InstallStateCode::U),
        SetState::Committed => Some(InstallStateCode::C),
        SetState::Fallback => None,
    }
}
