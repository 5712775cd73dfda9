//! A device asks us with `scp -f NAME`.

use std::time::Duration;

use bytes::Bytes;
use russh::Channel;
use russh::server::Msg;
use swim_core::ports::Context;
use swim_core::{Error, ErrorKind, Result};

use super::FATAL;
use super::send::{Sending, send_file};
use super::source::Source;
use crate::ssh::config::TRANSFER_SILENCE;
use crate::ssh::pipe::Pipe;
use crate::ssh::session::Desk;

/// What a device asks of `scp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To be sent a file.
    File(String),
    /// To write a file here.
    Write,
}

impl Asked {
    /// Reads the command of an exec request; `None` when it is no `scp`.
    pub(crate) fn read(command: &str) -> Option<Self> {
        let mut words = command.split_whitespace();
        if words.next()? != "scp" {
            return None;
        }
        let mut from = false;
        let mut names = Vec::new();
        for word in words {
            match word.strip_prefix('-') {
                Some("-") if names.is_empty() => {}
                Some(options) if names.is_empty() && !options.is_empty() => {
                    if options.contains('t') {
                        return Some(Self::Write);
                    }
                    if !options.chars().all(|c| "fvpqrd".contains(c)) {
                        return None;
                    }
                    from |= options.contains('f');
                }
                _ => names.push(word),
            }
        }
        match names.as_slice() {
            [name] if from => Some(Self::File(plain(name).to_owned())),
            _ => None,
        }
    }
}

/// The name without quotes and without the directory signs that clients put before it.
fn plain(name: &str) -> &str {
    let quoted = |q: char| name.strip_prefix(q).and_then(|n| n.strip_suffix(q));
    let name = quoted('\'').or_else(|| quoted('"')).unwrap_or(name);
    let name = name.strip_prefix('.').filter(|n| n.starts_with('/')).unwrap_or(name);
    name.trim_start_matches('/')
}

/// Serves one request and closes the channel.
pub(crate) async fn serve(channel: Channel<Msg>, asked: Asked, desk: &Desk, cx: &Context) {
    let mut pipe = Pipe::serving(channel, "scp");
    let served = match &asked {
        Asked::Write => Err(Error::new(ErrorKind::Unsupported, "scp", "nothing can be written here")),
        Asked::File(name) if *name == desk.request.name && desk.pulls.open() => send(&mut pipe, desk, cx).await,
        Asked::File(name) => Err(Error::new(ErrorKind::NotFound, "scp", format!("{name}: No such file or directory"))),
    };
    let status = match served {
        Ok(()) => {
            desk.pulls.arrived(0, desk.request.bytes);
            0
        }
        Err(e) => {
            tracing::info!(device = %desk.request.device.id, error = %e, "a pull ended early");
            let mut text = vec![FATAL];
            text.extend_from_slice(format!("scp: {}\n", e.message()).as_bytes());
            // It is gone if it does not take this.
            let _ = pipe.send(Bytes::from(text), true, Duration::from_secs(5), cx).await;
            1
        }
    };
    let _ = pipe.writer().exit_status(status).await;
    pipe.finish().await;
}

async fn send(pipe: &mut Pipe<Msg>, desk: &Desk, cx: &Context) -> Result<()> {
    let offer = &desk.request;
    let mut source = Source::new(&offer.name, offer.bytes)?;
    let file = Sending { store: &*offer.store, image: &offer.image, bytes: offer.bytes, silence: TRANSFER_SILENCE };
    send_file(&file, &mut source, pipe, cx, |length| desk.pulls.hand_out(length)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_of_devices_and_of_openssh_are_read() {
        let file = |name: &str| Some(Asked::File(name.to_owned()));
        assert_eq!(Asked::read("scp -f x.bin"), file("x.bin"));
        assert_eq!(Asked::read("scp -v -f /x.bin"), file("x.bin"));
        assert_eq!(Asked::read("scp -pf -- './x.bin'"), file("x.bin"));
        assert_eq!(Asked::read("scp -f ../etc/passwd"), file("../etc/passwd"));
        assert_eq!(Asked::read("scp -t flash:"), Some(Asked::Write));
        for other in ["scp x.bin", "scp -f", "scp -f a b", "cat x.bin", "", "scp -f x.bin; reboot", "scp -S evil -f x"]
        {
            assert_eq!(Asked::read(other), None, "{other}");
        }
    }
}
