//! The bearer token: asked for once, shared, asked for anew shortly before it ends or when it is refused.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};
use serde::Deserialize;
use swim_core::model::Secret;
use swim_core::percent::encoded;
use swim_core::ports::{Context, Secrets};
use swim_core::{Error, ErrorKind, Result};

use super::VendorLogin;
use super::address::Address;
use super::requests::{Asking, Requests, busy};

/// The operation of errors about tokens.
const LOG_IN: &str = "log in to the vendor's service";
/// A token is not used in the last moments of its life.
const MARGIN: Duration = Duration::from_secs(30);
/// Life of a token that says nothing of it (RFC 6749 leaves that open).
const UNSAID: Duration = Duration::from_secs(300);

/// A token, and when it must not be used any more (monotonic).
#[derive(Clone)]
pub(super) struct Token {
    pub(super) value: Secret<String>,
    pub(super) until: Duration,
}

#[derive(Deserialize)]
struct Reply {
    access_token: Option<Secret<String>>,
    token_type: Option<String>,
    expires_in: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Option<String>,
    error_description: Option<String>,
}

/// Asks for a token: with the grant of the application alone, or of a user as well (RFC 6749, 4.3 and 4.4).
pub(super) async fn ask(
    requests: &Requests,
    at: &Address,
    login: &VendorLogin,
    secrets: &dyn Secrets,
    cx: &Context,
) -> Result<Token> {
    let secret = secrets.resolve(&login.client_secret).await?;
    let field = |text: &str| encoded(text, "");
    // The user's name and password are encoded as a form before they are put together (RFC 6749, 2.3.1).
    let pair = Secret::new(format!("{}:{}", field(&login.client_id), field(secret.expose())));
    let both = Secret::new(STANDARD.encode(pair.expose()));
    let mut told = vec![secret, both.clone()];
    let mut form = Secret::new("grant_type=client_credentials".to_owned());
    if let (Some(user), Some(password)) = (&login.user, &login.password) {
        let password = secrets.resolve(password).await?;
        let (user, word) = (field(user), Secret::new(field(password.expose())));
        form = Secret::new(format!("grant_type=password&username={user}&password={}", word.expose()));
        told.extend([password, word]);
    }
    let asked = async {
        let mut basic = HeaderValue::try_from(format!("Basic {}", both.expose())).map_err(|_| {
            Error::invalid("catalog.login.client_secret", "(not shown)", "it cannot stand in a request")
        })?;
        basic.set_sensitive(true);
        let asking = Asking {
            method: Method::POST,
            headers: vec![
                (AUTHORIZATION, basic),
                (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
            ],
            body: Bytes::copy_from_slice(form.expose().as_bytes()),
        };
        let began = cx.clock.monotonic();
        let reply = requests.ask(at, asking, cx).await?;
        match reply.status {
            StatusCode::OK => read(&reply.body, began),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Err(busy(LOG_IN, &reply)),
            status => Err(refused(status, &reply.body)),
        }
    };
    asked.await.map_err(|e| told.iter().fold(e, Error::masking).with("client_id", &login.client_id))
}

fn read(body: &[u8], began: Duration) -> Result<Token> {
    let odd = |why: &str| Error::new(ErrorKind::UnexpectedReply, LOG_IN, why);
    // What the reader says may repeat the reply.
    let reply: Reply = serde_json::from_slice(body).map_err(|_| odd("the answer is no token"))?;
    if reply.token_type.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(odd("the token is of a kind that is not known"));
    }
    let value = reply
        .access_token
        .filter(|token| !token.expose().is_empty())
        .ok_or_else(|| odd("there is no token in the answer"))?;
    let seconds = reply.expires_in.and_then(|v| v.as_u64().or_else(|| v.as_str()?.parse().ok()));
    let life = seconds.map_or(UNSAID, Duration::from_secs);
    Ok(Token { value, until: began.saturating_add(life.saturating_sub(MARGIN.min(life / 2))) })
}

fn refused(status: StatusCode, body: &[u8]) -> Error {
    let said: Refusal = serde_json::from_slice(body).unwrap_or(Refusal { error: None, error_description: None });
    let words = [said.error, said.error_description].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let words = if words.is_empty() { status.to_string() } else { format!("{status}: {words}") };
    let kind = if status.is_client_error() { ErrorKind::Auth } else { ErrorKind::DeviceRejected };
    Error::new(kind, LOG_IN, "the vendor refused the credentials").said(words)
}
