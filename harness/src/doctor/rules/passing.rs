//! Steps that pass whatever the tests say, or without any.

use super::file_findings::FileFindings;
use crate::doctor::finding::Severity;
use crate::doctor::programs::is_test;
use crate::doctor::shell::{Next, ShellCommand};
use crate::doctor::workflow::{StepScript, TextAt, WorkflowJob, WorkflowStep};

const IGNORED: &str = "test-failure-ignored";
const NEVER: &str = "test-never-runs";
const NONE: &str = "test-can-be-empty";

/// So many tests of a script are judged.
const MOST: usize = 100;

pub(super) fn check(job: &WorkflowJob, found: &mut FileFindings<'_>) {
    let has_tests =
        |step: &WorkflowStep| step.script.iter().any(|script| script.commands.iter().any(is_test));
    if !job.steps.iter().any(has_tests) {
        return;
    }
    if let Some(text) = job.condition.as_ref().filter(|text| is_literally(text, "false")) {
        let message = format!("job `{}` has tests, and never runs: `if: false`", job.id);
        found.push(NEVER, Severity::Warning, text.line, message, "take the condition away, or the job");
    }
    if let Some(text) = job.continue_on_error.as_ref().filter(|text| is_literally(text, "true")) {
        let message = format!(
            "job `{}` has tests, and the workflow passes when they fail: `continue-on-error: true`",
            job.id
        );
        found.push(IGNORED, failing(job), text.line, message, "take `continue-on-error` away");
    }
    for step in job.steps.iter().filter(|step| has_tests(step)) {
        check_step(job, step, found);
    }
}

fn check_step(job: &WorkflowJob, step: &WorkflowStep, found: &mut FileFindings<'_>) {
    if let Some(text) = step.condition.as_ref().filter(|text| is_literally(text, "false")) {
        let message = format!("job `{}`: a step with tests never runs: `if: false`", job.id);
        found.push(NEVER, Severity::Warning, text.line, message, "take the condition away, or the step");
    }
    let outcome_is_read =
        step.id.as_ref().is_some_and(|id| job.text.contains(&format!("steps.{id}.outcome")));
    if let Some(text) = step.continue_on_error.as_ref().filter(|text| is_literally(text, "true"))
        && !outcome_is_read
    {
        let message =
            format!("job `{}`: the step passes when its tests fail: `continue-on-error: true`", job.id);
        found.push(IGNORED, failing(job), text.line, message, "take `continue-on-error` away");
    }
    let Some(script) = &step.script else { return };
    for (at, command) in script.commands.iter().enumerate().filter(|(_, command)| is_test(command)).take(MOST)
    {
        if let Some((why, fix)) = ignored(script, at) {
            let message =
                format!("job `{}`: `{}` may fail and the step passes: {why}", job.id, command.program());
            found.push(IGNORED, failing(job), script.line_of(command), message, fix);
        }
        if let Some(option) = command.words.iter().find(|word| can_be_empty(word)) {
            let message =
                format!("job `{}`: with `{option}` it passes where there is no test at all", job.id);
            found.push(
                NONE,
                Severity::Note,
                script.line_of(command),
                message,
                format!("take `{option}` away"),
            );
        }
    }
}

fn is_literally(text: &TextAt, value: &str) -> bool {
    let text = text.text.trim();
    let inner = text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}")).unwrap_or(text);
    inner.trim() == value
}

fn can_be_empty(word: &str) -> bool {
    matches!(
        word,
        "--passWithNoTests" | "--pass-with-no-tests" | "--if-present" | "--suppress-no-test-exit-code"
    ) || word == "--no-tests=pass"
}

/// Whoever reads the tests' own report may fail the job by that.
fn failing(job: &WorkflowJob) -> Severity {
    const READERS: [&str; 6] =
        ["test-report", "test-result", "junit", "test-summary", "publish-unit", "check-run"];
    let reads = |uses: &str| READERS.iter().any(|reader| uses.to_ascii_lowercase().contains(reader));
    let read = job.steps.iter().filter_map(|step| step.uses.as_deref()).any(reads);
    if read { Severity::Note } else { Severity::Warning }
}

/// Why the failure of that command is lost, if it certainly is, and what to do.
fn ignored(script: &StepScript, at: usize) -> Option<(String, String)> {
    let (command, later) = (&script.commands[at], &script.commands[at + 1..]);
    if command.condition || command.background {
        return None;
    }
    let end = at
        + script.commands[at..].iter().take_while(|part| matches!(part.next, Next::And | Next::Pipe)).count();
    let alternative =
        script.commands.get(end).filter(|part| part.next == Next::Or).and(script.commands.get(end + 1));
    if let Some(why) = alternative.and_then(|other| replaced(other, &script.commands[end + 2..])) {
        return Some(why);
    }
    if let Some(test) = later.iter().find(|test| takes_five(test)).filter(|_| returns_five(command)) {
        let why =
            format!("exit code 5, no test was found, is taken as success in line {}", script.line_of(test));
        return Some((why, "let exit code 5 fail: an empty selection tests nothing".to_owned()));
    }
    if alternative.is_some() {
        return None;
    }
    if command.next == Next::Pipe {
        return piped(script, at);
    }
    unheeded(script, at, later)
}

/// `|| something`
fn replaced(other: &ShellCommand, rest: &[ShellCommand]) -> Option<(String, String)> {
    let fix = || "take it away; what must not fail goes into a step of its own".to_owned();
    if takes_five(other) {
        let why = "exit code 5, no test was found, is taken as success".to_owned();
        return Some((why, "let exit code 5 fail: an empty selection tests nothing".to_owned()));
    }
    let argument = other.words.get(1).map_or("", String::as_str);
    let fails_later = rest
        .iter()
        .any(|command| matches!(command.program(), "exit" | "return" | "false") || reads_status(command));
    match other.program() {
        "true" | ":" if !other.condition => {
            Some((format!("`|| {}` follows it", other.words.join(" ")), fix()))
        }
        "exit" if argument == "0" => Some(("`|| exit 0` follows it".to_owned(), fix())),
        "echo" | "printf" if other.next == Next::Then && !fails_later => {
            Some((format!("`|| {}` follows it", other.program()), fix()))
        }
        _ => None,
    }
}

/// `| tee` under a shell that heeds only the last part.
fn piped(script: &StepScript, at: usize) -> Option<(String, String)> {
    const SINKS: [&str; 10] =
        ["tee", "cat", "tail", "head", "ts", "sed", "awk", "sort", "column", "xcpretty"];
    let set_before = |command: &ShellCommand| {
        command.program() == "set" && command.words.iter().any(|word| word == "pipefail")
    };
    let last = script.commands[at..].iter().find(|part| part.next != Next::Pipe)?;
    let heeded = script.shell.pipefail
        || script.commands[..at].iter().any(set_before)
        || script.commands.iter().any(reads_status)
        || !SINKS.contains(&last.program());
    (!heeded).then(|| {
        let why = format!(
            "its output goes through `| {}`, and this shell heeds only the last of a pipe",
            last.program()
        );
        (why, "write `shell: bash`, which sets pipefail, or `set -o pipefail` before it".to_owned())
    })
}

/// Without `-e` only the last command counts.
fn unheeded(script: &StepScript, at: usize, later: &[ShellCommand]) -> Option<(String, String)> {
    let errexit = script.commands[..at].iter().filter(|command| command.program() == "set").fold(
        script.shell.errexit,
        |on, command| {
            let says = |sign: char| {
                command.words[1..]
                    .iter()
                    .any(|word| word.starts_with(sign) && word.contains('e') && !word.starts_with("--"))
            };
            if says('+') { false } else { on || says('-') }
        },
    );
    let ends = |command: &ShellCommand| {
        matches!(command.program(), "exit" | "return" | "fi") || reads_status(command)
    };
    let harmless = |command: &ShellCommand| {
        matches!(command.program(), "echo" | "printf" | "true" | "ls" | "cat" | "cp" | "mv")
    };
    let command = &script.commands[at];
    let lost = !errexit
        && command.next == Next::Then
        && !command.looped
        && !later.is_empty()
        && later.iter().all(harmless);
    (lost && !later.iter().any(ends)).then(|| {
        let why = "this shell goes on after a failure, and another command comes last".to_owned();
        (why, "let the shell stop at the first failure: `shell: bash`, or `set -e`".to_owned())
    })
}

fn reads_status(command: &ShellCommand) -> bool {
    let texts = command
        .words
        .iter()
        .map(String::as_str)
        .chain(command.assignments.iter().map(|(_, value)| value.as_str()));
    texts.into_iter().any(|text| text.contains("$?") || text.contains("PIPESTATUS") || text.contains("${?"))
}

/// Whether it is pytest, whose exit code 5 says that no test was found.
fn returns_five(command: &ShellCommand) -> bool {
    command.words.iter().any(|word| word.rsplit('/').next() == Some("pytest"))
}

/// Whether it asks for the exit code 5.
fn takes_five(command: &ShellCommand) -> bool {
    let text = command.words.join(" ");
    ["-eq 5", "== 5", "= 5", "-ne 5", "!= 5"].iter().any(|ask| {
        text.match_indices(ask)
            .any(|(at, _)| !text[at + ask.len()..].starts_with(|c: char| c.is_ascii_digit()))
    })
}
