//! What stopped a search, and how far it came.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::duration;
use crate::world::control;

/// What stopped a search before it had covered everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// What stopped it.
    pub stopped_by: StoppedBy,
    /// How far it came, in words that can follow "stopped after".
    pub covered: String,
}

impl Coverage {
    /// How far a search came that was stopped after so many of what it counts.
    pub(crate) fn of(bound: &control::Bound, count: u64, unit: &str) -> Self {
        use control::Bound as By;
        let stopped_by = match bound {
            By::Executions(_) => StoppedBy::MaxExecutions,
            By::States(_) => StoppedBy::MaxStates,
            By::Preemptions(_) => StoppedBy::Preemptions,
            By::Timeout(_) => StoppedBy::Timeout,
            By::Interrupted => StoppedBy::Interrupt,
            By::LostServer(_) => StoppedBy::LostServer,
        };
        let counted = format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
        let covered = match bound {
            By::Executions(_) | By::States(_) | By::Interrupted => counted,
            By::Preemptions(max) => format!("all interleavings with at most {max}"),
            By::Timeout(after) => format!("{} and {counted}", duration::display(*after)),
            By::LostServer(why) => format!("{counted} ({why})"),
        };
        Self { stopped_by, covered }
    }
}

/// What can stop a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// `--max-states`.
    MaxStates,
    /// `--max-executions`.
    MaxExecutions,
    /// `--preemptions`.
    Preemptions,
    /// `--timeout`.
    Timeout,
    /// The user.
    Interrupt,
    /// A server that was there and is not any more.
    LostServer,
    /// A reply that differs from the model's.
    Mismatch,
    /// Somebody else who changed the server in the middle.
    Interference,
}

impl fmt::Display for StoppedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxStates => "--max-states",
            Self::MaxExecutions => "--max-executions",
            Self::Preemptions => "--preemptions",
            Self::Timeout => "--timeout",
            Self::Interrupt => "an interrupt",
            Self::LostServer => "the loss of the server",
            Self::Mismatch => "a difference from the model",
            Self::Interference => "somebody else on the server",
        })
    }
}
