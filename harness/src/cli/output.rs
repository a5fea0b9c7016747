//! What is printed, and where: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anstream::ColorChoice;

use super::args::{Color, Common};
use super::problem::Problem;
use crate::base::exit::Exit;
use crate::report::annotations::{self, Annotation};
use crate::report::{Report, json, junit, markdown, text};

/// The widest text, in columns.
const WIDTH: usize = 80;

pub(super) fn choose_colour(color: Color) {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
}

/// Whether it stands for stdout.
fn is_stdout(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Whether a form was asked for that has stdout to itself.
pub(super) fn has_stdout_alone(common: &Common) -> bool {
    [&common.json, &common.markdown].into_iter().flatten().any(|file| is_stdout(file))
}

/// Refuses files that could not be written in the end, before anything is run.
pub(super) fn check_files(common: &Common) -> Result<(), Problem> {
    if [&common.json, &common.markdown].into_iter().flatten().filter(|file| is_stdout(file)).count() > 1 {
        return Err(Problem::Usage(
            "--json - and --markdown - both want stdout, which holds one of them".into(),
        ));
    }
    for (option, file) in
        [("--json", &common.json), ("--junit", &common.junit), ("--markdown", &common.markdown)]
    {
        check_file(option, file.as_deref().filter(|file| !is_stdout(file)))?;
    }
    Ok(())
}

/// Refuses a file that could not be written, if there is one.
pub(super) fn check_file(option: &str, file: Option<&Path>) -> Result<(), Problem> {
    let Some(file) = file.filter(|file| file.is_dir() || !folder_of(file).is_dir()) else { return Ok(()) };
    let why = if file.is_dir() { "it is a folder" } else { "there is no such folder" };
    Err(Problem::Usage(format!("{option} {} cannot be written: {why}", file.display())))
}

/// Refuses a folder that could not be made, if there is one.
pub(super) fn check_folder(option: &str, folder: Option<&Path>) -> Result<(), Problem> {
    let Some(folder) = folder.filter(|folder| folder.exists() && !folder.is_dir()) else { return Ok(()) };
    Err(Problem::Usage(format!("{option} {} cannot be made: it is a file", folder.display())))
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
    pub(super) fn write(&self, common: &Common) -> Result<(), Problem> {
        let json = || (self.json)().map_err(|error| Problem::Report(error.to_string()));
        let to_stdout_only = |file: &Option<PathBuf>| file.as_deref().is_some_and(is_stdout);
        if to_stdout_only(&common.json) {
            to_stdout(&json()?)?;
        } else if to_stdout_only(&common.markdown) {
            to_stdout(&(self.markdown)())?;
        } else {
            let color = anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never;
            to_stdout(&(self.text)(color))?;
        }
        if let Some(file) = common.json.as_deref().filter(|file| !is_stdout(file)) {
            to_file(file, &json()?)?;
        }
        if let Some(file) = common.markdown.as_deref().filter(|file| !is_stdout(file)) {
            to_file(file, &(self.markdown)())?;
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

/// Writes the report in every form that was asked for, and gives the exit code that follows from it.
pub(super) fn report(report: &Report, common: &Common) -> Result<Exit, Problem> {
    let report = &if common.stable { report.stable() } else { report.clone() };
    let forms = Forms {
        text: &|color| text::render(report, &text::Options { color, quiet: common.quiet, width: WIDTH }),
        json: &|| json::render(report),
        markdown: &|| markdown::render(report),
        annotations: &|| annotations::of_report(report),
    };
    forms.write(common)?;
    if let Some(file) = &common.junit {
        let text = junit::render(report).map_err(|error| Problem::Report(error.to_string()))?;
        to_file(file, &text)?;
    }
    Ok(Exit::from(report))
}

/// Prints to stdout. A reader that has seen enough is no problem.
pub(super) fn to_stdout(text: &str) -> Result<(), Problem> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::Io { what: "stdout cannot be written".into(), error })
        }
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whole or not at all: readers never see half a report.
pub(super) fn to_file(path: &Path, text: &str) -> Result<(), Problem> {
    let problem = |error| Problem::Io { what: format!("{} cannot be written", path.display()), error };
    if path.exists() && !path.is_file() {
        // A pipe or a device, such as /dev/stderr: it cannot be replaced.
        return std::fs::write(path, text).map_err(problem);
    }
    let mut file =
        tempfile::Builder::new().prefix(".gatecrash-").tempfile_in(folder_of(path)).map_err(problem)?;
    file.write_all(text.as_bytes()).map_err(problem)?;
    make_readable(&file).map_err(problem)?;
    file.persist(path).map_err(|error| problem(error.error))?;
    Ok(())
}

/// A temporary file is for its owner only; a report is for whoever may read the folder.
fn make_readable(file: &tempfile::NamedTempFile) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}

/// One line to stderr, whole and at once.
pub(super) fn note(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Says what ends the command.
pub(super) fn problem(problem: &Problem) {
    use crate::world::scenario::LoadError;
    let colour =
        io::stderr().is_terminal() && anstream::AutoStream::choice(&io::stderr()) != ColorChoice::Never;
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
