//! Which version of a file a server has, so that a part is gone on with only while it is the same one.

use hyper::header::{ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED};

/// What a server says of the version of a file: a strong entity tag, or else when it was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    name: HeaderName,
    pub(super) value: HeaderValue,
}

impl Version {
    /// What an answer tells. A weak tag promises no equal bytes.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let told = |name: HeaderName| headers.get(&name).map(|value| Self { name, value: value.clone() });
        told(ETAG).filter(|tag| !tag.value.as_bytes().starts_with(b"W/")).or_else(|| told(LAST_MODIFIED))
    }

    /// What stands beside a part: `None` for what another protocol noted.
    pub(super) fn noted(note: &str) -> Option<Self> {
        let (name, value) = note.split_once(": ")?;
        let name = [ETAG, LAST_MODIFIED].into_iter().find(|known| known.as_str() == name)?;
        Some(Self { name, value: HeaderValue::try_from(value).ok()? })
    }

    /// What is to stand there.
    pub(super) fn note(&self) -> String {
        format!("{}: {}", self.name, String::from_utf8_lossy(self.value.as_bytes()))
    }

    /// Does a part that was sent say that it is of another version? Servers that know no conditions send one all the same,
    /// and those that do may leave out what they were told.
    pub(super) fn changed(&self, headers: &HeaderMap) -> bool {
        headers.get(&self.name).is_some_and(|now| *now != self.value)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn strong_tags_are_taken_and_else_the_time() {
        let headers = |list: &[(HeaderName, &'static str)]| -> HeaderMap {
            list.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
        };
        let time = (LAST_MODIFIED, "Wed, 25 Nov 2026 05:00:00 GMT");
        let both = headers(&[(ETAG, "\"v 1\""), time.clone()]);
        let version = Version::of(&both).unwrap();
        assert_eq!(version.note(), "etag: \"v 1\"");
        assert_eq!(Version::noted(&version.note()), Some(version.clone()));
        let weak = Version::of(&headers(&[(ETAG, "W/\"v1\""), time.clone()])).unwrap();
        assert_eq!(weak.note(), format!("last-modified: {}", time.1));
        assert_eq!(Version::of(&headers(&[])), None);
        assert_eq!(Version::noted("sftp: 10 bytes, changed 5"), None);
        assert!(version.changed(&headers(&[(ETAG, "\"v 2\"")])));
        assert!(!version.changed(&both) && !version.changed(&headers(&[time])));
    }
}
