//! The same search as others make it. Each peer's clients are written in the form in which it is fastest.

pub mod loom;
pub mod shuttle;
pub mod stateright;

/// What the clients of loom and of shuttle act on: a store as small as can be, in native Rust. No model of Redis.
#[derive(Debug, Default)]
struct Store {
    /// A bit for each client whose member is in the set.
    members: u32,
}

impl Store {
    fn zcard(&self) -> u32 {
        self.members.count_ones()
    }

    /// Adds a member, whose client holds a permit from here on; gives the number of holders.
    fn zadd(&mut self, client: u32) -> u32 {
        self.members |= 1 << client;
        self.members.count_ones()
    }

    fn zrem(&mut self, client: u32) {
        self.members &= !(1 << client);
    }
}

/// What a peer found once it was through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many executions it ran.
    pub executions: u64,
    /// The highest number of holders.
    pub highest: u32,
}
