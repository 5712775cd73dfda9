//! Product ids and families are matched by how they begin, in any case of letters.

/// Does the text begin so?
pub(super) fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(with))
}

/// Does it begin with the whole word: `asr9k-x64` with `asr9k`, but `asr9kv` not?
pub(super) fn begins_with_word(text: &str, word: &str) -> bool {
    begins(text, word) && !text.as_bytes().get(word.len()).is_some_and(u8::is_ascii_alphanumeric)
}
