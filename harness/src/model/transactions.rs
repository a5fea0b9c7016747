//! `MULTI` … `EXEC`, and the watches that make `EXEC` conditional.

use std::collections::BTreeMap;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use crate::world::schedule::ClientId;

/// Who is in a transaction, and what each of them has queued.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Transactions(BTreeMap<ClientId, Transaction>);

/// A transaction that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Transaction {
    /// The commands so far.
    Queued(Vec<Command>),
    /// A command was refused, so `EXEC` will be. What was queued does not matter any more.
    Aborted,
}

impl Transactions {
    /// All of them, by client.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ClientId, &Transaction)> {
        self.0.iter().map(|(client, transaction)| (*client, transaction))
    }

    /// The client's transaction, which begins now unless it has begun.
    pub(super) fn of(&mut self, client: ClientId) -> &mut Transaction {
        self.0.entry(client).or_insert(Transaction::Queued(Vec::new()))
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Queues a command if the client is in a transaction; says whether it is.
    pub(super) fn enqueue(&mut self, client: ClientId, command: &Command) -> bool {
        match self.0.get_mut(&client) {
            None => return false,
            Some(Transaction::Queued(commands)) => commands.push(command.clone()),
            Some(Transaction::Aborted) => {}
        }
        true
    }

    /// What a refused command means to the client's transaction: its `EXEC` will fail. An `EXEC` that is itself
    /// refused ends it.
    pub(super) fn refuse(
        &mut self,
        client: ClientId,
        command: &Command,
        error: ErrorReply,
        database: &mut Database,
    ) -> ErrorReply {
        if command.name().eq_ignore_ascii_case(b"EXEC") {
            self.0.remove(&client);
            database.unwatch(client);
            let why = error.text().trim_start_matches("ERR ");
            return ErrorReply::new(format!("EXECABORT Transaction discarded because of: {why}"));
        }
        if let Some(transaction) = self.0.get_mut(&client) {
            *transaction = Transaction::Aborted;
        }
        error
    }

    /// `MULTI`.
    pub(super) fn begin(&mut self, client: ClientId) -> Answer {
        if self.0.contains_key(&client) {
            return Err(ErrorReply::fixed("ERR MULTI calls can not be nested"));
        }
        self.0.insert(client, Transaction::Queued(Vec::new()));
        Ok(Reply::ok())
    }

    /// Ends a transaction as `EXEC` does: the commands that are to be run now; none if a watched key has changed.
    pub(super) fn end(
        &mut self,
        client: ClientId,
        database: &mut Database,
    ) -> Result<Option<Vec<Command>>, ErrorReply> {
        let transaction = self.0.remove(&client).ok_or(ErrorReply::fixed("ERR EXEC without MULTI"))?;
        let dirty = database.unwatch(client);
        match transaction {
            Transaction::Aborted => {
                Err(ErrorReply::fixed("EXECABORT Transaction discarded because of previous errors."))
            }
            Transaction::Queued(commands) => Ok((!dirty).then_some(commands)),
        }
    }

    /// `DISCARD`.
    pub(super) fn discard(&mut self, client: ClientId, database: &mut Database) -> Answer {
        self.0.remove(&client).ok_or(ErrorReply::fixed("ERR DISCARD without MULTI"))?;
        database.unwatch(client);
        Ok(Reply::ok())
    }

    /// `WATCH`.
    pub(super) fn watch(&self, client: ClientId, database: &mut Database, keys: &[Bytes]) -> Answer {
        if self.0.contains_key(&client) {
            return Err(ErrorReply::fixed("ERR WATCH inside MULTI is not allowed"));
        }
        for key in keys {
            database.watch(client, key.clone());
        }
        Ok(Reply::ok())
    }
}
