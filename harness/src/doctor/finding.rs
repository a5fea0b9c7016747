//! What the doctor tells: findings, and facts.

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is only likely, or only worth knowing.
    Note,
    /// It is certain, and hides failures or invites them.
    Warning,
    /// It is certain, and what runs does not do what it is there for.
    Error,
}

impl Severity {
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
    pub level: Severity,
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
    pub fn new(
        rule: &'static str,
        level: Severity,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
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
