//! HTTP/1.1 (RFC 9112).

use swim_core::model::Protocol;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::{PullError, Target, Url, pour};
use crate::SimDevice;
use crate::terminal::Printer;

/// Reads a file by HTTP/1.1.
pub(crate) async fn http(device: SimDevice, url: Url, target: Target, out: Printer) -> Result<u64, PullError> {
    let at = url.endpoint(80);
    let stream = device.dial(&at).await.map_err(|_| PullError::Opening("Connection refused"))?;
    let mut stream = BufReader::new(stream);
    let login = match (&url.user, &url.password) {
        (Some(user), Some(password)) => {
            format!("Authorization: Basic {}\r\n", base64(format!("{user}:{password}").as_bytes()))
        }
        _ => String::new(),
    };
    let request = format!(
        "GET /{} HTTP/1.1\r\nHost: {at}\r\nUser-Agent: cisco-IOS\r\nAccept: */*\r\n{login}Connection: close\r\n\r\n",
        url.path
    );
    stream.get_mut().write_all(request.as_bytes()).await.map_err(|_| PullError::Opening("I/O error"))?;
    let mut status = String::new();
    stream.read_line(&mut status).await.map_err(|_| PullError::Opening("I/O error"))?;
    let mut length = None;
    loop {
        let mut header = String::new();
        let got = stream.read_line(&mut header).await.map_err(|_| PullError::Opening("I/O error"))?;
        let header = header.trim();
        if got == 0 || header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    match status.split_whitespace().nth(1) {
        Some("200") => {}
        Some("401" | "403") => return Err(PullError::Opening("Permission denied")),
        Some("404" | "410") => return Err(PullError::Opening("No such file or directory")),
        _ => return Err(PullError::Opening("I/O error")),
    }
    out.put(format!("Loading {} ", url.shown()));
    let bytes = pour(&device, &mut stream, length, &target, Protocol::Http, &out).await?;
    out.put("\n");
    Ok(bytes)
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let n = (0..3).fold(0_u32, |n, i| n << 8 | u32::from(group.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let sign = SIGNS[(n >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= group.len() { char::from(sign) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_base64() {
        assert_eq!(base64(b"user:pass"), "dXNlcjpwYXNz");
        assert_eq!(base64(b"ab"), "YWI=");
    }
}
