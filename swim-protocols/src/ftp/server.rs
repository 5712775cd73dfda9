//! Our FTP server: it serves one image to one device, or takes one file from it, for as long as it lives.

use std::sync::Arc;

use async_trait::async_trait;
use swim_core::model::{Direction, Endpoint, Protocol};
use swim_core::ports::{Accept, Context, Network, Offer, Served, Transfer, TransferAbility};
use swim_core::{Error, Result};
use tokio::sync::Mutex;

use super::config::FtpConfig;
use super::desk::Desk;
use super::reception::Reception;
use crate::intake::check_accept;
use crate::pulls::check_offer;
use crate::served::{BehindLogin, Goods, HiddenPath};
use crate::tls::Identity;

/// Serves images to devices over FTP, and takes their uploads: one file behind a login that is good for it alone. What one
/// adapter opens at a fixed port shares it, also with the FTPS adapter that was [made of it](Self::tls).
///
/// By FTP neither the login nor the bytes are encrypted: who can listen on the way can read both, and use the login from
/// the device's own address as long as it is good. The device's own check of the digest protects against a change.
#[derive(Clone, Debug)]
pub struct FtpOffers {
    network: Arc<dyn Network>,
    config: FtpConfig,
    tls: Option<Identity>,
    /// What listens at the fixed port.
    shared: Arc<Mutex<Option<Arc<Reception>>>>,
    ability: TransferAbility,
}

impl FtpOffers {
    /// An adapter that listens through `network`.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, config: FtpConfig) -> Self {
        Self { network, config, tls: None, shared: Arc::default(), ability: ability(Protocol::Ftp) }
    }

    /// The same of FTPS (`AUTH TLS`, RFC 4217), where devices are shown this certificate, at the same port: neither a login
    /// nor a file is sent in the clear.
    #[must_use]
    pub fn tls(&self, identity: Identity) -> Self {
        Self { tls: Some(identity), ability: ability(Protocol::Ftps), ..self.clone() }
    }

    async fn open(&self, goods: Goods, cx: &Context) -> Result<Box<dyn Served>> {
        if let Some((first, last)) = self.config.passive_ports.filter(|(first, last)| first > last) {
            let wrong = format!("{first}-{last}");
            return Err(Error::invalid("passive_ports", wrong, "the first port must not be above the last"));
        }
        let (name, books) = (goods.name().to_owned(), goods.books());
        let (network, config) = (Arc::clone(&self.network), self.config.clone());
        let desk = Arc::new(Desk::new(network, config, self.tls.clone(), goods, cx.clone()));
        let port = self.reception(&desk).await?.port;
        let mut inner = HiddenPath::new(self.ability.protocol, port, &name, books, cx, &desk.end);
        inner.certificate = self.tls.as_ref().map(Identity::shown);
        inner.cipher = Arc::clone(&desk.cipher);
        Ok(Box::new(BehindLogin { inner, login: desk.login.clone() }))
    }

    /// The listener at the port, that of others where one is there.
    async fn reception(&self, desk: &Arc<Desk>) -> Result<Arc<Reception>> {
        let at = Endpoint { host: self.config.bind.clone(), port: self.config.port };
        if at.port == 0 {
            return Ok(Reception::open(self.network.listen(&at).await?, desk));
        }
        let mut shared = self.shared.lock().await;
        if let Some(there) = shared.as_ref()
            && there.join(desk).await
        {
            return Ok(Arc::clone(there));
        }
        let opened = Reception::open(self.network.listen(&at).await?, desk);
        *shared = Some(Arc::clone(&opened));
        Ok(opened)
    }
}

fn ability(protocol: Protocol) -> TransferAbility {
    TransferAbility::new(protocol, protocol.secure(), true, &[Direction::Pull, Direction::Upload])
}

#[async_trait]
impl Transfer for FtpOffers {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn offer(&self, request: Offer, cx: &Context) -> Result<Box<dyn Served>> {
        check_offer(&request)?;
        self.open(Goods::pulled(request), cx).await
    }

    async fn accept(&self, request: Accept, cx: &Context) -> Result<Box<dyn Served>> {
        check_accept(&request)?;
        self.open(Goods::taken(request), cx).await
    }
}
