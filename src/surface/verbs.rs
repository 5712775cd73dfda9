//! The verbs of a client.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use swim_core::analysis::Knowledge;
use swim_core::image::{Image, REQUIREMENT_BYTES};
use swim_core::job::CancelHow;
use swim_core::model::{Device, DeviceId, Policy};
use swim_core::plan::Plan;
use swim_core::ports::JobId;
use swim_core::{Error, Result};

use super::arguments::Arguments;
use super::catalogs::on_catalogs;
use super::collections::on_collections;
use super::json;
use super::recommend::on_recommendation;
use super::repository::on_repository;
use super::requirements::on_requirements;
use super::transfers::on_transfers;
use crate::client::{Client, Given, Importing, Origin, SubmitOptions};
use crate::config::ImportOptions;

/// The names of all verbs.
pub const VERBS: &[&str] = &[
    "accept",
    "add_collection",
    "add_devices",
    "analyse",
    "answer_form",
    "audit",
    "baseline",
    "cancel",
    "catalog",
    "catalog_audit",
    "catalog_download",
    "catalog_form",
    "catalog_query",
    "catalogs",
    "check_servers",
    "collect",
    "collections",
    "commit",
    "devices",
    "devices_using",
    "export_repository",
    "fetch",
    "form_decisions",
    "has_latest",
    "image",
    "image_audit",
    "image_groups",
    "image_info",
    "images",
    "import",
    "import_catalog",
    "import_from",
    "import_known_good",
    "import_repository",
    "inspect",
    "known_good",
    "lift_quarantine",
    "list",
    "offer",
    "plan",
    "push",
    "recommend",
    "recommendation_settings",
    "rehearse",
    "remove_catalog",
    "remove_collection",
    "remove_image",
    "remove_known_good",
    "requirements",
    "restore_requirements",
    "resume",
    "scrub",
    "set_catalog_login",
    "set_recommendation_settings",
    "set_requirements",
    "status",
    "submit",
    "top_images",
    "wait",
    "withdraw",
];

/// The longest that `_sleep` sleeps: it is there for tests, and no test waits longer.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// An image, or what it is called: its id, the first digits of it, or its file name.
pub(super) enum Wanted {
    Name(String),
    Image(Box<Image>),
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Wanted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an image, its id or its file name")
            }

            fn visit_str<E>(self, name: &str) -> std::result::Result<Wanted, E> {
                Ok(Wanted::Name(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> std::result::Result<Wanted, A::Error> {
                Box::deserialize(MapAccessDeserializer::new(fields)).map(Wanted::Image)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Calls a verb of a client by its name. Arguments are an object; `null` stands for none.
///
/// The verb `_sleep` (`{"millis": n}`) does nothing for that long: skins prove with it that a waiting call can be
/// interrupted.
///
/// # Errors
/// `InvalidInput` for a verb or argument that does not exist, or a value that does not fit, named in the message; those
/// of the verb.
pub async fn call(client: &Client, verb: &str, arguments: Value) -> Result<Value> {
    // All verbs in one: it would take a tenth of the stack of a thread from each caller.
    Box::pin(answer(client, verb, arguments)).await
}

async fn answer(client: &Client, verb: &str, arguments: Value) -> Result<Value> {
    let mut a = Arguments::new(verb, arguments)?;
    match verb {
        "add_devices" => {
            let devices: Vec<Device> = a.take("devices")?;
            a.done()?;
            client.add_devices(&devices).await?;
            Ok(Value::Null)
        }
        "devices" => {
            a.done()?;
            json(&client.devices().await?)
        }
        "inspect" => {
            let devices = devices(&mut a)?;
            a.done()?;
            json(&client.inspect(&devices).await?)
        }
        "analyse" | "plan" => {
            let image: Wanted = a.take("image")?;
            let devices = devices(&mut a)?;
            let policy: Policy = a.or_default("policy")?;
            let knowledge: Knowledge = a.or_default("knowledge")?;
            a.done()?;
            let image = found(client, image).await?;
            if verb == "plan" {
                json(&client.plan_with(&image, &devices, &policy, &knowledge).await?)
            } else {
                json(&client.analyse_with(&image, &devices, &policy, &knowledge).await?)
            }
        }
        "submit" => {
            let plan: Plan = a.take("plan")?;
            let approval: String = a.take("approval")?;
            let options = SubmitOptions { key: a.optional("key")?, due: a.optional("due")? };
            a.done()?;
            json(&client.submit(&plan, &approval, options).await?)
        }
        "rehearse" => {
            let plan: Plan = a.take("plan")?;
            a.done()?;
            json(&client.rehearse(&plan).await?)
        }
        "check_servers" => {
            a.done()?;
            json(&client.check_servers().await?)
        }
        "resume" => {
            a.done()?;
            json(&client.resume().await?)
        }
        "list" => {
            a.done()?;
            json(&client.list().await?)
        }
        "wait" | "status" | "audit" | "commit" | "cancel" => on_job(client, verb, a).await,
        "import" | "import_from" | "image" => on_images(client, verb, a).await,
        "recommend" | "has_latest" | "recommendation_settings" | "set_recommendation_settings" => {
            on_recommendation(client, verb, a).await
        }
        "requirements" | "set_requirements" | "restore_requirements" => on_requirements(client, verb, a).await,
        "images" | "image_audit" | "image_groups" | "image_info" | "devices_using" | "top_images" | "remove_image"
        | "export_repository" | "import_repository" | "scrub" => on_repository(client, verb, a).await,
        "push" | "fetch" | "offer" | "accept" | "withdraw" => on_transfers(client, verb, a).await,
        "baseline" | "add_collection" | "collections" | "remove_collection" | "collect" => {
            on_collections(client, verb, a).await
        }
        "answer_form" | "catalog" | "catalog_audit" | "catalog_download" | "catalog_form" | "catalog_query"
        | "catalogs" | "form_decisions" | "import_catalog" | "import_known_good" | "known_good" | "lift_quarantine"
        | "remove_catalog" | "remove_known_good" | "set_catalog_login" => on_catalogs(client, verb, a).await,
        "_sleep" => {
            let millis: u64 = a.take("millis")?;
            a.done()?;
            tokio::time::sleep(Duration::from_millis(millis).min(LONGEST_SLEEP)).await;
            Ok(Value::Null)
        }
        _ => Err(Error::invalid("verb", format!("{verb:?}"), "there is no such verb").with("known", VERBS.join(", "))),
    }
}

async fn on_job(client: &Client, verb: &str, mut a: Arguments) -> Result<Value> {
    let job: JobId = a.take("job")?;
    let devices = if verb == "commit" { named(&mut a, "devices")? } else { None };
    let how = if verb == "cancel" { a.optional("how")? } else { None };
    a.done()?;
    match verb {
        "wait" => json(&client.wait(&job).await?),
        "status" => json(&client.status(&job).await?),
        "audit" => json(&client.audit(&job).await?),
        "commit" => json(&client.commit(&job, devices.as_deref()).await?),
        _ => json(&client.cancel(&job, how.unwrap_or(CancelHow::Gently)).await?),
    }
}

async fn on_images(client: &Client, verb: &str, mut a: Arguments) -> Result<Value> {
    match verb {
        "import" => {
            let path: PathBuf = a.take("path")?;
            let options = import_options(&mut a)?;
            a.done()?;
            json(&client.import(&path, options).await?)
        }
        "import_from" => {
            let origin = Origin::read(Given {
                url: a.optional("url")?,
                login: a.optional("login")?,
                host_key: a.optional("host_key")?,
                tls: a.optional("tls")?,
                device: a.optional("device")?,
                path: a.optional("path")?,
            })?;
            let how = Importing {
                options: import_options(&mut a)?,
                protocols: a.or_default("protocols")?,
                port: a.optional("port")?,
                most: a.optional("most")?,
            };
            a.done()?;
            json(&client.import_from(&origin, how).await?)
        }
        _ => {
            let wanted: String = a.take("image")?;
            a.done()?;
            json(&client.image(&wanted).await?)
        }
    }
}

fn import_options(a: &mut Arguments) -> Result<ImportOptions> {
    Ok(ImportOptions {
        file_name: a.optional("file_name")?,
        sha512: a.optional("sha512")?,
        sha256: a.optional("sha256")?,
        sha1: a.optional("sha1")?,
        md5: a.optional("md5")?,
        platform: a.optional("platform")?,
        family: a.optional("family")?,
        version: a.optional("version")?,
        min_ram: a.bytes("min_ram", &REQUIREMENT_BYTES)?,
        min_flash: a.bytes("min_flash", &REQUIREMENT_BYTES)?,
        min_boot_rom: a.optional("min_boot_rom")?,
    })
}

pub(super) async fn found(client: &Client, wanted: Wanted) -> Result<Image> {
    match wanted {
        Wanted::Image(image) => Ok(*image),
        Wanted::Name(name) => client.image(&name).await,
    }
}

pub(super) fn devices(a: &mut Arguments) -> Result<Vec<DeviceId>> {
    a.take("devices")
}

/// Device names, each checked.
pub(super) fn named(a: &mut Arguments, field: &'static str) -> Result<Option<Vec<DeviceId>>> {
    a.optional(field)
}
