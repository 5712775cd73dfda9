//! Which request is which call, and what is scripted for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::wire::{Answer, Request, read, write};
use super::words::exceptions;
use super::{Call, Scripted, Seen, State, account, file, locked, metadata};

/// What is done on the way.
#[derive(Default)]
struct Delivery {
    after: Option<Duration>,
    /// Bytes of the body that never arrive.
    cut: usize,
    hang_up: bool,
}

/// Answers one request.
pub(super) async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(request) = read(&mut stream).await else { return };
    let (answer, delivery) = decide(&mut locked(&state), &request);
    if let Some(pause) = delivery.after {
        tokio::time::sleep(pause).await;
    }
    if !delivery.hang_up {
        // Who has gone away does not get it.
        let _ = write(&mut stream, &answer, delivery.cut).await;
    }
    let _ = stream.shutdown().await;
}

fn call(request: &Request) -> Option<Call> {
    let post = request.method == "POST";
    match request.path.as_str() {
        "/oauth2/default/v1/token" if post => Some(Call::Token),
        "/software/v4.0/metadata/pidrelease"
        | "/software/v4.0/metadata/pidimage"
        | "/software/v4.0/metadata/images"
            if post =>
        {
            Some(Call::Metadata)
        }
        "/software/v4.0/download/pidimage" if post => Some(Call::Download),
        "/software/v4.0/compliance/k9" | "/software/v4.0/compliance/eula" => {
            Some(if post { Call::Answer } else { Call::Form })
        }
        path if path.starts_with("/dl/") && request.method == "GET" => Some(Call::File),
        _ => None,
    }
}

fn decide(state: &mut State, request: &Request) -> (Answer, Delivery) {
    let call = call(request);
    let open = matches!(call, Some(Call::Token | Call::File));
    let authorized = request.bearer.as_ref().is_some_and(|token| state.ids.admits(token));
    state.seen.push(Seen {
        call,
        method: request.method.clone(),
        path: request.path.clone(),
        range: request.range.clone(),
        body: if request.form.is_empty() { request.json.clone() } else { json!(request.form) },
        authorized,
    });
    let Some(call) = call else { return (Answer::empty(404), Delivery::default()) };
    if !open && !authorized {
        return (Answer::json(401, json!({"error": "invalid_token"})), Delivery::default());
    }
    let scripted = state.scripts.get_mut(&call).and_then(std::collections::VecDeque::pop_front);
    script(state, request, call, scripted.unwrap_or(Scripted::Honest))
}

fn script(state: &mut State, request: &Request, call: Call, scripted: Scripted) -> (Answer, Delivery) {
    let mut delivery = Delivery::default();
    let answer = match scripted {
        Scripted::Codes(codes) => {
            Answer::json(200, json!({"metadata": [], "downloads": [], "exception": exceptions(&codes)}))
        }
        Scripted::ImageCodes(codes) => honest(state, request, call, &codes),
        Scripted::Status(status, after) => {
            let mut answer = Answer::empty(status);
            answer.headers.extend(after.map(|seconds| ("Retry-After".to_owned(), seconds.to_string())));
            answer
        }
        Scripted::Oversized(bytes) => Answer::bytes(200, Bytes::from(vec![b' '; bytes])),
        Scripted::Raw(text) => Answer::bytes(200, Bytes::from(text)),
        Scripted::Redirect(to) => {
            let mut answer = Answer::empty(302);
            answer.headers.push(("Location".to_owned(), to));
            answer
        }
        Scripted::Truncated => {
            let mut answer = honest(state, request, call, &[]);
            answer.body.truncate(answer.body.len() / 2);
            answer
        }
        Scripted::Stale(sort, loss) => {
            state.ids.lose(sort, loss);
            honest(state, request, call, &[])
        }
        way => {
            match way {
                Scripted::Slow(pause) => delivery.after = Some(pause),
                Scripted::Cut(bytes) => delivery.cut = bytes,
                Scripted::HangUp => delivery.hang_up = true,
                _ => {}
            }
            honest(state, request, call, &[])
        }
    };
    (answer, delivery)
}

fn honest(state: &mut State, request: &Request, call: Call, codes: &[String]) -> Answer {
    let last = request.path.rsplit('/').next().unwrap_or_default();
    let body: &Value = &request.json;
    match call {
        Call::Token => account::token(state, request),
        Call::Metadata => metadata::metadata(state, last, body, codes),
        Call::Download => metadata::download(state, body, codes),
        Call::Form => account::form(state, last),
        Call::Answer => account::answer(state, last, body),
        Call::File => file::file(state, request),
    }
}
