//! An operation as a pure state machine: which command is next, and what a reply means.
//!
//! Whoever drives an operation repeats two calls until it is done: [`Operation::command`] gives the next command,
//! [`Operation::receive`] takes its reply. Every operation sends at least one command.

use std::any::Any;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::command::{Command, Reply};

/// What an operation is about. It does not change while the operation runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The limiter's key.
    pub key: Bytes,
    /// How many permits there are.
    pub limit: u64,
    /// Names the permit: unique, chosen by the client before the call, the same for `acquire` and its `release`.
    pub token: Bytes,
}

/// What an operation came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// `acquire`: the client holds a permit.
    Admitted,
    /// `acquire`: no permit was free.
    Refused,
    /// `release`: the permit was given back.
    Released,
    /// `release`: the store did not know the permit.
    NotHeld,
    /// The store answered with something the algorithm has no meaning for, mostly an error reply.
    Failed(Reply),
}

/// What a reply led to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// There is a next command.
    More,
    /// The operation is over.
    Done(Outcome),
}

/// The control state of one operation of one algorithm.
///
/// It is plain data, so that an explorer can copy it, compare it and hash it. It knows neither the token nor the
/// time except through the arguments of its two functions, both of which are deterministic.
pub trait Machine: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// The next command. `now` is the client's clock, as a distance from the Unix epoch.
    fn command(&self, call: &Call, now: Duration) -> Command;

    /// Takes the reply to the command that [`Machine::command`] gave last.
    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress;
}

/// A [`Machine`] of any type, still `Clone`, `Eq` and `Hash`. Copies share it until one of them moves on: explorers make
/// many.
#[derive(Clone, Debug)]
pub struct Operation(Arc<dyn AnyMachine>);

impl Operation {
    /// Wraps a machine in its first state.
    pub fn new(machine: impl Machine) -> Self {
        Self(Arc::new(machine))
    }

    /// The next command. `now` is the client's clock, as a distance from the Unix epoch.
    pub fn command(&self, call: &Call, now: Duration) -> Command {
        self.0.command(call, now)
    }

    /// Takes the reply to the command that [`Operation::command`] gave last. What is done stays as it was.
    pub fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        match self.0.after(call, reply) {
            ControlFlow::Continue(next) => {
                self.0 = next;
                Progress::More
            }
            ControlFlow::Break(outcome) => Progress::Done(outcome),
        }
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(other.0.as_any())
    }
}

impl Eq for Operation {}

impl Hash for Operation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }
}

/// [`Machine`] without `Self` in its signatures, so that it can stand behind a pointer.
trait AnyMachine: Debug + Send + Sync {
    fn command(&self, call: &Call, now: Duration) -> Command;
    /// The machine after it has received the reply, unless that ended the operation.
    fn after(&self, call: &Call, reply: &Reply) -> ControlFlow<Outcome, Arc<dyn AnyMachine>>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn hash_into(&self, state: &mut dyn Hasher);
    fn as_any(&self) -> &dyn Any;
}

impl<M: Machine> AnyMachine for M {
    fn command(&self, call: &Call, now: Duration) -> Command {
        Machine::command(self, call, now)
    }

    fn after(&self, call: &Call, reply: &Reply) -> ControlFlow<Outcome, Arc<dyn AnyMachine>> {
        let mut next = self.clone();
        match next.receive(call, reply) {
            Progress::More => ControlFlow::Continue(Arc::new(next)),
            Progress::Done(outcome) => ControlFlow::Break(outcome),
        }
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<M>() == Some(self)
    }

    fn hash_into(&self, mut state: &mut dyn Hasher) {
        std::any::TypeId::of::<M>().hash(&mut state);
        self.hash(&mut state);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{Algorithm, Atomic, Naive};

    pub(crate) fn call() -> Call {
        Call { key: "slots".into(), limit: 2, token: "t".into() }
    }

    /// Runs an operation at 1.5 s past the epoch against these replies, all of which it has to take.
    pub(crate) fn drive(mut operation: Operation, replies: &[Reply]) -> (Vec<String>, Outcome) {
        let mut sent = Vec::new();
        for (i, reply) in replies.iter().enumerate() {
            sent.push(operation.command(&call(), Duration::from_millis(1500)).to_string());
            if let Progress::Done(outcome) = operation.receive(&call(), reply) {
                assert_eq!(i + 1, replies.len(), "done early: {outcome:?}");
                return (sent, outcome);
            }
        }
        panic!("not done after {sent:?}");
    }

    /// One reply of each kind that no operation expects.
    pub(crate) fn unexpected_replies() -> Vec<Reply> {
        let wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value";
        vec![
            Reply::Nil,
            Reply::ok(),
            Reply::bulk("1"),
            Reply::Array(vec![Reply::Int(1)]),
            Reply::Error(wrong_type.into()),
            Reply::Error("OOM command not allowed when used memory > 'maxmemory'.".into()),
        ]
    }

    #[test]
    fn a_copy_is_equal_until_one_of_the_two_moves_on() {
        let mut one = Naive.acquire();
        let other = one.clone();
        assert_eq!(one, other);
        assert_eq!(one.receive(&call(), &Reply::Int(0)), Progress::More);
        assert_ne!(one, other);
        assert_eq!(other, Naive.acquire(), "the copy has not moved");
    }

    #[test]
    fn operations_of_different_machines_differ() {
        let operations = [Naive.acquire(), Naive.release(), Atomic.acquire()];
        for (i, one) in operations.iter().enumerate() {
            for (j, other) in operations.iter().enumerate() {
                assert_eq!(one == other, i == j, "{one:?} and {other:?}");
            }
        }
        assert_eq!(Naive.release(), Atomic.release(), "one machine, whoever uses it");
    }

    #[test]
    fn equal_operations_are_one_element_of_a_set() {
        let mut moved = Naive.acquire();
        moved.receive(&call(), &Reply::Int(0));
        let set: HashSet<_> =
            [Naive.acquire(), Naive.acquire(), moved.clone(), moved, Atomic.acquire(), Atomic.release()]
                .into();
        assert_eq!(set.len(), 4);
    }

    #[test]
    fn machines_of_two_types_with_the_same_content_hash_apart() {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        struct Same;
        impl Machine for Same {
            fn command(&self, _: &Call, _: Duration) -> Command {
                Command::new("PING")
            }
            fn receive(&mut self, _: &Call, _: &Reply) -> Progress {
                Progress::Done(Outcome::Admitted)
            }
        }
        let set: HashSet<_> = [Operation::new(Same), Naive.release()].into();
        assert_eq!(set.len(), 2);
    }
}
