//! The spellings of an IOS XE release.

/// `17.9.4a` as `17.09.04a`: file names and the line `Cisco IOS XE Software, Version`.
pub(crate) fn padded(version: &str) -> String {
    let parts: Vec<String> = version
        .split('.')
        .map(|part| {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, letters) = part.split_at(digits);
            format!("{number:0>2}{letters}")
        })
        .collect();
    parts.join(".")
}

/// `17.09.04a` as `17.9.4a`: the IOS line of `show version`.
pub(crate) fn unpadded(version: &str) -> String {
    let parts: Vec<String> = version
        .split('.')
        .map(|part| {
            let short = part.trim_start_matches('0');
            if short.starts_with(|c: char| c.is_ascii_digit()) { short.to_owned() } else { format!("0{short}") }
        })
        .collect();
    parts.join(".")
}

/// `17.09.04a.0.6`: the install tables. The build number is made up, but the same for the same release.
pub(crate) fn long_version(version: &str) -> String {
    let padded = padded(&unpadded(version));
    let build = crate::state::stable_number(&padded) % 9_000 + 100;
    format!("{padded}.0.{build}")
}

/// The code name of a train.
pub(crate) fn codename(version: &str) -> &'static str {
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    match (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) {
        (16, 0..=3) => "Denali",
        (16, 4..=6) => "Everest",
        (16, 7..=9) => "Fuji",
        (16, _) => "Gibraltar",
        (17, 0..=3) => "Amsterdam",
        (17, 4..=6) => "Bengaluru",
        (17, 7..=9) => "Cupertino",
        (17, 10..=12) => "Dublin",
        _ => "IOSXE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_release() {
        assert_eq!(padded("17.9.4a"), "17.09.04a");
        assert_eq!(unpadded("17.09.04a"), "17.9.4a");
        assert_eq!(unpadded("17.00.10"), "17.0.10");
        assert_eq!(long_version("17.9.4a"), long_version("17.09.04a"));
        assert!(long_version("17.3.1").starts_with("17.03.01.0."));
        assert_eq!(codename("17.9.4a"), "Cupertino");
    }
}
