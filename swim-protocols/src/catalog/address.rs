//! Addresses of the service and of what it links to.

use hyper::Uri;
use swim_core::model::Endpoint;
use swim_core::percent::encoded;
use swim_core::{Error, ErrorKind, Result};

use crate::net::is_loopback;

/// An `http` or `https` address, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) secure: bool,
    pub(super) at: Endpoint,
    /// The path with the query, from its first `/`.
    pub(super) target: String,
}

impl Address {
    /// Reads an address. The text stands in no error: the query of a link is a secret.
    pub(super) fn parse(field: &str, text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::invalid(field, "(not shown)", why);
        let uri: Uri = text.trim().parse().map_err(|_| wrong("an address such as https://example.com"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("it must begin with https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("a user does not belong into it: secrets have names"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let target = uri.path_and_query().map_or("/", |t| t.as_str());
        Ok(Self { secure, at: Endpoint { host: host.to_owned(), port }, target: target.to_owned() })
    }

    /// The same place with something behind its path.
    pub(super) fn below(&self, path: &str) -> Self {
        let base = self.target.split('?').next().unwrap_or_default().trim_end_matches('/');
        Self { target: format!("{base}{path}"), ..self.clone() }
    }

    /// The same with one more parameter of the query.
    pub(super) fn with_parameter(mut self, name: &str, value: &str) -> Self {
        let mark = if self.target.contains('?') { '&' } else { '?' };
        self.target = format!("{}{mark}{name}={}", self.target, encoded(value, ""));
        self
    }

    /// Refuses to send a secret in clear text to another machine.
    pub(super) fn private(&self, field: &str) -> Result<()> {
        let here = self.at.host == "localhost" || self.at.host.parse().is_ok_and(is_loopback);
        if self.secure || here {
            return Ok(());
        }
        let why = "it must begin with https://: secrets would be readable on the way";
        Err(Error::invalid(field, &self.at, why))
    }

    /// Where a redirection leads.
    pub(super) fn redirected(&self, location: &str) -> Result<Self> {
        let to = if location.starts_with('/') && !location.starts_with("//") {
            Self { target: location.to_owned(), ..self.clone() }
        } else {
            Self::parse("location", location).map_err(|e| {
                Error::new(ErrorKind::UnexpectedReply, "download", "the link leads nowhere").caused_by(e)
            })?
        };
        if self.secure && !to.secure {
            let message = format!("the link leads to {} without encryption", to.at);
            return Err(Error::new(ErrorKind::UnexpectedReply, "download", message));
        }
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_and_never_repeated() {
        let a = Address::parse("x", "https://dl.example.com/a/b?code=1").unwrap();
        assert_eq!((a.secure, a.at.to_string(), a.target.as_str()), (true, "dl.example.com:443".into(), "/a/b?code=1"));
        assert_eq!(a.clone().with_parameter("token", "a b&").target, "/a/b?code=1&token=a%20b%26");
        assert_eq!(a.below("/v4").target, "/a/b/v4");
        let a = Address::parse("x", "http://[::1]:8080").unwrap();
        assert_eq!((a.at.host.as_str(), a.at.port, a.target.as_str()), ("::1", 8080, "/"));
        a.private("x").unwrap();
        assert!(Address::parse("x", "http://192.0.2.1/").unwrap().private("x").is_err());
        for bad in ["ftp://canary", "canary", "https://canary:pw@host/", "https:///canary", "https://a b/canary"] {
            let e = Address::parse("x", bad).err().unwrap();
            assert!(!format!("{e:?}").contains("canary"), "{e:?}");
        }
    }

    #[test]
    fn redirections_stay_encrypted() {
        let a = Address::parse("x", "https://dl.example.com/a").unwrap();
        assert_eq!(a.redirected("/b?c=1").unwrap().target, "/b?c=1");
        assert_eq!(a.redirected("https://cdn.example.com/x").unwrap().at.host, "cdn.example.com");
        assert!(a.redirected("http://cdn.example.com/x").is_err());
        assert!(a.redirected("//cdn.example.com/x").is_err());
    }
}
