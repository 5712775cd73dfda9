//! What we serve: one file to pull, or one to upload, at a path that cannot be guessed.

use std::sync::Arc;

use async_trait::async_trait;
use swim_core::Result;
use swim_core::model::{Direction, Endpoint, Protocol};
use swim_core::ports::{Accept, Context, Network, Offer, Served, Transfer, TransferAbility};

use super::config::TftpConfig;
use super::desk::Desk;
use super::front::Front;
use crate::intake::check_accept;
use crate::pulls::{check_offer, random_text};
use crate::served::{Goods, HiddenPath};

/// Serves images to devices over TFTP, and takes their uploads. All that is open at a time shares one port; a clone shares
/// it as well.
#[derive(Clone, Debug)]
pub struct TftpOffers {
    network: Arc<dyn Network>,
    front: Arc<Front>,
    bind: String,
    ability: TransferAbility,
}

impl TftpOffers {
    /// An adapter that listens through `network`.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, config: TftpConfig) -> Self {
        let directions = [Direction::Pull, Direction::Upload];
        let ability = TransferAbility::new(Protocol::Tftp, false, false, &directions);
        let at = Endpoint { host: config.bind.clone(), port: config.port };
        let front = Arc::new(Front::new(Arc::clone(&network), at));
        Self { network, front, bind: config.bind, ability }
    }

    /// Opens the door, or takes a place behind it.
    async fn open(&self, goods: Goods, cx: &Context) -> Result<Box<dyn Served>> {
        let end = cx.cancel.child_token();
        let path = format!("{}/{}", random_text::<8>(), goods.name());
        let (books, lifetime) = (goods.books(), goods.visit().lifetime);
        let inside = Context { cancel: end.clone(), ..cx.clone() };
        let desk = Arc::new(Desk::new(Arc::clone(&self.network), self.bind.clone(), goods, inside));
        let place = self.front.place(&path, desk, &cx.clock).await?;
        let served = HiddenPath::new(Protocol::Tftp, place.port(), &path, books, cx, &end);
        let clock = Arc::clone(&cx.clock);
        tokio::spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = clock.sleep(lifetime) => end.cancel(),
            }
            drop(place);
        });
        Ok(Box::new(served))
    }
}

#[async_trait]
impl Transfer for TftpOffers {
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
