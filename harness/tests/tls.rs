//! `rediss://` for real. Apart from the other tests, as it needs more than they do: the `openssl` program, and a
//! `redis-server` that was built with TLS.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop here")]

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use gatecrash::redis_store::Server;
use gatecrash::schedule::ClientId;
use gatecrash::store::Store;
use gatecrash::target::Target;
use gatecrash_limiter::{Command, Reply};

/// A server with a certificate that nobody vouches for. Killed when it is dropped.
struct SelfSigned(Child);

impl SelfSigned {
    fn start(folder: &Path, port: u16) -> Self {
        let certificate =
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=gatecrash test"]
                .into_iter()
                .chain(["-keyout", "key.pem", "-out", "cert.pem"]);
        let made = Process::new("openssl")
            .args(certificate)
            .current_dir(folder)
            .output()
            .expect("openssl is on PATH");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

        let server = Process::new("redis-server")
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
            .expect("redis-server is on PATH");
        Self(server)
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "needs the openssl program and a redis-server with TLS: run it with --ignored"]
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
}
