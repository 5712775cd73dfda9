//! The tree's rules, checked over `cargo metadata`: who may depend on whom, what core may know, which licences there are.

// A test says what is wrong by failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

fn metadata() -> Metadata {
    MetadataCommand::new().other_options(vec!["--locked".to_owned()]).exec().expect("cargo metadata")
}

fn normal_dependencies(metadata: &Metadata, package: &str) -> BTreeSet<String> {
    let package = metadata.packages.iter().find(|p| p.name.as_str() == package).expect("a member of the workspace");
    package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal).map(|d| d.name.clone()).collect()
}

fn ours(metadata: &Metadata, package: &str) -> BTreeSet<String> {
    normal_dependencies(metadata, package).into_iter().filter(|n| n == "swim" || n.starts_with("swim-")).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

#[test]
fn crates_depend_inwards_only() {
    let m = metadata();
    assert_eq!(ours(&m, "swim-core"), set(&[]));
    for adapter in ["swim-protocols", "swim-stores", "swim-sim"] {
        assert_eq!(ours(&m, adapter), set(&["swim-core"]), "{adapter}");
    }
    assert!(ours(&m, "swim").is_superset(&set(&["swim-core"])), "the facade stands on core");
    for skin in ["swim-py", "swim-capi"] {
        assert!(ours(&m, skin).is_subset(&set(&["swim"])), "{skin} knows the facade only");
    }
}

#[test]
fn core_knows_no_socket_file_database_or_clock() {
    let m = metadata();
    let core = m.packages.iter().find(|p| p.name.as_str() == "swim-core").expect("swim-core");
    for d in core.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
        let banned = ["russh", "rusqlite", "hyper", "reqwest", "socket2", "mio", "chrono", "time"];
        assert!(!banned.contains(&d.name.as_str()), "core must not depend on {}", d.name);
        if d.name == "tokio" {
            for feature in &d.features {
                // `rt` lends threads of the process; `net`, `fs`, `time`, `process` and `signal` reach out of it.
                assert!(
                    ["sync", "rt", "io-util", "macros"].contains(&feature.as_str()),
                    "tokio feature {feature} in core"
                );
            }
        }
    }
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let m = metadata();
    let deny: toml::Table = std::fs::read_to_string("deny.toml").expect("deny.toml").parse().expect("TOML");
    let allowed: BTreeSet<&str> =
        deny["licenses"]["allow"].as_array().expect("list").iter().filter_map(|v| v.as_str()).collect();
    let members: BTreeSet<_> = m.workspace_members.iter().collect();
    let mut wrong = Vec::new();
    for p in m.packages.iter().filter(|p| !members.contains(&p.id)) {
        let licence = p.license.clone().unwrap_or_default();
        if !acceptable(&licence, &allowed) {
            wrong.push(format!("{} {}: {licence:?}", p.name, p.version));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("licences of {} packages checked", m.packages.len() - members.len());
}

/// `A OR B` needs one of both, `A AND B` needs both; brackets are taken away from the inside.
fn acceptable(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let mut e = expression.replace('/', " OR ");
    while let Some(open) = e.rfind('(') {
        let Some(close) = e[open..].find(')').map(|c| open + c) else { return false };
        let value = if acceptable(&e[open + 1..close], allowed) { "MIT" } else { "none" };
        e.replace_range(open..=close, value);
    }
    e.split(" OR ").any(|alternative| alternative.split(" AND ").all(|l| allowed.contains(l.trim())))
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT", "Apache-2.0"].into();
    assert!(acceptable("MIT OR GPL-3.0", &allowed));
    assert!(!acceptable("MIT AND GPL-3.0", &allowed));
    assert!(acceptable("(GPL-3.0 OR MIT) AND Apache-2.0", &allowed));
    assert!(!acceptable("", &allowed));
}

#[test]
fn no_room_without_a_meaning() {
    let mut stack = vec![std::path::PathBuf::from(".")];
    while let Some(dir) = stack.pop() {
        for entry in std::fs::read_dir(&dir).expect("readable").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            let stem = name.split('.').next().unwrap_or_default();
            assert!(!["util", "utils", "common", "helper", "helpers", "misc"].contains(&stem), "{}", path.display());
            if path.is_dir() {
                stack.push(path);
            }
        }
    }
}
