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
    /// FTP.
    Ftp,
    /// TFTP.
    Tftp,
}

impl Protocol {
    /// As it is written in a URL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sftp => "sftp",
            Self::Scp => "scp",
            Self::Https => "https",
            Self::Http => "http",
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
}
