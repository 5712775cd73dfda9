//! The account: tokens, and the forms that its owner answered.

use serde_json::{Value, json};

use super::State;
use super::wire::{Answer, Request};
use super::words::exceptions;

/// What the owner of the account said to the forms.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    pub(super) k9: Option<bool>,
    pub(super) eula: Option<bool>,
}

/// The token call of OAuth2.
pub(super) fn token(state: &mut State, request: &Request) -> Answer {
    let refused = |error: &str| Answer::json(401, json!({"error": error, "error_description": "refused"}));
    let field = |name: &str| request.form.get(name).map_or("", String::as_str);
    let shown = request
        .basic
        .clone()
        .or_else(|| Some((request.form.get("client_id")?.clone(), request.form.get("client_secret")?.clone())));
    if shown.as_ref() != Some(&state.settings.client) {
        return refused("invalid_client");
    }
    match (field("grant_type"), &state.settings.user) {
        ("client_credentials", None) => {}
        ("password", Some((user, password))) => {
            if (field("username"), field("password")) != (user.as_str(), password.as_str()) {
                return Answer::json(400, json!({"error": "invalid_grant"}));
            }
        }
        _ => return Answer::json(400, json!({"error": "unauthorized_client"})),
    }
    let token = state.ids.token(state.settings.token_calls);
    Answer::json(
        200,
        json!({"access_token": token, "token_type": "Bearer", "expires_in": state.settings.token_seconds}),
    )
}

/// The text of a form and how it stands.
pub(super) fn form(state: &State, kind: &str) -> Answer {
    let (said, content) = match kind {
        "k9" => (state.account.k9, "k9Content"),
        _ => (state.account.eula, "eulaContent"),
    };
    let code = if said == Some(true) { "ACCEPTED" } else { "ACCEPTANCE_REQUIRED" };
    let mut body = json!({
        "statusCode": format!("{}_{code}", kind.to_uppercase()),
        "webForm": format!("https://software.cisco.com/download/{kind}"),
        "subAppVersion": "9",
        "userDetails": {"userId": "jdoe"},
    });
    body[content] = text(kind).into();
    Answer::json(200, body)
}

/// What a form says.
pub(super) fn text(kind: &str) -> &'static str {
    match kind {
        "k9" => "<p>I agree to the conditions of strong encryption.</p>",
        _ => "Please confirm that you have read the end user licence agreement.",
    }
}

/// Takes the answer to a form.
pub(super) fn answer(state: &mut State, kind: &str, body: &Value) -> Answer {
    let accepted = match body["status"].as_str() {
        Some("Accepted") => true,
        Some("Declined") => false,
        _ => {
            return Answer::json(
                200,
                json!({"statusCode": "ERROR", "exception": exceptions(&["INVALID_INPUT".to_owned()])}),
            );
        }
    };
    let said = |name: &str| body[name].as_str().is_some_and(|text| !text.is_empty());
    let complete =
        if accepted { kind != "k9" || (said("confirm") && said("busFunction")) } else { said("declineComments") };
    if !complete {
        return Answer::json(200, json!({"statusCode": "ERROR", "statusMessage": "The form is not complete."}));
    }
    if !state.settings.forgets_answers {
        match kind {
            "k9" => state.account.k9 = Some(accepted),
            _ => state.account.eula = Some(accepted),
        }
    }
    Answer::json(200, json!({"statusCode": "SUCCESS", "statusMessage": "The answer was taken."}))
}
