//! Tests of a limiter that run against a real Redis prove little by passing: whether two steps of it can interleave
//! badly is a matter of all schedules, not of the ones that a run happens to take.

use super::super::Level;
use super::super::endpoint::{clients, redis_services};
use super::super::programs::is_test;
use super::super::workflow::{Job, Step, Workflow};
use super::Found;

/// Whether some job explores schedules.
pub(super) fn explores(workflow: &Workflow) -> bool {
    let mut commands = workflow.jobs.iter().flat_map(Job::commands);
    commands.any(|(.., command)| command.words.iter().any(|word| word.contains("gatecrash")))
}

pub(super) fn check(job: &Job, found: &mut Found<'_>) {
    if redis_services(job).next().is_none() && clients(job).is_empty() {
        return;
    }
    if let Some(step) = job.steps.iter().find(|step| tests_a_limiter(step)) {
        let message = format!(
            "job `{}` tests a limiter on Redis, and no job explores its schedules: a check and an act that are not one command race, and such a test passes by luck",
            job.id
        );
        let fix = "add a step that explores all schedules, such as `gatecrash run scenarios`";
        found.push("race-not-explored", Level::Note, step.line, message, fix);
    }
}

fn tests_a_limiter(step: &Step) -> bool {
    const WORDS: [&str; 8] = [
        "concurrent",
        "concurrency test",
        "limiter",
        "rate_limit",
        "rate-limit",
        "ratelimit",
        "semaphore",
        "race cond",
    ];
    let text = step.text.to_ascii_lowercase();
    step.script.iter().any(|script| script.commands.iter().any(is_test))
        && WORDS.iter().any(|word| text.contains(word))
}
