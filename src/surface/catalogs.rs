//! The verbs of catalogues and of known good values.

use std::path::PathBuf;

use serde_json::Value;
use swim_core::catalog::{Decision, FormKind, Query, Wanted};
use swim_core::model::{DeviceId, SecretRef};
use swim_core::{Error, Result};
use swim_protocols::catalog::VendorLogin;

use super::arguments::Arguments;
use super::json;
use crate::client::{Client, SignedFile};

/// Asks a vendor, or takes what somebody published.
pub(super) async fn on_catalogs(client: &Client, verb: &str, mut a: Arguments) -> Result<Value> {
    match verb {
        "set_catalog_login" => {
            let (id, secret): (String, SecretRef) = (a.take("client_id")?, a.take("client_secret")?);
            let mut login = VendorLogin::new(id, secret.0);
            login.user = a.optional("user")?;
            login.password = a.optional("password")?;
            a.done()?;
            json(&client.set_catalog_login(login).await?)
        }
        "catalog_query" => query(client, a).await,
        "catalog_download" => {
            let wanted = Wanted { pid: a.take("pid")?, images: a.take("images")? };
            let decisions: Vec<Decision> = a.or_default("decisions")?;
            a.done()?;
            json(&client.catalog_download(&wanted, &decisions).await?)
        }
        "catalog_form" => {
            let form: FormKind = a.take("form")?;
            a.done()?;
            json(&client.catalog_form(form).await?)
        }
        "answer_form" => {
            let decision: Decision = a.take("decision")?;
            let files: Vec<String> = a.or_default("images")?;
            a.done()?;
            json(&client.answer_form(&decision, &files).await?)
        }
        "form_decisions" => {
            a.done()?;
            json(&client.form_decisions().await?)
        }
        "import_catalog" => {
            let (path, mut how) = signed(&mut a)?;
            how.allow_older = a.or_default("allow_older")?;
            a.done()?;
            json(&client.import_catalog(path, &how).await?)
        }
        "catalog" => {
            let text: Option<String> = a.optional("text")?;
            a.done()?;
            json(&client.catalog(text.as_deref()).await?)
        }
        "catalogs" => {
            a.done()?;
            json(&client.catalogs().await?)
        }
        "catalog_audit" => {
            a.done()?;
            json(&client.catalog_audit().await?)
        }
        "remove_catalog" => {
            let name: String = a.take("name")?;
            a.done()?;
            json(&client.remove_catalog(&name).await?)
        }
        "import_known_good" => {
            let (path, how) = signed(&mut a)?;
            a.done()?;
            json(&client.import_known_good(path, &how).await?)
        }
        "known_good" => {
            let image: Option<String> = a.optional("image")?;
            a.done()?;
            match image {
                Some(image) => json(&client.known_good_of(&image).await?),
                None => json(&client.known_good().await?),
            }
        }
        "remove_known_good" => {
            let name: String = a.take("name")?;
            a.done()?;
            json(&client.remove_known_good(&name).await?)
        }
        "lift_quarantine" => {
            let (image, by, reason): (String, String, String) = (a.take("image")?, a.take("by")?, a.take("reason")?);
            a.done()?;
            json(&client.lift_quarantine(&image, &by, &reason).await?)
        }
        _ => Err(Error::internal("call", "this verb is about no catalogue")),
    }
}

/// By devices, by product and release, or by names of images.
async fn query(client: &Client, mut a: Arguments) -> Result<Value> {
    let latest = || "latest".to_owned();
    if let Some(devices) = a.optional::<Vec<DeviceId>>("devices")? {
        let output: Option<String> = a.optional("output")?;
        a.done()?;
        return json(&client.catalog_query_devices(&devices, &output.unwrap_or_else(latest)).await?);
    }
    let query = match (a.optional::<Vec<String>>("images")?, a.optional::<String>("pid")?) {
        (Some(images), Some(pid)) => Query::PidImages { pid, images },
        (Some(images), None) => Query::Images { images },
        (None, Some(pid)) => {
            let (current, output): (String, Option<String>) = (a.take("current")?, a.optional("output")?);
            Query::Release { pid, current, output: output.unwrap_or_else(latest) }
        }
        (None, None) => {
            return Err(Error::invalid("pid", "(absent)", "name devices, a product with its release, or images"));
        }
    };
    a.done()?;
    json(&client.catalog_query(&query).await?)
}

fn signed(a: &mut Arguments) -> Result<(PathBuf, SignedFile)> {
    let path: PathBuf = a.take("path")?;
    let how = SignedFile {
        name: a.optional("name")?,
        signature: a.optional("signature")?,
        certificate: a.optional("certificate")?,
        root: a.optional("root")?,
        allow_unsigned: a.or_default("allow_unsigned")?,
        allow_older: false,
    };
    Ok((path, how))
}
