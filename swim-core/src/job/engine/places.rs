//! Places at the servers: as many devices pull from one at the same time as it is allowed.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::model::DeviceId;
use crate::plan::DevicePlan;
use crate::transfer::Servers;

/// The places of a job.
pub(super) struct Places {
    servers: Arc<Servers>,
    usual: u32,
    /// By server; `None` is us.
    taken: HashMap<Option<DeviceId>, Arc<Semaphore>>,
}

impl Places {
    /// So many at every server that has no number of its own.
    pub(super) fn new(servers: &Arc<Servers>, usual: u32) -> Self {
        Self { servers: Arc::clone(servers), usual, taken: HashMap::new() }
    }

    /// Those that a device shares with the others of its server.
    pub(super) fn at_server_of(&mut self, line: Option<&DevicePlan>) -> Arc<Semaphore> {
        let server = line.and_then(|line| match line.steps.iter().find_map(|step| step.source()) {
            Some(source) => source.server.clone(),
            None => self.servers.source(&line.device).server,
        });
        let server = server.map(|planned| planned.name);
        let own = self.servers.all().iter().find(|s| Some(&s.name) == server.as_ref()).and_then(|s| s.max_devices);
        let places = own.unwrap_or(self.usual);
        let places = usize::try_from(places).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        let all = self.taken.entry(server);
        Arc::clone(all.or_insert_with(|| Arc::new(Semaphore::new(places))))
    }
}
