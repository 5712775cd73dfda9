//! A command line on a device.

use std::fmt;

use async_trait::async_trait;

use super::Context;
use crate::Result;
use crate::cli::{Dialogue, Transcript};
use crate::model::Device;
use crate::platform::Definition;

/// An open, logged-in session.
#[async_trait]
pub trait Cli: Send + Sync + fmt::Debug {
    /// Sends a command and follows its dialogue to the prompt (or to the end of the session, where the dialogue allows that).
    async fn exchange(&mut self, dialogue: &Dialogue, cx: &Context) -> Result<Transcript>;
    /// The host name of the prompt.
    fn hostname(&self) -> Option<&str>;
    /// Our own address of this connection: what the device can reach us at.
    fn local_address(&self) -> Option<String>;
    /// Logs out.
    async fn close(self: Box<Self>);
}

/// Opens sessions.
#[async_trait]
pub trait CliConnector: Send + Sync + fmt::Debug {
    /// Dials, checks the host key, logs in, reaches level 15 (enable), turns paging off.
    async fn connect(&self, device: &Device, definition: &Definition, cx: &Context) -> Result<Box<dyn Cli>>;
}
