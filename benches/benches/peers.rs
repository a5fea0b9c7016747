//! The same searches as others make them: loom, shuttle, stateright. In one run, in turn, block by block.

#![expect(clippy::print_stdout, reason = "the tables are the result")]

use gatecrash::explore::census::{self, CensusOptions};
use gatecrash::explore::enumerate::enumerate;
use gatecrash::explore::states::{self, Explorer, StateSpace};
use gatecrash::model::Model;
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash_benches::exploring::world;
use gatecrash_benches::peers::stateright::Merged;
use gatecrash_benches::peers::{loom, shuttle};
use gatecrash_benches::stats::Summary;
use gatecrash_benches::tables::{Called, SMOKE, called};
use gatecrash_benches::{child, peers::Found};

/// Clients are told apart, and so are states by what their operations came to.
const APART: StateSpace = StateSpace { symmetry: false, outcomes: true };

fn main() {
    if let Some(task) = child::task() {
        let [engine, clients] = &task[..] else { panic!("{task:?}") };
        let clients = clients.parse().expect("a number");
        let tester = TESTERS.iter().find(|(name, ..)| name == engine);
        println!(
            "{}",
            tester.map_or_else(|| search_states(engine, clients), |tester| test_threads(tester, clients))
        );
        return;
    }
    let (blocks, threads, clients) = match called("peers") {
        Called::Not => return,
        Called::Full => (5, 3, 8),
        Called::Smoke => {
            println!("{SMOKE}");
            (1, 2, 4)
        }
    };
    thread_testers(blocks, threads);
    println!();
    model_checker(blocks, clients);
}

/// An engine, what it counts, and how often it searches in one block: what is short is repeated.
type Tester = (&'static str, &'static str, u32);

const TESTERS: [Tester; 5] = [
    ("census", "merged states", 200),
    ("enumeration", "interleavings", 20),
    ("loom", "executions", 1),
    ("shuttle", "executions", 1),
    ("shuttle, a thread for each client", "executions", 1),
];

/// Naive clients with release and one permit, until exhausted. Each engine has a process of its own: they do not share
/// well what there is only one of in a process, such as its panic hook.
fn thread_testers(blocks: usize, clients: u32) {
    let mut measured = TESTERS.map(|_| Vec::new());
    for _ in 0..blocks {
        for ((engine, ..), measured) in TESTERS.iter().zip(&mut measured) {
            measured.push(child::run(&[(*engine).to_owned(), clients.to_string()]));
        }
    }
    let seconds = |at: usize| {
        let times = f64::from(TESTERS[at].2);
        measured[at].iter().map(move |child| child.work.as_secs_f64() / times)
    };
    println!("| {clients} naive clients, until exhausted | | ms | ÷ census | ÷ enumeration |");
    println!("| --- | --- | --- | --- | --- |");
    for (at, (engine, what, _)) in TESTERS.iter().enumerate() {
        let time = Summary::of(seconds(at).map(|seconds| seconds * 1e3));
        let over =
            |floor: usize| Summary::of(seconds(at).zip(seconds(floor)).map(|(own, floor)| own / floor));
        let (census, enumeration) = (over(0), over(1));
        println!(
            "| {engine} | {} {what} | {time:.3} | {census} | {enumeration:.1} |",
            measured[at][0].answers[0]
        );
    }
}

/// In a child: the searches of one block by one engine.
fn test_threads(engine: &Tester, clients: u32) -> String {
    let world = world("naive", clients as usize, 1);
    let (name, _, times) = *engine;
    let search = || match name {
        "census" => take(&world),
        "enumeration" => run_all(&world),
        "loom" => loom::explore(clients, 1),
        _ => shuttle::explore(clients, 1, name == "shuttle"),
    };
    child::measured(|| {
        let found: Vec<Found> = (0..times).map(|_| search()).collect();
        assert_eq!(found[0].highest, clients, "{name} has missed the violation");
        vec![found[0].executions.to_string()]
    })
}

fn take(world: &World) -> Found {
    let census = census::take(world, CensusOptions::default(), &Control::default()).expect("the model works");
    assert!(census.peaks.is_some() && census.stopped.is_none(), "not everything was counted");
    Found { executions: census.states, highest: census.highest }
}

fn run_all(world: &World) -> Found {
    let found = enumerate(world.clone(), Model::new(), &Control::default(), &mut ());
    let found = found.expect("the model works");
    assert_eq!(found.stopped, None, "not all interleavings were run");
    Found { executions: found.executions, highest: found.peak() }
}

const ENGINES: [&str; 3] = ["gatecrash", "stateright, depth first", "stateright, breadth first"];

/// Naive clients that are told apart, one permit, until exhausted: the same states and steps for every engine, each in
/// a process of its own.
fn model_checker(blocks: usize, clients: u32) {
    let mut measured = ENGINES.map(|_| Vec::new());
    for _ in 0..blocks {
        for (engine, measured) in ENGINES.iter().zip(&mut measured) {
            measured.push(child::run(&[(*engine).to_owned(), clients.to_string()]));
        }
    }
    // What a process takes that has the step function and has yet to search.
    let base = Summary::of(measured[1].iter().map(|child| child.before_mib)).median;
    println!(
        "| {clients} different naive clients, until exhausted | states | s | ÷ gatecrash | peak MiB | for states |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (engine, own) in ENGINES.iter().zip(&measured) {
        let seconds = Summary::of(own.iter().map(|child| child.work.as_secs_f64()));
        let pairs = own.iter().zip(&measured[0]);
        let ratio = Summary::of(pairs.map(|(own, ours)| own.work.as_secs_f64() / ours.work.as_secs_f64()));
        let peak = Summary::of(own.iter().map(|child| child.peak_mib)).median;
        let states = &own[0].answers[0];
        assert_eq!(states, &measured[0][0].answers[0], "{engine} has searched something else");
        println!("| {engine} | {states} | {seconds:.3} | {ratio:.2} | {peak:.1} | {:.1} |", peak - base);
    }
}

/// In a child: one search by one engine. What gatecrash has to compute, stateright gets ready-made.
fn search_states(engine: &str, clients: u32) -> String {
    let world = world("naive", clients as usize, 1);
    if engine == ENGINES[0] {
        return child::measured(|| {
            let decision = states::decide(&world, APART, &Control::default()).expect("the model works");
            assert_eq!((&decision.stopped, decision.highest), (&None, clients));
            vec![decision.states.to_string()]
        });
    }
    let explorer = Explorer::new(&world, APART, &Control::default()).expect("the model works");
    let merged = Merged::new(explorer.expect("there is no bound"), clients);
    child::measured(|| {
        let states = if engine == ENGINES[1] { merged.depth_first() } else { merged.breadth_first() };
        vec![states.to_string()]
    })
}
