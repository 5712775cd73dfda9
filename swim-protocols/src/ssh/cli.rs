//! The command line of a device over SSH.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use russh::client::Msg;
use swim_core::Result;
use swim_core::cli::{Conversation, Matcher};
use swim_core::model::Device;
use swim_core::platform::Definition;
use swim_core::ports::{Cli, CliConnector, Context};

use super::client::{SshClient, SshLink};
use super::config::{CHANNEL_LIMIT, TRANSFER_SILENCE};
use super::failure;
use super::pipe::Pipe;
use crate::command_line::{COLUMNS, Carrier, CommandLine, Heard, ROWS};

/// Opens command-line sessions over SSH.
#[derive(Clone, Debug)]
pub struct SshConnector {
    client: Arc<SshClient>,
}

impl SshConnector {
    /// A connector over a client.
    #[must_use]
    pub const fn new(client: Arc<SshClient>) -> Self {
        Self { client }
    }
}

#[async_trait]
impl CliConnector for SshConnector {
    async fn connect(&self, device: &Device, definition: &Definition, cx: &Context) -> Result<Box<dyn Cli>> {
        let matcher = Arc::new(Matcher::new(definition)?);
        let link = self.client.connect(device, cx).await?;
        let mut pipe = Pipe::new(link.channel("open shell", cx).await?, "open shell");
        let ask = |e| failure::ssh("open shell", e);
        let (columns, rows) = (u32::from(COLUMNS), u32::from(ROWS));
        pipe.writer().request_pty(false, "vt100", columns, rows, 0, 0, &[]).await.map_err(ask)?;
        pipe.writer().request_shell(true).await.map_err(ask)?;
        pipe.granted(CHANNEL_LIMIT, cx).await.map_err(|e| e.with("device", &device.id))?;
        let secrets = Arc::clone(self.client.secrets());
        let login = Conversation::login(Arc::clone(&matcher), device.login.enable.clone(), cx.clock.monotonic());
        let cli = CommandLine::new(Shell { link, pipe }, matcher, secrets);
        Ok(Box::new(cli.log_in(login, device, definition, cx).await?))
    }
}

/// A shell on its channel.
struct Shell {
    link: SshLink,
    pipe: Pipe<Msg>,
}

#[async_trait]
impl Carrier for Shell {
    async fn send(&mut self, bytes: Bytes, cx: &Context) -> Result<()> {
        self.pipe.send(bytes, false, TRANSFER_SILENCE, cx).await
    }

    async fn hear(&mut self, limit: Duration, cx: &Context) -> Result<Heard> {
        self.pipe.hear(limit, cx).await
    }

    fn local_address(&self) -> Option<&str> {
        self.link.local_address()
    }

    async fn close(&mut self) {
        self.pipe.finish().await;
        self.link.close().await;
    }
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").field("link", &self.link).finish_non_exhaustive()
    }
}
