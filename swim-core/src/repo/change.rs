//! Changing what is known of an image, without losing what somebody else changes at the same time.

use super::record::{self, IMAGES};
use crate::image::Image;
use crate::model::Sha256;
use crate::ports::Records;
use crate::{Error, ErrorKind, Result, Retry};

/// Writers that meet at one record. More of them is a fault.
const MEETINGS: u32 = 100;

/// Applies a change to the record of an image and returns it; `None` when there is no such image. The change may be
/// applied to a newer record again; `false` of it writes nothing.
///
/// # Errors
/// `Conflict` (retry now) when others write all the time; those of the store.
pub(crate) async fn change(
    records: &dyn Records,
    id: &Sha256,
    change: impl Fn(&mut Image) -> bool + Send + Sync,
) -> Result<Option<Image>> {
    let key = id.to_string();
    for _ in 0..MEETINGS {
        let Some(old) = records.get(IMAGES, &key).await? else { return Ok(None) };
        let Some(mut image) = record::read(&key, old.clone())? else { return Ok(None) };
        if !change(&mut image) || records.swap(IMAGES, &key, &old, record::write(&image)?).await? {
            return Ok(Some(image));
        }
    }
    let message = format!("the record of image {key} is written by others all the time");
    Err(Error::new(ErrorKind::Conflict, "change image", message).with("image", id).retry_when(Retry::Now))
}
