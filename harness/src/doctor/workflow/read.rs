//! From a YAML tree to a workflow.

use super::expression::is_certain;
use super::{
    Container, Origin, Port, Service, Shell, StepScript, TextAt, Workflow, WorkflowJob, WorkflowStep,
    WorkflowVariable,
};
use crate::doctor::yaml::{YamlNode, YamlValue};

/// How `run:` is read where nothing says which shell: `bash -e` on Linux and macOS.
const DEFAULT_SHELL: Shell = Shell { posix: true, errexit: true, pipefail: false };
/// A range of ports longer than that is no list of ports any more.
const MAX_RANGE: u16 = 1000;

/// More than that is no workflow, and judging it would take too long.
const MAX_JOBS: usize = 1000;
const MAX_SERVICES: usize = 50;
const MAX_STEPS: usize = 1000;
const MAX_VARIABLES: usize = 2000;
const MAX_COMMANDS: usize = 10_000;
/// The workflow's variables, once for each job, in bytes.
const MAX_SHARED: usize = 16 << 20;

/// The workflow of a file's documents; none if it is no workflow: it has no jobs. An error says what there is too much
/// of.
pub fn read(file: &str, documents: &[YamlNode]) -> Result<Option<Workflow>, &'static str> {
    let Some((root, jobs)) = documents.iter().find_map(|document| Some((document, document.get("jobs")?)))
    else {
        return Ok(None);
    };
    let env = root.get("env").map(|env| variables(env, Origin::Workflow)).unwrap_or_default();
    let shell = default_shell(root);
    let shared: usize = env.iter().map(|variable| variable.name.len() + variable.value.len()).sum();
    let count = jobs.pairs().count();
    if count > MAX_JOBS || shared * count > MAX_SHARED {
        return Err("more than 1,000 jobs, or 16 MiB of variables in all of them");
    }
    let jobs: Vec<WorkflowJob> =
        jobs.pairs().map(|(id, line, node)| job(id, line, node, &env, shell)).collect();
    let of_steps = |job: &WorkflowJob| job.steps.iter().map(|step| step.env.len()).sum::<usize>();
    if jobs.iter().any(|job| job.services.len() > MAX_SERVICES || job.steps.len() > MAX_STEPS) {
        return Err("a job with more than 50 services or 1,000 steps");
    }
    if jobs.iter().any(|job| job.env.len() + of_steps(job) > MAX_VARIABLES) {
        return Err("a job with more than 2,000 variables");
    }
    if jobs.iter().map(|job| job.commands().count()).sum::<usize>() > MAX_COMMANDS {
        return Err("more than 10,000 commands");
    }
    Ok(Some(Workflow { file: file.to_owned(), jobs }))
}

fn job(
    id: &str,
    line: u32,
    node: &YamlNode,
    workflow_env: &[WorkflowVariable],
    workflow_shell: Option<&str>,
) -> WorkflowJob {
    let mut env = workflow_env.to_vec();
    env.extend(node.get("env").map(|env| variables(env, Origin::Job)).unwrap_or_default());
    let container = node.get("container");
    env.extend(
        container.and_then(|node| node.get("env")).map(|env| variables(env, Origin::Job)).unwrap_or_default(),
    );
    let shell = default_shell(node).or(workflow_shell);
    let windows = runs_on_windows(node);
    let in_container = container.map_or(Container::Runner, container_kind);
    let services = node.get("services").map(YamlNode::pairs).into_iter().flatten();
    let services = services.filter(|(_, _, node)| !node.is_null());
    let steps = node.get("steps").map(YamlNode::items).unwrap_or_default();
    let mut text = String::new();
    for (_, node) in node.entries().filter(|(key, _)| !matches!(*key, "services" | "runs-on" | "strategy")) {
        write(node, &mut text);
    }
    for variable in workflow_env {
        write_pair(&variable.name, &variable.value, &mut text);
    }
    WorkflowJob {
        id: id.to_owned(),
        line,
        env,
        container: in_container,
        services: services.map(|(name, line, node)| service(name, line, node)).collect(),
        steps: steps.iter().map(|node| step(node, shell, windows)).collect(),
        condition: node.get("if").and_then(text_of),
        continue_on_error: node.get("continue-on-error").and_then(text_of),
        text,
    }
}

fn step(node: &YamlNode, shell: Option<&str>, windows: bool) -> WorkflowStep {
    let own = node.get("shell").and_then(YamlNode::text);
    let shell = shell_of(own.or(shell), windows);
    let id = node.get("id").and_then(YamlNode::text).map(str::to_owned);
    let uses = node.get("uses").and_then(YamlNode::text).map(str::to_owned);
    let name = node.get("name").and_then(YamlNode::text).map(str::to_owned);
    let mut text = String::new();
    write(node, &mut text);
    let script = node.get("run").and_then(|run| match &run.value {
        YamlValue::Scalar { text, literal, .. } => Some(StepScript::new(text, run.line, *literal, shell)),
        _ => None,
    });
    WorkflowStep {
        line: node.line,
        title: name.or_else(|| id.clone()).or_else(|| uses.clone()).unwrap_or_default(),
        id,
        uses,
        script,
        env: node.get("env").map(|env| variables(env, Origin::Step)).unwrap_or_default(),
        condition: node.get("if").and_then(text_of),
        continue_on_error: node.get("continue-on-error").and_then(text_of),
        text,
    }
}

fn text_of(node: &YamlNode) -> Option<TextAt> {
    node.text().map(|text| TextAt { text: text.to_owned(), line: node.line })
}

fn variables(node: &YamlNode, origin: Origin) -> Vec<WorkflowVariable> {
    let variable = |(name, line, node): (&str, u32, &YamlNode)| {
        let value = node.text()?.to_owned();
        Some(WorkflowVariable { name: name.to_owned(), value, line, origin })
    };
    node.pairs().filter_map(variable).collect()
}

fn default_shell(node: &YamlNode) -> Option<&str> {
    node.get("defaults")?.get("run")?.get("shell")?.text()
}

/// What GitHub makes of `shell:`.
fn shell_of(name: Option<&str>, windows: bool) -> Shell {
    let strict = Shell { posix: true, errexit: true, pipefail: true };
    match name.map(str::trim) {
        None if windows => Shell::default(),
        // In a container it may be `sh`; both stop at the first failure and heed only a pipe's last part.
        None | Some("sh") => DEFAULT_SHELL,
        Some("bash") => strict,
        Some(template) => {
            let mut words = template.split_whitespace();
            let program = words.next().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
            let posix =
                matches!(program, "bash" | "sh" | "dash" | "zsh" | "ksh") && is_certain_shell(template);
            let options: Vec<&str> = words.collect();
            let errexit = options.iter().any(|word| {
                *word == "errexit" || (word.starts_with('-') && !word.starts_with("--") && word.contains('e'))
            });
            Shell { posix, errexit, pipefail: options.contains(&"pipefail") }
        }
    }
}

/// `{0}` is the script; what else is in braces is not known.
fn is_certain_shell(template: &str) -> bool {
    is_certain(template) && template.contains("{0}")
}

/// Whether the default shell could be that of Windows. A matrix of systems has others too, but the rules then speak of
/// what may not be.
fn runs_on_windows(job: &YamlNode) -> bool {
    let mut text = String::new();
    for key in ["runs-on", "strategy"] {
        if let Some(node) = job.get(key) {
            write(node, &mut text);
        }
    }
    text.to_ascii_lowercase().contains("windows")
}

fn container_kind(node: &YamlNode) -> Container {
    let image = if node.text().is_some() { Some(node) } else { node.get("image") };
    match image.and_then(YamlNode::text) {
        Some("") => Container::Runner,
        Some(_) if node.is_null() => Container::Runner,
        Some(image) if is_certain(image) => Container::Inside,
        // An image that has a certain part is an image in any case.
        Some(image) if !image.trim().starts_with("${{") => Container::Inside,
        _ => Container::Unknown,
    }
}

fn service(name: &str, line: u32, node: &YamlNode) -> Service {
    let image = node.get("image").or(Some(node)).and_then(YamlNode::text).unwrap_or_default().to_owned();
    let options = node.get("options").and_then(YamlNode::text).unwrap_or_default();
    let publishes = options.split_whitespace().any(|word| {
        word.starts_with("-p")
            || word.starts_with("-P")
            || word.starts_with("--p")
            || word.starts_with("--net")
    });
    let listed: Vec<Option<Vec<Port>>> = match node.get("ports") {
        None => Vec::new(),
        Some(node) if node.is_null() => Vec::new(),
        Some(node) if node.text().is_some() => vec![None],
        Some(node) => node.items().iter().map(|item| item.text().and_then(ports)).collect(),
    };
    let mut text = String::new();
    write(node, &mut text);
    Service {
        name: name.to_owned(),
        line,
        conditional: image.trim_start().starts_with("${{"),
        image,
        ports_unknown: publishes || !is_certain(options) || listed.iter().any(Option::is_none),
        ports: listed.into_iter().flatten().flatten().collect(),
        text,
    }
}

/// `6379`, `6379:6379`, `127.0.0.1:6379:6379/tcp`, `7000-7005:7000-7005`.
fn ports(text: &str) -> Option<Vec<Port>> {
    let text = text.split('/').next()?;
    let (host, container) = match text.rsplit_once(':') {
        Some((host, container)) => (Some(host.rsplit(':').next()?), container),
        None => (None, text),
    };
    let container = range(container)?;
    let Some(host) = host.filter(|host| !host.is_empty()) else {
        return Some(container.into_iter().map(|container| Port { host: None, container }).collect());
    };
    let host = range(host)?;
    match (host.as_slice(), container.as_slice()) {
        // One of a range, drawn at random.
        ([_, _, ..], [container]) => Some(vec![Port { host: None, container: *container }]),
        (host, container) if host.len() == container.len() => {
            let pair = |(host, container): (&u16, &u16)| Port { host: Some(*host), container: *container };
            Some(host.iter().zip(container).map(pair).collect())
        }
        _ => None,
    }
}

fn range(text: &str) -> Option<Vec<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last && last - first <= MAX_RANGE).then(|| (first..=last).collect())
}

/// All keys and texts of a tree, line by line.
fn write(node: &YamlNode, text: &mut String) {
    match &node.value {
        YamlValue::Scalar { text: own, .. } => {
            text.push_str(own);
            text.push('\n');
        }
        YamlValue::List(items) => items.iter().for_each(|item| write(item, text)),
        YamlValue::Map(pairs) => {
            for (key, value) in pairs {
                if let (Some(key), Some(value)) = (key.text(), value.text()) {
                    write_pair(key, value, text);
                } else {
                    write(key, text);
                    write(value, text);
                }
            }
        }
    }
}

fn write_pair(key: &str, value: &str, text: &mut String) {
    for part in [key, ": ", value, "\n"] {
        text.push_str(part);
    }
}
