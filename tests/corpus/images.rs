//! Versions and image names against the corpus. Absent is allowed, wrong is not.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swim_core::image::{PackagesConf, Provenance, TarInfo, cw_tags, identify, package_header, parse_filename};
use swim_core::version::{Scheme, Version, compare};

/// How one set went.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The name of the file.
    pub(crate) set: &'static str,
    /// Fields or pairs that are as expected.
    pub(crate) matched: usize,
    /// All fields or pairs.
    pub(crate) total: usize,
    /// What was answered, and is not so.
    pub(crate) wrong: Vec<String>,
}

/// Runs every set below the corpus folder; `None` when the corpus is not present.
pub(crate) fn run(corpus: &Path) -> Option<Vec<Outcome>> {
    let outcomes = vec![
        pairs(corpus, "versions.csv", |p, a, b| {
            let there = compare(p, a, b).ok()??;
            let back = compare(p, b, a).ok()??;
            Some(there == Ordering::Less && back == Ordering::Greater)
        })?,
        pairs(corpus, "versions_equal.csv", |p, a, b| Some(compare(p, a, b).ok()?? == Ordering::Equal))?,
        pairs(corpus, "versions_incomparable.csv", |p, a, b| Some(compare(p, a, b).ok()?.is_none()))?,
        one_order(corpus)?,
        dual(corpus)?,
        filenames(corpus)?,
        catalogue(corpus)?,
        description_rows(corpus)?,
        package_headers(corpus)?,
        provisioning(corpus)?,
        archive_info(corpus)?,
    ];
    for outcome in &outcomes {
        println!(
            "{} matched {} of {} fields, {} wrong",
            outcome.set,
            outcome.matched,
            outcome.total,
            outcome.wrong.len()
        );
    }
    Some(outcomes)
}

fn rows(corpus: &Path, file: &str) -> Option<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(corpus.join(file)).ok()?;
    Some(text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect())
}

impl Outcome {
    /// A set of which nothing is checked yet.
    const fn new(set: &'static str) -> Self {
        Self { set, matched: 0, total: 0, wrong: Vec::new() }
    }

    /// Counts one field.
    fn check<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, answer: T, expected: T) {
        self.total += 1;
        if answer == expected {
            self.matched += 1;
        } else {
            self.wrong.push(format!("{what}: {answer:?} is not {expected:?}"));
        }
    }
}

fn pairs(corpus: &Path, set: &'static str, holds: fn(&str, &str, &str) -> Option<bool>) -> Option<Outcome> {
    let mut outcome = Outcome { set, matched: 0, total: 0, wrong: Vec::new() };
    for row in rows(corpus, set)?.iter().filter(|row| row.len() >= 3) {
        outcome.total += 1;
        match holds(&row[0], &row[1], &row[2]) {
            Some(true) => outcome.matched += 1,
            _ => outcome.wrong.push(row.join(",")),
        }
    }
    Some(outcome)
}

/// All spellings of a platform in one order: what is not newer than what is not newer is not newer, and equal is equal.
fn one_order(corpus: &Path) -> Option<Outcome> {
    let mut pools: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in ["versions.csv", "versions_equal.csv", "versions_incomparable.csv"] {
        for row in rows(corpus, file)?.into_iter().filter(|row| row.len() >= 3) {
            pools.entry(row[0].clone()).or_default().extend(row[1..3].iter().cloned());
        }
    }
    let mut outcome = Outcome::new("one order");
    for (platform, texts) in pools {
        let scheme = Scheme::of_platform(&platform).ok()?;
        let pool: Vec<Version> = texts.iter().filter_map(|text| Version::parse(scheme, text).ok()).collect();
        let orders: Vec<Vec<_>> = pool.iter().map(|a| pool.iter().map(|b| a.compare(b)).collect()).collect();
        for (a, of_a) in orders.iter().enumerate() {
            for (b, ab) in of_a.iter().enumerate() {
                for (c, bc) in orders[b].iter().enumerate() {
                    let (Some(ab), Some(bc)) = (ab, bc) else { continue };
                    if ab.is_le() && bc.is_le() {
                        let what = || format!("{} {} {}", pool[a], pool[b], pool[c]);
                        outcome.total += 1;
                        match of_a[c] == Some(ab.then(*bc)) {
                            true => outcome.matched += 1,
                            false => outcome.wrong.push(what()),
                        }
                    }
                }
            }
        }
    }
    Some(outcome)
}

fn dual(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome { set: "dual_numbering.csv", matched: 0, total: 0, wrong: Vec::new() };
    for row in rows(corpus, outcome.set)? {
        outcome.total += 1;
        let answer = Version::parse(Scheme::IosXe, &row[0]).ok().and_then(|v| v.ios_counterpart()).map(|v| v.normal());
        match answer {
            Some(text) if text == row[1] => outcome.matched += 1,
            Some(text) => outcome.wrong.push(format!("{}: {text}", row.join(","))),
            None => {}
        }
    }
    Some(outcome)
}

fn filenames(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome { set: "filenames.csv", matched: 0, total: 0, wrong: Vec::new() };
    for row in rows(corpus, outcome.set)?.iter().filter(|row| row.len() >= 8) {
        let facts = parse_filename(&row[0]);
        let k9 = facts.k9.map(|k9| if k9 { "yes" } else { "no" }.to_owned());
        let fields =
            [facts.platform, facts.family, facts.version, facts.feature_set, k9, facts.image_type, facts.alt_version];
        for (column, (expected, answer)) in row[1..8].iter().zip(&fields).enumerate() {
            outcome.total += 1;
            match answer {
                Some(answer) if answer == expected => outcome.matched += 1,
                None if expected.is_empty() => outcome.matched += 1,
                None => println!("{} column {column}: nothing, {expected:?} is there", row[0]),
                Some(answer) => {
                    outcome.wrong.push(format!("{} column {column}: {answer:?} is not {expected:?}", row[0]))
                }
            }
        }
    }
    Some(outcome)
}

/// What the product of a vendor read in the names of images, as it writes versions.
fn catalogue(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome::new("catalog_fixture.csv");
    for row in rows(corpus, outcome.set)?.iter().filter(|row| row.len() >= 2) {
        let facts = parse_filename(&row[0]);
        let scheme = facts.platform.as_deref().and_then(|platform| Scheme::of_platform(platform).ok());
        let read = |text: &str| Version::parse(scheme?, text).ok();
        let (ours, theirs) = (facts.version.as_deref().and_then(read), read(&row[1]));
        let same = matches!((&ours, &theirs), (Some(a), Some(b)) if a.same_release(b));
        outcome.check(&format!("{} is {}", row[0], row[1]), same, true);
    }
    Some(outcome)
}

/// Rows of description blocks: each keeps its key and value, and each sample is one block in order.
fn description_rows(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome::new("cw_tags.csv");
    let text = std::fs::read_to_string(corpus.join(outcome.set)).ok()?;
    let mut samples: Vec<(&str, Vec<String>)> = Vec::new();
    for line in text.lines().skip(1) {
        let mut fields = line.splitn(3, ',');
        let (Some(sample), Some(_), Some(row)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let quoted = row.strip_prefix('"').and_then(|row| row.strip_suffix('"'));
        let row = quoted.map_or_else(|| row.to_owned(), |row| row.replace("\"\"", "\""));
        match samples.last_mut().filter(|(last, _)| *last == sample) {
            Some((_, rows)) => rows.push(row),
            None => samples.push((sample, vec![row])),
        }
    }
    for (sample, rows) in samples {
        let block = cw_tags(rows.iter().map(String::as_str));
        outcome.check(&format!("{sample}: rows"), block.tags.len(), rows.len());
        for (row, tag) in rows.iter().zip(&block.tags) {
            let bare = row.trim_start_matches('"');
            let bare = bare.strip_suffix(['$', '+']).unwrap_or(bare);
            let expected = bare.replacen("=$", "$", 1);
            outcome.check(&format!("{sample}: {row}"), format!("CW_{}${}", tag.key, tag.value), expected);
            outcome.check(&format!("{sample}: {row} complete"), tag.complete, row.ends_with('$'));
        }
        let framed = rows.first().is_some_and(|row| row.contains("CW_BEGIN"))
            && rows.last().is_some_and(|row| row.contains("CW_END"));
        outcome.check(&format!("{sample}: frame"), block.is_complete(), framed);
        // The same rows inside a file: a platform that is known gets its own version, another one none.
        let facts = identify(&rows.join("\0").into_bytes(), "prod.bin");
        let version = facts.version.map(|version| version.value.as_str().to_owned());
        let told = block.get("VERSION").map(str::to_owned);
        outcome.check(&format!("{sample}: version"), version.is_none() || version == told, true);
    }
    Some(outcome)
}

/// The beginning of a real package header: eight entries, the last one cut.
fn package_headers(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome::new("xe_tlv_sample.hex");
    let digits: Vec<u8> = std::fs::read(corpus.join(outcome.set)).ok()?;
    let digits: String = digits.iter().filter(|b| b.is_ascii_hexdigit()).map(|b| char::from(*b)).collect();
    let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Vec<u8> = (0..digits.len() / 2).filter_map(|index| byte(2 * index)).collect();
    let header = package_header(&bytes).unwrap_or_default();
    let offsets: Vec<usize> = header.entries.iter().map(|entry| entry.offset).collect();
    outcome.check("offsets", offsets, vec![0, 40, 60, 92, 116, 144, 168, 200]);
    let expected = [
        "KEY_TLV_PACKAGE_COMPATIBILITY",
        "FRU_RP_TYPE",
        "KEY_TLV_PACKAGE_BOOTARCH",
        "ARCH_i686_TYPE",
        "KEY_TLV_BOARD_COMPAT",
        "BOARD_cat9k_TYPE",
        "KEY_TLV_CRYPTO_KEYSTRING",
        "",
    ];
    let texts: Vec<&str> = header.texts().collect();
    outcome.check("count", texts.len(), expected.len());
    for (text, expected) in texts.into_iter().zip(expected) {
        outcome.check("text", text, expected);
    }
    outcome.check("cut", header.cut, true);
    let facts = identify(&bytes, "prod.bin");
    let fits: Vec<&str> = facts.compatibility.iter().map(|field| field.value.as_str()).collect();
    outcome.check("compatibility", fits, vec!["FRU_RP_TYPE", "ARCH_i686_TYPE", "BOARD_cat9k_TYPE"]);
    outcome.check("version", facts.version.is_none(), true);
    Some(outcome)
}

/// A provisioning file: every line finds its place, and every package is among the files that must stay.
fn provisioning(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome::new("packages_conf_sample.txt");
    let text = std::fs::read_to_string(corpus.join(outcome.set)).ok()?;
    let Ok(conf) = PackagesConf::parse(&text) else {
        outcome.check("readable", false, true);
        return Some(outcome);
    };
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("boot ") || line.starts_with("iso ")).collect();
    outcome.check("uses", conf.uses.len(), lines.len());
    for (line, used) in lines.iter().zip(&conf.uses) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = [&used.verb, &used.fru, &used.slot, &used.bay, &used.name, &used.file];
        outcome.check(line, answer.map(String::as_str).to_vec(), words);
        outcome.check(line, conf.files().contains(used.file.as_str()), true);
    }
    for line in text.lines().filter_map(|line| line.strip_prefix("# pkginfo: ")) {
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        outcome.check(line, conf.info(key.trim_start_matches('.')), Some(value));
    }
    outcome.check("sha1", conf.sha1.is_some(), text.contains("sha1sum: "));
    outcome.check("sha256", conf.sha256.is_some(), text.contains("sha256sum: "));
    outcome.check("lines that are not understood", conf.unknown.len(), 0);
    let facts = identify(&text.clone().into_bytes(), "packages.conf");
    let version = facts.version.map(|version| (version.value.normal(), version.from));
    outcome.check("version", version, Some(("17.9.5".to_owned(), Provenance::Header)));
    outcome.check("family", facts.family.map(|family| family.value), Some("cat9k_lite".to_owned()));
    outcome.check("feature set", facts.feature_set.map(|set| set.value), Some("universalk9".to_owned()));
    Some(outcome)
}

/// Descriptions of archives: every key of every sample, and what follows from them.
fn archive_info(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome::new("tar_info_samples.txt");
    let text = std::fs::read_to_string(corpus.join(outcome.set)).ok()?;
    let samples: Vec<&str> = text.split("# sample ").skip(1).filter_map(|s| Some(s.split_once('\n')?.1)).collect();
    for (number, sample) in samples.iter().enumerate() {
        let info = TarInfo::parse(sample);
        let read: Vec<String> = info.blocks.iter().flatten().map(|(key, value)| format!("{key}:{value}")).collect();
        let lines = sample.lines().filter(|line| !line.starts_with("info_end") && line.contains(':'));
        let expected: Vec<String> = lines.map(|line| line.replacen(": ", ":", 1)).collect();
        outcome.check(&format!("sample {}: lines", number + 1), read.len(), expected.len());
        for (answer, expected) in read.into_iter().zip(expected) {
            outcome.check(&format!("sample {}", number + 1), answer, expected);
        }
        let facts = identify(&archive(sample), "prod.tar");
        outcome.check("container", facts.container.map(|c| c.value), Some("ios_tar".to_owned()));
        let named = info.get("image_name").and_then(|name| parse_filename(name).version);
        let version = facts.version.map(|version| version.value.normal());
        outcome.check(&format!("sample {}: version", number + 1), version, named);
        let flash = info.get("total_image_file_size").and_then(|size| size.parse().ok());
        outcome.check("flash", facts.min_flash.map(|bytes| bytes.value), flash);
        let memory = ["MIN_DRAM_MEG=", "image_min_dram: "].iter().find_map(|mark| {
            let digits: String = sample.split_once(mark)?.1.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().ok()
        });
        outcome.check("memory", facts.min_ram.map(|bytes| bytes.value), memory.map(|mib| mib << 20));
    }
    Some(outcome)
}

/// An archive with a description and nothing else.
fn archive(info: &str) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..4].copy_from_slice(b"info");
    header[124..135].copy_from_slice(format!("{:011o}", info.len()).as_bytes());
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend(info.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}
