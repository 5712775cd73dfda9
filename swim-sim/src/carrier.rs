//! What carries a session on the command line: an SSH channel, or a Telnet connection.

use std::time::Duration;

use async_trait::async_trait;
use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};

use crate::terminal::{Gone, Io};

/// Between the end of a session and that of its connection.
const CLOSING: Duration = Duration::from_millis(50);

/// How a session is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Ssh,
    Telnet,
}

/// Bytes in both directions.
#[async_trait]
pub(crate) trait Carrier: Send {
    /// What was typed next.
    async fn read(&mut self) -> Io<Vec<u8>>;
    /// Shows bytes.
    async fn write(&mut self, bytes: &[u8]) -> Io<()>;
    /// Ends the session; a request for one command ends with a status, and its connection goes on.
    async fn finish(&mut self, status: Option<u32>);
}

/// An SSH channel.
pub(crate) struct SshChannel {
    read: ChannelReadHalf,
    write: ChannelWriteHalf<Msg>,
    handle: Handle,
}

impl SshChannel {
    pub(crate) fn new(channel: Channel<Msg>, handle: Handle) -> Self {
        let (read, write) = channel.split();
        Self { read, write, handle }
    }
}

#[async_trait]
impl Carrier for SshChannel {
    async fn read(&mut self) -> Io<Vec<u8>> {
        loop {
            match self.read.wait().await {
                Some(ChannelMsg::Data { data }) => return Ok(data.to_vec()),
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => return Err(Gone),
                Some(_) => {}
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Io<()> {
        self.write.data_bytes(bytes.to_vec()).await.map_err(|_| Gone)
    }

    async fn finish(&mut self, status: Option<u32>) {
        // A client that is gone already does not see it.
        if let Some(status) = status {
            let _ = self.write.exit_status(status).await;
        }
        let _ = self.write.eof().await;
        let _ = self.write.close().await;
        if status.is_none() {
            // A device closes the whole connection with its only session; what was said before must get out first.
            tokio::time::sleep(CLOSING).await;
            let _ = self.handle.disconnect(russh::Disconnect::ByApplication, String::new(), String::new()).await;
        }
    }
}
