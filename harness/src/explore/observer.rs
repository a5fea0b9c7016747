//! Who is told what a search runs, and what it is told.

use std::collections::BTreeSet;

use gatecrash_limiter::Outcome;

use crate::world::schedule::{Choice, ClientId};
use crate::world::trace::StepEffect;

/// Is told what a search runs. `()` does not listen.
pub trait Observer {
    /// A choice was made. If it was a step, the command came to that.
    fn choice(&mut self, _choice: Choice, _step: Option<&StepEffect>) {}

    /// An execution has come to its end.
    fn execution(&mut self, _execution: &Complete<'_>) {}
}

impl Observer for () {}

/// An execution in which every client has finished.
#[derive(Clone, Copy, Debug)]
pub struct Complete<'a> {
    /// Its choices.
    pub choices: &'a [Choice],
    /// What each operation came to, in the order in which they ended.
    pub outcomes: &'a [(ClientId, Outcome)],
    /// The highest number of permits held at once.
    pub peak: u32,
}

/// What every operation of every client came to, in the order of clients: the result of an execution as the clients
/// see it.
pub type FinalResult = Vec<(ClientId, Outcome)>;

impl Complete<'_> {
    /// The final result.
    pub fn result(&self) -> FinalResult {
        let mut result = self.outcomes.to_vec();
        result.sort_by_key(|(client, _)| *client);
        result
    }
}

/// Collects the distinct final results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FinalResults(pub BTreeSet<FinalResult>);

impl Observer for FinalResults {
    fn execution(&mut self, execution: &Complete<'_>) {
        self.0.insert(execution.result());
    }
}
