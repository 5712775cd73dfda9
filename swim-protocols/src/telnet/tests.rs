//! The command line against devices in this process, over streams in memory and in paused time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use swim_core::cli::Dialogue;
use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId};
use swim_core::platform::Registry;
use swim_core::ports::{Cli, CliConnector, Context, Dialed, Listener, Network, Secrets};
use swim_core::{Effect, Error, ErrorKind, Result, Retry};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

use super::{SILENCE, TelnetConnector};
use crate::clock::TokioClock;
use crate::connector::Connector;
use crate::memory::{MemoryRecords, MemorySecrets};
use crate::ssh::{SshClient, SshConfig};

/// What a device does with its connection.
type Script = fn(DuplexStream) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Every dial reaches a device with this script.
#[derive(Debug)]
struct Wired {
    script: Script,
    running: Mutex<Vec<JoinHandle<()>>>,
}

#[async_trait]
impl Network for Wired {
    async fn dial(&self, _: &Endpoint) -> Result<Dialed> {
        let (near, far) = tokio::io::duplex(16 * 1024);
        self.running.lock().unwrap().push(tokio::spawn((self.script)(far)));
        Ok(Dialed { stream: Box::new(near), local: Some("192.0.2.1".into()), peer: None })
    }

    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>> {
        Err(Error::new(ErrorKind::Unsupported, "listen", at.to_string()))
    }
}

impl Wired {
    fn new(script: Script) -> Arc<Self> {
        Arc::new(Self { script, running: Mutex::default() })
    }

    fn ssh(self: &Arc<Self>) -> Arc<SshClient> {
        let network: Arc<dyn Network> = Arc::<Self>::clone(self);
        Arc::new(SshClient::new(network, secrets(), Arc::new(MemoryRecords::default()), SshConfig::default()))
    }

    async fn open(self: &Arc<Self>, device: &Device, cx: &Context) -> Result<Box<dyn Cli>> {
        let registry = Registry::builtin().unwrap();
        let definition = registry.definition(&device.platform).unwrap();
        Connector::new(self.ssh()).connect(device, definition, cx).await
    }

    /// The device was dialled so often, and saw what it expected. The sessions must have ended.
    async fn was_dialed(&self, times: usize) {
        let running = std::mem::take(&mut *self.running.lock().unwrap());
        assert_eq!(running.len(), times);
        for script in running {
            script.await.unwrap();
        }
    }
}

fn secrets() -> Arc<dyn Secrets> {
    Arc::new(MemorySecrets::new(&[("lab", "open sesame")]))
}

fn device() -> Device {
    let at = Endpoint { host: "198.51.100.1".into(), port: 23 };
    let login = Login::password("admin", "lab");
    let id = DeviceId::new("r1").unwrap();
    Device { telnet: true, ..Device::new(id, at, PlatformId("ios".into()), login, HostKeyPolicy::FirstUse) }
}

fn context() -> Context {
    Context::new(Arc::new(TokioClock::system()))
}

/// Reads up to the end of this text; everything that came.
async fn until(stream: &mut DuplexStream, end: &[u8]) -> Vec<u8> {
    let mut seen = Vec::new();
    while !seen.ends_with(end) {
        let Ok(byte) = stream.read_u8().await else { return seen };
        seen.push(byte);
    }
    seen
}

const START: &[u8] =
    b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff\xfd\x1f\r\n\r\nUser Access Verification\r\n\r\nUsername: ";

async fn logged_in(stream: &mut DuplexStream) {
    stream.write_all(START).await.unwrap();
    let said = until(stream, b"admin\r\n").await;
    let size = b"\xff\xfa\x1f\x01\xff\xff\0\x30\xff\xf0";
    assert!(said.windows(size.len()).any(|w| w == size), "the window was not told: {said:?}");
    stream.write_all(b"admin\r\nPassword: ").await.unwrap();
    assert_eq!(until(stream, b"\r\n").await, b"open sesame\r\n");
    stream.write_all(b"\r\nr1#").await.unwrap();
    for command in ["terminal length 0", "terminal width 511"] {
        assert_eq!(until(stream, b"\r\n").await, format!("{command}\r\n").as_bytes());
        stream.write_all(format!("{command}\r\nr1#").as_bytes()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_from_the_first_option_to_the_end() {
    let script: Script = |mut stream| {
        Box::pin(async move {
            logged_in(&mut stream).await;
            assert_eq!(until(&mut stream, b"\r\n").await, b"show clock\r\n");
            stream.write_all(b"show clock\r\n10:00\xff\xff\r\n\xff\xf1r1\xff").await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
            stream.write_all(b"\xf1#").await.unwrap();
            assert_eq!(until(&mut stream, b"never").await, b"", "the session is closed");
        })
    };
    let cx = context();
    let wired = Wired::new(script);
    let mut cli = wired.open(&device(), &cx).await.unwrap();
    assert_eq!((cli.hostname(), cli.local_address().as_deref()), (Some("r1"), Some("192.0.2.1")));
    let said = cli.exchange(&Dialogue::show("show clock"), &cx).await.unwrap();
    assert_eq!(said.output, "10:00\u{fffd}");
    assert!(!format!("{cli:?}").contains("sesame"), "{cli:?}");
    cli.close().await;
    wired.was_dialed(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_not_marked_is_never_reached_by_telnet() {
    let script: Script = |mut stream| {
        Box::pin(async move {
            stream.write_all(START).await.unwrap();
            let said = until(&mut stream, b"admin").await;
            assert!(said.starts_with(b"SSH-2.0-") || said.is_empty(), "{said:?}");
        })
    };
    let unmarked = Device { telnet: false, ..device() };
    let wired = Wired::new(script);
    let e = wired.open(&unmarked, &context()).await.unwrap_err();
    assert!(matches!(e.kind(), ErrorKind::UnexpectedReply | ErrorKind::Interrupted | ErrorKind::Timeout), "{e:?}");
    wired.was_dialed(1).await;
    let direct = TelnetConnector::new(Arc::<Wired>::clone(&wired), secrets());
    let registry = Registry::builtin().unwrap();
    let e = direct.connect(&unmarked, registry.definition(&unmarked.platform).unwrap(), &context()).await.unwrap_err();
    assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("telnet")));
    wired.was_dialed(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_marked_is_never_reached_by_ssh() {
    let wired = Wired::new(|_| Box::pin(async {}));
    let e = wired.ssh().connect(&device(), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported, "{e:?}");
    wired.was_dialed(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_told_in_the_words_of_the_device() {
    let script: Script = |mut stream| {
        Box::pin(async move {
            stream.write_all(START).await.unwrap();
            until(&mut stream, b"admin\r\n").await;
            stream.write_all(b"admin\r\nPassword: ").await.unwrap();
            until(&mut stream, b"\r\n").await;
            stream.write_all(b"\r\n% Login invalid\r\n\r\nUsername: ").await.unwrap();
            assert_eq!(until(&mut stream, b"never").await, b"\x03", "one try");
        })
    };
    let wired = Wired::new(script);
    let e = wired.open(&device(), &context()).await.unwrap_err();
    assert_eq!(
        (e.kind(), e.device_words(), e.context("device")),
        (ErrorKind::Auth, Some("% Login invalid"), Some("r1"))
    );
    assert!(!format!("{e:?} {}", e.report()).contains("sesame"), "{e:?}");
    wired.was_dialed(1).await;
}

/// Writes the same for ever.
fn floods(with: &'static [u8]) -> impl Fn(DuplexStream) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    move |mut stream| {
        Box::pin(async move {
            while stream.write_all(with).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn devices_that_never_end_are_left() {
    let requests: Script = |stream| floods(b"\xff\xfd\x27")(stream);
    let e = Wired::new(requests).open(&device(), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::UnexpectedReply, "{e:?}");
    let subnegotiation: Script = |mut stream| {
        Box::pin(async move {
            stream.write_all(b"\xff\xfa").await.unwrap();
            floods(&[7; 999])(stream).await;
        })
    };
    let e = Wired::new(subnegotiation).open(&device(), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::UnexpectedReply, "{e:?}");
    let nothing: Script = |stream| floods(b"\xff\xf1")(stream);
    let e = Wired::new(nothing).open(&device(), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Timeout, "{e:?}");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_takes_nothing_is_left_whatever_it_says() {
    // So many answers that they do not fit on the way, and then nothing but no-operations.
    let script: Script = |mut stream| {
        Box::pin(async move {
            stream.write_all(&[START, b"x"].concat()).await.unwrap();
            floods(b"\xff\xf1")(stream).await;
        })
    };
    let (near, far) = tokio::io::duplex(16);
    tokio::spawn(script(far));
    let mut wire = super::wire::Wire::new(Dialed { stream: Box::new(near), local: None, peer: None });
    let cx = context();
    let before = cx.clock.monotonic();
    let long = vec![b'x'; 1000].into();
    let e = crate::command_line::Carrier::send(&mut wire, long, &cx).await.unwrap_err();
    assert_eq!((e.kind(), e.retry() != Retry::Never), (ErrorKind::Timeout, true), "{e:?}");
    assert!(cx.clock.monotonic() - before >= SILENCE);
}

#[tokio::test(start_paused = true)]
async fn a_long_silence_is_kept_alive() {
    let script: Script = |mut stream| {
        Box::pin(async move {
            logged_in(&mut stream).await;
            until(&mut stream, b"\r\n").await;
            tokio::time::sleep(Duration::from_secs(100)).await;
            stream.write_all(b"show flash\r\nfull\r\nr1#").await.unwrap();
            assert_eq!(until(&mut stream, b"never").await, b"\xff\xf1\xff\xf1\xff\xf1");
        })
    };
    let wired = Wired::new(script);
    let cx = context();
    let mut cli = wired.open(&device(), &cx).await.unwrap();
    let slow = Dialogue::show("show flash").silence(Duration::from_secs(300));
    assert_eq!(cli.exchange(&slow, &cx).await.unwrap().output, "full");
    // Who has not shown that it speaks Telnet would take it for text.
    assert_eq!(super::stream::Telnet::default().keepalive(), b"");
    cli.close().await;
    wired.was_dialed(1).await;
}

#[tokio::test(start_paused = true)]
async fn an_end_in_the_middle_of_a_command_leaves_its_effect_unknown() {
    let script: Script = |mut stream| {
        Box::pin(async move {
            logged_in(&mut stream).await;
            until(&mut stream, b"\r\n").await;
            stream.write_all(b"reload now\r\nPro").await.unwrap();
        })
    };
    let cx = context();
    let wired = Wired::new(script);
    let mut cli = wired.open(&device(), &cx).await.unwrap();
    let e = cli.exchange(&Dialogue::show("reload now"), &cx).await.unwrap_err();
    assert_eq!((e.kind(), e.effect()), (ErrorKind::Interrupted, Effect::Unknown));
    let e = cli.exchange(&Dialogue::show("show clock"), &cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Interrupted, "a session that is lost runs nothing");
    drop(cli);
    wired.was_dialed(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_command_ends_at_once() {
    let script: Script = |mut stream| {
        Box::pin(async move {
            logged_in(&mut stream).await;
            until(&mut stream, b"\r\n").await;
            floods(b".")(stream).await;
        })
    };
    let cx = context();
    let wired = Wired::new(script);
    let mut cli = wired.open(&device(), &cx).await.unwrap();
    let cancel = cx.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        cancel.cancel();
    });
    let e = cli.exchange(&Dialogue::show("copy a b"), &cx).await.unwrap_err();
    assert_eq!((e.kind(), e.effect()), (ErrorKind::Cancelled, Effect::Unknown));
    drop(cli);
    wired.was_dialed(1).await;
}
