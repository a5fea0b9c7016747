//! A server that cannot be used is named, by whichever command meets it.

use std::process::{Child, Command, Stdio};

use crate::support::{LAST_SLOT, eventually, ran};

/// A server with its own settings on a free port; it ends with the test.
struct Other(Child, u16);

impl Other {
    fn start(folder: &std::path::Path, settings: &[&str]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let start = |program| {
            let mut command = Command::new(program);
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]).args(settings);
            command.current_dir(folder).stdout(Stdio::null()).spawn()
        };
        let child = start("redis-server").or_else(|_| start("valkey-server")).unwrap();
        let other = Self(child, port);
        eventually("the server answers", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        other
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_node_of_a_cluster_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let node = Other::start(folder.path(), &["--cluster-enabled", "yes"]);
    let url = format!("redis://127.0.0.1:{}", node.1);
    let explore = ["explore", LAST_SLOT, "--limiter", "atomic", "--on", "redis", "--redis", &url];
    ran(&explore).exits(69).complains(&["cluster"]);
    let load = [
        "load",
        "--limiter",
        "atomic",
        "--clients",
        "1",
        "--limit",
        "1",
        "--duration",
        "1s",
        "--redis",
        &url,
    ];
    ran(&load).exits(69).complains(&["cluster"]);
    let doctor = ran(&["doctor", "--redis", &url]).exits(1);
    assert!(doctor.stdout.contains("redis-cluster"), "{}", doctor.all());
}
