//! `rediss://` for real, on a `redis-server` that was built with TLS, as packages are.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop here")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use gatecrash::explore::lockstep;
use gatecrash::explore::prefixes::Prefixes;
use gatecrash::redis::Server;
use gatecrash::redis::target::Target;
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash::world::scenario::{OnReject, OperationKind::Acquire, OperationKind::Release};
use gatecrash::world::schedule::ClientId;
use gatecrash::world::store::Store;
use gatecrash_limiter::{Command, Naive, Reply};

mod common;

/// A server with a certificate that nobody vouches for. Killed when it is dropped.
struct SelfSigned(Child);

impl SelfSigned {
    fn start(folder: &Path, port: u16) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();

        let server = Process::new(program())
            .args(["--port", "0", "--save", "", "--bind", "127.0.0.1", "--tls-port", &port.to_string()])
            .args([
                "--tls-cert-file",
                "cert.pem",
                "--tls-key-file",
                "key.pem",
                "--tls-ca-cert-file",
                "cert.pem",
            ])
            .args(["--tls-auth-clients", "no", "--requirepass", "s3cret"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server or valkey-server is on PATH: run ci/setup");
        Self(server)
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Some distributions have one, some the other.
fn program() -> &'static str {
    let runs = |program: &&str| Process::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    ["redis-server", "valkey-server"].into_iter().find(runs).unwrap_or("redis-server")
}

#[test]
fn a_certificate_that_nobody_vouches_for_needs_leave() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _server = SelfSigned::start(folder.path(), port);
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "a server with TLS did not start");
        thread::sleep(Duration::from_millis(5));
    }

    let url = format!("rediss://:s3cret@localhost:{port}");
    let error = Server::open(&Target::choose(Some(&url), None, false).unwrap()).unwrap_err().to_string();
    assert!(error.contains("invalid peer certificate") && error.contains("SSL_CERT_FILE"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");

    let url = format!("{url}#insecure");
    let server = Server::open(&Target::choose(Some(&url), None, false).unwrap()).unwrap();
    assert_eq!(server.describe(), format!("rediss://***@localhost:{port}/0#insecure, from --redis"));
    let mut store = server.store(2).unwrap();
    let [one, two] =
        [0, 1].map(|client| store.execute(ClientId(client), &Command::new("INCR").arg("n")).unwrap());
    assert_eq!((one, two), (Reply::Int(1), Reply::Int(2)));

    // Many executions at once go through it as through a socket.
    let scenario = common::scenario(&vec![vec![Acquire, Release]; 3], 1, 1, OnReject::Stop);
    let world = World::new(&scenario, Arc::new(Naive));
    let found =
        lockstep::run(&world, &server, &mut Prefixes::new(), lockstep::WIDTH, &Control::default(), &mut ())
            .unwrap();
    assert_eq!((found.executions, found.violating, found.stopped), (804, 672, None));
}
