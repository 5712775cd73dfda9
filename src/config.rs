//! The configuration of a client: the same document in Rust, TOML, JSON, Python and C.

use std::collections::{BTreeMap, HashSet};
use std::env::VarError;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use swim_core::document::{self, Telling, Toml, Wrong};
use swim_core::model::{Algorithm, Device, ImageServer, Protocol, Secret, SecretRef, TlsTrust};
use swim_core::ports::{Clock, Secrets};
use swim_core::{Error, ErrorKind, Result, repo};
use swim_protocols::catalog::{VendorConfig, VendorLogin};
use swim_protocols::tls::Identity;

use crate::simulation::Simulation;

/// Where a secret comes from. It is read when the client opens and never written anywhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SecretSource {
    /// The secret itself.
    Value(Secret<String>),
    /// The name of an environment variable.
    Env(String),
    /// A file whose content is the secret; one line end at its end is not part of it.
    File(PathBuf),
}

/// What the caller knows better than the file says, or wants checked. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ImportOptions {
    /// The name to keep it under; default: the file's own.
    pub file_name: Option<String>,
    /// A published SHA-512 (hexadecimal): other bytes are refused.
    pub sha512: Option<String>,
    /// A published SHA-256 (hexadecimal): other bytes are refused.
    pub sha256: Option<String>,
    /// A published SHA-1 (hexadecimal): other bytes are refused.
    pub sha1: Option<String>,
    /// A published MD5 (hexadecimal): other bytes are refused.
    pub md5: Option<String>,
    /// The platform that it is for: one of `image::PLATFORMS` (`ios`, `ios_xe`, ...; `iosxe` is taken as `ios_xe`), or one of
    /// `platforms` of the configuration. This, the family and the version count more than what the file says; where its bytes
    /// say otherwise a remark of the image tells it.
    pub platform: Option<String>,
    /// The product family, e.g. `cat9k`.
    pub family: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// Least main memory of a device, in bytes (1 to 999999999999999): kept beside what the image says.
    pub min_ram: Option<u64>,
    /// Least flash of a device, in bytes (1 to 999999999999999): kept beside what the image says.
    pub min_flash: Option<u64>,
    /// Least version of a device's boot ROM, e.g. `16.7(3r)`.
    pub min_boot_rom: Option<String>,
}

impl ImportOptions {
    /// As the repository takes it, under this name.
    pub(crate) fn named(&self, name: String) -> repo::ImportOptions {
        let mut how = repo::ImportOptions::new(name);
        let published = [
            (Algorithm::Sha512, &self.sha512),
            (Algorithm::Sha256, &self.sha256),
            (Algorithm::Sha1, &self.sha1),
            (Algorithm::Md5, &self.md5),
        ];
        for (algorithm, digest) in published {
            if let Some(digest) = digest {
                how = how.expecting(algorithm, digest.clone());
            }
        }
        (how.said.platform, how.said.family, how.said.version) =
            (self.platform.clone(), self.family.clone(), self.version.clone());
        how
    }
}

/// Where our offers listen, and how fast transfers may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Offers {
    /// The address to listen at; devices must be able to reach it. Default: all IPv4 addresses.
    pub listen: String,
    /// The UDP port of TFTP offers, which they share: most devices can be told no other than 69; 0 picks a free one.
    pub tftp_port: u16,
    /// The port of FTP and FTPS offers, which they share: most devices can be told no other than 21; 0 picks a free one.
    pub ftp_port: u16,
    /// First and last port of passive FTP data connections; default: any free one.
    pub ftp_passive_ports: Option<(u16, u16)>,
    /// Bytes a second that all transfers of this process may take together; default: no cap.
    pub bytes_per_second: Option<u64>,
    /// Bytes a second that the transfers with the devices of a site may take together.
    pub sites: BTreeMap<String, u64>,
    /// HTTPS and FTPS offers; default: none are made. Devices must trust the certificate to pull by them.
    pub https: Option<Https>,
}

/// The certificate of HTTPS and FTPS offers. Without one of the user, one is made for this process, which signs itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Https {
    /// A certificate with its chain (PEM), our own first.
    pub certificate: Option<String>,
    /// The name of the secret that is its key (PEM).
    pub key: Option<SecretRef>,
    /// Names and addresses by which devices reach us, for a certificate that is made; default: the address to listen at.
    pub names: Vec<String>,
}

/// The vendor's software service. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Vendor {
    /// The address of the service; default: that of the vendor.
    pub url: Option<String>,
    /// Where tokens come from; default: that of the vendor.
    pub token_url: Option<String>,
    /// Whose certificate is believed; default: an authority that this machine trusts.
    pub tls: TlsTrust,
    /// Who we are there; it can be changed later ([`Client::set_catalog_login`](crate::Client::set_catalog_login)).
    pub login: Option<VendorLogin>,
}

impl Vendor {
    /// Where the service is.
    pub(crate) fn service(&self) -> VendorConfig {
        let usual = VendorConfig::default();
        let url = self.url.clone().unwrap_or(usual.url);
        let mut config = VendorConfig::at(url, self.token_url.clone().unwrap_or(usual.token_url));
        config.tls = self.tls.clone();
        config
    }

    fn check(&self) -> Result<()> {
        self.service().check()?;
        self.login.as_ref().map_or(Ok(()), VendorLogin::check)
    }
}

/// The longest name of a worker: it stands in every journal and every list of jobs.
const LONGEST_WORKER: usize = 253;

impl Offers {
    /// Refuses what could never work.
    fn check(&self) -> Result<()> {
        if self.listen.parse::<IpAddr>().is_err() {
            let why = "an IPv4 or IPv6 address of this machine, 0.0.0.0 or ::";
            return Err(Error::invalid("offers.listen", format!("{:?}", self.listen), why));
        }
        if let Some((first, last)) = self.ftp_passive_ports.filter(|(first, last)| *first == 0 || first > last) {
            let why = "1 to 65535, and the first not above the last";
            return Err(Error::invalid("offers.ftp_passive_ports", format!("[{first}, {last}]"), why));
        }
        if self.bytes_per_second == Some(0) {
            return Err(Error::invalid(
                "offers.bytes_per_second",
                0,
                "nothing would ever arrive: leave it out for no cap",
            ));
        }
        if let Some((site, _)) = self.sites.iter().find(|(_, rate)| **rate == 0) {
            let why = format!("nothing would ever arrive at {site:?}: leave it out for no cap");
            return Err(Error::invalid("offers.sites", 0, &why));
        }
        Ok(())
    }

    /// The certificate that HTTPS and FTPS offers show.
    pub(crate) async fn identity(&self, secrets: &dyn Secrets, clock: &Arc<dyn Clock>) -> Result<Option<Identity>> {
        let Some(https) = &self.https else { return Ok(None) };
        match (&https.certificate, &https.key) {
            (Some(chain), Some(key)) => Identity::from_pem(chain, &secrets.resolve(key).await?, Arc::clone(clock)),
            (None, None) => {
                let everywhere = self.listen.parse().is_ok_and(|listen: IpAddr| listen.is_unspecified());
                if https.names.is_empty() && everywhere {
                    let why = "the names and addresses by which devices reach us: `listen` is no address of ours";
                    return Err(Error::invalid("offers.https.names", "(absent)", why));
                }
                let names = if https.names.is_empty() { vec![self.listen.clone()] } else { https.names.clone() };
                Identity::self_signed(&names, Arc::clone(clock))
            }
            (Some(_), None) => Err(Error::invalid("offers.https.key", "(absent)", "the certificate needs its key")),
            (None, Some(_)) => {
                Err(Error::invalid("offers.https.certificate", "(absent)", "the key needs its certificate"))
            }
        }
        .map(Some)
    }
}

impl Default for Offers {
    fn default() -> Self {
        Self {
            listen: "0.0.0.0".to_owned(),
            tftp_port: Protocol::Tftp.port(),
            ftp_port: Protocol::Ftp.port(),
            ftp_passive_ports: None,
            bytes_per_second: None,
            sites: BTreeMap::new(),
            https: None,
        }
    }
}

/// The configuration of a client.
///
/// ```
/// let config = swim::Config::from_toml(r#"
///     data = "/var/lib/swim"
///     [secrets.lab]
///     env = "LAB_PASSWORD"
///     [[devices]]
///     id = "sw1"
///     at = { host = "192.0.2.10", port = 22 }
///     platform = "ios_xe"
///     login = { user = "admin", password = "lab" }
///     host_key = "first_use"
/// "#)?;
/// assert_eq!(config.devices[0].id.as_str(), "sw1");
/// assert!(swim::Config::from_toml("data = 1").is_err());
/// # Ok::<(), swim::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The folder of the image files and of the database. It is made when it is not there.
    pub data: PathBuf,
    /// Devices to know; those of earlier runs stay known.
    #[serde(default)]
    pub devices: Vec<Device>,
    /// Secrets by name.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSource>,
    /// Where our offers listen.
    #[serde(default)]
    pub offers: Offers,
    /// The vendor's software service.
    #[serde(default)]
    pub catalog: Vendor,
    /// Image servers near the devices; devices that have none pull from us.
    #[serde(default)]
    pub servers: Vec<ImageServer>,
    /// Take the running images of devices into the repository whenever they are inspected. Off by default: it makes an
    /// inspection last as long as the transfer of an image.
    #[serde(default)]
    pub collect_images: bool,
    /// The name of this worker in journals; default: the process id.
    #[serde(default)]
    pub worker: Option<String>,
    /// Platform definitions (TOML texts) that add to the built-in ones or replace them.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// Only for simulated devices on this machine; default: none.
    #[serde(default)]
    pub simulation: Option<Simulation>,
}

impl Config {
    /// A configuration with nothing but a data folder.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            devices: Vec::new(),
            secrets: BTreeMap::new(),
            offers: Offers::default(),
            catalog: Vendor::default(),
            servers: Vec::new(),
            collect_images: false,
            worker: None,
            platforms: Vec::new(),
            simulation: None,
        }
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// `InvalidInput` that says what is wrong and where; it never repeats a value, which may be a secret.
    pub fn from_toml(text: &str) -> Result<Self> {
        Toml::parse(text).and_then(|document| document.read(Telling::Places)).map_err(refused)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// As [`Config::from_toml`].
    pub fn from_json(text: &str) -> Result<Self> {
        let read = document::parse(text.as_bytes());
        read.and_then(|document| document::read(&document, "", Telling::Places)).map_err(refused)
    }

    /// Reads a TOML file.
    ///
    /// # Errors
    /// `NotFound` or `Store` with the path, or as [`Config::from_toml`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_toml(&read(path.as_ref())?)
    }

    /// Refuses what could never work.
    ///
    /// # Errors
    /// `InvalidInput` names the field and the value.
    pub(crate) fn check(&self) -> Result<()> {
        if self.data.as_os_str().is_empty() {
            return Err(Error::invalid("data", "\"\"", "the folder of images and database: \".\" is the one at hand"));
        }
        self.offers.check()?;
        self.catalog.check()?;
        for server in &self.servers {
            let at = format!("servers.{}", server.name);
            server.check().map_err(|e| e.under(&at).with("server", &server.name))?;
        }
        let mut ids = HashSet::new();
        for device in &self.devices {
            let at = format!("devices.{}", device.id);
            device.check().map_err(|e| e.under(&at).with("device", &device.id))?;
            if !ids.insert(&device.id) {
                return Err(Error::invalid("devices", &device.id, "two devices have this id"));
            }
            if self.servers.iter().any(|server| server.name == device.id) {
                return Err(Error::invalid("servers", &device.id, "a device has this name: which of both is meant?"));
            }
        }
        match &self.worker {
            Some(name) if name.is_empty() || name.len() > LONGEST_WORKER || name.chars().any(char::is_control) => {
                let shown: String = name.chars().take(LONGEST_WORKER).collect();
                Err(Error::invalid("worker", format!("{shown:?}"), "1 to 253 bytes without control characters"))
            }
            _ => Ok(()),
        }
    }

    /// The secrets, resolved.
    ///
    /// # Errors
    /// `NotFound` names the secret whose variable or file is not there. What stands for the variable or the file is not
    /// repeated: the likeliest mistake is the secret itself in that place.
    pub(crate) fn resolved(&self) -> Result<Vec<(String, Secret<String>)>> {
        let mut out = Vec::new();
        for (name, source) in &self.secrets {
            let value = match source {
                SecretSource::Value(secret) => secret.clone(),
                SecretSource::Env(variable) => Secret::new(std::env::var(variable).map_err(|e| {
                    let (kind, what) = match e {
                        VarError::NotPresent => (ErrorKind::NotFound, "no environment variable of this name is set"),
                        VarError::NotUnicode(_) => (ErrorKind::InvalidInput, "the environment variable is no text"),
                    };
                    unreadable(name, "env", kind, what)
                })?),
                SecretSource::File(path) => {
                    let text = std::fs::read_to_string(path).map_err(|e| {
                        let (kind, what) = match e.kind() {
                            std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "there is no such file"),
                            _ => (ErrorKind::Store, "the file cannot be read"),
                        };
                        unreadable(name, "file", kind, what).caused_by(e)
                    })?;
                    let cut = text.strip_suffix('\n').unwrap_or(&text);
                    Secret::new(cut.strip_suffix('\r').unwrap_or(cut).to_owned())
                }
            };
            out.push((name.clone(), value));
        }
        Ok(out)
    }
}

fn unreadable(secret: &str, field: &str, kind: ErrorKind, what: &str) -> Error {
    let field = format!("secrets.{secret}.{field}");
    let hidden = "it is not repeated here, because it may be the secret itself";
    Error::new(kind, "read secret", format!("{field}: {what} ({hidden})")).with("field", field)
}

fn refused(wrong: Wrong) -> Error {
    wrong.error(ErrorKind::InvalidInput, "read configuration")
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| {
        let kind = if e.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Store };
        Error::new(kind, "read file", path.display().to_string()).caused_by(e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_in_no_debug_output_and_in_no_error() {
        let json = r#"{"data": "x", "secrets": {"a": {"value": "canary-1"}}}"#;
        let config = Config::from_json(json).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
        assert_eq!(config.resolved().unwrap()[0].1.expose(), "canary-1");
        let bad = r#"{"data": "x", "secrets": {"a": "canary-2"}}"#;
        let e = Config::from_json(bad).unwrap_err();
        assert!(!format!("{e:?}").contains("canary"), "{e:?}");
        assert_eq!(e.kind(), ErrorKind::InvalidInput);
        let bad = "data = 'x'\n[secrets]\na = 'canary-3'";
        let e = Config::from_toml(bad).unwrap_err();
        assert!(!format!("{e:?}").contains("canary"), "{e:?}");
        assert!(e.to_string().contains("line 3: secrets.a = (a text): must be value, env or file"), "{e}");
    }

    #[test]
    fn an_unknown_field_is_named() {
        let e = Config::from_toml("data = 'x'\ncolour = 1").unwrap_err();
        assert!(e.to_string().contains("colour") && e.to_string().contains("line 2"), "{e}");
    }

    #[test]
    fn what_could_never_work_is_refused_by_field_and_value() {
        let server = |more: &str| {
            format!("[[servers]]\nname = 'd'\nhost_key = 'first_use'\ndoors = [{{protocol = 'http'}}]\n{more}")
        };
        let named = "host = 'h'\n";
        let sftp = "[[servers]]\nname = 'd'\nhost = 'h'\ndoors = [{protocol = 'http'}, {protocol = 'sftp'}]";
        for (text, field, value) in [
            ("[offers]\nbytes_per_second = 0", "offers.bytes_per_second", "0"),
            ("[offers.sites]\nberlin = 0", "offers.sites", "0"),
            ("[offers]\nftp_passive_ports = [5, 1]", "offers.ftp_passive_ports", "[5, 1]"),
            ("[offers]\nftp_passive_ports = [0, 9]", "offers.ftp_passive_ports", "[0, 9]"),
            ("[offers]\nlisten = ''", "offers.listen", "\"\""),
            ("[offers]\nlisten = 'nowhere.invalid'", "offers.listen", "\"nowhere.invalid\""),
            ("worker = \"a\\nb\"", "worker", "\"a\\nb\""),
            ("worker = ''", "worker", "\"\""),
            ("", "data", "\"\""),
            (
                "[[servers]]\nname = 'd'\nhost = 'h'\nhost_key = 'first_use'\ndoors = [{protocol = 'sftp'}]",
                "doors",
                "sftp",
            ),
            (
                "[[servers]]\nname = 'd'\nhost = 'h'\ndoors = [{protocol = 'http'}]\n[[devices]]\nid = 'd'\n\
                 at = {host = 'h', port = 22}\nplatform = 'ios'\nlogin = {user = 'u', password = 'p'}\n\
                 host_key = 'first_use'",
                "servers",
                "d",
            ),
            (&server(&format!("{named}max_devices = 0")), "max_devices", "0"),
            (&server(&format!("{named}bytes_per_second = 0")), "bytes_per_second", "0"),
            (&server("host = ' '"), "host", "\" \""),
            (sftp, "host_key", "(absent)"),
        ] {
            let data = if text.is_empty() { "" } else { "x" };
            let e = Config::from_toml(&format!("data = '{data}'\n{text}")).unwrap().check().unwrap_err();
            assert_eq!(e.kind(), ErrorKind::InvalidInput);
            assert_eq!((e.context("field"), e.context("value")), (Some(field), Some(value)), "{text}");
        }
        let good = "worker = 'lab 1'\n[offers]\nlisten = '::1'\nbytes_per_second = 1\nftp_passive_ports = [5, 5]\n";
        let good = format!("data = 'x'\n{good}{}", server(&format!("{named}max_devices = 1")));
        Config::from_toml(&good).unwrap().check().unwrap();
    }

    #[test]
    fn one_of_many_devices_is_named() {
        let device = "[[devices]]\nid = 'sw1'\nat = { host = 'h' }\nplatform = 'ios_xe'\nlogin = { user = 'u' }\n";
        let refused = |text: &str| Config::from_toml(&format!("data = 'x'\n{text}")).unwrap().check().unwrap_err();
        let e = refused(device);
        assert!(e.to_string().contains("devices.sw1: host_key = (absent)"), "{e}");
        assert_eq!(e.context("device"), Some("sw1"));
        let good = format!("{device}host_key = 'first_use'\n");
        let e = refused(&format!("{good}{good}"));
        assert_eq!((e.context("field"), e.context("value")), (Some("devices"), Some("sw1")));
    }

    #[test]
    fn a_missing_variable_or_file_names_the_secret_and_is_not_repeated() {
        for (source, what) in
            [("env", "no environment variable of this name is set"), ("file", "there is no such file")]
        {
            // Somebody wrote the secret itself where its variable or its file is to be named.
            let text = format!("data = 'x'\n[secrets.lab]\n{source} = 'canary-4'");
            let e = Config::from_toml(&text).unwrap().resolved().unwrap_err();
            assert_eq!((e.kind(), e.context("field")), (ErrorKind::NotFound, Some(&*format!("secrets.lab.{source}"))));
            assert!(e.message().contains(what), "{e}");
            assert!(!format!("{e:?} {}", e.report()).contains("canary"), "{e:?}");
        }
    }
}
