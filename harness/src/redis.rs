//! A real Redis as a store: one connection per client, one command when it is asked for, its own keys only.
//!
//! What a script makes of its keys by itself (`KEYS[1] .. ":waiting"`) lies under the prefix too, but only keys that
//! a command names are known here, and only those are deleted.

mod batch;
mod canary;
mod connection;
mod deadline;
mod guard;
mod in_use;
mod inquiry;
mod keys;
mod leftovers;
mod lone;
mod packed;
mod pipeline;
mod private;
mod reply_buffer;
pub(crate) mod rescue;
pub(crate) mod resp;
mod series;
mod server;
mod socket;
mod store;
mod target;
pub(crate) mod tls;

pub(crate) use batch::Batch;
pub(crate) use canary::{Canary, Interference};
pub(crate) use connection::{CONNECT_TIMEOUT, foreign};
#[cfg(test)]
pub(crate) use inquiry::Time;
pub(crate) use inquiry::{Inquiry, Refusal};
pub use keys::KEY_NAMESPACE;
pub(crate) use leftovers::{Leftover, Leftovers, Scan};
pub(crate) use packed::Packed;
pub use private::{PrivateServer, ServerError};
pub(crate) use reply_buffer::ReplyBuffer;
pub(crate) use series::Series;
pub(crate) use server::may_be_left;
pub use server::{OpenError, Server};
pub use store::RedisStore;
pub(crate) use target::VARIABLE;
pub use target::{Address, Target, TargetError, TargetSource};
