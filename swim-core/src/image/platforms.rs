//! The names of platforms: one list, and one place that reads what people, devices and file names write for them.

use crate::{Error, Result};

/// Every platform that an image can be told to be of, as definitions and facts call it.
///
/// ```
/// use swim_core::image::{PLATFORMS, parse_filename};
/// let named = parse_filename("cat9k_iosxe.17.09.04a.SPA.bin");
/// assert_eq!(named.platform.as_deref(), Some("iosxe"), "names have words of their own");
/// assert!(PLATFORMS.contains(&named.facts().platform.unwrap().value.as_str()));
/// ```
pub const PLATFORMS: [&str; 18] = [
    "aci", "aireos", "aoscx", "asa", "asdm", "comware", "eos", "fortios", "fxos", "ios", "ios_xe", "ios_xr", "junos",
    "nxos", "panos", "rommon", "routeros", "sonic",
];

/// The platform as its definition is called, whatever its case and whatever stands between its words: `iosxe`, `IOS-XE` and
/// `IOS XE` are `ios_xe`. Other names stay as they are.
pub(crate) fn platform_id(named: &str) -> &str {
    let same = |platform: &&&str| letters(platform).eq(letters(named.trim()));
    PLATFORMS.iter().find(same).copied().unwrap_or(named)
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !['_', '-', ' '].contains(c)).map(|c| c.to_ascii_lowercase())
}

/// The platform that somebody names in a field: one of [`PLATFORMS`] in any of its spellings, or one that the caller has a
/// definition of.
///
/// ```
/// use swim_core::image::platform_named;
/// assert_eq!(platform_named("platform", "IOS-XE", &[])?, "ios_xe");
/// assert_eq!(platform_named("platform", "my_xe", &["my_xe".to_owned()])?, "my_xe");
/// assert!(platform_named("platform", "ios_xy", &[]).unwrap_err().message().contains("ios, ios_xe, ios_xr"));
/// # Ok::<(), swim_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` with the field, the value and the platforms that there are: a slip of the pen would fit nothing.
pub fn platform_named<'a>(field: &str, named: &'a str, defined: &[String]) -> Result<&'a str> {
    let id = platform_id(named);
    if PLATFORMS.contains(&id) || defined.iter().any(|defined| defined == id) {
        return Ok(id);
    }
    let mut known: Vec<&str> = PLATFORMS.into_iter().chain(defined.iter().map(String::as_str)).collect();
    known.sort_unstable();
    known.dedup();
    let why = format!("there is no such platform; there are {}", known.join(", "));
    Err(Error::invalid(field, format!("{named:?}"), &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_vendors_and_file_names_are_one_name() {
        for (written, id) in [
            ("iosxe", "ios_xe"),
            ("IOS-XE", "ios_xe"),
            ("IOS XE", "ios_xe"),
            (" ios_xe ", "ios_xe"),
            ("nx_os", "nxos"),
            ("NX-OS", "nxos"),
            ("IOS", "ios"),
            ("PAN-OS", "panos"),
            ("ios_xy", "ios_xy"),
            ("My-XE", "My-XE"),
            ("", ""),
        ] {
            assert_eq!(platform_id(written), id, "{written}");
        }
        assert!(PLATFORMS.iter().all(|platform| platform_id(platform) == *platform));
    }
}
