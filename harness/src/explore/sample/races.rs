//! Which commands race: those whose order can matter.
//!
//! Two commands race if they have a key in common and not both only read. That is coarse: two `ZADD`s of different
//! members race too. A command without keys, such as `EXEC`, is taken to touch every key.

use gatecrash_limiter::Command;

use crate::model;

/// Whether two commands of different clients race.
pub(super) fn races(one: &Command, other: &Command) -> bool {
    if only_reads(one) && only_reads(other) {
        return false;
    }
    match (keys(one), keys(other)) {
        (Some(one_keys), Some(other_keys)) => {
            let part = |command: &Command, place: usize| command.parts()[place].clone();
            one_keys.iter().any(|i| other_keys.iter().any(|j| part(one, *i) == part(other, *j)))
        }
        _ => true,
    }
}

/// The places of a command's keys, if there are any.
fn keys(command: &Command) -> Option<Vec<usize>> {
    model::key_positions(command).filter(|places| !places.is_empty())
}

fn only_reads(command: &Command) -> bool {
    READS.iter().any(|name| command.name().eq_ignore_ascii_case(name.as_bytes()))
}

/// Commands that change nothing, whatever their arguments.
#[rustfmt::skip]
const READS: [&str; 46] = [
    "DBSIZE", "ECHO", "EXISTS", "EXPIRETIME", "GET", "GETRANGE", "HEXISTS", "HGET", "HGETALL", "HKEYS",
    "HLEN", "HMGET", "HSTRLEN", "HVALS", "KEYS", "LINDEX", "LLEN", "LRANGE", "MGET", "PEXPIRETIME", "PING",
    "PTTL", "SCAN", "SCARD", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "STRLEN", "SUBSTR", "TIME", "TOUCH",
    "TTL", "TYPE", "ZCARD", "ZCOUNT", "ZLEXCOUNT", "ZMSCORE", "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE",
    "ZRANK", "ZREVRANGE", "ZREVRANGEBYLEX", "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCORE",
];

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn command(line: &str) -> Command {
        let parts = line.split(' ').map(|part| Bytes::copy_from_slice(part.as_bytes())).collect();
        Command::from_parts(parts).unwrap()
    }

    fn race(one: &str, other: &str) -> bool {
        let (one, other) = (command(one), command(other));
        let race = races(&one, &other);
        assert_eq!(race, races(&other, &one), "{one} and {other}");
        race
    }

    #[test]
    fn a_key_in_common_and_a_write() {
        assert!(race("ZCARD slots", "ZADD slots 0 a"));
        assert!(race("ZADD slots 0 a", "ZREM slots b"));
        assert!(race("EVAL s 2 a b", "GET b"));
        assert!(race("MSET a 1 b 2", "mget c b"));
    }

    #[test]
    fn no_key_in_common_or_only_reads() {
        assert!(!race("ZCARD slots", "zcard slots"));
        assert!(!race("ZCARD slots", "ZADD others 0 a"));
        assert!(!race("EVAL s 1 a b", "GET b"), "b is an argument");
        assert!(!race("PING", "GET a"));
    }

    #[test]
    fn what_has_no_keys_or_is_not_known_races_with_what_writes() {
        assert!(race("EXEC", "GET a"));
        assert!(race("FLUSHALL", "TIME"));
        assert!(race("NOPE a", "GET b"));
    }

    #[test]
    fn what_only_reads_is_known() {
        assert!(READS.is_sorted());
        for name in READS {
            assert_ne!(model::key_positions(&command(name)), None, "{name}");
        }
    }
}
