//! Privilege and saving.

use super::{Flow, Session};
use crate::terminal::{Io, Typed};

/// How often `enable` asks.
const TRIES: u32 = 3;

impl Session {
    pub(super) async fn enable(&mut self) -> Io<Flow> {
        if self.privilege == 15 {
            return Ok(Flow::Next);
        }
        let secret = self.device.spec().enable.clone();
        for _ in 0..TRIES {
            match self.terminal.ask_secret("Password: ").await? {
                Typed::Line(typed) if typed == secret => {
                    self.privilege = 15;
                    return Ok(Flow::Next);
                }
                Typed::Line(_) => {}
                Typed::Break | Typed::End => return Ok(Flow::Next),
            }
        }
        self.say("% Bad secrets\n\n").await
    }

    /// `write memory`.
    pub(super) async fn save(&mut self) -> Io<Flow> {
        /// Building and compressing a configuration takes seconds.
        const SECONDS: f64 = 2.0;
        self.terminal.put("Building configuration...\n").await?;
        self.device.clock().sleep(SECONDS).await;
        let now = self.device.clock().now();
        self.device.state().save(now);
        self.say("[OK]\n").await
    }

    pub(super) async fn copy_running_to_startup(&mut self) -> Io<Flow> {
        let quiet = self.device.state().running.quiet_files;
        let name = if quiet {
            Typed::Line(String::new())
        } else {
            self.terminal.ask("Destination filename [startup-config]? ").await?
        };
        match name {
            Typed::Line(name) if name.is_empty() || name == "startup-config" => self.save().await,
            // Anything else names a file in nvram:, which is not what was wanted.
            Typed::Line(name) => self.say(&format!("%Error copying nvram:{name} (Invalid argument)\n")).await,
            Typed::Break | Typed::End => Ok(Flow::Next),
        }
    }
}
