//! Where a file is: a URL, with its login split off.

use std::net::Ipv6Addr;
use std::str::FromStr;

use super::{Endpoint, Protocol, Secret};
use crate::percent::{decoded, encoded};
use crate::{Error, Result};

/// No URL of a file is longer: browsers and servers end at 8 KiB and below.
const LONGEST: usize = 8 * 1024;
/// The longest scheme that is shown when it is none of ours; those that are registered are shorter.
const LONGEST_SCHEME: usize = 16;
/// What a path may have beside what every text may have (RFC 3986, `pchar`).
const PLAIN: &str = "/!$&'()*+,;=:@";

/// A URL of a file, understood. What is secret in it (the password, and the query, which may be a signature) is not shown
/// by `Debug`, and no error repeats it.
///
/// ```
/// use swim_core::model::{Location, Protocol};
/// let at: Location = "http://lab:p%40ss@[2001:db8::7]:8080/images/cat9k%20new.bin".parse()?;
/// assert_eq!((at.protocol, at.endpoint.to_string().as_str()), (Protocol::Http, "[2001:db8::7]:8080"));
/// assert_eq!((at.user.as_deref(), at.path.as_str()), (Some("lab"), "/images/cat9k new.bin"));
/// assert_eq!(at.password.as_ref().map(|p| p.expose().as_str()), Some("p@ss"));
/// assert_eq!(at.file_name(), Some("cat9k new.bin"));
/// assert!(!format!("{at:?}").contains("p@ss"));
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Location {
    /// How it is fetched.
    pub protocol: Protocol,
    /// From which host and port.
    pub endpoint: Endpoint,
    /// The user, where the URL names one.
    pub user: Option<String>,
    /// The password, where the URL has one.
    pub password: Option<Secret<String>>,
    /// The path as the protocol takes it: of FTP it is relative to where a login lands (`//` makes it absolute), as RFC 1738
    /// has it.
    pub path: String,
    /// What is behind the question mark, as it is written.
    pub query: Option<Secret<String>>,
}

impl Location {
    /// The last part of the path; `None` when it is a folder.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.path.rsplit('/').next().filter(|name| !name.is_empty())
    }

    /// Of a folder: the file of this name in it.
    ///
    /// ```
    /// use swim_core::model::Location;
    /// let folder: Location = "http://depot/images/".parse()?;
    /// assert_eq!(folder.joined("a b.bin").shown(), "http://depot/images/a%20b.bin");
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    #[must_use]
    pub fn joined(&self, name: &str) -> Self {
        let folder = self.path.trim_end_matches('/');
        let path = if folder.is_empty() && !self.path.starts_with('/') && is_relative(self.protocol) {
            name.to_owned()
        } else {
            format!("{folder}/{name}")
        };
        Self { path, query: None, ..self.clone() }
    }

    /// Without login and query: what may be shown and kept.
    ///
    /// ```
    /// use swim_core::model::Location;
    /// let at: Location = "ftp://u:secret@depot/images/a%20b.bin".parse()?;
    /// assert_eq!(at.shown(), "ftp://depot/images/a%20b.bin");
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    #[must_use]
    pub fn shown(&self) -> String {
        let port = if self.endpoint.port == self.protocol.port() { 0 } else { self.endpoint.port };
        let host = if self.endpoint.host.contains(':') {
            format!("[{}]", self.endpoint.host)
        } else {
            self.endpoint.host.clone()
        };
        let port = if port == 0 { String::new() } else { format!(":{port}") };
        let slash = if self.path.starts_with('/') && !is_relative(self.protocol) { "" } else { "/" };
        format!("{}://{host}{port}{slash}{}", self.protocol, encoded(&self.path, PLAIN))
    }
}

/// Paths of these URLs begin where a login lands.
const fn is_relative(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Ftp | Protocol::Ftps | Protocol::Tftp)
}

impl FromStr for Location {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        // Of a text that is no URL nobody can tell where its secrets are: it is not repeated.
        let refuse = |why: &str| Error::invalid("url", "(not shown)", why);
        if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(refuse("too long, or with white space or control characters in it"));
        }
        if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
            let why = "a file of this machine is no URL here: import_image takes its path, a collection {\"file\": {\"path\": ...}}";
            return Err(refuse(why));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| refuse("it must begin with http:// or the like"))?;
        let protocol = protocol(scheme).ok_or_else(|| {
            // What does not look like a scheme may be anything.
            let plain =
                scheme.len() <= LONGEST_SCHEME && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+');
            let shown = if plain && !scheme.is_empty() { format!(" {scheme}") } else { String::new() };
            refuse(&format!("its scheme{shown} is none of http, https, ftp, ftps, sftp, scp, tftp"))
        })?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, behind) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
        let (path, query) = behind.split_once('?').map_or((behind, None), |(path, query)| (path, Some(query)));
        // A password may contain an `@` that somebody forgot to encode: the last one ends it.
        let (login, at) = authority.rsplit_once('@').map_or((None, authority), |(login, at)| (Some(login), at));
        let (user, password) = match login {
            None => (None, None),
            Some(login) => {
                let (user, password) = login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p)));
                let decode = |text| decoded(text).ok_or_else(|| refuse("its login is not encoded as URLs are"));
                (Some(decode(user)?), password.map(decode).transpose()?.map(Secret::new))
            }
        };
        let endpoint = endpoint(at, protocol).ok_or_else(|| refuse("the host or the port in it is none"))?;
        let path = decoded(path)
            .filter(|path| !path.contains('\0'))
            .ok_or_else(|| refuse("its path is not encoded as URLs are (% and two digits)"))?;
        let path = if is_relative(protocol) { path.strip_prefix('/').unwrap_or(&path).to_owned() } else { path };
        let query = query.map(|query| Secret::new(query.to_owned()));
        if query.is_some() && !matches!(protocol, Protocol::Http | Protocol::Https) {
            return Err(refuse("a question mark stands only in URLs of HTTP: write %3F where it is part of the name"));
        }
        Ok(Self { protocol, endpoint, user: user.filter(|user| !user.is_empty()), password, path, query })
    }
}

fn protocol(scheme: &str) -> Option<Protocol> {
    let all =
        [Protocol::Http, Protocol::Https, Protocol::Ftp, Protocol::Ftps, Protocol::Sftp, Protocol::Scp, Protocol::Tftp];
    all.into_iter().find(|protocol| scheme.eq_ignore_ascii_case(protocol.name()))
}

/// A host name, an IPv4 address, or an IPv6 address in brackets, with or without a port.
fn endpoint(text: &str, protocol: Protocol) -> Option<Endpoint> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            // A zone may follow: `fe80::1%25eth0`.
            let host = host.replacen("%25", "%", 1);
            host.split('%').next()?.parse::<Ipv6Addr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => {
            let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
            (decoded(host)?, port)
        }
    };
    let named = |c: char| c.is_alphanumeric() || "-._:%".contains(c);
    if host.is_empty() || !host.chars().all(named) {
        return None;
    }
    let port = match port {
        None | Some("") => protocol.port(),
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
    };
    Some(Endpoint { host, port })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Location {
        text.parse().unwrap()
    }

    #[test]
    fn every_part_is_where_the_protocol_looks_for_it() {
        let ftp = at("ftp://depot/ftpfolder/asr901-universalk9-mz.154-3.S4.bin");
        assert_eq!((ftp.path.as_str(), ftp.endpoint.port), ("ftpfolder/asr901-universalk9-mz.154-3.S4.bin", 21));
        assert_eq!(at("ftp://depot//var/x.bin").path, "/var/x.bin");
        assert_eq!(at("ftp://depot/%2Fvar/x.bin").path, "/var/x.bin");
        assert_eq!(at("sftp://u@depot:2222/var/x.bin").path, "/var/x.bin");
        assert_eq!(at("tftp://10.0.0.1/x.bin").path, "x.bin");
        let web = at("HTTPS://u:a@b:c@depot/x.bin?sig=a%2Fb&t=1#end");
        assert_eq!(web.password.as_ref().unwrap().expose(), "a@b:c");
        assert_eq!((web.path.as_str(), web.query.as_ref().unwrap().expose().as_str()), ("/x.bin", "sig=a%2Fb&t=1"));
        assert_eq!(web.shown(), "https://depot/x.bin");
        assert_eq!(at("http://depot").file_name(), None);
        assert_eq!(at("http://[fe80::1%25eth0]/x").endpoint.host, "fe80::1%eth0");
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_repeated() {
        for text in [
            "",
            "depot/x.bin",
            "gopher://u:hunter2@h/x",
            "http://u:hunter2@/x",
            "http://u:hunter2@h:0/x",
            "http://u:hunter2@h:70000/x",
            "http://u:hunter2@[::1/x",
            "http://u:hunter2@h/%zz",
            "http://u:%hunter2@h/",
            "http://u:hunter2@h/a b",
            "ftp://u:hunter2@h/x?y",
            "http://h:hunter2",
            "http://h/%00",
            "http://a/b/%ff",
        ] {
            let e = text.parse::<Location>().unwrap_err();
            assert_eq!((e.kind(), e.context("field")), (crate::ErrorKind::InvalidInput, Some("url")), "{text}");
            assert!(!format!("{e} {e:?}").contains("hunter2"), "{text}: {e:?}");
        }
    }

    #[test]
    fn a_scheme_that_is_none_of_ours_is_told() {
        let told = |text: &str| text.parse::<Location>().unwrap_err().to_string();
        assert!(
            told("gopher://u:hunter2@h/x").contains("its scheme gopher is none of http,"),
            "{}",
            told("gopher://h")
        );
        assert!(told("u:hunter2://h").contains("its scheme is none of"));
        for file in ["file:///x.bin", "FILE:x.bin", "file://h/x"] {
            assert!(told(file).contains("import_image takes its path"), "{}", told(file));
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_what_is_shown_means_the_same(text in "(http|ftp|sftp)://[ -~ü]{0,40}|\\PC{0,60}") {
            if let Ok(one) = text.parse::<Location>() {
                let again: Location = one.shown().parse().unwrap();
                prop_assert_eq!(again.path.trim_start_matches('/'), one.path.trim_start_matches('/'));
                prop_assert_eq!((again.protocol, again.endpoint), (one.protocol, one.endpoint));
                prop_assert!(again.password.is_none() && again.query.is_none());
            }
        }
    }
}
