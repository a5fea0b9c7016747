//! Runs scripts in a real Lua 5.1.
//!
//! The interpreter is a cache, one for each thread, and no part of a model's state: it holds compiled functions and
//! the tables that scripts see, all of them read-only. What a script does to the data it does to the database that
//! is lent to the interpreter while the script runs.

mod api;
mod convert;
mod host;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use mlua::chunk::ChunkMode;
use mlua::state::{GcIncParams, GcMode};
use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, VmState};

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use host::{Host, INSTRUCTIONS_PER_CHECK, RUNAWAY};

pub use host::INSTRUCTION_LIMIT;

/// How much memory an interpreter may take; beyond it, a script fails with "not enough memory".
const MEMORY_LIMIT: usize = 256 << 20;
/// A collection begins when the memory in use has grown to so many percent of what the last one left: scripts leave
/// little, and are called often.
const GC_PAUSE: i32 = 1_000;
/// How many compiled functions are kept before all are dropped.
const COMPILED_LIMIT: usize = 1_024;

/// Everything a script can reach is set up here.
const SANDBOX: &str = include_str!("lua/sandbox.lua");

thread_local! {
    static INTERPRETER: Interpreter =
        Interpreter::new().expect("the sandbox is fixed text that a test runs, and needs little memory");
}

/// Refuses a script that does not compile.
pub(super) fn compile(sha1: &str, source: &[u8]) -> Result<(), ErrorReply> {
    INTERPRETER.with(|interpreter| interpreter.function(sha1, source).map(drop))
}

/// Runs a script on a database. What it did before an error stays done.
pub(super) fn run(
    db: &mut Database,
    sha1: &str,
    source: &[u8],
    keys: &[Bytes],
    arguments: &[Bytes],
) -> Answer {
    INTERPRETER.with(|interpreter| {
        let function = interpreter.function(sha1, source)?;
        interpreter.run(db, sha1, function, keys, arguments)
    })
}

struct Interpreter {
    lua: Lua,
    host: Rc<Host>,
    /// Calls a function in protected mode and says where an error came from.
    guard: Function,
    /// What scripts see as globals.
    globals: Table,
    compiled: RefCell<HashMap<String, Function>>,
}

impl Interpreter {
    fn new() -> mlua::Result<Self> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(false))?;
        lua.set_memory_limit(MEMORY_LIMIT)?;
        lua.gc_set_mode(GcMode::Incremental(GcIncParams::default().pause(GC_PAUSE)));
        let host = Rc::new(Host::default());
        let (guard, globals) = lua.load(SANDBOX).set_name("=sandbox").call(api::functions(&lua, &host)?)?;
        Ok(Self { lua, host, guard, globals, compiled: RefCell::default() })
    }

    /// A script's compiled function.
    fn function(&self, sha1: &str, source: &[u8]) -> Result<Function, ErrorReply> {
        if let Some(function) = self.compiled.borrow().get(sha1) {
            return Ok(function.clone());
        }
        let chunk = self.lua.load(without_shebang(source)).set_name("@user_script").set_mode(ChunkMode::Text);
        let function = chunk.into_function().map_err(|error| {
            let why = match error {
                mlua::Error::SyntaxError { message, .. } => message,
                other => other.to_string(),
            };
            ErrorReply::new(format!("ERR Error compiling script (new function): {why}"))
        })?;
        let mut compiled = self.compiled.borrow_mut();
        if compiled.len() >= COMPILED_LIMIT {
            compiled.clear();
        }
        compiled.insert(sha1.to_owned(), function.clone());
        Ok(function)
    }

    fn run(
        &self,
        db: &mut Database,
        sha1: &str,
        script: Function,
        keys: &[Bytes],
        arguments: &[Bytes],
    ) -> Answer {
        self.prepare(keys, arguments).map_err(|error| ErrorReply::new(format!("ERR {error}")))?;
        self.host.swap(db);
        let outcome = self.guard.call::<(bool, Value)>(script);
        self.host.swap(db);
        if self.host.is_spent() {
            return Err(RUNAWAY);
        }
        match outcome {
            Ok((true, value)) => Ok(convert::to_reply(&value, 0)),
            Ok((false, Value::Table(error))) => Err(uncaught(&error, sha1)),
            Ok((false, other)) => {
                Err(ErrorReply::new(format!("ERR {} script: {sha1}", convert::to_text(&other))))
            }
            Err(error) => Err(ErrorReply::new(format!("ERR {error} script: {sha1}"))),
        }
    }

    /// Makes the interpreter as it was before its first script: what a script does must not depend on earlier ones.
    fn prepare(&self, keys: &[Bytes], arguments: &[Bytes]) -> mlua::Result<()> {
        let strings = |items: &[Bytes]| {
            let strings = items.iter().map(|item| self.lua.create_string(item));
            self.lua.create_sequence_from(strings.collect::<mlua::Result<Vec<_>>>()?)
        };
        // Under a limit each allocation from Rust is guarded by a call of its own, several times as dear as itself.
        // The arguments were in memory before; what the script makes of them is limited.
        self.lua.set_memory_limit(0)?;
        let set = |name: &str, items: &[Bytes]| self.globals.raw_set(name, strings(items)?);
        let filled = set("KEYS", keys).and_then(|()| set("ARGV", arguments));
        self.lua.set_memory_limit(MEMORY_LIMIT)?;
        filled?;
        self.host.begin();
        let host = Rc::clone(&self.host);
        let every = HookTriggers::new().every_nth_instruction(INSTRUCTIONS_PER_CHECK);
        self.lua.set_global_hook(every, move |_, _| host.count().map(|()| VmState::Continue))
    }
}

/// A script may start with `#!lua`. Its line stays, so that the others keep their numbers.
fn without_shebang(source: &[u8]) -> &[u8] {
    if !source.starts_with(b"#!lua") {
        return source;
    }
    let end = source.iter().position(|byte| *byte == b'\n').unwrap_or(source.len());
    &source[end..]
}

/// An error that a script did not catch, with the script and, unless a tail call has hidden it, the place.
fn uncaught(error: &Table, sha1: &str) -> ErrorReply {
    let text = |field: &str| {
        let value = error.raw_get::<Value>(field).ok().filter(|value| !value.is_nil());
        value.map(|value| convert::to_text(&value))
    };
    let err = text("err").unwrap_or_else(|| "ERR unknown error".into());
    match (text("source"), text("line")) {
        (Some(source), Some(line)) => ErrorReply::new(format!("{err} script: {sha1}, on {source}:{line}.")),
        _ => ErrorReply::new(format!("{err} script: {sha1}")),
    }
}

#[cfg(test)]
mod tests;
