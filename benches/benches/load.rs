//! The atomic limiter under load of 50 clients, always admitted, beside `redis-benchmark -c 50 -P 1` on the same socket.
//!
//! A cycle is one `EVALSHA` and one `ZREM`, so the yardstick is the harmonic mean of what `redis-benchmark` reaches with
//! each. Everything is measured in turn, block by block, and compared within its block.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use gatecrash::load::{self, Faults, Hold, LoadSettings};
use gatecrash::redis::Server;
use gatecrash::report::{Invocation, Verdict};
use gatecrash::world::control::Control;
use gatecrash_benches::pipelining::{Sending, redis_benchmark};
use gatecrash_benches::stats::Summary;
use gatecrash_benches::tables::{self, Called, called};
use gatecrash_limiter::{Algorithm, Atomic, Command};

const CLIENTS: u32 = 50;
const SENDING: Sending = Sending { connections: CLIENTS, pipelined: 1 };

/// Rates of one block.
struct Block {
    load: f64,
    floor: f64,
    acquire: f64,
    release: f64,
}

impl Block {
    /// As much time as an acquire and a release take one after another.
    fn harmonic(&self) -> f64 {
        2.0 / (1.0 / self.acquire + 1.0 / self.release)
    }
}

fn main() {
    let (blocks, commands, duration) = match called("load") {
        Called::Not => return,
        Called::Full => (7, 200_000, Duration::from_secs(2)),
        Called::Smoke => {
            println!("{}", tables::SMOKE);
            (1, 1_000, Duration::from_millis(100))
        }
    };
    let server = gatecrash_benches::private_server();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{}; {cores} cores\n", server.describe());
    // This loads the script, too.
    under_load(&server, Duration::from_millis(100));
    let blocks: Vec<Block> = (0..blocks).map(|at| block(&server, at, commands, duration)).collect();
    show(&blocks);
}

/// Every second block begins with the yardstick, so that neither is always first.
fn block(server: &Server, at: usize, commands: u64, duration: Duration) -> Block {
    let script = Atomic.scripts()[0].sha1().to_owned();
    let [key, token] = [format!("{}bench", server.next_prefix()), "token".to_owned()];
    let evalsha = Command::new("EVALSHA").arg(script).number(1).arg(key.clone());
    let evalsha = evalsha.number(1_000_000).number(1_700_000_000_000).arg(token.clone());
    let zrem = Command::new("ZREM").arg(key).arg(token);
    let yardstick = || [&evalsha, &zrem].map(|command| redis_benchmark(server, command, commands, SENDING));
    let before = (at % 2 == 1).then(yardstick);
    let (load, floor) = under_load(server, duration);
    let [acquire, release] = before.unwrap_or_else(yardstick);
    Block { load, floor, acquire, release }
}

/// Acquires and releases a second, and `PING`s.
fn under_load(server: &Server, duration: Duration) -> (f64, f64) {
    let settings = LoadSettings {
        clients: CLIENTS,
        limit: CLIENTS.into(),
        duration,
        warmup: Duration::from_millis(200),
        rate: None,
        hold: Hold::Fixed(Duration::ZERO),
        faults: Faults::default(),
        max_errors: None,
        seed: 0,
        threads: NonZeroUsize::MIN,
    };
    let limiters: [Arc<dyn Algorithm>; 1] = [Arc::new(Atomic)];
    let found = load::load(server, &limiters, &settings, &Control::default()).expect("the server is there");
    let entries = found.entries([(&*limiters[0], None)], &Invocation::default());
    let entry = entries.first().expect("one limiter was loaded");
    let load = &entry.load().expect("it is a load").load;
    assert_eq!((entry.judgement.verdict(), load.admitted), (Verdict::Clean, load.attempts));
    let floor = load.floor.as_ref().map_or(f64::NAN, |floor| floor.throughput_per_s);
    (load.throughput_per_s.unwrap_or(f64::NAN), floor)
}

fn show(blocks: &[Block]) {
    let each = |of: &dyn Fn(&Block) -> f64| Summary::of(blocks.iter().map(of));
    println!("| {CLIENTS} clients, atomic, always admitted | per second |\n| --- | --- |");
    println!("| acquires and releases under load | {} |", each(&|block| block.load));
    println!("| `PING`s of the same clients | {} |", each(&|block| block.floor));
    println!("| `redis-benchmark -c {CLIENTS} -P 1 EVALSHA` | {} |", each(&|block| block.acquire));
    println!("| `redis-benchmark -c {CLIENTS} -P 1 ZREM` | {} |", each(&|block| block.release));
    println!("| their harmonic mean | {} |", each(&Block::harmonic));
    println!("| load ÷ harmonic mean | {:.2} |", each(&|block| block.load / block.harmonic()));
}
