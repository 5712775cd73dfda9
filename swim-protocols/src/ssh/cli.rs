//! The command line of a device over SSH.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use russh::client::Msg;
use swim_core::cli::{Conversation, Dialogue, Matcher, Matchers, Next, Transcript};
use swim_core::model::Device;
use swim_core::platform::Definition;
use swim_core::ports::{Cli, CliConnector, Context, Secrets};
use swim_core::{Effect, Error, ErrorKind, Result};

use super::client::{SshClient, SshLink};
use super::config::{CHANNEL_LIMIT, TRANSFER_SILENCE};
use super::failure;
use super::pipe::{Heard, Pipe};

/// The terminal that we say we are: wide, so that no line is broken.
const COLUMNS: u32 = 511;
const ROWS: u32 = 48;
/// The longest single wait for the other side, so that a wait without an end still looks at the clock.
const LOOK_UP: Duration = Duration::from_secs(3600);

/// Opens command-line sessions over SSH.
#[derive(Clone, Debug)]
pub struct SshConnector {
    client: Arc<SshClient>,
    matchers: Arc<Matchers>,
}

impl SshConnector {
    /// A connector over a client.
    #[must_use]
    pub fn new(client: Arc<SshClient>) -> Self {
        Self { client, matchers: Arc::default() }
    }
}

#[async_trait]
impl CliConnector for SshConnector {
    async fn connect(&self, device: &Device, definition: &Definition, cx: &Context) -> Result<Box<dyn Cli>> {
        let matcher = self.matchers.of(definition)?;
        let link = self.client.connect(device, cx).await?;
        let mut pipe = Pipe::new(link.channel("open shell", cx).await?, "open shell");
        let ask = |e| failure::ssh("open shell", e);
        pipe.writer().request_pty(false, "vt100", COLUMNS, ROWS, 0, 0, &[]).await.map_err(ask)?;
        pipe.writer().request_shell(true).await.map_err(ask)?;
        pipe.granted(CHANNEL_LIMIT, cx).await.map_err(|e| e.with("device", &device.id))?;
        let mut cli = SshCli {
            link,
            pipe,
            matcher: Arc::clone(&matcher),
            secrets: Arc::clone(self.client.secrets()),
            hostname: None,
            footing: Footing::Prompt,
        };
        let login = Conversation::login(matcher, device.login.enable.clone(), cx.clock.monotonic());
        cli.follow(login, cx).await.map_err(|e| e.with("device", &device.id))?;
        for command in &definition.setup {
            cli.exchange(&Dialogue::show(command.as_str()), cx).await.map_err(|e| e.with("device", &device.id))?;
        }
        Ok(Box::new(cli))
    }
}

/// Where the last dialogue left the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Footing {
    /// At a prompt.
    Prompt,
    /// A question was left or a failure was seen: the prompt is still to come.
    Unsettled,
    /// Something may still run or ask: whatever is sent next could be taken for an answer.
    Lost,
}

/// An open session.
struct SshCli {
    link: SshLink,
    pipe: Pipe<Msg>,
    matcher: Arc<Matcher>,
    secrets: Arc<dyn Secrets>,
    hostname: Option<String>,
    footing: Footing,
}

impl SshCli {
    /// Does what the conversation says until it is over.
    async fn follow(&mut self, mut conversation: Conversation, cx: &Context) -> Result<Transcript> {
        let ended = self.drive(&mut conversation, cx).await;
        self.footing = match &ended {
            Ok(_) => Footing::Prompt,
            // Seen in this dialogue: it failed at the prompt.
            Err(_) if conversation.hostname().is_some() => Footing::Prompt,
            Err(e) => match e.kind() {
                ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Interrupted | ErrorKind::NotFound => {
                    Footing::Lost
                }
                _ => Footing::Unsettled,
            },
        };
        if let Some(hostname) = conversation.hostname() {
            self.hostname = Some(hostname.to_owned());
        }
        ended
    }

    async fn drive(&mut self, conversation: &mut Conversation, cx: &Context) -> Result<Transcript> {
        loop {
            match conversation.next() {
                Next::Send(bytes) => self.pipe.send(bytes, false, TRANSFER_SILENCE, cx).await?,
                Next::Resolve(name) => conversation.secret(self.secrets.resolve(&name).await?),
                Next::Note(note) => cx.notes.note(note),
                Next::Done(transcript) => return Ok(transcript),
                Next::Failed(error) => return Err(error),
                Next::Wait { until } => {
                    let left = until.saturating_sub(cx.clock.monotonic()).min(LOOK_UP);
                    match self.pipe.hear(left, cx).await? {
                        Heard::Data(bytes) => conversation.received(&bytes, cx.clock.monotonic()),
                        Heard::Closed => conversation.closed(),
                        Heard::Moved | Heard::Quiet => conversation.tick(cx.clock.monotonic()),
                    }
                }
                other => return Err(Error::internal("run command", format!("the dialogue wants {other:?}"))),
            }
        }
    }
}

#[async_trait]
impl Cli for SshCli {
    async fn exchange(&mut self, dialogue: &Dialogue, cx: &Context) -> Result<Transcript> {
        if self.footing == Footing::Unsettled {
            let now = cx.clock.monotonic();
            self.follow(Conversation::login(Arc::clone(&self.matcher), None, now), cx).await?;
        }
        if self.footing == Footing::Lost {
            let message = "the session does not stand at a prompt since the last command; a new one is needed";
            return Err(Error::new(ErrorKind::Interrupted, dialogue.shown.clone(), message));
        }
        if cx.cancel.is_cancelled() {
            return Err(failure::cancelled(&dialogue.shown));
        }
        let conversation = Conversation::begin(Arc::clone(&self.matcher), dialogue, cx.clock.monotonic())?;
        self.follow(conversation, cx).await.map_err(|e| {
            // The command is out; only the device knows what became of it.
            if e.kind() == ErrorKind::Cancelled { e.effected(Effect::Unknown) } else { e }
        })
    }

    fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }

    fn local_address(&self) -> Option<String> {
        self.link.local_address().map(str::to_owned)
    }

    async fn close(self: Box<Self>) {
        self.pipe.finish().await;
        self.link.close().await;
    }
}

impl fmt::Debug for SshCli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshCli").field("link", &self.link).field("hostname", &self.hostname).finish_non_exhaustive()
    }
}
