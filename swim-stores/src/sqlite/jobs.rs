//! Jobs in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use swim_core::model::DeviceId;
use swim_core::ports::{Appended, JobId, JobStore, JobSummary, Lease, NewJob, Sequence, Stored, WorkerId};
use swim_core::{Error, ErrorKind, Result};

use super::SqliteStore;
use super::failure::failed;
use super::records::parse;
use crate::{lease_end, refusals};

/// A job's key inside the file.
type Ordinal = i64;

fn find(db: &Connection, job: &JobId, operation: &str) -> Result<Ordinal> {
    db.prepare_cached("SELECT ordinal FROM jobs WHERE id = ?1")
        .and_then(|mut find| find.query_row([&job.0], |row| row.get(0)).optional())
        .map_err(failed(operation))?
        .ok_or_else(|| refusals::no_job(operation, job))
}

/// The job, if this lease is its present one.
fn leased(db: &Connection, lease: &Lease, operation: &str) -> Result<Ordinal> {
    let (ordinal, fence, worker) = db
        .prepare_cached("SELECT ordinal, fence, worker FROM jobs WHERE id = ?1")
        .and_then(|mut find| {
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<String>>(2)?));
            find.query_row([&lease.job.0], row).optional()
        })
        .map_err(failed(operation))?
        .ok_or_else(|| refusals::no_job(operation, &lease.job))?;
    if u64::try_from(fence) == Ok(lease.fence) && worker.as_ref() == Some(&lease.worker.0) {
        Ok(ordinal)
    } else {
        Err(refusals::lease_lost(operation, lease))
    }
}

/// The length of a journal. Entries are never removed one by one, so the last one tells.
fn end(db: &Connection, job: Ordinal, operation: &str) -> Result<Sequence> {
    let last: Option<i64> = db
        .prepare_cached("SELECT max(sequence) FROM journal WHERE job = ?1")
        .and_then(|mut last| last.query_row([job], |row| row.get(0)))
        .map_err(failed(operation))?;
    Ok(last.map_or(0, |last| last.unsigned_abs() + 1))
}

fn push(db: &Connection, job: Ordinal, from: Sequence, events: &[String], operation: &str) -> Result<Sequence> {
    let mut insert = db
        .prepare_cached("INSERT INTO journal (job, sequence, event) VALUES (?1, ?2, ?3)")
        .map_err(failed(operation))?;
    let mut next = from;
    for event in events {
        let sequence = i64::try_from(next)
            .map_err(|_| Error::new(ErrorKind::Store, operation, "the journal is as long as it can be"))?;
        insert.execute(params![job, sequence, event]).map_err(failed(operation))?;
        next += 1;
    }
    Ok(next)
}

fn text(events: &[Value]) -> Vec<String> {
    events.iter().map(Value::to_string).collect()
}

fn create(db: &Connection, new: &NewJob, events: &[String]) -> Result<JobId> {
    let operation = "create job";
    let known: Option<String> = db
        .prepare_cached("SELECT id FROM jobs WHERE idempotency_key = ?1")
        .and_then(|mut known| known.query_row([&new.idempotency_key], |row| row.get(0)).optional())
        .map_err(failed(operation))?;
    if let Some(known) = known {
        return Ok(JobId(known));
    }
    let rows = db
        .prepare_cached(
            "INSERT INTO jobs (id, idempotency_key, due_s, due_ns) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING",
        )
        .and_then(|mut insert| {
            insert.execute(params![new.id.0, new.idempotency_key, new.due.as_second(), new.due.subsec_nanosecond()])
        })
        .map_err(failed(operation))?;
    if rows == 0 {
        return Err(refusals::id_taken(&new.id));
    }
    let job = db.last_insert_rowid();
    for device in &new.devices {
        db.prepare_cached("INSERT INTO job_devices (job, device) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            .and_then(|mut insert| insert.execute(params![job, device.as_str()]))
            .map_err(failed(operation))?;
    }
    push(db, job, 0, events, operation)?;
    Ok(new.id.clone())
}

fn load(db: &Connection, job: &JobId, from: Sequence) -> Result<Vec<Stored>> {
    let operation = "load";
    let job = find(db, job, operation)?;
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let mut select = db
        .prepare_cached("SELECT sequence, event FROM journal WHERE job = ?1 AND sequence >= ?2 ORDER BY sequence")
        .map_err(failed(operation))?;
    let rows = select
        .query_map(params![job, from], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
        .map_err(failed(operation))?;
    rows.map(|row| {
        let (sequence, event) = row.map_err(failed(operation))?;
        Ok(Stored { sequence: sequence.unsigned_abs(), event: parse(operation, &event)? })
    })
    .collect()
}

/// What a claim chose: the job, its id, and the fence of the new lease.
fn claim(
    db: &Connection,
    worker: &WorkerId,
    now: Timestamp,
    until: Timestamp,
    only: Option<&JobId>,
) -> Result<Option<Lease>> {
    let operation = "claim";
    let found: Option<(Ordinal, String, i64)> = db
        .prepare_cached(
            "SELECT ordinal, id, fence + 1 FROM jobs
             WHERE finished = 0 AND (due_s, due_ns) <= (?1, ?2)
               AND (worker IS NULL OR (until_s, until_ns) <= (?1, ?2))
               AND (?3 IS NULL OR id = ?3)
             ORDER BY due_s, due_ns, ordinal LIMIT 1",
        )
        .and_then(|mut find| {
            let only = only.map(|job| job.0.as_str());
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            find.query_row(params![now.as_second(), now.subsec_nanosecond(), only], row).optional()
        })
        .map_err(failed(operation))?;
    let Some((ordinal, id, fence)) = found else { return Ok(None) };
    db.prepare_cached("UPDATE jobs SET fence = ?2, worker = ?3, until_s = ?4, until_ns = ?5 WHERE ordinal = ?1")
        .and_then(|mut take| {
            take.execute(params![ordinal, fence, worker.0, until.as_second(), until.subsec_nanosecond()])
        })
        .map_err(failed(operation))?;
    Ok(Some(Lease { job: JobId(id), worker: worker.clone(), fence: fence.unsigned_abs() }))
}

fn release(db: &Connection, lease: &Lease, finished: bool) -> Result<()> {
    let operation = "release";
    let job = leased(db, lease, operation)?;
    db.prepare_cached(
        "UPDATE jobs SET worker = NULL, until_s = NULL, until_ns = NULL, finished = finished OR ?2 WHERE ordinal = ?1",
    )
    .and_then(|mut give| give.execute(params![job, finished]))
    .map_err(failed(operation))?;
    if finished {
        db.prepare_cached("DELETE FROM held_devices WHERE job = ?1")
            .and_then(|mut free| free.execute([job]))
            .map_err(failed(operation))?;
    }
    Ok(())
}

fn hold(db: &Connection, lease: &Lease, device: &DeviceId) -> Result<()> {
    let operation = "hold device";
    let job = leased(db, lease, operation)?;
    db.prepare_cached("INSERT INTO held_devices (device, job) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .and_then(|mut hold| hold.execute(params![device.as_str(), job]))
        .map_err(failed(operation))?;
    let holder: String = db
        .prepare_cached("SELECT jobs.id FROM held_devices JOIN jobs ON jobs.ordinal = job WHERE device = ?1")
        .and_then(|mut holder| holder.query_row([device.as_str()], |row| row.get(0)))
        .map_err(failed(operation))?;
    if holder == lease.job.0 { Ok(()) } else { Err(refusals::device_held(device, &JobId(holder))) }
}

fn list(db: &Connection) -> Result<Vec<JobSummary>> {
    let operation = "list jobs";
    let mut select = db
        .prepare_cached("SELECT id, due_s, due_ns, finished FROM jobs ORDER BY ordinal")
        .map_err(failed(operation))?;
    let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let rows = select.query_map([], row).map_err(failed(operation))?;
    rows.map(|row| {
        let (id, seconds, nanoseconds, finished) = row.map_err(failed(operation))?;
        let due = Timestamp::new(seconds, nanoseconds).map_err(|cause| {
            Error::new(ErrorKind::Store, operation, format!("job {id} has a due time that is no time")).caused_by(cause)
        })?;
        Ok(JobSummary { id: JobId(id), due, finished })
    })
    .collect()
}

#[async_trait]
impl JobStore for SqliteStore {
    async fn create(&self, job: NewJob) -> Result<JobId> {
        let events = text(&job.events);
        self.write("create job", move |db| create(db, &job, &events)).await
    }

    async fn append(&self, lease: &Lease, position: Sequence, events: Vec<Value>) -> Result<Appended> {
        let operation = "append";
        let (lease, events) = (lease.clone(), text(&events));
        self.write(operation, move |db| {
            let job = leased(db, &lease, operation)?;
            let end = end(db, job, operation)?;
            if end != position {
                return Err(refusals::position_taken(&lease.job, position, end));
            }
            Ok(Appended { next: push(db, job, end, &events, operation)? })
        })
        .await
    }

    async fn request(&self, job: &JobId, event: Value) -> Result<Appended> {
        let operation = "request";
        let (job, event) = (job.clone(), text(&[event]));
        self.write(operation, move |db| {
            let job = find(db, &job, operation)?;
            let end = end(db, job, operation)?;
            Ok(Appended { next: push(db, job, end, &event, operation)? })
        })
        .await
    }

    async fn make_due(&self, job: &JobId) -> Result<()> {
        let operation = "make due";
        let job = job.clone();
        self.write(operation, move |db| {
            let job = find(db, &job, operation)?;
            db.prepare_cached("UPDATE jobs SET due_s = 0, due_ns = 0 WHERE ordinal = ?1")
                .and_then(|mut update| update.execute(params![job]))
                .map(|_| ())
                .map_err(failed(operation))
        })
        .await
    }

    async fn load(&self, job: &JobId, from: Sequence) -> Result<Vec<Stored>> {
        let job = job.clone();
        self.read("load", move |db| load(db, &job, from)).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        ttl: Duration,
        only: Option<&JobId>,
    ) -> Result<Option<Lease>> {
        let (worker, only) = (worker.clone(), only.cloned());
        self.write("claim", move |db| claim(db, &worker, now, lease_end(now, ttl), only.as_ref())).await
    }

    async fn renew(&self, lease: &Lease, now: Timestamp, ttl: Duration) -> Result<()> {
        let operation = "renew";
        let lease = lease.clone();
        self.write(operation, move |db| {
            let job = leased(db, &lease, operation)?;
            let until = lease_end(now, ttl);
            db.prepare_cached("UPDATE jobs SET until_s = ?2, until_ns = ?3 WHERE ordinal = ?1")
                .and_then(|mut renew| renew.execute(params![job, until.as_second(), until.subsec_nanosecond()]))
                .map_err(failed(operation))?;
            Ok(())
        })
        .await
    }

    async fn release(&self, lease: &Lease, finished: bool) -> Result<()> {
        let lease = lease.clone();
        self.write("release", move |db| release(db, &lease, finished)).await
    }

    async fn hold_device(&self, lease: &Lease, device: &DeviceId) -> Result<()> {
        let (lease, device) = (lease.clone(), device.clone());
        self.write("hold device", move |db| hold(db, &lease, &device)).await
    }

    async fn free_device(&self, lease: &Lease, device: &DeviceId) -> Result<()> {
        let operation = "free device";
        let (lease, device) = (lease.clone(), device.clone());
        self.write(operation, move |db| {
            let job = leased(db, &lease, operation)?;
            db.prepare_cached("DELETE FROM held_devices WHERE device = ?1 AND job = ?2")
                .and_then(|mut free| free.execute(params![device.as_str(), job]))
                .map_err(failed(operation))?;
            Ok(())
        })
        .await
    }

    async fn list(&self) -> Result<Vec<JobSummary>> {
        self.read("list jobs", list).await
    }
}
