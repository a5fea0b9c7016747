//! The findings as remarks at the lines that they are about.

use super::diagnosis::Diagnosis;
use super::finding::{Finding, Severity};
use crate::report::annotations::{self, Annotation};

/// One for each finding, in their order.
pub fn of_diagnosis(diagnosis: &Diagnosis) -> Vec<Annotation> {
    diagnosis.findings().iter().map(of_finding).collect()
}

fn of_finding(finding: &Finding) -> Annotation {
    let level = match finding.level {
        Severity::Error => annotations::Level::Error,
        Severity::Warning => annotations::Level::Warning,
        Severity::Note => annotations::Level::Notice,
    };
    Annotation {
        level,
        file: finding.file.clone(),
        line: finding.line.and_then(|line| usize::try_from(line).ok()),
        title: format!("doctor: {}", finding.rule),
        message: format!("{}\nfix: {}", finding.message, finding.fix),
    }
}
