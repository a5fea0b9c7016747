//! The functions that Rust gives to the sandbox: `redis.call` and what the sandbox needs to build the rest.

use std::rc::Rc;

use gatecrash_limiter::Reply;
use gatecrash_limiter::algorithm::sha1_hex;
use mlua::{Lua, MultiValue, Table, Value};

use super::super::error_reply::ErrorReply;
use super::convert;
use super::host::Host;

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
            shared.seed(seed);
            Ok(())
        })?,
    )?;
    // Raises an error whose message gets no position.
    let fail =
        |_: &Lua, text: String| -> mlua::Result<()> { Err(mlua::Error::external(ErrorReply::new(text))) };
    table.raw_set("fail", lua.create_function(fail)?)?;
    table.raw_set("sha1hex", lua.create_function(|_, args: MultiValue| sha1hex(&args))?)?;
    table.raw_set("log", lua.create_function(|_, args: MultiValue| log(&args))?)?;
    table.raw_set("set_repl", lua.create_function(|_, args: MultiValue| set_repl(&args))?)?;
    table.raw_set("setresp", lua.create_function(|_, version: Value| setresp(&version))?)?;
    table.raw_set("message", lua.create_function(|_, error: Value| Ok(message(&error)))?)?;
    table.raw_set("locate", lua.create_function(|lua, ()| Ok(locate(lua)))?)?;
    Ok(table)
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
    Err(mlua::Error::external(ErrorReply::fixed(text)))
}

/// The text of an error that came from Rust.
fn message(error: &Value) -> String {
    let Value::Error(error) = error else {
        return convert::to_text(error);
    };
    let reply = error.chain().find_map(|cause| cause.downcast_ref::<ErrorReply>());
    reply.map_or_else(|| format!("ERR {error}"), |reply| reply.text().to_owned())
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
