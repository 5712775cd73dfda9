//! Our FTP server: it serves one image to one device, or takes one file from it, for as long as it lives.

use std::sync::Arc;

use async_trait::async_trait;
use swim_core::model::{Direction, Endpoint, Protocol};
use swim_core::ports::{Accept, Accepted, Context, Listener, Network, Offer, Served, Transfer, TransferAbility};
use swim_core::{Error, Result};
use tokio_util::sync::CancellationToken;

use super::config::{CONNECTIONS, FtpConfig};
use super::desk::Desk;
use super::visitor::Visitor;
use crate::door::attend_all;
use crate::intake::check_accept;
use crate::pulls::check_offer;
use crate::served::{BehindLogin, Goods, HiddenPath};

/// Serves images to devices over FTP, and takes their uploads: one file behind a login that is good for it alone.
///
/// Neither the login nor the bytes are encrypted: who can listen on the way can read both, and use the login from the
/// device's own address as long as it is good. The device's own check of the digest protects against a change.
#[derive(Clone, Debug)]
pub struct FtpOffers {
    network: Arc<dyn Network>,
    config: FtpConfig,
    ability: TransferAbility,
}

impl FtpOffers {
    /// An adapter that listens through `network`.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, config: FtpConfig) -> Self {
        let directions = [Direction::Pull, Direction::Upload];
        Self { network, config, ability: TransferAbility::new(Protocol::Ftp, false, true, &directions) }
    }

    async fn open(&self, goods: Goods, cx: &Context) -> Result<Box<dyn Served>> {
        if let Some((first, last)) = self.config.passive_ports.filter(|(first, last)| first > last) {
            let wrong = format!("{first}-{last}");
            return Err(Error::invalid("passive_ports", wrong, "the first port must not be above the last"));
        }
        let at = Endpoint { host: self.config.bind.clone(), port: self.config.port };
        let door = self.network.listen(&at).await?;
        let end = cx.cancel.child_token();
        let inner = HiddenPath::new(Protocol::Ftp, door.local().port, goods.name(), goods.books(), cx, &end);
        let desk = Arc::new(Desk::new(Arc::clone(&self.network), self.config.clone(), goods, cx.clone()));
        let login = desk.login.clone();
        tokio::spawn(serve(door, desk, end));
        Ok(Box::new(BehindLogin { inner, login }))
    }
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

async fn serve(door: Box<dyn Listener>, desk: Arc<Desk>, end: CancellationToken) {
    let one = |accepted: Accepted, pass| Visitor::new(accepted, Arc::clone(&desk), pass).attend();
    attend_all(door, desk.goods.visit(), &desk.cx, end, CONNECTIONS, one).await;
}
