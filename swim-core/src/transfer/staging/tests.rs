mod waiting;

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::model::{HostKeyPolicy, Login, Secret, SecretRef};
use crate::ports::{Clock, Fetch, ImageStore, ImageWriter, Note, NoteSink, Receipt, Secrets, TransferAbility};
use crate::transfer::Caps;

const IMAGE: &[u8] = b"the bytes of an image";
const OTHER: &[u8] = b"the bytes of another!";

/// The time of a runtime whose time is paused.
#[derive(Debug)]
struct Virtual(tokio::time::Instant);

#[async_trait]
impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(self.monotonic()).unwrap()
    }
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Two images of the same size, and no secrets.
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
    async fn read(&self, id: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
        let image = if *id == Sha256::of(IMAGE) { IMAGE } else { OTHER };
        let from = usize::try_from(offset).unwrap().min(image.len());
        // Shorter than asked for, as a store may be.
        Ok(Bytes::from_static(&image[from..(from + length.min(4)).min(image.len())]))
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

/// Records that two processes share.
#[derive(Debug, Default)]
struct Rows(Mutex<BTreeMap<String, Value>>);

#[async_trait]
impl Records for Rows {
    async fn put(&self, _: &str, key: &str, value: Value) -> Result<()> {
        self.0.lock().unwrap().insert(key.to_owned(), value);
        Ok(())
    }
    async fn put_new(&self, _: &str, key: &str, value: Value) -> Result<bool> {
        let mut rows = self.0.lock().unwrap();
        let free = !rows.contains_key(key);
        rows.entry(key.to_owned()).or_insert(value);
        Ok(free)
    }
    async fn swap(&self, _: &str, key: &str, old: &Value, new: Value) -> Result<bool> {
        let mut rows = self.0.lock().unwrap();
        Ok(rows.get_mut(key).filter(|row| *row == old).map(|row| *row = new).is_some())
    }
    async fn get(&self, _: &str, key: &str) -> Result<Option<Value>> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }
    async fn all(&self, _: &str) -> Result<Vec<(String, Value)>> {
        Ok(self.0.lock().unwrap().iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }
    async fn remove(&self, _: &str, _: &str) -> Result<bool> {
        Err(Error::internal("remove", "records of staging stay"))
    }
}

#[derive(Debug, Default)]
struct Words(Mutex<Vec<String>>);

impl NoteSink for Words {
    fn note(&self, note: Note) {
        if let Note::Staging { what, .. } = note {
            self.0.lock().unwrap().push(what);
        }
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

/// A server of one protocol that takes a while, and how often a file was sent to it.
#[derive(Debug)]
struct Wire {
    ability: TransferAbility,
    manner: Manner,
    takes: Duration,
    files: Mutex<BTreeMap<String, (Vec<u8>, usize)>>,
    /// Bytes that were read from it.
    fetched: Mutex<usize>,
}

impl Wire {
    fn new(protocol: Protocol, manner: Manner) -> Arc<Self> {
        Self::slow(protocol, manner, Duration::ZERO)
    }

    fn slow(protocol: Protocol, manner: Manner, takes: Duration) -> Arc<Self> {
        let resumes = protocol != Protocol::Scp;
        let ability = TransferAbility::new(protocol, true, resumes, &[Direction::Push, Direction::Fetch]);
        Arc::new(Self { ability, manner, takes, files: Mutex::default(), fetched: Mutex::default() })
    }

    fn sent(&self) -> usize {
        self.files.lock().unwrap().values().map(|(_, times)| times).sum()
    }
}

#[async_trait]
impl Transfer for Wire {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, cx: &Context) -> Result<Receipt> {
        if let Manner::Refuses(kind) = self.manner {
            return Err(Error::new(kind, "push", "no"));
        }
        cx.sleep(self.takes).await?;
        let mut bytes = Vec::new();
        while bytes.len() < IMAGE.len() {
            bytes.extend(request.store.read(&request.image, bytes.len() as u64, IMAGE.len()).await?);
        }
        match self.manner {
            Manner::Garbles => bytes[7] ^= 1,
            Manner::Shortens => bytes.truncate(7),
            _ => {}
        }
        let mut files = self.files.lock().unwrap();
        let file = files.entry(request.path).or_default();
        *file = (bytes, file.1 + 1);
        Ok(Receipt::new(self.ability.protocol, Direction::Push, request.bytes, 0, 0))
    }

    async fn fetch(&self, request: Fetch, _: &Context) -> Result<Receipt> {
        if let Manner::Refuses(kind) = self.manner {
            return Err(Error::new(kind, "fetch", "no"));
        }
        let file = self.files.lock().unwrap().get(&request.path).map(|(bytes, _)| bytes.clone());
        let bytes = file.ok_or_else(|| Error::new(ErrorKind::NotFound, "fetch", "no such file"))?;
        let have = request.sink.have().await?;
        let end = usize::try_from(have).unwrap().saturating_sub(3);
        if self.ability.resumes && have == bytes.len() as u64 && request.sink.read(end as u64, 3).await? == bytes[end..]
        {
            *self.fetched.lock().unwrap() += 3;
            return Ok(Receipt::new(self.ability.protocol, Direction::Fetch, 0, have, 0));
        }
        request.sink.clear().await?;
        *self.fetched.lock().unwrap() += bytes.len();
        // Out of order, as a striped transfer.
        let half = bytes.len() / 2;
        request.sink.write(half as u64, Bytes::copy_from_slice(&bytes[half..])).await?;
        request.sink.write(0, Bytes::copy_from_slice(&bytes[..half])).await?;
        request.sink.finish(bytes.len() as u64).await?;
        Ok(Receipt::new(self.ability.protocol, Direction::Fetch, bytes.len() as u64, 0, 0))
    }
}

fn server(name: &str, protocols: &[Protocol]) -> ImageServer {
    let login = Some(Login::password("swim", "depot"));
    let door = |protocol| Door { folder: "images".into(), login: login.clone(), ..Door::new(protocol) };
    let doors = protocols.iter().map(|p| door(*p)).collect();
    ImageServer::new(DeviceId::new(name).unwrap(), "192.0.2.1", doors, HostKeyPolicy::FirstUse)
}

/// A process: what it has staged itself, and what it hears.
struct Process {
    servers: Servers,
    services: PullServices,
    cx: Context,
    words: Arc<Words>,
}

impl Process {
    fn new(wires: &[Arc<Wire>], rows: Option<&Arc<Rows>>) -> Self {
        let protocols: Vec<_> = wires.iter().map(|w| w.ability.protocol).collect();
        let mut servers = Servers::new(vec![server("one", &protocols)]).unwrap();
        if let Some(rows) = rows {
            servers = servers.recorded(Arc::<Rows>::clone(rows), "w1");
        }
        let transfers = wires.iter().map(|w| Arc::clone(w) as Arc<dyn Transfer>).collect();
        let (store, secrets) = (Arc::new(Shelf), Arc::new(Shelf));
        let services = PullServices { store, transfers, caps: Caps::default(), servers: Arc::default(), secrets };
        let words = Arc::new(Words::default());
        let began = tokio::time::Instant::now();
        let cx = Context::new(Arc::new(Virtual(began))).noting(Arc::clone(&words) as _);
        Self { servers, services, cx, words }
    }

    async fn stage_of(&self, image: &[u8]) -> Result<Brought> {
        self.stage_as(image, &self.cx).await
    }

    async fn stage_as(&self, image: &[u8], cx: &Context) -> Result<Brought> {
        let id = Sha256::of(image);
        let what = Staging { image: &id, bytes: image.len() as u64, name: "x.bin" };
        self.servers.stage(what, &self.servers.all()[0], &self.services, cx).await
    }

    async fn stage(&self) -> Result<Brought> {
        self.stage_of(IMAGE).await
    }

    fn heard(&self, words: &str) -> bool {
        self.words.0.lock().unwrap().iter().any(|line| line.contains(words))
    }
}

async fn once(wires: &[Arc<Wire>]) -> Result<Brought> {
    Process::new(wires, None).stage().await
}

#[tokio::test(start_paused = true)]
async fn an_image_is_brought_once_and_compared() {
    for rows in [None, Some(Arc::default())] {
        let wire = Wire::new(Protocol::Sftp, Manner::Good);
        let process = Process::new(&[Arc::clone(&wire)], rows.as_ref());
        assert_eq!(process.stage().await.unwrap(), Brought::Sent);
        assert_eq!(process.stage().await.unwrap(), Brought::Found);
        assert_eq!((wire.sent(), *wire.fetched.lock().unwrap()), (1, IMAGE.len()));
        assert!(wire.files.lock().unwrap().contains_key("images/x.bin"));
    }
}

#[tokio::test(start_paused = true)]
async fn another_process_finds_it_by_the_record_and_a_look() {
    for protocol in [Protocol::Sftp, Protocol::Scp] {
        let (wire, rows) = (Wire::new(protocol, Manner::Good), Arc::new(Rows::default()));
        let wires = [Arc::clone(&wire)];
        assert_eq!(Process::new(&wires, Some(&rows)).stage().await.unwrap(), Brought::Sent);
        *wire.fetched.lock().unwrap() = 0;
        let second = Process::new(&wires, Some(&rows));
        assert_eq!(second.stage().await.unwrap(), Brought::Found, "{protocol}");
        // Where the protocol cannot look at a part, all of it is read.
        let read = if protocol == Protocol::Scp { IMAGE.len() } else { 3 };
        assert_eq!((wire.sent(), *wire.fetched.lock().unwrap()), (1, read), "{protocol}");
        assert!(second.heard("images/x.bin is there since"));
        let [staged] = &second.servers.staged().await.unwrap()[..] else { panic!() };
        assert_eq!((staged.server.as_str(), staged.path.as_str(), staged.bytes), ("one", "images/x.bin", 21));
        assert_eq!((staged.sha256, staged.verified), (Sha256::of(IMAGE), Verified::EveryByte));
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_of_what_is_no_longer_so_is_dropped_with_a_word() {
    type Change = fn(&mut BTreeMap<String, (Vec<u8>, usize)>);
    let changes: [(Change, &str); 3] = [
        (|files| files.clear(), "no such file"),
        (|files| files.values_mut().for_each(|(bytes, _)| bytes.truncate(5)), "not this image"),
        (|files| files.values_mut().for_each(|(bytes, _)| *bytes = OTHER.to_vec()), "not this image"),
    ];
    for (change, why) in changes {
        let (wire, rows) = (Wire::new(Protocol::Sftp, Manner::Good), Arc::new(Rows::default()));
        let wires = [Arc::clone(&wire)];
        let first = Process::new(&wires, Some(&rows));
        first.stage().await.unwrap();
        change(&mut wire.files.lock().unwrap());
        let second = Process::new(&wires, Some(&rows));
        assert_eq!(second.stage().await.unwrap(), Brought::Sent, "{why}");
        assert!(second.heard(why), "{:?}", second.words);
        // A process that goes on for long looks again, too.
        change(&mut wire.files.lock().unwrap());
        assert_eq!(first.stage().await.unwrap(), Brought::Found, "it has seen it just now");
        tokio::time::advance(LOOK_AGAIN).await;
        assert_eq!(first.stage().await.unwrap(), Brought::Sent, "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_asked_keeps_its_record() {
    let rows = Arc::new(Rows::default());
    Process::new(&[Wire::new(Protocol::Sftp, Manner::Good)], Some(&rows)).stage().await.unwrap();
    let down = Process::new(&[Wire::new(Protocol::Sftp, Manner::Refuses(ErrorKind::Unreachable))], Some(&rows));
    assert_eq!(down.stage().await.unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!(down.servers.staged().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_two_processes_one_brings_it_and_the_other_waits() {
    // Longer than a turn: it is kept.
    let wire = Wire::slow(Protocol::Sftp, Manner::Good, Duration::from_secs(300));
    let (wires, rows) = ([Arc::clone(&wire)], Arc::new(Rows::default()));
    let both = [Process::new(&wires, Some(&rows)), Process::new(&wires, Some(&rows))];
    let (a, b) = tokio::join!(both[0].stage(), both[1].stage());
    assert_eq!((a.unwrap(), b.unwrap(), wire.sent()), (Brought::Sent, Brought::Found, 1));
    assert!(both[1].heard("waits for w1"), "{:?}", both[1].words);
}

#[tokio::test(start_paused = true)]
async fn the_turn_of_a_killed_process_ends() {
    let wire = Wire::slow(Protocol::Sftp, Manner::Good, Duration::from_secs(100));
    let (wires, rows) = ([Arc::clone(&wire)], Arc::new(Rows::default()));
    let killed = Process::new(&wires, Some(&rows));
    assert!(tokio::time::timeout(Duration::from_secs(50), killed.stage()).await.is_err());
    let began = tokio::time::Instant::now();
    let mut second = Process::new(&wires, Some(&rows));
    // Clocks of processes agree.
    second.cx.clock = Arc::clone(&killed.cx.clock);
    assert_eq!((second.stage().await.unwrap(), wire.sent()), (Brought::Sent, 1));
    let waited = began.elapsed() - Duration::from_secs(100);
    assert!(waited > Duration::from_secs(20) && waited < Duration::from_secs(35), "{waited:?}");
    // A failure gives the turn back at once.
    let full = [Wire::new(Protocol::Sftp, Manner::Refuses(ErrorKind::NoSpace))];
    let rows = Arc::new(Rows::default());
    Process::new(&full, Some(&rows)).stage().await.unwrap_err();
    let third = Process::new(&[Wire::new(Protocol::Sftp, Manner::Good)], Some(&rows));
    assert_eq!(third.stage().await.unwrap(), Brought::Sent);
    assert!(!third.heard("waits"));
}

#[tokio::test(start_paused = true)]
async fn who_was_away_for_too_long_has_lost_its_turn() {
    let wire = Wire::slow(Protocol::Sftp, Manner::Good, Duration::from_secs(100));
    let rows = Arc::new(Rows::default());
    let away = Process::new(&[wire], Some(&rows));
    let taken_over = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut rows = rows.0.lock().unwrap();
        let row = rows.get_mut("one x.bin").unwrap();
        row["fence"] = 2.into();
    };
    let (ended, ()) = tokio::join!(away.stage(), taken_over);
    let e = ended.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Conflict);
    assert!(matches!(e.retry(), crate::Retry::After(_)), "{e:?}");
    assert_eq!(rows.0.lock().unwrap()["one x.bin"]["fence"], 2, "the other one's turn is as it was");
}

#[tokio::test(start_paused = true)]
async fn another_image_of_the_same_name_takes_the_place() {
    let (wire, rows) = (Wire::new(Protocol::Sftp, Manner::Good), Arc::new(Rows::default()));
    let process = Process::new(&[Arc::clone(&wire)], Some(&rows));
    for image in [IMAGE, OTHER, IMAGE] {
        assert_eq!(process.stage_of(image).await.unwrap(), Brought::Sent);
        assert_eq!(wire.files.lock().unwrap()["images/x.bin"].0, image);
    }
    assert_eq!(process.servers.staged().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_garbles_is_an_integrity_failure() {
    for manner in [Manner::Garbles, Manner::Shortens] {
        let e = once(&[Wire::new(Protocol::Sftp, manner)]).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Integrity, "{manner:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn network_and_login_failures_take_the_next_door_and_room_does_not() {
    for kind in [ErrorKind::Unreachable, ErrorKind::Auth, ErrorKind::Interrupted, ErrorKind::Timeout] {
        let next = Wire::new(Protocol::Http, Manner::Good);
        once(&[Wire::new(Protocol::Sftp, Manner::Refuses(kind)), Arc::clone(&next)]).await.unwrap();
        assert_eq!(next.sent(), 1);
    }
    let next = Wire::new(Protocol::Scp, Manner::Good);
    let full = Wire::new(Protocol::Sftp, Manner::Refuses(ErrorKind::NoSpace));
    assert_eq!(once(&[full, Arc::clone(&next)]).await.unwrap_err().kind(), ErrorKind::NoSpace);
    assert_eq!(next.sent(), 0);
}

#[test]
fn servers_that_cannot_be_used_are_refused() {
    let twice = Servers::new(vec![server("a", &[Protocol::Sftp]), server("a", &[Protocol::Scp])]).unwrap_err();
    assert!(twice.to_string().contains('a'), "{twice}");
    assert!(Servers::new(vec![server("a", &[])]).is_err());
    assert!(Servers::new(vec![server("a", &[Protocol::Sftp, Protocol::Sftp])]).is_err());
}
