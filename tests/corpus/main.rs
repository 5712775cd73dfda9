//! Measures the library against a corpus of device outputs and tables that is not part of the project.
//!
//! The folder is named by `SWIM_CORPUS` and is `../shared/data` beside the workspace otherwise; without a folder nothing
//! is measured. `cargo test --release --test corpus -- --nocapture` prints the counts.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cli;
mod hostile;
mod images;

use std::path::PathBuf;

/// The corpus folder, when there is one.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("SWIM_CORPUS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    if folder.is_dir() {
        Some(folder)
    } else {
        println!("corpus not present: skipped ({})", folder.display());
        None
    }
}

/// Versions and image names: one line a table, and nothing wrong in any of them.
#[test]
fn tables() {
    let Some(folder) = corpus() else { return };
    let Some(outcomes) = images::run(&folder) else {
        println!("tables not present: skipped");
        return;
    };
    for outcome in outcomes {
        assert!(outcome.wrong.is_empty(), "{}: {:#?}", outcome.set, outcome.wrong);
        // A name may stay silent where it leaves a doubt.
        assert!(
            outcome.matched * 100 >= outcome.total * 98,
            "{}: {} of {}",
            outcome.set,
            outcome.matched,
            outcome.total
        );
    }
}
