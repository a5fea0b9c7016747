//! Long runs that stall, are asked what they do, and are interrupted while a server is silent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ChildStderr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use gatecrash::redis::PrivateServer;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::health::{ask, start};
use crate::running::{Running, child_of, is_gone};
use crate::signals::long;
use crate::support::{LAST_SLOT, PATIENCE, eventually, gatecrash};

/// Reads lines until one of them contains that text; says whether one did.
fn reads(stderr: &mut BufReader<ChildStderr>, text: &str) -> bool {
    let mut line = String::new();
    while stderr.read_line(&mut line).unwrap() > 0 {
        assert!(!line.contains('\r'), "{line:?}");
        if line.contains(text) {
            return true;
        }
        line.clear();
    }
    false
}

#[test]
fn who_asks_by_signal_is_told_what_everybody_does() {
    let (running, mut stderr, address) = start(long("model").args(["--threads", "2"]));
    eventually("work has begun", || {
        ask(address, "GET", "/readyz").is_some_and(|answer| answer.status == 200)
    });
    for _ in 0..2 {
        kill(running.pid(), Signal::SIGUSR1).unwrap();
        assert!(reads(&mut stderr, "last-slot, atomic: enumerate on model: "));
    }
    // The threads may have been listed before, but nobody has read that line.
    kill(running.pid(), Signal::SIGUSR1).unwrap();
    assert!(reads(&mut stderr, "  thread 1: works on subtree "));
    assert!(reads(&mut stderr, "  thread 2: works on subtree "));
    kill(running.pid(), Signal::SIGINT).unwrap();
    running.end(stderr).exits(130);
}

/// Somebody waits for something.
const WAITS: &str = "\ngatecrash_workers{state=\"waiting\"} 1\n";

fn metrics(address: SocketAddr) -> String {
    ask(address, "GET", "/metrics").map(|answer| answer.body).unwrap_or_default()
}

/// A server that is stopped and goes on, and a run on it that sees both. Fails only if the machine was so slow that
/// the run gave the server up meanwhile.
fn stalls_and_recovers() -> bool {
    let server = PrivateServer::start().unwrap();
    let process = Pid::from_raw(server.pid().cast_signed());
    let (running, mut stderr, address) =
        start(long("redis").args(["--redis", &server.url(), "--stall-after", "100ms"]));
    let health = || ask(address, "GET", "/healthz").map(|answer| answer.status);
    eventually("work has begun", || metrics(address).contains(WAITS));

    kill(process, Signal::SIGSTOP).unwrap();
    let seen = reads(&mut stderr, "lockstep waits for a reply of redis to ");
    let sick = health() == Some(503);
    kill(running.pid(), Signal::SIGUSR1).unwrap();
    let told = reads(&mut stderr, "  lockstep: waits for a reply of redis to ");
    kill(process, Signal::SIGCONT).unwrap();
    let recovered = seen && sick && told && reads(&mut stderr, "no longer stalled: ");
    if !recovered {
        return false;
    }
    eventually("it is well again", || health() == Some(200));
    assert!(metrics(address).contains("\ngatecrash_stalls_total "));
    kill(running.pid(), Signal::SIGINT).unwrap();
    running.end(stderr).exits(130);
    true
}

#[test]
fn a_stall_is_told_with_what_is_waited_for_and_ends_when_the_server_goes_on() {
    assert!((0..5).any(|_| stalls_and_recovers()));
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_a_run_whose_private_server_is_stopped() {
    let mut running = Running::start(&mut long("redis"));
    let stderr = running.wait_for_the_server();
    let server = child_of(running.pid());
    kill(server, Signal::SIGSTOP).unwrap();
    kill(running.pid(), Signal::SIGINT).unwrap();
    let document = running.end(stderr).exits(130).json();
    assert_eq!(document["interrupted"], true);
    assert!(is_gone(server));
}

/// Says who it is, takes scripts, and is silent otherwise. Tells when it has become silent.
fn silent_server() -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let (silent, told) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let silent = silent.clone();
            thread::spawn(move || answer(stream.unwrap(), &silent));
        }
    });
    (url, told)
}

fn answer(mut stream: TcpStream, silent: &Sender<()>) {
    const INFO: &str = "redis_version:7.0.15\r\nrun_id:0\r\n";
    let mut bytes = [0; 10_000];
    while let Ok(read @ 1..) = stream.read(&mut bytes) {
        let text = String::from_utf8_lossy(&bytes[..read]).to_uppercase();
        let reply = if text.contains("INFO") {
            format!("${}\r\n{INFO}\r\n", INFO.len())
        } else if text.contains("SCRIPT") {
            "+OK\r\n".into()
        } else {
            // The test may have seen enough.
            let _ = silent.send(());
            continue;
        };
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

/// Every command that talks to a server.
const COMMANDS: [&[&str]; 5] = [
    &["run", LAST_SLOT],
    &["replay", LAST_SLOT, "--limiter", "naive", "--order", "A B A B"],
    &["explore", LAST_SLOT],
    &["demo"],
    &["load", "--limiter", "naive", "--clients", "2", "--limit", "1", "--duration", "60s"],
];

#[test]
fn a_signal_ends_every_command_that_waits_for_a_reply() {
    let ends: Vec<_> = COMMANDS
        .iter()
        .map(|command| {
            thread::spawn(move || {
                let (url, silent) = silent_server();
                let options = ["--on", "redis", "--redis", &url, "--json", "-"];
                let mut running = Running::start(&mut gatecrash(&[command, &options[..]].concat()));
                let stderr = running.wait_for_the_server();
                silent.recv_timeout(PATIENCE).unwrap();
                kill(running.pid(), Signal::SIGINT).unwrap();
                let document = running.end(stderr).exits(130).json();
                assert_eq!(document["interrupted"], true, "{command:?}");
                assert_eq!(document["verdict"], "undecided", "{command:?}");
            })
        })
        .collect();
    for end in ends {
        end.join().unwrap();
    }
}

#[test]
fn a_question_does_not_end_the_wait_for_a_reply() {
    let (url, silent) = silent_server();
    let (running, mut stderr, address) =
        start(&mut gatecrash(&["explore", LAST_SLOT, "--on", "redis", "--redis", &url]));
    silent.recv_timeout(PATIENCE).unwrap();
    eventually("it waits", || metrics(address).contains(WAITS));
    kill(running.pid(), Signal::SIGUSR1).unwrap();
    assert!(reads(&mut stderr, "  certify: waits for the replies of redis to a chunk of "));
    // It waited until its deadline.
    let ran = running.end(stderr).exits(69);
    assert!(ran.stderr.contains("no answer within 2 s"), "{}", ran.all());
}

#[test]
fn a_second_signal_ends_at_once_and_writes_nothing() {
    let (url, silent) = silent_server();
    let options = ["explore", LAST_SLOT, "--on", "redis", "--redis", &url, "--json", "-"];
    let mut running = Running::start(&mut gatecrash(&options));
    let stderr = running.wait_for_the_server();
    silent.recv_timeout(PATIENCE).unwrap();
    // Two that come together count as one: so it is told until it has heard.
    eventually("it has ended", || {
        kill(running.pid(), Signal::SIGINT).unwrap();
        running.child().try_wait().unwrap().is_some()
    });
    assert_eq!(running.end(stderr).exits(130).stdout, "");
}
