//! We dial the device and write a file over SFTP. What a transfer that was cut left there is not sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::model::{Device, Direction, Protocol};
use swim_core::ports::{Context, Push, Receipt, Sink, Transfer, TransferAbility};
use swim_core::{Effect, Error, ErrorKind, Result};

use super::codec;
use super::lanes::{Job, Work};
use super::talk::{self, Begun, Talk};
use crate::spread::SPREAD;
use crate::ssh::client::{SshClient, SshLink};

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

/// How the file is opened when it shall be written anew.
const FRESH: u32 = codec::OPEN_WRITE | codec::OPEN_CREATE | codec::OPEN_TRUNCATE;

/// How the file is opened first.
const fn first_flags(request: &Push) -> u32 {
    if request.resume { codec::OPEN_READ | codec::OPEN_WRITE } else { FRESH }
}

/// The file to write, and how much of the image it has already. `opened` is what came of opening it with the first flags.
async fn begin(talk: &mut Talk<'_>, link: &SshLink, request: &Push, opened: Result<Bytes>) -> Result<(Bytes, u64)> {
    if !request.resume {
        return Ok((opened?, 0));
    }
    if let Ok(handle) = opened {
        if let Some(there) = beginning_of_image(talk, link, request, &handle).await? {
            return Ok((handle, there));
        }
        talk.close(&handle).await?;
    }
    Ok((talk.open(&request.path, FRESH).await?, 0))
}

/// Where a file that could not be made would be.
fn folder_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => ".",
    }
}

/// How much of the image the file has, when it is its beginning as far as it is compared.
async fn beginning_of_image(
    talk: &mut Talk<'_>,
    link: &SshLink,
    request: &Push,
    handle: &Bytes,
) -> Result<Option<u64>> {
    let there = talk.size(handle).await?;
    if there == 0 || there > request.bytes {
        return Ok(None);
    }
    let length = usize::try_from(there).unwrap_or(usize::MAX).min(COMPARED);
    for offset in [0, there - length as u64] {
        // Where there may be holes, the end of a part is looked at whole.
        if offset > 0 && there < request.bytes && link.may_leave_holes() {
            return first_hole(talk, link, request, handle, there).await;
        }
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

/// Where the first byte is missing in a file of `there` bytes that several channels wrote: within the spread of a
/// transfer from its end. (A file of the full size has none: its last part is written when all others are there.)
async fn first_hole(
    talk: &mut Talk<'_>,
    link: &SshLink,
    request: &Push,
    handle: &Bytes,
    there: u64,
) -> Result<Option<u64>> {
    let from = there.saturating_sub(SPREAD);
    let judge = Judge { request, differs: AtomicU64::new(there), is_other: AtomicBool::new(false) };
    let look = Job {
        link,
        path: &request.path,
        work: Work::Read(&judge),
        from,
        bytes: there,
        striped: false,
        version: None,
        told: false,
    };
    match look.run(talk, handle, Vec::new()).await {
        Err(e) if e.device_words().is_some() => return Ok(None),
        looked => looked?,
    }
    let is_ours = !judge.is_other.load(Ordering::Relaxed);
    Ok(is_ours.then(|| judge.differs.load(Ordering::Relaxed)))
}

/// Compares what is there with the image.
#[derive(Debug)]
struct Judge<'a> {
    request: &'a Push,
    /// The first byte that differs.
    differs: AtomicU64,
    /// A hole reads as zeros; anything else that differs belongs to another file.
    is_other: AtomicBool,
}

#[async_trait]
impl Sink for Judge<'_> {
    async fn have(&self) -> Result<u64> {
        Ok(0)
    }

    async fn read(&self, _: u64, _: usize) -> Result<Bytes> {
        Ok(Bytes::new())
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        let ours = self.request.store.read(&self.request.image, offset, bytes.len()).await?;
        if ours != bytes {
            let pairs = || ours.iter().zip(&bytes);
            if ours.len() < bytes.len() || pairs().any(|(ours, theirs)| ours != theirs && *theirs != 0) {
                self.is_other.store(true, Ordering::Relaxed);
            }
            let same = pairs().take_while(|(ours, theirs)| ours == theirs).count() as u64;
            self.differs.fetch_min(offset + same, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn finish(&self, _: u64) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Transfer for SftpPush {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, cx: &Context) -> Result<Receipt> {
        crate::path::check(&request.path)?;
        let began = cx.clock.monotonic();
        let named = |e: Error| e.with("device", &request.device.id).of_file(&request.path);
        let file = (request.path.as_str(), first_flags(&request), request.bytes);
        let Begun { link, mut talk, opened, spare } =
            talk::begin(&self.client, &request.device, file, cx).await.map_err(named)?;
        let named = |e: Error| named(link.discreet(e));
        let (handle, from) = match begin(&mut talk, &link, &request, opened).await {
            Ok(begun) => begun,
            Err(e) => return Err(named(talk.explain(e, folder_of(&request.path)).await)),
        };
        let written = async {
            let job = Job {
                link: &link,
                path: &request.path,
                work: Work::Write(&request),
                from,
                bytes: request.bytes,
                striped: link.takes_stripes(),
                version: None,
                told: true,
            };
            job.run(&mut talk, &handle, spare).await?;
            let there = talk.close_whole(&handle, &request.path).await?;
            if there == request.bytes {
                return Ok(());
            }
            let message = format!("the file has {there} bytes, the image {}", request.bytes);
            Err(Error::new(ErrorKind::Integrity, "sftp", message))
        };
        // The file is created by now: what is there is a part of it.
        if let Err(e) = written.await {
            return Err(named(talk.explain(e, &request.path).await.effected(Effect::Unknown)));
        }
        talk.pipe.finish().await;
        link.close().await;
        let millis = u64::try_from(cx.clock.monotonic().saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        let receipt = Receipt::new(Protocol::Sftp, Direction::Push, request.bytes - from, from, millis);
        Ok(receipt.of(request.image).over(link.cipher()))
    }

    async fn remove(&self, device: &Device, path: &str, cx: &Context) -> Result<()> {
        crate::path::check(path)?;
        let named = |e: Error| e.with("device", &device.id).of_file(path);
        let (link, mut talk) = talk::dial(&self.client, device, cx).await.map_err(named)?;
        let removed = talk.remove(path).await.map_err(|e| named(link.discreet(e)));
        talk.pipe.finish().await;
        link.close().await;
        removed
    }
}
