//! The canary: a limiter that over-admits, of which nothing is expected. If it is not reported as a failure, the job
//! could not report any.

use super::stage::{Name, NightlyOutcome, Stage};
use super::{CANARY, regression};
use crate::base::exit::Exit;
use crate::campaign::{Campaign, Redis, Stores};
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::scenario::{self, Scenario};

const SCENARIO: &str = r#"
title = "The canary"
why = "a job that cannot be red says nothing when it is green"
limit = 1
limiters = ["naive"]
workers = { count = 2, program = ["acquire", "release"] }

[explore]
expect = { naive = "clean" }
"#;

pub(super) fn stage(control: &Control) -> Result<Stage, Error> {
    let Ok(scenario) = scenario::parse("canary.toml", SCENARIO) else {
        unreachable!("a test says that it can be read")
    };
    let mut campaign = Campaign::new(Stores { model: true, redis: Redis::Unwanted, loom: false });
    campaign.control = control.clone();
    campaign.run(&scenario)?;
    let report = campaign.report();
    let saved = report.results.iter().find_map(|entry| regression::of(&scenario, entry, 0));
    let (outcome, what) = match (Exit::from(&report), saved) {
        (Exit::Failed, Some(found)) if sings(&found.text) => {
            (NightlyOutcome::Ok, format!("{CANARY} was caught: {}", found.order))
        }
        (Exit::Interrupted, _) => (NightlyOutcome::Undecided, "interrupted".to_owned()),
        _ => (
            NightlyOutcome::Failed,
            format!("{CANARY} over-admits and was NOT caught: nothing else here can be trusted"),
        ),
    };
    Ok(Stage::new(Name::Canary, outcome, what))
}

/// Whether what would be committed can be read, and is a scenario with a schedule.
fn sings(text: &str) -> bool {
    matches!(scenario::parse("canary.toml", text), Ok(Scenario { schedules, .. }) if schedules.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canary_is_caught() {
        let stage = stage(&Control::default()).unwrap();
        assert_eq!((stage.outcome, stage.what.as_str()), (NightlyOutcome::Ok, "naive was caught: A B B A"));
    }

    #[test]
    fn one_that_cannot_be_seen_is_no_pass() {
        let control = Control { max_states: Some(1), ..Control::default() };
        assert_eq!(stage(&control).unwrap().outcome, NightlyOutcome::Failed);
    }
}
