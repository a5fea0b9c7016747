//! Services that nothing uses, or that nothing on the runner can get to.

use super::file_findings::FileFindings;
use crate::doctor::endpoint::{Reach, clients, is_redis};
use crate::doctor::finding::Severity;
use crate::doctor::workflow::{Container, Service, WorkflowJob, WorkflowStep};

pub(super) fn check(job: &WorkflowJob, found: &mut FileFindings<'_>) {
    if job.steps.is_empty() {
        return;
    }
    let idle = is_idle(job);
    for service in &job.services {
        if idle {
            let message = format!(
                "job `{}`: no step uses the service `{}`: none does more than fetch, install or lint",
                job.id, service.name
            );
            found.push(
                "service-unused",
                Severity::Warning,
                service.line,
                message,
                "leave the service out, or run the tests that need it",
            );
        } else if cannot_be_reached(job, service) {
            unmapped(job, service, found);
        } else if !is_redis(service) && !is_mentioned(job, service) {
            let message = format!(
                "job `{}`: no step names the service `{}`: not its name, its ports, nor localhost",
                job.id, service.name
            );
            found.push(
                "service-unused",
                Severity::Note,
                service.line,
                message,
                "name it where it is used, or leave it out",
            );
        }
    }
}

fn unmapped(job: &WorkflowJob, service: &Service, found: &mut FileFindings<'_>) {
    // It is told once, where the client is.
    if is_redis(service) && clients(job).iter().any(|client| matches!(client.reach, Reach::Nothing(_))) {
        return;
    }
    let message = format!(
        "job `{}`: the service `{}` maps no port, and the steps run on the runner: they cannot reach it",
        job.id, service.name
    );
    let fix = "map its port, such as `ports: [\"6379:6379\"]`, or run the job in a `container:`";
    found.push("service-port-not-mapped", Severity::Warning, service.line, message, fix);
}

/// Whether nothing leads from the runner to the service, and no other service, container or action could be meant to.
fn cannot_be_reached(job: &WorkflowJob, service: &Service) -> bool {
    let text = job.text.to_ascii_lowercase();
    let other_means = ["docker", "podman", "job.services", "job.container", "/etc/hosts"]
        .iter()
        .any(|means| text.contains(means));
    let by_service = job
        .services
        .iter()
        .filter(|other| other.name != service.name)
        .any(|other| has_word(&other.text, &service.name));
    let by_action = job.steps.iter().filter(|step| step.uses.is_some()).any(|step| {
        has_word(&step.text, &service.name) || step.uses.as_deref().is_some_and(|uses| uses.starts_with("./"))
    });
    job.container == Container::Runner
        && service.ports.is_empty()
        && !service.ports_unknown
        && !other_means
        && !by_service
        && !by_action
}

fn is_mentioned(job: &WorkflowJob, service: &Service) -> bool {
    let repository = service.image.split(['@', ':']).next().unwrap_or_default();
    let image = repository.rsplit('/').next().unwrap_or_default();
    let ports = service.ports.iter().flat_map(|port| port.host.into_iter().chain([port.container]));
    let mut ports = ports.map(|port| port.to_string());
    let says =
        |word: &str| !word.is_empty() && job.text.to_ascii_lowercase().contains(&word.to_ascii_lowercase());
    let others = job.services.iter().filter(|other| other.name != service.name);
    ["localhost", "127.0.0.1", "job.services", "docker", "compose", service.name.as_str(), image]
        .into_iter()
        .any(says)
        || ports.any(|port| says(&port))
        || others.into_iter().any(|other| has_word(&other.text, &service.name))
}

/// Whether the word stands in the text, not as a part of another.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
        })
}

/// Whether no step of the job talks to any service.
pub(super) fn is_idle(job: &WorkflowJob) -> bool {
    job.steps.iter().all(uses_no_service)
}

/// Whether a step certainly talks to no service: it fetches, installs, lints or says something.
fn uses_no_service(step: &WorkflowStep) -> bool {
    const ACTIONS: [&str; 8] = [
        "actions/checkout",
        "actions/setup-",
        "actions/cache",
        "actions/upload-artifact",
        "actions/download-artifact",
        "astral-sh/setup-uv",
        "dtolnay/rust-toolchain",
        "Swatinem/rust-cache",
    ];
    const PROGRAMS: [&str; 21] = [
        "", "echo", "printf", "cat", "ls", "pwd", "cd", "mkdir", "cp", "rm", "set", "export", "ruff",
        "black", "isort", "flake8", "mypy", "eslint", "prettier", "pip", "pip3",
    ];
    match (&step.uses, &step.script) {
        (Some(uses), _) => ACTIONS.iter().any(|action| uses.starts_with(action)),
        (None, Some(script)) => {
            script.shell.posix && script.commands.iter().all(|command| PROGRAMS.contains(&command.program()))
        }
        (None, None) => true,
    }
}
