//! What a device sees of us: one folder with one file.

use bytes::Bytes;

use super::codec::{self, Writer};

/// A folder that can only be looked at.
const FOLDER_MODE: u32 = 0o040_555;

/// What a name stands for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    File,
    Nothing,
}

/// Where a path leads when `name` is the only file.
pub(super) fn place(path: &str, name: &str) -> Place {
    let path = path.strip_prefix('.').filter(|p| p.is_empty() || p.starts_with('/')).unwrap_or(path);
    match path.trim_start_matches('/') {
        "" | "." => Place::Root,
        found if found == name => Place::File,
        _ => Place::Nothing,
    }
}

/// The answer to the greeting of a client.
pub(super) fn greeting() -> Bytes {
    Writer::new(codec::VERSION).int(3).done()
}

/// The whole path of a place.
pub(super) fn real_path(id: u32, place: Place, name: &str) -> Bytes {
    let path = match place {
        Place::File => format!("/{name}"),
        _ => "/".to_owned(),
    };
    Writer::new(codec::NAME).int(id).int(1).string(path.as_bytes()).string(path.as_bytes()).int(0).done()
}

/// What the folder is like.
pub(super) fn root(id: u32) -> Bytes {
    Writer::new(codec::ATTRS).int(id).file_attributes(0, FOLDER_MODE).done()
}

/// How a request ended.
pub(super) fn status(id: u32, code: u32, words: &str) -> Bytes {
    Writer::new(codec::STATUS).int(id).int(code).string(words.as_bytes()).string(b"").done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_file_and_no_way_out() {
        for path in ["x.bin", "/x.bin", "./x.bin", "//x.bin"] {
            assert_eq!(place(path, "x.bin"), Place::File, "{path}");
        }
        for path in ["", ".", "/", "./"] {
            assert_eq!(place(path, "x.bin"), Place::Root, "{path}");
        }
        for path in ["../x.bin", "/../x.bin", "a/x.bin", "x.bin/", "..", ".x.bin", "y.bin"] {
            assert_eq!(place(path, "x.bin"), Place::Nothing, "{path}");
        }
    }
}
