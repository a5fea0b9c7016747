//! Which Redis a job's clients resolve to: the variables that say so, and what each leads to.

use super::shell::ShellCommand;
use super::workflow::{
    Container, Origin, Port, Service, StepScript, WorkflowJob, WorkflowVariable, without_expressions,
};

/// Where Redis listens if nothing else is said.
pub const REDIS_PORT: u16 = 6379;

/// A variable that names a Redis, and where it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientVariable {
    /// The variable.
    pub variable: WorkflowVariable,
    /// The only step that it holds for; all if there is none.
    pub step: Option<usize>,
    /// What its value says.
    pub target: Endpoint,
    /// What that leads to.
    pub reach: Reach,
}

/// What a value says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A host, and a port if it is known.
    Host {
        /// The host.
        host: String,
        /// The port.
        port: PortOf,
    },
    /// A secret of that name.
    Secret(String),
    /// A secret of that name, where there is one; else something else.
    SecretOr(String),
    /// Something that only the run knows.
    Unknown,
}

/// What is said of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortOf {
    /// That number.
    Number(u16),
    /// Whatever a service was given: `job.services.NAME.ports`.
    Given,
    /// Only the run knows.
    Unknown,
}

/// What a client gets to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The service container of that name.
    Service(String),
    /// A server elsewhere.
    Remote,
    /// Nothing, for certain, and why.
    Nothing(String),
    /// It cannot be known from the file.
    Unknown,
}

/// Whether the service is a Redis, or speaks like one.
pub fn is_redis(service: &Service) -> bool {
    let image = service.image.to_ascii_lowercase();
    let repository = image.split('@').next().unwrap_or_default();
    let last = repository.rsplit('/').next().unwrap_or_default();
    let (name, path) = (last.split(':').next().unwrap_or_default(), repository);
    let is_other = ["exporter", "commander", "insight", "sentinel-"].iter().any(|other| name.contains(other));
    let says =
        |text: &str| ["redis", "valkey", "keydb", "dragonfly"].iter().any(|server| text.contains(server));
    !is_other && (says(name) || (path.contains("${{") && says(&service.name.to_ascii_lowercase())))
}

/// The service containers of a job that are a Redis.
pub fn redis_services(job: &WorkflowJob) -> impl Iterator<Item = &Service> {
    job.services.iter().filter(|service| is_redis(service))
}

/// Every variable of the job that names a Redis, in the order of the file.
pub fn clients(job: &WorkflowJob) -> Vec<ClientVariable> {
    let mut clients: Vec<(WorkflowVariable, Option<usize>)> = Vec::new();
    for (at, variable) in job.env.iter().enumerate() {
        let overridden = job.env[at + 1..].iter().any(|later| later.name == variable.name);
        if !overridden {
            clients.push((variable.clone(), None));
        }
    }
    for (at, step) in job.steps.iter().enumerate() {
        clients.extend(step.env.iter().map(|variable| (variable.clone(), Some(at))));
        if let Some(script) = &step.script {
            clients.extend(in_script(script).map(|(variable, lasts)| (variable, (!lasts).then_some(at))));
        }
    }
    let other_means = has_other_means(job);
    let named = clients.into_iter().filter(|(variable, _)| names_a_redis(&variable.name, &variable.value));
    named
        .map(|(variable, step)| {
            let target = target(&variable.value, &job.env);
            let reach = reach(&target, job, other_means);
            ClientVariable { variable, step, target, reach }
        })
        .collect()
}

/// What a script sets, and whether it lasts for the steps that follow.
fn in_script(script: &StepScript) -> impl Iterator<Item = (WorkflowVariable, bool)> {
    script.commands.iter().flat_map(|command| {
        let lasts = command.redirects.iter().any(|(_, target)| target.contains("GITHUB_ENV"));
        let variable = |(name, value): (&str, &str)| WorkflowVariable {
            name: name.to_owned(),
            value: value.to_owned(),
            line: script.line_of(command),
            origin: Origin::Script,
        };
        assigned(command, lasts)
            .into_iter()
            .map(variable)
            .map(|variable| (variable, lasts))
            .collect::<Vec<_>>()
    })
}

fn assigned(command: &ShellCommand, lasts: bool) -> Vec<(&str, &str)> {
    let own = command.assignments.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let exports = matches!(command.words.first().map(String::as_str), Some("export" | "env" | "declare"));
    let words = command.words.iter().filter(|_| exports || lasts).flat_map(|word| word.lines());
    let documents = command.redirects.iter().filter(|(operator, _)| lasts && operator == "<<");
    let lines = documents.flat_map(|(_, text)| text.lines());
    own.chain(words.chain(lines).filter_map(|text| text.trim().split_once('='))).collect()
}

/// Whether a variable says where a Redis is, by its name or by its value.
pub fn names_a_redis(name: &str, value: &str) -> bool {
    const SCHEMES: [&str; 6] =
        ["redis://", "rediss://", "valkey://", "valkeys://", "redis+unix://", "redis-socket://"];
    const SERVERS: [&str; 4] = ["REDIS", "VALKEY", "KEYDB", "DRAGONFLY"];
    const PLACES: [&str; 11] =
        ["URL", "URI", "HOST", "ADDR", "ENDPOINT", "DSN", "SERVER", "CONNECTION", "BROKER", "NODE", "CACHE"];
    const OTHERS: [&str; 14] = [
        "PASS", "TOKEN", "VERSION", "IMAGE", "PREFIX", "TIMEOUT", "TTL", "SSL", "TLS", "TYPE", "DRIVER",
        "ENABLE", "CLIENT", "SECRET",
    ];
    if value.trim().is_empty() {
        return false;
    }
    let name = name.to_ascii_uppercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let lower = value.trim_start().to_ascii_lowercase();
    let looks_like_a_place =
        !matches!(lower.as_str(), "true" | "false" | "1" | "0" | "yes" | "no" | "on" | "off");
    SCHEMES.iter().any(|scheme| lower.starts_with(scheme))
        || (says(&SERVERS)
            && says(&PLACES)
            && !says(&OTHERS)
            && looks_like_a_place
            && !name.contains("REDISTRIBUT"))
}

/// What a value says.
pub fn target(value: &str, env: &[WorkflowVariable]) -> Endpoint {
    const MARK: char = '\u{1}';
    let (text, expressions) = without_expressions(value.trim(), &MARK.to_string());
    let address = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let before = text.len() - address.len();
    let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    // Which of the expressions is the first in the place: all before it stand for something else.
    let marks = |text: &str| text.matches(MARK).count();
    let skipped = marks(&text[..before]) + marks(&authority[..authority.len() - place.len()]);
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => (host, Some(port)),
        _ => (place, None),
    };
    if host.contains(MARK) {
        let expression = expressions.get(skipped).copied().unwrap_or_default();
        return if host.len() == MARK.len_utf8() {
            of_expression(expression, env)
        } else {
            Endpoint::Unknown
        };
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if host.is_empty() || authority.contains(',') || !host.chars().all(is_name) {
        return Endpoint::Unknown;
    }
    let port = match port {
        // A host by itself may have its port in another variable.
        None if text.contains("://") => PortOf::Number(REDIS_PORT),
        None => PortOf::Unknown,
        Some(port) if port.contains(MARK) => {
            let expression = expressions.get(skipped + marks(host)).copied().unwrap_or_default();
            if expression.contains("job.services") { PortOf::Given } else { PortOf::Unknown }
        }
        Some(port) => port.parse().map_or(PortOf::Unknown, PortOf::Number),
    };
    Endpoint::Host { host: host.to_ascii_lowercase(), port }
}

fn of_expression(expression: &str, env: &[WorkflowVariable]) -> Endpoint {
    let name = |after: &str| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
        (!after[..end].is_empty()).then(|| after[..end].to_owned())
    };
    if let Some(found) = expression.find("secrets.") {
        let Some(secret) = name(&expression[found + "secrets.".len()..]) else { return Endpoint::Unknown };
        return if expression == format!("secrets.{secret}") {
            Endpoint::Secret(secret)
        } else if found == 0 && expression[found..].contains("||") && !expression.contains("&&") {
            Endpoint::SecretOr(secret)
        } else {
            Endpoint::Unknown
        };
    }
    // What another variable holds, followed once.
    let held = expression.strip_prefix("env.").and_then(name);
    let held = held.and_then(|name| env.iter().rev().find(|variable| variable.name == name));
    match held {
        Some(variable) if !variable.value.contains("env.") => target(&variable.value, &[]),
        _ => Endpoint::Unknown,
    }
}

/// What the value leads to from the job's steps. With other means, nothing is certainly not there.
fn reach(target: &Endpoint, job: &WorkflowJob, other_means: bool) -> Reach {
    match target {
        Endpoint::Secret(_) => Reach::Remote,
        Endpoint::SecretOr(_) | Endpoint::Unknown => Reach::Unknown,
        Endpoint::Host { host, port } if is_local(host) => reach_local(*port, job, other_means),
        Endpoint::Host { host, .. } => match job
            .services
            .iter()
            .find(|service| service.name.eq_ignore_ascii_case(host))
        {
            Some(service) => reach_by_name(service, job, other_means),
            None if host.contains('.') && host.parse::<std::net::IpAddr>().is_err() && !is_internal(host) => {
                Reach::Remote
            }
            None => Reach::Unknown,
        },
    }
}

fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0")
}

fn is_internal(host: &str) -> bool {
    [".internal", ".local", ".localhost", ".test", ".invalid", ".example"]
        .iter()
        .any(|end| host.ends_with(end))
}

fn reach_local(port: PortOf, job: &WorkflowJob, other_means: bool) -> Reach {
    let mut services = redis_services(job).peekable();
    if services.peek().is_none() || job.container == Container::Unknown {
        return Reach::Unknown;
    }
    if job.container == Container::Inside {
        let names: Vec<&str> = redis_services(job).map(|service| service.name.as_str()).collect();
        return unless(other_means, || {
            format!(
                "in a job with `container:` that is the container itself; the service is called `{}`",
                names[0]
            )
        });
    }
    let maps = |service: &&Service| match port {
        PortOf::Number(number) => service.ports.iter().any(|mapped: &Port| mapped.host == Some(number)),
        PortOf::Given | PortOf::Unknown => !service.ports.is_empty(),
    };
    if let Some(service) = redis_services(job).find(maps) {
        return Reach::Service(service.name.clone());
    }
    // Another service, such as a proxy, may listen there.
    let any_listens = job.services.iter().find(maps).is_some();
    let unknown = job.services.iter().any(|service| service.ports_unknown);
    if any_listens || unknown || port == PortOf::Given {
        return Reach::Unknown;
    }
    let port =
        if let PortOf::Number(number) = port { format!("port {number}") } else { "no port".to_owned() };
    unless(other_means, || match port.as_str() {
        "no port" => "no port of the service is mapped to the runner".to_owned(),
        port => format!("no service maps {port} of the runner"),
    })
}

fn reach_by_name(service: &Service, job: &WorkflowJob, other_means: bool) -> Reach {
    match job.container {
        Container::Unknown => Reach::Unknown,
        Container::Inside => Reach::Service(service.name.clone()),
        Container::Runner => unless(other_means, || {
            format!(
                "`{}` is a name inside containers only, and this job's steps run on the runner",
                service.name
            )
        }),
    }
}

/// Nothing is reached, unless there are other means.
fn unless(other_means: bool, why: impl FnOnce() -> String) -> Reach {
    if other_means { Reach::Unknown } else { Reach::Nothing(why()) }
}

/// Whether a step may do what the file does not tell: start a server, make names known, tunnel.
fn has_other_means(job: &WorkflowJob) -> bool {
    const MEANS: [&str; 20] = [
        "docker",
        "podman",
        "compose",
        "redis-server",
        "valkey-server",
        "redis-stack",
        "systemctl",
        "service ",
        "brew",
        "/etc/hosts",
        "socat",
        "ssh ",
        "iptables",
        "apt-get install",
        "apt install",
        "apk add",
        "kubectl",
        "minikube",
        "nerdctl",
        "dnsmasq",
    ];
    let text = job.text.to_ascii_lowercase();
    let by_action = |uses: &str| {
        let uses = uses.to_ascii_lowercase();
        uses.starts_with("./") || uses.contains("redis") || uses.contains("valkey")
    };
    let other_action = job.steps.iter().filter_map(|step| step.uses.as_deref()).any(by_action);
    other_action || MEANS.iter().any(|means| text.contains(means))
}

/// The variable that leads to a service of any kind, by the port that is mapped or by its name.
pub fn leading_to<'a>(service: &Service, job: &'a WorkflowJob) -> Option<&'a WorkflowVariable> {
    let leads = |variable: &&WorkflowVariable| match target(&variable.value, &job.env) {
        Endpoint::Host { host, port: PortOf::Number(port) } if is_local(&host) => {
            job.container == Container::Runner && service.ports.iter().any(|mapped| mapped.host == Some(port))
        }
        Endpoint::Host { host, .. } => {
            job.container == Container::Inside && host.eq_ignore_ascii_case(&service.name)
        }
        Endpoint::Secret(_) | Endpoint::SecretOr(_) | Endpoint::Unknown => false,
    };
    job.env.iter().chain(job.steps.iter().flat_map(|step| &step.env)).find(leads)
}

/// A value as it may be shown: a password that is written in it is left out.
pub fn shown(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://***@{}", &rest[at + 1..]),
        None => value.to_owned(),
    }
}
