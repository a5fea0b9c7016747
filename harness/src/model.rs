//! An in-memory Redis: the same commands, replies, errors and Lua, under a virtual clock, as plain data.
//!
//! A [`Model`] is a value. Two models with the same keys, clock, scripts and sessions are equal, however they came
//! to be so, and an explorer can merge the states that it reaches by different ways.
//! To keep it so, whatever has no effect any more is dropped at once: expired keys, the watch set of a client that
//! will fail its `EXEC` anyway, the queue of a transaction that was aborted, the session of a client that has none.
//!
//! It answers as Redis 7.0 does with RESP2, and a differential test checks that against a real server.
//!
//! # What differs
//!
//! - Members of sets, fields of hashes and keys come in byte order; a server has no defined order for them.
//! - An expired key vanishes when the clock moves, not at the next access. No command can see the difference, save
//!   that a server may still count it in `DBSIZE`.
//! - `SCAN` gives everything at once, with cursor 0.
//! - A score of -0 is 0; a server may write it as -0 until it has stored it.
//! - To a script's `pairs`, the tables of the libraries look empty; `collectgarbage` always gives 0; an error that
//!   `setmetatable` or `math.random` raises in a tail call does not say its place.
//! - `math.random` starts anew with each script. On a server it goes on from script to script.
//!
//! # What it cannot do
//!
//! Blocking commands, pub/sub, streams, databases other than 0, ACLs and `CONFIG`. In Lua: `cjson`, `cmsgpack`,
//! `struct`, `bit`, RESP3. A script that runs for too long is stopped with an error (see
//! [`INSTRUCTION_LIMIT`]); a server would let it run on.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all handlers have one signature, whether or not they can fail"
)]

mod assembly;
mod compared;
pub(crate) mod content;
mod database;
mod error_reply;
mod extended;
mod footprint;
mod glob;
mod hashes;
mod keys;
mod lists;
mod lua;
mod number;
mod order;
mod reply;
mod rows;
mod scripts;
mod sets;
mod sorted_set;
mod strings;
mod table;
mod transactions;
mod value;
mod zset_ranges;
mod zset_stores;
mod zsets;

use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply, Script};

use self::database::Database;
use self::error_reply::{Answer, ErrorReply};
use self::rows::{CommandRow, Handler, ServerCommand};
use self::scripts::Scripts;
use self::transactions::Transactions;
use crate::world::schedule::ClientId;
use crate::world::store::{Store, StoreError};

pub use self::compared::ComparedStore;
pub(crate) use self::database::Notes;
pub use self::footprint::Footprint;
pub use self::lua::INSTRUCTION_LIMIT;
pub(crate) use self::table::data_key_positions;
pub use self::table::key_positions;

/// The Redis whose answers the model gives.
pub const REDIS_VERSION: &str = "7.0";

/// A Redis server and what it knows about its clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Model {
    database: Database,
    start: Duration,
    scripts: Scripts,
    transactions: Transactions,
}

impl Model {
    /// An empty server whose clock stands at the epoch.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty server whose clock stands at `now` since the epoch.
    pub fn at(now: Duration) -> Self {
        Self { database: Database::at(now), start: now, ..Self::default() }
    }

    /// The server's clock, since the epoch.
    pub fn now(&self) -> Duration {
        self.database.now()
    }

    /// All keys, in byte order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Bytes> {
        self.database.entries().map(|(key, _)| key)
    }

    /// Runs one command for one client. Every problem is an error reply, as on a server.
    pub fn run(&mut self, client: ClientId, command: &Command) -> Reply {
        self.answer(client, command).unwrap_or_else(Reply::from)
    }

    /// Runs one command, and notes which commands that ran, those of scripts included.
    pub(crate) fn run_with_notes(&mut self, client: ClientId, command: &Command) -> (Reply, Notes) {
        self.database.notes.0 = Some(Notes::default());
        let reply = self.run(client, command);
        (reply, self.database.notes.0.take().unwrap_or_default())
    }

    fn answer(&mut self, client: ClientId, command: &Command) -> Answer {
        let row = match table::resolve(command.parts()) {
            Ok(row) => row,
            Err(error) => return Err(self.transactions.refuse(client, command, error, &mut self.database)),
        };
        if !row.immediate && self.transactions.enqueue(client, command) {
            return Ok(Reply::Status("QUEUED".into()));
        }
        self.apply(client, row, command)
    }

    /// Runs a command that was resolved to its row, whether or not the client is in a transaction.
    fn apply(&mut self, client: ClientId, row: &CommandRow, command: &Command) -> Answer {
        let args = &command.parts()[row.words..];
        row.note(&mut self.database, command.parts());
        match row.handler {
            Handler::Data(handler) => handler(&mut self.database, args),
            Handler::Server(command) => self.serve(client, command, args),
        }
    }

    fn serve(&mut self, client: ClientId, command: ServerCommand, args: &[Bytes]) -> Answer {
        let Self { database, scripts, transactions, .. } = self;
        match command {
            ServerCommand::Multi => transactions.begin(client),
            ServerCommand::Exec => self.exec(client),
            ServerCommand::Discard => transactions.discard(client, database),
            ServerCommand::Watch => transactions.watch(client, database, args),
            ServerCommand::Unwatch => {
                database.unwatch(client);
                Ok(Reply::ok())
            }
            ServerCommand::Eval => scripts.eval(database, args),
            ServerCommand::EvalSha => scripts.eval_known(database, args),
            ServerCommand::Script => Err(ErrorReply::SYNTAX),
            ServerCommand::ScriptLoad => scripts.load(args),
            ServerCommand::ScriptExists => scripts.exist(args),
            ServerCommand::ScriptFlush => scripts.flush(args),
        }
    }

    /// Runs what the client's transaction has queued.
    fn exec(&mut self, client: ClientId) -> Answer {
        let Some(commands) = self.transactions.end(client, &mut self.database)? else {
            return Ok(Reply::Nil);
        };
        let mut run = |command: &Command| {
            let answer = table::resolve(command.parts()).and_then(|row| self.apply(client, row, command));
            answer.unwrap_or_else(Reply::from)
        };
        Ok(Reply::Array(commands.iter().map(&mut run).collect()))
    }
}

impl Store for Model {
    fn execute(&mut self, client: ClientId, command: &Command) -> Result<Reply, StoreError> {
        Ok(self.run(client, command))
    }

    fn advance(&mut self, by: Duration) {
        self.database.advance(by);
    }

    fn has_virtual_time(&self) -> bool {
        true
    }

    fn last_round_trip(&self) -> Duration {
        Duration::ZERO
    }

    fn reset(&mut self) -> Result<(), StoreError> {
        self.database = Database::at(self.start);
        self.transactions.clear();
        Ok(())
    }

    fn load(&mut self, scripts: &[Script]) -> Result<(), StoreError> {
        for script in scripts {
            self.scripts.insert(script.sha1(), script.source().as_bytes());
        }
        Ok(())
    }

    fn fork(&self) -> Option<Self> {
        Some(self.clone())
    }
}

#[cfg(test)]
mod tests;
