//! `delete`.

use super::{Flow, Session};
use crate::show;
use crate::terminal::{Io, Typed};

impl Session {
    pub(super) async fn delete(&mut self, path: &str, force: bool) -> Io<Flow> {
        let Some((member, name)) = show::flash_of(&self.device.spec(), path) else {
            return self.say(&format!("%Error parsing filename {path} (No such device)\n")).await;
        };
        let prefix = path.split_once(':').map_or("flash", |(p, _)| p);
        let mut name = name;
        if !force {
            let quiet = self.device.state().running.quiet_files;
            if !quiet {
                match self.terminal.ask(&format!("Delete filename [{name}]? ")).await? {
                    Typed::Line(other) if !other.trim().is_empty() => name = other.trim().to_owned(),
                    Typed::Line(_) => {}
                    Typed::Break | Typed::End => return Ok(Flow::Next),
                }
            }
            if !self.terminal.confirm(&format!("Delete {prefix}:{name}? ")).await? {
                return Ok(Flow::Next);
            }
        }
        let gone = self.device.state().member_mut(member).and_then(|m| m.flash.files.remove(&name)).is_some();
        if gone {
            Ok(Flow::Next)
        } else {
            self.say(&format!("%Error deleting {prefix}:{name} (No such file or directory)\n")).await
        }
    }
}
