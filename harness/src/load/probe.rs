//! Before and after a load: one client by itself.

use std::time::{Duration, Instant};

use gatecrash_limiter::{Call, Command, Operation, Outcome, Progress, Reply};

use super::client::clock;
use super::stage::LimiterUnderLoad;
use crate::explore::leak::lost_of;
use crate::redis::Server;
use crate::world::error::Error;

/// Leaks are not looked for among more permits: each takes a round trip.
const MOST_PERMITS: u64 = 100_000;

/// Nor for longer than this.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// Sees that the limiter works here: better one clear error now than a load of nothing else.
pub(super) fn prepare(server: &Server, subject: &LimiterUnderLoad) -> Result<(), Error> {
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
pub(super) fn leaked(
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

/// Deletes what the limiter kept. A private server takes it along when it ends.
pub(super) fn clean_up(server: &Server, subject: &LimiterUnderLoad) {
    if !server.is_private() {
        server.unlink(&subject.call.key);
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
