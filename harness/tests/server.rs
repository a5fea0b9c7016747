//! A private server's life and death, and which server is opened. Needs `redis-server` or `valkey-server` on PATH.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on should stop here")]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use gatecrash::redis::{OpenError, PrivateServer, Server, Target, TargetSource};
use gatecrash::world::schedule::ClientId;
use gatecrash::world::store::{Store, StoreError};
use gatecrash_limiter::{Command, Reply};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const A: ClientId = ClientId(0);
const PATIENCE: Duration = Duration::from_secs(10);

fn given(url: &str) -> Target {
    Target::choose(Some(url), None, true).unwrap()
}

fn answers(socket: &Path) -> bool {
    UnixStream::connect(socket).is_ok()
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come true");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn is_ready_when_it_is_started_and_gone_when_it_is_dropped() {
    let server = PrivateServer::start().unwrap();
    assert!(server.url().starts_with("redis+unix:///"));
    assert!(server.version().starts_with(|first: char| first.is_ascii_digit()), "{}", server.version());
    assert!(server.socket().as_os_str().len() < 100);

    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let mut setting = |name: &str| -> String {
        let pair: Vec<String> = redis::cmd("CONFIG").arg("GET").arg(name).query(&mut connection).unwrap();
        pair[1].clone()
    };
    assert_eq!([setting("port"), setting("save"), setting("appendonly")], ["0", "", "no"]);

    let (socket, pid) = (server.socket().to_owned(), server.pid());
    drop(server);
    assert!(!answers(&socket));
    assert!(!socket.parent().unwrap().exists());
    assert!(kill(Pid::from_raw(pid.cast_signed()), None).is_err(), "it was not reaped");
}

#[test]
fn outlives_the_thread_that_started_it() {
    let server = thread::spawn(|| PrivateServer::start().unwrap()).join().unwrap();
    thread::sleep(Duration::from_millis(50));
    assert!(answers(server.socket()));
}

#[test]
fn is_gone_after_a_panic() {
    let (tell, told) = std::sync::mpsc::channel();
    let panicked = thread::spawn(move || {
        let server = PrivateServer::start().unwrap();
        tell.send(server.socket().to_owned()).unwrap();
        panic!("a panic that this test wants");
    })
    .join();
    assert!(panicked.is_err());
    let socket = told.recv().unwrap();
    assert!(!answers(&socket));
    assert!(!socket.parent().unwrap().exists());
}

#[test]
fn many_run_side_by_side() {
    let servers: Vec<PrivateServer> = thread::scope(|scope| {
        let starting: Vec<_> = (0..6).map(|_| scope.spawn(|| PrivateServer::start().unwrap())).collect();
        starting.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let mut pids: Vec<u32> = servers.iter().map(PrivateServer::pid).collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), servers.len());
    assert!(servers.iter().all(|server| answers(server.socket())));
}

#[cfg(target_os = "linux")]
#[test]
fn is_gone_when_its_owner_is_killed() {
    for signal in [Signal::SIGKILL, Signal::SIGINT, Signal::SIGTERM] {
        let (mut owner, socket) = owner_of_a_server();
        assert!(answers(&socket));
        kill(Pid::from_raw(owner.id().cast_signed()), signal).unwrap();
        owner.wait().unwrap();
        eventually("the end of the server", || !answers(&socket));

        // The owner had no time to remove the folder; the next start does.
        drop(PrivateServer::start().unwrap());
        assert!(!socket.parent().unwrap().exists(), "{signal}");
    }
}

/// This very program again, as the owner of a server, and the server's socket.
fn owner_of_a_server() -> (Child, PathBuf) {
    let mut owner = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
    let socket = lines.find_map(|line| Some(PathBuf::from(line.strip_prefix("socket ")?)));
    (owner, socket.unwrap())
}

#[test]
#[ignore = "the one that gets killed: another test runs it"]
fn victim() {
    let server = PrivateServer::start().unwrap();
    println!("\nsocket {}", server.socket().display());
    // Until it is killed, or nobody is left who could.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn a_private_server_ends_with_the_last_that_uses_it() {
    let server = Server::open(&Target::Private).unwrap();
    assert_eq!(server.source(), TargetSource::Private);
    assert_eq!(server.run_id().len(), 40);
    let described = server.describe();
    let version_and_why = format!("-server {}, started for this run", server.version());
    assert!(described.starts_with("a private ") && described.ends_with(&version_and_why), "{described}");

    let mut store = server.store(1).unwrap();
    drop(server);
    assert_eq!(store.execute(A, &Command::new("PING")).unwrap(), Reply::Status("PONG".into()));
}

#[test]
fn nobody_at_the_address_is_an_error() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let urls = [
        format!("redis://:hunter2@{free}"),
        "redis+unix:///nonexistent/redis.sock?pass=hunter2".to_owned(),
        // A name that is kept free for this: nothing is sent to other machines.
        "redis://:hunter2@no-such-host.invalid".to_owned(),
    ];
    for url in urls {
        let error = Server::open(&given(&url)).unwrap_err();
        assert!(matches!(error, OpenError::Given(StoreError::Unavailable { .. })), "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("redis") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_server_that_says_nothing_is_an_error() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    for scheme in ["redis", "rediss"] {
        let error = Server::open(&given(&format!("{scheme}://{address}"))).unwrap_err().to_string();
        assert_eq!(error, format!("connecting to {scheme}://{address}/0: no answer within 1800 ms"));
    }
}

#[test]
fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let theirs = PrivateServer::start().unwrap();
    let mut admin = redis::Client::open(theirs.url()).unwrap().get_connection().unwrap();
    let _: () = redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("s3cret").query(&mut admin).unwrap();

    let error = Server::open(&given(&format!("{}?pass=hunter2", theirs.url()))).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    let error = Server::open(&given(&theirs.url())).unwrap_err().to_string();
    assert!(error.contains("NOAUTH"), "{error}");

    let ours = Server::open(&given(&format!("{}?pass=s3cret", theirs.url()))).unwrap();
    let mut store = ours.store(1).unwrap();
    assert_eq!(store.execute(A, &Command::new("GET").arg("k")).unwrap(), Reply::Nil);
    assert!(!format!("{ours:?} {store:?} {}", ours.describe()).contains("s3cret"));
}

/// What a server says of itself is shown: it does nothing to a terminal, and ends.
#[test]
fn a_version_is_only_text() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let imposter = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let facts = format!("redis_version:7.0\x1b[2J{}\r\nrun_id:1\r\n", "9".repeat(10_000));
        let asked = stream.read(&mut [0; 4096]).unwrap();
        assert!(asked > 0);
        write!(stream, "${}\r\n{facts}\r\n", facts.len()).unwrap();
    });
    let target = Target::choose(Some(&format!("redis://{address}")), None, false).unwrap();
    let server = Server::open(&target).unwrap();
    imposter.join().unwrap();
    assert!(server.version().starts_with("7.0 [2J99"), "{}", server.version());
    assert!(server.version().len() <= 400, "{}", server.version().len());
}
