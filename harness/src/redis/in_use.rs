//! The servers of others on which this process has keys: for whoever has to leave without an orderly end.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::target::Address;

/// By number: a server, and what the keys of this run begin with there.
static SERVERS: Mutex<(u64, BTreeMap<u64, KeysPlace>)> = Mutex::new((0, BTreeMap::new()));

/// Where keys of this run may be.
#[derive(Clone, Debug)]
pub(super) struct KeysPlace {
    pub(super) address: Address,
    pub(super) prefix: String,
}

/// A server is listed for as long as this lives.
#[derive(Debug)]
pub(super) struct InUse(u64);

impl InUse {
    pub(super) fn new(place: KeysPlace) -> Self {
        let mut servers = servers();
        let (next, places) = &mut *servers;
        let number = *next;
        *next += 1;
        places.insert(number, place);
        Self(number)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        servers().1.remove(&self.0);
    }
}

/// All of them.
pub(super) fn all() -> Vec<KeysPlace> {
    servers().1.values().cloned().collect()
}

/// What is guarded is whole at any time.
fn servers() -> MutexGuard<'static, (u64, BTreeMap<u64, KeysPlace>)> {
    SERVERS.lock().unwrap_or_else(PoisonError::into_inner)
}
