//! The vendor's catalogue: metadata, links and forms.

use std::fmt;

use async_trait::async_trait;

use super::Context;
use crate::Result;
use crate::catalog::{
    Acknowledged, Decision, DownloadReply, DownloadRequest, Form, FormKind, Link, MetadataReply, Opening, Query,
};

/// The service of a vendor, one call a method. Codes of the service come back as they are, in the reply; an error is
/// what kept a reply from coming. What is done about codes is [`search`](crate::catalog::search)'s and
/// [`links`](crate::catalog::links)'s.
#[async_trait]
pub trait Catalog: Send + Sync + fmt::Debug {
    /// One page of metadata; pages count from 1.
    async fn metadata(&self, query: &Query, page: u64, cx: &Context) -> Result<MetadataReply>;
    /// Asks for links.
    async fn download(&self, request: &DownloadRequest, cx: &Context) -> Result<DownloadReply>;
    /// The text of a form, to be shown to a person. Nothing is answered by this.
    async fn form(&self, kind: FormKind, cx: &Context) -> Result<Form>;
    /// Tells what a person decided, for these files. It must not be called without one.
    async fn answer(&self, decision: &Decision, files: &[String], cx: &Context) -> Result<Acknowledged>;
    /// Opens the bytes behind a link at an offset.
    async fn open(&self, link: &Link, offset: u64, cx: &Context) -> Result<Opening>;
}
