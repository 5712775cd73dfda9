//! Replies of a vendor's service, open catalogues, lists of known good values, certificates and signatures.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use swim_core::catalog::{Catalogue, FormKind, Proof, Trust, acknowledgement, agreement, downloads, known_good, metadata, verify};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(page) = metadata(bytes) {
        assert!(page.images.iter().all(|image| !image.entry.filename.is_empty()));
    }
    let _ = (downloads(bytes), acknowledgement(bytes), agreement(FormKind::K9, bytes));
    if let Ok((catalogue, _)) = Catalogue::open(bytes, &Proof::unsigned(), Timestamp::UNIX_EPOCH) {
        let again = catalogue.to_json().expect("what was read can be written");
        let (same, _) = Catalogue::open(&again, &Proof::unsigned(), Timestamp::UNIX_EPOCH).expect("and read again");
        assert_eq!(same, catalogue);
    }
    if let Ok(list) = known_good(bytes) {
        assert!(list.values.iter().all(|value| !value.file_name.is_empty()));
    }
    // Nobody can have signed these.
    assert!(verify(b"document", &[7; 256], &Trust::new(bytes), Timestamp::UNIX_EPOCH).is_err());
});
