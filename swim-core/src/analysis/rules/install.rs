//! Is somebody else's install under way or uncommitted? It is never resolved silently.

use crate::analysis::{Finding, Severity, Subject};
use crate::model::{InstallStateCode, Mode};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let Some(install) = &s.inventory.install else {
        return if s.inventory.mode == Some(Mode::Install) {
            vec![Finding::unknown("install.unknown", "inventory.install", "the device did not show its install table")]
        } else {
            Vec::new()
        };
    };
    let mut out = Vec::new();
    for row in &install.rows {
        if matches!(row.state, InstallStateCode::U | InstallStateCode::D) {
            let timer = install.auto_abort_seconds.map_or_else(
                || "no timer is running".to_owned(),
                |left| format!("the device goes back by itself in {left} s"),
            );
            out.push(
                Finding::new(
                    "install.uncommitted",
                    Severity::Blocking,
                    format!("an uncommitted install is there that is not ours: {} {} ({timer})", row.kind, row.what),
                )
                .compared(format!("{:?}", row.state), "C")
                .from("show install summary")
                .remedy("commit or abort it, then plan again"),
            );
        }
    }
    if let Some(busy) = &install.busy {
        out.push(
            Finding::new("install.busy", Severity::Blocking, format!("an install operation is under way: {busy}"))
                .from("show install")
                .remedy("wait for its end, then plan again"),
        );
    }
    out
}
