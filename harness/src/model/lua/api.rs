//! The functions that Rust gives to the sandbox: `redis.call` and what the sandbox needs to build the rest.

use std::rc::Rc;

use bytes::Bytes;
use gatecrash_limiter::Reply;
use gatecrash_limiter::algorithm::sha1_hex;
use mlua::{Lua, MultiValue, Table, Value};

use super::super::Answer;
use super::super::fault::Fault;
use super::super::table::{self, Handler};
use super::{Host, convert};

/// A table of all functions by name.
pub(super) fn functions(lua: &Lua, host: &Rc<Host>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let shared = Rc::clone(host);
    table.raw_set(
        "call",
        lua.create_function(move |lua, args: MultiValue| {
            let reply = shared.call(&args).map_err(mlua::Error::external)?;
            convert::to_lua(lua, reply)
        })?,
    )?;
    let shared = Rc::clone(host);
    table.raw_set(
        "pcall",
        lua.create_function(move |lua, args: MultiValue| {
            convert::to_lua(lua, shared.call(&args).unwrap_or_else(Reply::from))
        })?,
    )?;
    let shared = Rc::clone(host);
    table.raw_set("check", lua.create_function(move |_, ()| shared.check())?)?;
    let shared = Rc::clone(host);
    table.raw_set("random", lua.create_function(move |_, ()| Ok(shared.next_random()))?)?;
    let shared = Rc::clone(host);
    table.raw_set(
        "randomseed",
        lua.create_function(move |_, seed: i64| {
            shared.random.set(random_state(seed));
            Ok(())
        })?,
    )?;
    // Raises an error whose message gets no position.
    let fail = |_: &Lua, text: String| -> mlua::Result<()> { Err(mlua::Error::external(Fault::new(text))) };
    table.raw_set("fail", lua.create_function(fail)?)?;
    table.raw_set("sha1hex", lua.create_function(|_, args: MultiValue| sha1hex(&args))?)?;
    table.raw_set("log", lua.create_function(|_, args: MultiValue| log(&args))?)?;
    table.raw_set("set_repl", lua.create_function(|_, args: MultiValue| set_repl(&args))?)?;
    table.raw_set("setresp", lua.create_function(|_, version: Value| setresp(&version))?)?;
    table.raw_set("message", lua.create_function(|_, error: Value| Ok(message(&error)))?)?;
    table.raw_set("locate", lua.create_function(|lua, ()| Ok(locate(lua)))?)?;
    Ok(table)
}

impl Host {
    /// Runs a command for a script.
    fn call(&self, args: &MultiValue) -> Answer {
        if args.is_empty() {
            return Err(Fault::fixed("ERR Please specify at least one argument for this redis lib call"));
        }
        let parts: Option<Vec<Bytes>> = args.iter().map(convert::to_argument).collect();
        let parts =
            parts.ok_or(Fault::fixed("ERR Lua redis lib command arguments must be strings or integers"))?;
        let row = table::resolve_in_script(&parts)?;
        match row.handler {
            Handler::Data(handler) => {
                let mut database = self.database.borrow_mut();
                database.note(row, &parts);
                handler(&mut database, &parts[row.words..])
            }
            Handler::Server(_) => Err(Fault::fixed("ERR This Redis command is not allowed from script")),
        }
    }

    /// The next number of the 48-bit linear congruential generator that C calls `lrand48`, scaled to `0..1`.
    fn next_random(&self) -> f64 {
        const MULTIPLIER: u64 = 0x5_DEEC_E66D;
        const INCREMENT: u64 = 0xB;
        const LARGEST: u32 = i32::MAX.unsigned_abs();
        let next = self.random.get().wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & ((1 << 48) - 1);
        self.random.set(next);
        let bits = u32::try_from(next >> 17).expect("48 bits less 17 are 31");
        f64::from(bits % LARGEST) / f64::from(LARGEST)
    }
}

/// The generator's state for a seed, as C's `srand48` sets it.
pub(super) fn random_state(seed: i64) -> u64 {
    const LOW: u64 = 0x330E;
    ((seed.cast_unsigned() & 0xFFFF_FFFF) << 16) | LOW
}

fn sha1hex(args: &MultiValue) -> mlua::Result<String> {
    match args.iter().collect::<Vec<_>>()[..] {
        [arg] => Ok(sha1_hex(&convert::to_argument(arg).unwrap_or_default())),
        _ => refuse("ERR wrong number of arguments"),
    }
}

/// Checks its arguments and logs nothing.
fn log(args: &MultiValue) -> mlua::Result<()> {
    match (args.len(), args.iter().next()) {
        (0 | 1, _) => refuse("ERR redis.log() requires two arguments or more."),
        (_, Some(Value::Integer(0..=3))) => Ok(()),
        (_, Some(Value::Integer(_) | Value::Number(_))) => refuse("ERR Invalid debug level."),
        _ => refuse("ERR First argument must be a number (log level)."),
    }
}

/// There is no replication to be set up.
fn set_repl(args: &MultiValue) -> mlua::Result<()> {
    if args.len() == 1 { Ok(()) } else { refuse("ERR redis.set_repl() requires two arguments.") }
}

/// There is only the protocol that is in use already.
fn setresp(version: &Value) -> mlua::Result<()> {
    if *version == Value::Integer(2) { Ok(()) } else { refuse("ERR RESP version must be 2 or 3.") }
}

fn refuse<T>(text: &'static str) -> mlua::Result<T> {
    Err(mlua::Error::external(Fault::fixed(text)))
}

/// The text of an error that came from Rust.
fn message(error: &Value) -> String {
    let Value::Error(error) = error else {
        return convert::to_text(error);
    };
    let fault = error.chain().find_map(|cause| cause.downcast_ref::<Fault>());
    fault.map_or_else(|| format!("ERR {error}"), |fault| fault.text().to_owned())
}

/// The source and the line of the innermost function that a script defined, of those that are running.
fn locate(lua: &Lua) -> (Option<String>, Option<usize>) {
    let of_script = |level| {
        lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let text = source.source.filter(|text| !text.starts_with('='))?;
            Some((text.into_owned(), frame.current_line()))
        })
    };
    match (0..).map_while(of_script).flatten().next() {
        Some((source, line)) => (Some(source), line),
        None => (None, None),
    }
}
