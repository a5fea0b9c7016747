//! A new violation, as a scenario file that is ready to be committed: it fails until the limiter is mended, and guards it
//! from then on.

use crate::report::Entry;
use crate::world::scenario::{self, Expected, SavedViolation, Scenario};

/// A scenario file to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// The scenario in which it was found, as its file is called.
    pub scenario: String,
    /// The limiter that over-admits.
    pub limiter: String,
    /// Its name: scenario, limiter, and a sum of what it holds.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its schedule.
    pub order: String,
}

/// What is to be kept of a result: nothing, unless it fails with a counterexample.
pub(super) fn of(scenario: &Scenario, entry: &Entry, seed: u64) -> Option<Regression> {
    let found = entry.counterexample.as_ref().filter(|_| entry.failed())?;
    let (limiter, order) = (entry.limiter.as_str(), found.order.as_str());
    let explanation = found.explanation.as_deref();
    let finding = SavedViolation { limiter, order, explanation, expected: Expected::Clean };
    // The name is that of the finding, whatever night it was found in.
    let sum = sha1_smol::Sha1::from(scenario::save(scenario, finding)).digest().to_string();
    let name = format!("{}-{limiter}-{}.toml", scenario.name, &sum[..8]);
    let why = format!("found by the nightly job, seed {seed}; {}", scenario.why);
    let text = scenario::save(&Scenario { why, ..scenario.clone() }, finding);
    let (scenario, limiter) = (scenario.name.clone(), limiter.to_owned());
    Some(Regression { scenario, limiter, name, text, order: order.to_owned() })
}
