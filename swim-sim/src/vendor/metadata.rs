//! Metadata and links.

use md5::Digest;
use serde_json::{Value, json};

use super::account::text;
use super::ids::Worth;
use super::wire::Answer;
use super::words::exceptions;
use super::{State, VendorImage};

fn refused(codes: &[&str]) -> Answer {
    let codes: Vec<_> = codes.iter().map(|c| (*c).to_owned()).collect();
    Answer::json(200, json!({"metadata": [], "exception": exceptions(&codes)}))
}

fn texts(body: &Value, name: &str) -> Vec<String> {
    body[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn given<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body[name].as_str().filter(|text| !text.trim().is_empty())
}

/// Metadata by `pidrelease`, `pidimage` or `images`. `codes` are put into each image.
pub(super) fn metadata(state: &mut State, by: &str, body: &Value, codes: &[String]) -> Answer {
    let pid = given(body, "pid");
    let names = texts(body, "imageNames");
    if by != "images" {
        let Some(pid) = pid else { return refused(&["PID_MISSING"]) };
        if !state.images.iter().any(|image| image.pid == pid) {
            return refused(&["PID_INVALID"]);
        }
    }
    let mut output = "latest";
    if by == "pidrelease" {
        if given(body, "currentReleaseVersion").is_none() {
            return refused(&["CUR_REL_MISSING"]);
        }
        match given(body, "outputReleaseVersion") {
            Some(wanted) => output = wanted,
            None => return refused(&["OUT_REL_MISSING"]),
        }
    } else {
        if names.is_empty() {
            return refused(&["IMG_NM_MISSING"]);
        }
        if names.len() > state.settings.image_limit {
            return refused(&["IMAGE_LIMIT_EXCEEDED"]);
        }
    }
    let wanted = |image: &&VendorImage| match by {
        "images" => names.contains(&image.name),
        "pidimage" => Some(image.pid.as_str()) == pid && names.contains(&image.name),
        _ => Some(image.pid.as_str()) == pid && (output == "latest" || image.version == output),
    };
    let found: Vec<_> = state.images.iter().filter(wanted).cloned().collect();
    let unknown: Vec<_> = names.iter().filter(|name| !found.iter().any(|image| image.name == **name)).collect();
    if found.is_empty() {
        return refused(&[if by == "pidrelease" { "NO_DATA_FOUND" } else { "IMG_NM_INVALID" }]);
    }
    let per_page = body["perPage"].as_u64().filter(|n| *n > 0).unwrap_or(25);
    let page = body["pageIndex"].as_u64().filter(|n| *n > 0).unwrap_or(1);
    let total = found.len() as u64;
    let first = usize::try_from((page - 1).saturating_mul(per_page)).unwrap_or(usize::MAX);
    let shown: Vec<_> = found.iter().skip(first).take(usize::try_from(per_page).unwrap_or(usize::MAX)).collect();
    let reply = json!({
        "pagination": {
            "pageIndex": page.to_string(),
            "lastIndex": total.div_ceil(per_page).to_string(),
            "totalRecords": total.to_string(),
            "pageRecords": shown.len().to_string(),
        },
        "selfLink": "…",
        "metadataTransId": state.ids.metadata.grant(),
        "invalidImages": unknown,
        "metadata": [{"pid": pid, "products": shown.iter().map(|image| product(image, codes)).collect::<Vec<_>>()}],
    });
    Answer::json(200, reply)
}

/// One image in its tree.
fn product(image: &VendorImage, codes: &[String]) -> Value {
    let (md5, sha512) = image.sums.clone().unwrap_or_else(|| {
        (hex::encode(md5::Md5::digest(&image.bytes)), hex::encode(sha2::Sha512::digest(&image.bytes)))
    });
    let flag = |yes| if yes { "Y" } else { "N" };
    json!({
        "mdfId": image.mdf_id,
        "mdfConceptName": image.pid,
        "softwareTypes": [{
            "softwareTypeId": "282046477",
            "softwareTypeName": "IOS XE Software",
            "operatingSystems": [{
                "name": "IOS XE",
                "releases": [{
                    "version": image.version,
                    "fcsDate": "15/Nov/2023",
                    "lifeCycle": "MD",
                    "isSuggested": flag(image.suggested),
                    "images": [{
                        "imageGuid": image.guid(),
                        "name": image.name,
                        "size": image.size.unwrap_or(image.bytes.len() as u64).to_string(),
                        "imageDescription": "UNIVERSAL",
                        "featureSetDescription": "UNIVERSAL",
                        "minDram": "8192",
                        "minFlash": "4096",
                        "encryptionSoftwareIndicator": flag(image.k9),
                        "md5": md5,
                        "sha512": sha512,
                        "isDeleted": flag(image.deleted),
                        "deferralNotice": image.deferral,
                        "isRelated": "N",
                        "exception": exceptions(codes),
                    }],
                }],
            }],
        }],
    })
}

/// Links. `codes` are put into each image instead of its link.
pub(super) fn download(state: &mut State, body: &Value, codes: &[String]) -> Answer {
    let guids = texts(body, "imageGuids");
    let mut wrong = Vec::new();
    if given(body, "pid").is_none() {
        wrong.push("PID_MISSING");
    }
    match given(body, "metadataTransId").map(|id| state.ids.metadata.worth(id)) {
        None => wrong.push("MTRANSID_MISSING"),
        Some(Worth::Unknown) => wrong.push("INVALID_MTRANSID"),
        Some(Worth::Expired) => wrong.push("MTRANSID_EXPIRED"),
        Some(Worth::Good) => {}
    }
    if guids.is_empty() {
        wrong.push("IMAGE_GUID_MISSING");
    }
    if guids.len() > state.settings.image_limit {
        wrong.push("IMAGE_LIMIT_EXCEEDED");
    }
    match given(body, "sessionId").map(|id| state.ids.sessions.worth(id)) {
        Some(Worth::Unknown) => wrong.push("INVALID_DWLDSID"),
        Some(Worth::Expired) => wrong.push("DWLDSID_EXPIRED"),
        _ => {}
    }
    match given(body, "retryId").map(|id| state.ids.retries.worth(id)) {
        Some(Worth::Unknown) => wrong.push("INVALID_DRETRYID"),
        Some(Worth::Expired) => wrong.push("DRETRYID_EXPIRED"),
        _ => {}
    }
    let whole: Vec<_> = wrong.iter().map(|c| (*c).to_owned()).collect();
    let mut forms = json!({});
    let downloads: Vec<_> = guids.iter().map(|guid| one(state, guid, &whole, codes, &mut forms)).collect();
    let stale = whole.iter().any(|code| code.contains("DWLDSID"));
    let session = match given(body, "sessionId") {
        Some(id) if !stale => id.to_owned(),
        _ => state.ids.sessions.grant(),
    };
    let mut reply = json!({
        "sessionId": if whole.is_empty() { json!(session) } else { Value::Null },
        "retryId": state.ids.retries.grant(),
        "downloads": downloads,
    });
    if guids.is_empty() {
        reply["exception"] = exceptions(&whole);
    }
    if forms.as_object().is_some_and(|forms| !forms.is_empty()) {
        forms["webForm"] = "https://software.cisco.com/download/agreement".into();
        reply["acceptanceForm"] = forms;
    }
    Answer::json(200, reply)
}

fn one(state: &mut State, guid: &str, whole: &[String], scripted: &[String], forms: &mut Value) -> Value {
    let image = state.images.iter().find(|image| image.guid() == guid).cloned();
    let mut codes = [whole, scripted].concat();
    match &image {
        None => codes.push("IMAGE_GUID_INVALID".to_owned()),
        Some(image) if image.deleted => codes.push("is_Deleted".to_owned()),
        Some(image) if !image.entitled => codes.push("DWLD_WARN".to_owned()),
        // Who has other troubles is not shown forms.
        Some(_) if !codes.is_empty() => {}
        Some(image) => {
            let forms_of = [("K9", image.k9, state.account.k9), ("EULA", state.settings.eula, state.account.eula)];
            for (form, _, said) in forms_of.into_iter().filter(|(_, needed, _)| *needed) {
                match said {
                    Some(true) => {}
                    Some(false) => codes.push(format!("{form}_FORM_ACC")),
                    None => {
                        codes.push(format!("{form}_FORM_AR"));
                        let name = form.to_lowercase();
                        forms[format!("{name}Content")] = text(&name).into();
                    }
                }
            }
        }
    }
    let fatal = codes.iter().any(|code| code != "SW_ADV_IMAGE");
    let (url, token) = match &image {
        Some(_) if !fatal => {
            let code = state.ids.links.grant();
            let url = format!("http://{}/dl/{guid}?dwnld_code=link-canary-{code}", state.local);
            (json!(url), json!(format!("token-canary-{code}")))
        }
        _ => (Value::Null, Value::Null),
    };
    json!({
        "url": url,
        "token": token,
        "imageGuid": guid,
        "imageName": image.map(|image| image.name),
        "exception": exceptions(&codes),
    })
}
