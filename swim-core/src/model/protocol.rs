//! Transfer protocols and directions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A way to move an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// SFTP over SSH.
    Sftp,
    /// Legacy SCP over SSH.
    Scp,
    /// HTTPS.
    Https,
    /// HTTP.
    Http,
    /// FTP over TLS (explicit).
    Ftps,
    /// FTP.
    Ftp,
    /// TFTP.
    Tftp,
}

impl Protocol {
    /// Encrypted, and is the other side authenticated?
    #[must_use]
    pub const fn secure(self) -> bool {
        matches!(self, Self::Sftp | Self::Scp | Self::Https | Self::Ftps)
    }

    /// Is it a service of SSH: one port, one host key and the same accounts?
    #[must_use]
    pub const fn over_ssh(self) -> bool {
        matches!(self, Self::Sftp | Self::Scp)
    }

    /// The port where servers listen for it.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Sftp | Self::Scp => 22,
            Self::Https => 443,
            Self::Http => 80,
            Self::Ftps | Self::Ftp => 21,
            Self::Tftp => 69,
        }
    }

    /// As it is written in a URL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sftp => "sftp",
            Self::Scp => "scp",
            Self::Https => "https",
            Self::Http => "http",
            Self::Ftps => "ftps",
            Self::Ftp => "ftp",
            Self::Tftp => "tftp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// The device dials us and reads: an offer. Preferred.
    Pull,
    /// We dial the device and write.
    Push,
    /// We dial the device and read.
    Fetch,
    /// The device dials us and writes: an accept.
    Upload,
}

impl Direction {
    /// Does it bring an image to a device?
    #[must_use]
    pub const fn distributes(self) -> bool {
        matches!(self, Self::Pull | Self::Push)
    }

    /// As it is written in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Fetch => "fetch",
            Self::Upload => "upload",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
