//! The line that names the software: `..., Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.5, RELEASE ...`.

/// What the line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Banner<'a> {
    /// The image code.
    pub(super) id: &'a str,
    /// The version up to the comma or blank.
    pub(super) version: &'a str,
    /// `Experimental Version`.
    pub(super) experimental: bool,
}

/// Reads the banner when the line is one. Lines of the boot loader, which look alike, are not.
pub(super) fn software_banner(line: &str) -> Option<Banner<'_>> {
    let line = line.trim_start();
    if !(line.starts_with("Cisco IOS")
        || line.starts_with("IOS (tm)")
        || line.starts_with("Cisco Internetwork Operating"))
    {
        return None;
    }
    banner_in(line)
}

/// Finds the banner anywhere in a line (`Image Version = Cisco IOS Software, ...`).
pub(super) fn banner_in(line: &str) -> Option<Banner<'_>> {
    let mut from = 0;
    while let Some(at) = line.get(from..)?.find("Version ").map(|at| from + at) {
        let before = line.get(..at)?.trim_end();
        let (before, experimental) = before.strip_suffix("Experimental").map_or((before, false), |b| (b, true));
        from = at + "Version ".len();
        // The image code in brackets stands right before it.
        if let Some(before) = before.trim_end().trim_end_matches(',').trim_end().strip_suffix(')') {
            let id = before.rsplit_once('(')?.1.trim();
            let version = after_version(line.get(from..)?)?;
            return (!id.is_empty() && !id.contains(' ')).then_some(Banner { id, version, experimental });
        }
    }
    None
}

/// The version at the start of a text: up to a comma or blank.
pub(super) fn after_version(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
    rest.get(..end).filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_banner() {
        let old =
            software_banner("IOS (tm) C2950 Software (C2950-I6K2L2Q4-M), Version 12.1(22)EA14, RELEASE SOFTWARE (fc1)");
        assert_eq!(old, Some(Banner { id: "C2950-I6K2L2Q4-M", version: "12.1(22)EA14", experimental: false }));
        let blank = software_banner(
            "Cisco IOS Software, IOS-XE Software, Catalyst L3 Switch Software (CAT3K_CAA-UNIVERSALK9-M), Version 03.07.05E RELEASE SOFTWARE (fc1)",
        );
        assert_eq!(blank.map(|b| b.version), Some("03.07.05E"));
        let lab = software_banner(
            "Cisco IOS Software [Fuji], X Software (CAT9K_IOSXE), Experimental Version 16.9.20180101:010203 [v169 1]",
        );
        assert_eq!(lab, Some(Banner { id: "CAT9K_IOSXE", version: "16.9.20180101:010203", experimental: true }));
        assert_eq!(software_banner("BOOTLDR: C2960 Boot Loader (C2960-HBOOT-M) Version 12.2(35r)SE2, RELEASE"), None);
        assert_eq!(software_banner("Cisco IOS XE Software, Version 16.09.03"), None);
    }
}
