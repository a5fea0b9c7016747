//! The yardstick of pipelined searches, and of loads: what `redis-benchmark` reaches on the same server with the same
//! commands.

use std::collections::BTreeMap;
use std::process::Command as Process;

use gatecrash::explore::Observer;
use gatecrash::redis::Server;
use gatecrash::world::schedule::Choice;
use gatecrash::world::trace::StepEffect;
use gatecrash_limiter::Command;
use redis::ConnectionAddr;

/// How often each command was sent; one of each name stands for the others.
#[derive(Clone, Debug, Default)]
pub struct Mix(pub BTreeMap<Vec<u8>, (Command, u64)>);

impl Observer for Mix {
    fn choice(&mut self, _choice: Choice, step: Option<&StepEffect>) {
        let Some(step) = step else { return };
        let (_, count) =
            self.0.entry(step.command.name().to_vec()).or_insert_with(|| (step.command.clone(), 0));
        *count += 1;
    }
}

impl Mix {
    /// How many commands there were.
    pub fn total(&self) -> u64 {
        self.0.values().map(|(_, count)| count).sum()
    }

    /// The rate of the mix, given that of each of its commands, in order: as much time as they take one after another.
    pub fn rate(&self, rates: &[f64]) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts of some millions")]
        let seconds: f64 = self.0.values().zip(rates).map(|((_, count), rate)| *count as f64 / rate).sum();
        #[expect(clippy::cast_precision_loss, reason = "counts of some millions")]
        let total = self.total() as f64;
        total / seconds
    }
}

/// How `redis-benchmark` sends its commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Over how many connections.
    pub connections: u32,
    /// How many of them at a time over each.
    pub pipelined: u32,
}

/// Commands a second that `redis-benchmark` reaches.
///
/// # Panics
/// If it is not on `PATH`, or fails.
pub fn redis_benchmark(server: &Server, command: &Command, times: u64, sending: Sending) -> f64 {
    let ConnectionAddr::Unix(socket) = server.address().connection_info().addr() else {
        unreachable!("a private server has a socket")
    };
    let parts = command.parts().iter().map(|part| String::from_utf8_lossy(part).into_owned());
    let run = |program: &str| {
        Process::new(program)
            .arg("-s")
            .arg(socket)
            .args(["-c", &sending.connections.to_string(), "-P", &sending.pipelined.to_string()])
            .args(["--csv", "-n", &times.to_string()])
            .args(parts.clone())
            .output()
    };
    let output = run("redis-benchmark")
        .or_else(|_| run("valkey-benchmark"))
        .expect("redis-benchmark or valkey-benchmark is on PATH");
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().last().and_then(|line| line.split("\",\"").nth(1)?.parse().ok());
    rate.unwrap_or_else(|| panic!("`{command}`: {text}{}", String::from_utf8_lossy(&output.stderr)))
}
