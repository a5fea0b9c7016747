//! What can be certified: commands whose reply and effect depend on the content and on nothing else.

use std::time::Duration;

use gatecrash_limiter::Reply;

use crate::explore::states::{EffectLayout, StoreEffect};
use crate::model::content::Piece;

/// Commands that depend on the content only. One that is on no list of this file is taken to depend on more.
const CONTENT_ONLY: &str = "
    APPEND DECR DECRBY DEL ECHO EVAL EVALSHA EXISTS EXPIRE GET GETDEL GETEX GETRANGE GETSET HDEL HEXISTS HGET HINCRBY
    HLEN HMGET HMSET HSET HSETNX HSTRLEN INCR INCRBY INCRBYFLOAT LINDEX LLEN LMOVE LPOP LPUSH LPUSHX LRANGE LREM LSET
    LTRIM MGET MSET MSETNX PERSIST PEXPIRE PING PSETEX RENAME RENAMENX RPOP RPOPLPUSH RPUSH RPUSHX SADD SCARD
    SCRIPT|LOAD SET SETEX SETNX SETRANGE SISMEMBER SMISMEMBER SREM STRLEN SUBSTR TOUCH TYPE UNLINK ZADD ZCARD ZCOUNT
    ZINCRBY ZINTERSTORE ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM
    ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCORE
    ZUNIONSTORE";
/// These too, as long as no key expires.
const TIME_TO_LIVE: &str = "EXPIRETIME PEXPIRETIME PTTL TTL";
const CLOCK: &str = "EXPIREAT PEXPIREAT TIME";
const UNORDERED: &str = "HGETALL HKEYS HVALS SMEMBERS";
const WHOLE_SERVER: &str = "DBSIZE FLUSHALL FLUSHDB KEYS PUBLISH SCAN SCRIPT|EXISTS SCRIPT|FLUSH";
const SESSION: &str = "DISCARD EXEC MULTI UNWATCH WATCH";

/// Keys must live for longer than it takes to look at them.
const LIVES_LONG_ENOUGH: Duration = Duration::from_secs(1);

/// Why an effect cannot be certified, if it cannot.
pub(super) fn refusal(effect: &StoreEffect, layout: &EffectLayout) -> Option<String> {
    let lives = layout.before.iter().chain(&layout.after).filter_map(Piece::expires_at).min();
    if let Some(lives) = lives.filter(|lives| *lives < LIVES_LONG_ENOUGH) {
        let lives = lives.as_millis();
        return Some(format!(
            "a key lives for {lives} ms, and the server's clock does not wait until it was read"
        ));
    }
    if matches!(&effect.reply, Reply::Error(text) if text.starts_with("NOSCRIPT")) {
        return Some(
            "whether the server lacks a script is not ours to decide: it may know it from others".into(),
        );
    }
    effect.ran.iter().find_map(|name| {
        let why = why_not(name, lives.is_some())?;
        Some(format!("`{}` {why}", name.replace('|', " ")))
    })
}

/// What a command depends on besides the content, if it does.
fn why_not(name: &str, expires: bool) -> Option<&'static str> {
    let is_in = |list: &str| list.split_whitespace().any(|known| known == name);
    if is_in(CONTENT_ONLY) || (is_in(TIME_TO_LIVE) && !expires) {
        None
    } else if is_in(TIME_TO_LIVE) || is_in(CLOCK) {
        Some("depends on the server's clock")
    } else if is_in(UNORDERED) {
        Some("depends on an order that the server does not define")
    } else if is_in(WHOLE_SERVER) {
        Some("depends on what else is on the server")
    } else if is_in(SESSION) {
        Some("depends on the connection that it comes over")
    } else {
        Some("is not known to depend on the content only")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_no_list_is_not_certified() {
        assert_eq!((why_not("ZADD", true), why_not("PTTL", false)), (None, None));
        assert_eq!(why_not("PTTL", true), Some("depends on the server's clock"));
        assert_eq!(why_not("WATCH", false), Some("depends on the connection that it comes over"));
        assert_eq!(why_not("SCAN", false), Some("depends on what else is on the server"));
        assert_eq!(why_not("BLPOP", false), Some("is not known to depend on the content only"));
    }
}
