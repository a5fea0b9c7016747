//! What is printed, and where: results to stdout, everything else to stderr.

mod files;
mod replace;
mod writer;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::args::Common;
use super::problem::Problem;
use super::terminal;
use crate::base::exit::Exit;
use crate::report::annotations::{self, Annotation};
use crate::report::{Report, json, junit, markdown, text};

pub(super) use files::{OutputError, Outputs};
pub(super) use writer::{WriteError, Writer, to_file, to_stdout};

/// Whether it stands for stdout.
fn is_stdout(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Whether a form was asked for that has stdout to itself.
pub(super) fn has_stdout_alone(common: &Common) -> bool {
    [&common.json, &common.markdown].into_iter().flatten().any(|file| is_stdout(file))
}

/// What can be written of a report or of a comparison.
pub(super) struct Forms<'a> {
    /// For the terminal, in colour or not.
    pub(super) text: &'a dyn Fn(bool) -> String,
    pub(super) json: &'a dyn Fn() -> serde_json::Result<String>,
    pub(super) markdown: &'a dyn Fn() -> String,
    pub(super) annotations: &'a dyn Fn() -> Vec<Annotation>,
}

impl Forms<'_> {
    /// Writes every form that was asked for. What goes to stdout comes first: it is seen even if a file cannot be
    /// written.
    fn write(&self, common: &Common, writer: &mut Writer) -> Result<(), Problem> {
        let json = || (self.json)().map_err(|error| Problem::Report(error.to_string()));
        let is_alone = |file: &Option<PathBuf>| file.as_deref().is_some_and(is_stdout);
        if is_alone(&common.json) {
            writer.stdout(&json()?);
        } else if is_alone(&common.markdown) {
            writer.stdout(&(self.markdown)());
        } else {
            writer.stdout(&(self.text)(terminal::colours_stdout()));
        }
        if let Some(file) = common.json.as_deref().filter(|file| !is_stdout(file)) {
            writer.file("--json", file, &json()?);
        }
        if let Some(file) = common.markdown.as_deref().filter(|file| !is_stdout(file)) {
            writer.markdown(file, &(self.markdown)());
        }
        if common.annotations {
            annotate(&(self.annotations)());
        }
        Ok(())
    }
}

/// To stderr, not among the results: what reads those need not know of GitHub.
pub(super) fn annotate(remarks: &[Annotation]) {
    let _ = io::stderr().lock().write_all(annotations::render(remarks).as_bytes());
}

/// Writes a comparison in every form that was asked for.
pub(super) fn forms(forms: &Forms<'_>, common: &Common) -> Result<(), Problem> {
    let mut writer = Writer::default();
    forms.write(common, &mut writer)?;
    Ok(writer.end()?)
}

/// Writes the report in every form that was asked for, and gives the exit code that follows from it.
pub(super) fn report(report: &Report, common: &Common) -> Result<Exit, Problem> {
    let report = &if common.stable { report.stable() } else { report.clone() };
    let forms = Forms {
        text: &|color| {
            text::render(report, &text::TextOptions { color, quiet: common.quiet, width: terminal::width() })
        },
        json: &|| json::render(report),
        markdown: &|| markdown::render(report),
        annotations: &|| annotations::of_report(report),
    };
    let mut writer = Writer::default();
    forms.write(common, &mut writer)?;
    if let Some(file) = &common.junit {
        let text = junit::render(report).map_err(|error| Problem::Report(error.to_string()))?;
        writer.file("--junit", file, &text);
    }
    writer.end()?;
    Ok(Exit::from(report))
}

/// One line to stderr, whole and at once.
pub(super) fn note(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Says what ends the command.
pub(super) fn problem(problem: &Problem) {
    use crate::world::scenario::LoadError;
    let colour = terminal::colours_stderr();
    match problem {
        Problem::Scenarios(errors) => {
            for error in errors {
                match error {
                    LoadError::Invalid(diagnostics) => note(&diagnostics.render(colour)),
                    other => note(&format!("error: {other}")),
                }
            }
        }
        Problem::Order(diagnostics) => note(&diagnostics.render(colour)),
        other => note(&format!("error: {other}")),
    }
}
