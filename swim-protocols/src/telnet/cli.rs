//! The command line of a device over Telnet.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use swim_core::cli::{Conversation, Matchers};
use swim_core::model::Device;
use swim_core::platform::Definition;
use swim_core::ports::{Cli, CliConnector, Context, Network, Secrets};
use swim_core::{Error, Result};

use super::wire::Wire;
use crate::command_line::CommandLine;

/// Longest wait for the TCP connection: a minute of silence is an unreachable device.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(60);
/// Longest wait for a device to take what we write: a line is some bytes, and a busy device reads within seconds.
pub const SILENCE: Duration = Duration::from_secs(120);

/// Opens command-line sessions over Telnet, to devices that are marked with `telnet` and to no others.
#[derive(Clone, Debug)]
pub struct TelnetConnector {
    network: Arc<dyn Network>,
    secrets: Arc<dyn Secrets>,
    matchers: Arc<Matchers>,
}

impl TelnetConnector {
    /// A connector that dials through `network` and asks `secrets` for passwords at the moment of use.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, secrets: Arc<dyn Secrets>) -> Self {
        Self { network, secrets, matchers: Arc::default() }
    }
}

#[async_trait]
impl CliConnector for TelnetConnector {
    async fn connect(&self, device: &Device, definition: &Definition, cx: &Context) -> Result<Box<dyn Cli>> {
        if !device.telnet {
            let why = "Telnet is not encrypted and must be allowed for this device first";
            return Err(Error::invalid("telnet", false, why).with("device", &device.id));
        }
        let named = |e: Error| e.with("device", &device.id);
        let matcher = self.matchers.of(definition)?;
        let dialed = cx.within(CONNECT_LIMIT, "connect", self.network.dial(&device.at)).await.map_err(named)?;
        let enable = device.login.enable.clone();
        let login = Conversation::login(Arc::clone(&matcher), enable, cx.clock.monotonic());
        let login = login.answering(&device.login).map_err(named)?;
        let cli = CommandLine::new(Wire::new(dialed), matcher, Arc::clone(&self.secrets));
        Ok(Box::new(cli.log_in(login, device, definition, cx).await?))
    }
}
