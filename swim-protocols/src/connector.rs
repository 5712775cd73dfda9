//! The way to the command line of each device.

use std::sync::Arc;

use async_trait::async_trait;
use swim_core::Result;
use swim_core::model::Device;
use swim_core::platform::Definition;
use swim_core::ports::{Cli, CliConnector, Context};

use crate::ssh::{SshClient, SshConnector};
#[cfg(feature = "telnet")]
use crate::telnet::TelnetConnector;

/// Opens command-line sessions: over SSH, or over Telnet to the devices that are marked so.
#[derive(Clone, Debug)]
pub struct Connector {
    ssh: SshConnector,
    #[cfg(feature = "telnet")]
    telnet: TelnetConnector,
}

impl Connector {
    /// A connector over a client; Telnet has the same network and the same secrets.
    #[must_use]
    pub fn new(client: Arc<SshClient>) -> Self {
        Self {
            #[cfg(feature = "telnet")]
            telnet: TelnetConnector::new(Arc::clone(client.network()), Arc::clone(client.secrets())),
            ssh: SshConnector::new(client),
        }
    }
}

#[async_trait]
impl CliConnector for Connector {
    async fn connect(&self, device: &Device, definition: &Definition, cx: &Context) -> Result<Box<dyn Cli>> {
        #[cfg(feature = "telnet")]
        if device.telnet {
            return self.telnet.connect(device, definition, cx).await;
        }
        self.ssh.connect(device, definition, cx).await
    }
}
