//! Measurements in processes of their own: memory, which two searches in one process could not be told apart by, and
//! time with the start of a process in it.

use std::process::Command;
use std::time::{Duration, Instant};

/// The argument after which a task is named.
const CHILD: &str = "--child";

/// The task that this process was started for, if it was.
pub fn task() -> Option<Vec<String>> {
    let mut arguments = std::env::args().skip_while(|argument| argument != CHILD);
    arguments.next()?;
    Some(arguments.collect())
}

/// What a child measured of itself, and how long all of it took.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What it found, in the order in which it said so.
    pub answers: Vec<String>,
    /// How long its work took.
    pub work: Duration,
    /// From before it was started until after it had ended.
    pub process: Duration,
    /// The most memory that was resident, in MiB; not a number where the system does not tell.
    pub peak_mib: f64,
    /// The memory that was resident before the work began.
    pub before_mib: f64,
}

/// Runs a task in a new process of this very program.
///
/// # Panics
/// If that fails.
pub fn run(task: &[String]) -> Measured {
    let program = std::env::current_exe().expect("a program knows where it is");
    let start = Instant::now();
    let output = Command::new(program).arg(CHILD).args(task).output().expect("it can be started again");
    let process = start.elapsed();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{task:?} failed: {errors}");
    let mut fields = text.trim().split('\t').map(str::to_owned);
    let mut number = || fields.next().and_then(|field| field.parse::<f64>().ok()).expect("a number");
    let (seconds, peak_mib, before_mib) = (number(), number(), number());
    Measured {
        work: Duration::from_secs_f64(seconds),
        process,
        peak_mib,
        before_mib,
        answers: fields.collect(),
    }
}

/// In a child: does the work and gives the line that [`run`] reads.
pub fn measured(work: impl FnOnce() -> Vec<String>) -> String {
    let before = resident("VmRSS");
    let start = Instant::now();
    let answers = work();
    let seconds = start.elapsed().as_secs_f64();
    let numbers = [seconds, resident("VmHWM"), before].map(|number| number.to_string());
    [&numbers[..], &answers[..]].concat().join("\t")
}

/// A line of what Linux says of this process, in MiB.
fn resident(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}
