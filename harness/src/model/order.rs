//! Which commands cannot tell the order of entries that only their names put in order.
//!
//! In a sorted set, members of one score come in the order of their bytes; so do members of a set and fields of a hash
//! here. Where members are clients' tokens, a command that shows this order tells clients apart that differ in nothing
//! but their tokens. The list is of those that do not: a command that is not on it is taken to read the order.

const BLIND: [&str; 77] = [
    "APPEND",
    "DECR",
    "DECRBY",
    "DEL",
    "DISCARD",
    "ECHO",
    "EVAL",
    "EVALSHA",
    "EXEC",
    "EXISTS",
    "EXPIRE",
    "EXPIREAT",
    "EXPIRETIME",
    "GET",
    "GETDEL",
    "GETEX",
    "GETRANGE",
    "GETSET",
    "HDEL",
    "HEXISTS",
    "HGET",
    "HINCRBY",
    "HLEN",
    "HMGET",
    "HMSET",
    "HSET",
    "HSETNX",
    "HSTRLEN",
    "INCR",
    "INCRBY",
    "INCRBYFLOAT",
    "LINDEX",
    "LLEN",
    "LPOP",
    "LPUSH",
    "LPUSHX",
    "LRANGE",
    "LREM",
    "LSET",
    "LTRIM",
    "MGET",
    "MSET",
    "MSETNX",
    "MULTI",
    "PERSIST",
    "PEXPIRE",
    "PEXPIREAT",
    "PEXPIRETIME",
    "PING",
    "PSETEX",
    "PTTL",
    "RPOP",
    "RPUSH",
    "RPUSHX",
    "SADD",
    "SCARD",
    "SET",
    "SETEX",
    "SETNX",
    "SISMEMBER",
    "SMISMEMBER",
    "SREM",
    "STRLEN",
    "TIME",
    "TTL",
    "TYPE",
    "UNLINK",
    "UNWATCH",
    "WATCH",
    "ZADD",
    "ZCARD",
    "ZCOUNT",
    "ZINCRBY",
    "ZMSCORE",
    "ZREM",
    "ZREMRANGEBYSCORE",
    "ZSCORE",
];

/// Whether a command is known not to show that order.
pub(super) fn is_blind(name: &str) -> bool {
    BLIND.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_leaves_out_what_reads_by_rank() {
        assert!(BLIND.is_sorted());
        for name in ["ZRANK", "ZRANGE", "ZPOPMIN", "ZREMRANGEBYRANK", "SMEMBERS", "HGETALL", "KEYS", "NOPE"] {
            assert!(!is_blind(name), "{name}");
        }
        assert!(is_blind("ZADD") && is_blind("ZREMRANGEBYSCORE"));
    }
}
