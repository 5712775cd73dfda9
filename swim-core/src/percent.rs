//! Percent-encoding (RFC 3986): text as URLs and forms carry it.

/// The text with every byte as `%XX` but letters, digits, `-._~` and those of `plain`.
///
/// ```
/// use swim_core::percent::encoded;
/// assert_eq!((encoded("a b/ü", "/"), encoded("a/b", "")), ("a%20b/%C3%BC".to_owned(), "a%2Fb".to_owned()));
/// ```
#[must_use]
pub fn encoded(text: &str, plain: &str) -> String {
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || plain.as_bytes().contains(&byte);
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        // Of a sign beyond ASCII every byte is written, whatever is plain.
        if byte.is_ascii() && stays(byte) { out.push(char::from(byte)) } else { out.push_str(&format!("%{byte:02X}")) }
    }
    out
}

/// `%XX` as the byte that it stands for; `None` where it stands for none, or the bytes are no UTF-8.
///
/// ```
/// use swim_core::percent::decoded;
/// assert_eq!(decoded("a%20b%c3%BC").as_deref(), Some("a bü"));
/// assert!(["%", "%4", "%zz", "%+4", "%é1", "%ff"].iter().all(|text| decoded(text).is_none()));
/// ```
#[must_use]
pub fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(*hex::decode(part.get(..2)?).ok()?.first()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(text in "\\PC{0,40}", plain in "[/:ü]{0,3}") {
            let written = encoded(&text, &plain);
            prop_assert!(written.is_ascii());
            prop_assert_eq!(decoded(&written).unwrap(), text);
        }

        #[test]
        fn no_text_breaks_it(text in "(%|[0-9a-f]{2}|\\PC){0,20}") {
            let _ = decoded(&text);
        }
    }
}
