//! A short table of ratios, measured in one run: what the limiters cost over bare round trips, and how fast searches
//! are on each store.
//!
//! Everything is measured in turn, block by block, and compared within its block: what disturbs the machine for
//! longer than a block disturbs both sides of a ratio.

#![expect(clippy::print_stdout, reason = "the tables are the result")]

use std::time::{Duration, Instant};

use gatecrash::model::ComparedStore;
use gatecrash::model::Model;
use gatecrash::redis::Server;
use gatecrash_benches::exploring::{bare_connection, enumerate, ping, round_trips, under_loom, world};
use gatecrash_benches::limiting::{Rig, Subject, Work};
use gatecrash_benches::stats::Summary;
use gatecrash_benches::tables::{self, Called, called};

/// How much is measured.
#[derive(Clone, Copy)]
struct Size {
    /// Blocks of limiter calls, and how many calls of each kind are in one.
    limiter_blocks: usize,
    calls: u64,
    /// Blocks of searches, one search of each kind in each.
    explore_blocks: usize,
}

const FULL: Size = Size { limiter_blocks: 60, calls: 150, explore_blocks: 25 };
/// Enough to see that it works: `cargo test --all-targets` runs benchmarks too.
const SMOKE: Size = Size { limiter_blocks: 1, calls: 2, explore_blocks: 1 };

fn main() {
    let size = match called("ratios") {
        Called::Not => return,
        Called::Full => FULL,
        Called::Smoke => {
            println!("{}", tables::SMOKE);
            SMOKE
        }
    };
    let rig = Rig::start();
    let server = rig.server();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{}; {cores} cores\n", server.describe());
    limiters(&rig, size);
    println!();
    searches(server, size);
}

/// Median and quartiles of the blocks' figures: latencies and their ratios.
fn limiters(rig: &Rig, size: Size) {
    println!("| acquire and release | round trips | µs | ÷ bare commands | ÷ PINGs |");
    println!("| --- | --- | --- | --- | --- |");
    let mut subjects = rig.subjects().map(|subject| (subject, Vec::new()));
    for block in 0..=size.limiter_blocks {
        for (subject, blocks) in &mut subjects {
            blocks.push(limiter_block(rig, subject, block, size.calls));
        }
    }
    for (subject, blocks) in subjects {
        // The first block warms up.
        let each = |of: fn(&[f64; 3]) -> f64| Summary::of(blocks[1..].iter().map(of));
        let (time, over_commands, over_pings) =
            (each(|[limiter, ..]| limiter * 1e6), each(|[a, b, _]| a / b), each(|[a, _, c]| a / c));
        let Subject { name, round_trips, .. } = subject;
        println!("| `{name}` | {round_trips} | {time:.1} | {over_commands:.2} | {over_pings:.2} |");
    }
}

/// Seconds for one acquire and release: through the limiter, as bare commands, as pings. Each block begins with
/// another of the three, so that none is always first.
fn limiter_block(rig: &Rig, subject: &mut Subject, block: usize, calls: u64) -> [f64; 3] {
    let mut seconds = [0.0; 3];
    for turn in 0..3 {
        let which = (block + turn) % 3;
        let work: &mut Work = match which {
            0 => &mut subject.limiter,
            1 => &mut subject.commands,
            _ => &mut subject.pings,
        };
        seconds[which] = (rig.time(work, calls) / u32::try_from(calls).unwrap_or(u32::MAX)).as_secs_f64();
    }
    seconds
}

/// One kind of search, how many interleavings it runs, and how long it took in each block.
struct Search<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> (u64, Duration) + 'a>,
    per_second: Vec<f64>,
}

/// The place of the floor among the searches.
const FLOOR: usize = 0;

fn searches(server: &Server, size: Size) {
    let three = world("naive", 3, 1);
    let two = world("naive", 2, 1);
    let open = || server.store(three.names().len()).expect("the private server answers");
    let trips = round_trips(three.clone(), server);
    let mut connection = bare_connection(server);
    let interleavings = enumerate(three.clone(), Model::new());
    let search = |name, run| Search { name, run, per_second: Vec::new() };
    let mut searches: Vec<Search<'_>> = vec![
        search(
            "3 naive clients, each round trip a `PING`",
            Box::new(|| {
                timed(|| {
                    ping(&mut connection, trips);
                    interleavings
                })
            }),
        ),
        search(
            "3 naive clients on the model",
            Box::new(|| {
                let world = three.clone();
                timed(|| enumerate(world, Model::new()))
            }),
        ),
        search(
            "3 naive clients on Redis",
            Box::new(|| {
                let (world, store) = (three.clone(), open());
                timed(|| enumerate(world, store))
            }),
        ),
        search(
            "3 naive clients on Redis, replies compared with the model's",
            Box::new(|| {
                let (world, store) = (three.clone(), ComparedStore::new(open()));
                timed(|| enumerate(world, store))
            }),
        ),
        search("loom, 2 naive clients (its own executions)", Box::new(|| timed(|| under_loom(&two)))),
    ];
    for block in 0..=size.explore_blocks {
        for turn in 0..searches.len() {
            let at = (block + turn) % searches.len();
            let (count, time) = (searches[at].run)();
            #[expect(clippy::cast_precision_loss, reason = "counts of some hundreds")]
            searches[at].per_second.push(count as f64 / time.as_secs_f64());
        }
    }
    let floor = searches[FLOOR].per_second.clone();
    println!("| interleavings | per second | ÷ PINGs |\n| --- | --- | --- |");
    for search in searches {
        let ratios = search.per_second.iter().zip(&floor).skip(1).map(|(own, floor)| own / floor);
        let ratio = Summary::of(ratios);
        let rate = Summary::of(search.per_second[1..].iter().copied());
        println!("| {} | {rate} | {ratio:.2} |", search.name);
    }
}

fn timed(run: impl FnOnce() -> u64) -> (u64, Duration) {
    let start = Instant::now();
    let count = run();
    (count, start.elapsed())
}
