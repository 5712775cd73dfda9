//! Who answers a session of a device.

use std::sync::Arc;

use russh::Channel;
use russh::server::Msg;
use swim_core::ports::Context;

use super::{accept, offer};
use crate::served::Goods;
use crate::ssh::outflow::Outflow;
use crate::ssh::pipe::Pipe;

/// Serves one session and closes the channel.
pub(crate) async fn serve(channel: Channel<Msg>, outflow: Arc<Outflow>, goods: &Goods, cx: &Context) {
    let mut pipe = Pipe::serving(channel, "sftp", outflow);
    let served = match goods {
        Goods::Out(request, pulls) => offer::serve(&mut pipe, request, pulls, cx).await,
        Goods::In(request, intake) => accept::serve(&mut pipe, request, intake, cx).await,
    };
    if let Err(e) = served {
        goods.ended_early(&e);
    }
    pipe.finish_with(0).await;
}
