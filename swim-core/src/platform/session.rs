//! What a platform procedure works with.

use std::fmt;
use std::sync::Arc;

use crate::cli::{Dialogue, Transcript};
use crate::model::{Device, Direction, Protocol, SecretRef};
use crate::ports::{Cli, Context, ImageStore, Secrets, Sink, Transfer};
use crate::transfer::{Caps, Servers};
use crate::{Error, ErrorKind, Result};

/// What transfers need besides the command line.
#[derive(Clone)]
pub struct PullServices {
    /// Where image bytes are.
    pub store: Arc<dyn ImageStore>,
    /// The transfer adapters.
    pub transfers: Vec<Arc<dyn Transfer>>,
    /// How fast they may be.
    pub caps: Caps,
    /// Image servers from which devices pull instead of from us.
    pub servers: Arc<Servers>,
    /// The logins at image servers.
    pub secrets: Arc<dyn Secrets>,
}

impl PullServices {
    /// The adapter for a protocol and direction.
    #[must_use]
    pub fn find(&self, protocol: Protocol, direction: Direction) -> Option<&Arc<dyn Transfer>> {
        self.transfers.iter().find(|t| {
            let a = t.ability();
            a.protocol == protocol && a.directions.contains(&direction)
        })
    }
}

impl fmt::Debug for PullServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PullServices").field("transfers", &self.transfers).finish_non_exhaustive()
    }
}

/// A file that a device shall write to us.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its path on the device, e.g. `flash:/x.bin`.
    pub path: String,
    /// Where the bytes go.
    pub sink: Arc<dyn Sink>,
    /// A file that is larger is refused.
    pub most: u64,
}

/// An open session with a device, and everything that a procedure may use.
pub struct Session<'a> {
    /// Which device.
    pub device: &'a Device,
    /// The command line.
    pub cli: &'a mut dyn Cli,
    /// For transfers.
    pub services: &'a PullServices,
    /// Clock, cancellation, notes.
    pub cx: &'a Context,
}

impl Session<'_> {
    /// The context of a transfer with this device: with the bandwidth caps that hold for it.
    #[must_use]
    pub fn transfer_context(&self) -> Context {
        Context { pace: self.services.caps.pace(self.device), ..self.cx.clone() }
    }

    /// Runs a plain command and returns its output.
    ///
    /// # Errors
    /// Whatever the session says.
    pub async fn show(&mut self, command: &str) -> Result<String> {
        Ok(self.run(&Dialogue::show(command)).await?.output)
    }

    /// Runs a dialogue.
    ///
    /// # Errors
    /// `UnexpectedReply` for an unknown question, `DeviceRejected` where the device said no, `Timeout` after silence.
    pub async fn run(&mut self, dialogue: &Dialogue) -> Result<Transcript> {
        self.cli.exchange(dialogue, self.cx).await
    }

    /// The device's enable secret, if it has one.
    #[must_use]
    pub const fn enable(&self) -> Option<&SecretRef> {
        self.device.login.enable.as_ref()
    }

    /// The address at which the device can reach us.
    ///
    /// # Errors
    /// `Unsupported` when neither the device's settings nor the connection tell.
    pub fn our_address(&self) -> Result<String> {
        self.device.reach_us_at.clone().or_else(|| self.cli.local_address()).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "offer", "our own address as seen by the device is not known")
                .with("device", &self.device.id)
        })
    }
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("device", &self.device.id).finish_non_exhaustive()
    }
}
