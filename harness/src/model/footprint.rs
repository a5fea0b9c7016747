//! What a command reads and writes, finer than its keys: when the order of two commands cannot matter.
//!
//! Two commands that do not [conflict](Footprint::conflicts) can be exchanged wherever they stand side by side: both
//! replies and the content afterwards are the same. Two `ZADD`s of different members do not conflict although both
//! change the cardinality; `ZCARD` conflicts with either. What is not known is taken for the worst: a script reads and
//! writes all of its keys, a command without a known footprint conflicts with everything.
//!
//! Adding to a collection and removing from it commute as long as its key has no expiry. With one they do not: a key
//! that is left empty vanishes with its expiry, and one that never was empty keeps it. Whether a key can have one
//! depends on what came before, which is what [`Footprint::after`] is told.
//!
//! # What it can miss
//!
//! A script that touches keys which it does not declare: Redis forbids that, but does not find out.

use bytes::Bytes;
use gatecrash_limiter::Command;

use crate::model;

/// What one command reads and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    extent: UsedKeys,
    scripts: ScriptUse,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum UsedKeys {
    Everything,
    /// Nothing but this.
    Keys(Vec<Use>),
}

/// What a command has to do with the cache of scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScriptUse {
    Nothing,
    /// It adds one, as `EVAL` does. Who comes first does not matter: they are named by what they are.
    Learns,
    /// It needs one, as `EVALSHA` does.
    Needs,
}

/// One key, and what of it is used how.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Use {
    key: Bytes,
    part: KeyPart,
    access: Access,
    /// Whether the key can have an expiry.
    can_expire: bool,
}

/// A part of what a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum KeyPart {
    /// All of it.
    Content,
    /// These members or fields of a collection. A key has members of one kind only.
    Members(MemberKind, Vec<Bytes>),
    /// Whether it is there, its type, and how much is in it.
    Size,
    /// Whether it is there and when it expires.
    Expiry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MemberKind {
    Zset,
    Set,
    Hash,
}

/// How a part is used. Whoever changes it may read it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Reads,
    Writes,
    /// Members: never leaves fewer of them.
    Adds,
    /// Members: never leaves more of them.
    Removes,
}

use Access::{Adds, Reads, Removes, Writes};

impl Footprint {
    /// What a command reads and writes wherever no key can have an expiry; see [`Footprint::after`].
    pub fn of(command: &Command) -> Self {
        let name = command.name().to_ascii_uppercase();
        let (extent, scripts) = match name.as_slice() {
            b"PING" | b"ECHO" | b"TIME" => (UsedKeys::Keys(Vec::new()), ScriptUse::Nothing),
            b"EVAL" => (script_keys(command), ScriptUse::Learns),
            b"EVALSHA" => (script_keys(command), ScriptUse::Needs),
            name => (data(name, command), ScriptUse::Nothing),
        };
        Self { extent, scripts }
    }

    /// Whether the order of two commands of different clients can matter: to a reply, or to the content afterwards.
    pub fn conflicts(&self, other: &Self) -> bool {
        match (&self.extent, &other.extent) {
            (UsedKeys::Keys(ours), UsedKeys::Keys(theirs)) => {
                matches!(
                    (self.scripts, other.scripts),
                    (ScriptUse::Learns, ScriptUse::Needs) | (ScriptUse::Needs, ScriptUse::Learns)
                ) || ours.iter().any(|ours| theirs.iter().any(|theirs| ours.conflicts(theirs)))
            }
            _ => true,
        }
    }

    /// The footprint where the command comes after another, which may have left a key with an expiry; `None` if that
    /// changes nothing.
    ///
    /// Whatever may do so conflicts with all for which it makes a difference. So what a footprint depends on are only
    /// commands whose place before it is fixed anyway.
    pub fn after(&self, earlier: &Self) -> Option<Self> {
        let UsedKeys::Keys(uses) = &self.extent else { return None };
        let learns = |used: &Use| {
            matches!(used.access, Adds | Removes) && !used.can_expire && earlier.may_let_expire(&used.key)
        };
        if !uses.iter().any(learns) {
            return None;
        }
        let uses =
            uses.iter().map(|used| Use { can_expire: used.can_expire || learns(used), ..used.clone() });
        Some(Self { extent: UsedKeys::Keys(uses.collect()), scripts: self.scripts })
    }

    fn may_let_expire(&self, key: &[u8]) -> bool {
        match &self.extent {
            UsedKeys::Everything => true,
            UsedKeys::Keys(uses) => uses.iter().any(|used| used.access == Writes && used.key == key),
        }
    }
}

impl Use {
    fn conflicts(&self, other: &Self) -> bool {
        if self.key != other.key || self.access == Reads && other.access == Reads {
            return false;
        }
        match (&self.part, &other.part) {
            (KeyPart::Content, _) | (_, KeyPart::Content) | (KeyPart::Expiry, KeyPart::Expiry) => true,
            (KeyPart::Members(kind, names), KeyPart::Members(other_kind, other_names)) => {
                let opposed = matches!((self.access, other.access), (Adds, Removes) | (Removes, Adds));
                kind != other_kind
                    || names.iter().any(|name| other_names.contains(name))
                    || opposed && (self.can_expire || other.can_expire)
            }
            // A key is there as long as something is in it.
            (KeyPart::Members(..), KeyPart::Size | KeyPart::Expiry) => self.access != Reads,
            (KeyPart::Size | KeyPart::Expiry, KeyPart::Members(..)) => other.access != Reads,
            (KeyPart::Size, KeyPart::Size | KeyPart::Expiry) | (KeyPart::Expiry, KeyPart::Size) => false,
        }
    }
}

/// All of a script's keys, read and written. One that declares none does as it likes.
fn script_keys(command: &Command) -> UsedKeys {
    match model::key_positions(command) {
        Some(keys) if !keys.is_empty() => used(command, &keys, &KeyPart::Content, Writes),
        _ => UsedKeys::Everything,
    }
}

/// What a command on data uses of its keys.
fn data(name: &[u8], command: &Command) -> UsedKeys {
    let Some(keys) = model::data_key_positions(command) else { return UsedKeys::Everything };
    let (part, access) = members(name, command.args()).unwrap_or_else(|| whole(name, command.args()));
    used(command, &keys, &part, access)
}

fn used(command: &Command, keys: &[usize], part: &KeyPart, access: Access) -> UsedKeys {
    let used =
        |at: &usize| Use { key: command.parts()[*at].clone(), part: part.clone(), access, can_expire: false };
    UsedKeys::Keys(keys.iter().map(used).collect())
}

/// Which members a command uses, if it names all that it uses: its reply tells nothing of the others.
fn members(name: &[u8], args: &[Bytes]) -> Option<(KeyPart, Access)> {
    let rest = &args[1..];
    let every_second = |args: &[Bytes], first| args.iter().skip(first).step_by(2).cloned().collect();
    let (kind, names, access): (_, Vec<Bytes>, _) = match name {
        b"ZADD" => {
            let options = rest.iter().take_while(|arg| is_zadd_option(arg)).count();
            (MemberKind::Zset, every_second(&rest[options..], 1), Adds)
        }
        b"ZINCRBY" => (MemberKind::Zset, every_second(rest, 1), Adds),
        b"ZREM" => (MemberKind::Zset, rest.to_vec(), Removes),
        b"ZSCORE" | b"ZMSCORE" => (MemberKind::Zset, rest.to_vec(), Reads),
        b"SADD" => (MemberKind::Set, rest.to_vec(), Adds),
        b"SREM" => (MemberKind::Set, rest.to_vec(), Removes),
        b"SISMEMBER" | b"SMISMEMBER" => (MemberKind::Set, rest.to_vec(), Reads),
        b"HSET" | b"HMSET" | b"HSETNX" | b"HINCRBY" => (MemberKind::Hash, every_second(rest, 0), Adds),
        b"HDEL" => (MemberKind::Hash, rest.to_vec(), Removes),
        b"HGET" | b"HMGET" | b"HEXISTS" | b"HSTRLEN" => (MemberKind::Hash, rest.to_vec(), Reads),
        _ => return None,
    };
    Some((KeyPart::Members(kind, names), access))
}

fn is_zadd_option(arg: &[u8]) -> bool {
    ["NX", "XX", "GT", "LT", "CH", "INCR"].iter().any(|option| arg.eq_ignore_ascii_case(option.as_bytes()))
}

/// What of its keys a command uses that is more than some members.
fn whole(name: &[u8], args: &[Bytes]) -> (KeyPart, Access) {
    match name {
        b"ZCARD" | b"SCARD" | b"HLEN" | b"LLEN" | b"STRLEN" | b"EXISTS" | b"TOUCH" | b"TYPE" => {
            (KeyPart::Size, Reads)
        }
        b"TTL" | b"PTTL" | b"EXPIRETIME" | b"PEXPIRETIME" => (KeyPart::Expiry, Reads),
        b"PERSIST" => (KeyPart::Expiry, Writes),
        // Without time left, the key would vanish.
        b"EXPIRE" | b"PEXPIRE" if args.get(1).is_some_and(|time| is_positive(time)) => {
            (KeyPart::Expiry, Writes)
        }
        b"GET" | b"MGET" | b"GETRANGE" | b"SUBSTR" | b"LRANGE" | b"LINDEX" | b"SMEMBERS" | b"HGETALL"
        | b"HKEYS" | b"HVALS" | b"ZRANK" | b"ZREVRANK" | b"ZCOUNT" | b"ZLEXCOUNT" | b"ZRANGE"
        | b"ZREVRANGE" | b"ZRANGEBYSCORE" | b"ZREVRANGEBYSCORE" | b"ZRANGEBYLEX" | b"ZREVRANGEBYLEX" => {
            (KeyPart::Content, Reads)
        }
        _ => (KeyPart::Content, Writes),
    }
}

fn is_positive(number: &[u8]) -> bool {
    std::str::from_utf8(number).is_ok_and(|text| text.parse::<i64>().is_ok_and(|number| number > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(line: &str) -> Footprint {
        let parts = line.split(' ').map(|part| Bytes::copy_from_slice(part.as_bytes())).collect();
        Footprint::of(&Command::from_parts(parts).unwrap())
    }

    fn conflict(one: &str, other: &str) -> bool {
        let (one, other) = (footprint(one), footprint(other));
        assert_eq!(one.conflicts(&other), other.conflicts(&one), "symmetric");
        one.conflicts(&other)
    }

    #[test]
    fn different_members_do_not_conflict() {
        for (one, other) in [
            ("ZADD k 1 a", "ZADD k 1 b"),
            ("ZADD k NX CH 1 a 2 c", "zadd k 1 b"),
            ("ZADD k 1 a", "ZREM k b c"),
            ("ZREM k a", "ZREM k b"),
            ("ZADD k 1 a", "ZSCORE k b"),
            ("HSET k a 1", "HDEL k b"),
            ("HINCRBY k a 1", "HGET k b"),
            ("SADD k a", "SREM k b"),
        ] {
            assert!(!conflict(one, other), "{one} / {other}");
        }
    }

    #[test]
    fn what_is_read_conflicts_with_what_changes_it() {
        for (one, other) in [
            ("ZADD k 1 a", "ZADD k 2 a"),
            ("ZADD k NX 1 a", "ZREM k b a"),
            ("ZADD k 1 a", "ZCARD k"),
            ("ZREM k a", "ZCARD k"),
            ("ZADD k 1 a", "ZRANGE k 0 -1"),
            ("ZADD k 1 a", "SADD k b"),
            ("ZADD k 1 a", "EXPIRE k 10"),
            ("ZREM k a", "TTL k"),
            ("ZSCORE k a", "EXPIRE k -1"),
            ("EXPIRE k 10", "PERSIST k"),
            ("SET k v", "GET k"),
            ("INCR k", "INCR k"),
            ("MSET j 1 k 1", "DEL k"),
        ] {
            assert!(conflict(one, other), "{one} / {other}");
        }
        for (one, other) in [
            ("GET k", "STRLEN k"),
            ("ZCARD k", "EXPIRE k 10"),
            ("ZSCORE k a", "PEXPIRE k 10"),
            ("INCR j", "INCR k"),
        ] {
            assert!(!conflict(one, other), "{one} / {other}");
        }
    }

    #[test]
    fn a_script_uses_all_of_its_keys_and_the_cache_of_scripts() {
        assert!(conflict("EVAL s 2 j k x", "ZSCORE k a"));
        assert!(!conflict("EVAL s 1 j k", "DEL k"), "k is an argument");
        assert!(!conflict("EVAL s 1 j", "EVAL s 1 k"));
        assert!(!conflict("EVALSHA s 1 j", "EVALSHA s 1 k"));
        assert!(conflict("EVAL s 1 j", "EVALSHA s 1 k"), "the first makes the second known");
        assert!(conflict("EVAL s 0 k", "PING"), "who knows what it touches");
    }

    #[test]
    fn what_is_not_known_conflicts_with_everything() {
        for command in ["NOPE j", "MULTI", "EXEC", "WATCH j", "FLUSHALL", "DBSIZE", "SCRIPT LOAD x"] {
            assert!(conflict(command, "GET k"), "{command}");
        }
        assert!(!conflict("TIME", "SET k v"));
    }

    #[test]
    fn adding_and_removing_conflict_after_what_may_have_left_an_expiry() {
        let remove = footprint("ZREM k b");
        for (earlier, conflict) in [
            ("EXPIRE k 9", true),
            ("EVAL s 1 k", true),
            ("EXEC", true),
            ("EXPIRE j 9", false),
            ("ZADD k 1 c", false),
        ] {
            let add = footprint("ZADD k 1 a");
            let later = add.after(&footprint(earlier));
            assert_eq!(later.is_some(), conflict, "{earlier}");
            let add = later.unwrap_or(add);
            assert_eq!(add.after(&footprint(earlier)), None, "nothing new");
            assert_eq!(add.conflicts(&remove), conflict, "{earlier}");
            assert_eq!(remove.conflicts(&add), conflict, "{earlier}");
            assert!(!add.conflicts(&footprint("ZADD k 1 b")), "{earlier}");
        }
    }
}
