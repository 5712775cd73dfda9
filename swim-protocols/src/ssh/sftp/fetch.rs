//! We dial and read a file over SFTP, many reads at a time. What an earlier try left in the sink is not fetched again.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Context, Fetch, Receipt, Sink, Transfer, TransferAbility};
use swim_core::{Error, ErrorKind, Result, Retry};

use super::codec;
use super::lanes::{Job, Work};
use super::push::COMPARED;
use super::talk::{self, Begun, Talk};
use crate::noted::{clear_outdated, version};
use crate::ssh::client::{SshClient, SshLink};

/// SFTP fetch.
#[derive(Debug)]
pub struct SftpFetch {
    client: Arc<SshClient>,
    ability: TransferAbility,
}

impl SftpFetch {
    /// A fetch adapter over a client.
    #[must_use]
    pub fn new(client: Arc<SshClient>) -> Self {
        Self { client, ability: TransferAbility::new(Protocol::Sftp, true, true, &[Direction::Fetch]) }
    }
}

/// Where to go on: behind what the sink has, when that is the beginning of this file as far as it is compared.
async fn begin(talk: &mut Talk<'_>, sink: &dyn Sink, handle: &Bytes, bytes: u64) -> Result<u64> {
    let have = sink.have().await?;
    if have == 0 {
        return Ok(0);
    }
    let length = usize::try_from(have).unwrap_or(usize::MAX).min(COMPARED);
    let mut same = have <= bytes;
    for offset in [0, have - length as u64] {
        same = same && sink.read(offset, length).await? == talk.read(handle, offset, length).await?;
    }
    if same {
        return Ok(have);
    }
    sink.clear().await?;
    Ok(0)
}

async fn fetch<'t>(
    talk: &mut Talk<'t>,
    link: &SshLink,
    request: &Fetch,
    handle: Bytes,
    spare: Vec<Talk<'t>>,
) -> Result<(u64, u64)> {
    let (bytes, changed) = talk.size_and_time(&handle).await?;
    if request.bytes.is_some_and(|expected| expected != bytes) {
        let message = format!("the file has {bytes} bytes, not {}", request.bytes.unwrap_or_default());
        return Err(Error::new(ErrorKind::Integrity, "sftp", message));
    }
    if bytes > request.most {
        let message = format!("the file has {bytes} bytes; at most {} are taken", request.most);
        return Err(Error::new(ErrorKind::NoSpace, "sftp", message));
    }
    let version = changed.map(|changed| version(bytes, i64::from(changed)));
    clear_outdated(&*request.sink, version.as_deref()).await?;
    let from = begin(talk, &*request.sink, &handle, bytes).await?;
    if let Some(version) = version.filter(|_| from == 0) {
        request.sink.note_version(&version).await?;
    }
    let (work, striped) = (Work::Read(&*request.sink), link.takes_stripes());
    let job =
        Job { link, path: &request.path, work, from, bytes, striped, version: Some((bytes, changed)), told: true };
    job.run(talk, &handle, spare).await?;
    if talk.size_and_time(&handle).await? != (bytes, changed) {
        let message = "the file was written to while it was read";
        return Err(Error::new(ErrorKind::Conflict, "sftp", message).retry_when(Retry::Now));
    }
    talk.close(&handle).await?;
    request.sink.finish(bytes).await?;
    Ok((from, bytes))
}

#[async_trait]
impl Transfer for SftpFetch {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn fetch(&self, request: Fetch, cx: &Context) -> Result<Receipt> {
        crate::path::check(&request.path)?;
        let began = cx.clock.monotonic();
        let named = |e: Error| e.with("device", &request.device.id).of_file(&request.path);
        let file = (request.path.as_str(), codec::OPEN_READ, request.bytes.unwrap_or_default());
        let Begun { link, mut talk, opened, spare } =
            talk::begin(&self.client, &request.device, file, cx).await.map_err(named)?;
        let named = |e: Error| named(link.discreet(e));
        let handle = opened.map_err(named)?;
        let (from, bytes) = fetch(&mut talk, &link, &request, handle, spare).await.map_err(named)?;
        talk.pipe.finish().await;
        link.close().await;
        let millis = u64::try_from(cx.clock.monotonic().saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        Ok(Receipt::new(Protocol::Sftp, Direction::Fetch, bytes - from, from, millis).over(link.cipher()))
    }
}
