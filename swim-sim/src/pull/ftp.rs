//! FTP (RFC 959), with passive data connections, as devices do by default.

use swim_core::model::{Endpoint, Protocol};
use swim_core::ports::ByteStream;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::{PullError, Target, Url, pour};
use crate::SimDevice;
use crate::terminal::Printer;

/// Who a device says it is when nobody told it.
const ANONYMOUS: &str = "anonymous";
/// The longest line of a reply that is read.
const LONGEST: usize = 4096;

/// The control connection.
struct Control(BufReader<Box<dyn ByteStream>>);

impl Control {
    /// The code and the last line of a reply (RFC 959, 4.2: the last of several lines begins with the code and a space).
    async fn reply(&mut self) -> Result<(u16, String), PullError> {
        loop {
            let mut line = String::new();
            let got = self.0.read_line(&mut line).await.map_err(|_| lost())?;
            if got == 0 || line.len() > LONGEST {
                return Err(lost());
            }
            let last = line.as_bytes().get(3) == Some(&b' ') || line.trim_end().len() == 3;
            if let Some(code) = line.get(..3).and_then(|code| code.parse().ok()).filter(|_| last) {
                return Ok((code, line.trim_end().to_owned()));
            }
        }
    }

    async fn ask(&mut self, command: &str) -> Result<(u16, String), PullError> {
        self.0.get_mut().write_all(format!("{command}\r\n").as_bytes()).await.map_err(|_| lost())?;
        self.0.get_mut().flush().await.map_err(|_| lost())?;
        self.reply().await
    }
}

const fn lost() -> PullError {
    PullError::Reading("Connection closed by remote host")
}

/// Reads a file.
pub(crate) async fn ftp(device: SimDevice, url: Url, target: Target, out: Printer) -> Result<u64, PullError> {
    let stream = device.dial(&url.endpoint(21)).await.map_err(|_| PullError::Opening("Timed out"))?;
    let mut control = Control(BufReader::new(stream));
    if control.reply().await?.0 != 220 {
        return Err(PullError::Opening("Undefined error"));
    }
    let user = url.user.as_deref().unwrap_or(ANONYMOUS);
    let mut login = control.ask(&format!("USER {user}")).await?.0;
    if login == 331 {
        let own = format!("{}@{}", device.spec().user, device.spec().hostname);
        let password = url.password.as_deref().unwrap_or(&own);
        login = control.ask(&format!("PASS {password}")).await?.0;
    }
    if login != 230 {
        return Err(PullError::Opening("Incorrect Login/Password"));
    }
    if control.ask("TYPE I").await?.0 != 200 {
        return Err(PullError::Opening("Undefined error"));
    }
    let (code, words) = control.ask("PASV").await?;
    let at = passive(&words).filter(|_| code == 227).ok_or(PullError::Opening("Undefined error"))?;
    let mut data = device.dial(&at).await.map_err(|_| PullError::Opening("Timed out"))?;
    match control.ask(&format!("RETR {}", url.path)).await?.0 {
        125 | 150 => {}
        530 => return Err(PullError::Opening("Permission denied")),
        550 => return Err(PullError::Opening("No such file or directory")),
        _ => return Err(PullError::Opening("Undefined error")),
    }
    out.put(format!("Loading {} ", url.path));
    // The end of the data connection is the end of the file; the reply says whether it was all of it.
    let bytes = pour(&device, &mut data, None, &target, Protocol::Ftp, &out).await?;
    drop(data);
    if !matches!(control.reply().await?.0, 226 | 250) {
        return Err(PullError::Reading("Transfer aborted"));
    }
    out.put("\n");
    // The file is complete; a server that is gone by now has lost nothing.
    let _ = control.ask("QUIT").await;
    Ok(bytes)
}

/// The address of `227 Entering Passive Mode (192,0,2,1,78,52)`.
fn passive(reply: &str) -> Option<Endpoint> {
    let digits = reply.get(3..)?.trim_start_matches(|c: char| !c.is_ascii_digit());
    let digits = digits.trim_end_matches(|c: char| !c.is_ascii_digit());
    let numbers: Vec<u8> = digits.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
    let [a, b, c, d, high, low] = numbers.as_slice() else { return None };
    Some(Endpoint { host: format!("{a}.{b}.{c}.{d}"), port: u16::from_be_bytes([*high, *low]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passive_addresses() {
        let at = passive("227 Entering Passive Mode (192,0,2,1,78,52).");
        assert_eq!(at, Some(Endpoint { host: "192.0.2.1".into(), port: 20_020 }));
        assert_eq!(passive("227 (1,2,3,4,5)"), None);
        assert_eq!(passive("227 (1,2,3,4,5,300)"), None);
        assert_eq!(passive("22"), None);
    }
}
