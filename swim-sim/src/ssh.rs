//! The SSH server of a device: one host key and one configuration for all of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::keys::{Algorithm, PrivateKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session};
use russh::{Channel, ChannelId, SshId};
use swim_core::ports::ByteStream;

use crate::carrier::SshChannel;
use crate::device::Lines;
use crate::shell::{self, PAGE, Start};
use crate::terminal::Terminal;
use crate::{SimDevice, scp_sink, scp_source};

/// A failure of the cryptography at the only place where a key is made; then no device takes a connection.
static CONFIG: OnceLock<Option<Arc<Config>>> = OnceLock::new();

fn config() -> Option<Arc<Config>> {
    CONFIG
        .get_or_init(|| {
            let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).ok()?;
            Some(Arc::new(Config {
                server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Cisco-1.25")),
                keys: vec![key],
                auth_rejection_time: Duration::from_secs(1),
                auth_rejection_time_initial: Some(Duration::ZERO),
                inactivity_timeout: None,
                max_auth_attempts: 3,
                ..Config::default()
            }))
        })
        .clone()
}

/// Serves one connection until it ends.
pub(crate) async fn serve<S: ByteStream + 'static>(device: SimDevice, lines: Lines, stream: S) {
    let Some(config) = config() else { return };
    let connection = Connection { device, lines, channels: HashMap::new(), pty: Vec::new() };
    // How the connection ends is seen by the client; there is nobody here to tell.
    if let Ok(running) = russh::server::run_stream(config, stream, connection).await {
        let _ = running.await;
    }
}

struct Connection {
    device: SimDevice,
    lines: Lines,
    channels: HashMap<ChannelId, Channel<Msg>>,
    pty: Vec<ChannelId>,
}

impl Connection {
    fn check(&self, user: &str, password: &str) -> Auth {
        if self.device.takes_login(user, password) { Auth::Accept } else { Auth::reject() }
    }

    fn start(&mut self, id: ChannelId, start: Start, session: &mut Session) -> Result<(), russh::Error> {
        let Some(channel) = self.channels.remove(&id) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let (device, lines, handle) = (self.device.clone(), self.lines.clone(), session.handle());
        match start {
            Start::Exec(line) if line.starts_with("scp ") && line.split(' ').any(|word| word == "-f") => {
                tokio::spawn(scp_source::run(device, line, channel));
            }
            Start::Exec(line) if line.starts_with("scp ") => {
                tokio::spawn(scp_sink::run(device, line, channel));
            }
            start => {
                let length = if matches!(start, Start::Shell) { PAGE } else { 0 };
                let carrier = Box::new(SshChannel::new(channel, handle));
                let terminal = Terminal::new(device.clone(), lines, carrier, length);
                tokio::spawn(shell::run(device, start, terminal));
            }
        }
        Ok(())
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(self.check(user, password))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut answers) = response else {
            return Ok(Auth::Partial {
                name: Cow::Borrowed(""),
                instructions: Cow::Borrowed(""),
                prompts: Cow::Borrowed(&[(Cow::Borrowed("Password: "), false)]),
            });
        };
        let password = answers.next().unwrap_or_default();
        Ok(self.check(user, &String::from_utf8_lossy(&password)))
    }

    async fn auth_publickey_offered(
        &mut self,
        _user: &str,
        _offer: russh::server::PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(Auth::reject())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(russh::Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.pty.push(id);
        session.channel_success(id)
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        let start = Start::Shell;
        self.start(id, start, session)
    }

    async fn exec_request(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        let line = String::from_utf8_lossy(data).into_owned();
        self.device.state().commands.push(line.clone());
        self.start(id, Start::Exec(line), session)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        _name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }
}
