//! HTTP/1.1 (RFC 9112), one request a connection.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The largest body of a request.
const LARGEST: usize = 1024 * 1024;
/// The most header lines, and the longest of them.
const HEADERS: usize = 100;
const LINE: u64 = 16 * 1024;

/// A request.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) basic: Option<(String, String)>,
    pub(super) bearer: Option<String>,
    pub(super) range: Option<String>,
    pub(super) form: BTreeMap<String, String>,
    pub(super) json: Value,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self::bytes(status, Bytes::from(body.to_string()))
    }

    pub(super) const fn bytes(status: u16, body: Bytes) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(super) const fn empty(status: u16) -> Self {
        Self::bytes(status, Bytes::new())
    }
}

/// Reads a request; `None` for what is none.
pub(super) async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut stream = BufReader::new(stream);
    let line = line(&mut stream).await?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request { method, path: path.to_owned(), query: fields(query), ..Request::default() };
    let (mut length, mut kind) = (0, String::new());
    for _ in 0..HEADERS {
        let line = self::line(&mut stream).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok().filter(|length| *length <= LARGEST)?,
            "content-type" => kind = value.to_ascii_lowercase(),
            "range" => request.range = Some(value.to_owned()),
            "authorization" => match value.split_once(' ')? {
                ("Basic", both) => {
                    let both = String::from_utf8(base64(both)?).ok()?;
                    let (user, password) = both.split_once(':')?;
                    request.basic = Some((decoded(user), decoded(password)));
                }
                ("Bearer", token) => request.bearer = Some(token.to_owned()),
                _ => {}
            },
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    if kind.starts_with("application/x-www-form-urlencoded") {
        request.form = fields(&String::from_utf8(body).ok()?);
    } else {
        request.json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    }
    Some(request)
}

async fn line(stream: &mut BufReader<&mut TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.take(LINE).read_line(&mut line).await.ok()?;
    line.ends_with('\n').then(|| line.trim_end().to_owned())
}

fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// `%41+b` is `A b`.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let pair = bytes
            .get(at + 1..at + 3)
            .and_then(|d| std::str::from_utf8(d).ok())
            .and_then(|d| u8::from_str_radix(d, 16).ok());
        match (byte, pair) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        held = held << 6 | u32::try_from(SIGNS.iter().position(|sign| *sign == byte)?).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(out)
}

/// Writes an answer without the last `cut` bytes of its body.
pub(super) async fn write(stream: &mut TcpStream, answer: &Answer, cut: usize) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} Simulated\r\nContent-Length: {}\r\nContent-Type: application/json\r\nConnection: close\r\n",
        answer.status,
        answer.body.len()
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    let whole = &answer.body;
    stream.write_all(&whole[..whole.len().saturating_sub(cut)]).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_logins_are_read() {
        assert_eq!(fields("a=b+c&d=%26%zz&e")["a"], "b c");
        assert_eq!(decoded("%26%zz%"), "&%zz%");
        assert_eq!(base64("dXNlcjpwYXNz").unwrap(), b"user:pass");
        assert_eq!(base64("YWI=").unwrap(), b"ab");
        assert!(base64("!").is_none());
    }
}
