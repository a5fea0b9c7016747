//! Stub servers that workflows start: which folder each takes its mappings from, and whether any are there.

use std::path::{Path, PathBuf};

use super::finding::{Finding, Severity};
use super::input::InputError;
use super::mappings;
use super::workflow::{Workflow, WorkflowJob};

/// Where `WireMock`'s image expects its folder.
const INSIDE: &str = "/home/wiremock";

/// A folder that a stub server takes its mappings from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stub {
    /// The folder, from the root of the repository; the one that holds `mappings` and `__files`, or `mappings` itself.
    pub folder: String,
    /// The job that starts it.
    pub job: String,
    /// The line.
    pub line: u32,
}

/// Every folder that a stub server of the workflow takes its mappings from, as far as the file tells it.
pub fn mounted(workflow: &Workflow) -> Vec<Stub> {
    workflow.jobs.iter().flat_map(of_job).collect()
}

fn of_job(job: &WorkflowJob) -> Vec<Stub> {
    let stub = |folder: String, line: u32| Stub { folder, job: job.id.clone(), line };
    let in_scripts = job.commands().flat_map(|(_, script, command)| {
        let line = script.line_of(command);
        let words = &command.words;
        let mounts = words.iter().filter_map(|word| mount(word));
        let is_stub = words.iter().any(|word| word.to_ascii_lowercase().contains("wiremock"));
        let root = words.iter().position(|word| word == "--root-dir").filter(|_| is_stub);
        let root = root.and_then(|at| words.get(at + 1)).and_then(|word| in_repository(word));
        mounts.chain(root).map(move |folder| stub(folder, line)).collect::<Vec<_>>()
    });
    let in_services = job.services.iter().flat_map(|service| {
        service
            .text
            .split_whitespace()
            .filter_map(mount)
            .map(|folder| stub(folder, service.line))
            .collect::<Vec<_>>()
    });
    in_services.chain(in_scripts).collect()
}

/// The source of `SOURCE:/home/wiremock`.
fn mount(word: &str) -> Option<String> {
    let word = word.rsplit('=').next()?;
    let (source, target) = word.split_once(&format!(":{INSIDE}"))?;
    let target = target.trim_end_matches(":ro").trim_end_matches(":rw").trim_end_matches('/');
    matches!(target, "" | "/mappings").then(|| in_repository(source)).flatten()
}

/// A path from the root of the repository, if it is one for certain.
fn in_repository(path: &str) -> Option<String> {
    const ROOTS: [&str; 7] = [
        "${{ github.workspace }}/",
        "${{github.workspace}}/",
        "$GITHUB_WORKSPACE/",
        "${GITHUB_WORKSPACE}/",
        "$PWD/",
        "${PWD}/",
        "$(pwd)/",
    ];
    let path = ROOTS.iter().find_map(|root| path.strip_prefix(root)).unwrap_or(path);
    let path = path.strip_prefix("./").unwrap_or(path).trim_end_matches('/');
    let plain =
        !path.is_empty() && !path.contains(['$', '`', '*', '\\', ':']) && !path.starts_with(['/', '~']);
    (plain && !path.split('/').any(|part| part == "..")).then(|| path.to_owned())
}

/// Looks into the folders, if the workflow lies where workflows lie: elsewhere the repository's root is not known.
pub(super) fn check(workflow: &Workflow) -> Result<Vec<Finding>, InputError> {
    let Some(root) = root_of(Path::new(&workflow.file)) else { return Ok(Vec::new()) };
    let mut findings = Vec::new();
    for stub in mounted(workflow) {
        let folder = root.join(&stub.folder);
        if mappings::has_any(&folder)? {
            continue;
        }
        let filled = workflow.job(&stub.job).is_some_and(|job| is_filled(job, &stub.folder));
        let level = if filled { Severity::Note } else { Severity::Error };
        let message = format!(
            "job `{}`: the stub server takes its mappings from `{}`, where there is none: it answers 404 to everything",
            stub.job, stub.folder
        );
        let fix = format!(
            "commit mapping files there, and check them with `gatecrash doctor --mappings {}`",
            stub.folder
        );
        findings.push(Finding {
            file: Some(workflow.file.clone()),
            line: Some(stub.line),
            ..Finding::new("stub-without-mappings", level, message, fix)
        });
    }
    Ok(findings)
}

/// Whether a step may put mappings there, or teach them to the running server.
fn is_filled(job: &WorkflowJob, folder: &str) -> bool {
    let mentions = job.text.matches(folder).count();
    let last = folder.rsplit('/').next().unwrap_or(folder);
    let commands = job.commands().filter(|(.., command)| {
        let writes = matches!(
            command.program(),
            "mkdir" | "cp" | "mv" | "rsync" | "tar" | "unzip" | "git" | "ln" | "cat"
        );
        writes && command.words.iter().any(|word| word.contains(last))
    });
    mentions > 1
        || job.text.contains("__admin/mappings")
        || commands.count() > 0
        || job.text.contains("download-artifact")
}

/// The root of the repository of a file in `.github/workflows`.
fn root_of(file: &Path) -> Option<PathBuf> {
    let file = if file.is_absolute() { file.to_owned() } else { Path::new(".").join(file) };
    let workflows = file.parent()?;
    let github = workflows.parent()?;
    let is_called = |path: &Path, name: &str| path.file_name().is_some_and(|own| own == name);
    (is_called(workflows, "workflows") && is_called(github, ".github"))
        .then(|| github.parent().map(Path::to_owned))?
}
