//! The command line against an SSH server in this process, over streams in memory and in paused time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use russh::keys::key::safe_rng;
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, Handler, Msg, Response, Session};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use swim_core::cli::{Answer, Dialogue, Reply};
use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId};
use swim_core::platform::Definition;
use swim_core::ports::{Cli, CliConnector, Context, Dialed, Listener, Network};
use swim_core::{Error, ErrorKind, Result};

use super::{SshClient, SshConfig, SshConnector};
use crate::clock::TokioClock;
use crate::memory::{MemoryRecords, MemorySecrets};

const DEFINITION: &str = r#"
id = "ios"
versions = "ios"
prompt = '^(?P<host>[\w.-]+)#\s?$'
prompt_user = '^(?P<host>[\w.-]+)>\s?$'
setup = ["terminal length 0"]
enable = "enable"
refusals = ['^\s*% Invalid input']
loader_prompts = []

[abilities]
transfers = []
install_mode = false
commit = false
"#;

/// A device that knows a handful of commands.
#[derive(Clone, Debug)]
struct Router {
    /// What was typed, in order.
    typed: Arc<Mutex<Vec<String>>>,
    line: String,
    privileged: bool,
}

impl Router {
    fn prompt(&self) -> &'static str {
        if self.privileged { "r1#" } else { "r1>" }
    }
}

impl Handler for Router {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(if user == "admin" && password == "pw" { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        Ok(match response.and_then(|mut r| r.next()) {
            Some(given) if &given[..] == b"pw" => Auth::Accept,
            Some(_) => Auth::reject(),
            None => Auth::Partial {
                name: Cow::Borrowed(""),
                instructions: Cow::Borrowed(""),
                prompts: Cow::Borrowed(&[(Cow::Borrowed("Password: "), false)]),
            },
        })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_success(id)?;
        session.data(id, format!("\r\nWelcome\r\n{}", self.prompt()).into_bytes())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        for byte in data {
            if *byte != b'\n' {
                self.line.push(char::from(*byte));
                continue;
            }
            let line = std::mem::take(&mut self.line);
            self.typed.lock().unwrap().push(line.clone());
            let handle = session.handle();
            let mut wait = Duration::ZERO;
            let said = match line.as_str() {
                "enable" => "enable\r\nPassword: ".to_owned(),
                "secret" if !self.privileged => {
                    self.privileged = true;
                    format!("\r\n{}", self.prompt())
                }
                "" => format!("\r\n{}", self.prompt()),
                "reload" => "reload\r\nProceed with reload? [confirm]".to_owned(),
                "slow" => {
                    wait = Duration::from_secs(600);
                    format!("slow\r\ndone\r\n{}", self.prompt())
                }
                "bogus" => format!("bogus\r\n% Invalid input detected at '^' marker.\r\n{}", self.prompt()),
                "debug all" => {
                    tokio::spawn(async move {
                        // Less than a silence apart.
                        while handle.data(id, b"one more line\r\n".to_vec()).await.is_ok() {
                            tokio::time::sleep(Duration::from_millis(40)).await;
                        }
                    });
                    continue;
                }
                other => format!("{other}\r\nok {other}\r\n{}", self.prompt()),
            };
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                let _ = handle.data(id, said.into_bytes()).await;
            });
        }
        Ok(())
    }
}

/// A network with one device at any address.
#[derive(Debug)]
struct OneRouter {
    router: Router,
    config: Arc<server::Config>,
}

#[async_trait]
impl Network for OneRouter {
    async fn dial(&self, _: &Endpoint) -> Result<Dialed> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (config, router) = (Arc::clone(&self.config), self.router.clone());
        tokio::spawn(async move {
            if let Ok(running) = server::run_stream(config, theirs, router).await {
                let _ = running.await;
            }
        });
        Ok(Dialed { stream: Box::new(ours), local: Some("192.0.2.7".into()), peer: None })
    }

    async fn listen(&self, _: &Endpoint) -> Result<Box<dyn Listener>> {
        Err(Error::new(ErrorKind::Unsupported, "listen", "this network only dials"))
    }
}

struct Lab {
    connector: SshConnector,
    device: Device,
    definition: Definition,
    cx: Context,
    typed: Arc<Mutex<Vec<String>>>,
}

impl Lab {
    fn new(method: MethodKind, privileged: bool, password: &str) -> Self {
        let typed = Arc::new(Mutex::new(Vec::new()));
        let config = server::Config {
            keys: vec![PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap()],
            methods: MethodSet::from([method].as_slice()),
            inactivity_timeout: None,
            ..server::Config::default()
        };
        let router = Router { typed: Arc::clone(&typed), line: String::new(), privileged };
        let network = Arc::new(OneRouter { router, config: Arc::new(config) });
        let secrets = Arc::new(MemorySecrets::new(&[("pw", password), ("enable", "secret")]));
        let records = Arc::new(MemoryRecords::default());
        let client = Arc::new(SshClient::new(network, secrets, records, SshConfig::default()));
        let device = Device::new(
            DeviceId::new("r1").unwrap(),
            Endpoint { host: "r1".into(), port: 22 },
            PlatformId("ios".into()),
            Login::password("admin", "pw").enable("enable"),
            HostKeyPolicy::FirstUse,
        );
        Self {
            connector: SshConnector::new(client),
            device,
            definition: Definition::from_toml(DEFINITION).unwrap(),
            cx: Context::new(Arc::new(TokioClock::starting_at(Timestamp::UNIX_EPOCH))),
            typed,
        }
    }

    async fn connect(&self) -> Result<Box<dyn Cli>> {
        self.connector.connect(&self.device, &self.definition, &self.cx).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_logs_in_raises_privilege_and_runs_commands() {
    for method in [MethodKind::Password, MethodKind::KeyboardInteractive] {
        let lab = Lab::new(method, false, "pw");
        let mut cli = lab.connect().await.unwrap();
        assert_eq!(cli.hostname(), Some("r1"));
        assert_eq!(cli.local_address().as_deref(), Some("192.0.2.7"));
        let told = cli.exchange(&Dialogue::show("show version"), &lab.cx).await.unwrap();
        assert_eq!(told.output.trim(), "ok show version");
        cli.close().await;
        assert_eq!(*lab.typed.lock().unwrap(), ["enable", "secret", "terminal length 0", "show version"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_once() {
    let lab = Lab::new(MethodKind::Password, true, "wrong");
    let e = lab.connect().await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Auth, "{e:?}");
    assert!(e.message().contains("by password"), "{e}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_command_leaves_the_session_usable() {
    let lab = Lab::new(MethodKind::Password, true, "pw");
    let mut cli = lab.connect().await.unwrap();
    let e = cli.exchange(&Dialogue::show("bogus"), &lab.cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::DeviceRejected, "{e:?}");
    let told = cli.exchange(&Dialogue::show("show clock"), &lab.cx).await.unwrap();
    assert_eq!(told.output.trim(), "ok show clock");
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_silence_are_waited_for_when_they_are_allowed() {
    let lab = Lab::new(MethodKind::Password, true, "pw");
    let mut cli = lab.connect().await.unwrap();
    let patient = Dialogue::show("slow").silence(Duration::from_secs(700));
    assert_eq!(cli.exchange(&patient, &lab.cx).await.unwrap().output.trim(), "done");
    let e = cli.exchange(&Dialogue::show("slow"), &lab.cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Timeout, "{e:?}");
    // What still runs would answer: nothing more is sent on this session.
    let e = cli.exchange(&Dialogue::show("show clock"), &lab.cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Interrupted, "{e:?}");
    assert_ne!(lab.typed.lock().unwrap().last().map(String::as_str), Some("show clock"));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_wait_and_says_that_the_effect_is_unknown() {
    let lab = Lab::new(MethodKind::Password, true, "pw");
    let mut cli = lab.connect().await.unwrap();
    let cancel = lab.cx.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        cancel.cancel();
    });
    let began = tokio::time::Instant::now();
    let e = cli.exchange(&Dialogue::show("slow"), &lab.cx).await.unwrap_err();
    assert_eq!((e.kind(), e.effect()), (ErrorKind::Cancelled, swim_core::Effect::Unknown));
    assert!(began.elapsed() < Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_must_stop_is_left_and_never_confirmed() {
    let lab = Lab::new(MethodKind::Password, true, "pw");
    let mut cli = lab.connect().await.unwrap();
    let stop = Reply::Stop(ErrorKind::Blocked, "not now".into());
    let dialogue =
        Dialogue::show("reload").answer(Answer::once("proceed", r"Proceed with reload\? \[confirm\]$", stop));
    let e = cli.exchange(&dialogue, &lab.cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Blocked, "{e:?}");
    drop(cli);
    assert_eq!(lab.typed.lock().unwrap().last().map(String::as_str), Some("reload"));
}

#[tokio::test(start_paused = true)]
async fn output_without_end_ends_with_the_time_or_with_a_cancel() {
    let lab = Lab::new(MethodKind::Password, true, "pw");
    let mut cli = lab.connect().await.unwrap();
    let began = tokio::time::Instant::now();
    let e = cli.exchange(&Dialogue::show("debug all"), &lab.cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Timeout, "{e:?}");
    assert!(began.elapsed() < swim_core::cli::SHOW_LONGEST + Duration::from_secs(1));
    let mut cli = lab.connect().await.unwrap();
    let cancel = lab.cx.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        cancel.cancel();
    });
    let began = tokio::time::Instant::now();
    let e = cli.exchange(&Dialogue::show("debug all"), &lab.cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Cancelled, "{e:?}");
    assert!(began.elapsed() < Duration::from_secs(6));
}
