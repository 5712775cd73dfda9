//! The bytes of an image from a vendor: a source that goes on where the connection broke.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::Link;
use crate::ports::{Catalog, Context};
use crate::repo::Source;
use crate::{Error, ErrorKind, Result, Retry};

/// Breaks in a row without a byte between them.
const BREAKS: u32 = 4;
/// The pause after the first of them; it doubles with each.
const PAUSE: Duration = Duration::from_secs(2);

/// The largest file that is taken: the largest images are some gigabytes, and a service that never ends must not fill the disk.
const LARGEST: u64 = 16 << 30;

/// The bytes of a file from an offset.
pub struct Opening {
    /// The size of the whole file, where it is told.
    pub total: Option<u64>,
    /// The bytes from the offset that was asked for.
    pub body: Box<dyn Source>,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("total", &self.total).finish_non_exhaustive()
    }
}

/// A source of a [`repo::import`](crate::repo::import) that opens its link again after a break, at the byte where it
/// stopped. Whether both parts are of one file is shown by the digests at the end.
pub struct Resuming {
    catalog: Arc<dyn Catalog>,
    link: Link,
    cx: Context,
    /// The size that the catalogue says, or else the first answer.
    total: Option<u64>,
    done: u64,
    open: Option<Box<dyn Source>>,
    breaks: u32,
    resumed: Vec<u64>,
    resumes: bool,
}

impl Resuming {
    /// Opens a link.
    ///
    /// # Errors
    /// `Integrity` when the file has another size than the catalogue says; `NoSpace` for one of more than 16 GiB; those of the
    /// port.
    pub async fn open(catalog: Arc<dyn Catalog>, link: Link, size: Option<u64>, cx: Context) -> Result<Self> {
        let mut this =
            Self { catalog, link, cx, total: size, done: 0, open: None, breaks: 0, resumed: Vec::new(), resumes: true };
        loop {
            match this.connect().await {
                Ok(()) => return Ok(this),
                Err(e) => this.pause(e).await?,
            }
        }
    }

    /// The same, but a break is the end of it: where no digest will show that both parts are of one file.
    #[must_use]
    pub const fn in_one_piece(mut self) -> Self {
        self.resumes = false;
        self
    }

    /// The offsets at which it went on.
    #[must_use]
    pub fn resumed(&self) -> &[u64] {
        &self.resumed
    }

    async fn connect(&mut self) -> Result<()> {
        let Opening { total, body } = self.catalog.open(&self.link, self.done, &self.cx).await?;
        if let (Some(expected), Some(total)) = (self.total, total)
            && expected != total
        {
            let message = format!("the file has {total} bytes now, {expected} were announced");
            return Err(Error::new(ErrorKind::Integrity, "download", message).with("url", self.link.shown()));
        }
        self.total = self.total.or(total);
        self.room(self.total.unwrap_or(0))?;
        self.open = Some(body);
        Ok(())
    }

    /// Refuses a file that has so many bytes, or more than that.
    fn room(&self, bytes: u64) -> Result<()> {
        if bytes <= LARGEST {
            return Ok(());
        }
        let message = format!("the file has {bytes} bytes or more; at most {LARGEST} are taken");
        Err(Error::new(ErrorKind::NoSpace, "download", message).with("url", self.link.shown()))
    }

    /// Waits, when the same may go better later.
    async fn pause(&mut self, error: Error) -> Result<()> {
        let passing = matches!(
            error.kind(),
            ErrorKind::Interrupted | ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::Busy
        );
        if !passing || self.breaks >= BREAKS {
            return Err(error.with("done", self.done).with("url", self.link.shown()));
        }
        let wait = match error.retry() {
            Retry::After(wait) => wait.min(PAUSE * 32),
            _ => PAUSE * 2_u32.pow(self.breaks),
        };
        self.breaks += 1;
        self.cx.sleep(wait).await
    }
}

#[async_trait]
impl Source for Resuming {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.open.is_none() {
                if let Err(e) = self.connect().await {
                    self.pause(e).await?;
                    continue;
                }
                self.resumed.push(self.done);
            }
            let Some(open) = &mut self.open else { continue };
            let broken = match open.next().await {
                Ok(Some(bytes)) => {
                    self.done += bytes.len() as u64;
                    self.room(self.done)?;
                    self.breaks = 0;
                    return Ok(Some(bytes));
                }
                Ok(None) if self.total.is_none_or(|total| self.done >= total) => return Ok(None),
                Ok(None) => Error::new(ErrorKind::Interrupted, "download", format!("it ended at byte {}", self.done)),
                Err(e) => e,
            };
            self.open = None;
            if !self.resumes {
                return Err(broken.with("done", self.done).with("url", self.link.shown()));
            }
            self.pause(broken).await?;
        }
    }

    fn size_hint(&self) -> Option<u64> {
        self.total
    }
}

impl fmt::Debug for Resuming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resuming")
            .field("link", &self.link)
            .field("done", &self.done)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
