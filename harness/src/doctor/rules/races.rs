//! Tests of a limiter that run against a real Redis prove little by passing: whether two steps of it can interleave
//! badly is a matter of all schedules, not of the ones that a run happens to take.

use super::file_findings::FileFindings;
use crate::doctor::endpoint::{clients, redis_services};
use crate::doctor::finding::Severity;
use crate::doctor::programs::is_test;
use crate::doctor::workflow::{Workflow, WorkflowJob, WorkflowStep};

/// Whether some job explores schedules.
pub(super) fn explores(workflow: &Workflow) -> bool {
    let mut commands = workflow.jobs.iter().flat_map(WorkflowJob::commands);
    commands.any(|(.., command)| command.words.iter().any(|word| word.contains("gatecrash")))
}

pub(super) fn check(job: &WorkflowJob, found: &mut FileFindings<'_>) {
    if redis_services(job).next().is_none() && clients(job).is_empty() {
        return;
    }
    if let Some(step) = job.steps.iter().find(|step| tests_a_limiter(step)) {
        let message = format!(
            "job `{}` tests a limiter on Redis, and no job explores its schedules: a check and an act that are not one command race, and such a test passes by luck",
            job.id
        );
        let fix = "add a step that explores all schedules, such as `gatecrash run scenarios`";
        found.push("race-not-explored", Severity::Note, step.line, message, fix);
    }
}

fn tests_a_limiter(step: &WorkflowStep) -> bool {
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
