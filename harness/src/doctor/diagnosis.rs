//! All that one visit of the doctor told, in an order of its own.

use super::finding::{Fact, Finding, Severity};
use super::matrix::MatrixRow;
use crate::base::exit::Exit;
use crate::report::Tool;

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Who wrote it.
    pub tool: Tool,
    /// What is as it is, in the order in which it was looked at.
    pub facts: Vec<Fact>,
    /// Which service each job's clients resolve to, if that was asked for.
    pub matrix: Option<Vec<MatrixRow>>,
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
    pub fn count(&self, level: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

impl From<&Diagnosis> for Exit {
    fn from(diagnosis: &Diagnosis) -> Self {
        if diagnosis.count(Severity::Error) > 0 { Self::Failed } else { Self::Ok }
    }
}
