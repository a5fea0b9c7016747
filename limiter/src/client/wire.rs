//! Between this crate's plain data and the types of the `redis` crate.

use redis::{RedisError, Value};

use crate::command::{Command, Reply};

pub(crate) fn to_cmd(command: &Command) -> redis::Cmd {
    let mut cmd = redis::Cmd::new();
    for part in command.parts() {
        cmd.arg(&part[..]);
    }
    cmd
}

/// The reply in terms of RESP2, which is what is spoken unless the URL asks for RESP3; a RESP3 value becomes what
/// RESP2 would have sent instead.
pub(crate) fn to_reply(value: Value) -> Reply {
    match value {
        Value::Nil => Reply::Nil,
        Value::Int(n) => Reply::Int(n),
        Value::Boolean(b) => Reply::Int(b.into()),
        Value::Okay => Reply::ok(),
        Value::SimpleString(text) => Reply::Status(text),
        Value::BulkString(bytes) | Value::BigNumber(bytes) => Reply::bulk(bytes),
        Value::VerbatimString { text, .. } => Reply::bulk(text),
        Value::Double(x) => Reply::bulk(x.to_string()),
        Value::Array(items) | Value::Set(items) | Value::Push { data: items, .. } => {
            Reply::Array(items.into_iter().map(to_reply).collect())
        }
        Value::Map(pairs) => {
            Reply::Array(pairs.into_iter().flat_map(|(k, v)| [to_reply(k), to_reply(v)]).collect())
        }
        Value::Attribute { data, .. } => to_reply(*data),
        Value::ServerError(error) => Reply::Error(error_text(error.code(), error.details())),
        // A kind that a later version of the library may add; no algorithm has a meaning for it.
        other => Reply::Status(format!("{other:?}")),
    }
}

/// The text of the error reply that `error` stands for; `None` if it is no reply but a broken connection or such.
pub(crate) fn server_text(error: &RedisError) -> Option<String> {
    match error.kind() {
        redis::ErrorKind::Server(_) | redis::ErrorKind::Extension => {
            Some(error_text(error.code().unwrap_or("ERR"), error.detail()))
        }
        redis::ErrorKind::AuthenticationFailed => Some("the server did not accept the credentials".into()),
        _ => None,
    }
}

fn error_text(code: &str, details: Option<&str>) -> String {
    match details {
        Some(details) => format!("{code} {details}"),
        None => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_packed_part_by_part() {
        let command = Command::new("ZADD").arg("k").number(1).arg(&b"\x00\r\n"[..]);
        assert_eq!(
            to_cmd(&command).get_packed_command(),
            b"*4\r\n$4\r\nZADD\r\n$1\r\nk\r\n$1\r\n1\r\n$3\r\n\0\r\n\r\n"
        );
    }

    #[test]
    fn replies_keep_their_kind() {
        let value = redis::parse_redis_value(b"*5\r\n:1\r\n$-1\r\n+OK\r\n$2\r\nab\r\n*0\r\n").unwrap();
        let expected = [Reply::Int(1), Reply::Nil, Reply::ok(), Reply::bulk("ab"), Reply::Array(Vec::new())];
        assert_eq!(to_reply(value), Reply::Array(expected.into()));
    }

    #[test]
    fn error_replies_keep_code_and_text() {
        for wire in ["WRONGTYPE Operation against a key", "NOSCRIPT No matching script.", "ERR no"] {
            let value = redis::parse_redis_value(format!("-{wire}\r\n").as_bytes()).unwrap();
            assert_eq!(to_reply(value), Reply::Error(wire.into()));
        }
    }
}
