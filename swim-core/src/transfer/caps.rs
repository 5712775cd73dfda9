//! Which bandwidth caps hold for which device.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Bucket, Pace};
use crate::model::Device;

/// The caps of a client: in all, and for the devices of a site. All transfers of a process share them.
#[derive(Clone, Debug, Default)]
pub struct Caps {
    whole: Option<Arc<Bucket>>,
    sites: BTreeMap<String, Arc<Bucket>>,
}

impl Caps {
    /// Caps in bytes a second.
    ///
    /// ```
    /// use swim_core::transfer::Caps;
    /// let caps = Caps::new(Some(100_000_000), [("berlin".to_owned(), 1_000_000)]);
    /// assert!(format!("{caps:?}").contains("berlin"));
    /// ```
    #[must_use]
    pub fn new(whole: Option<u64>, sites: impl IntoIterator<Item = (String, u64)>) -> Self {
        let cap = |rate| Arc::new(Bucket::new(rate));
        Self { whole: whole.map(cap), sites: sites.into_iter().map(|(site, rate)| (site, cap(rate))).collect() }
    }

    /// Those that hold for transfers with a device.
    #[must_use]
    pub fn pace(&self, device: &Device) -> Pace {
        let site = device.site.as_ref().and_then(|site| self.sites.get(site));
        self.whole.iter().chain(site).fold(Pace::default(), |pace, cap| pace.within(Arc::clone(cap)))
    }
}
