//! The verbs of single transfers.

use std::path::PathBuf;

use serde_json::{Value, json as object};
use swim_core::model::{DeviceId, Protocol};
use swim_core::{Error, Result};

use super::arguments::Arguments;
use super::json;
use super::verbs::{Wanted, found};
use crate::client::{Client, Fetching, Offered, Offering, Pushing, Taking};

/// Moves a file, or opens or ends a place where a device moves one.
pub(super) async fn on_transfers(client: &Client, verb: &str, mut a: Arguments) -> Result<Value> {
    if verb == "withdraw" {
        let offer: u64 = a.take("offer")?;
        a.done()?;
        return json(&client.withdraw(offer).await?);
    }
    let device: DeviceId = a.take("device")?;
    match verb {
        "push" => {
            let (image, path): (Wanted, String) = (a.take("image")?, a.take("path")?);
            let how = Pushing {
                protocols: a.or_default("protocols")?,
                port: a.optional("port")?,
                afresh: a.or_default("afresh")?,
            };
            a.done()?;
            json(&client.push(&found(client, image).await?, &device, &path, &how).await?)
        }
        "fetch" => {
            let (path, file): (String, PathBuf) = (a.take("path")?, a.take("file")?);
            let how = Fetching {
                protocols: a.or_default("protocols")?,
                port: a.optional("port")?,
                bytes: a.optional("bytes")?,
                sha256: a.optional("sha256")?,
                most: a.optional("most")?,
            };
            a.done()?;
            json(&client.fetch(&device, &path, file, &how).await?)
        }
        "offer" => {
            let (image, by): (Wanted, Protocol) = (a.take("image")?, a.take("protocol")?);
            let how = Offering {
                name: a.optional("name")?,
                source: a.optional("source")?,
                uses: a.optional("uses")?,
                seconds: a.optional("seconds")?,
            };
            a.done()?;
            Ok(shown(&client.offer(&found(client, image).await?, &device, by, &how).await?))
        }
        "accept" => {
            let (by, file): (Protocol, PathBuf) = (a.take("protocol")?, a.take("file")?);
            let how = Taking {
                name: a.optional("name")?,
                source: a.optional("source")?,
                most: a.optional("most")?,
                seconds: a.optional("seconds")?,
            };
            a.done()?;
            Ok(shown(&client.accept(&device, by, file, &how).await?))
        }
        _ => Err(Error::internal("call", "this verb is no transfer")),
    }
}

/// The password is told: somebody must tell it to the device. It is good once, for this offer alone.
fn shown(offered: &Offered) -> Value {
    object!({
        "offer": offered.id,
        "protocol": offered.protocol,
        "direction": offered.direction,
        "port": offered.port,
        "path": offered.path,
        "user": offered.user,
        "password": offered.password.as_ref().map(|password| password.expose()),
        "certificate": offered.certificate.as_ref().map(|shown| &shown.pem),
        "fingerprint": offered.certificate.as_ref().map(|shown| shown.fingerprint.to_string()),
    })
}
