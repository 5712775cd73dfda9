//! Writing a file to flash: visible while it grows, at the speed of the flash, with the faults of receiving.

use swim_core::model::Protocol;

use crate::flash::{Content, Receiving, StoredFile};
use crate::{Fault, Received, SimDevice};

/// Why a write ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    NoSpace,
    /// The flash or the fault plan broke it.
    Broken,
}

/// One file that is being received. A partial file stays when it is dropped.
pub(crate) struct FileWriter {
    device: SimDevice,
    member: u32,
    name: String,
    shown: String,
    protocol: Option<Protocol>,
    receiving: Option<Receiving>,
    breaks_at: Option<u64>,
    owed_seconds: f64,
}

/// Sleeps shorter than this are saved up: they would cost more than they tell.
const LEAST_SLEEP: f64 = 0.05;

impl FileWriter {
    pub(crate) fn new(device: &SimDevice, member: u32, name: &str, shown: &str, protocol: Option<Protocol>) -> Self {
        let spec = device.spec();
        let breaks_at =
            spec.faults.iter().find_map(|f| if let Fault::CopyBreaksAtByte { n } = f { Some(*n) } else { None });
        let now = device.clock().now();
        {
            let mut state = device.state();
            state.copies_running += 1;
            if let Some(m) = state.member_mut(member) {
                m.flash.files.insert(name.to_owned(), StoredFile::made_up(name, 0, Content::Other, now));
            }
        }
        Self {
            device: device.clone(),
            member,
            name: name.to_owned(),
            shown: shown.to_owned(),
            protocol,
            receiving: Some(Receiving::new()),
            breaks_at,
            owed_seconds: 0.0,
        }
    }

    /// Bytes so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.receiving.as_ref().map_or(0, |r| r.bytes)
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let Some(receiving) = self.receiving.as_mut() else {
            return Err(Failed::Broken);
        };
        let count = bytes.len() as u64;
        if self.breaks_at.is_some_and(|n| receiving.bytes + count > n) {
            return Err(Failed::Broken);
        }
        receiving.take(bytes);
        {
            let mut state = self.device.state();
            let Some(member) = state.member_mut(self.member) else {
                return Err(Failed::Broken);
            };
            if member.flash.free() < count {
                return Err(Failed::NoSpace);
            }
            if let Some(file) = member.flash.files.get_mut(&self.name) {
                file.bytes = receiving.bytes;
            }
        }
        self.owed_seconds += count as f64 / self.device.spec().timing.write_bytes_per_second;
        if self.owed_seconds >= LEAST_SLEEP {
            self.device.clock().sleep(std::mem::take(&mut self.owed_seconds)).await;
        }
        Ok(())
    }

    /// Ends the file well.
    pub(crate) fn finish(mut self) {
        let Some(receiving) = self.receiving.take() else { return };
        let bytes = receiving.bytes;
        let damaged = self.device.has_fault(&Fault::WrongDigest);
        let file = receiving.finish(damaged, self.device.clock().now());
        let mut state = self.device.state();
        if let Some(member) = state.member_mut(self.member) {
            member.flash.files.insert(self.name.clone(), file);
        }
        state.received.push(self.record(bytes, true));
        state.copies_running = state.copies_running.saturating_sub(1);
    }

    /// Ends the file as a copy of one that is on the device.
    pub(crate) fn finish_as(mut self, mut file: StoredFile) {
        self.receiving = None;
        file.written = self.device.clock().now();
        let bytes = file.bytes;
        let mut state = self.device.state();
        if let Some(member) = state.member_mut(self.member) {
            member.flash.files.insert(self.name.clone(), file);
        }
        state.received.push(self.record(bytes, true));
        state.copies_running = state.copies_running.saturating_sub(1);
    }

    fn record(&self, bytes: u64, complete: bool) -> Received {
        Received { path: self.shown.clone(), protocol: self.protocol, offset: 0, bytes, complete }
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        // A partial file keeps the digests of what came, and is no image.
        let Some(receiving) = self.receiving.take() else { return };
        let bytes = receiving.bytes;
        let mut file = receiving.finish(false, self.device.clock().now());
        file.content = Content::Other;
        let mut state = self.device.state();
        if let Some(stored) = state.member_mut(self.member).and_then(|m| m.flash.files.get_mut(&self.name)) {
            file.bytes = stored.bytes;
            *stored = file;
        }
        let record = self.record(bytes, false);
        state.received.push(record);
        state.copies_running = state.copies_running.saturating_sub(1);
    }
}
