//! `gatecrash doctor`: from arguments to findings, and findings to every form that was asked for.

mod here;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anstream::ColorChoice;

use super::Problem;
use super::args::{Common, Doctor};
use super::output;
use crate::doctor::{Diagnosis, Finding, json, sarif, text};
use crate::exit::Exit;

/// `gatecrash doctor`.
pub(super) fn doctor(
    doctor: &Doctor,
    common: &Common,
    interrupted: &Arc<AtomicBool>,
) -> Result<Exit, Problem> {
    check_options(common)?;
    output::check_file("--sarif", doctor.sarif.as_deref())?;
    if doctor.ci.is_none() && doctor.matrix.is_none() && doctor.mappings.is_empty() {
        let (diagnosis, ended) =
            if doctor.clean_up { here::clean_up(common, interrupted)? } else { here::examine(common)? };
        return Ok(report(&diagnosis, doctor, common)?.and(ended));
    }
    let findings: Vec<Finding> = Vec::new();
    report(&Diagnosis::new(findings), doctor, common)
}

/// Refuses common options that would have no effect here.
fn check_options(common: &Common) -> Result<(), Problem> {
    let given = [
        ("--on", common.on.is_some()),
        ("--expect", !common.expect.is_empty()),
        ("--junit", common.junit.is_some()),
        ("--max-executions", common.max_executions.is_some()),
        ("--threads", common.threads.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Problem::Usage(format!("{option} has no effect on doctor"))),
        None => Ok(()),
    }
}

/// Writes the diagnosis in every form that was asked for: what goes to stdout first.
fn report(diagnosis: &Diagnosis, doctor: &Doctor, common: &Common) -> Result<Exit, Problem> {
    let problem = |error: serde_json::Error| Problem::Report(error.to_string());
    match &common.json {
        Some(file) if file.as_os_str() == "-" => {
            output::to_stdout(&json::render(diagnosis).map_err(problem)?)?
        }
        file => {
            output::to_stdout(&shown(diagnosis, common))?;
            if let Some(file) = file {
                output::to_file(file, &json::render(diagnosis).map_err(problem)?)?;
            }
        }
    }
    if let Some(file) = &doctor.sarif {
        output::to_file(file, &sarif::render(diagnosis).map_err(problem)?)?;
    }
    Ok(Exit::from(diagnosis))
}

fn shown(diagnosis: &Diagnosis, common: &Common) -> String {
    let color = anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    text::render(diagnosis, &text::Options { color, quiet: common.quiet, ..text::Options::default() })
}
