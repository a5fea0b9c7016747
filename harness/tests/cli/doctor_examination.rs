//! `gatecrash doctor` by itself, and `--clean-up`.

use gatecrash::redis::PrivateServer;
use redis::Connection;
use serde_json::Value;

use crate::support::{Ran, folder, gatecrash, ran};

/// Nobody listens there.
const NOBODY: &str = "redis://127.0.0.1:1";

fn connect(server: &PrivateServer) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

fn ask<T: redis::FromRedisValue>(connection: &mut Connection, command: &str) -> T {
    let mut words = command.split(' ');
    redis::cmd(words.next().unwrap()).arg(words.collect::<Vec<_>>()).query(connection).unwrap()
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error} in: {}", ran.stdout))
}

fn rules(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// What this machine is like is none of a test's business.
fn of_redis(document: &Value) -> Vec<&str> {
    rules(document).into_iter().filter(|rule| rule.contains("redis")).collect()
}

#[test]
fn without_a_name_it_looks_at_a_server_of_its_own() {
    let text = ran(&["doctor"]).exits(0).stdout;
    for line in
        ["redis\n  server ", "\nmachine\n", "  cores ", "\nprocess\n", "  lua ", "a private redis-server"]
    {
        assert!(text.contains(line), "{line:?} is not in: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80 && line.is_ascii()), "{text}");
    let quiet = ran(&["doctor", "--quiet"]).exits(0).stdout;
    assert!(!quiet.contains("cores"), "{quiet}");

    let document = document(&ran(&["doctor", "--json", "-"]).exits(0));
    assert_eq!(document["facts"]["redis"]["role"], "master");
    assert!(document["facts"]["process"]["gatecrash"].is_string());
    assert_eq!(of_redis(&document), Vec::<&str>::new());
}

#[test]
fn variables_that_are_not_read_are_told_and_their_secrets_are_not() {
    let folder = folder(&[(".env", "A=1\nCACHE_URL=rediss://:hunter2@eu1.upstash.io\n")]);
    let mut command = gatecrash(&["doctor", "--json", "-"]);
    command
        .current_dir(folder.path())
        .env("REDIS_URL", "redis://:hunter2@example.com")
        .env("REDIS_HOST", "hunter2");
    let ran = Ran::of(&mut command).exits(0);
    assert!(!ran.all().contains("hunter2"), "{}", ran.all());
    let document = document(&ran);
    let found = document["findings"].as_array().unwrap().iter();
    let unused: Vec<_> = found.filter(|finding| finding["rule"] == "unused-redis-variable").collect();
    let says = |finding: &Value, text: &str| finding["message"].as_str().unwrap().contains(text);
    assert!(unused.iter().any(|finding| says(finding, "REDIS_URL, redis://***@example.com:6379/0,")));
    assert!(unused.iter().any(|finding| says(finding, "REDIS_HOST is set")));
    let in_file = unused.iter().find(|finding| finding["file"] == ".env").unwrap();
    assert!(says(in_file, "CACHE_URL") && in_file["line"] == 2, "{in_file}");
    assert_eq!(unused.len(), 3);
}

#[test]
fn a_server_that_evicts_is_warned_of_and_a_replica_is_an_error() {
    let server = PrivateServer::start().unwrap();
    let mut connection = connect(&server);
    let examine = || ran(&["doctor", "--redis", &server.url(), "--json", "-"]);
    assert_eq!(of_redis(&document(&examine().exits(0))), Vec::<&str>::new());

    let () = ask(&mut connection, "CONFIG SET maxmemory 100mb");
    let () = ask(&mut connection, "CONFIG SET maxmemory-policy allkeys-lru");
    assert_eq!(of_redis(&document(&examine().exits(0))), ["redis-evicts"]);

    // Its master is nobody: it is a replica all the same.
    let () = ask(&mut connection, "REPLICAOF 127.0.0.1 1");
    let found = document(&examine().exits(1));
    assert!(of_redis(&found).contains(&"redis-read-only"), "{found}");
    assert_eq!(found["facts"]["redis"]["role"], "slave");
}

#[test]
fn a_user_who_may_not_do_what_a_run_needs_is_told_what() {
    let server = PrivateServer::start().unwrap();
    let mut connection = connect(&server);
    let examine = |user: &str| {
        ran(&["doctor", "--redis", &format!("{}?user={user}&pass=pw", server.url()), "--json", "-"])
    };
    let () = ask(&mut connection, "ACL SETUSER all on >pw ~* +@all");
    assert_eq!(of_redis(&document(&examine("all").exits(0))), Vec::<&str>::new());

    let () = ask(&mut connection, "ACL SETUSER noscript on >pw ~gatecrash:* +@all -script");
    let told = message_of("redis-not-permitted", &document(&examine("noscript").exits(1)));
    assert!(told.contains("SCRIPT LOAD (NOPERM") && !told.contains("ZADD"), "{told}");

    let () = ask(&mut connection, "ACL SETUSER elsewhere on >pw ~app:* +@all");
    let told = message_of("redis-not-permitted", &document(&examine("elsewhere").exits(1)));
    assert!(told.contains("ZADD, ZCARD, ZREM") && !told.contains("SCRIPT LOAD"), "{told}");
    assert_eq!(keys(&mut connection), Vec::<String>::new());
}

/// The message of the finding of that rule.
fn message_of(rule: &str, document: &Value) -> String {
    let mut findings = document["findings"].as_array().unwrap().iter();
    let finding = findings.find(|finding| finding["rule"] == rule);
    finding.unwrap_or_else(|| panic!("no {rule} in {document}"))["message"].as_str().unwrap().to_owned()
}

#[test]
fn who_needs_a_password_is_told_where_to_put_it() {
    let server = PrivateServer::start().unwrap();
    let () = ask(&mut connect(&server), "CONFIG SET requirepass pw");
    let found = document(&ran(&["doctor", "--redis", &server.url(), "--json", "-"]).exits(69));
    let message = message_of("redis-unreachable", &found);
    assert!(message.ends_with("INFO failed: NOAUTH; put the password in the URL"), "{message}");
}

#[test]
fn a_server_that_does_not_answer_is_reported_first() {
    let ran = ran(&["doctor", "--redis", "redis://:hunter2@127.0.0.1:1", "--json", "-"]).exits(69);
    assert!(!ran.all().contains("hunter2"));
    let document = document(&ran);
    assert_eq!(of_redis(&document), ["redis-unreachable"]);
    assert!(document["facts"]["machine"]["cores"].is_string());
}

/// Makes a key that was not used for so many seconds. Its value is no small number: those the server shares, with one
/// idle time for all.
fn idle(connection: &mut Connection, key: &str, seconds: u64) {
    let () = ask(connection, "SET sample text");
    let dumped: Vec<u8> = ask(connection, "DUMP sample");
    let mut restore = redis::cmd("RESTORE");
    let () = restore.arg(key).arg(0).arg(dumped).arg("IDLETIME").arg(seconds).query(connection).unwrap();
    let () = ask(connection, "DEL sample");
}

fn keys(connection: &mut Connection) -> Vec<String> {
    let mut keys: Vec<String> = ask(connection, "KEYS *");
    keys.sort();
    keys
}

#[test]
fn what_a_dead_run_left_is_removed_and_nothing_else() {
    let server = PrivateServer::start().unwrap();
    let mut connection = connect(&server);
    let theirs = ["gatecrash:config", "slots", "gatecrash:12-17f0a"];
    for key in theirs.iter().chain(&["gatecrash:7-1a:0:slots", "gatecrash:7-1a:1:slots"]) {
        idle(&mut connection, key, 4_000);
    }
    // This run has used one of its two keys a minute ago.
    idle(&mut connection, "gatecrash:8-1b:0:slots", 60);
    idle(&mut connection, "gatecrash:8-1b:1:slots", 4_000);

    let clean_up = || ran(&["doctor", "--clean-up", "--redis", &server.url(), "--json", "-"]).exits(0);
    let found = document(&clean_up());
    assert_eq!(rules(&found), ["keys-kept", "keys-removed"]);
    let removed = found["findings"][1]["message"].as_str().unwrap();
    assert!(
        removed.contains("run 7-1a left 2 keys (gatecrash:7-1a:0:slots, gatecrash:7-1a:1:slots)"),
        "{removed}"
    );
    assert_eq!(found["facts"]["left by runs"]["removed"], "2 keys");

    let mut expected = [&theirs[..], &["gatecrash:8-1b:0:slots", "gatecrash:8-1b:1:slots"]].concat();
    expected.sort_unstable();
    assert_eq!(keys(&mut connection), expected);
    assert_eq!(document(&clean_up())["facts"]["left by runs"]["removed"], "0 keys");
}

#[test]
fn where_nobody_knows_when_keys_were_used_they_stay() {
    let server = PrivateServer::start().unwrap();
    let mut connection = connect(&server);
    idle(&mut connection, "gatecrash:7-1a:0:slots", 4_000);
    let () = ask(&mut connection, "CONFIG SET maxmemory-policy allkeys-lfu");
    let ran = ran(&["doctor", "--clean-up", "--redis", &server.url()]).exits(0);
    assert!(ran.stdout.contains("[keys-kept]"), "{}", ran.stdout);
    assert_eq!(keys(&mut connection).len(), 1);
}

#[test]
fn many_keys_are_removed_in_parts() {
    let server = PrivateServer::start().unwrap();
    let mut connection = connect(&server);
    for n in 0..1_201 {
        idle(&mut connection, &format!("gatecrash:7-1a:{n}:slots"), 4_000);
    }
    let ran = ran(&["doctor", "--clean-up", "--redis", &server.url()]).exits(0);
    assert!(ran.stdout.contains("and 1,196 more"), "{}", ran.stdout);
    assert_eq!(keys(&mut connection), Vec::<String>::new());
}

#[test]
fn cleaning_up_needs_a_server_that_was_named() {
    ran(&["doctor", "--clean-up"]).exits(64).complains(&["--redis"]);
    ran(&["doctor", "--clean-up", "--redis", NOBODY]).exits(69).complains(&["127.0.0.1:1"]);
    ran(&["doctor", "--clean-up", "--ci"]).exits(64);
}
