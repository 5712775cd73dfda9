//! The names on a page that lists a folder: what web servers make of a folder without an index page.

use swim_core::percent::decoded;

use crate::listed::is_name;

/// The files that a page links to and that lie in its own folder; links to folders end in a slash. `folder` is the path of
/// the page as it was asked for, decoded. Whatever else is on the page does not matter.
///
/// Servers write such pages differently (nginx, Apache, lighttpd, Python, Caddy): what they share is that each file is an
/// `href`, relative or from the root.
pub(super) fn names(page: &[u8], folder: &str) -> Vec<String> {
    let page = String::from_utf8_lossy(page);
    let mut names = Vec::new();
    let mut rest = &*page;
    while let Some(at) = find(rest, "href") {
        rest = rest.get(at + 4..).unwrap_or_default();
        let Some(value) = rest.trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start();
        let (link, behind) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inside = value.get(1..).unwrap_or_default();
                inside.split_once(quote).unwrap_or((inside, ""))
            }
            _ => value.split_at(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len())),
        };
        // Behind it: a page of a million links that never end is read once, and not once for each of them.
        rest = behind;
        names.extend(name(link, folder));
    }
    names
}

/// The place of a word in any case.
fn find(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

fn name(link: &str, folder: &str) -> Option<String> {
    let link = link.split(['?', '#']).next().unwrap_or_default().replace("&amp;", "&");
    let path = decoded(&link)?;
    let folder = format!("/{}", folder.trim_start_matches('/'));
    let folder = if folder.ends_with('/') { folder } else { folder + "/" };
    let name = match path.strip_prefix('/') {
        Some(_) => path.strip_prefix(&folder)?,
        None => path.strip_prefix("./").unwrap_or(&path),
    };
    // A colon before any slash makes it another scheme: `mailto:`, `http://...`.
    (is_name(name) && !link.split('/').next().unwrap_or_default().contains(':')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_several_servers() {
        let nginx = b"<html><head><title>Index of /images/</title></head><body><h1>Index of /images/</h1><hr><pre>\
            <a href=\"../\">../</a>\n<a href=\"old/\">old/</a> -\n<a href=\"a%20b.bin\">a b.bin</a> 1\n</pre></body>";
        assert_eq!(names(nginx, "/images/"), ["a b.bin"]);
        let apache = b"<tr><th><a href=\"?C=N;O=D\">Name</a></th></tr><tr><td><a href=\"/\">Parent</a></td>\
            <td><a href='cat9k_iosxe.17.09.04a.SPA.bin'>cat9k..&gt;</a></td><td><A HREF=x.tar>x.tar</A></td></tr>";
        assert_eq!(names(apache, "images"), ["cat9k_iosxe.17.09.04a.SPA.bin", "x.tar"]);
        let rooted =
            b"<a href=\"/images/y.bin\">y</a><a href=\"/other/z.bin\">z</a><a href=\"http://h/images/q.bin\">q</a>\
            <a href=\"./w.bin\">w</a><a href=\"mailto:a@b\">m</a><a href=\"%zz\">bad</a><a href=\"a%2fb\">no</a>";
        assert_eq!(names(rooted, "/images"), ["y.bin", "w.bin"]);
        assert_eq!(
            names("href href=> href=\"a\u{fc}.bin\" href=\"unended".as_bytes(), "/"),
            ["a\u{fc}.bin", "unended"]
        );
    }

    #[test]
    fn links_without_end_are_read_once() {
        let began = std::time::Instant::now();
        for open in ["href=", "href='", "href = "] {
            names(open.repeat(crate::listed::LONGEST / open.len()).as_bytes(), "/f/");
        }
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    proptest::proptest! {
        #[test]
        fn no_page_breaks_it(page in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400), text in "(<a href=\"?[ -~]{0,9}){0,5}") {
            for page in [page.as_slice(), text.as_bytes()] {
                for name in names(page, "/f/") {
                    proptest::prop_assert!(is_name(&name), "{:?}", name);
                }
            }
        }
    }
}
