//! Questions to the index: each is one statement.

use async_trait::async_trait;
use rusqlite::{Connection, Row, ToSql, params, params_from_iter};
use serde_json::Value;
use swim_core::model::{DeviceId, Sha256};
use swim_core::ports::Index;
use swim_core::repo::{By, COLUMNS, Group, How, ImageQuery, InUse, Usage};
use swim_core::{Error, ErrorKind, Result};

use super::SqliteStore;
use super::failure::failed;
use super::records::parse;

/// Shorter texts have no trigram.
const TRIGRAM: usize = 3;

/// A statement and its parameters.
struct Statement {
    sql: String,
    values: Vec<Box<dyn ToSql + Send>>,
}

impl Statement {
    /// The number of a new parameter, as it is written.
    fn bind(&mut self, value: impl ToSql + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("?{}", self.values.len())
    }
}

fn in_trigrams(text: &str) -> bool {
    text.chars().count() >= TRIGRAM
}

/// A phrase of the trigram index.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn find_statement(query: &ImageQuery) -> Statement {
    let mut s = Statement { sql: String::new(), values: Vec::new() };
    let mut holds: Vec<String> = Vec::new();
    if let Some(part) = query.anywhere() {
        if in_trigrams(&part) {
            let text = s.bind(phrase(&part));
            let mut found = format!("SELECT rowid FROM image_text WHERE image_text MATCH {text}");
            if let Some(digits) = ImageQuery::digits(&part) {
                // Hexadecimal digits end with f.
                let (from, to) = (s.bind(digits.to_owned()), s.bind(format!("{digits}g")));
                found += &format!(" UNION SELECT image FROM image_digests WHERE digest >= {from} AND digest < {to}");
            }
            holds.push(format!("i.ordinal IN ({found})"));
        } else {
            let part = s.bind(part);
            let columns: Vec<String> = COLUMNS.iter().map(|column| format!("instr(i.{column}, {part}) > 0")).collect();
            holds.push(format!("({})", columns.join(" OR ")));
        }
    }
    let mut phrases = Vec::new();
    for condition in query.conditions() {
        let (column, texts) = (condition.column, condition.texts);
        let plain = |text: &String| !text.contains('\n');
        let indexed = texts.iter().all(|text| in_trigrams(text.trim_matches('\n')));
        if indexed {
            let any: Vec<String> = texts.iter().map(|text| phrase(text.trim_matches('\n'))).collect();
            phrases.push(format!("{column} : ({})", any.join(" OR ")));
        }
        // The index knows what is inside of a field, and not where it ends.
        if !indexed || !texts.iter().all(plain) {
            let field = format!("char(10) || i.{column} || char(10)");
            let any: Vec<String> =
                texts.into_iter().map(|text| format!("instr({field}, {}) > 0", s.bind(text))).collect();
            holds.push(format!("({})", any.join(" OR ")));
        }
    }
    if !phrases.is_empty() {
        let text = s.bind(phrases.join(" AND "));
        holds.push(format!("i.ordinal IN (SELECT rowid FROM image_text WHERE image_text MATCH {text})"));
    }
    let key = format!("i.by_{}", query.sort.name());
    let (than, order) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    if let Some((start, image)) = query.start() {
        let (start, image) = (s.bind(start), s.bind(image.to_string()));
        holds.push(format!("({key}, i.image) {than} ({start}, {image})"));
    }
    let holds = if holds.is_empty() { "1".to_owned() } else { holds.join(" AND ") };
    let limit = s.bind(query.limit.map_or(-1, i64::from));
    // A cross join keeps its order: the index first, then the record of each image that it found.
    s.sql = format!(
        "SELECT r.key, r.value FROM image_index i CROSS JOIN records r ON r.name = 'images' AND r.key = i.image
         WHERE {holds} ORDER BY {key} {order}, i.image {order} LIMIT {limit}"
    );
    s
}

/// What devices name and the image ?1 is, with by what.
const MATCHED: &str = "
    matched (software, by) AS (
        SELECT s.ordinal, iif(s.bytes = i.bytes, 0, 1)
        FROM image_index i JOIN known_names n ON n.image = i.image
        JOIN software s ON s.name = n.name AND s.name <> '' AND s.bytes IN (i.bytes, -1)
        WHERE i.image = ?1
        UNION
        SELECT s.ordinal, 2
        FROM image_index i JOIN software s ON s.name = '' AND s.family = i.family AND s.release = i.release
        WHERE i.image = ?1 AND i.family <> '' AND i.release <> ''
    )";

fn usage_statement() -> String {
    format!(
        "WITH {MATCHED}, page (device) AS (
            SELECT DISTINCT u.device FROM matched m JOIN uses u ON u.software = m.software
            WHERE u.device > ?2 ORDER BY u.device LIMIT ?3
        )
        SELECT u.device, u.how, m.by, s.said
        FROM page p JOIN matched m JOIN uses u ON u.software = m.software AND u.device = p.device
        JOIN software s ON s.ordinal = u.software
        ORDER BY u.device, u.how, s.said, s.name, s.bytes, s.family, s.release"
    )
}

fn users_statement() -> String {
    format!("WITH {MATCHED} SELECT count(DISTINCT u.device) FROM matched m JOIN uses u ON u.software = m.software")
}

/// The counts are kept by software, of which there is little; images are found for each of them.
const MOST_USED: &str = "
    SELECT group_concat(said, char(10)), images, sum(devices) AS all_devices FROM (
        SELECT s.ordinal, s.said, s.devices, (
            SELECT group_concat(image) FROM (
                SELECT i.image FROM known_names n JOIN image_index i ON i.image = n.image
                WHERE n.name = s.name AND s.name <> '' AND s.bytes IN (i.bytes, -1)
                UNION
                SELECT i.image FROM image_index i
                WHERE s.name = '' AND s.family <> '' AND s.release <> ''
                  AND i.family = s.family AND i.release = s.release
                ORDER BY 1
            )
        ) AS images
        FROM software s WHERE s.devices > 0 ORDER BY s.said
    )
    GROUP BY coalesce(images, ordinal) ORDER BY all_devices DESC, min(said) LIMIT ?1";

const GROUPS: &str = "SELECT image_type, family, count(*), sum(bytes) FROM image_index GROUP BY image_type, family";

fn ids(text: Option<String>) -> Result<Vec<Sha256>> {
    text.iter().flat_map(|text| text.split(',')).map(str::parse).collect()
}

fn usage(row: &Row<'_>) -> rusqlite::Result<(String, usize, usize, String)> {
    Ok((row.get(0)?, row.get::<_, i64>(1)? as usize, row.get::<_, i64>(2)? as usize, row.get(3)?))
}

fn odd(operation: &str) -> Error {
    Error::new(ErrorKind::Store, operation, "the index has a number that it never wrote")
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

#[async_trait]
impl Index for SqliteStore {
    async fn find(&self, query: &ImageQuery) -> Result<Vec<(String, Value)>> {
        let operation = "find images";
        let statement = find_statement(query);
        self.read(operation, move |db| {
            let mut find = db.prepare_cached(&statement.sql).map_err(failed(operation))?;
            let rows = find
                .query_map(params_from_iter(statement.values.iter()), |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
                })
                .map_err(failed(operation))?;
            rows.map(|row| {
                let (key, text) = row.map_err(failed(operation))?;
                Ok((key, parse(operation, &text)?))
            })
            .collect()
        })
        .await
    }

    async fn groups(&self) -> Result<Vec<Group>> {
        let operation = "group images";
        self.read(operation, move |db| {
            let mut select = db.prepare_cached(GROUPS).map_err(failed(operation))?;
            let group = |row: &Row<'_>| {
                let (kind, family): (String, String) = (row.get(0)?, row.get(1)?);
                Ok(Group::new(&kind, &family, count(row, 2)?, count(row, 3)?))
            };
            let rows = select.query_map([], group).map_err(failed(operation))?;
            rows.collect::<rusqlite::Result<_>>().map_err(failed(operation))
        })
        .await
    }

    async fn usage(&self, image: &Sha256, after: Option<&DeviceId>, limit: Option<u32>) -> Result<Vec<Usage>> {
        let operation = "list devices of image";
        let image = image.to_string();
        let after = after.map(|after| after.as_str().to_owned()).unwrap_or_default();
        self.read(operation, move |db| {
            let mut select = db.prepare_cached(&usage_statement()).map_err(failed(operation))?;
            let rows = select
                .query_map(params![image, after, limit.map_or(-1, i64::from)], usage)
                .map_err(failed(operation))?;
            rows.map(|row| {
                let (device, how, by, said) = row.map_err(failed(operation))?;
                let how = *How::ALL.get(how).ok_or_else(|| odd(operation))?;
                let by = *By::ALL.get(by).ok_or_else(|| odd(operation))?;
                Ok(Usage::new(DeviceId::new(device)?, how, by, said))
            })
            .collect()
        })
        .await
    }

    async fn users(&self, image: &Sha256) -> Result<u64> {
        let operation = "count devices of image";
        let image = image.to_string();
        self.read(operation, move |db| {
            db.prepare_cached(&users_statement())
                .and_then(|mut select| select.query_row([image], |row| count(row, 0)))
                .map_err(failed(operation))
        })
        .await
    }

    async fn most_used(&self, most: u32) -> Result<Vec<InUse>> {
        let operation = "list most used images";
        self.read(operation, move |db| {
            let mut select = db.prepare_cached(MOST_USED).map_err(failed(operation))?;
            let rows = select
                .query_map([most], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, count(row, 2)?)))
                .map_err(failed(operation))?;
            rows.map(|row| {
                let (said, images, devices) = row.map_err(failed(operation))?;
                Ok(InUse::new(said.split('\n').map(str::to_owned).collect(), ids(images)?, devices))
            })
            .collect()
        })
        .await
    }
}

/// A question whose plan can be shown.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Question {
    /// [`Index::find`].
    Find(Box<ImageQuery>),
    /// [`Index::groups`].
    Groups,
    /// [`Index::usage`].
    Usage,
    /// [`Index::most_used`].
    MostUsed,
}

impl SqliteStore {
    /// How SQLite answers a question: the lines of `EXPLAIN QUERY PLAN`.
    ///
    /// # Errors
    /// `Store`.
    pub async fn explain(&self, question: &Question) -> Result<Vec<String>> {
        let operation = "explain question";
        let (sql, bound) = match question {
            Question::Find(query) => {
                let statement = find_statement(query);
                (statement.sql, statement.values)
            }
            Question::Groups => (GROUPS.to_owned(), Vec::new()),
            Question::Usage => (usage_statement(), Vec::new()),
            Question::MostUsed => (MOST_USED.to_owned(), Vec::new()),
        };
        self.read(operation, move |db| explained(db, &sql, &bound).map_err(failed(operation))).await
    }
}

fn explained(db: &Connection, sql: &str, bound: &[Box<dyn ToSql + Send>]) -> rusqlite::Result<Vec<String>> {
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut parameters: Vec<&dyn ToSql> = bound.iter().map(|value| &**value as &dyn ToSql).collect();
    parameters.resize(explain.parameter_count(), &rusqlite::types::Null);
    explain.query_map(params_from_iter(parameters), |row| row.get(3))?.collect()
}
