//! A store on a real server. Needs `redis-server` or `valkey-server` on PATH.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop here")]

use std::time::Duration;

use gatecrash::redis::{KEY_NAMESPACE, Server, TargetSource};
use gatecrash::world::schedule::ClientId;
use gatecrash::world::store::{Store, StoreError};
use gatecrash_limiter::{Command, Reply, Script};

#[path = "common/servers.rs"]
mod servers;
use servers::{bystander, given, private};

const A: ClientId = ClientId(0);
const B: ClientId = ClientId(1);

fn command(text: &str) -> Command {
    Command::from_parts(text.split(' ').map(|part| part.to_owned().into()).collect()).unwrap()
}

fn keys(connection: &mut redis::Connection) -> Vec<String> {
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query(connection).unwrap();
    keys.sort();
    keys
}

/// The commands that a server has run: names and counts.
fn calls(server: &Server) -> Vec<(String, u64)> {
    let text: String = redis::cmd("INFO").arg("commandstats").query(&mut bystander(server)).unwrap();
    let mut calls: Vec<(String, u64)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="))
        .map(|(name, rest)| (name.to_owned(), rest.split(',').next().unwrap().parse().unwrap()))
        .collect();
    calls.sort();
    calls
}

#[test]
fn replies_are_those_on_the_wire() {
    let mut store = private().store(2).unwrap();
    let script = Script::new("return {1, 'two', false, redis.status_reply('FINE'), KEYS[1]}");
    let by_hash = Command::new("EVALSHA").arg(script.sha1().to_owned()).number(1).arg("k");
    let missing = Reply::Error("NOSCRIPT No matching script. Please use EVAL.".into());
    assert_eq!(store.execute(A, &by_hash).unwrap(), missing);
    store.load(&[script]).unwrap();
    let items =
        vec![Reply::Int(1), Reply::bulk("two"), Reply::Nil, Reply::Status("FINE".into()), Reply::bulk("k")];
    assert_eq!(store.execute(A, &by_hash).unwrap(), Reply::Array(items));

    assert_eq!(store.execute(A, &command("SET k v")).unwrap(), Reply::ok());
    assert_eq!(store.execute(B, &command("GET k")).unwrap(), Reply::bulk("v"));
    assert_eq!(store.execute(B, &command("GET nothing")).unwrap(), Reply::Nil);
    for (text, error) in [
        ("ZCARD k", "WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("INCR k", "ERR value is not an integer or out of range"),
        ("ZCARD", "ERR wrong number of arguments for 'zcard' command"),
        ("EXEC", "ERR EXEC without MULTI"),
    ] {
        assert_eq!(store.execute(B, &command(text)).unwrap(), Reply::Error(error.into()), "{text}");
    }
    assert!(store.last_round_trip() > Duration::ZERO);
    assert!(store.fork().is_none());
}

#[test]
fn a_script_that_does_not_compile_is_an_error() {
    let error = private().store(1).unwrap().load(&[Script::new("return (")]).unwrap_err().to_string();
    assert!(error.contains("loading a script: ERR Error compiling script"), "{error}");
}

#[test]
fn exactly_the_asked_commands_are_sent() {
    let server = private();
    let mut store = server.store(3).unwrap();
    for client in [A, B, ClientId(2)] {
        store.execute(client, &command("ZCARD slots")).unwrap();
    }
    store.execute(A, &command("ZADD slots 1 a")).unwrap();
    store.reset().unwrap();
    store.reset().unwrap();

    let expected = [("del", 1), ("info", 1), ("zadd", 1), ("zcard", 3)];
    assert_eq!(calls(&server), expected.map(|(name, count)| (name.to_owned(), count)));
}

#[test]
fn a_store_deletes_its_own_keys_and_no_others() {
    let (_theirs, server) = given();
    let mut bystander = bystander(&server);
    for key in ["slots", "gatecrash:somebody-else:0:slots"] {
        let _: () = redis::cmd("SET").arg(key).arg("theirs").query(&mut bystander).unwrap();
    }
    let theirs = keys(&mut bystander);

    let [mut one, mut two] = [(); 2].map(|()| server.store(2).unwrap());
    assert!(one.prefix().starts_with(KEY_NAMESPACE) && one.prefix() != two.prefix());
    assert_eq!(one.execute(A, &command("GET slots")).unwrap(), Reply::Nil);
    for store in [&mut one, &mut two] {
        store.execute(A, &command("SET slots ours")).unwrap();
        store.execute(B, &command("ZADD queue 1 a")).unwrap();
    }
    assert_eq!(keys(&mut bystander).len(), theirs.len() + 4);

    one.reset().unwrap();
    assert_eq!(keys(&mut bystander).len(), theirs.len() + 2);
    assert_eq!(one.execute(A, &command("GET slots")).unwrap(), Reply::Nil);
    assert_eq!(two.execute(A, &command("GET slots")).unwrap(), Reply::bulk("ours"));

    drop((one, two));
    assert_eq!(keys(&mut bystander), theirs);
}

#[test]
fn stores_on_one_server_do_not_see_each_other() {
    let server = private();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = server.store(2).unwrap();
                for round in 1..=50 {
                    assert_eq!(store.execute(A, &command("INCR n")).unwrap(), Reply::Int(1), "{round}");
                    assert_eq!(store.execute(B, &command("INCR n")).unwrap(), Reply::Int(2), "{round}");
                    store.reset().unwrap();
                }
            });
        }
    });
}

#[test]
fn an_open_transaction_does_not_outlive_a_reset() {
    let server = private();
    let mut store = server.store(2).unwrap();
    store.execute(A, &command("MULTI")).unwrap();
    assert_eq!(store.execute(A, &command("SET k 1")).unwrap(), Reply::Status("QUEUED".into()));
    store.execute(B, &command("WATCH k")).unwrap();
    store.reset().unwrap();

    // Neither is A's transaction still open, nor does B's watch spoil its next one.
    assert_eq!(store.execute(A, &command("SET k 2")).unwrap(), Reply::ok());
    store.execute(B, &command("MULTI")).unwrap();
    store.execute(B, &command("INCR k")).unwrap();
    assert_eq!(store.execute(B, &command("EXEC")).unwrap(), Reply::Array(vec![Reply::Int(3)]));

    store.execute(A, &command("MULTI")).unwrap();
    drop(store);
    assert_eq!(keys(&mut bystander(&server)), Vec::<String>::new());
}

#[test]
fn what_could_hurt_others_is_not_sent_to_their_server() {
    let (_theirs, server) = given();
    assert_eq!(server.source(), TargetSource::Flag);
    let mut store = server.store(1).unwrap();
    for text in ["FLUSHALL", "CONFIG SET maxmemory 1", "DEBUG SLEEP 0", "SCRIPT FLUSH", "NOSUCH k"] {
        let refused = store.execute(A, &command(text));
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{text}: {refused:?}");
    }
    // Twice: the private server was asked who it is when it started, and again when it was opened as a given one.
    assert_eq!(calls(&server), [("info".to_owned(), 2)]);

    let mut private = private().store(1).unwrap();
    assert_eq!(private.execute(A, &command("FLUSHALL")).unwrap(), Reply::ok());
    assert!(matches!(private.execute(A, &command("NOSUCH k")), Err(StoreError::Refused(_))));
}

#[test]
fn a_server_that_goes_away_is_an_error_and_no_panic() {
    let (theirs, server) = given();
    let mut store = server.store(1).unwrap();
    store.execute(A, &command("SET k v")).unwrap();
    drop(theirs);
    for _ in 0..2 {
        let error = store.execute(A, &command("GET k")).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
    assert!(store.reset().is_err());
}
