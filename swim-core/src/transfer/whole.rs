//! A push that finds the file there is done when every byte of it was looked at, and not before.

use std::sync::Arc;

use super::Compared;
use crate::model::Direction;
use crate::ports::{Comparison, Context, Push, Receipt, Transfer};
use crate::{Error, ErrorKind, Result};

/// Brings an image through an adapter. Where it finds a file of the full size and sends nothing, that file is read back
/// through `back` and compared: another one of the same size, with the same end, is replaced. Where it cannot be read, all
/// of the image is sent.
///
/// # Errors
/// Those of the transfers.
pub async fn push_whole(
    to: &Arc<dyn Transfer>,
    back: Option<&Arc<dyn Transfer>>,
    push: Push,
    cx: &Context,
) -> Result<Receipt> {
    let sent = to.push(push.clone(), cx).await?;
    if push.bytes == 0 || sent.resumed_from < push.bytes || sent.compared == Comparison::Whole {
        return Ok(sent);
    }
    if let Some(back) = back {
        match compare(&push, back, cx).await {
            Ok(_) => return Ok(sent.wholly_compared().of(push.image)),
            Err(e) if e.kind() == ErrorKind::Cancelled => return Err(e),
            Err(e) => tracing::info!(device = %push.device.id, error = %e, "the file there is sent again"),
        }
    }
    to.push(Push { resume: false, ..push }, cx).await
}

/// Reads back what was pushed and compares every byte.
pub(super) async fn compare(pushed: &Push, fetch: &Arc<dyn Transfer>, cx: &Context) -> Result<Receipt> {
    let compared = Compared::with(Arc::clone(&pushed.store), pushed.image, pushed.bytes);
    let back = compared.fetch(fetch, pushed.device.clone(), pushed.path.clone(), cx).await;
    back.map_err(|e: Error| e.with("while", Direction::Fetch))
}
