use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::model::{Endpoint, HostKeyPolicy, Login, PlatformId, Protocol, Secret, SecretRef};
use crate::ports::{Clock, ImageWriter, Receipt, Secrets, Transfer, TransferAbility};
use crate::transfer::Caps;

const IMAGE: &[u8] = b"the bytes of an image";

#[derive(Debug)]
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

/// One image, and no secrets.
#[derive(Debug)]
struct Shelf;

#[async_trait]
impl ImageStore for Shelf {
    async fn create(&self) -> Result<Box<dyn ImageWriter>> {
        Err(Error::internal("create", "not here"))
    }
    async fn size(&self, _: &Sha256) -> Result<Option<u64>> {
        Ok(Some(IMAGE.len() as u64))
    }
    async fn read(&self, _: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
        let from = usize::try_from(offset).unwrap().min(IMAGE.len());
        // Shorter than asked for, as a store may be.
        Ok(Bytes::from_static(&IMAGE[from..(from + length.min(4)).min(IMAGE.len())]))
    }
    async fn remove(&self, _: &Sha256) -> Result<()> {
        Ok(())
    }
    async fn list(&self) -> Result<Vec<Sha256>> {
        Ok(Vec::new())
    }
    async fn sweep(&self) -> Result<u64> {
        Ok(0)
    }
}

#[async_trait]
impl Secrets for Shelf {
    async fn resolve(&self, _: &SecretRef) -> Result<Secret<String>> {
        Ok(Secret::new(String::new()))
    }
}

/// What a server of one protocol does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Good,
    Refuses(ErrorKind),
    Garbles,
    Shortens,
}

#[derive(Debug)]
struct Wire {
    ability: TransferAbility,
    manner: Manner,
    files: Mutex<BTreeMap<String, usize>>,
}

impl Wire {
    fn new(protocol: Protocol, manner: Manner) -> Arc<Self> {
        let ability = TransferAbility::new(protocol, true, true, &[Direction::Push, Direction::Fetch]);
        Arc::new(Self { ability, manner, files: Mutex::default() })
    }
}

#[async_trait]
impl Transfer for Wire {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, _: &Context) -> Result<Receipt> {
        if let Manner::Refuses(kind) = self.manner {
            return Err(Error::new(kind, "push", "no"));
        }
        *self.files.lock().unwrap().entry(request.path).or_default() += 1;
        Ok(Receipt::new(self.ability.protocol, Direction::Push, request.bytes, 0, 0))
    }

    async fn fetch(&self, request: Fetch, _: &Context) -> Result<Receipt> {
        let mut bytes = IMAGE.to_vec();
        match self.manner {
            Manner::Garbles => bytes[7] ^= 1,
            Manner::Shortens => bytes.truncate(7),
            _ => {}
        }
        // Out of order, as a striped transfer.
        let half = bytes.len() / 2;
        request.sink.write(half as u64, Bytes::copy_from_slice(&bytes[half..])).await?;
        request.sink.write(0, Bytes::copy_from_slice(&bytes[..half])).await?;
        request.sink.finish(bytes.len() as u64).await?;
        Ok(Receipt::new(self.ability.protocol, Direction::Fetch, bytes.len() as u64, 0, 0))
    }
}

fn server(name: &str, protocols: &[Protocol]) -> ImageServer {
    let door = |protocol| Door { folder: "images".into(), ..Door::new(protocol) };
    ImageServer {
        name: DeviceId::new(name).unwrap(),
        host: "192.0.2.1".into(),
        doors: protocols.iter().map(|p| door(*p)).collect(),
        host_key: HostKeyPolicy::FirstUse,
        devices: vec![],
        sites: vec!["berlin".into()],
        max_devices: None,
        bytes_per_second: None,
    }
}

async fn stage(wires: &[Arc<Wire>], times: usize) -> Result<()> {
    let protocols: Vec<_> = wires.iter().map(|w| w.ability.protocol).collect();
    let servers = Servers::new(vec![server("one", &protocols)])?;
    let transfers = wires.iter().map(|w| Arc::clone(w) as Arc<dyn Transfer>).collect();
    let services = PullServices {
        store: Arc::new(Shelf),
        transfers,
        caps: Caps::default(),
        servers: Arc::default(),
        secrets: Arc::new(Shelf),
    };
    let image = Sha256::of(IMAGE);
    let what = Staging { image: &image, bytes: IMAGE.len() as u64, name: "x.bin" };
    for _ in 0..times {
        servers.stage(what, &servers.all()[0], &services, &Context::new(Arc::new(Still))).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_image_is_brought_once_and_compared() {
    let wire = Wire::new(Protocol::Sftp, Manner::Good);
    stage(&[Arc::clone(&wire)], 3).await.unwrap();
    assert_eq!(*wire.files.lock().unwrap(), BTreeMap::from([("images/x.bin".to_owned(), 1)]));
}

#[tokio::test]
async fn what_the_server_garbles_is_an_integrity_failure() {
    for manner in [Manner::Garbles, Manner::Shortens] {
        let e = stage(&[Wire::new(Protocol::Sftp, manner)], 1).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Integrity, "{manner:?}");
    }
}

#[tokio::test]
async fn network_and_login_failures_take_the_next_door_and_room_does_not() {
    for kind in [ErrorKind::Unreachable, ErrorKind::Auth] {
        let next = Wire::new(Protocol::Scp, Manner::Good);
        stage(&[Wire::new(Protocol::Sftp, Manner::Refuses(kind)), Arc::clone(&next)], 1).await.unwrap();
        assert_eq!(next.files.lock().unwrap().len(), 1);
    }
    let next = Wire::new(Protocol::Scp, Manner::Good);
    let full = Wire::new(Protocol::Sftp, Manner::Refuses(ErrorKind::NoSpace));
    assert_eq!(stage(&[full, Arc::clone(&next)], 1).await.unwrap_err().kind(), ErrorKind::NoSpace);
    assert_eq!(next.files.lock().unwrap().len(), 0);
}

#[test]
fn a_device_that_is_named_wins_over_its_site() {
    let mut named = server("two", &[Protocol::Sftp]);
    named.sites.clear();
    named.devices = vec![DeviceId::new("sw1").unwrap()];
    let servers = Servers::new(vec![server("one", &[Protocol::Sftp]), named]).unwrap();
    let device = |id: &str, site: Option<&str>| {
        let at = Endpoint { host: "192.0.2.9".into(), port: 22 };
        let login = Login::password("u", "p");
        let id = DeviceId::new(id).unwrap();
        let mut device = Device::new(id, at, PlatformId("ios".into()), login, HostKeyPolicy::FirstUse);
        device.site = site.map(str::to_owned);
        device
    };
    let of = |d: &Device| servers.of(d).map(|s| s.name.to_string());
    assert_eq!(of(&device("sw1", Some("berlin"))).as_deref(), Some("two"));
    assert_eq!(of(&device("sw2", Some("berlin"))).as_deref(), Some("one"));
    assert_eq!(of(&device("sw2", Some("paris"))), None);
    assert_eq!(of(&device("sw2", None)), None);
}

#[test]
fn servers_that_cannot_be_used_are_refused() {
    let twice = Servers::new(vec![server("a", &[Protocol::Sftp]), server("a", &[Protocol::Scp])]).unwrap_err();
    assert!(twice.to_string().contains('a'), "{twice}");
    assert!(Servers::new(vec![server("a", &[])]).is_err());
    assert!(Servers::new(vec![server("a", &[Protocol::Sftp, Protocol::Sftp])]).is_err());
}
