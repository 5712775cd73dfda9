//! The codes of the service with its own words.

/// Every code that the vendor documents, with its words.
pub const CODES: &[(&str, &str)] = &[
    ("PID_INVALID", "PID provided in the request is invalid. Please invoke the service with the valid PID."),
    ("IMG_NM_INVALID", "Image_name provided is invalid. Please provide the valid image_name."),
    ("SWTID_INVALID", "Software_type_id provided is invalid. Please provide a valid software_type_id."),
    ("INVALID_INPUT", "Invalid input or No data found for the input provided."),
    ("INVALID_MTRANSID", "Invalid metadata_trans_id."),
    ("INVALID_DWLDSID", "Invalid download_session_id."),
    ("INVALID_DRETRYID", "Invalid download_retry_id."),
    ("IMAGE_GUID_INVALID", "The image_guid provided in the request is invalid. Please provide a valid image_guid."),
    ("PID_MISSING", "PID is missing in the request. Please provide a valid PID in the request."),
    (
        "CUR_REL_MISSING",
        "Current_release is missing in the request. Please provide a valid current_release in the request.",
    ),
    (
        "OUT_REL_MISSING",
        "Output_release is missing in the request. Please provide a valid output_release in the request.",
    ),
    ("IMG_NM_MISSING", "Image_names is missing in the request. Please provide at least one valid image_names."),
    (
        "MISSING_DW_RETRY_ID",
        "Download_retry_id is missing in the request. Please provide a valid download_retry_id in the request.",
    ),
    (
        "MTRANSID_MISSING",
        "Metadata_trans_id is missing in the request. Please provide a valid metadata_trans_id in the request.",
    ),
    ("IMAGE_LIMIT_EXCEEDED", "The number of image names entered in the request has exceeded the limit."),
    ("DRETRYID_EXPIRED", "You were previously granted a download_retry_id that has expired"),
    (
        "DWLDSID_EXPIRED",
        "You were previously granted a download_session_id that has expired. \nPlease initiate the download service without the download_session_id.",
    ),
    (
        "MTRANSID_EXPIRED",
        "Metadata_trans_id had been previously granted that has expired due to time limit on its validity. Please invoke the metadata service and initiate the download.",
    ),
    ("NO_DATA_FOUND", "No Data Found."),
    ("IMAGE_GUID_MISSING", "Image_guid is missing in the request. Please provide a valid image_guid in the request."),
    ("TIMEOUT", "10000"),
    ("CART_EMPTY", "There are no items in the cart."),
    (
        "DWLD_WARN",
        "You are receiving this warning message because our records indicates that you may not be authorized to download for the following product(s)",
    ),
    ("DWLD_WARN1", "If you feel this message is in error, please: Email technical support for 24x7 assistance."),
    (
        "DWLD_WARN2",
        "Please follow one of the options below to ensure that you are fully covered for service in the future and that your Cisco.com profile is accurate and up-to-date",
    ),
    ("K9_FORM_AR", "K9 form have not been accepted or rejected to continue download."),
    ("EULA_FORM_AR", "Eula form have not been accepted or rejected to continue download."),
    ("K9_FORM_ACC", "K9 form have not been accepted to continue download."),
    ("EULA_FORM_ACC", "EULA form have not been accepted to continue download."),
    ("K9_EULA_FORM_AR", "Both Eula and k9 form have not been accepted or rejected to continue download."),
    (
        "SER_UNEXPECT_FAIL",
        "Service has encountered an unexpected failure. Please contact the support with the data requested.",
    ),
];

/// The words of a code; those of one that is not documented are its name.
pub(super) fn words(code: &str) -> &str {
    CODES.iter().find(|(name, _)| *name == code).map_or(code, |(_, words)| words)
}

/// Codes as the service sends them.
pub(super) fn exceptions(codes: &[String]) -> serde_json::Value {
    codes.iter().map(|code| serde_json::json!({"exceptionCode": code, "exceptionMessage": words(code)})).collect()
}
