//! We dial the device and write a file over SFTP. What a transfer that was cut left there is not sent again.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Context, Push, Receipt, Transfer, TransferAbility};
use swim_core::{Effect, Error, ErrorKind, Result};

use super::codec;
use super::talk::{self, Talk};
use crate::ssh::client::SshClient;

/// Bytes at the beginning and at the end of a partial file that must be those of the image: the beginning tells images
/// apart by their headers, the end tells a torn write. (The device's digest judges the whole file afterwards.)
pub(super) const COMPARED: usize = 256 * 1024;

/// SFTP push.
#[derive(Debug)]
pub struct SftpPush {
    client: Arc<SshClient>,
    ability: TransferAbility,
}

impl SftpPush {
    /// A push adapter over a client.
    #[must_use]
    pub fn new(client: Arc<SshClient>) -> Self {
        Self { client, ability: TransferAbility::new(Protocol::Sftp, true, true, &[Direction::Push]) }
    }
}

/// The file to write, and how much of the image it has already.
async fn begin(talk: &mut Talk<'_>, request: &Push) -> Result<(Bytes, u64)> {
    if request.resume
        && let Ok(handle) = talk.open(&request.path, codec::OPEN_READ | codec::OPEN_WRITE).await
    {
        if let Some(there) = beginning_of_image(talk, request, &handle).await? {
            return Ok((handle, there));
        }
        talk.close(&handle).await?;
    }
    let fresh = codec::OPEN_WRITE | codec::OPEN_CREATE | codec::OPEN_TRUNCATE;
    Ok((talk.open(&request.path, fresh).await?, 0))
}

/// How long the file is, when it is the beginning of the image as far as it is compared.
async fn beginning_of_image(talk: &mut Talk<'_>, request: &Push, handle: &Bytes) -> Result<Option<u64>> {
    let there = talk.size(handle).await?;
    if there == 0 || there > request.bytes {
        return Ok(None);
    }
    let length = usize::try_from(there).unwrap_or(usize::MAX).min(COMPARED);
    for offset in [0, there - length as u64] {
        let ours = request.store.read(&request.image, offset, length).await?;
        let theirs = match talk.read(handle, offset, length).await {
            Ok(bytes) => bytes,
            // A server that does not let us look gets the whole image again.
            Err(e) if e.device_words().is_some() => return Ok(None),
            Err(e) => return Err(e),
        };
        if ours.len() != length || ours != theirs {
            return Ok(None);
        }
    }
    Ok(Some(there))
}

#[async_trait]
impl Transfer for SftpPush {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, cx: &Context) -> Result<Receipt> {
        let began = cx.clock.monotonic();
        let named = |e: Error| e.with("device", &request.device.id).with("path", &request.path);
        let (link, mut talk) = talk::begin(&self.client, &request.device, cx).await.map_err(named)?;
        let (handle, from) = begin(&mut talk, &request).await.map_err(named)?;
        let written = async {
            talk.write(&request, &handle, from).await?;
            let there = talk.size(&handle).await?;
            talk.close(&handle).await?;
            if there == request.bytes {
                return Ok(());
            }
            let message = format!("the file has {there} bytes, the image {}", request.bytes);
            Err(Error::new(ErrorKind::Integrity, "sftp", message))
        };
        // The file is created by now: what is there is a part of it.
        written.await.map_err(|e| named(e.effected(Effect::Unknown)))?;
        talk.pipe.finish().await;
        link.close().await;
        let millis = u64::try_from(cx.clock.monotonic().saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        let receipt = Receipt::new(Protocol::Sftp, Direction::Push, request.bytes - from, from, millis);
        Ok(receipt.of(request.image).over(link.cipher()))
    }
}
