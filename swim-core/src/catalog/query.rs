//! What is asked of a catalogue, checked before anything is sent.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Devices of one query: the vendor's limit.
pub const DEVICES_AT_ONCE: usize = 20;

/// Longest product, release or name that is sent.
const LONGEST: usize = 255;

/// A question about images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
#[non_exhaustive]
pub enum Query {
    /// The images of a product that runs a release.
    Release {
        /// The product, e.g. `C9300-24T`.
        pid: String,
        /// The release that it runs.
        current: String,
        /// The release to look for, or `latest`.
        output: String,
    },
    /// Images of a product by their names.
    PidImages {
        /// The product.
        pid: String,
        /// Names of files.
        images: Vec<String>,
    },
    /// How images stand, by their names alone.
    Images {
        /// Names of files.
        images: Vec<String>,
    },
}

impl Query {
    /// The images of a product that runs a release; `output` is a release or `latest`.
    #[must_use]
    pub fn release(pid: impl Into<String>, current: impl Into<String>, output: impl Into<String>) -> Self {
        Self::Release { pid: pid.into(), current: current.into(), output: output.into() }
    }

    /// Refuses what the service would refuse.
    ///
    /// # Errors
    /// `InvalidInput` names the field and the value.
    ///
    /// ```
    /// use swim_core::catalog::Query;
    /// let e = Query::release("C9300-24T", "", "latest").check().unwrap_err();
    /// assert_eq!((e.context("field"), e.context("code")), (Some("current_release"), Some("CUR_REL_MISSING")));
    /// ```
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Release { pid, current, output } => {
                text("pid", pid, "PID_MISSING")?;
                text("current_release", current, "CUR_REL_MISSING")?;
                text("output_release", output, "OUT_REL_MISSING")
            }
            Self::PidImages { pid, images } => {
                text("pid", pid, "PID_MISSING")?;
                texts("image_names", images, "IMG_NM_MISSING")
            }
            Self::Images { images } => texts("image_names", images, "IMG_NM_MISSING"),
        }
    }

    /// The same for some of its images.
    pub(super) fn only(&self, some: &[String]) -> Self {
        match self {
            Self::Release { .. } => self.clone(),
            Self::PidImages { pid, .. } => Self::PidImages { pid: pid.clone(), images: some.to_vec() },
            Self::Images { .. } => Self::Images { images: some.to_vec() },
        }
    }

    /// The names of its images.
    pub(super) fn images(&self) -> &[String] {
        match self {
            Self::Release { .. } => &[],
            Self::PidImages { images, .. } | Self::Images { images } => images,
        }
    }
}

/// Refuses more devices than the vendor takes in one query.
///
/// # Errors
/// `InvalidInput` with the number.
pub fn check_devices(count: usize) -> Result<()> {
    if count > DEVICES_AT_ONCE {
        return Err(Error::invalid("devices", count, "the vendor takes at most 20 devices a query"));
    }
    Ok(())
}

/// The images that are wanted of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The product, e.g. `C9300-24T`.
    pub pid: String,
    /// The names of the files.
    pub images: Vec<String>,
}

impl Wanted {
    /// Images of a product.
    #[must_use]
    pub fn new(pid: impl Into<String>, images: &[&str]) -> Self {
        Self { pid: pid.into(), images: images.iter().map(|i| (*i).to_owned()).collect() }
    }
}

/// One request for links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownloadRequest {
    /// The product.
    pub pid: String,
    /// The group of products, from the metadata.
    pub mdf_id: Option<String>,
    /// The id of the metadata.
    pub trans_id: String,
    /// The ids of the images, from the metadata.
    pub guids: Vec<String>,
    /// The session of an earlier request of the same download.
    pub session_id: Option<String>,
    /// The retry id of an earlier request of the same download.
    pub retry_id: Option<String>,
}

impl DownloadRequest {
    /// Refuses what the service would refuse.
    ///
    /// # Errors
    /// `InvalidInput` names the field and the value.
    pub fn check(&self) -> Result<()> {
        text("pid", &self.pid, "PID_MISSING")?;
        text("metadata_trans_id", &self.trans_id, "MTRANSID_MISSING")?;
        texts("image_guid", &self.guids, "IMAGE_GUID_MISSING")?;
        // An id that was granted is sent as it is, or not at all; an empty one is neither.
        let granted = |id: &Option<String>| id.as_deref().is_some_and(|id| id.trim().is_empty());
        if granted(&self.session_id) {
            return Err(missing(
                "download_session_id",
                self.session_id.as_deref().unwrap_or_default(),
                "INVALID_DWLDSID",
            ));
        }
        if granted(&self.retry_id) {
            return Err(missing(
                "download_retry_id",
                self.retry_id.as_deref().unwrap_or_default(),
                "MISSING_DW_RETRY_ID",
            ));
        }
        Ok(())
    }
}

fn missing(field: &str, value: impl fmt::Debug, code: &str) -> Error {
    Error::invalid(field, format!("{value:?}"), "it must be given").with("code", code)
}

fn text(field: &str, value: &str, code: &str) -> Result<()> {
    if value.trim().is_empty() {
        return Err(missing(field, value, code));
    }
    if value.len() > LONGEST || value.chars().any(char::is_control) {
        return Err(Error::invalid(field, format!("{value:?}"), "at most 255 bytes without control characters"));
    }
    Ok(())
}

fn texts(field: &str, values: &[String], code: &str) -> Result<()> {
    if values.is_empty() {
        return Err(missing(field, values, code));
    }
    values.iter().try_for_each(|value| text(field, value, code))
}
