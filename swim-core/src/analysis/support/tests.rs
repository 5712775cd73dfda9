#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn ask(platform: &str, model: Option<&str>, mode: Option<Mode>, process: Process) -> Support {
    let platform = PlatformId(platform.to_owned());
    support(&Product { model, mode, ..Product::new(&platform) }, process)
}

#[test]
fn the_built_in_matrix_is_read_and_every_cell_of_it_answers() {
    let matrix: Matrix = toml::from_str(include_str!("matrix.toml")).unwrap();
    assert_eq!(matrix.product.len(), 7);
    for row in &matrix.product {
        for process in Process::ALL {
            let told = row.supported.contains(&process) as usize
                + usize::from(row.not_supported.contains_key(&process))
                + usize::from(row.not_in_install_mode.contains_key(&process));
            assert_eq!(told, 1, "{} {process}", row.name);
        }
        assert!(row.models.iter().all(|m| m.to_ascii_uppercase() == *m));
    }
}

/// Platform, model, mode, process, and what the guide says.
type Cell = (&'static str, Option<&'static str>, Option<Mode>, Process, Answer);

/// Table 1 of the guide, cell by cell, and its notes.
#[test]
fn the_cells_of_the_guide() {
    use Answer::{Conditional, No, Unknown, Yes};
    use Process::{
        Analysis, Distribution, ImportByProtocol, ImportFromDevice, ImportFromFile, ImportFromUrl, Recommendation,
    };
    let install = Some(Mode::Install);
    let rows: [Cell; 19] = [
        ("aireos", Some("AIR-CT5520-K9"), None, ImportFromDevice, No),
        ("aireos", None, None, ImportFromFile, Yes),
        ("aireos", None, None, ImportFromUrl, Yes),
        ("aireos", None, None, ImportByProtocol, Yes),
        ("aireos", None, None, Distribution, Yes),
        ("aireos", None, None, Recommendation, No),
        ("aireos", None, None, Analysis, No),
        ("ios_xe", Some("WS-C3850-24T"), None, ImportFromDevice, Conditional),
        ("ios_xe", Some("WS-C3850-24T"), install, ImportFromDevice, No),
        ("ios_xe", Some("WS-C3850-24T"), Some(Mode::Bundle), ImportFromDevice, Yes),
        ("ios_xe", Some("AIR-CT5760"), install, ImportFromDevice, No),
        ("ios_xe", Some("AIR-CT5760"), install, Recommendation, Yes),
        ("ios_xe", Some("air-ct5760"), install, Analysis, Yes),
        ("ios_xe", Some("ISR4331/K9"), install, ImportFromDevice, No),
        ("ios_xr", Some("ASR-9006-AC"), None, Analysis, No),
        ("ios_xr", Some("NCS-5501"), None, Analysis, Yes),
        ("ios_xr", Some("NCS-5501"), None, ImportFromDevice, No),
        ("ios", Some("WS-C2960X-48TS-L"), None, ImportFromDevice, Yes),
        ("nxos", Some("N9K-C93180YC-EX"), None, Analysis, Unknown),
    ];
    for (platform, model, mode, process, answer) in rows {
        let said = ask(platform, model, mode, process);
        assert_eq!(said.answer, answer, "{platform} {model:?} {mode:?} {process}: {said:?}");
        assert_eq!(said.why.is_some(), matches!(answer, No | Conditional), "{said:?}");
    }
}

#[test]
fn families_count_where_no_model_is_known() {
    let xr = PlatformId("ios_xr".to_owned());
    let of = |family: &str| support(&Product { family: Some(family), ..Product::new(&xr) }, Process::Analysis).product;
    assert_eq!(of("asr9k-x64").as_deref(), Some("asr9000"));
    assert_eq!(of("ASR9K").as_deref(), Some("asr9000"));
    assert_eq!(of("asr9kv").as_deref(), Some("ios_xr"));
    assert_eq!(of("é").as_deref(), Some("ios_xr"));
}

#[test]
fn names_are_read_back() {
    for process in Process::ALL {
        assert_eq!(process.name().parse::<Process>().unwrap(), process);
        assert_eq!(serde_json::to_value(process).unwrap(), process.name());
    }
    assert!("analyse".parse::<Process>().unwrap_err().to_string().contains("analysis"));
}
