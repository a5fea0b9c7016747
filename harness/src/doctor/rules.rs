//! The rules for workflows, one file each: a workflow in, findings out. They read nothing else and know no file system.

mod background;
mod file_findings;
mod passing;
mod races;
mod redis;
mod services;

use super::finding::{Finding, Severity};
use super::workflow::Workflow;
use file_findings::FileFindings;

/// What the rules find in these workflows. They are judged together: a check in one serves all.
pub fn check(workflows: &[Workflow]) -> Vec<Finding> {
    let atomic = workflows.iter().any(races::explores);
    let mut findings = Vec::new();
    for workflow in workflows {
        let mut found = FileFindings::new(&workflow.file, &mut findings);
        for job in &workflow.jobs {
            redis::check(job, &mut found);
            services::check(job, &mut found);
            background::check(job, &mut found);
            passing::check(job, &mut found);
            if !atomic {
                races::check(job, &mut found);
            }
        }
    }
    findings
}

/// What a file that holds no workflow is told.
pub fn not_a_workflow(file: &str) -> Finding {
    let message = "it holds no workflow: there are no `jobs`, so nothing in it was checked";
    let fix = "name the files in .github/workflows; an action or a compose file is none of them";
    Finding { file: Some(file.to_owned()), ..Finding::new("not-a-workflow", Severity::Warning, message, fix) }
}
