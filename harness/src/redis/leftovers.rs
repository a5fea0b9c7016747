//! Keys that runs left on a server: found by what they begin with, by run.
//!
//! Whether a run goes on cannot be seen from its keys alone; that somebody used them lately can. Reading a key's idle
//! time does not use it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

use super::connection::ServerConnection;
use super::keys::KEY_NAMESPACE;
use super::target::Address;
use crate::world::store::StoreError;

/// About how many keys the server looks at for one reply.
const PAGE: &str = "1000";
/// The most replies: a server with more keys than about ten million is not looked through.
const MOST_PAGES: usize = 10_000;
/// The most keys that are kept in mind.
const MOST_KEYS: usize = 1_000_000;
/// How many keys one command removes.
const AT_ONCE: usize = 500;

/// What one run left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leftover {
    pub(crate) keys: Vec<Bytes>,
    /// For how long none of them was used; nothing where the server does not tell.
    pub(crate) idle: Option<Duration>,
}

/// What all runs left, by the run's name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leftovers {
    pub(crate) runs: BTreeMap<String, Leftover>,
    /// Not all keys were looked at.
    pub(crate) cut_short: bool,
}

/// A connection over which a server is looked through.
#[derive(Debug)]
pub(crate) struct Scan(ServerConnection);

impl Scan {
    pub(crate) fn open(address: &Address) -> Result<Self, StoreError> {
        ServerConnection::open(address).map(Self)
    }

    /// Looks for keys of runs, until all were looked at or it shall stop.
    pub(crate) fn find(&mut self, stop: impl Fn() -> bool) -> Result<Leftovers, StoreError> {
        let mut found = Leftovers { cut_short: true, ..Leftovers::default() };
        let mut cursor = Bytes::from_static(b"0");
        let (mut pages, mut kept) = (0, 0);
        while pages < MOST_PAGES && kept < MOST_KEYS && !stop() {
            let keys;
            (cursor, keys) = self.page(cursor, KEY_NAMESPACE)?;
            for key in keys {
                if let Some(run) = run_of(&key) {
                    found.runs.entry(run).or_default().keys.push(key);
                    kept += 1;
                }
            }
            pages += 1;
            if *cursor == *b"0" {
                found.cut_short = false;
                break;
            }
        }
        for leftover in found.runs.values_mut() {
            // A key may be told more than once.
            leftover.keys.sort_unstable();
            leftover.keys.dedup();
            leftover.idle = self.idle(&leftover.keys, &stop)?;
        }
        Ok(found)
    }

    /// Removes all keys that begin with this, which holds no wildcard, and tells how many were there.
    pub(super) fn remove_all(&mut self, prefix: &str) -> Result<u64, StoreError> {
        let mut removed = 0;
        let mut cursor = Bytes::from_static(b"0");
        loop {
            let keys;
            (cursor, keys) = self.page(cursor, prefix)?;
            removed += self.remove(&keys)?;
            if *cursor == *b"0" {
                return Ok(removed);
            }
        }
    }

    fn page(&mut self, cursor: Bytes, prefix: &str) -> Result<(Bytes, Vec<Bytes>), StoreError> {
        let scan = Command::new("SCAN").arg(cursor).arg("MATCH").arg(format!("{prefix}*"));
        match self.0.call(&scan.arg("COUNT").arg(PAGE))? {
            Reply::Array(items) => match &items[..] {
                [Reply::Bulk(next), Reply::Array(keys)] => {
                    let key = |key: &Reply| if let Reply::Bulk(key) = key { Some(key.clone()) } else { None };
                    Ok((next.clone(), keys.iter().filter_map(key).collect()))
                }
                _ => Err(self.0.unavailable("SCAN", "its answer makes no sense")),
            },
            other => Err(self.0.unavailable("SCAN", format!("it answered {other}"))),
        }
    }

    /// For how long none of these keys was used. Nothing if the server does not tell it of one, as where it evicts by
    /// frequency; a key that is gone meanwhile was used just now.
    fn idle(&mut self, keys: &[Bytes], stop: impl Fn() -> bool) -> Result<Option<Duration>, StoreError> {
        let mut least = u64::MAX;
        for key in keys {
            let object = Command::new("OBJECT").arg("IDLETIME").arg(key.clone());
            match self.0.call(&object)? {
                Reply::Int(seconds) => least = least.min(u64::try_from(seconds).unwrap_or_default()),
                Reply::Nil => least = 0,
                _ => return Ok(None),
            }
            if stop() {
                return Ok(None);
            }
        }
        Ok(Some(Duration::from_secs(least)))
    }

    /// Removes keys, and tells how many of them were there.
    pub(crate) fn remove(&mut self, keys: &[Bytes]) -> Result<u64, StoreError> {
        let mut removed = 0;
        for some in keys.chunks(AT_ONCE) {
            let unlink = some.iter().cloned().fold(Command::new("UNLINK"), Command::arg);
            match self.0.call(&unlink)? {
                Reply::Int(count) => removed += u64::try_from(count).unwrap_or_default(),
                other => return Err(self.0.unavailable("UNLINK", format!("it answered {other}"))),
            }
        }
        Ok(removed)
    }
}

/// The run that made a key: what stands between [`KEY_NAMESPACE`] and the next colon, if it is as
/// `Server::open` makes it. Other keys that begin alike are somebody else's.
fn run_of(key: &[u8]) -> Option<String> {
    let rest =
        std::str::from_utf8(key.strip_prefix(KEY_NAMESPACE.as_bytes())?.split(|byte| *byte == b':').next()?);
    let run = rest.ok().filter(|run| key.len() > KEY_NAMESPACE.len() + run.len())?;
    let (process, began) = run.split_once('-')?;
    let digits = |text: &str, hex: bool| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_digit() || hex && (b'a'..=b'f').contains(&byte))
    };
    (digits(process, false) && digits(began, true)).then(|| run.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_as_runs_make_them_are_a_runs() {
        for key in ["gatecrash:12-17f0a:0:slots", "gatecrash:12-17f0a:", "gatecrash:12-17f0a:0:3:a:b"] {
            assert_eq!(run_of(key.as_bytes()), Some("12-17f0a".to_owned()), "{key}");
        }
        let others = [
            "gatecrash:config",
            "gatecrash:12-17f0a",
            "gatecrash:12:0:x",
            "gatecrash:a-1:x",
            "gatecrash::x",
            "x",
            "gatecrash:1-G:x",
            "",
        ];
        for key in others {
            assert_eq!(run_of(key.as_bytes()), None, "{key}");
        }
        assert_eq!(run_of(b"gatecrash:\xff-1:x"), None);
    }
}
