//! The model against a real server: the same commands must get the same replies, errors included.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "conformance/commands.rs"]
mod commands;
#[path = "conformance/server.rs"]
mod server;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use gatecrash::model::{Model, key_positions};
use gatecrash::world::schedule::ClientId;
use gatecrash_limiter::{Command, Reply};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use commands::{FORMS, command, fill};
use server::{Connection, connect, start_server};

const CLIENTS: usize = 3;
const CASES: u32 = 400;
const COMMANDS: Range<usize> = 1..120;
const LEAST_COMPARED: usize = 10_000;

/// A client of both stores, and what it has queued.
struct Client {
    id: ClientId,
    connection: Connection,
    queued: Vec<Command>,
}

impl Client {
    /// Forgets transactions and watches on the server.
    fn reset(&mut self) {
        self.queued.clear();
        self.connection.run(&Command::new("DISCARD"));
        self.connection.run(&Command::new("UNWATCH"));
    }

    /// Runs a command on both stores and gives both replies, the server's first, made comparable.
    fn run(&mut self, model: &mut Model, command: &Command) -> (Reply, Reply) {
        let (server, model) = (self.connection.run(command), model.run(self.id, command));
        if server == Reply::Status("QUEUED".into()) {
            self.queued.push(command.clone());
        }
        let queued = match command.name().to_ascii_uppercase().as_slice() {
            b"EXEC" | b"DISCARD" => std::mem::take(&mut self.queued),
            _ => return comparable(command, server, model),
        };
        match (server, model) {
            (Reply::Array(server), Reply::Array(model)) => {
                let pairs = queued.iter().zip(server.into_iter().zip(model));
                let (server, model) = pairs.map(|(command, (s, m))| comparable(command, s, m)).unzip();
                (Reply::Array(server), Reply::Array(model))
            }
            others => others,
        }
    }
}

/// Two replies to a command without what a server leaves open: the exact time, and an order of keys and members.
fn comparable(command: &Command, server: Reply, model: Reply) -> (Reply, Reply) {
    const SECONDS: u64 = 10;
    let tolerance = match command.name().to_ascii_uppercase().as_slice() {
        b"TTL" | b"EXPIRETIME" => SECONDS,
        b"PTTL" | b"PEXPIRETIME" => SECONDS * 1_000,
        b"TIME" if matches!((&server, &model), (Reply::Array(_), Reply::Array(_))) => {
            return (Reply::ok(), Reply::ok());
        }
        _ => return (sorted(command, server), sorted(command, model)),
    };
    match (server, model) {
        // The special values -1 and -2 must be the same.
        (Reply::Int(s), Reply::Int(m)) if s > 0 && m > 0 && s.abs_diff(m) <= tolerance => {
            (Reply::Int(s), Reply::Int(s))
        }
        others => others,
    }
}

/// A reply with its parts sorted where their order means nothing.
fn sorted(command: &Command, reply: Reply) -> Reply {
    match (command.name().to_ascii_uppercase().as_slice(), reply) {
        (b"KEYS" | b"SMEMBERS" | b"HKEYS" | b"HVALS", Reply::Array(mut items)) => {
            items.sort();
            Reply::Array(items)
        }
        (b"HGETALL", Reply::Array(items)) => {
            let mut pairs: Vec<Reply> = items.chunks(2).map(|pair| Reply::Array(pair.to_vec())).collect();
            pairs.sort();
            Reply::Array(pairs)
        }
        (b"SCAN", Reply::Array(parts)) => {
            Reply::Array(parts.into_iter().map(|part| sorted(&Command::new("KEYS"), part)).collect())
        }
        (_, other) => other,
    }
}

/// A model whose clock shows the server's time.
fn model_at_time_of(connection: &mut Connection) -> Model {
    let Reply::Array(parts) = connection.run(&Command::new("TIME")) else {
        panic!("TIME gives an array");
    };
    let part = |at: usize| match &parts[at] {
        Reply::Bulk(digits) => std::str::from_utf8(digits).unwrap().parse::<u64>().unwrap(),
        other => panic!("TIME gives numbers, not {other}"),
    };
    Model::at(Duration::from_secs(part(0)) + Duration::from_micros(part(1)))
}

/// Whether the server is the one whose error texts the model has. Of others only the errors' codes are compared.
fn has_the_same_texts(connection: &mut Connection) -> bool {
    connection.run(&Command::new("INFO").arg("server")).to_string().contains("redis_version:7.0.")
}

/// The reply with errors cut down to their codes.
fn codes_only(reply: Reply) -> Reply {
    match reply {
        Reply::Error(text) => Reply::Error(text.split(' ').next().unwrap_or_default().to_owned()),
        Reply::Array(items) => Reply::Array(items.into_iter().map(codes_only).collect()),
        other => other,
    }
}

#[test]
fn random_commands_get_the_same_replies() {
    let server = start_server();
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|at| Client {
            id: ClientId(u16::try_from(at).unwrap()),
            connection: connect(&server),
            queued: Vec::new(),
        })
        .collect();
    let same_texts = has_the_same_texts(&mut clients[0].connection);
    let clients = RefCell::new(clients);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        max_shrink_iters: 8_192,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "proptest-regressions/conformance.txt",
        ))),
        ..ProptestConfig::default()
    });
    let sequences = prop::collection::vec((0..CLIENTS, command()), COMMANDS);
    let compared = Cell::new(0);
    let outcome = runner.run(&sequences, |sequence| {
        let clients = &mut *clients.borrow_mut();
        clients.iter_mut().for_each(Client::reset);
        clients[0].connection.run(&Command::new("FLUSHALL"));
        clients[0].connection.run(&Command::new("SCRIPT").arg("FLUSH"));
        let mut model = model_at_time_of(&mut clients[0].connection);
        for (at, (client, command)) in sequence.iter().enumerate() {
            let (expected, got) = clients[*client].run(&mut model, command);
            let (expected, got) =
                if same_texts { (expected, got) } else { (codes_only(expected), codes_only(got)) };
            compared.set(compared.get() + 1);
            prop_assert_eq!(got, expected, "client {}, command {}: {}", client, at, command);
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(compared.get() >= LEAST_COMPARED, "only {} commands were compared", compared.get());
}

#[test]
fn patterns_match_the_same_keys() {
    const BYTES: &[u8] = b"ab-]^\\*";
    let server = start_server();
    let mut connection = connect(&server);
    let mut model = Model::new();
    let mut keys = vec![Vec::new()];
    for at in 0.. {
        let key: Vec<u8> = keys.get(at).cloned().unwrap_or_default();
        if key.len() == 3 {
            break;
        }
        keys.extend(BYTES.iter().map(|byte| [key.as_slice(), &[*byte]].concat()));
    }
    for key in keys {
        let set = Command::new("SET").arg(key).arg("1");
        assert_eq!(connection.run(&set), model.run(ClientId(0), &set));
    }
    let connection = RefCell::new(connection);
    let model = RefCell::new(model);
    let pattern = prop::collection::vec(prop::sample::select(b"ab-]^\\**?[".to_vec()), 0..9);
    let outcome = TestRunner::new(ProptestConfig::with_cases(2_000)).run(&pattern, |pattern| {
        let command = Command::new("KEYS").arg(pattern);
        let server = connection.borrow_mut().run(&command);
        let model = model.borrow_mut().run(ClientId(0), &command);
        prop_assert_eq!(sorted(&command, model), sorted(&command, server), "{}", command);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A server computes in 80 bits on x86, and elsewhere in 64 or 128.
#[cfg(target_arch = "x86_64")]
#[test]
fn floats_are_added_as_the_server_adds_them() {
    let server = start_server();
    let connection = RefCell::new(connect(&server));
    let number = prop_oneof![
        4 => "-?[0-9]{1,3}(\\.[0-9]{1,20})?",
        3 => "[-+]?[0-9]{1,40}(\\.[0-9]{0,40})?([eE][-+]?[0-9]{1,2})?",
        1 => "-?[0-9]\\.?[0-9]{0,20}e-?(4[89][0-9]{2}|[0-9]{1,4})",
        1 => "-?(inf|nan|infinity|[0-9]{0,2}\\.?|\\.5|1e|e1|1e400|1e-400)",
    ];
    let sums = prop::collection::vec(number, 1..6);
    let outcome = TestRunner::new(ProptestConfig::with_cases(2_000)).run(&sums, |sums| {
        let mut model = Model::new();
        connection.borrow_mut().run(&Command::new("DEL").arg("k"));
        for number in sums {
            let command = Command::new("INCRBYFLOAT").arg("k").arg(number);
            let server = connection.borrow_mut().run(&command);
            prop_assert_eq!(model.run(ClientId(0), &command), server, "{}", command);
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Each form in several fillings.
fn samples() -> impl Iterator<Item = Command> {
    FORMS.iter().flat_map(|form| (0..6).filter_map(move |pick| Command::from_parts(fill(form, &[pick]))))
}

#[test]
fn keys_are_where_the_server_has_them() {
    let server = start_server();
    let mut connection = connect(&server);
    for command in samples() {
        let question =
            command.parts().iter().fold(Command::new("COMMAND").arg("GETKEYS"), |c, p| c.arg(p.clone()));
        let positions = key_positions(&command);
        let keys: Vec<Bytes> =
            positions.into_iter().flatten().map(|at| command.parts()[at].clone()).collect();
        match connection.run(&question) {
            Reply::Array(items) => {
                let keys: Vec<Reply> = keys.into_iter().map(Reply::Bulk).collect();
                assert_eq!(keys, items, "{command}");
            }
            Reply::Error(error) if error.contains("no key arguments") => {
                assert!(keys.is_empty(), "{command}");
            }
            // The server refuses to look; the command itself will be refused as well.
            Reply::Error(_) => {}
            other => panic!("{command}: {other}"),
        }
    }
}

#[test]
fn every_command_of_the_model_is_compared() {
    let server = start_server();
    let Reply::Array(names) = connect(&server).run(&Command::new("COMMAND").arg("LIST")) else {
        panic!("COMMAND LIST gives an array");
    };
    let compared: BTreeSet<String> =
        FORMS.iter().filter_map(|form| form.split(' ').next()).map(str::to_lowercase).collect();
    for name in names {
        let Reply::Bulk(name) = name else { panic!("a name, not {name}") };
        let known = key_positions(&Command::from_parts(vec![name.clone()]).unwrap()).is_some();
        let name = String::from_utf8_lossy(&name).into_owned();
        assert!(!known || compared.contains(&name), "{name} is in no form");
    }
}
