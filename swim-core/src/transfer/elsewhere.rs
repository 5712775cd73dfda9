//! A web server that names another place of a file.

use std::fmt;

use crate::model::{Location, Secret};
use crate::{Error, Result};

/// The cause of a fetch that was refused because the file is elsewhere. Such addresses often carry a signature: it is not
/// shown. An adapter does not go there by itself: who it asked for may not be who answers there.
#[derive(Debug)]
pub struct Elsewhere(Secret<String>);

impl Elsewhere {
    /// As the server wrote it.
    #[must_use]
    pub fn new(to: impl Into<String>) -> Self {
        Self(Secret::new(to.into()))
    }

    /// In an error, or in what caused it.
    ///
    /// ```
    /// use swim_core::transfer::Elsewhere;
    /// use swim_core::{Error, ErrorKind};
    /// let e = Error::new(ErrorKind::DeviceRejected, "http", "the server refused").caused_by(Elsewhere::new("/b?key=1"));
    /// let from = "http://h:8080/a".parse()?;
    /// let to = Elsewhere::told(&e).map(|there| there.seen_from(&from)).transpose()?;
    /// assert_eq!(to.map(|to| to.shown()).as_deref(), Some("http://h:8080/b"));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn told(error: &Error) -> Option<&Self> {
        let mut cause = std::error::Error::source(error);
        while let Some(one) = cause {
            if let Some(found) = one.downcast_ref() {
                return Some(found);
            }
            cause = one.source();
        }
        None
    }

    /// The place as a whole URL: what it leaves out is as in the URL that was asked.
    ///
    /// # Errors
    /// `InvalidInput` for what is no URL of a file.
    pub fn seen_from(&self, asked: &Location) -> Result<Location> {
        let to = self.0.expose().as_str();
        // A path may have a whole URL in its query: only what begins with a scheme is one.
        let scheme = to.split_once("://").map(|(scheme, _)| scheme).unwrap_or_default();
        if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
            return to.parse();
        }
        let same = Location { path: String::new(), query: None, ..asked.clone() }.shown();
        let origin = same.trim_end_matches('/');
        if let Some(host) = to.strip_prefix("//") {
            return format!("{}://{host}", asked.protocol).parse();
        }
        if to.starts_with('/') {
            return format!("{origin}{to}").parse();
        }
        let whole = Location { query: None, ..asked.clone() }.shown();
        let folder = whole.rsplit_once('/').map_or(origin, |(folder, _)| folder);
        format!("{folder}/{to}").parse()
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it says that the file is elsewhere")
    }
}

impl std::error::Error for Elsewhere {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_it_was_asked() {
        let asked: Location = "https://u:p@h:8443/a/b.bin?x=1".parse().unwrap();
        for (to, shown, query) in [
            ("https://cdn/c.bin?sig=1", "https://cdn/c.bin", Some("sig=1")),
            ("//cdn/c.bin", "https://cdn/c.bin", None),
            ("/c.bin?y", "https://h:8443/c.bin", Some("y")),
            ("c.bin", "https://h:8443/a/c.bin", None),
            ("/c.bin?next=https://cdn/x", "https://h:8443/c.bin", Some("next=https://cdn/x")),
            ("c.bin?next=https://cdn/x", "https://h:8443/a/c.bin", Some("next=https://cdn/x")),
        ] {
            let there = Elsewhere::new(to).seen_from(&asked).unwrap();
            assert_eq!(there.shown(), shown);
            assert_eq!(there.query.as_ref().map(|q| q.expose().as_str()), query);
            assert!(there.user.is_none() && there.password.is_none(), "{to}");
        }
        assert!(Elsewhere::new("javascript://x y").seen_from(&asked).is_err());
    }
}
