//! A managed device: where it is, how to log in, what it is thought to be.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{HostKeyPolicy, SecretRef, TlsTrust};
use crate::image::platform_id;
use crate::{Error, Result};

/// The operator's name of a device; unique in a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DeviceId(String);

impl TryFrom<String> for DeviceId {
    type Error = Error;

    fn try_from(id: String) -> Result<Self> {
        Self::new(id)
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.0
    }
}

impl DeviceId {
    /// Makes an id; it must be 1 to 253 printable characters without white space.
    ///
    /// # Errors
    /// `InvalidInput` that names the value.
    ///
    /// ```
    /// use swim_core::model::DeviceId;
    /// assert!(DeviceId::new("edge-1").is_ok());
    /// assert!(DeviceId::new("edge 1").is_err());
    /// ```
    pub fn new(id: impl Into<String>) -> Result<Self> {
        let id = id.into();
        if id.is_empty() || id.len() > 253 || id.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Error::invalid("device id", format!("{id:?}"), "1 to 253 characters without white space"));
        }
        Ok(Self(id))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses a list, the `field` of a call, in which a device is named twice.
    ///
    /// ```
    /// use swim_core::model::DeviceId;
    /// let (a, b) = (DeviceId::new("a")?, DeviceId::new("b")?);
    /// assert!(DeviceId::once("devices", &[a.clone(), b.clone()]).is_ok());
    /// let e = DeviceId::once("devices", &[a.clone(), b, a]).unwrap_err();
    /// assert_eq!((e.context("field"), e.context("value")), (Some("devices[2]"), Some("a")));
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` names the second place.
    pub fn once(field: &str, ids: &[Self]) -> Result<()> {
        let mut seen = BTreeSet::new();
        match ids.iter().enumerate().find(|(_, id)| !seen.insert(*id)) {
            Some((at, id)) => Err(Error::invalid(&format!("{field}[{at}]"), id, "it is named twice")),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a platform definition: `ios`, `ios_xe`, ... What documents write for one that is known (`iosxe`, `IOS-XE`) is read
/// as that.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct PlatformId(pub String);

impl From<String> for PlatformId {
    fn from(named: String) -> Self {
        Self(platform_id(&named).to_owned())
    }
}

impl From<PlatformId> for String {
    fn from(id: PlatformId) -> Self {
        id.0
    }
}

impl fmt::Display for PlatformId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A host name or address and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Name, IPv4 or IPv6 address (without brackets).
    pub host: String,
    /// TCP or UDP port. A document may leave it out: 0, and for a device the usual one of its way.
    #[serde(default)]
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// How to log in. Secrets are references.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// The password; also answers keyboard-interactive questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// A private key in OpenSSH or PEM form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretRef>,
    /// The passphrase of the private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_passphrase: Option<SecretRef>,
    /// The enable secret, when the login does not land at level 15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable: Option<SecretRef>,
}

/// A managed device.
// `remote`: what is derived is wrapped below, where a port that was left out gets its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Device {
    /// The operator's name for it.
    pub id: DeviceId,
    /// Where its command line is. A document may leave out the port: 22, or 23 with `telnet`.
    pub at: Endpoint,
    /// The platform definition to use.
    pub platform: PlatformId,
    /// How to log in.
    pub login: Login,
    /// What to do about its host key. Only a document of a device with `telnet` may leave it out.
    #[serde(default, skip_serializing_if = "HostKeyPolicy::is_default")]
    pub host_key: HostKeyPolicy,
    /// What to do about its certificate, where it is dialled by HTTPS or FTPS.
    #[serde(default, skip_serializing_if = "TlsTrust::is_default")]
    pub tls: TlsTrust,
    /// Legacy SSH algorithms are offered to this device only when this is set; it is reported as a finding.
    #[serde(default)]
    pub legacy_ssh: bool,
    /// Its command line is reached by Telnet instead of SSH; it is reported as a finding. Not encrypted: who can listen on
    /// the way reads every secret that is typed, and can type commands of his own.
    #[serde(default)]
    pub telnet: bool,
    /// The address that this device must use to reach our offers, when it is not the one of the control session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach_us_at: Option<String>,
    /// The address that its pulls come from, where that is certain: no other address is let in then. Leave it out where a
    /// device may choose another interface, or an address is translated on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulls_from: Option<IpAddr>,
    /// A VRF for pulls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// A site, for order and limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Groups that it belongs to, the most telling first: image servers are meant for some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

impl Login {
    /// A user with a password.
    #[must_use]
    pub fn password(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { password: Some(SecretRef(password.into())), ..Self::user(user) }
    }

    /// A user with a private key.
    #[must_use]
    pub fn key(user: impl Into<String>, key: impl Into<String>) -> Self {
        Self { key: Some(SecretRef(key.into())), ..Self::user(user) }
    }

    fn user(user: impl Into<String>) -> Self {
        Self { user: user.into(), password: None, key: None, key_passphrase: None, enable: None }
    }

    /// The same with an enable secret.
    #[must_use]
    pub fn enable(mut self, enable: impl Into<String>) -> Self {
        self.enable = Some(SecretRef(enable.into()));
        self
    }
}

impl Device {
    /// A device with nothing special.
    ///
    /// ```
    /// use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId};
    /// let at = Endpoint { host: "192.0.2.10".into(), port: 22 };
    /// let login = Login::password("admin", "lab");
    /// let device = Device::new(DeviceId::new("sw1")?, at, PlatformId("ios_xe".into()), login, HostKeyPolicy::FirstUse);
    /// assert!(!device.legacy_ssh && !device.telnet);
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    #[must_use]
    pub const fn new(id: DeviceId, at: Endpoint, platform: PlatformId, login: Login, host_key: HostKeyPolicy) -> Self {
        Self {
            id,
            at,
            platform,
            login,
            host_key,
            tls: TlsTrust::MachineRoots,
            legacy_ssh: false,
            telnet: false,
            reach_us_at: None,
            pulls_from: None,
            vrf: None,
            site: None,
            groups: Vec::new(),
        }
    }

    /// Checks what can be checked without a connection.
    ///
    /// # Errors
    /// `InvalidInput` names the device, the field and the value.
    pub fn check(&self) -> Result<()> {
        let named = |e: Error| e.with("device", &self.id);
        if self.at.host.trim().is_empty() {
            return Err(named(Error::invalid("at.host", format!("{:?}", self.at.host), "a name or an address")));
        }
        if self.at.port == 0 {
            return Err(named(Error::invalid("at.port", 0, "a number from 1 to 65535; absent: 22, or 23 with telnet")));
        }
        self.tls.check().map_err(named)?;
        let needless = self.telnet && self.host_key.is_default();
        if needless { Ok(()) } else { self.host_key.check().map_err(named) }
    }
}

/// Where SSH servers listen.
const SSH_PORT: u16 = 22;
/// Where Telnet servers listen.
const TELNET_PORT: u16 = 23;

impl Serialize for Device {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let mut device = Self::deserialize(deserializer)?;
        if device.at.port == 0 {
            device.at.port = if device.telnet { TELNET_PORT } else { SSH_PORT };
        }
        Ok(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(telnet: &str, at: &str) -> serde_json::Result<Device> {
        let rest = r#""platform": "ios", "login": {"user": "a", "password": "lab"}, "host_key": "first_use""#;
        serde_json::from_str(&format!(r#"{{"id": "sw1", "at": {at}, {telnet} {rest}}}"#))
    }

    #[test]
    fn a_port_that_is_left_out_is_that_of_the_way() {
        let port = |telnet, at| read(telnet, at).unwrap().at.port;
        assert_eq!(port("", r#"{"host": "h"}"#), 22);
        assert_eq!(port(r#""telnet": false,"#, r#"{"host": "h"}"#), 22);
        assert_eq!(port(r#""telnet": true,"#, r#"{"host": "h"}"#), 23);
        assert_eq!(port(r#""telnet": true,"#, r#"{"host": "h", "port": 2023}"#), 2023);
        assert_eq!(port("", r#"{"host": "h", "port": 23}"#), 23);
        let device = read(r#""telnet": true,"#, r#"{"host": "h"}"#).unwrap();
        let written = serde_json::to_value(&device).unwrap();
        assert_eq!((&written["at"]["port"], &written["telnet"]), (&23.into(), &true.into()));
        assert_eq!(serde_json::from_value::<Device>(written).unwrap(), device);
        assert!(read(r#""pulls_from": "2001:db8::1","#, r#"{"host": "h"}"#).unwrap().pulls_from.is_some());
        for wrong in [r#""telnet": "yes","#, r#""pulls_from": "sw1","#, r#""tel_net": true,"#] {
            assert!(read(wrong, r#"{"host": "h"}"#).is_err());
        }
    }

    #[test]
    fn only_who_is_never_dialled_by_ssh_needs_no_host_key() {
        let read = |more: &str| {
            let rest = r#""at": {"host": "h"}, "platform": "ios", "login": {"user": "a"}"#;
            serde_json::from_str::<Device>(&format!(r#"{{"id": "sw1", {rest}{more}}}"#)).unwrap().check()
        };
        read(r#", "telnet": true"#).unwrap();
        read(r#", "host_key": "first_use""#).unwrap();
        for (more, field) in
            [("", "host_key"), (r#", "telnet": true, "host_key": {"pinned": "ab"}"#, "host_key.pinned")]
        {
            let e = read(more).unwrap_err();
            assert_eq!((e.context("field"), e.context("device")), (Some(field), Some("sw1")));
        }
    }
}
