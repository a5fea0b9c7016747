//! Files and folders to workflows, and workflows to findings. What cannot be read is an error, every such file at once.

use std::fs;
use std::path::{Path, PathBuf};

use super::finding::Finding;
use super::input::{InputError, entries, read_text};
use super::workflow::{self, Workflow};
use super::{rules, stubs, yaml};
use crate::base::bounded_read::PathError;

/// Where GitHub looks for workflows.
pub const WORKFLOWS: &str = ".github/workflows";

/// The workflows of these files and folders, and what there is to say about files that hold none.
pub fn workflows(paths: &[PathBuf]) -> Result<(Vec<Workflow>, Vec<Finding>), Vec<InputError>> {
    let (mut workflows, mut findings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut files = Vec::new();
    for path in paths {
        match files_of(path) {
            Ok(found) => files.extend(found),
            Err(error) => errors.push(error),
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    for path in files {
        match documents(&path) {
            Ok(documents) => {
                let name = path.to_string_lossy();
                match workflow::read(&name, &documents) {
                    Ok(Some(workflow)) => workflows.push(workflow),
                    Ok(None) => findings.push(rules::not_a_workflow(&name)),
                    Err(what) => errors.push(InputError::TooMuch { path, what }),
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok((workflows, findings)) } else { Err(errors) }
}

/// What `doctor --ci` finds: by the rules, and in the folders of stub servers that the workflows mount.
pub fn check(workflows: &[Workflow]) -> Result<Vec<Finding>, Vec<InputError>> {
    let mut findings = rules::check(workflows);
    for workflow in workflows {
        findings.extend(stubs::check(workflow).map_err(|error| vec![error])?);
    }
    Ok(findings)
}

fn documents(path: &Path) -> Result<Vec<yaml::YamlNode>, InputError> {
    let text = read_text(path)?;
    yaml::read(&text).map_err(|error| InputError::NotYaml { path: path.to_owned(), error })
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    let metadata = fs::metadata(path).map_err(|error| PathError::io(path, error))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let is_yaml =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "yml" || end == "yaml") && path.is_file();
    let files: Vec<PathBuf> = entries(path)?.into_iter().filter(is_yaml).collect();
    if files.is_empty() { Err(InputError::Empty(path.to_owned())) } else { Ok(files) }
}
