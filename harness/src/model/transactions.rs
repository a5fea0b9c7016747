//! `MULTI` … `EXEC`, and the watches that make `EXEC` conditional.

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

use super::fault::Fault;
use super::table::{self, ALL_KEYS, CommandRow, NO_KEY, server};
use super::{Answer, Model};
use crate::world::schedule::ClientId;

pub(super) const COMMANDS: &[CommandRow] = &[
    server("MULTI", 1, NO_KEY, multi).immediate(),
    server("EXEC", 1, NO_KEY, exec).immediate(),
    server("DISCARD", 1, NO_KEY, discard).immediate(),
    server("WATCH", -2, ALL_KEYS, watch).immediate(),
    server("UNWATCH", 1, NO_KEY, unwatch),
];

/// A transaction that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Transaction {
    /// The commands so far.
    Queued(Vec<Command>),
    /// A command was refused, so `EXEC` will be. What was queued does not matter any more.
    Aborted,
}

impl Model {
    /// Queues a command if the client is in a transaction; says whether it is.
    pub(super) fn enqueue(&mut self, client: ClientId, command: &Command) -> bool {
        match self.transactions.get_mut(&client) {
            None => return false,
            Some(Transaction::Queued(commands)) => commands.push(command.clone()),
            Some(Transaction::Aborted) => {}
        }
        true
    }

    /// What a refused command means to the client's transaction: its `EXEC` will fail. An `EXEC` that is itself
    /// refused ends it.
    pub(super) fn refuse(&mut self, client: ClientId, command: &Command, fault: Fault) -> Fault {
        if command.name().eq_ignore_ascii_case(b"EXEC") {
            self.transactions.remove(&client);
            self.database.unwatch(client);
            let why = fault.text().trim_start_matches("ERR ");
            return Fault::new(format!("EXECABORT Transaction discarded because of: {why}"));
        }
        if let Some(transaction) = self.transactions.get_mut(&client) {
            *transaction = Transaction::Aborted;
        }
        fault
    }

    fn apply_queued(&mut self, client: ClientId, command: &Command) -> Answer {
        let row = table::resolve(command.parts())?;
        self.apply(client, row, command)
    }
}

fn multi(model: &mut Model, client: ClientId, _: &[Bytes]) -> Answer {
    if model.transactions.contains_key(&client) {
        return Err(Fault::fixed("ERR MULTI calls can not be nested"));
    }
    model.transactions.insert(client, Transaction::Queued(Vec::new()));
    Ok(Reply::ok())
}

fn exec(model: &mut Model, client: ClientId, _: &[Bytes]) -> Answer {
    let transaction = model.transactions.remove(&client).ok_or(Fault::fixed("ERR EXEC without MULTI"))?;
    let dirty = model.database.unwatch(client);
    match transaction {
        Transaction::Aborted => {
            Err(Fault::fixed("EXECABORT Transaction discarded because of previous errors."))
        }
        Transaction::Queued(_) if dirty => Ok(Reply::Nil),
        Transaction::Queued(commands) => {
            let run = |command| model.apply_queued(client, command).unwrap_or_else(Reply::from);
            Ok(Reply::Array(commands.iter().map(run).collect()))
        }
    }
}

fn discard(model: &mut Model, client: ClientId, _: &[Bytes]) -> Answer {
    model.transactions.remove(&client).ok_or(Fault::fixed("ERR DISCARD without MULTI"))?;
    model.database.unwatch(client);
    Ok(Reply::ok())
}

fn watch(model: &mut Model, client: ClientId, keys: &[Bytes]) -> Answer {
    if model.transactions.contains_key(&client) {
        return Err(Fault::fixed("ERR WATCH inside MULTI is not allowed"));
    }
    for key in keys {
        model.database.watch(client, key.clone());
    }
    Ok(Reply::ok())
}

fn unwatch(model: &mut Model, client: ClientId, _: &[Bytes]) -> Answer {
    model.database.unwatch(client);
    Ok(Reply::ok())
}
