//! The command line of a device, whatever carries its bytes: dialogues, and where each leaves the session.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::cli::{Conversation, Dialogue, Matcher, Next, Transcript};
use swim_core::model::Device;
use swim_core::platform::Definition;
use swim_core::ports::{Cli, Context, Secrets};
use swim_core::{Effect, Error, ErrorKind, Result};

/// The terminal that we say we are: wide, so that no line is broken.
pub(crate) const COLUMNS: u16 = 511;
pub(crate) const ROWS: u16 = 48;
/// The longest single wait for the other side, so that a wait without an end still looks at the clock.
const LOOK_UP: Duration = Duration::from_secs(3600);

/// What came of a wait for the other side.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Bytes.
    Data(Bytes),
    /// The other side did something without bytes (it granted window, for example).
    Moved,
    /// Nothing came in time.
    Quiet,
    /// Nothing will come any more.
    Closed,
}

/// What carries the bytes of a session in both directions.
#[async_trait]
pub(crate) trait Carrier: Send + Sync + fmt::Debug {
    /// Sends bytes; what the other side says meanwhile is kept. To a side that has gone nothing is sent.
    async fn send(&mut self, bytes: Bytes, cx: &Context) -> Result<()>;
    /// Waits up to `limit` for the other side.
    async fn hear(&mut self, limit: Duration, cx: &Context) -> Result<Heard>;
    /// Our own address.
    fn local_address(&self) -> Option<&str>;
    /// Ends the connection. Failing to say so is fine: it is gone then.
    async fn close(&mut self);
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
pub(crate) struct CommandLine<C> {
    carrier: C,
    matcher: Arc<Matcher>,
    secrets: Arc<dyn Secrets>,
    hostname: Option<String>,
    footing: Footing,
}

impl<C: Carrier> CommandLine<C> {
    /// A session that is not logged in.
    pub(crate) const fn new(carrier: C, matcher: Arc<Matcher>, secrets: Arc<dyn Secrets>) -> Self {
        Self { carrier, matcher, secrets, hostname: None, footing: Footing::Prompt }
    }

    /// Logs in and prepares the session as the definition says.
    pub(crate) async fn log_in(
        mut self,
        login: Conversation,
        device: &Device,
        definition: &Definition,
        cx: &Context,
    ) -> Result<Self> {
        self.follow(login, cx).await.map_err(|e| e.with("device", &device.id))?;
        for command in &definition.setup {
            self.exchange(&Dialogue::show(command.as_str()), cx).await.map_err(|e| e.with("device", &device.id))?;
        }
        Ok(self)
    }

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
                Next::Send(bytes) => self.carrier.send(bytes, cx).await?,
                Next::Resolve(name) => conversation.secret(self.secrets.resolve(&name).await?),
                Next::Note(note) => cx.notes.note(note),
                Next::Done(transcript) => return Ok(transcript),
                Next::Failed(error) => return Err(error),
                Next::Wait { until } => {
                    let left = until.saturating_sub(cx.clock.monotonic()).min(LOOK_UP);
                    match self.carrier.hear(left, cx).await? {
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
impl<C: Carrier> Cli for CommandLine<C> {
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
            return Err(Error::new(ErrorKind::Cancelled, dialogue.shown.clone(), "stopped on request"));
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
        self.carrier.local_address().map(str::to_owned)
    }

    async fn close(mut self: Box<Self>) {
        self.carrier.close().await;
    }
}

impl<C: Carrier> fmt::Debug for CommandLine<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandLine")
            .field("carrier", &self.carrier)
            .field("hostname", &self.hostname)
            .finish_non_exhaustive()
    }
}
