//! Which Redis is used: one that nobody named, one elsewhere while a service runs here, or one that is not there.

use super::file_findings::FileFindings;
use super::services::is_idle;
use crate::doctor::endpoint::{ClientVariable, Endpoint, Reach, clients, is_redis, redis_services, shown};
use crate::doctor::finding::Severity;
use crate::doctor::programs::is_test;
use crate::doctor::workflow::{Container, Origin, Service, WorkflowJob};

/// The client is led to a server elsewhere, although a service runs.
const FROM_SECRET: &str = "redis-from-secret";
/// The client cannot get to any server.
const UNREACHABLE: &str = "redis-unreachable";
/// Nothing says which server is meant.
const NOT_EXPLICIT: &str = "redis-not-explicit";

pub(super) fn check(job: &WorkflowJob, found: &mut FileFindings<'_>) {
    let clients = clients(job);
    if let Some(service) = redis_services(job).next() {
        for client in &clients {
            from_secret(job, service, client, &clients, found);
            unreachable(job, service, client, &clients, found);
        }
        if clients.is_empty() && !is_idle(job) && !mentions_a_place(job) {
            not_explicit(job, &format!("the service `{}`", service.name), service.line, found);
        }
    } else if let Some(step) = job.steps.iter().find(|step| step.uses.as_deref().is_some_and(starts_redis))
        && clients.is_empty()
        && !mentions_a_place(job)
    {
        not_explicit(job, &format!("the Redis of `{}`", step.title), step.line, found);
    }
}

fn from_secret(
    job: &WorkflowJob,
    service: &Service,
    client: &ClientVariable,
    all: &[ClientVariable],
    found: &mut FileFindings<'_>,
) {
    let name = &client.variable.name;
    let reaches_here = |other: &&ClientVariable| matches!(other.reach, Reach::Service(_));
    let beside = all.iter().filter(reaches_here).find(|other| {
        other.variable.name != *name
            && (other.step.is_none() || client.step.is_none() || other.step == client.step)
    });
    let fix = format!(
        "set `{name}: {}` where the tests run, and keep the secret for the jobs that deploy",
        value_of(name, service, job)
    );
    let place = origin(client);
    match &client.target {
        Endpoint::Secret(secret) => {
            let (level, outcome) = if let Some(other) = beside {
                let other = &other.variable.name;
                (
                    Severity::Note,
                    format!(
                        "`{other}` names the service `{}`: which of them wins is up to the code",
                        service.name
                    ),
                )
            } else if all.iter().any(|other| reaches_here(&other)) || !for_tests(job, client) {
                (Severity::Note, format!("this step does not use the service `{}`", service.name))
            } else if service.conditional {
                (Severity::Warning, format!("the service `{}`, where it runs, is not used", service.name))
            } else {
                (
                    Severity::Error,
                    format!(
                        "the service `{}` runs but is not what is used: tests run against a server elsewhere, or against none",
                        service.name
                    ),
                )
            };
            let message =
                format!("job `{}`: `{name}` ({place}) is the secret `{secret}`, and {outcome}", job.id);
            found.push(FROM_SECRET, level, client.variable.line, message, fix);
        }
        Endpoint::SecretOr(secret) => {
            let level =
                if beside.is_some() || !for_tests(job, client) { Severity::Note } else { Severity::Warning };
            let message = format!(
                "job `{}`: `{name}` ({place}) is the secret `{secret}` wherever that is set, and then the service `{}` is not used",
                job.id, service.name
            );
            found.push(FROM_SECRET, level, client.variable.line, message, fix);
        }
        Endpoint::Host { .. } | Endpoint::Unknown => {}
    }
}

fn unreachable(
    job: &WorkflowJob,
    service: &Service,
    client: &ClientVariable,
    all: &[ClientVariable],
    found: &mut FileFindings<'_>,
) {
    let Reach::Nothing(why) = &client.reach else { return };
    // An action may be a container of its own, where services have names.
    let by_action = client.step.is_some_and(|at| job.steps[at].uses.is_some());
    let other = all.iter().any(|other| matches!(other.reach, Reach::Service(_)));
    let level = match (by_action, other) {
        (true, _) => Severity::Note,
        (false, true) => Severity::Warning,
        (false, false) => Severity::Error,
    };
    let (name, value) = (&client.variable.name, shown(&client.variable.value));
    let message =
        format!("job `{}`: `{name}` ({}) is {value}, where nothing answers: {why}", job.id, origin(client));
    let mapping = if job.container == Container::Runner && service.ports.is_empty() {
        format!("map the port of `{}` with `ports: [\"6379:6379\"]`, and ", service.name)
    } else {
        String::new()
    };
    let fix = format!("{mapping}set it to {}", value_of(name, service, job));
    found.push(UNREACHABLE, level, client.variable.line, message, fix);
}

fn not_explicit(job: &WorkflowJob, server: &str, line: u32, found: &mut FileFindings<'_>) {
    if job.steps.is_empty() {
        return;
    }
    let message = format!(
        "job `{}`: nothing names {server} to the clients: they use it only if their default is that, and any variable or secret that is added later wins",
        job.id
    );
    let url = redis_services(job)
        .next()
        .map_or("redis://localhost:6379/0".to_owned(), |service| value_of("REDIS_URL", service, job));
    found.push(
        NOT_EXPLICIT,
        Severity::Note,
        line,
        message,
        format!("set `REDIS_URL: {url}` in the job's `env`"),
    );
}

/// Whether tests see the variable: it holds for the whole job, or for a step that runs some.
fn for_tests(job: &WorkflowJob, client: &ClientVariable) -> bool {
    let tests = |at: usize| job.steps[at].script.iter().any(|script| script.commands.iter().any(is_test));
    client.step.is_none_or(tests)
}

fn starts_redis(uses: &str) -> bool {
    let uses = uses.to_ascii_lowercase();
    ["redis-github-action", "redis-action", "start-redis", "setup-redis", "redis-server-action"]
        .iter()
        .any(|name| uses.contains(name))
}

/// Whether the job says somewhere where its Redis is, in a way that is no variable.
fn mentions_a_place(job: &WorkflowJob) -> bool {
    let ports = job.services.iter().filter(|service| is_redis(service)).flat_map(|service| &service.ports);
    let mut ports =
        ports.filter_map(|port| port.host).map(|port| port.to_string()).chain(["6379".to_owned()]);
    let says = |text: &str| job.text.contains(text);
    says("redis://")
        || says("rediss://")
        || says("valkey://")
        || says("job.services")
        || ports.any(|port| says(&port))
}

fn origin(client: &ClientVariable) -> &'static str {
    match client.variable.origin {
        Origin::Workflow => "the workflow's env",
        Origin::Job => "the job's env",
        Origin::Step => "a step's env",
        Origin::Script => "set in a script",
    }
}

/// What the variable would be for the job's steps to reach the service: a host, an address or a URL, by its name.
fn value_of(name: &str, service: &Service, job: &WorkflowJob) -> String {
    let (host, port) = place_of(service, job);
    let name = name.to_ascii_uppercase();
    if name.ends_with("HOST") || name.ends_with("HOSTNAME") {
        host
    } else if name.ends_with("ADDR") || name.ends_with("ADDRESS") {
        format!("{host}:{port}")
    } else {
        format!("redis://{host}:{port}/0")
    }
}

/// Host and port at which the job's steps would reach the service.
fn place_of(service: &Service, job: &WorkflowJob) -> (String, String) {
    if job.container == Container::Inside {
        return (service.name.clone(), "6379".to_owned());
    }
    let port = match service.ports.first() {
        Some(port) if port.host.is_none() => {
            format!("${{{{ job.services.{}.ports[{}] }}}}", service.name, port.container)
        }
        port => port.and_then(|port| port.host).unwrap_or(6379).to_string(),
    };
    ("localhost".to_owned(), port)
}
