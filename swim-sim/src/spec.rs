//! What a simulated device is made of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Fault;

/// The kind of box, which decides its commands, prompts and way of booting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A stack of Catalyst 9300 switches, IOS XE in install mode.
    Cat9300Stack {
        /// How many switches, 1 to 8.
        members: u32,
    },
    /// A fixed switch like the Catalyst 2960-X: one `.bin` on `flash:`. Its `boot system` takes one path list and a second
    /// statement replaces the first (see [`BootStatement`]).
    IosSwitch,
    /// A router like the ISR G2: one `.bin` on `flash0:`, `boot system` lines that are tried in order.
    IosRouter,
}

/// What a second `boot system` line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootStatement {
    /// It is added behind the first: routers, IOS XE.
    Appends,
    /// It replaces the first; several images are given in one line with `;` between them: fixed switches.
    Replaces,
}

/// How long things take, in seconds and bytes a second of *device* time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// From `reload` to a prompt.
    pub boot_seconds: f64,
    /// Speed of `verify`.
    pub hash_bytes_per_second: f64,
    /// Speed of writes to flash.
    pub write_bytes_per_second: f64,
    /// `install add`, besides the writing of the packages.
    pub install_add_seconds: f64,
    /// `install activate`, up to the reload.
    pub install_activate_seconds: f64,
    /// `install commit`.
    pub install_commit_seconds: f64,
    /// Seconds of waiting for one second of device time: 1 is real, 1/60 plays a minute in a second. The device's
    /// own clock (uptime, timers, dates) runs on device time.
    pub scale: f64,
}

impl Default for Timing {
    /// Values seen on real devices: a stack is back after about ten minutes, flash takes some ten megabytes a second.
    fn default() -> Self {
        Self {
            boot_seconds: 600.0,
            hash_bytes_per_second: 12e6,
            write_bytes_per_second: 12e6,
            install_add_seconds: 90.0,
            install_activate_seconds: 120.0,
            install_commit_seconds: 20.0,
            scale: 1.0,
        }
    }
}

/// A file that is on the flash from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// On which member; `None` = on every one.
    #[serde(default)]
    pub member: Option<u32>,
    /// Name without the file system.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Its MD5, 32 hexadecimal digits; when absent the device answers with a value made from the name and the size.
    #[serde(default)]
    pub md5: Option<String>,
    /// Its SHA-512, as above.
    #[serde(default)]
    pub sha512: Option<String>,
    /// If it is an image that this device can boot: its version.
    #[serde(default)]
    pub version: Option<String>,
}

impl FileSpec {
    /// A file of which only name and size matter.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: u64) -> Self {
        Self { member: None, name: name.into(), bytes, md5: None, sha512: None, version: None }
    }

    /// An image that this device can boot.
    #[must_use]
    pub fn image(name: impl Into<String>, bytes: u64, version: impl Into<String>) -> Self {
        Self { version: Some(version.into()), ..Self::new(name, bytes) }
    }

    /// The same, on one member only.
    #[must_use]
    pub fn on(mut self, member: u32) -> Self {
        self.member = Some(member);
        self
    }
}

/// Everything that a simulated device starts from. Names and passwords are invented ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSpec {
    /// The host name, as in the prompt.
    pub hostname: String,
    /// The kind of box.
    pub kind: Kind,
    /// The image family that it accepts, as in `CW_FAMILY`.
    pub family: String,
    /// The image code of `show version`, e.g. `C2960X-UNIVERSALK9-M`.
    pub software: String,
    /// The running version.
    pub version: String,
    /// The running image file (bundle mode) or the bundle that it was installed from (install mode).
    pub image: String,
    /// Size of that file in bytes.
    pub image_bytes: u64,
    /// Product id.
    pub model: String,
    /// Serial numbers, one a member; missing ones are made up from the host name.
    pub serials: Vec<String>,
    /// Bytes of flash of every member.
    pub flash_total: u64,
    /// Free bytes of it at the start, with all files counted.
    pub flash_free: u64,
    /// Main memory in bytes.
    pub ram: u64,
    /// The version of the boot loader.
    pub rom: String,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
    /// The password of its Telnet lines, when they ask for that alone (`login`); empty: none is set, and nobody gets in.
    /// Otherwise they ask for user name and password (`login local`).
    #[serde(default)]
    pub line_password: Option<String>,
    /// The enable secret.
    pub enable: String,
    /// Privilege level after login.
    pub privilege: u8,
    /// The configuration register.
    pub config_register: String,
    /// Boot paths of the saved configuration, in order; empty = no `boot system` line.
    pub boot: Vec<String>,
    /// What a second `boot system` line does.
    pub boot_statement: BootStatement,
    /// `ip scp server enable` in the configuration?
    pub scp_server: bool,
    /// The protocols that `copy` knows.
    #[serde(default = "copies")]
    pub copies: Vec<String>,
    /// More files on flash.
    #[serde(default)]
    pub files: Vec<FileSpec>,
    /// The device's clock at the start.
    pub clock: Timestamp,
    /// Uptime at the start.
    pub uptime_seconds: u64,
    /// How long things take.
    #[serde(default)]
    pub timing: Timing,
    /// What goes wrong.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

/// What every release knows.
fn copies() -> Vec<String> {
    ["scp", "http", "ftp", "tftp"].map(str::to_owned).to_vec()
}

/// Three weeks: a box that has been up for a while.
const UPTIME: u64 = 3 * 7 * 86_400 + 2 * 86_400 + 3_720;
/// 2026-01-05 08:00 UTC.
const CLOCK: i64 = 1_767_600_000;

impl DeviceSpec {
    /// A stack of Catalyst 9300 in install mode on 17.6.3.
    #[must_use]
    pub fn cat9300(hostname: impl Into<String>, members: u32) -> Self {
        Self {
            kind: Kind::Cat9300Stack { members: members.clamp(1, 8) },
            family: "cat9k".into(),
            software: "CAT9K_IOSXE".into(),
            version: "17.6.3".into(),
            image: "cat9k_iosxe.17.06.03.SPA.bin".into(),
            image_bytes: 1_000_000_000,
            model: "C9300-48P".into(),
            flash_total: 11_353_194_496,
            flash_free: 7_200_000_000,
            ram: 8_388_608 * 1024,
            rom: "System Bootstrap, Version 17.8.1r[FC1], RELEASE SOFTWARE (P)".into(),
            config_register: "0x102".into(),
            boot: vec!["flash:packages.conf".into()],
            copies: [copies(), vec!["sftp".into()]].concat(),
            ..Self::base(hostname.into())
        }
    }

    /// A fixed switch on 15.2(7)E3.
    #[must_use]
    pub fn ios_switch(hostname: impl Into<String>) -> Self {
        Self {
            kind: Kind::IosSwitch,
            boot: vec!["flash:/c2960x-universalk9-mz.152-7.E3.bin".into()],
            boot_statement: BootStatement::Replaces,
            timing: Timing { boot_seconds: 300.0, write_bytes_per_second: 1.5e6, ..Timing::default() },
            ..Self::base(hostname.into())
        }
    }

    /// A router on 15.7(3)M5.
    #[must_use]
    pub fn ios_router(hostname: impl Into<String>) -> Self {
        Self {
            kind: Kind::IosRouter,
            family: "C2900".into(),
            software: "C2900-UNIVERSALK9-M".into(),
            version: "15.7(3)M5".into(),
            image: "c2900-universalk9-mz.SPA.157-3.M5.bin".into(),
            image_bytes: 110_000_000,
            model: "CISCO2911/K9".into(),
            flash_total: 256_487_424,
            flash_free: 120_000_000,
            rom: "System Bootstrap, Version 15.0(1r)M16, RELEASE SOFTWARE (fc1)".into(),
            config_register: "0x2102".into(),
            boot: vec!["flash0:c2900-universalk9-mz.SPA.157-3.M5.bin".into()],
            timing: Timing { boot_seconds: 300.0, write_bytes_per_second: 1.5e6, ..Timing::default() },
            ..Self::base(hostname.into())
        }
    }

    /// The values of the fixed switch, which the other kinds change.
    fn base(hostname: String) -> Self {
        Self {
            hostname,
            kind: Kind::IosSwitch,
            family: "C2960X".into(),
            software: "C2960X-UNIVERSALK9-M".into(),
            version: "15.2(7)E3".into(),
            image: "c2960x-universalk9-mz.152-7.E3.bin".into(),
            image_bytes: 26_000_000,
            model: "WS-C2960X-48TS-L".into(),
            serials: Vec::new(),
            flash_total: 122_185_728,
            flash_free: 70_000_000,
            ram: 524_288 * 1024,
            rom: "Bootstrap program is C2960X boot loader".into(),
            user: "admin".into(),
            password: "sim-password".into(),
            line_password: None,
            enable: "sim-enable".into(),
            privilege: 15,
            config_register: "0xF".into(),
            boot: Vec::new(),
            boot_statement: BootStatement::Appends,
            scp_server: true,
            copies: copies(),
            files: Vec::new(),
            clock: Timestamp::from_second(CLOCK).unwrap_or_default(),
            uptime_seconds: UPTIME,
            timing: Timing::default(),
            faults: Vec::new(),
        }
    }

    /// Sets the running version and the file that it came from; the boot statement of a bundle-mode box follows.
    #[must_use]
    pub fn running(mut self, version: impl Into<String>, image: impl Into<String>) -> Self {
        let image = image.into();
        if !self.install_mode() {
            for path in &mut self.boot {
                *path = path.replace(&self.image, &image);
            }
        }
        self.version = version.into();
        self.image = image;
        self
    }

    /// Sets the user name and password.
    #[must_use]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = user.into();
        self.password = password.into();
        self
    }

    /// Sets the enable secret and lets logins land at level 1.
    #[must_use]
    pub fn enable(mut self, secret: impl Into<String>) -> Self {
        self.enable = secret.into();
        self.privilege = 1;
        self
    }

    /// Sets total and free bytes of flash of every member.
    #[must_use]
    pub const fn flash(mut self, total: u64, free: u64) -> Self {
        self.flash_total = total;
        self.flash_free = free;
        self
    }

    /// Adds a fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, file: FileSpec) -> Self {
        self.files.push(file);
        self
    }

    /// Sets how long things take.
    #[must_use]
    pub const fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Plays a second of device time in `scale` seconds.
    #[must_use]
    pub const fn scaled(mut self, scale: f64) -> Self {
        self.timing.scale = scale;
        self
    }

    /// How many members it has.
    #[must_use]
    pub const fn member_count(&self) -> u32 {
        match self.kind {
            Kind::Cat9300Stack { members } => members,
            Kind::IosSwitch | Kind::IosRouter => 1,
        }
    }

    /// Does it run from `packages.conf`?
    #[must_use]
    pub const fn install_mode(&self) -> bool {
        matches!(self.kind, Kind::Cat9300Stack { .. })
    }

    /// The boot file system of the active unit, with its colon.
    #[must_use]
    pub const fn flash_prefix(&self) -> &'static str {
        match self.kind {
            Kind::Cat9300Stack { .. } | Kind::IosSwitch => "flash:",
            Kind::IosRouter => "flash0:",
        }
    }
}
