//! How we speak SSH as a client: limits and algorithms.

use std::borrow::Cow;
use std::time::Duration;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Limits, Preferred, SshId, cipher, client, compression, kex, mac};
use serde::{Deserialize, Serialize};
use swim_core::{Error, Result};

/// Longest wait for the TCP connection and the key exchange. A busy small router needs seconds for the exchange; a
/// minute of silence is an unreachable device.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(60);
/// Longest wait for each answer during the login: AAA servers fall back to the next one after 5 to 30 seconds each.
pub const AUTH_LIMIT: Duration = Duration::from_secs(90);
/// Longest wait for a channel or its shell.
pub const CHANNEL_LIMIT: Duration = Duration::from_secs(60);
/// Longest silence of a transfer: slow flash was seen to stall for more than ten seconds while it erases.
pub const TRANSFER_SILENCE: Duration = Duration::from_secs(120);
/// A keepalive after this much silence, and the connection is dead after [`KEEPALIVES`] without any answer: two minutes.
pub const KEEPALIVE: Duration = Duration::from_secs(30);
/// See [`KEEPALIVE`].
pub const KEEPALIVES: usize = 3;
/// Receive window of a channel on a LAN. A huge window costs the other side three to six times the CPU.
pub(crate) const WINDOW: u32 = 4 * 1024 * 1024;
/// And on the longest path.
const LARGEST_WINDOW: u32 = 16 * 1024 * 1024;
/// Bytes of window for each microsecond of the round trip: twice the product of delay and 80 MB/s, which is what one
/// connection reaches there.
const WINDOW_PER_MICROSECOND: u128 = 160;
/// New keys after this many MiB one way: RFC 4253 recommends it for each gigabyte.
pub(crate) const REKEY_MIB: u64 = 1024;
/// And after this long.
const REKEY_TIME: Duration = Duration::from_secs(3600);
/// The largest packet that we take.
const PACKET: u32 = 64 * 1024 - 1;

/// The receive window for a path with this round trip.
pub(crate) fn window(round_trip: Duration) -> u32 {
    let product = round_trip.as_micros().saturating_mul(WINDOW_PER_MICROSECOND);
    u32::try_from(product).unwrap_or(u32::MAX).clamp(WINDOW, LARGEST_WINDOW)
}

/// Is a file spread over several channels of its connection? It is faster where the window of the far side is the limit:
/// on every long path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Striping {
    /// Where the server is known to take it: OpenSSH.
    #[default]
    Auto,
    /// Never.
    Never,
    /// Everywhere. A server that refuses a further channel or a second writer gets all of the file over one.
    Always,
}

/// Settings of our SSH client. Every field has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SshConfig {
    /// Seconds for the connection and the key exchange.
    pub connect_seconds: u64,
    /// Seconds for each answer during the login.
    pub auth_seconds: u64,
    /// Seconds of silence that end a transfer.
    pub silence_seconds: u64,
    /// Seconds of silence before a keepalive; 0 sends none.
    pub keepalive_seconds: u64,
    /// SFTP over several channels at once.
    pub striping: Striping,
    /// MiB one way after which we ask for new keys, 1 to 1024; the other side may ask at any time.
    pub rekey_mib: u64,
}

impl Default for SshConfig {
    fn default() -> Self {
        Self {
            connect_seconds: CONNECT_LIMIT.as_secs(),
            auth_seconds: AUTH_LIMIT.as_secs(),
            silence_seconds: TRANSFER_SILENCE.as_secs(),
            keepalive_seconds: KEEPALIVE.as_secs(),
            striping: Striping::Auto,
            rekey_mib: REKEY_MIB,
        }
    }
}

impl SshConfig {
    pub(crate) const fn connect_limit(&self) -> Duration {
        Duration::from_secs(self.connect_seconds)
    }

    pub(crate) const fn auth_limit(&self) -> Duration {
        Duration::from_secs(self.auth_seconds)
    }

    pub(crate) const fn silence(&self) -> Duration {
        Duration::from_secs(self.silence_seconds)
    }

    /// The settings for one connection. `known` are algorithms of host keys that we already have for that device: they
    /// come first, so that the server shows the key that can be compared.
    pub(crate) fn client(&self, legacy: bool, known: &[Algorithm], window: u32) -> Result<client::Config> {
        let mut preferred = algorithms(legacy);
        preferred.key.to_mut().sort_by_key(|a| !known.iter().any(|k| same_family(k, a)));
        let least = if legacy { (2048, 2048, 8192) } else { (2048, 3072, 8192) };
        let gex = client::GexParams::new(least.0, least.1, least.2)
            .map_err(|e| Error::internal("configure ssh", "the group sizes were refused").caused_by(e))?;
        Ok(client::Config {
            client_id: ident(),
            limits: limits(self.rekey_mib)?,
            window_size: window,
            maximum_packet_size: PACKET,
            preferred,
            keepalive_interval: (self.keepalive_seconds > 0).then(|| Duration::from_secs(self.keepalive_seconds)),
            keepalive_max: KEEPALIVES,
            inactivity_timeout: None,
            gex,
            nodelay: true,
            ..client::Config::default()
        })
    }
}

/// Our identification line.
pub(crate) fn ident() -> SshId {
    SshId::Standard(Cow::Borrowed(concat!("SSH-2.0-swim_", env!("CARGO_PKG_VERSION"))))
}

/// When we ask for new keys.
pub(crate) fn limits(mib: u64) -> Result<Limits> {
    if !(1..=REKEY_MIB).contains(&mib) {
        return Err(Error::invalid("rekey_mib", mib, "it is from 1 to 1024 MiB"));
    }
    let bytes = usize::try_from(mib * 1024 * 1024).unwrap_or(usize::MAX);
    Ok(Limits::new(bytes, bytes, REKEY_TIME))
}

/// RSA keys are one family, whatever the hash of the signature.
fn same_family(a: &Algorithm, b: &Algorithm) -> bool {
    matches!((a, b), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. })) || a == b
}

/// The algorithms in our order: AES-GCM first because it is twice as fast as counter mode with a MAC on both ends. The
/// legacy ones only for devices that are marked so.
pub(crate) fn algorithms(legacy: bool) -> Preferred {
    let mut exchange = vec![
        kex::MLKEM768X25519_SHA256,
        kex::CURVE25519,
        kex::CURVE25519_PRE_RFC_8731,
        kex::ECDH_SHA2_NISTP256,
        kex::ECDH_SHA2_NISTP384,
        kex::ECDH_SHA2_NISTP521,
        kex::DH_GEX_SHA256,
        kex::DH_G16_SHA512,
        kex::DH_G18_SHA512,
        kex::DH_G14_SHA256,
    ];
    let mut key = vec![
        Algorithm::Ed25519,
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
        Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
        Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
    ];
    let mut ciphers = vec![
        cipher::AES_128_GCM,
        cipher::AES_256_GCM,
        cipher::CHACHA20_POLY1305,
        cipher::AES_128_CTR,
        cipher::AES_192_CTR,
        cipher::AES_256_CTR,
    ];
    let mut macs = vec![mac::HMAC_SHA256_ETM, mac::HMAC_SHA512_ETM, mac::HMAC_SHA256, mac::HMAC_SHA512];
    if legacy {
        exchange.extend([kex::DH_G14_SHA1, kex::DH_GEX_SHA1, kex::DH_G1_SHA1]);
        key.push(Algorithm::Rsa { hash: None });
        ciphers.extend([cipher::AES_128_CBC, cipher::AES_192_CBC, cipher::AES_256_CBC]);
        // What devices of before 2005 have alone.
        ciphers.push(cipher::TRIPLE_DES_CBC);
        macs.extend([mac::HMAC_SHA1_ETM, mac::HMAC_SHA1]);
    }
    exchange.extend([
        kex::EXTENSION_SUPPORT_AS_CLIENT,
        kex::EXTENSION_SUPPORT_AS_SERVER,
        kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
        kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
    ]);
    Preferred {
        kex: exchange.into(),
        key: key.into(),
        cipher: ciphers.into(),
        mac: macs.into(),
        compression: Cow::Borrowed(&[compression::NONE]),
        ..Preferred::DEFAULT
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn old_algorithms_are_offered_only_on_request() {
        let modern = format!("{:?}", algorithms(false));
        assert!(!modern.contains("sha1") && !modern.contains("cbc"), "{modern}");
        assert!(!algorithms(false).key.contains(&Algorithm::Rsa { hash: None }));
        let legacy = format!("{:?}", algorithms(true));
        assert!(legacy.contains("diffie-hellman-group1-sha1") && legacy.contains("aes128-cbc"), "{legacy}");
        assert_eq!(algorithms(true).cipher.first(), Some(&cipher::AES_128_GCM));
    }

    #[test]
    fn the_key_that_can_be_compared_comes_first() {
        let config = SshConfig::default().client(false, &[Algorithm::Rsa { hash: None }], WINDOW).unwrap();
        assert!(matches!(config.preferred.key.first(), Some(Algorithm::Rsa { .. })));
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(serde_json::from_str::<SshConfig>(r#"{"auth_seconds": 5}"#).is_ok());
        assert!(serde_json::from_str::<SshConfig>(r#"{"auth_second": 5}"#).is_err());
    }
}
