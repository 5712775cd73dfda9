//! A service that never comes to an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use swim::core::catalog::{
    Acknowledged, CatalogImage, Decision, DownloadReply, DownloadRequest, Form, FormKind, Link, MetadataReply, Opening,
    Query, Resuming, search,
};
use swim::core::ports::{Catalog, Context};
use swim::core::repo::Source;
use swim::{Error, ErrorKind, Result};
use swim_protocols::clock::TokioClock;

/// Files without a size and without an end, and pages of which there is always another one.
#[derive(Debug, Default)]
struct Endless {
    pages: AtomicU64,
    told: Option<u64>,
}

struct Zeros(Bytes);

#[async_trait]
impl Source for Zeros {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        Ok(Some(self.0.clone()))
    }
}

#[async_trait]
impl Catalog for Endless {
    async fn metadata(&self, _: &Query, page: u64, _: &Context) -> Result<MetadataReply> {
        self.pages.fetch_add(1, Ordering::Relaxed);
        let mut reply = MetadataReply::default();
        (reply.page, reply.last_page) = (page, u64::MAX);
        reply.images = vec![CatalogImage::default(); 5000];
        Ok(reply)
    }

    async fn download(&self, _: &DownloadRequest, _: &Context) -> Result<DownloadReply> {
        Err(Error::internal("test", "nobody asks"))
    }

    async fn form(&self, _: FormKind, _: &Context) -> Result<Form> {
        Err(Error::internal("test", "nobody asks"))
    }

    async fn answer(&self, _: &Decision, _: &[String], _: &Context) -> Result<Acknowledged> {
        Err(Error::internal("test", "nobody asks"))
    }

    async fn open(&self, _: &Link, _: u64, _: &Context) -> Result<Opening> {
        Ok(Opening { total: self.told, body: Box::new(Zeros(Bytes::from(vec![0; 64 << 20]))) })
    }
}

fn context() -> Context {
    Context::new(Arc::new(TokioClock::system()))
}

#[tokio::test]
async fn a_file_without_end_ends() {
    let link = Link::new("https://dl.example.com/a.bin?code=canary", None);
    let mut source = Resuming::open(Arc::new(Endless::default()), link.clone(), None, context()).await.unwrap();
    let mut bytes = 0;
    let e = loop {
        match source.next().await {
            Ok(piece) => bytes += piece.expect("it has no end").len() as u64,
            Err(e) => break e,
        }
        assert!(bytes < 20 << 30, "it fills the disk");
    };
    assert_eq!(e.kind(), ErrorKind::NoSpace);
    assert!(!format!("{e:?}").contains("canary"));
    // The same of one that says so at once.
    let told = Endless { told: Some(u64::MAX), ..Endless::default() };
    let e = Resuming::open(Arc::new(told), link, None, context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NoSpace);
}

#[tokio::test]
async fn pages_without_end_end() {
    let service = Endless::default();
    let e = search(&service, &Query::release("C9300", "17.3.1", "latest"), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::UnexpectedReply);
    assert!(service.pages.load(Ordering::Relaxed) < 60, "{:?}", service.pages);
}
