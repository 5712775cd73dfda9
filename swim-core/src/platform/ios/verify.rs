//! The device computes the digest; we compare.

use super::{LONG_SILENCE, last_words};
use crate::cli::Dialogue;
use crate::model::Algorithm;
use crate::platform::parse;
use crate::platform::{Probe, Session};
use crate::{Error, ErrorKind, Result};

/// Asks for the digest. It changes nothing, so the probe does it; dots on the way are heartbeats, and only silence ends
/// the wait: 1 GB takes minutes, at less than 4 MB/s on some boxes.
pub(super) async fn probe(path: &str, algorithm: Algorithm, expected: &str, s: &mut Session<'_>) -> Result<Probe> {
    let dialogue = Dialogue::show(format!("verify /{} {path}", algorithm.name())).silence(LONG_SILENCE);
    let said = s.run(&dialogue).await?;
    let result = parse::verify(&said.output);
    match (result.digest, result.error) {
        (Some(digest), None) if digest.eq_ignore_ascii_case(expected) => {
            Ok(Probe::Done { how: format!("the device computed {} {digest} of {path}", algorithm.name()) })
        }
        (Some(digest), None) => Ok(Probe::Failed {
            why: format!("{path} is damaged: its {} is {digest}, not {expected}", algorithm.name()),
            said: Some(last_words(&said.output)),
        }),
        (_, Some(error)) => Ok(Probe::Failed { why: format!("{path} cannot be verified"), said: Some(error) }),
        (None, None) => Err(Error::new(ErrorKind::UnexpectedReply, "verify", "the device named no digest")
            .said(last_words(&said.output))),
    }
}
