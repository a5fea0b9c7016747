//! All interleavings of four naive clients with two permits on one real server, in lockstep and compared with the
//! model, beside `redis-benchmark -P 256 -c 1` on the same socket with the same commands.
//!
//! Everything is measured in turn, block by block, and compared within its block.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::collections::BTreeMap;
use std::time::Instant;

use gatecrash::explore::lockstep::{self, WIDTH};
use gatecrash::explore::prefixes::Prefixes;
use gatecrash::explore::{Exploration, Observer};
use gatecrash::redis::Server;
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash_benches::exploring::world_with_limit;
use gatecrash_benches::pipelining::{Mix, Sending, redis_benchmark};
use gatecrash_benches::stats::Summary;
use gatecrash_benches::tables::{self, Called, called};

const SENDING: Sending = Sending { connections: 1, pipelined: 256 };

/// How much is measured, and what is known to come out.
struct Size {
    clients: usize,
    interleavings: u64,
    violating: u64,
    peaks: &'static [(u32, u64)],
    blocks: usize,
    /// Of each command, in `redis-benchmark`.
    commands: u64,
}

const FULL: Size = Size {
    clients: 4,
    interleavings: 254_544,
    violating: 148_608,
    peaks: &[(1, 6_720), (2, 99_216), (3, 114_048), (4, 34_560)],
    blocks: 7,
    commands: 1_000_000,
};
/// Enough to see that it works: `cargo test --all-targets` runs benchmarks too.
const SMOKE: Size = Size {
    clients: 2,
    interleavings: 20,
    violating: 0,
    peaks: &[(1, 8), (2, 12)],
    blocks: 1,
    commands: 1_000,
};

/// Rates of one block.
struct Block {
    interleavings: f64,
    commands: f64,
    /// Of each command alone, then of the mix.
    alone: Vec<f64>,
    mix: f64,
}

fn main() {
    let size = match called("lockstep") {
        Called::Not => return,
        Called::Full => FULL,
        Called::Smoke => {
            println!("{}", tables::SMOKE);
            SMOKE
        }
    };
    let server = gatecrash_benches::private_server();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{}; {cores} cores\n", server.describe());
    let world = world_with_limit("naive", size.clients, 2, 1);
    let mut mix = Mix::default();
    // This warms up, too.
    search(&world, &server, &size, &mut mix);
    let blocks: Vec<Block> = (0..size.blocks).map(|at| block(&world, &server, &size, &mix, at)).collect();
    show(&size, &mix, &blocks);
}

/// One search to its end.
fn search(world: &World, server: &Server, size: &Size, observer: &mut impl Observer) {
    let found = lockstep::run(world, server, &mut Prefixes::new(), WIDTH, &Control::default(), observer)
        .expect("the server answers as the model does");
    let Exploration { executions, violating, peaks, stopped, .. } = found;
    assert_eq!((executions, violating, stopped), (size.interleavings, size.violating, None));
    let expected: BTreeMap<u32, u64> = size.peaks.iter().copied().collect();
    assert_eq!(peaks, expected);
}

/// Every second block begins with the yardstick, so that neither is always first.
fn block(world: &World, server: &Server, size: &Size, mix: &Mix, at: usize) -> Block {
    let yardstick = || -> Vec<f64> {
        mix.0.values().map(|(command, _)| redis_benchmark(server, command, size.commands, SENDING)).collect()
    };
    let before = (at % 2 == 1).then(yardstick);
    let start = Instant::now();
    search(world, server, size, &mut ());
    let seconds = start.elapsed().as_secs_f64();
    let alone = before.unwrap_or_else(yardstick);
    #[expect(clippy::cast_precision_loss, reason = "counts of some millions")]
    let [interleavings, commands] = [size.interleavings, mix.total()].map(|count| count as f64 / seconds);
    Block { interleavings, commands, mix: mix.rate(&alone), alone }
}

fn show(size: &Size, mix: &Mix, blocks: &[Block]) {
    let each = |of: &dyn Fn(&Block) -> f64| Summary::of(blocks.iter().map(of));
    println!("| {} naive clients, 2 permits | per second |\n| --- | --- |", size.clients);
    println!("| interleavings in lockstep | {} |", each(&|block| block.interleavings));
    println!("| their commands, deletions left out | {} |", each(&|block| block.commands));
    for (at, (command, count)) in mix.0.values().enumerate() {
        let rate = each(&|block| block.alone[at]);
        println!("| `redis-benchmark -P 256 -c 1 … {command}` ({count} of the commands) | {rate} |");
    }
    println!("| `redis-benchmark`, the mix | {} |", each(&|block| block.mix));
    println!("| lockstep ÷ `redis-benchmark` | {:.2} |", each(&|block| block.commands / block.mix));
}
