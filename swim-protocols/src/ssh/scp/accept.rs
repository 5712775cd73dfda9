//! A device sends us a file: it runs `scp -t NAME` here.

use russh::server::Msg;
use swim_core::ports::{Accept, Context};
use swim_core::{Error, ErrorKind, Result};

use super::serve::complain;
use super::take::{Taking, Target};
use crate::intake::{Discreet, Intake};
use crate::path::shown;
use crate::ssh::config::TRANSFER_SILENCE;
use crate::ssh::pipe::Pipe;

/// Takes the file, or tells the device why not. `asked` is the name behind `-t`: empty for the folder, where the source
/// names the file.
pub(super) async fn take(
    pipe: &mut Pipe<Msg>,
    asked: &str,
    accept: &Accept,
    intake: &Intake,
    cx: &Context,
) -> Result<()> {
    let strange =
        |name: &str| Error::new(ErrorKind::NotFound, "scp", format!("{}: this name is not taken here", shown(name)));
    let sink = Discreet(&*accept.sink);
    let judge = |name: &str, _| if asked.is_empty() && name != accept.name { Err(strange(name)) } else { Ok(()) };
    let (most, silence) = (accept.most, TRANSFER_SILENCE);
    let target = Target { sink: &sink, most, judge: &judge, intake: Some(intake), silence };
    let mut taking = Taking::new(target);
    let taken = async {
        if !asked.is_empty() && asked != accept.name {
            return Err(strange(asked));
        }
        let Some(turn) = intake.turn_in(cx.cancel.child_token()).await else {
            return Err(Error::new(ErrorKind::Blocked, "scp", "no more uploads are taken here"));
        };
        let cx = Context { cancel: turn.cut.clone(), ..cx.clone() };
        taking.take(pipe, &cx).await
    };
    let taken = taken.await;
    match &taken {
        Err(e) if !taking.told => complain(pipe, e, cx).await,
        _ => {}
    }
    taken.map(|_| ())
}
