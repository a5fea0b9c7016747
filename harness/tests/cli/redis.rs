//! Which server is used, and what is done to it.

use std::collections::BTreeMap;

use gatecrash::redis::PrivateServer;
use redis::Connection;

use crate::support::{LAST_SLOT, Ran, arg, folder, gatecrash, of, ran, results};

/// Nobody listens there.
const NOBODY: &str = "redis://127.0.0.1:1";

const REPLAY: [&str; 9] =
    ["replay", LAST_SLOT, "--limiter", "atomic", "--order", "A B A B", "--on", "redis", "--stable"];

fn replay(more: &[&str]) -> Ran {
    ran(&[&REPLAY, more].concat())
}

fn connect(server: &PrivateServer) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

fn ask<T: redis::FromRedisValue>(connection: &mut Connection, command: &str) -> T {
    let mut words = command.split(' ');
    redis::cmd(words.next().unwrap()).arg(words.collect::<Vec<_>>()).query(connection).unwrap()
}

/// How often each command was called since the server was started.
fn calls(connection: &mut Connection) -> BTreeMap<String, u64> {
    let stats: String = ask(connection, "INFO commandstats");
    let calls = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="));
    calls.map(|(name, rest)| (name.to_owned(), rest.split(',').next().unwrap().parse().unwrap())).collect()
}

/// Where a client stands that acquires once and releases.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    Counted,
    Admitted,
    Done,
}

/// What all interleavings together send.
#[derive(Default, Debug, PartialEq)]
struct Sent {
    interleavings: u64,
    zcard: u64,
    zadd: u64,
    zrem: u64,
    evalsha: u64,
}

/// Walks all interleavings of clients under limit 1, knowing nothing of gatecrash but its limiters' commands.
fn count(clients: &mut [At], taken: u32, path: &mut Vec<&'static str>, atomic: bool, sent: &mut Sent) {
    if clients.iter().all(|at| *at == At::Done) {
        sent.interleavings += 1;
        for command in path.iter() {
            *match *command {
                "zcard" => &mut sent.zcard,
                "zadd" => &mut sent.zadd,
                "zrem" => &mut sent.zrem,
                _ => &mut sent.evalsha,
            } += 1;
        }
        return;
    }
    for i in 0..clients.len() {
        let before = clients[i];
        let (after, taken, commands): (_, _, &[_]) = match before {
            At::Start if atomic && taken > 0 => (At::Done, taken, &["evalsha", "zcard"]),
            At::Start if atomic => (At::Admitted, taken + 1, &["evalsha", "zcard", "zadd"]),
            At::Start if taken > 0 => (At::Done, taken, &["zcard"]),
            At::Start => (At::Counted, taken, &["zcard"]),
            At::Counted => (At::Admitted, taken + 1, &["zadd"]),
            At::Admitted => (At::Done, taken - 1, &["zrem"]),
            At::Done => continue,
        };
        clients[i] = after;
        path.extend(commands);
        count(clients, taken, path, atomic, sent);
        path.truncate(path.len() - commands.len());
        clients[i] = before;
    }
}

#[test]
fn the_line_to_reproduce_names_the_server_that_was_named() {
    let server = PrivateServer::start().unwrap();
    let on = |redis: &[&str]| {
        let explore = ["explore", LAST_SLOT, "--limiter", "naive", "--expect", "clean", "--stable"];
        ran(&[&explore[..], &["--on", "redis"], redis].concat())
            .exits(1)
            .stdout
            .lines()
            .last()
            .unwrap()
            .to_owned()
    };
    let url = server.url();
    assert!(
        on(&["--redis", &url]).ends_with(&format!(" --on redis --redis {url}")),
        "{}",
        on(&["--redis", &url])
    );
    assert!(!on(&[]).contains("--redis"), "{}", on(&[]));
}

#[test]
fn a_given_server_gets_the_limiters_commands_and_is_left_as_it_was() {
    for (limiter, verdict) in [("naive", "violation"), ("atomic", "clean")] {
        let server = PrivateServer::start().unwrap();
        let mut theirs = connect(&server);
        let () = ask(&mut theirs, "SET slots theirs");
        let before = calls(&mut theirs);
        let explore =
            ["explore", LAST_SLOT, "--strategy", "enumerate", "--clients", "3", "--limiter", limiter];
        let on = ["--on", "redis", "--redis", &server.url(), "--expect", verdict, "--json", "-"];
        let document = ran(&[&explore[..], &on].concat()).exits(0).json();
        let after = calls(&mut theirs);

        let mut sent = Sent::default();
        count(&mut [At::Start; 3], 0, &mut Vec::new(), limiter == "atomic", &mut sent);
        let result = of(&document, limiter)[0];
        assert_eq!(result["executions"], sent.interleavings);

        let called = |name: &str| after.get(name).unwrap_or(&0) - before.get(name).unwrap_or(&0);
        let seen = Sent {
            interleavings: sent.interleavings,
            zcard: called("zcard"),
            zadd: called("zadd"),
            zrem: called("zrem"),
            evalsha: called("evalsha"),
        };
        assert_eq!(seen, sent, "{after:?}");
        // Cleaning up is all that comes on top: once for each execution, at most, and once for the key that shows whether
        // somebody else was there.
        assert!(called("del") + called("unlink") <= sent.interleavings + 1, "{after:?}");
        let known = ["zcard", "zadd", "zrem", "evalsha", "del", "unlink", "set", "info", "script|load"];
        let harmless = ["hello", "ping", "select", "auth", "exists", "script|exists"];
        let odd: Vec<_> = after
            .keys()
            .filter(|name| !known.contains(&name.as_str()) && !harmless.contains(&name.as_str()))
            .filter(|name| !name.starts_with("client|"))
            .collect();
        assert!(odd.is_empty(), "{odd:?}");

        let keys: Vec<String> = ask(&mut theirs, "KEYS *");
        assert_eq!(keys, ["slots"]);
        assert_eq!(ask::<String>(&mut theirs, "GET slots"), "theirs");
    }
}

#[test]
fn a_server_that_does_not_answer_is_unavailable() {
    let commands: [&[&str]; 3] = [
        &["run", LAST_SLOT, "--redis", NOBODY],
        &["explore", LAST_SLOT, "--on", "redis", "--redis", NOBODY],
        &["demo", "--redis", NOBODY],
    ];
    for arguments in commands {
        ran(arguments).exits(69).complains(&["127.0.0.1:1"]);
    }
    let mut by_variable = gatecrash(&["run", LAST_SLOT]);
    Ran::of(by_variable.env("GATECRASH_REDIS_URL", NOBODY)).exits(69).complains(&["127.0.0.1:1"]);
}

#[test]
fn another_machine_is_not_even_called_without_leave() {
    // A name that no resolver knows: with leave it is looked for.
    let remote = ["--redis", "redis://bob:hunter2@gatecrash.invalid:6379"];
    let refused = replay(&remote).exits(64);
    assert!(!refused.all().contains("hunter2"));
    refused.complains(&["--allow-remote", "gatecrash.invalid"]);
    let sought = replay(&[&remote[..], &["--allow-remote"]].concat()).exits(69);
    assert!(!sought.all().contains("hunter2"));
    replay(&["--redis", "http://localhost"]).exits(64).complains(&["redis://"]);
}

#[test]
fn a_stray_variable_of_the_application_changes_nothing() {
    let mut command = gatecrash(&REPLAY);
    for variable in ["REDIS_URL", "UPSTASH_REDIS_URL", "REDIS_HOST"] {
        command.env(variable, NOBODY);
    }
    let ran = Ran::of(&mut command).exits(0);
    assert_eq!(ran.stdout, replay(&[]).stdout);
    assert!(ran.stdout.contains("(private)") && ran.stderr.contains("private"), "{}", ran.all());
}

#[test]
fn our_variable_chooses_and_the_flag_overrides_it() {
    let server = PrivateServer::start().unwrap();
    let by_variable = Ran::of(gatecrash(&REPLAY).env("GATECRASH_REDIS_URL", server.url())).exits(0);
    assert!(by_variable.stdout.contains("(environment)"), "{}", by_variable.stdout);
    let named = format!("{}, from GATECRASH_REDIS_URL\n", server.url());
    assert!(by_variable.stderr.contains(&named), "{}", by_variable.stderr);

    let mut both = gatecrash(&REPLAY);
    both.args(["--redis", &server.url()]).env("GATECRASH_REDIS_URL", NOBODY);
    let both = Ran::of(&mut both).exits(0);
    assert!(both.stdout.contains("(flag)"), "{}", both.stdout);
    assert!(both.stderr.contains("from --redis (overrides GATECRASH_REDIS_URL)"), "{}", both.stderr);
    assert!(calls(&mut connect(&server))["evalsha"] >= 4);

    let empty = Ran::of(gatecrash(&REPLAY).env("GATECRASH_REDIS_URL", "")).exits(0);
    assert!(empty.stdout.contains("(private)"), "{}", empty.stdout);
}

#[test]
fn a_password_is_used_and_never_shown() {
    let server = PrivateServer::start().unwrap();
    let () = ask(&mut connect(&server), "CONFIG SET requirepass hunter2");
    let folder = folder(&[]);
    let file = |name: &str| arg(folder.path().join(name));
    let reports = ["--json", &file("report.json"), "--junit", &file("report.xml"), "-vvv"];
    let at = |password: &str| format!("{}?pass={password}", server.url());

    // An expectation that fails, so that there is a line that shows it again.
    let ran =
        replay(&[&["--redis", &at("hunter2"), "--expect", "violation"], &reports[..]].concat()).exits(1);
    let written = |name| std::fs::read_to_string(file(name)).unwrap();
    let shown = ran.all() + &written("report.json") + &written("report.xml");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("***"), "{shown}");

    let wrong = replay(&["--redis", &at("hunter3"), "-vvv"]).exits(69);
    assert!(!wrong.all().contains("hunter"), "{}", wrong.all());
    let none = replay(&["--redis", &server.url()]).exits(69);
    assert!(none.stderr.contains("NOAUTH") || none.stderr.contains("password"), "{}", none.stderr);
}

#[test]
fn a_server_that_is_not_used_is_said_so() {
    let ran = ran(&["explore", LAST_SLOT, "--redis", NOBODY, "--json", "-"]).exits(0);
    assert!(ran.stderr.contains("--redis is not used"), "{}", ran.stderr);
    assert_eq!(results(&ran.json()).len(), 2);
}
