//! A platform as data.

use serde::{Deserialize, Serialize};

use crate::document::{Telling, Toml};
use crate::model::{Direction, PlatformId, Protocol};
use crate::version::Scheme;
use crate::{ErrorKind, Result};

/// What a platform can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abilities {
    /// Transfers that the platform knows, the preferred first.
    pub transfers: Vec<(Protocol, Direction)>,
    /// Protocols whose URLs have no port there: the device dials the protocol's own.
    #[serde(default)]
    pub fixed_ports: Vec<Protocol>,
    /// Knows install mode?
    pub install_mode: bool,
    /// Is there a commit after the activation?
    pub commit: bool,
}

/// A platform definition, read from TOML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its name.
    pub id: PlatformId,
    /// The grammar of its versions.
    pub versions: Scheme,
    /// Regular expression of the prompt: the last line, with the host name in the group `host`.
    pub prompt: String,
    /// Regular expression of the unprivileged prompt.
    pub prompt_user: String,
    /// Sent after login.
    pub setup: Vec<String>,
    /// The command that raises the privilege, if there is one.
    pub enable: Option<String>,
    /// Lines that mean that a command was refused.
    pub refusals: Vec<String>,
    /// A pager's line; answered with a space.
    pub pager: Option<String>,
    /// Prompts of a stopped boot loader: the device needs a console.
    pub loader_prompts: Vec<String>,
    /// What it can do.
    pub abilities: Abilities,
}

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// `InvalidInput` with the line, the field and its value.
    pub fn from_toml(text: &str) -> Result<Self> {
        Toml::parse(text)
            .and_then(|document| document.read(Telling::Values))
            .map_err(|wrong| wrong.error(ErrorKind::InvalidInput, "read platform definition"))
    }
}
