//! Being stopped: by Ctrl-C, by force, by a reader that has seen enough.

use std::io::Read as _;
use std::process::Command;
use std::time::{Duration, Instant};

use gatecrash::redis::PrivateServer;
use nix::sys::signal::{Signal, kill};

use crate::running::{Running, child_of, is_gone};
use crate::support::{LAST_SLOT, eventually, gatecrash, results};

/// An exploration that nobody lives to see the end of.
pub(crate) fn long(on: &str) -> Command {
    let all = ["explore", LAST_SLOT, "--strategy", "enumerate", "--clients", "12", "--limiter", "atomic"];
    gatecrash(&[&all[..], &["--on", on, "--json", "-"]].concat())
}

#[test]
fn a_signal_ends_with_a_report() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        for store in ["redis", "all"] {
            let mut running = Running::start(&mut long(store));
            let stderr = running.wait_for_the_server();
            kill(running.pid(), signal).unwrap();
            let ran = running.end(stderr).exits(130);
            let document = ran.json();
            assert_eq!(document["interrupted"], true);
            assert_eq!(document["verdict"], "undecided");
            for result in results(&document) {
                assert_eq!(result["verdict"], "undecided");
                assert_eq!(result["coverage"]["stopped_by"], "interrupt");
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_nohup_ignores_stays_ignored() {
    let mut shell = Command::new("sh");
    let long = long("model");
    let words: Vec<_> = long.get_args().map(|word| word.to_str().unwrap()).collect();
    let line = format!("trap '' HUP; exec {} {}", long.get_program().to_str().unwrap(), words.join(" "));
    shell.args(["-c", &line]).current_dir(long.get_current_dir().unwrap());
    let mut running = Running::start(&mut shell);
    eventually("it has threads", || {
        std::fs::read_dir(format!("/proc/{}/task", running.pid())).is_ok_and(|tasks| tasks.count() > 2)
    });
    kill(running.pid(), Signal::SIGHUP).unwrap();
    kill(running.pid(), Signal::SIGTERM).unwrap();
    // The first signal would have been the first of two, and the second would have ended it without a report.
    let mut stdout = String::new();
    running.child().stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(running.child().wait().unwrap().code(), Some(130));
    assert!(stdout.contains("\"interrupted\": true"), "{stdout}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_leaves_no_server_behind() {
    let mut running = Running::start(&mut long("redis"));
    let stderr = running.wait_for_the_server();
    let server = child_of(running.pid());
    kill(running.pid(), Signal::SIGINT).unwrap();
    running.end(stderr).exits(130);
    assert!(is_gone(server));
}

#[test]
#[cfg(target_os = "linux")]
fn a_kill_leaves_no_server_behind() {
    let mut running = Running::start(&mut long("redis"));
    let stderr = running.wait_for_the_server();
    let server = child_of(running.pid());
    kill(running.pid(), Signal::SIGKILL).unwrap();
    assert_eq!(running.end(stderr).code, None);
    eventually("the server is gone", || is_gone(server));
}

/// Somebody else's server takes no writes for a while: the orderly end waits for that, and is not waited for.
#[test]
fn a_second_signal_leaves_no_key_on_a_server_of_somebody_else() {
    let theirs = PrivateServer::start().unwrap();
    let mut admin = redis::Client::open(theirs.url()).unwrap().get_connection().unwrap();
    let keys = |admin: &mut redis::Connection| -> Vec<String> {
        redis::cmd("KEYS").arg("gatecrash:*").query(admin).unwrap()
    };
    let mut running = Running::start(long("redis").args(["--redis", &theirs.url()]));
    let stderr = running.wait_for_the_server();
    eventually("it has keys", || keys(&mut admin).len() > 10);
    let () = redis::cmd("CLIENT").arg("PAUSE").arg(400).arg("WRITE").query(&mut admin).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let began = Instant::now();
    kill(running.pid(), Signal::SIGINT).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    kill(running.pid(), Signal::SIGTERM).unwrap();
    let ran = running.end(stderr).exits(130);
    assert_eq!(ran.stdout, "", "there is no report");
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    assert_eq!(keys(&mut admin), Vec::<String>::new());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_problem() {
    let commands: [&[&str]; 4] =
        [&["run", LAST_SLOT, "--on", "model"], &["demo", "--on", "model"], &["run", "--list"], &["--help"]];
    for arguments in commands {
        let mut running = Running::start(&mut gatecrash(arguments));
        drop(running.child().stdout.take());
        let mut stderr = String::new();
        running.child().stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(running.child().wait().unwrap().code(), Some(0), "{arguments:?}: {stderr}");
        assert_eq!(stderr, "", "{arguments:?}");
    }
}
