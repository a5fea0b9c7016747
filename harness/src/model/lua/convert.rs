//! Redis's conversions between replies and Lua values.

use bytes::Bytes;
use gatecrash_limiter::Reply;
use mlua::{Lua, Table, Value};

use super::super::error_reply::ErrorReply;
use super::super::number;

/// Arrays deeper than this end in an error, so that a table that holds itself has an end.
const DEEPEST: usize = 64;

/// What a script gets for a command's reply.
pub(super) fn to_lua(lua: &Lua, reply: Reply) -> mlua::Result<Value> {
    Ok(match reply {
        Reply::Nil => Value::Boolean(false),
        Reply::Int(n) => Value::Integer(n),
        Reply::Bulk(bytes) => Value::String(lua.create_string(bytes)?),
        Reply::Status(text) => Value::Table(single_field(lua, "ok", &text)?),
        Reply::Error(text) => Value::Table(single_field(lua, "err", &text)?),
        Reply::Array(items) => {
            let items = items.into_iter().map(|item| to_lua(lua, item)).collect::<mlua::Result<Vec<_>>>()?;
            Value::Table(lua.create_sequence_from(items)?)
        }
    })
}

/// A table with one field, as scripts know statuses and errors.
pub(super) fn single_field(lua: &Lua, name: &str, text: &str) -> mlua::Result<Table> {
    let table = lua.create_table_with_capacity(0, 1)?;
    table.raw_set(name, text)?;
    Ok(table)
}

/// The reply for what a script returned.
pub(super) fn to_reply(value: &Value, depth: usize) -> Reply {
    match value {
        Value::Boolean(true) => Reply::Int(1),
        Value::Integer(n) => Reply::Int(*n),
        Value::Number(n) => Reply::Int(truncate(*n)),
        Value::String(text) => Reply::Bulk(Bytes::copy_from_slice(&text.as_bytes())),
        Value::Table(table) => table_to_reply(table, depth),
        _ => Reply::Nil,
    }
}

fn table_to_reply(table: &Table, depth: usize) -> Reply {
    if depth > DEEPEST {
        return Reply::Error("ERR reached lua stack limit".into());
    }
    if let Ok(Value::String(text)) = table.raw_get("err") {
        return ErrorReply::new(text.to_string_lossy()).into();
    }
    if let Ok(Value::String(text)) = table.raw_get("ok") {
        return Reply::Status(text.to_string_lossy().replace(['\r', '\n'], " "));
    }
    let items = (1_i64..).map_while(|at| table.raw_get::<Value>(at).ok().filter(|item| !item.is_nil()));
    Reply::Array(items.map(|item| to_reply(&item, depth + 1)).collect())
}

/// Towards zero; what does not fit becomes the smallest integer, as it does on a server's processor.
#[expect(clippy::cast_possible_truncation, reason = "that is the point; what does not fit was sorted out")]
fn truncate(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// An argument of `redis.call`; `None` if it is neither string nor number.
pub(super) fn to_argument(value: &Value) -> Option<Bytes> {
    match value {
        Value::String(text) => Some(Bytes::copy_from_slice(&text.as_bytes())),
        #[expect(clippy::cast_precision_loss, reason = "it was a double in Lua")]
        Value::Integer(n) => Some(number::general(*n as f64).into()),
        Value::Number(n) => Some(number::general(*n).into()),
        _ => None,
    }
}

/// A value within an error message.
pub(super) fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string_lossy(),
        other => other.to_string().unwrap_or_else(|_| other.type_name().to_owned()),
    }
}
