//! How much packed bytes may grow: no image needs more, and a bomb is not followed beyond.

/// Bytes of output for each byte of input that are believed: images are packed 1 to 10 times, the padding in some more.
const RATIO: u64 = 200;

/// Bytes that are believed whatever the input: a small part that is all padding is no bomb yet, and costs a moment.
const FREE: u64 = 64 * 1024 * 1024;

/// What so many packed bytes are unpacked to at most.
pub(super) const fn most(packed: u64) -> u64 {
    FREE.saturating_add(packed.saturating_mul(RATIO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_the_input_and_never_overflows() {
        assert_eq!((most(0), most(1) - most(0), most(u64::MAX)), (FREE, RATIO, u64::MAX));
    }
}
