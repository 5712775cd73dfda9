//! Verbs about what images require.

use serde_json::Value;
use swim_core::Result;
use swim_core::image::{REQUIREMENT_BYTES, RequirementField};
use swim_core::repo::SetRequirements;

use super::arguments::Arguments;
use super::json;
use crate::client::Client;

pub(super) async fn on_requirements(client: &Client, verb: &str, mut a: Arguments) -> Result<Value> {
    let image: String = a.take("image")?;
    match verb {
        "set_requirements" => {
            let mut set = SetRequirements::default();
            (set.ram, set.flash) = (a.bytes("ram", &REQUIREMENT_BYTES)?, a.bytes("flash", &REQUIREMENT_BYTES)?);
            (set.boot_rom, set.by) = (a.optional("boot_rom")?, a.optional("by")?);
            a.done()?;
            json(&client.set_requirements(&image, &set).await?)
        }
        "restore_requirements" => {
            let fields: Option<Vec<RequirementField>> = a.optional("fields")?;
            let by: Option<String> = a.optional("by")?;
            a.done()?;
            json(&client.restore_requirements(&image, fields.as_deref(), by.as_deref()).await?)
        }
        _ => {
            a.done()?;
            json(&client.requirements(&image).await?)
        }
    }
}
