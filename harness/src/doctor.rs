//! The doctor: what is wrong before anything runs, each finding with its place and its fix.
//!
//! Whoever looked at something pushes [`Finding`] values into a [`Diagnosis`]; [`text`], [`json`] and [`sarif`] each
//! turn it into one format. An error or a warning is certain; what is only likely is a note.
//!
//! ```
//! use gatecrash::doctor::{Diagnosis, Finding, Level, text};
//! use gatecrash::base::exit::Exit;
//!
//! let finding = Finding {
//!     file: Some("ci.yml".into()),
//!     line: Some(7),
//!     ..Finding::new("redis-from-secret", Level::Error, "the service is not used", "set REDIS_URL")
//! };
//! let diagnosis = Diagnosis::new(vec![finding]);
//! assert!(text::render(&diagnosis, &text::TextOptions::default()).starts_with("ci.yml:7: error: the service"));
//! assert_eq!(Exit::from(&diagnosis), Exit::Failed);
//! ```

pub mod annotations;
pub mod endpoint;
pub mod files;
pub mod json;
pub mod leftovers;
pub mod machine;
pub mod mappings;
pub mod matrix;
mod programs;
pub mod rules;
pub mod sarif;
pub mod server;
pub mod shell;
pub mod stubs;
pub mod surroundings;
pub mod text;
pub mod workflow;
pub mod yaml;

use serde::Serialize;

use crate::base::exit::Exit;
use crate::report::Tool;

/// The JSON Schema that every document of [`json`] satisfies.
pub const SCHEMA: &str = include_str!("../schema/doctor.schema.json");

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is only likely, or only worth knowing.
    Note,
    /// It is certain, and hides failures or invites them.
    Warning,
    /// It is certain, and what runs does not do what it is there for.
    Error,
}

impl Level {
    /// The word for it, the same in every format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was found, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule found it: a short name that stays the same.
    pub rule: &'static str,
    /// How much it matters.
    pub level: Level,
    /// The file it is about, as it was named; absent where it is about this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in the file, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl Finding {
    /// A finding without a place.
    pub fn new(rule: &'static str, level: Level, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { rule, level, file: None, line: None, message: message.into(), fix: fix.into() }
    }
}

/// Something that is as it is: no problem, but worth knowing when there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about, such as `redis`.
    pub topic: &'static str,
    /// Its name within the topic, such as `version`.
    pub name: &'static str,
    /// What it is.
    pub value: String,
}

impl Fact {
    /// A fact.
    pub fn new(topic: &'static str, name: &'static str, value: impl Into<String>) -> Self {
        Self { topic, name, value: value.into() }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Who wrote it.
    pub tool: Tool,
    /// What is as it is, in the order in which it was looked at.
    pub facts: Vec<Fact>,
    /// Which service each job's clients resolve to, if that was asked for.
    pub matrix: Option<Vec<matrix::Row>>,
    findings: Vec<Finding>,
}

impl Diagnosis {
    /// What was found, in an order of its own: what is about this machine first, then by file and line, what matters
    /// most first. What was found twice is told once.
    pub fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| {
            let key = |f: &Finding| (f.file.clone(), f.line, std::cmp::Reverse(f.level), f.rule);
            key(a).cmp(&key(b)).then_with(|| (&a.message, &a.fix).cmp(&(&b.message, &b.fix)))
        });
        findings.dedup();
        Self { tool: Tool::this(), facts: Vec::new(), matrix: None, findings }
    }

    /// The same, with what is as it is.
    #[must_use]
    pub fn with_facts(self, facts: Vec<Fact>) -> Self {
        Self { facts, ..self }
    }

    /// The findings, in order.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings of that level there are.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

impl From<&Diagnosis> for Exit {
    fn from(diagnosis: &Diagnosis) -> Self {
        if diagnosis.count(Level::Error) > 0 { Self::Failed } else { Self::Ok }
    }
}
