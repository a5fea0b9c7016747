//! Where the rules put what they find in one file.

use crate::doctor::finding::{Finding, Severity};

/// Where rules put what they find in one file.
#[derive(Debug)]
pub(super) struct FileFindings<'a> {
    file: &'a str,
    findings: &'a mut Vec<Finding>,
}

impl<'a> FileFindings<'a> {
    pub(super) fn new(file: &'a str, findings: &'a mut Vec<Finding>) -> Self {
        Self { file, findings }
    }

    pub(super) fn push(
        &mut self,
        rule: &'static str,
        level: Severity,
        line: u32,
        message: String,
        fix: impl Into<String>,
    ) {
        let finding = Finding::new(rule, level, message, fix);
        self.findings.push(Finding { file: Some(self.file.to_owned()), line: Some(line), ..finding });
    }
}
