//! The mapping files of a stub server such as `WireMock`: that there are any, that they can be read, and that each
//! says what it answers, and to what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::finding::{Finding, Severity};
use super::input::{InputError, entries, read_text};
use super::json_lines::{JsonLines, JsonStep};
use crate::base::bounded_read::PathError;

const RULE: &str = "mapping";
/// Folders in folders, so deep.
const MAX_DEPTH: usize = 16;

/// Looks at the folder: the one that holds `mappings` and `__files`, or `mappings` itself. What a mapping lacks is a
/// finding; so is a folder that is missing or empty.
pub fn check(folder: &Path) -> Result<Vec<Finding>, InputError> {
    let told = folder.to_string_lossy().into_owned();
    let about = |message: &str, fix: &str| Finding {
        file: Some(told.clone()),
        ..Finding::new("mappings-missing", Severity::Error, message, fix)
    };
    if !folder.is_dir() {
        let message = if folder.exists() {
            "it is not a folder"
        } else {
            "there is no such folder: the stub server has no mappings"
        };
        return Ok(vec![about(message, "commit the folder with its mapping files, or name the right one")]);
    }
    let place = MappingFolder::of(folder);
    let files = json_files(&place.mappings)?;
    if files.is_empty() {
        let fix = "commit mapping files: git keeps no empty folder, so it may be full on one machine and empty on the next";
        return Ok(vec![about(
            "it holds no mapping file (*.json): the stub server answers 404 to everything",
            fix,
        )]);
    }
    let mut findings = Vec::new();
    let mut requests = BTreeMap::new();
    for file in files {
        check_file(&file, &place, &mut requests, &mut findings)?;
    }
    Ok(findings)
}

/// Whether there is any mapping file.
pub(super) fn has_any(folder: &Path) -> Result<bool, InputError> {
    Ok(folder.is_dir() && !json_files(&MappingFolder::of(folder).mappings)?.is_empty())
}

/// Where mappings and the bodies that they name lie.
#[derive(Debug)]
struct MappingFolder {
    mappings: PathBuf,
    bodies: PathBuf,
}

impl MappingFolder {
    fn of(folder: &Path) -> Self {
        let inner = folder.join("mappings");
        if inner.is_dir() || folder.join("__files").is_dir() {
            return Self { mappings: inner, bodies: folder.join("__files") };
        }
        let parent =
            folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { mappings: folder.to_owned(), bodies: parent.join("__files") }
    }
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let (mut files, mut folders) = (Vec::new(), vec![(folder.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in entries(&folder)? {
            if entry.is_dir() {
                if depth < MAX_DEPTH {
                    folders.push((entry, depth + 1));
                }
            } else if entry.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
                files.push(entry);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Requests that were seen, as text, and where: the mapping that takes them.
type Requests = BTreeMap<String, String>;

fn check_file(
    file: &Path,
    place: &MappingFolder,
    requests: &mut Requests,
    findings: &mut Vec<Finding>,
) -> Result<(), InputError> {
    let name = file.to_string_lossy().into_owned();
    let mut push = |level, line: Option<u32>, message: String, fix: &str| {
        findings.push(Finding { file: Some(name.clone()), line, ..Finding::new(RULE, level, message, fix) });
    };
    let text = match read_text(file) {
        Ok(text) => text,
        Err(PathError::NotText { at, .. }) => {
            push(
                Severity::Error,
                None,
                format!("it is not UTF-8 text: byte {at} cannot be read"),
                "save it as UTF-8",
            );
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
            push(
                Severity::Error,
                line,
                format!("it is not JSON: {error}"),
                "correct the file: the server skips it, or does not start",
            );
            return Ok(());
        }
    };
    let lines = JsonLines::new(text);
    let mappings: Vec<&Value> = match value.get("mappings") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(_) => {
            push(
                Severity::Error,
                lines.of(&[JsonStep::Key("mappings")]),
                "`mappings` is not a list".to_owned(),
                "make it a list of mappings",
            );
            return Ok(());
        }
        None => vec![&value],
    };
    if mappings.is_empty() {
        push(
            Severity::Warning,
            None,
            "its list of mappings is empty".to_owned(),
            "add a mapping, or leave the file out",
        );
    }
    let in_list = value.get("mappings").is_some();
    for (at, mapping) in mappings.iter().enumerate() {
        let which = if mappings.len() > 1 { format!("mapping {}: ", at + 1) } else { String::new() };
        check_mapping(
            &Mapping { value: mapping, which, at: in_list.then_some(at), lines: &lines, place, name: &name },
            requests,
            &mut push,
        );
    }
    Ok(())
}

struct Mapping<'a> {
    value: &'a Value,
    which: String,
    /// Its place in the file's list, if the file holds one.
    at: Option<usize>,
    lines: &'a JsonLines<'a>,
    place: &'a MappingFolder,
    name: &'a str,
}

impl Mapping<'_> {
    /// The line where the value of these keys stands.
    fn line(&self, keys: &[&str]) -> Option<u32> {
        let list = self.at.into_iter().flat_map(|at| [JsonStep::Key("mappings"), JsonStep::Index(at)]);
        let path: Vec<JsonStep<'_>> = list.chain(keys.iter().map(|key| JsonStep::Key(key))).collect();
        self.lines.of(&path)
    }
}

fn check_mapping(
    mapping: &Mapping<'_>,
    requests: &mut Requests,
    push: &mut impl FnMut(Severity, Option<u32>, String, &str),
) {
    let Mapping { value, which, place, .. } = mapping;
    let Some(map) = value.as_object() else {
        push(
            Severity::Error,
            None,
            format!("{which}it is not an object"),
            "a mapping is an object with `request` and `response`",
        );
        return;
    };
    for part in ["request", "response"] {
        match map.get(part) {
            Some(Value::Object(_)) => {}
            // Without a request everything matches; that is how a default is written.
            None if part == "request" => {
                let fix = "say which requests it answers: `\"request\": {\"method\": ..., \"urlPath\": ...}`";
                push(
                    Severity::Warning,
                    None,
                    format!("{which}it has no `request`: it answers everything"),
                    fix,
                );
            }
            None => {
                let fix = "say what it answers: `\"response\": {\"status\": 200}`";
                push(Severity::Error, None, format!("{which}it has no `response`"), fix);
            }
            Some(_) => {
                push(
                    Severity::Error,
                    mapping.line(&[part]),
                    format!("{which}`{part}` is not an object"),
                    "make it an object",
                );
            }
        }
    }
    if let Some(body) =
        map.get("response").and_then(|response| response.get("bodyFileName")).and_then(Value::as_str)
        && !body.contains("{{")
        && !place.bodies.join(body).is_file()
    {
        let message =
            format!("{which}`bodyFileName` names `{body}`, which is not in `{}`", place.bodies.display());
        push(
            Severity::Error,
            mapping.line(&["response", "bodyFileName"]),
            message,
            "add the file, or correct its name",
        );
    }
    shadow(mapping, map, requests, push);
}

/// Two mappings for one request, with no word on which counts: the one that is loaded last, whichever that is.
fn shadow(
    mapping: &Mapping<'_>,
    map: &serde_json::Map<String, Value>,
    requests: &mut Requests,
    push: &mut impl FnMut(Severity, Option<u32>, String, &str),
) {
    let Some(request @ Value::Object(parts)) = map.get("request") else { return };
    // Of scenarios, each has its turn.
    if map.contains_key("scenarioName") || parts.is_empty() {
        return;
    }
    let priority = map.get("priority").map_or(String::new(), Value::to_string);
    let place = format!(
        "{}{}",
        mapping.name,
        if mapping.which.is_empty() {
            String::new()
        } else {
            format!(", {}", mapping.which.trim_end_matches(": "))
        }
    );
    match requests.get(&format!("{request}{priority}")) {
        Some(other) => {
            let message = format!(
                "{}it matches the same request as {other}: the server uses only one of them",
                mapping.which
            );
            push(
                Severity::Warning,
                mapping.line(&["request"]),
                message,
                "leave one of them out, or give them a `priority` each",
            );
        }
        None => drop(requests.insert(format!("{request}{priority}"), place)),
    }
}
