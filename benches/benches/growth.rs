//! How censuses grow with the number of clients: states, time and memory, each in a process of its own. And how many
//! script calls a search makes.

#![expect(clippy::print_stdout, reason = "the tables are the result")]

use std::sync::Arc;

use gatecrash::explore::census::{self, CensusOptions};
use gatecrash::explore::states::{self, StateSpace};
use gatecrash::world::control::Control;
use gatecrash::world::scenario::OnReject;
use gatecrash::world::scenario::OperationKind::{Acquire, Release};
use gatecrash_benches::child;
use gatecrash_benches::exploring::identical;
use gatecrash_benches::remembering::Remembering;
use gatecrash_benches::stats::Summary;
use gatecrash_benches::tables::{Called, SMOKE, called};
use gatecrash_limiter::{Algorithm, Atomic, Naive};

/// Limiter, clients, limit.
type Row = (&'static str, usize, u64);

const FULL: [Row; 14] = [
    ("naive", 2, 1),
    ("naive", 4, 2),
    ("naive", 8, 3),
    ("naive", 16, 4),
    ("naive", 32, 8),
    ("naive", 64, 8),
    ("naive", 100, 10),
    ("atomic", 8, 3),
    ("atomic", 64, 8),
    ("atomic", 100, 10),
    ("remembering", 4, 3),
    ("remembering", 8, 3),
    ("remembering", 12, 3),
    SCRIPTS,
];
/// All that these clients do is to call the script, again and again.
const SCRIPTS: Row = ("only scripts", 16, 3);
/// How often each of them does.
const ROUNDS: u32 = 4;
const SHORT: [Row; 4] = [("naive", 8, 3), ("atomic", 8, 3), ("remembering", 4, 3), ("only scripts", 4, 3)];

fn main() {
    if let Some(task) = child::task() {
        let [limiter, clients, limit] = &task[..] else { panic!("{task:?}") };
        let number = |text: &str| text.parse().expect("a number");
        println!("{}", measure(limiter, number(clients), limit.parse().expect("a number")));
        return;
    }
    let (blocks, rows): (usize, &[Row]) = match called("growth") {
        Called::Not => return,
        Called::Full => (5, &FULL),
        Called::Smoke => {
            println!("{SMOKE}");
            (1, &SHORT)
        }
    };
    println!(
        "| limiter | clients | limit | states | edges | interleavings | ms | whole process, ms | peak MiB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (limiter, clients, limit) in rows {
        let task = [(*limiter).to_owned(), clients.to_string(), limit.to_string()];
        let measured: Vec<_> = (0..blocks).map(|_| child::run(&task)).collect();
        let [states, edges, interleavings] = &measured[0].answers[..] else { panic!("{measured:?}") };
        let work = Summary::of(measured.iter().map(|child| child.work.as_secs_f64() * 1e3));
        let process = Summary::of(measured.iter().map(|child| child.process.as_secs_f64() * 1e3)).median;
        let peak = Summary::of(measured.iter().map(|child| child.peak_mib)).median;
        println!(
            "| `{limiter}` | {clients} | {limit} | {states} | {edges} | {interleavings} | {work:.1} | {process:.1} | {peak:.1} |"
        );
        if *limiter == "only scripts" {
            let calls: f64 = edges.parse().expect("a number");
            let rate = Summary::of(measured.iter().map(|child| calls / child.work.as_secs_f64()));
            println!("\nscript calls per second inside a search, looked up: {rate}");
        }
    }
}

/// In a child: one census, or one search that only calls scripts.
fn measure(limiter: &str, clients: usize, limit: u64) -> String {
    let world = |algorithm: Arc<dyn Algorithm>| {
        identical(algorithm, clients, &[Acquire, Release], limit, 1, OnReject::Stop)
    };
    let world = match limiter {
        "naive" => world(Arc::new(Naive)),
        "atomic" => world(Arc::new(Atomic)),
        "remembering" => world(Arc::new(Remembering)),
        _ => {
            let world = identical(Arc::new(Atomic), clients, &[Acquire], limit, ROUNDS, OnReject::Continue);
            return child::measured(|| {
                let found = states::decide(&world, StateSpace::default(), &Control::default());
                let found = found.expect("the model works");
                assert_eq!((&found.stopped, u64::from(found.highest)), (&None, limit));
                vec![found.states.to_string(), found.steps.to_string(), "not counted".into()]
            });
        }
    };
    child::measured(|| {
        let census =
            census::take(&world, CensusOptions::default(), &Control::default()).expect("the model works");
        assert_eq!(census.violation.is_none(), limiter == "atomic");
        let interleavings = census.interleavings().expect("the search got through").to_string();
        vec![census.states.to_string(), census.edges.to_string(), scientific(&interleavings)]
    })
}

/// Three digits of a long number.
fn scientific(digits: &str) -> String {
    if digits.len() < 10 {
        return digits.to_owned();
    }
    format!("{}.{}e{}", &digits[..1], &digits[1..3], digits.len() - 1)
}
