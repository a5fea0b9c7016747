//! What a server tells about itself when it is asked, and what it lets us do. Nothing changes on it, but that it knows a
//! script of one line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatecrash_limiter::{Command, Reply};

use super::connection::{ServerConnection, foreign};
use super::server::Server;
use crate::world::store::StoreError;

/// What it told.
#[derive(Clone, Debug)]
pub(crate) struct Inquiry {
    /// The text of its `INFO`.
    pub(crate) info: String,
    /// When it saves itself, as in its configuration; nothing where it does not tell.
    pub(crate) save: Option<String>,
    /// What its user may not do, although a run needs it.
    pub(crate) refused: Vec<Refusal>,
    pub(crate) time: Time,
}

/// A command that the server does not let us run.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) command: &'static str,
    /// The server's own words.
    pub(crate) why: String,
}

/// What both clocks showed, since the epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// Ours, before it was asked.
    pub(crate) before: Duration,
    pub(crate) server: Duration,
    /// Ours, after it answered.
    pub(crate) after: Duration,
}

impl Inquiry {
    pub(crate) fn make(server: &Server) -> Result<Self, StoreError> {
        let mut connection = ServerConnection::open(server.address())?;
        let info = match connection.call(&Command::new("INFO"))? {
            Reply::Bulk(text) => {
                let lines: Vec<String> = String::from_utf8_lossy(&text).lines().map(foreign).collect();
                lines.join("\n")
            }
            other => return Err(connection.unavailable("INFO", format!("it answered {other}"))),
        };
        // Some services do not let anybody see their configuration: then it stays unknown.
        let save = match connection.call(&Command::new("CONFIG").arg("GET").arg("save"))? {
            Reply::Array(items) => items.get(1).map(|save| foreign(&text(save))),
            _ => None,
        };
        let refused = refused(&mut connection, &server.next_prefix())?;
        let before = now();
        let reply = connection.call(&Command::new("TIME"))?;
        let after = now();
        let server = match &reply {
            Reply::Array(items) => time(items),
            _ => None,
        };
        let server = server.ok_or_else(|| connection.unavailable("TIME", format!("it answered {reply}")))?;
        Ok(Self { info, save, refused, time: Time { before, server, after } })
    }

    /// A field of its `INFO`.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }
}

/// Tries what a run sends, in a form that changes nothing, on a key that does not exist. (`ACL DRYRUN` would ask the same,
/// but is for administrators, and for Redis 7.)
fn refused(connection: &mut ServerConnection, prefix: &str) -> Result<Vec<Refusal>, StoreError> {
    let key = format!("{prefix}doctor");
    let with_key = |name: &'static str, args: &[&'static str]| {
        args.iter().fold(Command::new(name).arg(key.clone()), |command, arg| command.arg(*arg))
    };
    let tries = [
        ("SCRIPT LOAD", Command::new("SCRIPT").arg("LOAD").arg("return 1")),
        ("EVAL", Command::new("EVAL").arg("return 1").arg("1").arg(key.clone())),
        ("ZADD", with_key("ZADD", &["XX", "0", "doctor"])),
        ("ZCARD", with_key("ZCARD", &[])),
        ("ZREM", with_key("ZREM", &["doctor"])),
        ("EXISTS", with_key("EXISTS", &[])),
        ("SET", with_key("SET", &["1", "XX"])),
        ("UNLINK", with_key("UNLINK", &[])),
    ];
    let mut refused = Vec::new();
    for (name, command) in tries {
        if let Reply::Error(why) = connection.call(&command)?
            && why.starts_with("NOPERM")
        {
            refused.push(Refusal { command: name, why: foreign(&why) });
        }
    }
    Ok(refused)
}

fn text(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    }
}

/// The reply of `TIME`: seconds and microseconds.
fn time(items: &[Reply]) -> Option<Duration> {
    let [seconds, micros] = items else { return None };
    let seconds = text(seconds).parse().ok()?;
    Duration::from_secs(seconds).checked_add(Duration::from_micros(text(micros).parse().ok()?))
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
