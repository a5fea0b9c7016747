//! The diagnosis as SARIF 2.1.0, for code scanning: each rule with its description and help.

use serde::Serialize;

use super::catalogue;
use super::diagnosis::Diagnosis;
use super::finding::{Finding, Severity};

/// The form of the document, as it names itself.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The diagnosis as one SARIF run, indented, with a newline at its end.
pub fn render(diagnosis: &Diagnosis) -> serde_json::Result<String> {
    let mut ids: Vec<&'static str> = diagnosis.findings().iter().map(|finding| finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    let results = diagnosis.findings().iter().map(|finding| result(finding, &ids)).collect();
    let driver = Driver {
        name: &diagnosis.tool.name,
        version: &diagnosis.tool.version,
        rules: ids.iter().map(|id| SarifRule::new(id)).collect(),
    };
    let log = SarifLog {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [SarifRun { tool: SarifTool { driver }, column_kind: "unicodeCodePoints", results }],
    };
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

fn result<'a>(finding: &'a Finding, ids: &[&'static str]) -> SarifResult<'a> {
    let location = finding.file.as_deref().map(|file| Location {
        physical_location: Physical {
            artifact_location: Artifact { uri: uri(file) },
            region: finding.line.map(|start_line| Region { start_line }),
        },
    });
    SarifResult {
        rule_id: finding.rule,
        rule_index: ids.iter().position(|id| *id == finding.rule).unwrap_or_default(),
        level: finding.level,
        message: Message { text: format!("{}\nFix: {}", finding.message, finding.fix) },
        locations: location.into_iter().collect(),
    }
}

/// A path as a URI reference: what is not plain is escaped, byte by byte.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.strip_prefix("./").unwrap_or(path).bytes().map(escape).collect()
}

#[derive(Serialize)]
struct SarifLog<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun<'a> {
    tool: SarifTool<'a>,
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct SarifTool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
struct Driver<'a> {
    name: &'a str,
    version: &'a str,
    rules: Vec<SarifRule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Message>,
}

impl<'a> SarifRule<'a> {
    fn new(id: &'a str) -> Self {
        let message = |text: &str| Message { text: text.to_owned() };
        let text = catalogue::text_of(id);
        Self {
            id,
            short_description: text.map(|text| message(text.short)),
            help: text.map(|text| message(text.help)),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: Severity,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
}
