//! Image servers: other machines near the devices, from which they pull.

use serde::{Deserialize, Serialize};

use super::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId, Protocol, TlsTrust};
use crate::{Error, Result};

/// The platform name of a server that is dialled as if it were a device.
const SERVER: &str = "image_server";

/// One way into an image server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// The protocol.
    pub protocol: Protocol,
    /// The port; default: the protocol's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How to log in, where the protocol has a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// The folder of the images as this door shows it; default: where a login lands.
    #[serde(default)]
    pub folder: String,
    /// What to do about the certificate, where the protocol shows one.
    #[serde(default, skip_serializing_if = "TlsTrust::is_default")]
    pub tls: TlsTrust,
}

impl Door {
    /// The protocol at its own port, with nothing special.
    #[must_use]
    pub const fn new(protocol: Protocol) -> Self {
        Self { protocol, port: None, login: None, folder: String::new(), tls: TlsTrust::MachineRoots }
    }

    /// Can a device pull through it? A device answers a question for a password, and has no keys of ours.
    ///
    /// ```
    /// use swim_core::model::{Door, Login, Protocol, SecretRef};
    /// let door = |login| Door { login: Some(login), ..Door::new(Protocol::Scp) };
    /// assert!(door(Login::password("swim", "depot")).lets_devices_in());
    /// assert!(!door(Login { password: None, key: Some(SecretRef("key".into())), ..Login::password("swim", "depot") }).lets_devices_in());
    /// ```
    #[must_use]
    pub fn lets_devices_in(&self) -> bool {
        let by_password = self.login.as_ref().is_some_and(|login| login.password.is_some());
        by_password || !self.protocol.over_ssh()
    }

    /// The path of a file behind this door.
    ///
    /// ```
    /// use swim_core::model::{Door, Protocol};
    /// let door = Door { folder: "images/".into(), ..Door::new(Protocol::Sftp) };
    /// assert_eq!(door.path("x.bin"), "images/x.bin");
    /// assert_eq!(Door::new(Protocol::Sftp).path("x.bin"), "x.bin");
    /// ```
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        match self.folder.trim_end_matches('/') {
            "" if self.folder.is_empty() => name.to_owned(),
            folder => format!("{folder}/{name}"),
        }
    }
}

/// An image server. Any number of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageServer {
    /// The operator's name of it; unique.
    pub name: DeviceId,
    /// Its name or address.
    pub host: String,
    /// The ways in. We stage through the first one that can be written to; devices pull through any.
    pub doors: Vec<Door>,
    /// What to do about its SSH host key, where it has a door of SFTP or SCP.
    #[serde(default, skip_serializing_if = "HostKeyPolicy::is_default")]
    pub host_key: HostKeyPolicy,
    /// Devices that pull from it.
    #[serde(default)]
    pub devices: Vec<DeviceId>,
    /// Groups whose devices pull from it.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Sites whose devices pull from it.
    #[serde(default)]
    pub sites: Vec<String>,
    /// Devices that pull from it at the same time; default: the policy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_devices: Option<u32>,
    /// Bytes a second that we send to it at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
}

impl ImageServer {
    /// A server that is meant for nobody yet, without limits of its own.
    #[must_use]
    pub fn new(name: DeviceId, host: impl Into<String>, doors: Vec<Door>, host_key: HostKeyPolicy) -> Self {
        let (host, max_devices, bytes_per_second) = (host.into(), None, None);
        let (devices, groups, sites) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, host, doors, host_key, devices, groups, sites, max_devices, bytes_per_second }
    }

    /// The door of a protocol.
    #[must_use]
    pub fn door(&self, protocol: Protocol) -> Option<&Door> {
        self.doors.iter().find(|d| d.protocol == protocol)
    }

    /// The server behind one of its doors, as something that transfers can dial.
    #[must_use]
    pub fn as_device(&self, door: &Door) -> Device {
        let at = Endpoint { host: self.host.clone(), port: door.port.unwrap_or_else(|| door.protocol.port()) };
        let nobody = Login { user: String::new(), password: None, key: None, key_passphrase: None, enable: None };
        let login = door.login.clone().unwrap_or(nobody);
        let device = Device::new(self.name.clone(), at, PlatformId(SERVER.to_owned()), login, self.host_key.clone());
        Device { tls: door.tls.clone(), ..device }
    }

    /// Checks that it can be used at all.
    ///
    /// # Errors
    /// `InvalidInput` names the field.
    pub fn check(&self) -> Result<()> {
        if self.host.is_empty() || self.host.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Error::invalid("host", format!("{:?}", self.host), "a name or an address"));
        }
        if self.max_devices == Some(0) {
            return Err(Error::invalid("max_devices", 0, "no device could ever pull: leave it out for the policy's"));
        }
        if self.bytes_per_second == Some(0) {
            return Err(Error::invalid("bytes_per_second", 0, "nothing would ever arrive: leave it out for no cap"));
        }
        if self.doors.is_empty() {
            return Err(Error::invalid("doors", "[]", "an image server needs at least one protocol"));
        }
        for door in &self.doors {
            if self.doors.iter().filter(|d| d.protocol == door.protocol).count() > 1 {
                return Err(Error::invalid("doors", door.protocol, "a protocol may stand there once"));
            }
            door.tls.check()?;
            if door.protocol.over_ssh() {
                self.host_key.check()?;
                if door.login.is_none() {
                    let why = "its login is missing: SSH lets nobody in without a user and a password or a key";
                    return Err(Error::invalid("doors", door.protocol, why));
                }
            }
            if door.folder.chars().any(char::is_control) {
                return Err(Error::invalid("folder", format!("{:?}", door.folder), "no control characters"));
            }
        }
        Ok(())
    }
}
