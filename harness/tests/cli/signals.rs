//! Being stopped: by Ctrl-C, by force, by a reader that has seen enough.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{LAST_SLOT, Ran, eventually, gatecrash, results};

/// Ended when it is dropped, so that a failing test leaves nothing behind.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Most have ended by then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gatecrash can be started"))
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().cast_signed())
    }

    /// Waits for the line that is written once the server is there; signals are watched from before that.
    pub(crate) fn wait_for_the_server(&mut self) -> BufReader<std::process::ChildStderr> {
        let mut stderr = BufReader::new(self.0.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        assert!(line.starts_with("redis: "), "{line}");
        stderr
    }

    /// Reads on until it has ended.
    pub(crate) fn end(mut self, mut stderr: impl std::io::Read + Send + 'static) -> Ran {
        let mut out = self.0.stdout.take().unwrap();
        let read_out = thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).map(|_| text)
        });
        let read_err = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text)
        });
        eventually("gatecrash ends", || self.0.try_wait().unwrap().is_some());
        let code = self.0.wait().unwrap().code();
        let stdout = read_out.join().unwrap().unwrap();
        Ran { code, stdout, stderr: read_err.join().unwrap().unwrap() }
    }
}

/// An exploration that nobody lives to see the end of.
fn long(on: &str) -> Command {
    let all = ["explore", LAST_SLOT, "--strategy", "enumerate", "--clients", "12", "--limiter", "atomic"];
    gatecrash(&[&all[..], &["--on", on, "--json", "-"]].concat())
}

#[test]
fn a_signal_ends_with_a_report() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
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

/// A process's state and its parent, as Linux tells them; none if there is no such process.
#[cfg(target_os = "linux")]
fn status(process: Pid) -> Option<(char, Pid)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let (_, rest) = text.rsplit_once(") ")?;
    let (state, rest) = rest.split_once(' ')?;
    let parent = rest.split(' ').next()?.parse().ok()?;
    Some((state.chars().next()?, Pid::from_raw(parent)))
}

/// The only child of a process.
#[cfg(target_os = "linux")]
fn child_of(parent: Pid) -> Pid {
    let names = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    let processes = names.filter_map(|name| name.to_str()?.parse().ok().map(Pid::from_raw));
    let children: Vec<Pid> =
        processes.filter(|process| status(*process).is_some_and(|(_, its)| its == parent)).collect();
    let [child] = children[..] else { panic!("one child of {parent} is expected: {children:?}") };
    child
}

/// Whether a process has ended. One that nobody has waited for yet is a zombie: that counts.
#[cfg(target_os = "linux")]
fn is_gone(process: Pid) -> bool {
    status(process).is_none_or(|(state, _)| state == 'Z')
}

#[test]
fn a_reader_that_has_seen_enough_is_no_problem() {
    let commands: [&[&str]; 4] =
        [&["run", LAST_SLOT, "--on", "model"], &["demo", "--on", "model"], &["run", "--list"], &["--help"]];
    for arguments in commands {
        let mut running = Running::start(&mut gatecrash(arguments));
        drop(running.0.stdout.take());
        let mut stderr = String::new();
        running.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "{arguments:?}: {stderr}");
        assert_eq!(stderr, "", "{arguments:?}");
    }
}
