//! A channel that is always drained while it is written to.
//!
//! The SSH layer hands all channels of a connection their data in turn and waits for each: a channel that is not read
//! blocks the others, and the window updates that a blocked writer waits for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use russh::{Channel, ChannelId, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use swim_core::ports::Context;
use swim_core::{Error, ErrorKind, Result};

use super::backlog::{Backlog, PATIENCE};
use super::failure;
use super::outflow::{Outflow, PORTION};
pub(crate) use crate::command_line::Heard;

/// After the other side said that it has no more data: how long its exit status and error text may still take.
const AFTER_END: Duration = Duration::from_secs(5);
/// How long a good-bye may take. It waits for room on the way to the other side, and a side that takes nothing any more has
/// none.
const GOODBYE: Duration = Duration::from_secs(3);
/// Text of the error stream that is kept: enough for a sentence of the other side.
const ERROR_TEXT: usize = 2048;

/// Bytes of the other side that wait here while we write. What honest peers say meanwhile is some kilobytes; one that
/// only talks and takes nothing must not fill our memory.
const INBOX: usize = 4 * 1024 * 1024;

/// The reading half and what it heard.
struct Ear {
    half: ChannelReadHalf,
    inbox: VecDeque<Bytes>,
    /// Bytes in it.
    waiting: usize,
    /// What the other side has not taken.
    backlog: Backlog,
    errors: Vec<u8>,
    exit: Option<u32>,
    /// Bytes of ours that the other side was seen to take.
    taken: usize,
    granted: bool,
    refused: bool,
    /// No more data will come.
    ended: bool,
    closed: bool,
}

impl Ear {
    fn note(&mut self, message: Option<ChannelMsg>) {
        match message {
            Some(ChannelMsg::Data { data }) => {
                self.waiting += data.len();
                self.inbox.push_back(data);
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => {
                let room = ERROR_TEXT.saturating_sub(self.errors.len());
                self.errors.extend_from_slice(&data[..data.len().min(room)]);
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => self.exit = Some(exit_status),
            Some(ChannelMsg::WindowAdjusted { new_size }) => {
                let before = self.backlog.bytes();
                self.backlog.granted(new_size);
                self.taken += before.saturating_sub(self.backlog.bytes());
            }
            Some(ChannelMsg::Success) => self.granted = true,
            Some(ChannelMsg::Failure) => self.refused = true,
            Some(ChannelMsg::Eof) => self.ended = true,
            Some(ChannelMsg::Close) | None => self.closed = true,
            Some(_) => {}
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        let data = self.inbox.pop_front()?;
        self.waiting -= data.len();
        Some(data)
    }

    /// Is what we send of no use any more?
    fn interrupts(&self, until_spoken_to: bool) -> bool {
        self.closed || (until_spoken_to && !self.inbox.is_empty())
    }

    fn check_room(&self, operation: &str) -> Result<()> {
        if self.waiting <= INBOX {
            return Ok(());
        }
        let message = "the other side talks without end and takes nothing";
        Err(Error::new(ErrorKind::UnexpectedReply, operation, message).with("bytes", self.waiting))
    }

    /// Takes what was queued when the connection ended.
    async fn last_words(&mut self) {
        while !self.closed {
            let message = self.half.wait().await;
            self.note(message);
            // Nothing is written any more that an answer could be for.
            if self.waiting > INBOX {
                self.closed = true;
            }
        }
    }
}

/// A channel in both directions.
pub(crate) struct Pipe<S: From<(ChannelId, ChannelMsg)>> {
    ear: Ear,
    writer: ChannelWriteHalf<S>,
    operation: &'static str,
    after_end: Duration,
    /// The largest packet that could be sent so far.
    largest_packet: usize,
    /// Bounds what the SSH layer holds of what we send.
    outflow: Option<Arc<Outflow>>,
}

impl<S: From<(ChannelId, ChannelMsg)> + Send + Sync + 'static> Pipe<S> {
    pub(crate) fn new(channel: Channel<S>, operation: &'static str) -> Self {
        let (half, writer) = channel.split();
        let inbox = VecDeque::new();
        let ear = Ear {
            half,
            inbox,
            waiting: 0,
            backlog: Backlog::default(),
            errors: Vec::new(),
            exit: None,
            taken: 0,
            granted: false,
            refused: false,
            ended: false,
            closed: false,
        };
        Self { ear, writer, operation, after_end: AFTER_END, largest_packet: 0, outflow: None }
    }

    /// The side of a server: a client that has no more to say has nothing else to tell either.
    pub(crate) fn serving(channel: Channel<S>, operation: &'static str, outflow: Arc<Outflow>) -> Self {
        Self { after_end: Duration::ZERO, outflow: Some(outflow), ..Self::new(channel, operation) }
    }

    /// Sends no more ahead of what the other side takes than a path with this round trip needs.
    pub(crate) fn keeping_up(mut self, round_trip: Duration) -> Self {
        self.ear.backlog = Backlog::bounded(round_trip);
        self
    }

    /// The exit status, when the other side told one.
    pub(crate) const fn exit(&self) -> Option<u32> {
        self.ear.exit
    }

    /// The writing half, for requests.
    pub(crate) const fn writer(&self) -> &ChannelWriteHalf<S> {
        &self.writer
    }

    /// Has the other side granted less than this much to send?
    pub(crate) async fn is_starved(&mut self, bytes: usize) -> bool {
        let granted = self.writer.writable_packet_size().await;
        // A packet is never larger, however much is granted.
        self.largest_packet = self.largest_packet.max(granted);
        granted < bytes.min(self.largest_packet) || self.ear.backlog.room() < bytes
    }

    /// Bytes of ours that the other side was seen to take so far.
    pub(crate) const fn taken(&self) -> usize {
        self.ear.taken
    }

    /// Adds what the error stream said to an error that has no words of the device yet.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let text = String::from_utf8_lossy(&self.ear.errors).trim().to_owned();
        if text.is_empty() || error.device_words().is_some_and(|w| !w.is_empty()) { error } else { error.said(text) }
    }

    /// Waits for the answer to a request that was just made on this channel.
    pub(crate) async fn granted(&mut self, limit: Duration, cx: &Context) -> Result<()> {
        let deadline = cx.clock.monotonic().saturating_add(limit);
        loop {
            if self.ear.granted {
                return Ok(());
            }
            if self.ear.refused {
                let e = Error::new(ErrorKind::DeviceRejected, self.operation, "the device refused the request");
                return Err(self.explain(e));
            }
            if self.ear.closed {
                return Err(self.explain(failure::ended(self.operation, "the device closed the session")));
            }
            let left = deadline.saturating_sub(cx.clock.monotonic());
            tokio::select! {
                biased;
                () = cx.cancel.cancelled() => return Err(failure::cancelled(self.operation)),
                message = self.ear.half.wait() => {
                    self.ear.note(message);
                    self.ear.check_room(self.operation)?;
                }
                () = cx.clock.sleep(left) => return Err(failure::silent(self.operation, limit)),
            }
        }
    }

    /// Waits up to `limit` for the other side.
    pub(crate) async fn hear(&mut self, limit: Duration, cx: &Context) -> Result<Heard> {
        if self.ear.inbox.is_empty() && !self.ear.closed {
            let limit = if self.ear.ended { limit.min(self.after_end) } else { limit };
            tokio::select! {
                biased;
                // First: a side that never stops talking would never let it be seen.
                () = cx.cancel.cancelled() => return Err(failure::cancelled(self.operation)),
                message = self.ear.half.wait() => self.ear.note(message),
                () = cx.clock.sleep(limit) => {
                    return Ok(if self.ear.ended { Heard::Closed } else { Heard::Quiet });
                }
            }
        }
        Ok(match self.ear.take() {
            Some(data) => Heard::Data(data),
            None if self.ear.closed => Heard::Closed,
            None => Heard::Moved,
        })
    }

    /// What was heard while sending, without waiting: data, then `Closed` if it came to that.
    pub(crate) fn overheard(&mut self) -> Option<Heard> {
        match self.ear.take() {
            Some(data) => Some(Heard::Data(data)),
            None => self.ear.closed.then_some(Heard::Closed),
        }
    }

    /// Sends bytes, reading meanwhile. Returns early, with a part of them unsent, when the channel closes, and when the
    /// other side says something if `until_spoken_to`.
    ///
    /// # Errors
    /// `Timeout` when nothing moves for `silence`, `Cancelled`.
    pub(crate) async fn send(
        &mut self,
        mut bytes: Bytes,
        until_spoken_to: bool,
        silence: Duration,
        cx: &Context,
    ) -> Result<()> {
        while !bytes.is_empty() {
            let room = self.ear.backlog.room();
            let goes_on = if room == 0 {
                self.wait_for_room(until_spoken_to, cx).await?
            } else {
                let portion = bytes.split_to(bytes.len().min(room));
                self.send_portion(portion, until_spoken_to, silence, cx).await?
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Waits until the other side has taken something. Is there more to send?
    async fn wait_for_room(&mut self, until_spoken_to: bool, cx: &Context) -> Result<bool> {
        let Self { ear, operation, .. } = self;
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => return Err(failure::cancelled(operation)),
            message = ear.half.wait() => {
                ear.note(message);
                ear.check_room(operation)?;
                return Ok(!ear.interrupts(until_spoken_to));
            }
            () = cx.clock.sleep(PATIENCE) => ear.backlog.lengthen(),
        }
        Ok(true)
    }

    /// Sends what there is room for. Is there more to send?
    async fn send_portion(
        &mut self,
        bytes: Bytes,
        until_spoken_to: bool,
        silence: Duration,
        cx: &Context,
    ) -> Result<bool> {
        self.ear.backlog.sent(bytes.len());
        let Self { ear, writer, operation, outflow, .. } = self;
        let sending = hand_over(writer, outflow.as_ref(), bytes);
        tokio::pin!(sending);
        let mut alive = cx.clock.monotonic();
        loop {
            let left = silence.saturating_sub(cx.clock.monotonic().saturating_sub(alive));
            tokio::select! {
                biased;
                sent = &mut sending => {
                    if sent.is_err() {
                        ear.last_words().await;
                    }
                    return Ok(sent.is_ok());
                }
                () = cx.cancel.cancelled() => return Err(failure::cancelled(operation)),
                message = ear.half.wait() => {
                    // Who fills the error stream and takes nothing is as good as silent.
                    if !matches!(message, Some(ChannelMsg::ExtendedData { .. })) {
                        alive = cx.clock.monotonic();
                    } else if left.is_zero() {
                        return Err(failure::silent(operation, silence));
                    }
                    ear.note(message);
                    ear.check_room(operation)?;
                    if ear.interrupts(until_spoken_to) {
                        return Ok(false);
                    }
                }
                () = cx.clock.sleep(left) => return Err(failure::silent(operation, silence)),
            }
        }
    }

    /// Says that nothing more is sent.
    pub(crate) async fn end(&self) {
        goodbye(self.writer.eof()).await;
    }

    /// Asks for the end of the channel.
    pub(crate) async fn finish(&self) {
        goodbye(async {
            self.writer.eof().await?;
            self.writer.close().await
        })
        .await;
    }

    /// The same, with the exit status of what ran here.
    pub(crate) async fn finish_with(&self, status: u32) {
        goodbye(self.writer.exit_status(status)).await;
        self.finish().await;
    }
}

/// Says good-bye. Failing to say it is fine: the other side is gone then.
pub(super) async fn goodbye(said: impl Future<Output = std::result::Result<(), russh::Error>>) {
    match tokio::time::timeout(GOODBYE, said).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::debug!(error = %e, "the other side is gone before our good-bye"),
        Err(_) => tracing::debug!("the other side does not take our good-bye"),
    }
}

/// Hands bytes to the SSH layer, no more than it has room for.
async fn hand_over<S: From<(ChannelId, ChannelMsg)> + Send + Sync + 'static>(
    writer: &ChannelWriteHalf<S>,
    outflow: Option<&Arc<Outflow>>,
    mut bytes: Bytes,
) -> std::result::Result<(), russh::Error> {
    let Some(outflow) = outflow else {
        return writer.data_bytes(bytes).await;
    };
    while !bytes.is_empty() {
        let portion = bytes.split_to(bytes.len().min(PORTION));
        writer.data_bytes(outflow.admit(portion).await).await?;
    }
    Ok(())
}
