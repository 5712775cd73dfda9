//! Who is talked to, with what, and which adapter does it.

use std::str::FromStr;
use std::sync::Arc;

use swim_core::model::{
    Device, DeviceId, Direction, Endpoint, HostKeyPolicy, Login, PlatformId, Secret, SecretRef, Sha256,
};
use swim_core::ports::{ImageStore, Transfer, TransferAbility};
use swim_core::{Error, ErrorKind, Result};
use swim_protocols::ftp::{FtpClient, FtpClientConfig, FtpConfig, FtpOffers};
use swim_protocols::http::{HttpClient, HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::ssh::{OfferConfig, SshClient, SshConfig, SshOffers};
use swim_protocols::tftp::{TftpClient, TftpClientConfig, TftpConfig, TftpOffers};
use swim_stores::{FileImages, MemoryStore, StaticSecrets};

use crate::words::Words;

/// The environment variable with the password: command lines are seen by every user of a machine.
const PASSWORD: &str = "TRANSFER_PASSWORD";

/// Every adapter that there is. A new one is one more line here: which one runs is found by its ability.
fn adapters(words: &Words) -> Result<Vec<Arc<dyn Transfer>>> {
    let network = Arc::new(TcpNetwork);
    let bind = words.option("bind").unwrap_or("0.0.0.0").to_owned();
    let port = words.number("port", 0)?;
    let ports = (port > 0).then_some((port, port));
    let secrets = Arc::new(secrets(words)?);
    let client = SshClient::new(network, Arc::clone(&secrets) as _, Arc::new(MemoryStore::new()), SshConfig::default());
    let ssh = Arc::new(client);
    let offers = OfferConfig { bind: bind.clone(), ports, ..OfferConfig::default() };
    let (scp, sftp) = SshOffers::new(Arc::new(TcpNetwork), offers)?;
    Ok(vec![
        Arc::new(SftpPush::new(Arc::clone(&ssh))),
        Arc::new(SftpFetch::new(Arc::clone(&ssh))),
        Arc::new(sftp),
        Arc::new(ScpPush::new(Arc::clone(&ssh))),
        Arc::new(ScpFetch::new(ssh)),
        Arc::new(scp),
        Arc::new(FtpClient::new(Arc::new(TcpNetwork), Arc::clone(&secrets) as _, FtpClientConfig::default())),
        Arc::new(FtpOffers::new(Arc::new(TcpNetwork), FtpConfig { bind: bind.clone(), port, passive_ports: None })),
        Arc::new(HttpClient::new(Arc::new(TcpNetwork), secrets)),
        Arc::new(HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: bind.clone(), ports })),
        Arc::new(TftpClient::new(Arc::new(TcpNetwork), TftpClientConfig::default())),
        Arc::new(TftpOffers::new(Arc::new(TcpNetwork), TftpConfig { bind, port })),
    ])
}

/// What all of them can do.
pub(crate) fn abilities(words: &Words) -> Result<Vec<TransferAbility>> {
    Ok(adapters(words)?.iter().map(|a| a.ability().clone()).collect())
}

/// The adapter of a protocol for a direction.
pub(crate) fn adapter(words: &Words, protocol: &str, direction: Direction) -> Result<Arc<dyn Transfer>> {
    let fits =
        |a: &Arc<dyn Transfer>| a.ability().protocol.name() == protocol && a.ability().directions.contains(&direction);
    adapters(words)?.into_iter().find(fits).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "transfer", format!("there is no adapter for {protocol} {direction}"))
    })
}

/// The store, the image, and its size.
pub(crate) async fn image(words: &Words) -> Result<(Arc<FileImages>, Sha256, u64)> {
    let store = Arc::new(FileImages::open(words.need("store")?)?);
    let text = words.need("image")?;
    let image = Sha256::from_str(text)?;
    let missing = || Error::new(ErrorKind::NotFound, "read image", format!("{text} is not in the store"));
    let bytes = store.size(&image).await?.ok_or_else(missing)?;
    Ok((store, image, bytes))
}

/// A device or server to dial. Its host key is taken as it is: this is no tool for networks that are not trusted.
pub(crate) fn device(words: &Words, host: &str, port: &str) -> Result<Device> {
    let number = port.parse().map_err(|_| Error::invalid("port", port, "a number from 1 to 65535"))?;
    let named = |name: &str, there: bool| there.then(|| SecretRef(name.to_owned()));
    let login = Login {
        user: words.option("user").unwrap_or_default().to_owned(),
        password: named("password", std::env::var_os(PASSWORD).is_some()),
        key: named("key", words.option("key").is_some()),
        key_passphrase: None,
        enable: None,
    };
    let stranger = stranger(HostKeyPolicy::FirstUse)?;
    Ok(Device { at: Endpoint { host: host.to_owned(), port: number }, login, ..stranger })
}

/// A device of which nothing is known but that it comes.
pub(crate) fn stranger(policy: HostKeyPolicy) -> Result<Device> {
    let nobody = Login { user: String::new(), password: None, key: None, key_passphrase: None, enable: None };
    let at = Endpoint { host: "localhost".to_owned(), port: 22 };
    Ok(Device::new(DeviceId::new("peer")?, at, PlatformId("ios".to_owned()), nobody, policy))
}

fn secrets(words: &Words) -> Result<StaticSecrets> {
    let mut secrets = StaticSecrets::new();
    if let Ok(password) = std::env::var(PASSWORD) {
        secrets = secrets.with("password", Secret::new(password));
    }
    if let Some(path) = words.option("key") {
        let unreadable = |e| Error::invalid("key", path, "the key file cannot be read").caused_by(e);
        secrets = secrets.with("key", Secret::new(std::fs::read_to_string(path).map_err(unreadable)?));
    }
    Ok(secrets)
}
