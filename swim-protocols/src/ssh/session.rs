//! One device at an offer or an accept: its login, and what it may ask.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Response, Session};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use swim_core::ports::Context;
use tokio_util::sync::CancellationToken;

use super::outflow::Outflow;
use super::proposal::Proposal;
use super::scp::serve as scp;
use super::sftp::serve as sftp;
use crate::login::OneLogin;
use crate::served::{Cipher, Goods};

/// Channels of one connection: one for the file, one to spare.
const CHANNELS: usize = 2;
/// Channels of one connection from its beginning to its end. One that is closed lives on in the SSH layer until the client
/// has taken what is on its way to it, which a hostile one never does.
const CHANNELS_IN_ALL: usize = 64;

/// What all connections of an offer or an accept share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) goods: Goods,
    pub(crate) login: OneLogin,
    /// Of the last one who logged in.
    pub(crate) cipher: Cipher,
    pub(crate) cx: Context,
}

impl Desk {
    /// Is this the credential, and is it still good?
    fn admits(&self, peer: &str, user: &str, password: &str) -> bool {
        self.login.is(user, password) && self.goods.admits(peer)
    }
}

/// The ways to log in to an offer.
pub(crate) fn methods() -> MethodSet {
    MethodSet::from([MethodKind::Password, MethodKind::KeyboardInteractive].as_slice())
}

/// Channels that nothing was asked of yet. The SSH layer waits until what it puts into one is taken: whoever ends the
/// connection empties this first.
pub(crate) type Waiting = Arc<Mutex<HashMap<ChannelId, Channel<Msg>>>>;

/// One connection.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) desk: Arc<Desk>,
    pub(crate) peer: String,
    pub(crate) proposal: Proposal,
    pub(crate) channels: Waiting,
    /// Channels that are open.
    pub(crate) opened: usize,
    /// Channels that were opened so far.
    pub(crate) in_all: usize,
    pub(crate) outflow: Arc<Outflow>,
    /// Ends the connection.
    pub(crate) cut: CancellationToken,
    /// Tells that the login is over.
    pub(crate) inside: CancellationToken,
}

impl Visitor {
    fn waiting(&self) -> MutexGuard<'_, HashMap<ChannelId, Channel<Msg>>> {
        // A panic elsewhere leaves a map behind that is still true.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, user: &str, password: &str) -> Auth {
        if self.desk.admits(&self.peer, user, password) {
            return Auth::Accept;
        }
        // As OpenSSH does: the method stays on the list. Clients that are told to use another one ask for the service again
        // (paramiko does), which the SSH library leaves without an answer.
        Auth::Reject { proceed_with_methods: Some(methods()), partial_success: false }
    }

    /// The context of a transfer: it ends with the connection.
    fn context(&self) -> Context {
        Context { cancel: self.cut.child_token(), ..self.desk.cx.clone() }
    }
}

impl Handler for Visitor {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(self.judge(user, password))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut response) = response else {
            return Ok(Auth::Partial {
                name: Cow::Borrowed(""),
                instructions: Cow::Borrowed(""),
                prompts: Cow::Borrowed(&[(Cow::Borrowed("Password: "), false)]),
            });
        };
        let password = response.next().unwrap_or_default();
        Ok(self.judge(user, &String::from_utf8_lossy(&password)))
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), Self::Error> {
        let ours = session.config().preferred.cipher.iter().map(AsRef::as_ref);
        if let Some(cipher) = self.proposal.cipher(ours, self.desk.goods.direction()) {
            *self.desk.cipher.lock().unwrap_or_else(PoisonError::into_inner) = Some(cipher);
        }
        self.inside.cancel();
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        // Dropping the reply refuses.
        if self.opened < CHANNELS && self.in_all < CHANNELS_IN_ALL {
            self.opened += 1;
            self.in_all += 1;
            self.waiting().insert(channel.id(), channel);
            reply.accept().await;
        }
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.waiting().remove(&channel);
        self.opened = self.opened.saturating_sub(1);
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, command: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        let asked = scp::Asked::read(&String::from_utf8_lossy(command));
        let (Some(asked), Some(channel)) = (asked, self.waiting().remove(&id)) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let (desk, outflow, cx) = (Arc::clone(&self.desk), Arc::clone(&self.outflow), self.context());
        tokio::spawn(async move { scp::serve(channel, outflow, asked, &desk.goods, &cx).await });
        Ok(())
    }

    async fn subsystem_request(&mut self, id: ChannelId, name: &str, session: &mut Session) -> Result<(), Self::Error> {
        let Some(channel) = self.waiting().remove(&id).filter(|_| name == "sftp") else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let (desk, outflow, cx) = (Arc::clone(&self.desk), Arc::clone(&self.outflow), self.context());
        tokio::spawn(async move { sftp::serve(channel, outflow, &desk.goods, &cx).await });
        Ok(())
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.waiting().remove(&id);
        session.channel_failure(id)
    }
}
