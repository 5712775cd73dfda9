//! Reaching a device, before a reload and after it.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::Device;
use crate::platform::Definition;
use crate::ports::{Cli, CliConnector, Context};
use crate::{Error, ErrorKind, Result};

/// Between two attempts to reach a device. A device that reboots takes minutes; four attempts a minute cost it nothing.
pub(super) const RECONNECT_EVERY: Duration = Duration::from_secs(15);

/// How long a device that should be up may be out of reach before its line fails: a flapping link or a busy vty comes
/// back within minutes.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// Connects, again and again until the deadline. `returning`: the device reboots, so that refused logins are expected
/// (AAA may come up later than SSH does).
pub(super) async fn reach(
    connector: &dyn CliConnector,
    device: &Device,
    definition: &Definition,
    cx: &Context,
    until: Timestamp,
    returning: bool,
) -> Result<Box<dyn Cli>> {
    loop {
        let error = match connector.connect(device, definition, cx).await {
            Ok(cli) => return Ok(cli),
            Err(e) => e,
        };
        let worth = match error.kind() {
            ErrorKind::Unreachable | ErrorKind::Interrupted | ErrorKind::Timeout | ErrorKind::Busy => true,
            ErrorKind::Auth | ErrorKind::Privilege | ErrorKind::UnexpectedReply => {
                returning && error.context("host_key").is_none()
            }
            _ => false,
        };
        if !worth {
            return Err(error);
        }
        if cx.clock.now() + RECONNECT_EVERY >= until {
            return Err(Error::new(ErrorKind::Unreachable, "reach device", "it was not reached in time")
                .with("device", &device.id)
                .with("until", until)
                .caused_by(error));
        }
        cx.sleep(RECONNECT_EVERY).await?;
    }
}
