//! The same clients as loom threads, over the model behind a `loom::sync::Mutex`.
//!
//! loom explores the orders in which its threads take the lock, by dynamic partial-order reduction (Flanagan and
//! Godefroid 2005; `CDSChecker`, Norris and Demsky 2013); one execution of ours may be several of loom's. Each thread
//! drives its own client and holds the lock for one command, so that a command is one atomic step, as on a server.
//!
//! Three things are done differently from a loom test. The monitor moves inside the critical section, and a
//! violation is counted there: loom would stop at the first panic. The first client runs on loom's main thread,
//! which saves most of the executions. And nothing is joined: the client that finishes last closes the account.
//!
//! What it can miss: nothing within its bounds; what it cannot run is told by [`unfit`]. The set of final results is
//! compared with that of the census, so that either engine would show a mistake of the other.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gatecrash_limiter::Outcome;
use loom::sync::Mutex as LoomMutex;

use crate::explore::census::results::final_results;
use crate::explore::counterexample::{Path, Violation};
use crate::explore::{Complete, Exploration, FinalResults, Observer, enumerate};
use crate::model::Model;
use crate::world::client::Client;
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};
use crate::world::setup::Setup;
use crate::world::store::Store as _;

/// The most clients. loom itself has five threads at most.
pub const MAX_CLIENTS: usize = 4;

/// The most interleavings: loom needs up to a hundred executions for each.
pub const MAX_INTERLEAVINGS: u64 = 3_000;

/// The most steps in one execution.
pub const MAX_STEPS: usize = 2_000;

/// The most scheduling points in one execution of loom's, which panics beyond: a step has a few.
const MAX_BRANCHES: usize = 20_000;

/// loom counts stacks in words, although its documentation says bytes.
const WORD: usize = size_of::<usize>();

/// What a script needs at most, in bytes.
const STACK: usize = 128 << 10;

/// What loom ran and found. Its `executions` are loom's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoomExploration {
    /// What was found.
    pub found: Exploration,
    /// The distinct final results.
    pub results: FinalResults,
}

/// Why a world does not fit loom; `None` if it does.
pub fn unfit(world: &World, control: &Control) -> Result<Option<String>, Error> {
    if let Err(unfit @ Error::StepsOnly { .. }) = world.steps_only("loom") {
        return Ok(Some(unfit.to_string()));
    }
    let clients = world.names().len();
    if clients > MAX_CLIENTS {
        return Ok(Some(format!("{clients} clients; loom takes at most {MAX_CLIENTS}")));
    }
    let control = Control { max_executions: Some(MAX_INTERLEAVINGS), ..control.clone().uncounted() };
    let mut longest = Longest(0);
    let counted = enumerate::enumerate(world.clone(), Model::new(), &control, &mut longest)?;
    Ok(match counted.stopped {
        _ if longest.0 > MAX_STEPS => Some(format!("{} steps in one interleaving", longest.0)),
        Some(Bound::Executions(_)) => Some(format!("more than {MAX_INTERLEAVINGS} interleavings")),
        // A timeout or an interrupt says nothing of the size; it will stop loom as well, which is then undecided.
        _ => None,
    })
}

/// How many steps the longest execution has.
struct Longest(usize);

impl Observer for Longest {
    fn execution(&mut self, execution: &Complete<'_>) {
        self.0 = self.0.max(execution.choices.len());
    }
}

/// Runs every execution that loom finds, and compares the final results with those of the census.
pub fn explore(world: &World, control: &Control) -> Result<LoomExploration, Error> {
    let explored = run(world, control)?;
    let unbounded = Control { max_executions: None, max_states: None, ..control.clone().uncounted() };
    if let Some(expected) = final_results(world, &unbounded)? {
        let complete = explored.found.stopped.is_none();
        let agree =
            if complete { explored.results == expected } else { explored.results.0.is_subset(&expected.0) };
        if !agree {
            let (loom, ours) = (explored.results.0.len(), expected.0.len());
            return Err(Error::Loom(format!("{loom} final results, where the census has {ours} others")));
        }
    }
    Ok(explored)
}

/// What all executions of loom's share: an account outside of loom's sight.
type Account = Arc<Mutex<LoomExploration>>;

fn run(world: &World, control: &Control) -> Result<LoomExploration, Error> {
    let Execution { world, store } = Execution::start(world.clone(), Model::new())?;
    let limit = world.limit();
    let (setup, clients) = world.into_clients();
    let account = Account::default();
    let model = {
        let (account, control) = (Arc::clone(&account), control.clone());
        move || {
            let executions = lock(&account).found.executions;
            if let Some(bound) = control.stop(executions) {
                lock(&account).found.stopped = Some(bound);
                resume_unwind(Box::new(Stopped));
            }
            control.count();
            let shared = LoomShared::new(&clients, store.clone(), limit, Arc::clone(&account));
            spawn_clients(&setup, &clients, &shared);
        }
    };
    let ended = catch_unwind(AssertUnwindSafe(|| builder().check(model)));
    match ended {
        Err(payload) if !payload.is::<Stopped>() => Err(Error::Loom(text_of(&*payload))),
        _ => Ok(std::mem::take(&mut *lock(&account))),
    }
}

/// loom with every setting made here: none is read from the environment.
fn builder() -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.max_threads = MAX_CLIENTS + 1;
    builder.max_branches = MAX_BRANCHES;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = None;
    builder.checkpoint_file = None;
    builder.expect_explicit_explore = false;
    builder.location = false;
    builder.log = false;
    builder
}

/// Unwinds out of loom, which offers no other way to stop between two executions.
struct Stopped;

/// What the threads of one execution share.
struct LoomShared {
    store: Model,
    /// How many permits each client holds.
    held: Vec<u32>,
    path: Path,
    outcomes: Vec<(ClientId, Outcome)>,
    unfinished: usize,
    account: Account,
}

impl LoomShared {
    fn new(clients: &[Client], store: Model, limit: u64, account: Account) -> Arc<LoomMutex<Self>> {
        Arc::new(LoomMutex::new(Self {
            store,
            held: vec![0; clients.len()],
            path: Path::new(limit),
            outcomes: Vec::new(),
            unfinished: clients.iter().filter(|client| !client.finished()).count(),
            account,
        }))
    }

    /// One command of one client, with the monitor's part in it.
    fn step(&mut self, setup: &Setup, id: ClientId, client: &mut Client) -> Result<(), Error> {
        let sent = client.begin(Duration::ZERO);
        // loom's main thread has a small stack that cannot be set: scripts get another one there.
        let reply = if id == ClientId(0) && sent.command.name().starts_with(b"EVAL") {
            stacker::grow(STACK, || self.store.execute(id, &sent.command))?
        } else {
            self.store.execute(id, &sent.command)?
        };
        let outcome = client.finish(setup, id.index(), &reply);
        Error::understood(outcome.as_ref(), &setup.names[id.index()], &sent.command)?;
        self.outcomes.extend(outcome.map(|outcome| (id, outcome)));
        self.held[id.index()] = client.held();
        self.path.push(Choice::Step(id), self.held.iter().sum(), client.finished());
        if self.path.violates_here() {
            Violation::keep_better(&mut lock(&self.account).found.violation, &self.path);
        }
        self.unfinished -= usize::from(client.finished());
        if self.unfinished == 0 {
            self.close();
        }
        Ok(())
    }

    /// The execution is complete: it counts.
    fn close(&mut self) {
        let mut account = lock(&self.account);
        let limit = self.path.limit();
        let peak = self.path.peak();
        account.found.count(peak, limit);
        account.results.execution(&Complete { choices: self.path.choices(), outcomes: &self.outcomes, peak });
    }
}

/// Every client on a thread; the first one on this.
fn spawn_clients(setup: &Arc<Setup>, clients: &[Client], shared: &Arc<LoomMutex<LoomShared>>) {
    let mut ids = (0..).map(ClientId).zip(clients.iter().cloned());
    let first = ids.next();
    for (id, client) in ids {
        let (setup, shared) = (Arc::clone(setup), Arc::clone(shared));
        let thread = loom::thread::Builder::new().stack_size(STACK / WORD);
        if let Err(error) = thread.spawn(move || drive(&setup, id, client, &shared)) {
            resume_unwind(Box::new(error.to_string()));
        }
    }
    if let Some((id, client)) = first {
        if clients.iter().all(Client::finished) {
            lock_shared(shared).close();
        }
        drive(setup, id, client, shared);
    }
}

fn drive(setup: &Setup, id: ClientId, mut client: Client, shared: &LoomMutex<LoomShared>) {
    while client.ready() {
        if let Err(error) = lock_shared(shared).step(setup, id, &mut client) {
            resume_unwind(Box::new(error.to_string()));
        }
    }
}

fn lock_shared(shared: &LoomMutex<LoomShared>) -> loom::sync::MutexGuard<'_, LoomShared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock(account: &Account) -> MutexGuard<'_, LoomExploration> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic said.
fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
