//! What a device asks of `scp` here, and who answers it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use russh::Channel;
use russh::server::Msg;
use swim_core::ports::Context;
use swim_core::{Error, ErrorKind, Result};

use super::{FATAL, accept, offer};
use crate::served::Goods;
use crate::ssh::outflow::Outflow;
use crate::ssh::pipe::Pipe;

/// How long a device may take to hear why it is refused.
const COMPLAINT_LIMIT: Duration = Duration::from_secs(5);

/// What a device asks of `scp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To be sent a file.
    Read(String),
    /// To write a file here; the name is empty for the folder.
    Write(String),
}

impl Asked {
    /// Reads the command of an exec request; `None` when it is no `scp`.
    pub(crate) fn read(command: &str) -> Option<Self> {
        let mut words = command.split_whitespace();
        if words.next()? != "scp" {
            return None;
        }
        let (mut from, mut to) = (false, false);
        let mut names = Vec::new();
        for word in words {
            match word.strip_prefix('-') {
                Some("-") if names.is_empty() => {}
                Some(options) if names.is_empty() && !options.is_empty() => {
                    if !options.chars().all(|c| "ftvpqrd".contains(c)) {
                        return None;
                    }
                    from |= options.contains('f');
                    to |= options.contains('t');
                }
                _ => names.push(word),
            }
        }
        match names.as_slice() {
            [name] if from && !to => Some(Self::Read(plain(name).to_owned())),
            [name] if to && !from => Some(Self::Write(plain(name).to_owned())),
            _ => None,
        }
    }
}

/// The name without quotes and without the directory signs that clients put before it.
fn plain(name: &str) -> &str {
    let quoted = |q: char| name.strip_prefix(q).and_then(|n| n.strip_suffix(q));
    let name = quoted('\'').or_else(|| quoted('"')).unwrap_or(name);
    let name = name.strip_prefix('.').filter(|n| n.is_empty() || n.starts_with('/')).unwrap_or(name);
    name.trim_start_matches('/')
}

/// Serves one request and closes the channel.
pub(crate) async fn serve(channel: Channel<Msg>, outflow: Arc<Outflow>, asked: Asked, goods: &Goods, cx: &Context) {
    let mut pipe = Pipe::serving(channel, "scp", outflow);
    let served = match (goods, &asked) {
        (Goods::Out(offer, pulls), Asked::Read(name)) => offer::send(&mut pipe, name, offer, pulls, cx).await,
        (Goods::In(accept, intake), Asked::Write(name)) => accept::take(&mut pipe, name, accept, intake, cx).await,
        (Goods::Out(..), Asked::Write(_)) => refuse(&mut pipe, "nothing can be written here", cx).await,
        (Goods::In(..), Asked::Read(_)) => refuse(&mut pipe, "nothing can be read here", cx).await,
    };
    let status = match served {
        Ok(()) => 0,
        Err(e) => {
            goods.ended_early(&e);
            1
        }
    };
    pipe.finish_with(status).await;
}

async fn refuse(pipe: &mut Pipe<Msg>, words: &str, cx: &Context) -> Result<()> {
    let e = Error::new(ErrorKind::Unsupported, "scp", words);
    complain(pipe, &e, cx).await;
    Err(e)
}

/// Tells the device what is wrong.
pub(super) async fn complain(pipe: &mut Pipe<Msg>, e: &Error, cx: &Context) {
    let mut text = vec![FATAL];
    text.extend_from_slice(format!("scp: {}\n", e.message()).as_bytes());
    // It is gone if it does not take this.
    let _ = pipe.send(Bytes::from(text), true, COMPLAINT_LIMIT, cx).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_of_devices_and_of_openssh_are_read() {
        let file = |name: &str| Some(Asked::Read(name.to_owned()));
        let write = |name: &str| Some(Asked::Write(name.to_owned()));
        assert_eq!(Asked::read("scp -f x.bin"), file("x.bin"));
        assert_eq!(Asked::read("scp -v -f /x.bin"), file("x.bin"));
        assert_eq!(Asked::read("scp -pf -- './x.bin'"), file("x.bin"));
        assert_eq!(Asked::read("scp -f ../etc/passwd"), file("../etc/passwd"));
        assert_eq!(Asked::read("scp -t flash:"), write("flash:"));
        assert_eq!(Asked::read("scp -p -t x.bin"), write("x.bin"));
        for folder in [".", "./", "/"] {
            assert_eq!(Asked::read(&format!("scp -d -t {folder}")), write(""));
        }
        for other in [
            "scp x.bin",
            "scp -f",
            "scp -f a b",
            "scp -f -t x",
            "cat x.bin",
            "",
            "scp -f x.bin; reboot",
            "scp -S evil -f x",
        ] {
            assert_eq!(Asked::read(other), None, "{other}");
        }
    }
}
