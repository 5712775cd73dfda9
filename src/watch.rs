//! Watching a job: durable entries from the journal, in order and without gaps, and notes on the way.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use swim_core::Result;
use swim_core::job::{Entry, EventSink, JobEvent};
use swim_core::model::DeviceId;
use swim_core::ports::{JobId, JobStore, Note, Sequence};
use tokio::sync::broadcast;

/// How often the journal of a job that another process works on is looked at: a person does not notice it, and the
/// store answers it from an index.
const POLL: Duration = Duration::from_millis(250);

/// Notes that a slow watcher may be behind; older ones are dropped, entries never are.
const BACKLOG: usize = 1024;

/// Something that happened in a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A journal entry.
    Entry {
        /// Its position.
        sequence: Sequence,
        /// What happened.
        #[serde(flatten)]
        entry: Box<Entry>,
    },
    /// Progress; may be lost.
    Note {
        /// On which device.
        device: DeviceId,
        /// In which step.
        step: usize,
        /// What.
        #[serde(flatten)]
        note: Note,
    },
}

#[derive(Clone, Debug)]
enum Signal {
    Appended(JobId),
    Note(JobId, Event),
}

/// Spreads what the engine tells to all watchers of this process.
#[derive(Debug)]
pub(crate) struct Hub(broadcast::Sender<Signal>);

impl Hub {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(broadcast::Sender::new(BACKLOG)))
    }

    pub(crate) fn watch(&self, job: JobId, store: Arc<dyn JobStore>) -> Watch {
        Watch { job, store, signals: self.0.subscribe(), at: 0, ready: VecDeque::new(), over: false }
    }
}

impl EventSink for Hub {
    fn entry(&self, job: &JobId, _: u64, _: &Entry) {
        let _ = self.0.send(Signal::Appended(job.clone()));
    }

    fn note(&self, job: &JobId, device: &DeviceId, step: usize, note: &Note) {
        let event = Event::Note { device: device.clone(), step, note: note.clone() };
        let _ = self.0.send(Signal::Note(job.clone(), event));
    }
}

/// The events of one job, from its first one on. Ends after the job finished.
pub struct Watch {
    job: JobId,
    store: Arc<dyn JobStore>,
    signals: broadcast::Receiver<Signal>,
    at: Sequence,
    ready: VecDeque<Event>,
    over: bool,
}

impl Watch {
    /// The next event; `None` after the last one. Safe to drop in the middle: nothing is lost.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.over {
                return Ok(None);
            }
            for stored in self.store.load(&self.job, self.at).await? {
                self.at = stored.sequence + 1;
                let entry = Box::new(Entry::from_json(stored.event)?);
                self.over |= entry.event == JobEvent::JobFinished;
                self.ready.push_back(Event::Entry { sequence: stored.sequence, entry });
            }
            if !self.ready.is_empty() || self.over {
                continue;
            }
            self.signal().await;
        }
    }

    /// Waits until there may be something new; notes are taken at once.
    async fn signal(&mut self) {
        let timer = tokio::time::sleep(POLL);
        tokio::pin!(timer);
        loop {
            tokio::select! {
                signal = self.signals.recv() => match signal {
                    Ok(Signal::Appended(job)) if job == self.job => return,
                    Ok(Signal::Note(job, event)) if job == self.job => {
                        self.ready.push_back(event);
                        return;
                    }
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return timer.await,
                },
                () = &mut timer => return,
            }
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("job", &self.job).field("at", &self.at).finish_non_exhaustive()
    }
}
