//! Logging in: public key, password, keyboard-interactive.

use std::sync::Arc;
use std::time::Duration;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse, Prompt};
use russh::keys::key::PrivateKeyWithHashAlg;
use russh::keys::{HashAlg, PrivateKey, decode_secret_key};
use russh::{MethodKind, MethodSet};
use swim_core::model::{Device, Login, Secret};
use swim_core::ports::{Context, Secrets};
use swim_core::{Error, ErrorKind, Result};

use super::client::Guard;
use super::failure;

const OPERATION: &str = "log in";
/// Rounds of questions that a login may ask: a banner round, the password, a closing empty round, and some to spare.
const ROUNDS: usize = 6;

/// How one method ended.
enum Outcome {
    In,
    /// Accepted, but the server wants another method as well.
    Further(MethodSet),
    Refused(MethodSet),
}

impl From<AuthResult> for Outcome {
    fn from(result: AuthResult) -> Self {
        match result {
            AuthResult::Success => Self::In,
            AuthResult::Failure { remaining_methods, partial_success: true } => Self::Further(remaining_methods),
            AuthResult::Failure { remaining_methods, .. } => Self::Refused(remaining_methods),
        }
    }
}

/// Who logs in, and what knows the secrets of that.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    pub(crate) device: &'a Device,
    pub(crate) secrets: &'a dyn Secrets,
}

/// Asks the server what it takes, then offers each credential once: wrong tries lock accounts. A key is shown without
/// asking to a server that `takes_keys`: showing one is no try, and its answer tells the rest.
///
/// What the server was told: it may say it back.
pub(crate) async fn login(
    handle: &mut Handle<Guard>,
    credentials: Credentials<'_>,
    takes_keys: bool,
    limit: Duration,
    cx: &Context,
) -> Result<Option<Secret<String>>> {
    let Credentials { device, secrets } = credentials;
    let login = &device.login;
    let mut methods = if takes_keys && login.key.is_some() {
        MethodSet::from([MethodKind::PublicKey].as_slice())
    } else {
        let first = async { handle.authenticate_none(&login.user).await.map_err(|e| failure::ssh(OPERATION, e)) };
        match Outcome::from(cx.within(limit, OPERATION, first).await?) {
            Outcome::In => return Ok(None),
            Outcome::Further(methods) | Outcome::Refused(methods) => methods,
        }
    };
    let (mut tried, mut told) = (Vec::new(), None);
    loop {
        if handle.is_closed() {
            return Err(failure::ended(OPERATION, "the device ended the connection during the login"));
        }
        let Some(method) = choose(login, &methods, &tried) else {
            return Err(refused(login, &methods, &tried));
        };
        tried.push(method);
        let attempt = async {
            if method == MethodKind::PublicKey {
                return public_key(handle, device, secrets).await;
            }
            let secret = told.insert(resolve_password(login, secrets).await?);
            match method {
                MethodKind::KeyboardInteractive => questions(handle, login, secret).await,
                _ => password(handle, login, secret).await,
            }
        };
        match cx.within(limit, OPERATION, attempt).await? {
            Outcome::In => return Ok(told),
            Outcome::Further(left) => methods = left,
            // The same password by another method would only be a second wrong try.
            Outcome::Refused(left) => {
                if method != MethodKind::PublicKey {
                    return Err(refused(login, &left, &tried));
                }
                methods = left;
            }
        }
    }
}

/// The next method that the server takes, that we have a credential for, and that was not tried.
fn choose(login: &Login, methods: &MethodSet, tried: &[MethodKind]) -> Option<MethodKind> {
    let mine = [
        (MethodKind::PublicKey, login.key.is_some()),
        (MethodKind::Password, login.password.is_some()),
        (MethodKind::KeyboardInteractive, login.password.is_some()),
    ];
    mine.into_iter().find(|(m, have)| *have && methods.contains(m) && !tried.contains(m)).map(|(m, _)| m)
}

fn names(methods: impl IntoIterator<Item = MethodKind>) -> String {
    let names: Vec<&'static str> = methods.into_iter().map(|m| <&'static str>::from(&m)).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn refused(login: &Login, methods: &MethodSet, tried: &[MethodKind]) -> Error {
    let user = &login.user;
    let untried = || methods.iter().copied().filter(|m| !tried.contains(m));
    let message = if tried.is_empty() {
        format!("the device takes {} from {user}, and the login has no secret for that", names(untried()))
    } else if untried().next().is_none() {
        format!("the device refused {user} by {}", names(tried.iter().copied()))
    } else {
        format!(
            "the device refused {user} by {}; it would also take {}",
            names(tried.iter().copied()),
            names(untried())
        )
    };
    Error::new(ErrorKind::Auth, OPERATION, message).with("user", user)
}

async fn password(handle: &mut Handle<Guard>, login: &Login, secret: &Secret<String>) -> Result<Outcome> {
    let result = handle.authenticate_password(&login.user, secret.expose().as_str()).await;
    result.map(Outcome::from).map_err(|e| failure::ssh(OPERATION, e))
}

async fn resolve_password(login: &Login, secrets: &dyn Secrets) -> Result<Secret<String>> {
    match &login.password {
        Some(name) => secrets.resolve(name).await,
        None => Err(Error::internal(OPERATION, "a password method was chosen without a password")),
    }
}

async fn public_key(handle: &mut Handle<Guard>, device: &Device, secrets: &dyn Secrets) -> Result<Outcome> {
    let key = private_key(&device.login, secrets).await?;
    let hash = if key.algorithm().is_rsa() {
        let told = handle.best_supported_rsa_hash().await.map_err(|e| failure::ssh(OPERATION, e))?;
        // A server that says nothing: SHA-2 unless the device is marked as old.
        told.unwrap_or_else(|| (!device.legacy_ssh).then_some(HashAlg::Sha512))
    } else {
        None
    };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    let result = handle.authenticate_publickey(&device.login.user, key).await;
    result.map(Outcome::from).map_err(|e| failure::ssh(OPERATION, e))
}

async fn private_key(login: &Login, secrets: &dyn Secrets) -> Result<PrivateKey> {
    let Some(name) = &login.key else {
        return Err(Error::internal(OPERATION, "the key method was chosen without a key"));
    };
    let text = secrets.resolve(name).await?;
    let passphrase = match &login.key_passphrase {
        Some(name) => Some(secrets.resolve(name).await?),
        None => None,
    };
    decode_secret_key(text.expose(), passphrase.as_ref().map(|p| p.expose().as_str())).map_err(|e| {
        let why = if passphrase.is_some() { "with its passphrase" } else { "(it has no passphrase here)" };
        Error::new(ErrorKind::InvalidInput, OPERATION, format!("the private key {name} cannot be read {why}"))
            .caused_by(e)
    })
}

async fn questions(handle: &mut Handle<Guard>, login: &Login, secret: &Secret<String>) -> Result<Outcome> {
    let started = handle.authenticate_keyboard_interactive_start(&login.user, None::<String>).await;
    let mut reply = started.map_err(|e| failure::ssh(OPERATION, e))?;
    let mut given = false;
    for _ in 0..ROUNDS {
        match reply {
            KeyboardInteractiveAuthResponse::Success => return Ok(Outcome::In),
            KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success: true } => {
                return Ok(Outcome::Further(remaining_methods));
            }
            KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
                return Ok(Outcome::Refused(remaining_methods));
            }
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                let mut answers = Vec::with_capacity(prompts.len());
                for prompt in prompts {
                    answers.push(answer(&prompt, login, secret, &mut given)?);
                }
                let next = handle.authenticate_keyboard_interactive_respond(answers).await;
                reply = next.map_err(|e| failure::ssh(OPERATION, e))?;
            }
        }
    }
    Err(Error::new(ErrorKind::UnexpectedReply, OPERATION, "the login asks question after question"))
}

/// The user name for a question that echoes, the password once for one that does not. Anything else (a new password, a
/// code) is not ours to guess.
fn answer(prompt: &Prompt, login: &Login, secret: &Secret<String>, given: &mut bool) -> Result<String> {
    let text = prompt.prompt.to_lowercase();
    if prompt.echo && (text.contains("user") || text.contains("login")) {
        return Ok(login.user.clone());
    }
    if !prompt.echo && !*given && !text.contains("new password") {
        *given = true;
        return Ok(secret.expose().clone());
    }
    Err(Error::new(ErrorKind::UnexpectedReply, OPERATION, "the login asks something that is not known")
        .said(&prompt.prompt)
        .masking(secret))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use swim_core::model::SecretRef;

    use super::*;

    fn login() -> Login {
        Login {
            user: "admin".into(),
            password: Some(SecretRef("pw".into())),
            key: None,
            key_passphrase: None,
            enable: None,
        }
    }

    fn methods(list: &[MethodKind]) -> MethodSet {
        MethodSet::from(list)
    }

    #[test]
    fn a_password_is_offered_by_the_method_that_the_server_takes() {
        let login = login();
        let both = methods(&[MethodKind::Password, MethodKind::KeyboardInteractive]);
        assert_eq!(choose(&login, &both, &[]), Some(MethodKind::Password));
        let only = methods(&[MethodKind::KeyboardInteractive, MethodKind::PublicKey]);
        assert_eq!(choose(&login, &only, &[]), Some(MethodKind::KeyboardInteractive));
        assert_eq!(choose(&login, &methods(&[MethodKind::PublicKey]), &[]), None);
    }

    #[test]
    fn a_question_for_a_new_password_is_not_answered() {
        let secret = Secret::new("pw".to_owned());
        let mut given = false;
        let ask = |text: &str, echo| Prompt { prompt: text.into(), echo };
        assert_eq!(answer(&ask("Password: ", false), &login(), &secret, &mut given).unwrap(), "pw");
        let e = answer(&ask("'pw' is wrong. Password: ", false), &login(), &secret, &mut given).unwrap_err();
        assert_eq!(e.device_words(), Some("'***' is wrong. Password:"));
        let mut given = false;
        assert!(answer(&ask("New password: ", false), &login(), &secret, &mut given).is_err());
        assert_eq!(answer(&ask("Username: ", true), &login(), &secret, &mut given).unwrap(), "admin");
    }
}
