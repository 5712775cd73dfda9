//! Verbs about what devices should run.

use serde_json::Value;
use swim_core::Result;
use swim_core::model::DeviceId;
use swim_core::recommend::{Detail, Settings};

use super::arguments::Arguments;
use super::json;
use super::verbs::devices;
use crate::client::Client;

pub(super) async fn on_recommendation(client: &Client, verb: &str, mut a: Arguments) -> Result<Value> {
    match verb {
        "recommend" => {
            let devices = devices(&mut a)?;
            let settings: Option<Settings> = a.optional("settings")?;
            let all: bool = a.or_default("all")?;
            a.done()?;
            let detail = if all { Detail::All } else { Detail::Near };
            json(&client.recommend(&devices, settings, detail).await?)
        }
        "has_latest" => {
            let device: DeviceId = a.take("device")?;
            let settings: Option<Settings> = a.optional("settings")?;
            a.done()?;
            json(&client.has_latest(&device, settings).await?)
        }
        "set_recommendation_settings" => {
            let settings: Settings = a.take("settings")?;
            a.done()?;
            client.set_recommendation_settings(&settings).await?;
            json(&settings)
        }
        _ => {
            a.done()?;
            json(&client.recommendation_settings().await?)
        }
    }
}
