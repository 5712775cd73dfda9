//! The calls of the service.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};
use swim_core::catalog::{
    Acknowledged, Decision, DownloadReply, DownloadRequest, Form, FormKind, Link, MetadataReply, Opening, Query,
    acknowledgement, agreement, downloads, metadata,
};
use swim_core::model::Secret;
use swim_core::ports::{Catalog, Context, Network, Secrets};
use swim_core::{Error, ErrorKind, Result, Retry};
use tokio::sync::Mutex;

use super::address::Address;
use super::config::{VendorConfig, VendorLogin};
use super::file;
use super::requests::{Asking, Reply, Requests, busy};
use super::token::{self, Token};
use crate::tls::TlsClient;

const OPERATION: &str = "call the vendor's service";
/// Where the fourth generation lies below the address of the service.
const GENERATION: &str = "/software/v4.0";
/// Images of one page of metadata.
const PER_PAGE: u64 = 50;

/// The vendor's service as a [`Catalog`].
pub struct VendorCatalog {
    requests: Requests,
    secrets: Arc<dyn Secrets>,
    config: VendorConfig,
    login: RwLock<Option<VendorLogin>>,
    token: Mutex<Option<Token>>,
}

impl VendorCatalog {
    /// A client that dials through `network` and asks `secrets` for its secrets when they are needed.
    ///
    /// # Errors
    /// `InvalidInput` names the field of a configuration that could never work.
    pub fn new(
        network: &Arc<dyn Network>,
        secrets: &Arc<dyn Secrets>,
        tls: TlsClient,
        config: VendorConfig,
        login: Option<VendorLogin>,
    ) -> Result<Self> {
        config.check()?;
        if let Some(login) = &login {
            login.check()?;
        }
        Ok(Self {
            requests: Requests::new(network, secrets, tls, config.tls.clone()),
            secrets: Arc::clone(secrets),
            config,
            login: RwLock::new(login),
            token: Mutex::default(),
        })
    }

    /// Changes who we are, from the next call on.
    ///
    /// # Errors
    /// `InvalidInput` names the field.
    pub async fn set_login(&self, login: VendorLogin) -> Result<()> {
        login.check()?;
        let mut token = self.token.lock().await;
        *self.login.write().unwrap_or_else(PoisonError::into_inner) = Some(login);
        *token = None;
        Ok(())
    }

    /// Who we are.
    #[must_use]
    pub fn login(&self) -> Option<VendorLogin> {
        self.login.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A token that is good for now. Calls at the same time wait for one.
    async fn token(&self, cx: &Context) -> Result<Secret<String>> {
        let mut held = self.token.lock().await;
        if let Some(token) = held.as_ref().filter(|token| cx.clock.monotonic() < token.until) {
            return Ok(token.value.clone());
        }
        let login = self.login().ok_or_else(|| {
            Error::invalid("catalog.login", "(absent)", "the vendor's service needs credentials: set them first")
        })?;
        let at = Address::parse("catalog.token_url", &self.config.token_url)?;
        let fresh = token::ask(&self.requests, &at, &login, &*self.secrets, cx).await?;
        let value = fresh.value.clone();
        *held = Some(fresh);
        Ok(value)
    }

    /// Forgets a token that was refused, unless there is another one meanwhile.
    async fn forget(&self, refused: &Secret<String>) {
        let mut held = self.token.lock().await;
        if held.as_ref().is_some_and(|token| token.value.expose() == refused.expose()) {
            *held = None;
        }
    }

    /// One call: JSON in, JSON out. A token that ended meanwhile is replaced once.
    async fn call(&self, method: Method, path: &str, body: Option<Value>, cx: &Context) -> Result<Vec<u8>> {
        let to = Address::parse("catalog.url", &self.config.url)?.below(GENERATION).below(path);
        let named = |e: Error| e.with("call", path);
        let mut renewed = false;
        loop {
            let token = self.token(cx).await.map_err(named)?;
            let discreet = |e: Error| named(e.masking(&token));
            let asking = asking(method.clone(), body.as_ref(), &token).map_err(discreet)?;
            let reply = self.requests.ask(&to, asking, cx).await.map_err(discreet)?;
            if reply.status == StatusCode::UNAUTHORIZED {
                self.forget(&token).await;
                if std::mem::replace(&mut renewed, true) {
                    let e = Error::new(ErrorKind::Auth, OPERATION, "the service refuses tokens that it has just made");
                    return Err(named(e.said(reply.status.to_string())));
                }
                continue;
            }
            return taken(reply).map_err(discreet);
        }
    }
}

fn asking(method: Method, body: Option<&Value>, token: &Secret<String>) -> Result<Asking> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| Error::new(ErrorKind::UnexpectedReply, OPERATION, "the token cannot stand in a request"))?;
    bearer.set_sensitive(true);
    let mut headers = vec![(AUTHORIZATION, bearer)];
    let body = match body {
        Some(body) => {
            headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
            Bytes::from(body.to_string())
        }
        None => Bytes::new(),
    };
    Ok(Asking { method, headers, body })
}

/// The body of a reply that can be read on; codes may come with any status.
fn taken(reply: Reply) -> Result<Vec<u8>> {
    let kind = match reply.status {
        status if status.is_success() => return Ok(reply.body),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => return Err(busy(OPERATION, &reply)),
        _ if metadata(&reply.body).is_ok_and(|read| !read.exceptions.is_empty()) => return Ok(reply.body),
        StatusCode::FORBIDDEN => ErrorKind::NotEntitled,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        _ => ErrorKind::DeviceRejected,
    };
    let later = reply.status.is_server_error();
    let retry = if later { Retry::After(std::time::Duration::from_secs(1)) } else { Retry::Never };
    Err(Error::new(kind, OPERATION, "the service refused the call").said(reply.status.to_string()).retry_when(retry))
}

#[async_trait]
impl Catalog for VendorCatalog {
    async fn metadata(&self, query: &Query, page: u64, cx: &Context) -> Result<MetadataReply> {
        query.check()?;
        let (path, mut body) = match query {
            Query::Release { pid, current, output } => (
                "/metadata/pidrelease",
                json!({"pid": pid, "currentReleaseVersion": current, "outputReleaseVersion": output}),
            ),
            Query::PidImages { pid, images } => ("/metadata/pidimage", json!({"pid": pid, "imageNames": images})),
            Query::Images { images } => ("/metadata/images", json!({"imageNames": images})),
            _ => return Err(Error::new(ErrorKind::Unsupported, OPERATION, "this query is not known to this build")),
        };
        if !matches!(query, Query::Images { .. }) {
            body["pageIndex"] = page.into();
            body["perPage"] = PER_PAGE.into();
        }
        metadata(&self.call(Method::POST, path, Some(body), cx).await?)
    }

    async fn download(&self, request: &DownloadRequest, cx: &Context) -> Result<DownloadReply> {
        request.check()?;
        let mut body = Map::new();
        body.insert("pid".into(), request.pid.clone().into());
        body.insert("metadataTransId".into(), request.trans_id.clone().into());
        body.insert("imageGuids".into(), request.guids.clone().into());
        // An id that was not granted is left out, not sent empty.
        let ids = [("mdfId", &request.mdf_id), ("sessionId", &request.session_id), ("retryId", &request.retry_id)];
        body.extend(ids.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id.clone()?.into()))));
        downloads(&self.call(Method::POST, "/download/pidimage", Some(body.into()), cx).await?)
    }

    async fn form(&self, kind: FormKind, cx: &Context) -> Result<Form> {
        agreement(kind, &self.call(Method::GET, &format!("/compliance/{kind}"), None, cx).await?)
    }

    async fn answer(&self, decision: &Decision, files: &[String], cx: &Context) -> Result<Acknowledged> {
        decision.check()?;
        let path = format!("/compliance/{}", decision.form);
        acknowledgement(&self.call(Method::POST, &path, Some(answer(decision, files)), cx).await?)
    }

    async fn open(&self, link: &Link, offset: u64, cx: &Context) -> Result<Opening> {
        file::open(&self.requests, link, offset, cx).await
    }
}

/// A decision as the service wants it. Nothing is said that the person did not say.
fn answer(decision: &Decision, files: &[String]) -> Value {
    let mut body = json!({
        "status": if decision.accepted { "Accepted" } else { "Declined" },
        "fileNames": files.join(","),
    });
    if let Some(comments) = &decision.comments {
        body["declineComments"] = comments.clone().into();
    }
    if decision.form == FormKind::K9 && decision.accepted {
        body["confirm"] = "CONFIRM_CHECKED".into();
    }
    if let Some(function) = decision.business_function {
        body["busFunction"] = function.name().into();
    }
    if let Some(countries) = decision.countries {
        body["govMilCountries"] = if countries { "GOV_OR_MIL_COUNTRIES_YES" } else { "GOV_OR_MIL_COUNTRIES_NO" }.into();
    }
    body
}

impl fmt::Debug for VendorCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorCatalog")
            .field("config", &self.config)
            .field("login", &self.login())
            .finish_non_exhaustive()
    }
}
