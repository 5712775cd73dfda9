//! What the boot loader and `install` know of an image: the `CW_` strings near its beginning.

/// Family, version and name of an image, as its own strings tell them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) family: String,
    pub(crate) version: String,
    pub(crate) name: String,
}

impl Identity {
    /// Reads the strings `CW_FAMILY`, `CW_VERSION` and `CW_IMAGE` between `CW_BEGIN` and `CW_END`.
    pub(crate) fn read(head: &[u8]) -> Option<Self> {
        let begin = find(head, b"CW_BEGIN")?;
        let block = head.get(begin..)?;
        let block = find(block, b"CW_END").and_then(|end| block.get(..end)).unwrap_or(block);
        Some(Self {
            family: value(block, b"CW_FAMILY")?,
            version: value(block, b"CW_VERSION")?,
            name: value(block, b"CW_IMAGE").unwrap_or_default(),
        })
    }

    /// Can a device of this family run it?
    pub(crate) fn fits(&self, family: &str) -> bool {
        let family = family.to_ascii_lowercase();
        self.family.to_ascii_lowercase() == family || self.name.to_ascii_lowercase().starts_with(&family)
    }
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|w| w == what)
}

/// The text between the dollar signs, in both spellings: `KEY$text$` and `KEY=$text$`.
fn value(block: &[u8], key: &[u8]) -> Option<String> {
    let after = block.get(find(block, key)? + key.len()..)?;
    let after = after.strip_prefix(b"=").unwrap_or(after).strip_prefix(b"$")?;
    let end = after.iter().position(|b| *b == b'$')?;
    let text = String::from_utf8(after.get(..end)?.to_vec()).ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_spellings() {
        let ios = Identity::read(
            b"..CW_BEGIN$-gs-$CW_IMAGE$C2960X-UNIVERSALK9-M$CW_FAMILY$C2960X$CW_VERSION$15.2(7)E10$CW_END$..",
        )
        .unwrap();
        assert_eq!((ios.family.as_str(), ios.version.as_str()), ("C2960X", "15.2(7)E10"));
        assert!(ios.fits("c2960x") && !ios.fits("cat9k"));
        let xe = Identity::read(b"CW_BEGIN=$$\0\0CW_FAMILY=$cat9k$CW_VERSION=$17.9.4a$CW_END=$$").unwrap();
        assert_eq!((xe.family.as_str(), xe.version.as_str()), ("cat9k", "17.9.4a"));
        assert_eq!(Identity::read(b"no image"), None);
    }
}
