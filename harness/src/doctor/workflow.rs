//! A GitHub Actions workflow as far as the rules need it: typed, each thing with its line. Whatever has another form
//! than expected is left out or marked as unknown, never guessed.

mod expression;
mod read;

use super::shell::{self, ShellCommand};

pub use expression::{is_certain, without_expressions};
pub use read::read;

/// A workflow file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflow {
    /// The file, as it was named.
    pub file: String,
    /// Its jobs, in order.
    pub jobs: Vec<WorkflowJob>,
}

/// One job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowJob {
    /// Its key.
    pub id: String,
    /// Where it begins.
    pub line: u32,
    /// Variables of the workflow and of the job: a name may come twice, the later counts.
    pub env: Vec<WorkflowVariable>,
    /// Whether it runs in a container of its own.
    pub container: Container,
    /// Its service containers.
    pub services: Vec<Service>,
    /// Its steps; none if it calls another workflow.
    pub steps: Vec<WorkflowStep>,
    /// Its `if:`.
    pub condition: Option<TextAt>,
    /// Its `continue-on-error:`.
    pub continue_on_error: Option<TextAt>,
    /// All that is written in the job, services left out: where a name could be used.
    pub text: String,
}

/// Text with its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextAt {
    /// The text.
    pub text: String,
    /// Its line.
    pub line: u32,
}

/// Where a job's steps run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Container {
    /// On the runner itself.
    #[default]
    Runner,
    /// In a container: services are reached by name.
    Inside,
    /// It depends on an expression.
    Unknown,
}

/// Who sets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The workflow's `env:`.
    Workflow,
    /// The job's `env:`, or its container's.
    Job,
    /// The step's `env:`.
    Step,
    /// A script: an assignment, an `export`, or a line for `$GITHUB_ENV`.
    Script,
}

/// One environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowVariable {
    /// Its name.
    pub name: String,
    /// Its value, as it is written.
    pub value: String,
    /// Its line.
    pub line: u32,
    /// Who sets it.
    pub origin: Origin,
}

/// A service container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its key: the name that it has inside.
    pub name: String,
    /// Where it begins.
    pub line: u32,
    /// Its image, as it is written.
    pub image: String,
    /// The ports that are mapped.
    pub ports: Vec<Port>,
    /// Whether there can be other ports than those: an expression, or `docker create` options that publish some.
    pub ports_unknown: bool,
    /// Whether it may not run: its image depends on an expression.
    pub conditional: bool,
    /// All that is written in it.
    pub text: String,
}

/// A mapped port: of the runner, if it is not drawn at random, and of the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// The port of the runner.
    pub host: Option<u16>,
    /// The port of the container.
    pub container: u16,
}

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowStep {
    /// Where it begins.
    pub line: u32,
    /// Its `id:`, or its name, or what it uses.
    pub title: String,
    /// Its `id:`.
    pub id: Option<String>,
    /// The action that it uses.
    pub uses: Option<String>,
    /// Its script.
    pub script: Option<StepScript>,
    /// Its variables.
    pub env: Vec<WorkflowVariable>,
    /// Its `if:`.
    pub condition: Option<TextAt>,
    /// Its `continue-on-error:`.
    pub continue_on_error: Option<TextAt>,
    /// All that is written in it.
    pub text: String,
}

/// The script of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepScript {
    /// The commands, if a POSIX shell reads them; none otherwise.
    pub commands: Vec<ShellCommand>,
    /// Which shell that is.
    pub shell: Shell,
    /// Its first line.
    line: u32,
    /// Whether each line of the script is a line of the file.
    literal: bool,
}

/// How a script is run, as far as its failures go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shell {
    /// Whether it is a POSIX shell at all.
    pub posix: bool,
    /// Whether the first failure ends it: `-e`.
    pub errexit: bool,
    /// Whether a pipe fails where any part does: `-o pipefail`.
    pub pipefail: bool,
}

impl StepScript {
    /// The file's line of a command.
    pub fn line_of(&self, command: &ShellCommand) -> u32 {
        if self.literal {
            self.line.saturating_add(u32::try_from(command.line).unwrap_or(0))
        } else {
            self.line
        }
    }

    fn new(text: &str, line: u32, literal: bool, shell: Shell) -> Self {
        let commands = if shell.posix { shell::read(text) } else { Vec::new() };
        Self { commands, shell, line, literal }
    }
}

impl Workflow {
    /// The job of that name.
    pub fn job(&self, id: &str) -> Option<&WorkflowJob> {
        self.jobs.iter().find(|job| job.id == id)
    }
}

impl WorkflowJob {
    /// The commands of all scripts, with their step's place in the list.
    pub fn commands(&self) -> impl Iterator<Item = (usize, &StepScript, &ShellCommand)> {
        self.steps.iter().enumerate().flat_map(|(at, step)| {
            step.script
                .iter()
                .flat_map(move |script| script.commands.iter().map(move |command| (at, script, command)))
        })
    }
}
