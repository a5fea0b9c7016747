//! What happened in one execution, step by step.

use std::time::Duration;

use gatecrash_limiter::{Command, Outcome, Reply};

use crate::world::control::Bound;
use crate::world::scenario::OperationKind;
use crate::world::schedule::{Choice, ClientId};

/// One execution: its rows in order. The row's place is the position of its choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// One row per choice, passed turns included.
    pub rows: Vec<TraceRow>,
    /// What stopped the execution before every client had finished.
    pub stopped: Option<Bound>,
    /// How many permits nobody holds at its end and nobody can have, where that was found out.
    pub leaked: Option<u64>,
}

impl Trace {
    /// The highest number of permits held at once.
    pub fn peak(&self) -> u32 {
        self.rows.iter().map(|row| row.holders).max().unwrap_or(0)
    }
}

/// One choice and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// The choice.
    pub choice: Choice,
    /// What came of it.
    pub effect: Effect,
    /// How many permits are certainly held after it.
    pub holders: u32,
}

/// What a choice did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A command took effect.
    Step(StepEffect),
    /// It was the turn of a client that had already finished.
    Passed,
    /// The clock moved.
    Advanced,
    /// The client crashed.
    Crashed,
}

impl Effect {
    /// The command that took effect, if it was a step.
    pub fn step(&self) -> Option<&StepEffect> {
        match self {
            Self::Step(step) => Some(step),
            Self::Passed | Self::Advanced | Self::Crashed => None,
        }
    }
}

/// A command that took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepEffect {
    /// The client whose command it was.
    pub client: ClientId,
    /// The operation that it belongs to.
    pub operation: OperationKind,
    /// Whether it is the first command of its operation.
    pub first: bool,
    /// The command.
    pub command: Command,
    /// The reply.
    pub reply: Reply,
    /// What the operation came to, if this ended it.
    pub outcome: Option<Outcome>,
    /// How long the store took, on a real server; zero on the model.
    pub took: Duration,
}
