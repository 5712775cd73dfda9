//! Which process of image management a product takes: the support matrix, as data.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::beginning::{begins, begins_with_word};
use crate::model::{Inventory, Mode, PlatformId};
use crate::{Error, Result};

/// Something that is done with images and devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Process {
    /// The running image of a device is brought to the repository.
    ImportFromDevice,
    /// An image file is imported.
    ImportFromFile,
    /// An image is imported from a URL.
    ImportFromUrl,
    /// An image is imported from a server by a protocol, with a login.
    ImportByProtocol,
    /// An image is brought to devices, and they are upgraded.
    Distribution,
    /// An image is recommended for a device.
    Recommendation,
    /// It is judged which devices may run an image.
    Analysis,
}

impl Process {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ImportFromDevice,
        Self::ImportFromFile,
        Self::ImportFromUrl,
        Self::ImportByProtocol,
        Self::Distribution,
        Self::Recommendation,
        Self::Analysis,
    ];

    /// Its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImportFromDevice => "import_from_device",
            Self::ImportFromFile => "import_from_file",
            Self::ImportFromUrl => "import_from_url",
            Self::ImportByProtocol => "import_by_protocol",
            Self::Distribution => "distribution",
            Self::Recommendation => "recommendation",
            Self::Analysis => "analysis",
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Process {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|process| process.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::invalid("process", format!("{name:?}"), &format!("it is one of {names}"))
        })
    }
}

/// What is known of a product; the more, the closer the answer.
#[derive(Clone, Copy, Debug)]
pub struct Product<'a> {
    /// The platform: `ios_xe`.
    pub platform: &'a PlatformId,
    /// The product family, as images write it: `cat3k_caa`.
    pub family: Option<&'a str>,
    /// The product id: `WS-C3850-48T`.
    pub model: Option<&'a str>,
    /// Install or bundle.
    pub mode: Option<Mode>,
}

impl<'a> Product<'a> {
    /// A product of which only the platform is known.
    #[must_use]
    pub const fn new(platform: &'a PlatformId) -> Self {
        Self { platform, family: None, model: None, mode: None }
    }

    /// The product that a device is.
    #[must_use]
    pub fn of(inventory: &'a Inventory) -> Self {
        Self { model: inventory.model.as_deref(), mode: inventory.mode, ..Self::new(&inventory.platform) }
    }
}

/// Is it supported?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, and `why` says the reason.
    No,
    /// Only under the `condition`, and whether that holds is not known.
    Conditional,
    /// The matrix does not say.
    Unknown,
}

/// What the matrix says of a process on a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Support {
    /// The process.
    pub process: Process,
    /// Is it supported?
    pub answer: Answer,
    /// The row that answers; absent when none fits the product.
    pub product: Option<String>,
    /// Under which condition it is supported: `bundle mode`.
    pub condition: Option<String>,
    /// Why it is not supported, or not always.
    pub why: Option<String>,
    /// Where the row comes from.
    pub source: Option<String>,
}

/// One row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    platform: PlatformId,
    #[serde(default)]
    families: Vec<String>,
    /// Beginnings of product ids, upper case.
    #[serde(default)]
    models: Vec<String>,
    source: String,
    supported: Vec<Process>,
    #[serde(default)]
    not_supported: BTreeMap<Process, String>,
    #[serde(default)]
    not_in_install_mode: BTreeMap<Process, String>,
}

#[derive(Debug, Default, Deserialize)]
struct Matrix {
    product: Vec<Row>,
}

static MATRIX: LazyLock<Matrix> = LazyLock::new(|| toml::from_str(include_str!("matrix.toml")).unwrap_or_default());

impl Row {
    fn fits(&self, product: &Product<'_>) -> bool {
        let any = self.families.is_empty() && self.models.is_empty();
        let family = |f: &str| self.families.iter().any(|own| begins_with_word(f, own));
        let model = |m: &str| self.models.iter().any(|own| begins(m, own));
        self.platform == *product.platform
            && (any || product.model.is_some_and(model) || product.family.is_some_and(family))
    }
}

/// Is a process supported on a product?
///
/// ```
/// use swim_core::analysis::{Answer, Process, Product, support};
/// use swim_core::model::{Mode, PlatformId};
/// let (xe, aireos) = (PlatformId("ios_xe".into()), PlatformId("aireos".into()));
/// assert_eq!(support(&Product::new(&aireos), Process::Analysis).answer, Answer::No);
/// let switch = Product { model: Some("WS-C3850-48T"), ..Product::new(&xe) };
/// assert_eq!(support(&switch, Process::ImportFromDevice).condition.as_deref(), Some("bundle mode"));
/// let switch = Product { mode: Some(Mode::Install), ..switch };
/// assert_eq!(support(&switch, Process::ImportFromDevice).answer, Answer::No);
/// ```
#[must_use]
pub fn support(product: &Product<'_>, process: Process) -> Support {
    let Some(row) = MATRIX.product.iter().find(|row| row.fits(product)) else {
        return Support { process, answer: Answer::Unknown, product: None, condition: None, why: None, source: None };
    };
    let (answer, condition, why) = if let Some(why) = row.not_supported.get(&process) {
        (Answer::No, None, Some(why))
    } else if let Some(why) = row.not_in_install_mode.get(&process) {
        match product.mode {
            Some(Mode::Install) => (Answer::No, Some("bundle mode"), Some(why)),
            Some(_) => (Answer::Yes, None, None),
            None => (Answer::Conditional, Some("bundle mode"), Some(why)),
        }
    } else if row.supported.contains(&process) {
        (Answer::Yes, None, None)
    } else {
        (Answer::Unknown, None, None)
    };
    Support {
        process,
        answer,
        product: Some(row.name.clone()),
        condition: condition.map(str::to_owned),
        why: why.cloned(),
        source: Some(row.source.clone()),
    }
}
