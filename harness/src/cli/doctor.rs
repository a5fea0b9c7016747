//! `gatecrash doctor`: from arguments to findings, and findings to every form that was asked for.

mod examination;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{Common, Doctor};
use super::output::{self, Writer};
use super::problem::Problem;
use super::terminal;
use crate::base::exit::Exit;
use crate::doctor::{Diagnosis, Finding, annotations, json, mappings, matrix, sarif, text, workflow_files};

/// `gatecrash doctor`.
pub(super) fn doctor(doctor: &Doctor, common: &Common, interrupted: &AtomicBool) -> Result<Exit, Problem> {
    if doctor.ci.is_none() && doctor.matrix.is_none() && doctor.mappings.is_empty() {
        let (diagnosis, ended) = if doctor.clean_up {
            examination::clean_up(common, interrupted)?
        } else {
            examination::examine(common)?
        };
        let stopped = if interrupted.load(Ordering::Relaxed) { Exit::Interrupted } else { Exit::Ok };
        return Ok(report(&diagnosis, doctor, common)?.and(ended).and(stopped));
    }
    let mut findings: Vec<Finding> = Vec::new();
    let mut matrix = None;
    if doctor.ci.is_some() || doctor.matrix.is_some() {
        let (workflows, others) = workflow_files::workflows(&paths(doctor)).map_err(Problem::Files)?;
        if doctor.ci.is_some() {
            findings.extend(others);
            findings.extend(workflow_files::check(&workflows).map_err(Problem::Files)?);
        }
        matrix = doctor.matrix.as_ref().map(|_| matrix::of(&workflows));
    }
    for folder in &doctor.mappings {
        findings.extend(mappings::check(folder).map_err(|error| Problem::Files(vec![error]))?);
    }
    let mut diagnosis = Diagnosis::new(findings);
    diagnosis.matrix = matrix;
    report(&diagnosis, doctor, common)
}

/// The files that were named, or those that GitHub would run.
fn paths(doctor: &Doctor) -> Vec<PathBuf> {
    let named: Vec<PathBuf> = doctor.ci.iter().chain(&doctor.matrix).flatten().cloned().collect();
    if named.is_empty() { vec![workflow_files::WORKFLOWS.into()] } else { named }
}

/// Writes the diagnosis in every form that was asked for: what goes to stdout first.
fn report(diagnosis: &Diagnosis, doctor: &Doctor, common: &Common) -> Result<Exit, Problem> {
    let problem = |error: serde_json::Error| Problem::Report(error.to_string());
    let mut writer = Writer::default();
    match &common.json {
        Some(file) if file.as_os_str() == "-" => writer.stdout(&json::render(diagnosis).map_err(problem)?),
        file => {
            writer.stdout(&shown(diagnosis, doctor, common));
            if let Some(file) = file {
                writer.file("--json", file, &json::render(diagnosis).map_err(problem)?);
            }
        }
    }
    if let Some(file) = &doctor.sarif {
        writer.file("--sarif", file, &sarif::render(diagnosis).map_err(problem)?);
    }
    if common.annotations {
        output::annotate(&annotations::of_diagnosis(diagnosis));
    }
    writer.end()?;
    Ok(Exit::from(diagnosis))
}

fn shown(diagnosis: &Diagnosis, doctor: &Doctor, common: &Common) -> String {
    let width = terminal::width();
    if let (None, [], Some(rows)) = (&doctor.ci, doctor.mappings.as_slice(), &diagnosis.matrix) {
        // Nothing was judged: no word on how that went.
        return matrix::table(rows, width);
    }
    let options = text::TextOptions { color: terminal::colours_stdout(), quiet: common.quiet, width };
    text::render(diagnosis, &options)
}
