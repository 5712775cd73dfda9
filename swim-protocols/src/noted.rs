//! The version of a far file that a part of it here is of, where a protocol tells it as a size and a time (SFTP, FTP).

use swim_core::Result;
use swim_core::ports::Sink;

/// What is noted of a version: its size, and when it was changed in seconds since 1970.
pub(crate) fn version(bytes: u64, changed: i64) -> String {
    format!("{bytes} bytes, changed {changed}")
}

/// Is the part that is here not known to be of the version that is there now? Where nothing was noted, its content has to
/// tell.
pub(crate) async fn is_outdated(sink: &dyn Sink, now: Option<&str>) -> Result<bool> {
    Ok(sink.version().await?.is_some_and(|noted| now != Some(noted.as_str())))
}

/// Throws such a part away.
#[cfg(feature = "ssh")]
pub(crate) async fn clear_outdated(sink: &dyn Sink, now: Option<&str>) -> Result<()> {
    if is_outdated(sink, now).await? { sink.clear().await } else { Ok(()) }
}
