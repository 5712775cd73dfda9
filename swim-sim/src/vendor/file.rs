//! The server of the files.

use super::State;
use super::ids::Worth;
use super::wire::{Answer, Request};

/// The bytes of an image, for who has the link and its token.
pub(super) fn file(state: &State, request: &Request) -> Answer {
    let guid = request.path.trim_start_matches("/dl/");
    let parameter = |name: &str, mark: &str| {
        let value = request.query.get(name)?.strip_prefix(mark)?;
        (state.ids.links.worth(value) == Worth::Good).then(|| value.to_owned())
    };
    let (code, token) = (parameter("dwnld_code", "link-canary-"), parameter("token", "token-canary-"));
    if code.is_none() || code != token {
        return Answer::empty(403);
    }
    let Some(image) = state.images.iter().find(|image| image.guid() == guid) else { return Answer::empty(404) };
    let all = &image.bytes;
    let from =
        request.range.as_deref().and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match from.filter(|_| state.settings.ranges) {
        Some(from) if from >= all.len() => Answer::empty(416),
        Some(from) => {
            let mut answer = Answer::bytes(206, all.slice(from..));
            answer.headers.push(("Content-Range".to_owned(), format!("bytes {from}-{}/{}", all.len() - 1, all.len())));
            answer
        }
        None => Answer::bytes(200, all.clone()),
    }
}
