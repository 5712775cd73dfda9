//! From where a device pulls, as a plan names it: what an approver has seen is where the bytes come from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Servers;
use crate::model::{Device, DeviceId, ImageServer, Protocol};
use crate::{Error, ErrorKind, Result};

/// Why a device pulls from there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Because {
    /// The server names the device.
    Device,
    /// The server names a group of the device: this one.
    Group(String),
    /// The server names the device's site: this one.
    Site(String),
    /// No server is meant for it.
    #[default]
    Default,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device => f.write_str("the device's own"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::Site(name) => write!(f, "site {name}"),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// One way into an image server, without its login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// The protocol.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// The folder of the images; empty where a login lands in it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
}

/// An image server as it was configured when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// Its name.
    pub name: DeviceId,
    /// Its host name or address.
    pub host: String,
    /// The ways in for devices.
    pub ways: Vec<Way>,
}

impl Planned {
    fn of(server: &ImageServer) -> Self {
        let way = |door: &crate::model::Door| Way {
            protocol: door.protocol,
            port: door.port.unwrap_or_else(|| door.protocol.port()),
            folder: door.folder.clone(),
        };
        let ways = server.doors.iter().filter(|door| door.lets_devices_in()).map(way).collect();
        Self { name: server.name.clone(), host: server.host.clone(), ways }
    }

    /// The way in by this protocol.
    #[must_use]
    pub fn way(&self, protocol: Protocol) -> Option<&Way> {
        self.ways.iter().find(|way| way.protocol == protocol)
    }
}

/// From where a device pulls, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The image server; absent: us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Planned>,
    /// Why.
    pub because: Because,
}

impl Source {
    /// Who serves a pull by this protocol, for people: `us`, or `depot (192.0.2.7:22, folder images)`.
    #[must_use]
    pub fn of_pull(&self, protocol: Protocol) -> String {
        let Some(server) = &self.server else { return "us".to_owned() };
        let way = server.way(protocol);
        let host = if server.host.contains(':') { format!("[{}]", server.host) } else { server.host.clone() };
        let port = way.map_or_else(|| protocol.port(), |way| way.port);
        match way.map(|way| way.folder.as_str()).filter(|folder| !folder.is_empty()) {
            Some(folder) => format!("{} ({host}:{port}, folder {folder})", server.name),
            None => format!("{} ({host}:{port})", server.name),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Some(server) => write!(f, "image server {} ({})", server.name, self.because),
            None => write!(f, "us ({})", self.because),
        }
    }
}

impl Servers {
    /// The source of a device: the server that names it, then one of a group of it, then one of its site; otherwise us.
    #[must_use]
    pub fn source(&self, device: &Device) -> Source {
        let all = self.all();
        let found = |because, server: &ImageServer| Source { server: Some(Planned::of(server)), because };
        if let Some(server) = all.iter().find(|s| s.devices.contains(&device.id)) {
            return found(Because::Device, server);
        }
        let of_group = |s: &ImageServer| device.groups.iter().find(|g| s.groups.contains(g)).cloned();
        if let Some((server, group)) = all.iter().find_map(|s| Some((s, of_group(s)?))) {
            return found(Because::Group(group), server);
        }
        let of_site = |s: &ImageServer| device.site.clone().filter(|site| s.sites.contains(site));
        match all.iter().find_map(|s| Some((s, of_site(s)?))) {
            Some((server, site)) => found(Because::Site(site), server),
            None => Source::default(),
        }
    }

    /// The configured server that a plan names. It must be what it was: another address or folder is another server, which
    /// nobody has approved.
    ///
    /// # Errors
    /// `NotFound` when it is not configured any more; `Blocked` when it is another one now.
    pub fn planned(&self, planned: &Planned) -> Result<&ImageServer> {
        let name = &planned.name;
        let server = self.all().iter().find(|s| s.name == *name).ok_or_else(|| {
            let message = format!("the plan names the image server {name}, which is not in the configuration any more");
            Error::new(ErrorKind::NotFound, "transfer", message).with("server", name)
        })?;
        let now = Planned::of(server);
        if now == *planned {
            return Ok(server);
        }
        let message =
            format!("the image server {name} is not configured as it was when the plan was made: make another plan");
        let shown = |p: &Planned| {
            let ways = p.ways.iter().map(|w| format!("{}:{}/{}", w.protocol, w.port, w.folder));
            format!("{} {}", p.host, ways.collect::<Vec<_>>().join(" "))
        };
        Err(Error::new(ErrorKind::Blocked, "transfer", message)
            .with("server", name)
            .with("planned", shown(planned))
            .with("now", shown(&now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Door, Endpoint, HostKeyPolicy, Login, PlatformId};

    fn server(name: &str) -> ImageServer {
        let login = Some(Login::password("swim", "depot"));
        let door = Door { folder: "images".into(), login, ..Door::new(Protocol::Sftp) };
        ImageServer::new(DeviceId::new(name).unwrap(), "192.0.2.1", vec![door], HostKeyPolicy::FirstUse)
    }

    fn device(groups: &[&str], site: Option<&str>) -> Device {
        let at = Endpoint { host: "192.0.2.9".into(), port: 22 };
        let login = Login::password("u", "p");
        let id = DeviceId::new("sw1").unwrap();
        let mut device = Device::new(id, at, PlatformId("ios".into()), login, HostKeyPolicy::FirstUse);
        device.groups = groups.iter().map(|g| (*g).to_owned()).collect();
        device.site = site.map(str::to_owned);
        device
    }

    #[test]
    fn the_device_comes_before_its_groups_and_they_before_its_site() {
        let mut all = vec![server("by-site"), server("by-group"), server("by-name")];
        all[0].sites = vec!["berlin".into()];
        all[1].groups = vec!["core".into()];
        let device = |g: &[&str], s| device(g, s);
        let of = |servers: &[ImageServer], d: &Device| Servers::new(servers.to_vec()).unwrap().source(d).to_string();
        assert_eq!(of(&all, &device(&["access", "core"], Some("berlin"))), "image server by-group (group core)");
        assert_eq!(of(&all, &device(&["access"], Some("berlin"))), "image server by-site (site berlin)");
        assert_eq!(of(&all, &device(&[], Some("paris"))), "us (the default)");
        all[2].devices = vec![DeviceId::new("sw1").unwrap()];
        assert_eq!(of(&all, &device(&["core"], Some("berlin"))), "image server by-name (the device's own)");
    }

    #[test]
    fn another_server_of_the_same_name_is_not_the_planned_one() {
        let mut configured = server("depot");
        configured.devices = vec![DeviceId::new("sw1").unwrap()];
        let servers = |s: &ImageServer| Servers::new(vec![s.clone()]).unwrap();
        let planned = servers(&configured).source(&device(&[], None)).server.unwrap();
        assert!(servers(&configured).planned(&planned).is_ok());
        // Who it serves, how fast and with which login is nothing that the plan has said.
        configured.devices.clear();
        configured.bytes_per_second = Some(1);
        configured.doors[0].login = Some(Login::password("u", "p"));
        assert!(servers(&configured).planned(&planned).is_ok());
        configured.host = "192.0.2.2".into();
        let e = servers(&configured).planned(&planned).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Blocked);
        assert_eq!((e.context("planned"), e.context("now")).0, Some("192.0.2.1 sftp:22/images"), "{e:?}");
        let e = Servers::default().planned(&planned).unwrap_err();
        assert_eq!((e.kind(), e.context("server")), (ErrorKind::NotFound, Some("depot")));
    }
}
