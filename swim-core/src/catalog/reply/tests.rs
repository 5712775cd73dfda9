//! Shapes of the older generations, and bytes of any shape.

use proptest::prelude::*;
use serde_json::json;

use super::{acknowledgement, agreement, downloads, metadata};
use crate::ErrorKind;
use crate::catalog::{FormKind, Status};

#[test]
fn metadata_of_the_third_generation() {
    let md5 = "ab".repeat(16);
    let image = json!({
        "image_guid": "62699B9B00000000000000000000000000000000", "image_name": "cat9k_iosxe_npe.17.09.05.SPA.bin",
        "image_size": 1_234, "image_checksums": {"md5_checksum": md5.to_uppercase(), "sha512_checksum": "short"},
        "min_dram": "8192", "min_flash": "0", "encryption_software_indicator": "Y", "related_image": "N",
        "asd_image_exception": [{"exception_code": "SW_ADV_IMAGE", "exception_message": "advisory"}],
    });
    let release = json!({
        "release_version": "17.9.5", "release_fcs_date": "15/Nov/2023", "is_suggested_rel": "Y",
        "release_life_cycle": "DF", "image_details": [image],
    });
    let reply = json!({
        "service_status": "success",
        "pagination_response_record": {"page_index": "2", "last_index": "3"},
        "metadata_response": {
            "metadata_trans_id": "1178782699", "udi": "PID:X",
            "metadata_mdfid_list": [{"mdf_id": "286315874", "mdf_concept_name": "Catalyst 9300", "software_response_list":
                [{"software_type_id": "282046477", "software_type_name": "IOS XE", "platform_list":
                    [{"operating_platform": null, "release_list": [release]}]}]}],
        },
    });
    let page = metadata(reply.to_string().as_bytes()).unwrap();
    assert_eq!((page.page, page.last_page, page.trans_id.as_deref()), (2, 3, Some("1178782699")));
    let image = &page.images[0];
    assert_eq!((image.mdf_id.as_deref(), image.related), (Some("286315874"), false));
    assert_eq!(
        (image.entry.size, image.entry.md5.as_ref(), image.entry.sha512.as_ref()),
        (Some(1234), Some(&md5), None)
    );
    // Strong code inside, and no payload encryption: both.
    assert_eq!((image.entry.crypto.k9, image.entry.crypto.npe), (Some(true), Some(true)));
    assert_eq!((image.entry.requires.ram_mib, image.entry.requires.flash_mib), (Some(8192), None));
    assert_eq!((image.entry.lifecycle.status, image.entry.lifecycle.suggested), (Status::Deferred, Some(true)));
    assert_eq!((image.exceptions[0].code.as_str(), image.exceptions[0].message.as_str()), ("SW_ADV_IMAGE", "advisory"));
    // The second generation leaves brackets out.
    let reply = json!({"metadata_response": {"metadata_id_list": {"mdf_id": "1", "software_list": {"platform_list":
        {"release_list": {"release_version": "15.2(7)E", "image_details": {"image_name": "a.bin", "image_guid": "A"}}}}}}});
    let page = metadata(reply.to_string().as_bytes()).unwrap();
    assert_eq!(page.images[0].entry.version.as_deref(), Some("15.2(7)E"));
}

#[test]
fn links_and_forms_of_the_third_generation() {
    let field = |id: &str, value: &str| json!({"field_id": id, "field_value": value, "child_field_details_type": []});
    let choice = json!({"field_id": "BUS_FUNCTION", "field_value": null, "input_type": "interactive",
        "child_field_details_type": [{"field_id": "x", "field_value": "COMM_OR_CIVIL", "input_type": "radioButton"}]});
    let form =
        |fields| json!({"acceptance_web_form_url": "https://x/k9", "form_details_type": {"field_details": fields}});
    let reply = json!({
        "asd_download_acceptance_exception": [
            {"acceptance_form": {"eula_form_details": null,
                "k9_form_details_response": form(json!([field("k9FormContent", "<p>conditions</p>"), choice]))}},
            {"acceptance_form": {"k9_form_details_response": null,
                "eula_form_details": form(json!([field("EULA_CONTENT", "read this")]))}},
        ],
        "asd_service_response_exception": null,
        "download_info_list": [{
            "asd_download_url_exception": [{"exception_code": "K9_FORM_AR", "exception_message": "k9"},
                {"exception_code": "EULA_FORM_AR", "exception_message": "eula"}],
            "download_url": null, "cloud_url": null, "image_full_name": "Test_dummy.zip", "image_guid": "68C7", "token": null,
        }, {"image_guid": "68C8", "download_url": "https://x/y?z", "token": "t", "asd_download_url_exception": []}],
        "download_retry_id": "1151931304", "download_session_id": 1_159_838_637, "service_status": "success",
    });
    let reply = downloads(reply.to_string().as_bytes()).unwrap();
    assert_eq!((reply.session_id.as_deref(), reply.retry_id.as_deref()), (Some("1159838637"), Some("1151931304")));
    assert_eq!(reply.images[0].exceptions.len(), 2);
    assert!(reply.images[0].link.is_none() && reply.images[1].link.as_ref().is_some_and(|l| l.token.is_some()));
    assert_eq!((reply.forms[0].kind, reply.forms[1].kind), (FormKind::K9, FormKind::Eula));
    assert_eq!(reply.forms[0].content.as_deref(), Some("<p>conditions</p>"));
    assert_eq!(reply.forms[0].fields[1].choices[0].value.as_deref(), Some("COMM_OR_CIVIL"));
    assert!(!format!("{reply:?}").contains("y?z"), "links are secrets");
}

#[test]
fn codes_of_the_whole_request_are_found_wherever_they_stand() {
    for reply in [
        json!({"exception": [{"exceptionCode": "TIMEOUT", "exceptionMessage": 10000}]}),
        json!({"asd_service_response_exception": {"exception_code": "TIMEOUT", "exception_message": "10000"}}),
        json!({"errorCode": "TIMEOUT", "errorMessage": "10000"}),
        json!({"errors": {"list": [{"code": "TIMEOUT", "message": "10000"}]}}),
        json!({"metadata_response": {"exception": [{"exceptionCode": "TIMEOUT", "exceptionMessage": "10000"}]}}),
    ] {
        let found = metadata(reply.to_string().as_bytes()).unwrap().exceptions;
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["TIMEOUT: 10000"], "{reply}");
    }
    assert!(metadata(br#"{"exception": null, "service_status": "success"}"#).unwrap().exceptions.is_empty());
}

#[test]
fn an_answer_is_taken_only_when_the_service_says_so() {
    for (reply, taken) in [
        (r#"{"statusCode": "SUCCESS"}"#, true),
        (r#"{"status_number": 0}"#, true),
        (r#"{"statusCode": "K9_ACCEPTANCE_REQUIRED"}"#, false),
        (r#"{"statusCode": "SUCCESS", "exception": [{"exceptionCode": "INVALID_INPUT"}]}"#, false),
        ("{}", false),
    ] {
        assert_eq!(acknowledgement(reply.as_bytes()).unwrap().taken, taken, "{reply}");
    }
    let form = agreement(FormKind::Eula, br#"{"eulaContent": "text", "webForm": "https://x"}"#).unwrap();
    assert_eq!((form.content.as_deref(), form.url.as_deref()), (Some("text"), Some("https://x")));
    assert_eq!(agreement(FormKind::K9, b"{}").unwrap().content, None);
}

#[test]
fn what_is_no_object_is_refused_without_being_repeated() {
    let nested = "[".repeat(100_000);
    for body in ["", "[]", "{\"canary\": ", "\u{feff}", &nested] {
        let e = metadata(body.as_bytes()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::UnexpectedReply);
        assert!(!format!("{e:?}").contains("canary"));
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    const NAMES: &str = "metadata|products|softwareTypes|operatingSystems|releases|images|name|size|exception|\
                         download_info_list|asd_image_exception|exception_code|acceptanceForm|k9Content|pagination|lastIndex|code";
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        "[a-zA-Z0-9 /._-]{0,12}".prop_map(Into::into)
    ];
    leaf.prop_recursive(8, 64, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::hash_map(NAMES, inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (metadata(&body), downloads(&body), acknowledgement(&body), agreement(FormKind::K9, &body));
    }

    #[test]
    fn no_shape_panics(value in any_json()) {
        let body = value.to_string().into_bytes();
        if let Ok(page) = metadata(&body) {
            prop_assert!(page.images.iter().all(|image| !image.entry.filename.is_empty()));
        }
        let _ = (downloads(&body), acknowledgement(&body), agreement(FormKind::Eula, &body));
    }
}
