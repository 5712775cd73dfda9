//! `verify`: digests that the device computes.

use super::{Flow, Session};
use crate::flash::Content;
use crate::show;
use crate::terminal::Io;
use crate::{Fault, SimDevice};

/// Seconds between two dots.
const DOT_SECONDS: f64 = 1.0;
/// More dots than this would fill screens; then they come further apart.
const MOST_DOTS: f64 = 60.0;

impl Session {
    pub(super) async fn verify(&mut self, path: &str, algorithm: &str, expected: Option<String>) -> Io<Flow> {
        let Some((bytes, md5, sha512, _)) = look_up(&self.device, path) else {
            return self.say(&format!("%Error opening {path} (No such file or directory)\n")).await;
        };
        self.dots(bytes).await?;
        let computed = if algorithm == "md5" { md5 } else { sha512 };
        let path = shown(path);
        self.terminal.put("Done!\n").await?;
        match expected {
            None => self.say(&format!("verify /{algorithm} ({path}) = {computed}\n\n")).await,
            Some(hash) if hash.eq_ignore_ascii_case(&computed) => {
                self.say(&format!("Verified ({path}) = {computed}\n\n")).await
            }
            Some(hash) => {
                self.say(&format!(
                    "%Error verifying {path}\nComputed signature  = {computed}\nSubmitted signature = {hash}\n\n"
                ))
                .await
            }
        }
    }

    /// `verify flash:x`: the hash inside the image and its signature.
    pub(super) async fn verify_embedded(&mut self, path: &str) -> Io<Flow> {
        let Some((bytes, _, sha512, image)) = look_up(&self.device, path) else {
            return self.say(&format!("%Error opening {path} (No such file or directory)\n")).await;
        };
        let path = shown(path);
        self.terminal.put(&format!("Verifying file integrity of {path}")).await?;
        self.dots(bytes).await?;
        if image {
            let hash = sha512.to_uppercase();
            self.say(&format!(
                "Done!\nEmbedded Hash   SHA2: {hash}\nComputed Hash   SHA2: {hash}\n\nDigital signature successfully verified in file {path}\n\n"
            ))
            .await
        } else {
            self.say(&format!("\nEmbedded hash verification failed for file {path}.\n\n")).await
        }
    }

    /// The dots of a computation, for as long as it takes.
    async fn dots(&mut self, bytes: u64) -> Io<()> {
        let spec = self.device.spec();
        let slow = spec
            .faults
            .iter()
            .find_map(|f| if let Fault::SlowHash { seconds } = f { Some(*seconds as f64) } else { None });
        let seconds = slow.unwrap_or(bytes as f64 / spec.timing.hash_bytes_per_second);
        let dots = (seconds / DOT_SECONDS).clamp(1.0, MOST_DOTS).ceil();
        for _ in 0..dots as u32 {
            self.device.clock().sleep(seconds / dots).await;
            self.terminal.put(".").await?;
        }
        Ok(())
    }
}

fn shown(path: &str) -> String {
    if path.contains(':') { path.to_owned() } else { format!("flash:{path}") }
}

/// Size, MD5, SHA-512, and whether it is an image.
fn look_up(device: &SimDevice, path: &str) -> Option<(u64, String, String, bool)> {
    let (member, name) = show::flash_of(&device.spec(), path)?;
    let state = device.state();
    let file = state.member(member)?.flash.files.get(&name)?;
    Some((file.bytes, file.md5.clone(), file.sha512.clone(), matches!(file.content, Content::Image(_))))
}
