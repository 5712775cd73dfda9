//! The thread that owns the connection, and the transactions that waiting calls share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use swim_core::{Error, ErrorKind, ErrorRecord, Result};
use tokio::sync::{mpsc, oneshot, watch};

use super::failure::{at, failed};

/// Calls that may wait. More than one transaction takes, so that the thread never idles; few enough that a caller
/// soon feels a slow disk.
const QUEUE: usize = 256;

/// Calls in one transaction. At some 20 microseconds a call this keeps the lock of other processes for a few
/// milliseconds, and the flush at the end (milliseconds as well) is already spread over all of them.
const BATCH: usize = 128;

/// Does a call change anything? A batch of readers leaves the write lock to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// The way to the thread.
type Calls = mpsc::Sender<Box<dyn Call>>;

/// A handle of the thread. The thread ends when the last handle is dropped, or when it is closed.
#[derive(Clone, Debug)]
pub(super) struct Thread {
    /// Gone when it is closed, for all handles.
    calls: Arc<Mutex<Option<Calls>>>,
    /// True when the connection is closed.
    ended: watch::Receiver<bool>,
}

/// One call on its way through the thread.
trait Call: Send {
    fn access(&self) -> Access;
    /// Runs inside the transaction; `true` when it succeeded and its changes shall stay.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers the caller, after the commit; `lost` when the transaction as a whole failed.
    fn answer(self: Box<Self>, lost: Option<&ErrorRecord>);
}

struct Waiting<T, F> {
    access: Access,
    operation: &'static str,
    path: Arc<PathBuf>,
    work: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T> + Send> Call for Waiting<T, F> {
    fn access(&self) -> Access {
        self.access
    }

    fn run(&mut self, connection: &Connection) -> bool {
        self.outcome = self.work.take().map(|work| work(connection).map_err(|error| at(&self.path, error)));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, lost: Option<&ErrorRecord>) {
        let outcome = match (self.outcome, lost) {
            // A refusal stands, whatever happened to the transaction: it changed nothing.
            (Some(Err(refusal)), _) => Err(refusal),
            (_, Some(lost)) => Err(Error::from(lost.clone())),
            (Some(done), None) => done,
            (None, None) => Err(Error::internal(self.operation, "the database thread did not run the call")),
        };
        // The caller may have gone away; what was committed stays.
        drop(self.reply.send(outcome));
    }
}

impl Thread {
    pub(super) fn start(connection: Connection, path: Arc<PathBuf>) -> Result<Self> {
        let (calls, queue) = mpsc::channel(QUEUE);
        let place = Arc::clone(&path);
        let (over, ended) = watch::channel(false);
        std::thread::Builder::new()
            .name("swim-sqlite".to_owned())
            .spawn(move || {
                serve(connection, queue, &place);
                // Those who wait may be gone.
                let _ = over.send(true);
            })
            .map_err(|cause| {
                Error::new(ErrorKind::Store, "open database", "the database thread cannot be started")
                    .with("path", path.display())
                    .caused_by(cause)
            })?;
        Ok(Self { calls: Arc::new(Mutex::new(Some(calls))), ended })
    }

    pub(super) async fn call<T: Send + 'static>(
        &self,
        access: Access,
        operation: &'static str,
        path: Arc<PathBuf>,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let call = Waiting { access, operation, path, work: Some(work), outcome: None, reply };
        let gone = || Error::new(ErrorKind::Store, operation, "the database is closed");
        let calls = self.calls().clone().ok_or_else(gone)?;
        calls.send(Box::new(call)).await.map_err(|_| gone())?;
        // Kept while the call waits, it would keep the thread from its end.
        drop(calls);
        answer.await.map_err(|_| gone())?
    }

    /// Takes no further calls, and waits until those that wait are answered and the connection is closed.
    pub(super) async fn close(&self) {
        drop(self.calls().take());
        // An error means that the thread is gone as well.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    fn calls(&self) -> MutexGuard<'_, Option<Calls>> {
        // A panic elsewhere leaves a sender behind that is still right.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(mut connection: Connection, mut queue: mpsc::Receiver<Box<dyn Call>>, path: &Path) {
    while let Some(first) = queue.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        let lost = transact(&mut connection, &mut batch).err().map(|error| at(path, error).record());
        for call in batch {
            call.answer(lost.as_ref());
        }
    }
}

/// Runs the calls in one transaction, each in a savepoint, so that a refused one takes nothing with it.
fn transact(connection: &mut Connection, batch: &mut [Box<dyn Call>]) -> Result<()> {
    let operation = "write database";
    let writes = batch.iter().any(|call| call.access() == Access::Write);
    let behavior =
        if writes { rusqlite::TransactionBehavior::Immediate } else { rusqlite::TransactionBehavior::Deferred };
    let mut change = connection.transaction_with_behavior(behavior).map_err(failed(operation))?;
    for call in batch {
        let mut savepoint = change.savepoint().map_err(failed(operation))?;
        if call.run(&savepoint) {
            savepoint.commit().map_err(failed(operation))?;
        } else if savepoint.is_autocommit() {
            // Some failures (a full disk) end the whole transaction, and the earlier calls' changes with it.
            return Err(Error::new(ErrorKind::Store, operation, "another change in the same transaction failed"));
        } else {
            savepoint.rollback().map_err(failed(operation))?;
            savepoint.commit().map_err(failed(operation))?;
        }
    }
    change.commit().map_err(failed(operation))
}
