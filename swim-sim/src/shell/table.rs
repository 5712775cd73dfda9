//! The commands of each kind of device.

use crate::Kind;
use crate::show::What;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Show(What),
    /// Accepted without effect.
    Nothing,
    Length,
    Exit,
    Enable,
    Disable,
    Configure,
    ConfigureAsk,
    Save,
    SaveAs,
    Copy,
    Dir,
    Delete {
        force: bool,
    },
    VerifyMd5,
    VerifySha512,
    VerifyEmbedded,
    Reload,
    Install,
}

type Row = (&'static str, Action);

/// For everybody.
const USER: &[Row] = &[
    ("enable", Action::Enable),
    ("disable", Action::Disable),
    ("exit", Action::Exit),
    ("logout", Action::Exit),
    ("quit", Action::Exit),
    ("terminal length <x>", Action::Length),
    ("terminal width <x>", Action::Nothing),
    ("terminal monitor", Action::Nothing),
    ("terminal no monitor", Action::Nothing),
    ("show version", Action::Show(What::Version)),
    ("show clock", Action::Show(What::Clock)),
    ("show privilege", Action::Show(What::Privilege)),
    ("show inventory", Action::Show(What::Inventory)),
    ("show redundancy", Action::Show(What::Redundancy)),
    ("show redundancy states", Action::Show(What::RedundancyStates)),
];

/// At level 15.
const PRIVILEGED: &[Row] = &[
    ("configure", Action::ConfigureAsk),
    ("configure terminal", Action::Configure),
    ("write", Action::Save),
    ("write memory", Action::Save),
    ("copy running-config startup-config", Action::SaveAs),
    ("copy <x> <x>", Action::Copy),
    ("dir", Action::Dir),
    ("dir <x>", Action::Dir),
    ("delete <x>", Action::Delete { force: false }),
    ("delete /force <x>", Action::Delete { force: true }),
    ("verify <x>", Action::VerifyEmbedded),
    ("verify /md5 <x>", Action::VerifyMd5),
    ("verify /md5 <x> <x>", Action::VerifyMd5),
    ("reload", Action::Reload),
    ("show running-config", Action::Show(What::RunningConfig)),
    ("show startup-config", Action::Show(What::StartupConfig)),
    ("show file systems", Action::Show(What::FileSystems)),
    ("show archive config differences", Action::Show(What::ConfigDifferences)),
    ("show archive config differences <x> <x>", Action::Show(What::ConfigDifferences)),
];

const STACK: &[Row] = &[
    ("verify /sha512 <x>", Action::VerifySha512),
    ("verify /sha512 <x> <x>", Action::VerifySha512),
    ("install <...>", Action::Install),
    ("show boot", Action::Show(What::BootStack)),
    ("show boot system", Action::Show(What::BootStack)),
    ("show switch", Action::Show(What::Switch)),
    ("show switch detail", Action::Show(What::SwitchDetail)),
    ("show platform", Action::Show(What::Platform)),
    ("show install summary", Action::Show(What::InstallSummary)),
    ("show install active", Action::Show(What::InstallActive)),
    ("show install inactive", Action::Show(What::InstallInactive)),
    ("show install committed", Action::Show(What::InstallCommitted)),
    ("show install uncommitted", Action::Show(What::InstallUncommitted)),
    ("show install rollback", Action::Show(What::InstallRollback)),
    ("show install log", Action::Show(What::InstallLog)),
];

const SWITCH: &[Row] = &[("show boot", Action::Show(What::BootSwitch)), ("show switch", Action::Show(What::Switch))];

const ROUTER: &[Row] = &[("show bootvar", Action::Show(What::BootRouter))];

/// The commands of a kind at a privilege level.
pub(crate) fn of(kind: Kind, privilege: u8) -> Vec<Row> {
    let own = match kind {
        Kind::Cat9300Stack { .. } => STACK,
        Kind::IosSwitch => SWITCH,
        Kind::IosRouter => ROUTER,
    };
    let mut table = USER.to_vec();
    if privilege == 15 {
        table.extend(PRIVILEGED);
        table.extend(own);
    } else {
        table.extend(own.iter().filter(|(_, action)| matches!(action, Action::Show(_))));
    }
    table
}
