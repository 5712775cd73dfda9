//! `reload` and its questions.

use super::{Flow, Session};
use crate::terminal::{Io, Typed};
use crate::{Fault, Kind};

/// From the last confirmation to the end of the sessions.
const NOTICE_SECONDS: f64 = 2.0;

impl Session {
    pub(super) async fn reload_command(&mut self) -> Io<Flow> {
        let spec = self.device.spec();
        let stack = matches!(spec.kind, Kind::Cat9300Stack { members } if members > 1);
        let unsaved = self.device.state().unsaved();
        if unsaved {
            loop {
                match self.terminal.ask("\nSystem configuration has been modified. Save? [yes/no]: ").await? {
                    Typed::Line(answer) => match answer.trim().to_ascii_lowercase().as_str() {
                        "yes" | "y" => {
                            self.save().await?;
                            break;
                        }
                        "no" | "n" => break,
                        _ => self.terminal.put("% Please answer 'yes' or 'no'.\n").await?,
                    },
                    Typed::Break | Typed::End => return Ok(Flow::Next),
                }
            }
        }
        if stack {
            self.terminal
                .put("Reload command is being issued on Active unit, this will reload the whole stack\n")
                .await?;
        }
        if !self.terminal.confirm("Proceed with reload? ").await? {
            return Ok(Flow::Next);
        }
        if !spec.faults.contains(&Fault::DropsAtReload) {
            self.device.clock().sleep(NOTICE_SECONDS).await;
            let user = &spec.user;
            self.terminal
                .put(&format!(
                    "\n*{}: %SYS-5-RELOAD: Reload requested by {user} on vty0 (192.0.2.1). Reload Reason: Reload Command.\n",
                    self.device.clock().now().strftime("%b %e %H:%M:%S%.3f")
                ))
                .await?;
        }
        self.device.clock().sleep(NOTICE_SECONDS).await;
        self.device.reload(if spec.install_mode() { "Reload Command" } else { "reload" }, false);
        Ok(Flow::Exit)
    }
}
