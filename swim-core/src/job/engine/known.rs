//! What a job reads of a device becomes what is known of it: otherwise a device would seem to run its old release until
//! somebody inspects it.

use std::sync::Arc;
use std::time::Duration;

use super::line::Line;
use super::reach::PATIENCE;
use crate::job::event::Outcome;
use crate::model::Inventory;
use crate::{Error, Result};

/// The table of inventories, by device.
const INVENTORIES: &str = "inventories";

/// Reading all of a large stack takes a minute or two. A device that hangs must not keep its verdict back.
const LONGEST: Duration = Duration::from_secs(300);

impl Line {
    /// Reads the device again before its verdict is written. It changes nothing about the verdict when that does not work.
    pub(super) async fn know_again(&mut self, step: usize, outcome: Option<Outcome>) {
        // Nothing is known in this process anyway, or nothing was done since the device was read at the start.
        if self.ports.records.is_none() || outcome == Some(Outcome::AlreadyThere) {
            return;
        }
        let up = outcome
            .is_some_and(|outcome| outcome.is_good() || matches!(outcome, Outcome::RolledBack | Outcome::FellBack));
        // Who was out of reach until now is not waited for again.
        if self.cli.is_none() && !up {
            return;
        }
        let clock = Arc::clone(&self.ports.clock);
        let read = tokio::select! {
            read = self.read_again(step) => read,
            () = clock.sleep(LONGEST) => Err(Error::internal("read device", "it took too long")),
        };
        let kept = match read {
            Ok(inventory) => self.keep(inventory).await,
            Err(e) => {
                self.cli = None;
                Err(e)
            }
        };
        if let Err(error) = kept {
            tracing::debug!(device = %self.id, %error, "what is known of the device is from before the job");
        }
    }

    async fn read_again(&mut self, step: usize) -> Result<Inventory> {
        let cx = self.context(step, true);
        let until = self.ports.clock.now() + PATIENCE;
        self.session(&cx, until, false).await?;
        self.inspect(&cx).await
    }

    /// Keeps what was read, with the job that read it.
    pub(super) async fn keep(&self, inventory: Inventory) -> Result<()> {
        let Some(records) = &self.ports.records else { return Ok(()) };
        let inventory = Inventory { job: Some(self.journal.lease().job.clone()), ..inventory };
        let value = serde_json::to_value(&inventory)
            .map_err(|e| Error::internal("keep inventory", "it has no JSON form").caused_by(e))?;
        records.put(INVENTORIES, self.id.as_str(), value).await
    }
}
