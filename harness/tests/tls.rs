//! `rediss://` for real, on a `redis-server` that was built with TLS, as packages are.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop here")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use gatecrash::explore::lockstep;
use gatecrash::explore::prefixes::Prefixes;
use gatecrash::redis::{Server, Target};
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash::world::scenario::{OnReject, OperationKind::Acquire, OperationKind::Release};
use gatecrash::world::schedule::ClientId;
use gatecrash::world::store::Store;
use gatecrash_limiter::{Command, Naive, Reply};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

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

    // So does a load.
    let load = Process::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args([
            "load",
            "--limiter",
            "atomic",
            "--clients",
            "3",
            "--limit",
            "1",
            "--duration",
            "300ms",
            "--warmup",
            "0s",
        ])
        .args(["--redis", &url])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&load.stdout);
    assert!(
        load.status.success() && said.contains("clean"),
        "{said}{}",
        String::from_utf8_lossy(&load.stderr)
    );
}

/// What answers through TLS, says who it is when it is asked, and answers everything else as it is told.
fn imposter(answer: fn(&mut StreamOwned<ServerConnection, TcpStream>)) -> u16 {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(session, stream.unwrap());
            thread::spawn(move || {
                let mut asked = [0; 4096];
                while let Ok(length) = stream.read(&mut asked)
                    && length > 0
                {
                    if asked[..length].windows(4).any(|word| word == b"INFO") {
                        let facts = "redis_version:7.0.15\r\nrun_id:1\r\n";
                        write!(stream, "${}\r\n{facts}\r\n", facts.len()).unwrap();
                    } else {
                        answer(&mut stream);
                    }
                }
            });
        }
    });
    port
}

/// What a client is told, and how long that took.
fn asked(port: u16) -> (String, Duration) {
    let url = format!("rediss://localhost:{port}#insecure");
    let server = Server::open(&Target::choose(Some(&url), None, false).unwrap()).unwrap();
    let mut store = server.store(1).unwrap();
    let began = Instant::now();
    let error = store.execute(ClientId(0), &Command::new("GET").arg("k")).unwrap_err().to_string();
    (error, began.elapsed())
}

#[test]
fn a_record_that_comes_byte_by_byte_is_not_waited_for_without_end() {
    let port = imposter(|stream| {
        let mut record = Vec::new();
        stream.conn.writer().write_all(&[b'x'; 4096]).unwrap();
        stream.conn.write_tls(&mut record).unwrap();
        for byte in record {
            if stream.sock.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let (error, took) = asked(port);
    assert!(error.contains("no answer within 2 s"), "{error}");
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn a_reply_through_tls_has_a_longest_length_too() {
    let port = imposter(|stream| stream.write_all(b"$100000000000\r\nxxxx").unwrap());
    let (error, took) = asked(port);
    assert!(error.contains("a reply of more than 64 MiB"), "{error}");
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn what_does_not_speak_tls_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            stream.unwrap().write_all(b"-ERR who are you\r\n").unwrap();
        }
    });
    let url = format!("rediss://localhost:{port}");
    let error = Server::open(&Target::choose(Some(&url), None, false).unwrap()).unwrap_err().to_string();
    assert!(error.contains("what answers does not speak TLS"), "{error}");
}
