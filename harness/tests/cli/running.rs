//! gatecrash as a process that is still running, and the processes that it started.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread;

use nix::unistd::Pid;

use crate::support::{Ran, eventually};

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

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
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
pub(crate) fn child_of(parent: Pid) -> Pid {
    let names = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    let processes = names.filter_map(|name| name.to_str()?.parse().ok().map(Pid::from_raw));
    let children: Vec<Pid> =
        processes.filter(|process| status(*process).is_some_and(|(_, its)| its == parent)).collect();
    let [child] = children[..] else { panic!("one child of {parent} is expected: {children:?}") };
    child
}

/// Whether a process has ended. One that nobody has waited for yet is a zombie: that counts.
#[cfg(target_os = "linux")]
pub(crate) fn is_gone(process: Pid) -> bool {
    status(process).is_none_or(|(state, _)| state == 'Z')
}
