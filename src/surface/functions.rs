//! Functions that need no client. They touch nothing but the file that `identify` is told to read.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json as object};
use swim_core::analysis::{Process, Product, Report, support};
use swim_core::image::{ReadAt, identify_deeply, parse_filename, platform_named};
use swim_core::job::JobReport;
use swim_core::model::{Mode, PlatformId};
use swim_core::plan::{self, Plan};
use swim_core::platform::parse::parse_output;
use swim_core::recommend::{HasLatest, Recommendation};
use swim_core::repo::ImportOptions;
use swim_core::version;
use swim_core::{Error, ErrorKind, Result};

use super::arguments::Arguments;
use super::json;
use super::verbs::VERBS;

/// The names of all functions.
pub const FUNCTIONS: &[&str] = &[
    "compare_versions",
    "error_kinds",
    "identify",
    "job_html",
    "job_text",
    "latest_html",
    "latest_text",
    "names",
    "parse_filename",
    "parse_output",
    "plan_diff",
    "plan_digest",
    "plan_html",
    "plan_text",
    "recommendation_html",
    "recommendation_text",
    "report_html",
    "report_svg",
    "report_text",
    "support",
    "version",
];

/// Every kind of error: skins check their own tables against these.
const KINDS: &[ErrorKind] = &[
    ErrorKind::InvalidInput,
    ErrorKind::NotFound,
    ErrorKind::Unsupported,
    ErrorKind::Unreachable,
    ErrorKind::Auth,
    ErrorKind::Privilege,
    ErrorKind::Timeout,
    ErrorKind::Interrupted,
    ErrorKind::Cancelled,
    ErrorKind::NoSpace,
    ErrorKind::Integrity,
    ErrorKind::Incompatible,
    ErrorKind::Blocked,
    ErrorKind::DeviceRejected,
    ErrorKind::UnexpectedReply,
    ErrorKind::AgreementRequired,
    ErrorKind::NotEntitled,
    ErrorKind::Busy,
    ErrorKind::Conflict,
    ErrorKind::LeaseLost,
    ErrorKind::Store,
    ErrorKind::Internal,
];

/// Calls a function by its name. Arguments are an object; `null` stands for none.
///
/// ```
/// use serde_json::json;
/// let order = swim::surface::function("compare_versions", json!({"platform": "ios", "a": "15.2(7)E", "b": "15.2(7)E1"}))?;
/// assert_eq!(order, json!(-1));
/// # Ok::<(), swim::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for a function or argument that does not exist, or a value that does not fit, named in the message;
/// those of the function.
pub fn function(name: &str, arguments: Value) -> Result<Value> {
    let mut a = Arguments::new(name, arguments)?;
    match name {
        "parse_output" => {
            let (platform, command, text): (String, String, String) =
                (a.take("platform")?, a.take("command")?, a.take("text")?);
            a.done()?;
            parse_output(&platform, &command, &text).map(Value::Object)
        }
        "parse_filename" => {
            let name: String = a.take("name")?;
            a.done()?;
            let named = parse_filename(&name);
            let mut told = json(&named)?;
            // The columns are in the words of names; beside them are the words of an imported image.
            told["facts"] = json(&named.facts())?;
            Ok(told)
        }
        "compare_versions" => {
            let (platform, x, y): (String, String, String) = (a.take("platform")?, a.take("a")?, a.take("b")?);
            a.done()?;
            Ok(match version::compare(&platform, &x, &y)? {
                Some(Ordering::Less) => (-1).into(),
                Some(Ordering::Equal) => 0.into(),
                Some(Ordering::Greater) => 1.into(),
                None => Value::Null,
            })
        }
        "identify" => {
            let path: PathBuf = a.take("path")?;
            let file_name: Option<String> = a.optional("file_name")?;
            a.done()?;
            // A name that no image can have says nothing of one.
            if let Some(name) = &file_name {
                ImportOptions::new(name).check()?;
            }
            let file = Opened::new(&path)?;
            let file_name = file_name
                .unwrap_or_else(|| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default());
            json(&identify_deeply(&file, &file_name))
        }
        "plan_text" | "plan_html" | "plan_digest" => {
            let plan: Plan = a.take("plan")?;
            a.done()?;
            Ok(match name {
                "plan_text" => plan.text().into(),
                "plan_html" => plan.html().into(),
                _ => plan.digest()?.to_string().into(),
            })
        }
        "plan_diff" => {
            let (old, new): (Plan, Plan) = (a.take("old")?, a.take("new")?);
            a.done()?;
            json(&plan::diff(&old, &new))
        }
        "report_text" | "report_html" | "report_svg" => {
            let report: Report = a.take("report")?;
            a.done()?;
            Ok(match name {
                "report_text" => report.text(),
                "report_html" => report.html(),
                _ => report.svg(),
            }
            .into())
        }
        "support" => {
            let (platform, process): (PlatformId, Process) = (a.take("platform")?, a.take("process")?);
            let (family, model): (Option<String>, Option<String>) = (a.optional("family")?, a.optional("model")?);
            let mode: Option<Mode> = a.optional("mode")?;
            a.done()?;
            platform_named("platform", &platform.0, &[])?;
            let product = Product { platform: &platform, family: family.as_deref(), model: model.as_deref(), mode };
            json(&support(&product, process))
        }
        "job_text" | "job_html" => {
            let report: JobReport = a.take("report")?;
            a.done()?;
            Ok(if name == "job_text" { report.text() } else { report.html() }.into())
        }
        "recommendation_text" | "recommendation_html" => {
            let it: Recommendation = a.take("recommendation")?;
            a.done()?;
            Ok(if name == "recommendation_text" { it.text() } else { it.html() }.into())
        }
        "latest_text" | "latest_html" => {
            let it: HasLatest = a.take("latest")?;
            a.done()?;
            Ok(if name == "latest_text" { it.text() } else { it.html() }.into())
        }
        "error_kinds" => {
            a.done()?;
            Ok(Value::Object(KINDS.iter().map(|k| (k.name().to_owned(), k.code().into())).collect::<Map<_, _>>()))
        }
        "names" => {
            a.done()?;
            Ok(object!({"verbs": VERBS, "functions": FUNCTIONS}))
        }
        "version" => {
            a.done()?;
            Ok(env!("CARGO_PKG_VERSION").into())
        }
        _ => Err(Error::invalid("function", format!("{name:?}"), "there is no such function")
            .with("known", FUNCTIONS.join(", "))),
    }
}

/// A file that is identified where it lies.
struct Opened {
    file: File,
    size: u64,
}

impl Opened {
    fn new(path: &Path) -> Result<Self> {
        if path.as_os_str().is_empty() {
            return Err(Error::invalid("path", "\"\"", "must be the path of a file"));
        }
        let failed = |e: io::Error| {
            let kind = if e.kind() == io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Store };
            Error::new(kind, "read file", path.display().to_string()).with("path", path.display()).caused_by(e)
        };
        // Looked at before it is opened: opening a FIFO waits for a writer.
        let facts = path.metadata().map_err(failed)?;
        if !facts.is_file() {
            return Err(Error::invalid("path", path.display(), "not a regular file"));
        }
        Ok(Self { file: File::open(path).map_err(failed)?, size: facts.len() })
    }
}

impl ReadAt for Opened {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }
}
