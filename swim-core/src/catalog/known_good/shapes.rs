//! The three shapes of lists. What is believed of them is what is understood; the rest is said.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{KnownGood, KnownValue};
use crate::document::shown;
use crate::{Error, ErrorKind, Result};

/// The operation of all errors about lists.
pub(super) const OPERATION: &str = "read known good values";

/// Remarks that are kept; a list that is not understood at all has as many as it has fields.
const REMARKS: usize = 50;

/// What published entries have. `biv_hash` is a measurement of a boot, of no file.
const OF_ENTRIES: [&str; 12] = [
    "biv_hash",
    "dtype",
    "filename",
    "md5",
    "pkg",
    "platform",
    "published",
    "sha1",
    "sha256",
    "sha512",
    "type",
    "version",
];

/// Reads a list.
pub(super) fn read(list: &Value) -> Result<KnownGood> {
    let mut out = Out::default();
    let whole = list.as_object().ok_or_else(|| wrong("the list", list, "must be an object"))?;
    let shape = if let Some(products) = whole.get("products") {
        for (at, product) in items("products", products)? {
            out.product(&at, product)?;
        }
        "products"
    } else if let Some(platforms) = whole.get("platforms") {
        for (at, group) in items("platforms", platforms)? {
            for (name, platform) in fields(&at, group)? {
                out.platform(&format!("{at}.{name:?}"), name, platform)?;
            }
        }
        "platforms"
    } else if let Some(bulk) = whole.get("bulkHash") {
        for (at, one) in items("bulkHash", bulk)? {
            out.bulk(&at, one)?;
        }
        "bulk_hash"
    } else {
        let why = "it has neither `products` nor `platforms` nor `bulkHash`";
        return Err(Error::new(ErrorKind::InvalidInput, OPERATION, why));
    };
    let used = if shape == "bulk_hash" { "bulkHash" } else { shape };
    out.passed_over("", whole, &["header", used]);
    if let Some(first) = out.remarks().first().filter(|_| out.values.is_empty()) {
        let message = format!("it has no value of a file: {first}");
        return Err(Error::new(ErrorKind::InvalidInput, OPERATION, message));
    }
    let format = whole.get("header").and_then(|header| header.get("version")).and_then(Value::as_str);
    Ok(KnownGood {
        shape: shape.to_owned(),
        format: format.map(str::to_owned),
        remarks: out.remarks(),
        values: out.values,
    })
}

/// What is read so far.
#[derive(Default)]
struct Out {
    values: Vec<KnownValue>,
    /// What was passed over: where first, and how often.
    odd: BTreeMap<String, (String, usize)>,
}

impl Out {
    /// `products`: versions of operating systems with their entries.
    fn product(&mut self, at: &str, product: &Value) -> Result<()> {
        let product = fields(at, product)?;
        let name = product.get("product").and_then(Value::as_str);
        for (field, versions) in product.iter().filter(|(field, _)| field.ends_with("Versions")) {
            // Those of boot code are of no file.
            if field == "osImageVersions" {
                self.versions(&format!("{at}.{field}"), versions, name)?;
            }
        }
        self.passed_over(at, product, &["product", "*Versions"]);
        Ok(())
    }

    /// `platforms`: the same with spaces in its names, and versions in lists.
    fn platform(&mut self, at: &str, name: &str, platform: &Value) -> Result<()> {
        let platform = fields(at, platform)?;
        if let Some(versions) = platform.get("OS Image Versions") {
            self.versions(&format!("{at}.\"OS Image Versions\""), versions, Some(name))?;
        }
        self.passed_over(at, platform, &["* Versions"]);
        Ok(())
    }

    fn versions(&mut self, at: &str, versions: &Value, product: Option<&str>) -> Result<()> {
        for (at, version) in items(at, versions)? {
            let version = fields(&at, version)?;
            let number = version.get("version").and_then(|number| number.as_str().or_else(|| number.get(0)?.as_str()));
            if let Some(entries) = version.get("entries") {
                for (at, entry) in items(&format!("{at}.entries"), entries)? {
                    self.entry(&at, entry, product, number)?;
                }
            }
            self.passed_over(&at, version, &["version", "entries"]);
        }
        Ok(())
    }

    /// `bulkHash`: files one after the other, bundles with the packages inside.
    fn bulk(&mut self, at: &str, one: &Value) -> Result<()> {
        let product = fields(at, one)?.get("platform").and_then(Value::as_str);
        self.entry(at, one, product, None)?;
        if let Some(packages) = one.get("pkg").filter(|packages| !packages.is_null()) {
            for (at, package) in items(&format!("{at}.pkg"), packages)? {
                self.entry(&at, package, product, None)?;
            }
        }
        Ok(())
    }

    /// A file with a name and at least one digest; boot code has neither.
    fn entry(&mut self, at: &str, entry: &Value, product: Option<&str>, version: Option<&str>) -> Result<()> {
        let entry = fields(at, entry)?;
        self.passed_over(at, entry, &OF_ENTRIES);
        let value = KnownValue {
            file_name: text(at, entry, "filename")?.unwrap_or_default().to_owned(),
            md5: digest(at, entry, "md5", 32)?,
            sha1: digest(at, entry, "sha1", 40)?,
            sha256: digest(at, entry, "sha256", 64)?,
            sha512: digest(at, entry, "sha512", 128)?,
            product: product.map(str::to_owned),
            version: version.map(str::to_owned),
        };
        let digests = [&value.md5, &value.sha1, &value.sha256, &value.sha512];
        let (named, known) = (!value.file_name.is_empty(), digests.iter().any(|digest| digest.is_some()));
        match (named, known) {
            (true, true) if value.file_name.len() > 255 => self.odd("a file name of more than 255 bytes", at),
            (true, true) => self.values.push(value),
            (true, false) if !entry.contains_key("biv_hash") => self.odd("a file without a digest", at),
            (false, true) => self.odd("a digest without a file name", at),
            (false, false) if !entry.contains_key("biv_hash") => self.odd("an entry of no file", at),
            _ => {}
        }
        Ok(())
    }

    fn odd(&mut self, what: &str, at: &str) {
        self.odd.entry(what.to_owned()).or_insert_with(|| (at.to_owned(), 0)).1 += 1;
    }

    /// Remarks fields that are none of these; a star stands for any beginning.
    fn passed_over(&mut self, at: &str, object: &Map<String, Value>, known: &[&str]) {
        let fits = |name: &str| {
            known.iter().any(|known| known.strip_prefix('*').map_or(*known == name, |end| name.ends_with(end)))
        };
        for name in object.keys().filter(|name| !fits(name)) {
            let shown: String = name.chars().take(80).collect();
            self.odd(&format!("a field {shown:?}"), if at.is_empty() { "the list" } else { at });
        }
    }

    fn remarks(&self) -> Vec<String> {
        let told = self.odd.iter().map(|(what, (at, times))| match times {
            1 => format!("{what} is passed over: at {at}"),
            many => format!("{what} is passed over: {many} times, first at {at}"),
        });
        let mut told: Vec<String> = told.take(REMARKS).collect();
        if let Some(more) = self.odd.len().checked_sub(REMARKS).filter(|more| *more > 0) {
            told.push(format!("{more} more remarks are left out"));
        }
        told
    }
}

/// The items of a list with their places.
fn items<'a>(at: &str, list: &'a Value) -> Result<impl Iterator<Item = (String, &'a Value)> + use<'a>> {
    let items = list.as_array().ok_or_else(|| wrong(at, list, "must be a list"))?;
    let at = at.to_owned();
    Ok(items.iter().enumerate().map(move |(n, item)| (format!("{at}[{n}]"), item)))
}

fn fields<'a>(at: &str, value: &'a Value) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| wrong(at, value, "must be an object"))
}

/// A text that may be absent: `null` and the empty one are.
fn text<'a>(at: &str, entry: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>> {
    match entry.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(other) => Err(wrong(&format!("{at}.{field}"), other, "must be a text")),
    }
}

fn digest(at: &str, entry: &Map<String, Value>, field: &str, digits: usize) -> Result<Option<String>> {
    let Some(text) = text(at, entry, field)? else { return Ok(None) };
    if text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Some(text.to_ascii_lowercase()));
    }
    let why = format!("must be {digits} hexadecimal digits");
    Err(wrong(&format!("{at}.{field}"), &Value::from(text), &why))
}

fn wrong(at: &str, value: &Value, why: &str) -> Error {
    let value = shown(value);
    let message = format!("{at} = {value}: {why}");
    Error::new(ErrorKind::InvalidInput, OPERATION, message).with("field", at).with("value", value)
}
