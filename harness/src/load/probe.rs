//! Before and after a load: one client by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gatecrash_limiter::{Call, Command, Operation, Outcome, Progress, Reply, Script};

use super::attended::attended;
use super::client::clock;
use super::outcome::Meddling;
use super::stage::LimiterUnderLoad;
use crate::explore::leak::lost_of;
use crate::redis::{Canary, Server, may_be_left};
use crate::world::control::Control;
use crate::world::error::Error;

/// Leaks are not looked for among more permits: each takes a round trip.
const MOST_PERMITS: u64 = 100_000;

/// Nor for longer than this.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// What the server could say after a load.
pub(super) struct Aftermath {
    pub(super) meddling: Meddling,
    /// How many permits each limiter leaked, where that is known.
    pub(super) leaked: Vec<Option<u64>>,
}

/// Loads the scripts, and tries each limiter. Gives what will notice somebody else; nothing if the load was stopped.
pub(super) fn before(
    server: &Server,
    subjects: &[Arc<LimiterUnderLoad>],
    control: &Control,
) -> Result<Option<Canary>, Error> {
    let (server, subjects) = (server.clone(), subjects.to_vec());
    let ask = move || {
        let scripts = subjects.iter().flat_map(|subject| subject.algorithm.scripts());
        let canary = Canary::plant(&server, &scripts.cloned().collect::<Vec<Script>>())?;
        subjects.iter().try_for_each(|subject| prepare(&server, subject))?;
        Ok(canary)
    };
    attended(control, false, ask)?.transpose()
}

/// Asks what somebody else did, looks for leaks unless the load was stopped (whoever was cut off may still hold
/// something), and deletes the keys.
pub(super) fn after(
    server: &Server,
    subjects: &[Arc<LimiterUnderLoad>],
    canary: Option<Canary>,
    control: &Control,
    stopped: bool,
) -> Result<Aftermath, Error> {
    let keys: Vec<Bytes> = subjects.iter().map(|subject| subject.call.key.clone()).collect();
    let all_keys: Vec<Bytes> = keys.iter().cloned().chain(canary.as_ref().map(Canary::key)).collect();
    let ask = {
        let (server, subjects, control) = (server.clone(), subjects.to_vec(), control.clone());
        move || {
            let meddling = canary.map_or(Meddling::NotAsked, |mut canary| match canary.interference() {
                Ok(Some(seen)) => Meddling::Seen(seen),
                Ok(None) => Meddling::None,
                Err(_) => Meddling::NotAsked,
            });
            let look = |subject| leaked(&server, subject, || control.bound(0).is_none());
            let leaked: Result<_, Error> =
                subjects.iter().map(|subject| if stopped { Ok(None) } else { look(subject) }).collect();
            clean_up(&server, &keys);
            Ok(Aftermath { meddling, leaked: leaked? })
        }
    };
    if let Some(aftermath) = attended(control, stopped, ask)? {
        return aftermath;
    }
    // Whoever was left behind may not come to it any more.
    let cleaned = attended(control, stopped, {
        let (server, keys) = (server.clone(), all_keys.clone());
        move || clean_up(&server, &keys)
    });
    if cleaned?.is_none() {
        may_be_left(&all_keys, "no answer in time");
    }
    Ok(Aftermath { meddling: Meddling::NotAsked, leaked: vec![None; subjects.len()] })
}

/// Sees that the limiter works here: better one clear error now than a load of nothing else.
fn prepare(server: &Server, subject: &LimiterUnderLoad) -> Result<(), Error> {
    let mut alone = server.alone()?;
    let call = Call { token: "first".into(), ..subject.call.clone() };
    let mut run =
        |operation, good: Outcome| match drive(&call, operation, |command| alone.call_guarded(command))? {
            (outcome, _) if outcome == good => Ok(()),
            (Outcome::Failed(reply), command) => {
                Err(Error::Unexpected { client: subject.algorithm.name().to_owned(), command, reply })
            }
            (other, command) => {
                let name = subject.algorithm.name();
                Err(Error::Load(format!("{name}: `{command}` of a client by itself came to {other:?}")))
            }
        };
    run(subject.algorithm.acquire(), Outcome::Admitted)?;
    run(subject.algorithm.release(), Outcome::Released)
}

/// How many permits are taken although nobody holds one: those that a client by itself does not get. Nothing if there
/// are too many to be tried, or if it takes too long or is not wanted any more.
fn leaked(
    server: &Server,
    subject: &LimiterUnderLoad,
    goes_on: impl Fn() -> bool,
) -> Result<Option<u64>, Error> {
    let began = Instant::now();
    let limit = subject.call.limit;
    if limit > MOST_PERMITS {
        return Ok(None);
    }
    let mut alone = server.alone()?;
    lost_of(limit, |taken| {
        if began.elapsed() > LONGEST_LOOK || !goes_on() {
            return Ok(None);
        }
        let call = Call { token: format!("last-{taken}").into(), ..subject.call.clone() };
        let (outcome, _) = drive(&call, subject.algorithm.acquire(), |command| alone.call(command))?;
        Ok(Some(outcome))
    })
}

/// Deletes what the limiters kept. A private server takes it along when it ends.
fn clean_up(server: &Server, keys: &[Bytes]) {
    if !server.is_private() {
        server.unlink(keys);
    }
}

/// Runs an operation to its end; gives its last command too.
fn drive<E>(
    call: &Call,
    mut operation: Operation,
    mut send: impl FnMut(&Command) -> Result<Reply, E>,
) -> Result<(Outcome, Command), E> {
    loop {
        let command = operation.command(call, clock());
        let reply = send(&command)?;
        if let Progress::Done(outcome) = operation.receive(call, &reply) {
            return Ok((outcome, command));
        }
    }
}
