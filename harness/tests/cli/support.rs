//! gatecrash as a process: started in a clean environment, and what came of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use gatecrash::report::SCHEMA;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const LAST_SLOT: &str = "scenarios/last-slot.toml";

/// What could change how a run goes. Set in a test only where it is what is tested.
const SURROUNDINGS: [&str; 9] = [
    "GATECRASH_REDIS_URL",
    "REDIS_URL",
    "UPSTASH_REDIS_URL",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "COLUMNS",
    "GITHUB_STEP_SUMMARY",
    "CI",
];

/// More than anything here takes: a test that waits longer would wait for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// gatecrash, to be run at the root of the repository.
pub(crate) fn gatecrash(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatecrash"));
    for variable in SURROUNDINGS {
        command.env_remove(variable);
    }
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

/// What a process left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("what is printed is text");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

pub(crate) fn ran(arguments: &[&str]) -> Ran {
    Ran::of(&mut gatecrash(arguments))
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().expect("gatecrash can be started").into()
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// That stderr says each of these, and stdout nothing.
    #[track_caller]
    pub(crate) fn complains(self, of: &[&str]) -> Self {
        for text in of {
            assert!(self.stderr.contains(text), "{text:?} is not in: {}", self.stderr);
        }
        assert_eq!(self.stdout, "");
        self
    }

    /// Stdout as the JSON document that it must be.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        document(&self.stdout)
    }

    /// Everything that was printed.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A report that was read, and is one according to the schema.
#[track_caller]
pub(crate) fn document(text: &str) -> Value {
    valid(text, SCHEMA)
}

/// A document that was read, and is one according to that schema.
#[track_caller]
pub(crate) fn valid(text: &str, schema: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in: {text}"));
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<_> = validator.iter_errors(&document).map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?} in: {text}");
    document
}

pub(crate) fn results(document: &Value) -> &Vec<Value> {
    document["results"].as_array().expect("a report has results")
}

/// The results of one limiter.
pub(crate) fn of<'a>(document: &'a Value, limiter: &str) -> Vec<&'a Value> {
    results(document).iter().filter(|result| result["limiter"] == limiter).collect()
}

/// A folder with these files: name and content.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// A path as an argument.
pub(crate) fn arg(path: impl Into<PathBuf>) -> String {
    path.into().into_os_string().into_string().unwrap()
}

/// Waits until it holds. The deadline is there so that a failure does not hang.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "it did not come true: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A scenario without schedules or `[explore]`: valid, but nothing that `run` could do.
pub(crate) const IDLE: &str = r#"
title = "Two workers"
why = "a test"
limit = 1
limiters = ["naive", "atomic"]
[clients]
A = ["acquire", "release"]
B = ["acquire", "release"]
"#;
