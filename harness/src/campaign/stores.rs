//! Where scenarios are run.

use crate::redis::Server;
use crate::report::{RedisInfo, StoreKind};

/// Where scenarios are run.
#[derive(Clone, Debug)]
pub struct Stores {
    /// On the model.
    pub model: bool,
    /// On a real server.
    pub redis: Redis,
    /// Under loom, where they fit.
    pub loom: bool,
}

impl Stores {
    /// Those that are wanted, whether or not they are there.
    pub fn kinds(&self) -> Vec<StoreKind> {
        let redis = !matches!(self.redis, Redis::Unwanted);
        let wanted =
            [(StoreKind::Model, self.model), (StoreKind::Redis, redis), (StoreKind::Loom, self.loom)];
        wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(store, _)| store).collect()
    }

    /// What there is to say about the server, if there is one.
    pub fn info(&self) -> Option<RedisInfo> {
        let Redis::Open(server) = &self.redis else { return None };
        Some(RedisInfo {
            version: server.version().to_owned(),
            source: server.source().as_str().to_owned(),
            run_id: Some(server.run_id().to_owned()),
            address: Some(server.address().to_string()),
        })
    }
}

/// Whether there is a real server.
#[derive(Clone, Debug)]
pub enum Redis {
    /// Nobody asked for one.
    Unwanted,
    /// One would have been used, but there is none; with the reason, and how to get one.
    Missing(String),
    /// This one.
    Open(Server),
}
