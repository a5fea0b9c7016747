//! `gatecrash demo`: the race, step by step.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::args::Common;
use super::output;
use super::plan::{self, Wanted};
use super::problem::Problem;
use super::watch::Watch;
use crate::base::exit::Exit;
use crate::campaign::{Campaign, Redis};
use crate::report::Invocation;
use crate::world::scenario;

const INTRODUCTION: &str = "\
Two workers, one slot. The limiter `naive` counts the slots taken, and adds its own
if there is room. `atomic` does both in one Lua script. First the schedule in which
both look before either acts; then all schedules there are.

";

const SCENARIO: &str = r#"
title = "Two workers take the last slot"
why = "PIN-045: ZCARD by both before either ZADD"
limit = 1
limiters = ["naive", "atomic"]

[clients]
A = ["acquire", "release"]
B = ["acquire", "release"]

[[schedule]]
name = "both check before either adds"
order = "A B A B"
expect = { naive = "violation", atomic = "clean" }

[explore]
expect = { naive = "violation", atomic = "clean" }
"#;

pub(super) fn demo(common: &Common, interrupted: Arc<AtomicBool>) -> Result<Exit, Problem> {
    let scenario = scenario::parse("demo.toml", SCENARIO)
        .map_err(|invalid| Problem::Scenarios(vec![scenario::LoadError::Invalid(invalid)]))?;
    let watch = Watch::start(common)?;
    let wanted = Wanted::of(common.on, &[plan::MODEL, plan::REDIS], &[plan::MODEL, plan::REDIS])?;
    let mut stores = plan::open(&wanted, common)?;
    if let Redis::Missing(reason) = &stores.redis {
        // The race is shown all the same: the demonstration does not depend on a server.
        output::note(&format!("not shown on a real server: {reason}"));
        stores.redis = Redis::Unwanted;
    }
    if !common.quiet && !output::has_stdout_alone(common) {
        output::to_stdout(INTRODUCTION)?;
    }
    let mut campaign = Campaign::new(stores);
    // No file holds the scenario.
    campaign.invocation = Arc::new(Invocation { built_in: Some("demo"), ..Invocation::default() });
    plan::carry_out(campaign, common, interrupted, watch, |campaign| campaign.run(&scenario))
}
