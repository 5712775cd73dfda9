//! The names in a folder of an FTP server.

use swim_core::Result;

use super::config::SILENCE;
use super::data::{Ended, fill};
use super::failure::{About, refused};
use super::session::Session;
use crate::listed::{LONGEST, sorted, too_long};

/// No such file or folder, or, with many servers, a folder that is empty (RFC 959).
const NOT_THERE: u16 = 550;

impl Session<'_> {
    /// The names, by `NLST`, which every server knows: RFC 959 makes it one name a line, with or without the folder.
    pub(super) async fn names(&mut self, folder: &str) -> Result<Vec<String>> {
        let folder = folder.trim_end_matches('/');
        // Some servers take what follows `NLST` for a pattern or an option: they are asked from inside of the folder.
        if !folder.is_empty() {
            self.expect(&format!("CWD {folder}"), About::Read).await?;
        }
        let mut data = match self.transfer("NLST", 0).await? {
            Ok(data) => data,
            Err(reply) if reply.code == NOT_THERE => return Ok(Vec::new()),
            Err(reply) => return Err(refused(&reply, About::Read)),
        };
        let mut listing = Vec::new();
        loop {
            let (piece, ended) = fill(&mut data, self.cx).await;
            listing.extend_from_slice(&piece);
            if listing.len() > LONGEST {
                return Err(too_long("ftp"));
            }
            match ended {
                Ended::Full => {}
                Ended::Failed(e) | Ended::Torn(e) => return Err(e),
                Ended::Done => break,
            }
        }
        drop(data);
        let reply = self.last(SILENCE).await?;
        if !reply.good() && reply.code != NOT_THERE {
            return Err(refused(&reply, About::Read));
        }
        let text = String::from_utf8_lossy(&listing);
        let last = |line: &str| line.trim_end_matches('\r').rsplit('/').next().unwrap_or_default().to_owned();
        sorted(text.lines().map(last).collect())
    }
}
