//! Processes that nothing waits for: output that stays in a buffer, and use before they answer.

use super::file_findings::FileFindings;
use crate::doctor::finding::Severity;
use crate::doctor::programs::{is_check, python, python_writes_at_once};
use crate::doctor::shell::{Next, ShellCommand};
use crate::doctor::workflow::{StepScript, WorkflowJob};

/// What is said in the background but serves nobody.
const ASIDE: [&str; 16] = [
    "", "cd", "sleep", "echo", "export", "set", "source", ".", "true", "kill", "pkill", "tail", "for", "[",
    "test", "read",
];

/// So many processes of a job are judged.
const MOST: usize = 50;

pub(super) fn check(job: &WorkflowJob, found: &mut FileFindings<'_>) {
    let commands: Vec<(usize, &StepScript, &ShellCommand)> = job.commands().collect();
    let processes = commands.iter().enumerate();
    let processes =
        processes.filter(|(_, (.., command))| command.background && !ASIDE.contains(&command.program()));
    for (at, (step, script, command)) in processes.take(MOST) {
        let later = &commands[at + 1..];
        // Parallel work that the script waits for: it ends in order, with its output written.
        if later.iter().any(|(other, _, later)| other == step && matches!(later.program(), "wait")) {
            continue;
        }
        buffered(job, *step, script, command, found);
        let process = command.next != Next::And;
        if process {
            unchecked(job, *step, script, command, later, found);
        }
    }
}

fn buffered(
    job: &WorkflowJob,
    step: usize,
    script: &StepScript,
    command: &ShellCommand,
    found: &mut FileFindings<'_>,
) {
    let Some(arguments) = python(command) else { return };
    if python_writes_at_once(arguments) || is_told_to_write_at_once(job, step, command) {
        return;
    }
    let level = if command.output_is_redirected() { Severity::Warning } else { Severity::Note };
    let vain = if command.is_wrapped_in("stdbuf") {
        "; stdbuf does not change that, Python has a buffer of its own"
    } else {
        ""
    };
    let message = format!(
        "job `{}`: Python runs in the background and holds back what it prints until its buffer is full{vain}: a log that is empty when it is needed",
        job.id
    );
    let fix = "set `PYTHONUNBUFFERED: \"1\"` in the step's `env`, or run `python -u`";
    found.push("background-buffered", level, script.line_of(command), message, fix);
}

/// Whether `PYTHONUNBUFFERED` is set wherever it may be. An empty value sets nothing.
fn is_told_to_write_at_once(job: &WorkflowJob, step: usize, command: &ShellCommand) -> bool {
    const NAME: &str = "PYTHONUNBUFFERED";
    let set = |value: &str| !value.trim().is_empty();
    let env = job.env.iter().chain(&job.steps[step].env).rev().find(|variable| variable.name == NAME);
    let inline = command.assignments.iter().any(|(name, value)| name == NAME && set(value));
    let worded = command.words.iter().any(|word| word.strip_prefix(NAME).is_some_and(|rest| rest.len() > 1));
    // An export, or a line for the steps that follow.
    let scripted = job.steps[..=step].iter().filter_map(|step| step.script.as_ref()).any(|script| {
        script.commands.iter().any(|other| {
            let texts = other
                .words
                .iter()
                .map(String::as_str)
                .chain(other.redirects.iter().map(|(_, text)| text.as_str()));
            texts.into_iter().any(|text| text.contains("PYTHONUNBUFFERED="))
                || (other.words.is_empty() && other.assignments.iter().any(|(name, _)| name == NAME))
        })
    });
    env.is_some_and(|variable| set(&variable.value)) || inline || worded || scripted
}

fn unchecked(
    job: &WorkflowJob,
    step: usize,
    script: &StepScript,
    command: &ShellCommand,
    later: &[(usize, &StepScript, &ShellCommand)],
    found: &mut FileFindings<'_>,
) {
    let actions: Vec<&str> = job.steps[step + 1..].iter().filter_map(|step| step.uses.as_deref()).collect();
    let waits = |uses: &&str| {
        let uses = uses.to_ascii_lowercase();
        uses.contains("wait")
            || uses.contains("health")
            || uses.contains("cypress-io")
            || uses.contains("test-server")
    };
    let unused = later.iter().all(|(.., later)| ASIDE.contains(&later.program()) || later.background)
        && actions.iter().all(|uses| uses.starts_with("actions/"));
    let bare = later.first().filter(|(_, _, next)| asks_once(next));
    let checked = actions.iter().any(waits)
        || later
            .iter()
            .any(|(.., later)| (is_check(later) || later.looped || later.condition) && !later.background)
        || job.steps[step..].iter().any(|step| !step.script.as_ref().is_none_or(|script| script.shell.posix));
    let line = script.line_of(command);
    let name = command.program();
    let fix = "wait until it answers before it is used, with a limit: `timeout 60 sh -c 'until curl -fs URL/health; do sleep 1; done'`";
    if let Some((_, script, next)) = bare.filter(|_| !later.iter().any(|(.., later)| later.looped)) {
        let message = format!(
            "job `{}`: `{name}` is started in the background and asked at once, and once only, by `{}` in line {}",
            job.id,
            next.program(),
            script.line_of(next)
        );
        found.push("background-unchecked", Severity::Warning, line, message, fix);
    } else if !unused && !checked {
        let sleeps = later.iter().any(|(.., later)| later.program() == "sleep");
        let how = if sleeps {
            "only `sleep` stands between its start and its use"
        } else {
            "nothing asks whether it is up before it is used"
        };
        let message = format!("job `{}`: `{name}` runs in the background, and {how}", job.id);
        found.push("background-unchecked", Severity::Note, line, message, fix);
    }
}

/// A request that is made once: refused if the server is not up yet.
fn asks_once(command: &ShellCommand) -> bool {
    let lenient = |word: &String| word.contains("retry") || word.contains("tries") || word.starts_with("-t");
    matches!(command.program(), "curl" | "wget")
        && !command.looped
        && !command.condition
        && !command.words.iter().any(lenient)
        && command.words.iter().any(|word| word.contains("localhost") || word.contains("127.0.0.1"))
        && command.next != Next::Or
}
