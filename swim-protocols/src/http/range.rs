//! The `Range` header: one range of bytes.

/// What is asked of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// From the first up to (not including) the second byte.
    Part(u64, u64),
    /// Nothing of it is there.
    Outside,
}

/// Reads the header. What is not one range of bytes is answered with the whole file, as the standard allows.
pub(crate) fn wanted(header: Option<&str>, bytes: u64) -> Wanted {
    let Some((first, last)) = header.and_then(|h| h.trim().strip_prefix("bytes=")).and_then(|r| r.split_once('-'))
    else {
        return Wanted::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (first.is_empty(), last.is_empty()) {
        (true, true) => Wanted::Whole,
        // The last bytes.
        (true, false) => match number(last) {
            Some(0) => Wanted::Outside,
            Some(count) if bytes > 0 => Wanted::Part(bytes.saturating_sub(count), bytes),
            Some(_) => Wanted::Outside,
            None => Wanted::Whole,
        },
        (false, open) => match (number(first), if open { Some(u64::MAX) } else { number(last) }) {
            (Some(from), Some(to)) if from > to => Wanted::Whole,
            (Some(from), Some(_)) if from >= bytes => Wanted::Outside,
            (Some(from), Some(to)) => Wanted::Part(from, to.saturating_add(1).min(bytes)),
            _ => Wanted::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let read = |text| wanted(Some(text), 10);
        assert_eq!(wanted(None, 10), Wanted::Whole);
        assert_eq!(read("bytes=0-4"), Wanted::Part(0, 5));
        assert_eq!(read("bytes=5-"), Wanted::Part(5, 10));
        assert_eq!(read("bytes=-3"), Wanted::Part(7, 10));
        assert_eq!(read("bytes=-30"), Wanted::Part(0, 10));
        assert_eq!(read("bytes=8-99"), Wanted::Part(8, 10));
        assert_eq!(read("bytes=10-"), Wanted::Outside);
        assert_eq!(read("bytes=-0"), Wanted::Outside);
        for whole in ["bytes=5-4", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=+1-2"] {
            assert_eq!(read(whole), Wanted::Whole, "{whole}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_never_outside(text in "(bytes=)?[0-9]{0,20}-[0-9]{0,20}", bytes in 0u64..1000) {
            if let Wanted::Part(from, to) = wanted(Some(&text), bytes) {
                prop_assert!(from < to && to <= bytes);
            }
        }
    }
}
