//! Links, forms, and what the service says to the answer of a form.

use serde_json::Value;

use super::value::{elements, exceptions, field, list, number, of_the_whole, scalar, text};
use super::{DownloadReply, Granted, Link, object};
use crate::Result;
use crate::catalog::{Acknowledged, Form, FormField, FormKind};

/// The deepest choice within a choice of a form.
const DEEPEST: usize = 4;
/// The most fields of a form.
const FIELDS: usize = 200;

/// Reads the answer to a request for links, of any generation.
///
/// # Errors
/// `UnexpectedReply` for what is no JSON object, or larger than [`LARGEST_REPLY`](super::LARGEST_REPLY).
pub fn downloads(body: &[u8]) -> Result<DownloadReply> {
    let reply = object(body)?;
    let images = list(&reply, &["downloads", "download_info_list"]).iter().map(granted).collect();
    Ok(DownloadReply {
        session_id: text(&reply, &["sessionId", "downloadSessionId", "download_session_id"]),
        retry_id: text(&reply, &["retryId", "downloadRetryId", "download_retry_id"]),
        images,
        forms: forms(&reply),
        exceptions: of_the_whole(&reply),
    })
}

fn granted(value: &Value) -> Granted {
    let url = text(value, &["url", "downloadUrl", "download_url"]).or_else(|| text(value, &["cloudUrl", "cloud_url"]));
    Granted {
        guid: text(value, &["imageGuid", "image_guid"]),
        name: text(value, &["imageName", "imageFullName", "image_full_name", "image_name"]),
        link: url.map(|url| Link::new(url, text(value, &["token"]))),
        exceptions: exceptions(field(value, &["exception", "exceptions", "asd_download_url_exception"])),
    }
}

fn forms(reply: &Value) -> Vec<Form> {
    let mut forms = Vec::new();
    for one in list(reply, &["acceptanceForm"]) {
        let url = text(one, &["webForm"]);
        for (kind, name) in [(FormKind::K9, "k9Content"), (FormKind::Eula, "eulaContent")] {
            forms.extend(contents(kind, &one[name], url.clone()));
        }
    }
    for one in list(reply, &["asd_download_acceptance_exception"]) {
        let form = &one["acceptance_form"];
        for (kind, name) in [(FormKind::K9, "k9_form_details_response"), (FormKind::Eula, "eula_form_details")] {
            let details = &form[name];
            if details.is_object() {
                forms.push(detailed(kind, details));
            }
        }
    }
    forms
}

/// A form of which the service sends the text.
fn contents(kind: FormKind, content: &Value, url: Option<String>) -> Option<Form> {
    let text = match content {
        Value::Null => return None,
        Value::String(text) if text.trim().is_empty() => return None,
        Value::String(text) => Some(text.clone()),
        structured => Some(structured.to_string()),
    };
    Some(Form { kind, url, content: text, fields: fields(content, DEEPEST) })
}

/// A form of which the service sends every field.
fn detailed(kind: FormKind, details: &Value) -> Form {
    let fields = fields(&details["form_details_type"]["field_details"], DEEPEST);
    let text_of = |field: &FormField| field.id.to_ascii_lowercase().contains("content");
    let content = fields.iter().find(|field| text_of(field)).and_then(|field| field.value.clone());
    Form { kind, url: text(details, &["acceptance_web_form_url"]), content, fields }
}

fn fields(value: &Value, depth: usize) -> Vec<FormField> {
    if depth == 0 {
        return Vec::new();
    }
    let named = elements(value).iter().filter(|one| one.is_object()).take(FIELDS);
    named
        .map(|one| FormField {
            id: text(one, &["field_id", "fieldId", "field_name", "fieldName"]).unwrap_or_default(),
            label: text(one, &["field_display_name", "fieldDisplayName"]),
            // Not shortened, and `none` is a word of a form as well.
            value: field(one, &["field_value", "fieldValue"]).as_str().map(str::to_owned),
            input: text(one, &["input_type", "inputType"]),
            choices: fields(field(one, &["child_field_details_type", "childFieldDetails"]), depth - 1),
        })
        .collect()
}

/// Reads the text of a form that was asked for by itself.
///
/// # Errors
/// `UnexpectedReply` for what is no JSON object, or larger than [`LARGEST_REPLY`](super::LARGEST_REPLY).
pub fn agreement(kind: FormKind, body: &[u8]) -> Result<Form> {
    let reply = object(body)?;
    let name = match kind {
        FormKind::K9 => "k9Content",
        FormKind::Eula => "eulaContent",
    };
    let url = text(&reply, &["webForm", "acceptance_web_form_url"]);
    let empty = Form { kind, url: url.clone(), content: None, fields: Vec::new() };
    Ok(contents(kind, &reply[name], url).unwrap_or(empty))
}

/// Reads what the service says to the answer of a form.
///
/// # Errors
/// `UnexpectedReply` for what is no JSON object, or larger than [`LARGEST_REPLY`](super::LARGEST_REPLY).
///
/// ```
/// let said = swim_core::catalog::acknowledgement(br#"{"status_number": "0", "download_session_id": "7"}"#)?;
/// assert!(said.taken && said.session_id.as_deref() == Some("7"));
/// assert!(!swim_core::catalog::acknowledgement(br#"{"status_number": "5"}"#)?.taken);
/// # Ok::<(), swim_core::Error>(())
/// ```
pub fn acknowledgement(body: &[u8]) -> Result<Acknowledged> {
    let reply = object(body)?;
    let code = text(&reply, &["statusCode", "status_code"]).unwrap_or_default().to_ascii_uppercase();
    let taken = match number(&reply, &["statusNumber", "status_number"]) {
        Some(number) => number == 0,
        // Only words that say so: anything else is no answer that was taken.
        None => ["SUCCESS", "OK", "0", "ACCEPTED", "DECLINED", "K9_ACCEPTED", "EULA_ACCEPTED"].contains(&code.as_str()),
    };
    let codes = of_the_whole(&reply);
    let mut message = text(&reply, &["statusMessage", "status_message"]).unwrap_or_default();
    if let Some(first) = codes.first() {
        message = first.to_string();
    }
    let session = field(&reply, &["sessionId", "downloadSessionId", "download_session_id"]);
    Ok(Acknowledged { taken: taken && codes.is_empty(), session_id: scalar(session), message })
}
