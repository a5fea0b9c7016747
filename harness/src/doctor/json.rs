//! The diagnosis as a JSON document. Its form is a contract.

use std::collections::BTreeMap;

use serde::Serialize;

use super::diagnosis::Diagnosis;
use super::finding::Finding;
use super::matrix::MatrixRow;
use crate::report::{SCHEMA_VERSION, Tool};

/// The diagnosis as indented JSON with a newline at its end. Equal diagnoses give equal bytes.
pub fn render(diagnosis: &Diagnosis) -> serde_json::Result<String> {
    let mut facts: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for fact in &diagnosis.facts {
        facts.entry(fact.topic).or_default().insert(fact.name, fact.value.as_str());
    }
    let document = DiagnosisDocument {
        schema_version: SCHEMA_VERSION,
        tool: &diagnosis.tool,
        facts,
        findings: diagnosis.findings(),
        matrix: diagnosis.matrix.as_deref(),
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
struct DiagnosisDocument<'a> {
    schema_version: u32,
    tool: &'a Tool,
    /// By topic and name; absent where only files were looked at.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<&'static str, BTreeMap<&'static str, &'a str>>,
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "Option::is_none")]
    matrix: Option<&'a [MatrixRow]>,
}
