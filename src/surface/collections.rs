//! The verbs of baselines and of the virtual image repository.

use serde_json::Value;
use swim_core::model::{DeviceId, Schedule};
use swim_core::repo::collection::Collection;
use swim_core::{Error, Result};

use super::arguments::Arguments;
use super::json;
use super::verbs::named;
use crate::client::Client;

pub(super) async fn on_collections(client: &Client, verb: &str, mut a: Arguments) -> Result<Value> {
    match verb {
        "baseline" => {
            let devices = named(&mut a, "devices")?;
            a.done()?;
            json(&client.baseline(devices.as_deref()).await?)
        }
        "add_collection" => {
            let schedule: Option<Schedule> = a.optional("schedule")?;
            if schedule.as_ref().is_some_and(Schedule::is_default) {
                let why = "give `at` or `cron`, or leave it out: then it runs when it is asked for";
                return Err(Error::invalid("schedule", "{}", why));
            }
            let source = Collection {
                only: a.or_default("only")?,
                again: a.or_default("again")?,
                schedule: schedule.unwrap_or_default(),
                ..Collection::new(a.take("name")?, a.take("from")?)
            };
            a.done()?;
            json(&client.add_collection(source).await?)
        }
        "collections" => {
            a.done()?;
            json(&client.collections().await?)
        }
        "remove_collection" => {
            let name: DeviceId = a.take("name")?;
            a.done()?;
            json(&client.remove_collection(&name).await?)
        }
        "collect" => {
            let name: Option<DeviceId> = a.optional("name")?;
            a.done()?;
            json(&client.collect(name.as_ref()).await?)
        }
        _ => Err(Error::internal("collect", "a verb of another group")),
    }
}
