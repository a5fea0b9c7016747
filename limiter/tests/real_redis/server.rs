//! A private `redis-server` for one test.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::FromRedisValue;
use tempfile::TempDir;

/// Listens on a unix socket in a folder of its own; keeps nothing on disk; is killed when dropped.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Server {
    /// A server on a unix socket only.
    pub(crate) fn start() -> Self {
        Self::start_on(0).expect("redis-server ended at once")
    }

    /// A server that also listens on a free port of 127.0.0.1.
    pub(crate) fn start_tcp() -> Self {
        // Somebody else may take the port before the server does, which then ends; so try some more.
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        (0..10).find_map(|_| Self::start_on(free())).expect("redis-server ended at once, ten times")
    }

    fn start_on(port: u16) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("gc").tempdir().unwrap();
        let process = spawn(&folder, port);
        let mut server = Self { folder, port, process };
        server.comes_up().then_some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    pub(crate) fn tcp_address(&self) -> String {
        assert_ne!(self.port, 0, "started without a port");
        format!("127.0.0.1:{}", self.port)
    }

    /// Stops the process where it is: it keeps its connections and answers nothing.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Ends the process, and all its data with it.
    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it anew where it was, after [`Server::stop`].
    pub(crate) fn restart(&mut self) {
        self.process = spawn(&self.folder, self.port);
        assert!(self.comes_up(), "redis-server ended at once");
    }

    /// Asks the server behind the limiter's back, on a connection of its own.
    pub(crate) fn ask<T: FromRedisValue>(&self, words: &str) -> T {
        let mut command = redis::Cmd::new();
        for word in words.split(' ') {
            command.arg(word);
        }
        let client = redis::Client::open(self.url()).unwrap();
        command.query(&mut client.get_connection().unwrap()).unwrap()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).unwrap();
    }

    /// Waits until it answers; `false` if it has ended instead.
    fn comes_up(&mut self) -> bool {
        let give_up = Instant::now() + Duration::from_secs(20);
        while Instant::now() < give_up {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if redis::Client::open(self.url()).and_then(|client| client.get_connection()).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("redis-server did not answer within 20 s");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn spawn(folder: &TempDir, port: u16) -> Child {
    Command::new(program())
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--unixsocket", "s"])
        .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "these tests need `redis-server` on PATH (Debian, Ubuntu: apt install redis-server): {error}"
            )
        })
}

/// Some distributions have one, some the other.
fn program() -> &'static str {
    let runs = |program: &&str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    ["redis-server", "valkey-server"].into_iter().find(runs).unwrap_or("redis-server")
}
