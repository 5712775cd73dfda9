//! We dial and read a file with `scp -f`. SCP cannot resume: it starts anew.

use std::sync::Arc;

use async_trait::async_trait;
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Context, Fetch, Receipt, Transfer, TransferAbility};
use swim_core::{Error, ErrorKind, Result};

use super::push::{farewell, quote};
use super::take::{Taking, Target};
use crate::ssh::client::{SshClient, SshLink};
use crate::ssh::config::CHANNEL_LIMIT;
use crate::ssh::failure;

/// SCP fetch.
#[derive(Debug)]
pub struct ScpFetch {
    client: Arc<SshClient>,
    ability: TransferAbility,
}

impl ScpFetch {
    /// A fetch adapter over a client.
    #[must_use]
    pub fn new(client: Arc<SshClient>) -> Self {
        Self { client, ability: TransferAbility::new(Protocol::Scp, true, false, &[Direction::Fetch]) }
    }
}

#[async_trait]
impl Transfer for ScpFetch {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn fetch(&self, request: Fetch, cx: &Context) -> Result<Receipt> {
        let began = cx.clock.monotonic();
        let command = format!("scp -f {}", quote(&request.path)?);
        let link = self.client.connect(&request.device, cx).await?;
        let bytes = self.take(&link, command, &request, cx).await.map_err(|e| link.discreet(e))?;
        link.close().await;
        let millis = u64::try_from(cx.clock.monotonic().saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        Ok(Receipt::new(Protocol::Scp, Direction::Fetch, bytes, 0, millis).over(link.cipher()))
    }
}

impl ScpFetch {
    async fn take(&self, link: &SshLink, command: String, request: &Fetch, cx: &Context) -> Result<u64> {
        let mut pipe = link.pipe("scp", cx).await?;
        pipe.writer().exec(true, command).await.map_err(|e| failure::ssh("scp", e))?;
        let silence = self.client.config().silence();
        let judge = |_: &str, bytes| match request.bytes {
            Some(expected) if expected != bytes => {
                let message = format!("the file has {bytes} bytes, not {expected}");
                Err(Error::new(ErrorKind::Integrity, "scp", message))
            }
            _ => Ok(()),
        };
        let target = Target { sink: &*request.sink, most: request.most, judge: &judge, intake: None, silence };
        let fetched = async {
            pipe.granted(CHANNEL_LIMIT, cx).await?;
            let bytes = Taking::new(target).take(&mut pipe, cx).await.map_err(classified)?;
            farewell(&mut pipe, cx).await?;
            request.sink.finish(bytes).await?;
            Ok(bytes)
        };
        let fetched = fetched.await;
        fetched.map_err(|e: Error| pipe.explain(e).with("device", &request.device.id).of_file(&request.path))
    }
}

/// A refusal by what it says.
fn classified(e: Error) -> Error {
    let kind = match (e.kind(), e.device_words()) {
        (ErrorKind::DeviceRejected, Some(words)) => failure::kind_of_refusal(words),
        _ => return e,
    };
    let words = e.device_words().unwrap_or_default().to_owned();
    Error::new(kind, "scp", "the source refused").said(words)
}
