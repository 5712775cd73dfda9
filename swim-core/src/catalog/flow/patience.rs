//! How often, and after which pauses, the same is tried again.

use std::time::Duration;

use crate::ports::Context;
use crate::{Error, Result, Retry};

/// Tries after the first one.
const TRIES: u32 = 4;
/// The first pause; each one is twice as long: 15 s in all.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause that a service may ask for. Whoever wants more is told, and decides.
const LONGEST: Duration = Duration::from_secs(120);

/// The tries of one call of the library, whatever its requests fail of.
#[derive(Debug, Default)]
pub(super) struct Patience {
    used: u32,
}

impl Patience {
    /// Waits after an error of the port, where it says that another try may help.
    pub(super) async fn after_error(&mut self, error: Error, cx: &Context) -> Result<()> {
        match error.retry() {
            Retry::Never => Err(error),
            Retry::Now => self.wait(error, Duration::ZERO, cx).await,
            Retry::After(asked) => self.wait(error, asked, cx).await,
        }
    }

    /// Waits after a code of the service that says so.
    pub(super) async fn after_code(&mut self, error: Error, cx: &Context) -> Result<()> {
        self.wait(error, Duration::ZERO, cx).await
    }

    async fn wait(&mut self, error: Error, asked: Duration, cx: &Context) -> Result<()> {
        if self.used >= TRIES || asked > LONGEST {
            return Err(error.with("tries", self.used + 1));
        }
        let pause = (FIRST * 2_u32.pow(self.used)).max(asked);
        self.used += 1;
        tracing::debug!(%error, ?pause, "the vendor's service is asked again");
        cx.sleep(pause).await
    }
}
