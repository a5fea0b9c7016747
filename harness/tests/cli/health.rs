//! The health endpoint, as a monitor meets it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ChildStderr;

use nix::sys::signal::{Signal, kill};

use crate::running::Running;
use crate::signals::long;
use crate::support::{LAST_SLOT, PATIENCE, Ran, eventually, gatecrash, ran};

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends a request as it is and reads until the other end has enough.
fn send(address: SocketAddr, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).ok()?;
    let mut bytes = Vec::new();
    // A reset after the answer is no reason to forget it.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
}

pub(crate) fn ask(address: SocketAddr, method: &str, path: &str) -> Option<Answer> {
    send(address, format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path).unwrap_or_else(|| panic!("no answer to GET {path}"))
}

/// Starts a command with a health endpoint, and reads where that is.
pub(crate) fn start(command: &mut std::process::Command) -> (Running, BufReader<ChildStderr>, SocketAddr) {
    let mut running = Running::start(command.args(["--health", "127.0.0.1:0"]));
    let mut stderr = BufReader::new(running.child().stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("health: http://").unwrap_or_else(|| panic!("{line}"));
    let address = address.parse().unwrap();
    (running, stderr, address)
}

fn end(running: Running, stderr: BufReader<ChildStderr>) -> Ran {
    kill(running.pid(), Signal::SIGINT).unwrap();
    running.end(stderr).exits(130)
}

#[test]
fn a_long_run_says_that_it_lives_and_how_far_it_is() {
    let (running, stderr, address) = start(&mut long("model"));
    eventually("work has begun", || get(address, "/readyz").status == 200);
    assert_eq!(get(address, "/healthz").status, 200);
    let unit = "gatecrash_units_total{unit=\"executions\"} ";
    let executions = |text: &str| text.lines().find_map(|line| line.strip_prefix(unit)?.parse().ok());
    eventually("executions are counted", || executions(&get(address, "/metrics").body) > Some(0u64));

    let metrics = get(address, "/metrics");
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{}",
        metrics.head
    );
    assert!(metrics.body.ends_with("\n# EOF\n"), "{}", metrics.body);
    for line in metrics.body.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("gatecrash_"), "{line}");
        value.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
    }
    end(running, stderr);
}

#[test]
fn what_is_not_there_and_what_is_no_request_is_answered_and_harms_nothing() {
    let (running, stderr, address) = start(&mut long("model"));
    assert_eq!(get(address, "/").status, 404);
    assert_eq!(get(address, "/healthz/more").status, 404);
    let post = ask(address, "POST", "/metrics").unwrap();
    assert_eq!(post.status, 405);
    assert!(post.head.contains("allow: get, head"), "{}", post.head);
    let head = ask(address, "HEAD", "/healthz").unwrap();
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(send(address, b"what is this\r\n\r\n").unwrap().status, 400);
    let long = format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert!(send(address, long.as_bytes()).is_none_or(|answer| answer.status == 431));
    assert_eq!(get(address, "/healthz").status, 200);

    // Who connects and says nothing holds up nobody.
    let silent: Vec<_> = (0..40).map(|_| TcpStream::connect(address).unwrap()).collect();
    end(running, stderr);
    drop(silent);
}

#[test]
fn slow_connections_keep_no_probe_from_an_answer() {
    let (running, stderr, address) = start(&mut long("model"));
    let slow: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            // One that was cut off for those after it cannot be written to.
            let _ = stream.write_all(b"GET /healthz HT");
            stream
        })
        .collect();
    assert_eq!(get(address, "/healthz").status, 200);
    drop(slow);
    end(running, stderr);
}

#[test]
fn an_endpoint_that_cannot_be_had_is_a_mistake_of_usage() {
    let with = |health: &str| ran(&["run", LAST_SLOT, "--on", "model", "--health", health]).exits(64);
    with("127.0.0.1").complains(&["--health", "127.0.0.1:9090"]);
    with("0.0.0.0:0").complains(&["--allow-remote"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    with(&address).complains(&[&address, "port 0"]);
    ran(&["run", LAST_SLOT, "--on", "model", "--stall-after", "0s"]).exits(64).complains(&["--stall-after"]);
}

#[test]
fn a_short_run_with_an_endpoint_ends_as_ever() {
    let arguments = ["run", LAST_SLOT, "--on", "model", "--stable"];
    let with = Ran::of(gatecrash(&arguments).args(["--health", "localhost:0"])).exits(0);
    assert_eq!(with.stdout, ran(&arguments).exits(0).stdout);
}
