//! Would the reload lose configuration?

use crate::analysis::{Finding, Severity, Subject};
use crate::model::UnsavedConfig;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    vec![match (s.inventory.config_unsaved, s.policy.unsaved_config) {
        (Some(false), _) => Finding::new("config.unsaved", Severity::Pass, "the running configuration is saved"),
        (Some(true), UnsavedConfig::Save) => Finding::new(
            "config.unsaved",
            Severity::Warning,
            "the running configuration is not saved: the plan saves it",
        ),
        (Some(true), UnsavedConfig::Block) => {
            Finding::new("config.unsaved", Severity::Blocking, "the running configuration is not saved")
                .remedy("write memory, or set unsaved_config to save")
        }
        (None, UnsavedConfig::Save) => Finding::new(
            "config.unsaved_unknown",
            Severity::Warning,
            "whether the running configuration is saved is not known: the plan saves it",
        )
        .missing("inventory.config_unsaved"),
        (None, UnsavedConfig::Block) => Finding::unknown(
            "config.unsaved_unknown",
            "inventory.config_unsaved",
            "whether the running configuration is saved is not known",
        )
        .remedy("set unsaved_config to save, or accept config.unsaved_unknown"),
    }]
}
