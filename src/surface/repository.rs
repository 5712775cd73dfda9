//! The verbs of the repository.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use swim_core::model::DeviceId;
use swim_core::ports::Silent;
use swim_core::repo::{ImageQuery, ScrubOptions};
use swim_core::{Error, Result};

use super::arguments::Arguments;
use super::json;
use super::verbs::{Wanted, found};
use crate::client::Client;

/// As many as the dashboards of the field show.
const TOP: u32 = 10;

/// Looks into the repository, or takes care of it.
pub(super) async fn on_repository(client: &Client, verb: &str, mut a: Arguments) -> Result<Value> {
    match verb {
        "images" => {
            let query = query(client, &mut a).await?;
            a.done()?;
            json(&client.search(&query).await?)
        }
        "image_groups" => {
            a.done()?;
            json(&client.image_groups().await?)
        }
        "image_info" => {
            let wanted: String = a.take("image")?;
            a.done()?;
            json(&client.image_info(&wanted).await?)
        }
        "image_audit" => {
            let image: Option<String> = a.optional("image")?;
            a.done()?;
            json(&client.image_audit(image.as_deref()).await?)
        }
        "devices_using" => {
            let (wanted, limit): (String, Option<u32>) = (a.take("image")?, a.optional("limit")?);
            let after = a.optional::<DeviceId>("after")?;
            a.done()?;
            json(&client.devices_using(&wanted, after.as_ref(), limit).await?)
        }
        "top_images" => {
            let count: Option<u32> = a.optional("count")?;
            a.done()?;
            json(&client.top_images(count.unwrap_or(TOP)).await?)
        }
        "remove_image" => {
            let (wanted, reason): (String, Option<String>) = (a.take("image")?, a.optional("reason")?);
            a.done()?;
            json(&client.delete_image(&wanted, reason.as_deref()).await?)
        }
        "export_repository" => {
            let (path, images): (PathBuf, Option<Vec<String>>) = (a.take("path")?, a.optional("images")?);
            a.done()?;
            json(&client.export_repository(path, images.as_deref(), Arc::new(Silent)).await?)
        }
        "import_repository" => {
            let path: PathBuf = a.take("path")?;
            a.done()?;
            json(&client.import_repository(path, Arc::new(Silent)).await?)
        }
        "scrub" => {
            let mut options = ScrubOptions::default();
            options.bytes_per_second = a.optional("bytes_per_second")?;
            options.seconds = a.optional("seconds")?;
            options.afresh = a.or_default("afresh")?;
            a.done()?;
            json(&client.scrub(&options, Arc::new(Silent)).await?)
        }
        _ => Err(Error::internal("call", "this verb is none of the repository")),
    }
}

async fn query(client: &Client, a: &mut Arguments) -> Result<ImageQuery> {
    let after = match a.optional::<Wanted>("after")? {
        Some(wanted) => Some(Box::new(found(client, wanted).await?)),
        None => None,
    };
    Ok(ImageQuery {
        text: a.optional("text")?,
        file_name: a.optional("file_name")?,
        internal_name: a.optional("internal_name")?,
        platform: a.optional("platform")?,
        family: a.optional("family")?,
        version: a.optional("version")?,
        feature_set: a.optional("feature_set")?,
        image_type: a.optional("image_type")?,
        sort: a.or_default("sort")?,
        descending: a.or_default("descending")?,
        limit: a.optional("limit")?,
        after,
    })
}
