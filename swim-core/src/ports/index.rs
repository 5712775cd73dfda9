//! Questions about many records, each answered at once: what is where among the images, and which devices use them.

use async_trait::async_trait;
use serde_json::Value;

use super::Records;
use crate::Result;
use crate::model::{DeviceId, Sha256};
use crate::repo::{Group, ImageQuery, InUse, Usage};

/// Records that are indexed. What is kept of a record is decided by [`ImageEntry`](crate::repo::ImageEntry) and
/// [`uses`](crate::repo::uses) alone, and changes in the same transaction as the record; a store without an index looks at
/// every record.
#[async_trait]
pub trait Index: Records {
    /// The records of the images that a query lets through, in its order.
    async fn find(&self, query: &ImageQuery) -> Result<Vec<(String, Value)>>;
    /// How many images there are of each type and family, by type and family.
    async fn groups(&self) -> Result<Vec<Group>>;
    /// How devices use an image, by device, then by way: of at most `limit` devices behind `after`. Nothing when there is no
    /// such image.
    async fn usage(&self, image: &Sha256, after: Option<&DeviceId>, limit: Option<u32>) -> Result<Vec<Usage>>;
    /// How many devices use an image, in whatever way.
    async fn users(&self, image: &Sha256) -> Result<u64>;
    /// The software that most devices run, at most `count`; what is in the repository counts as one image, however devices
    /// name it. As many devices: by what it is called.
    async fn most_used(&self, count: u32) -> Result<Vec<InUse>>;
}
