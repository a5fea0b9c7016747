//! The model as a whole: its clock, its equality, its clients.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::hash::{DefaultHasher, Hash, Hasher};

use super::*;

const A: ClientId = ClientId(0);
const B: ClientId = ClientId(1);

/// Runs a command whose parts have no spaces in them.
fn run(model: &mut Model, client: ClientId, line: &str) -> Reply {
    let parts = line.split(' ').map(|part| part.to_owned().into()).collect();
    model.run(client, &Command::from_parts(parts).unwrap())
}

fn replies(model: &mut Model, lines: &[(ClientId, &str)]) -> Vec<String> {
    lines.iter().map(|(client, line)| run(model, *client, line).to_string()).collect()
}

fn fingerprint(model: &Model) -> u64 {
    let mut hasher = DefaultHasher::new();
    model.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn keys_expire_with_the_virtual_clock() {
    let mut model = Model::at(Duration::from_secs(1_000));
    run(&mut model, A, "SET k v PX 30000");
    model.advance(Duration::from_secs(30));
    assert_eq!(replies(&mut model, &[(A, "GET k"), (A, "PTTL k")]), ["v", "0"]);
    model.advance(Duration::from_millis(1));
    assert_eq!(replies(&mut model, &[(A, "GET k"), (A, "PTTL k"), (A, "DBSIZE")]), ["nil", "-2", "0"]);
    assert_eq!(run(&mut model, A, "TIME").to_string(), "[1030, 1000]");
}

#[test]
fn different_histories_to_one_state_are_equal() {
    let mut direct = Model::new();
    run(&mut direct, A, "ZADD z 1 a 2 b");
    direct.advance(Duration::from_secs(5));

    let mut roundabout = Model::new();
    for line in [
        "SET k v EX 1",
        "ZADD z 2 b",
        "ZADD z 9 a",
        "ZADD z 1 a",
        "SADD s x",
        "SREM s x",
        "WATCH z",
        "UNWATCH",
    ] {
        run(&mut roundabout, B, line);
    }
    for line in ["MULTI", "NOPE", "DISCARD"] {
        run(&mut roundabout, A, line);
    }
    roundabout.advance(Duration::from_secs(5));

    assert_eq!(direct, roundabout);
    assert_eq!(fingerprint(&direct), fingerprint(&roundabout));
    run(&mut roundabout, A, "ZADD z 3 a");
    assert_ne!(direct, roundabout);
}

#[test]
fn exec_fails_after_another_client_changed_a_watched_key() {
    let mut model = Model::new();
    let log = replies(
        &mut model,
        &[(A, "WATCH k"), (B, "SET k 1"), (A, "MULTI"), (A, "SET k 2"), (A, "EXEC"), (A, "GET k")],
    );
    assert_eq!(log, ["OK", "OK", "OK", "QUEUED", "nil", "1"]);
}

#[test]
fn exec_fails_after_a_watched_key_expired() {
    let mut model = Model::new();
    replies(&mut model, &[(A, "SET k v EX 1"), (A, "WATCH k")]);
    model.advance(Duration::from_secs(2));
    assert_eq!(replies(&mut model, &[(A, "MULTI"), (A, "PING"), (A, "EXEC")]), ["OK", "QUEUED", "nil"]);
}

#[test]
fn a_refused_command_aborts_its_transaction() {
    let mut model = Model::new();
    let log = replies(&mut model, &[(A, "MULTI"), (A, "GET"), (A, "SET k 1"), (A, "EXEC"), (A, "GET k")]);
    assert_eq!(log[1], "error: ERR wrong number of arguments for 'get' command");
    assert_eq!(log[3..], ["error: EXECABORT Transaction discarded because of previous errors.", "nil"]);
}

#[test]
fn a_reset_keeps_scripts_and_nothing_else() {
    let mut model = Model::at(Duration::from_secs(7));
    model.load(&[Script::new("return 1")]).unwrap();
    let fresh = model.clone();
    replies(&mut model, &[(A, "SET k v"), (A, "WATCH k"), (A, "MULTI"), (B, "SET k w")]);
    model.advance(Duration::from_secs(1));
    model.reset().unwrap();
    assert_eq!(model, fresh);
    assert_eq!(run(&mut model, A, "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0"), Reply::Int(1));
}

#[test]
fn a_fork_goes_its_own_way() {
    let mut model = Model::new();
    run(&mut model, A, "RPUSH l a");
    let mut fork = model.fork().unwrap();
    run(&mut fork, A, "RPUSH l b");
    assert_eq!(run(&mut model, A, "LLEN l"), Reply::Int(1));
    assert_eq!(run(&mut fork, A, "LLEN l"), Reply::Int(2));
}

/// Where scores differ, ranges by bytes mean nothing; what a real server 7.0 answers is still one thing.
#[test]
fn ranges_by_bytes_over_mixed_scores_are_walked_as_a_server_walks_them() {
    let asked = [
        ("ZADD c 1e2 n 3 o 3 m", "3"),
        ("ZRANGE c [ [n BYLEX LIMIT 2 1", "[n]"),
        ("ZRANGE c [ [n BYLEX LIMIT 1 1", "[]"),
        ("ZRANGE c [n [ BYLEX REV LIMIT 1 5", "[o, m]"),
        ("ZRANGE c - [m BYLEX", "[m]"),
        ("ZLEXCOUNT c [n [o", "2"),
    ];
    let mut model = Model::new();
    for (line, reply) in asked {
        assert_eq!(run(&mut model, A, line).to_string(), reply, "{line}");
    }
}
