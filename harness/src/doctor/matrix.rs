//! The service connectivity matrix: for each job and service, which variable names it, where that leads, and whether
//! it gets there.

use serde::Serialize;

use super::endpoint::{ClientVariable, Endpoint, Reach, clients, is_redis, leading_to, shown};
use super::workflow::{Container, Origin, Service, Workflow, WorkflowJob};
use crate::base::words::{columns, cut, printable, wrapped};

/// One cell of the matrix, told in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixRow {
    /// The workflow's file.
    pub file: String,
    /// The job.
    pub job: String,
    /// The service container, or the name of the secret or host elsewhere.
    pub service: String,
    /// What it is.
    pub kind: ServiceKind,
    /// The variable that names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Its value, as it is written, without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Who sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// The line of the variable, or of the service.
    pub line: u32,
    /// Whether the clients get there.
    pub reached: Reached,
    /// Why, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What a client resolves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// A service container.
    Container,
    /// A server elsewhere.
    Remote,
    /// The file does not tell.
    Unknown,
}

/// Whether clients get to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reached {
    /// They are led there, and can get there.
    Yes,
    /// They cannot get there, or are led elsewhere.
    No,
    /// The file does not tell.
    Unknown,
}

impl ServiceKind {
    fn word(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Remote => "remote",
            Self::Unknown => "unknown",
        }
    }
}

impl Reached {
    fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// The matrix of these workflows: their files, jobs and services in order.
pub fn of(workflows: &[Workflow]) -> Vec<MatrixRow> {
    let of_workflow =
        |workflow: &Workflow| workflow.jobs.iter().flat_map(|job| of_job(workflow, job)).collect::<Vec<_>>();
    workflows.iter().flat_map(of_workflow).collect()
}

fn of_job(workflow: &Workflow, job: &WorkflowJob) -> Vec<MatrixRow> {
    let clients = clients(job);
    let row = MatrixRow {
        file: workflow.file.clone(),
        job: job.id.clone(),
        service: String::new(),
        kind: ServiceKind::Unknown,
        variable: None,
        value: None,
        source: None,
        line: job.line,
        reached: Reached::Unknown,
        why: None,
    };
    let by_client = clients.iter().map(|client| of_client(client, job, &row));
    let named =
        |service: &Service| clients.iter().any(|client| client.reach == Reach::Service(service.name.clone()));
    let alone = job.services.iter().filter(|service| !named(service));
    let by_service = alone.map(|service| of_service(service, job, &clients, &row));
    by_service.chain(by_client).collect()
}

fn of_client(client: &ClientVariable, job: &WorkflowJob, row: &MatrixRow) -> MatrixRow {
    let row = MatrixRow {
        variable: Some(client.variable.name.clone()),
        value: Some(shown(&client.variable.value)),
        source: Some(source(client.variable.origin)),
        line: client.variable.line,
        ..row.clone()
    };
    let elsewhere = match &client.target {
        Endpoint::Host { host, .. } => host.clone(),
        Endpoint::Secret(secret) | Endpoint::SecretOr(secret) => format!("secret {secret}"),
        Endpoint::Unknown => "?".to_owned(),
    };
    match &client.reach {
        Reach::Service(name) => {
            MatrixRow { service: name.clone(), kind: ServiceKind::Container, reached: Reached::Yes, ..row }
        }
        Reach::Remote => MatrixRow {
            service: elsewhere,
            kind: ServiceKind::Remote,
            why: Some("it is not part of the job: whether it answers shows only in the run".to_owned()),
            ..row
        },
        Reach::Nothing(why) => {
            MatrixRow { service: elsewhere, reached: Reached::No, why: Some(why.clone()), ..row }
        }
        Reach::Unknown => {
            let none = job.services.iter().all(|service| !is_redis(service));
            let why = none.then(|| "the job has no Redis service; a step may start one".to_owned());
            MatrixRow { service: elsewhere, why, ..row }
        }
    }
}

/// A service that no client was found for.
fn of_service(
    service: &Service,
    job: &WorkflowJob,
    clients: &[ClientVariable],
    row: &MatrixRow,
) -> MatrixRow {
    let row = MatrixRow {
        service: service.name.clone(),
        kind: ServiceKind::Container,
        line: service.line,
        ..row.clone()
    };
    if let Some(variable) = leading_to(service, job) {
        return MatrixRow {
            variable: Some(variable.name.clone()),
            value: Some(shown(&variable.value)),
            source: Some(source(variable.origin)),
            line: variable.line,
            reached: Reached::Yes,
            ..row
        };
    }
    let led_elsewhere = is_redis(service) && clients.iter().any(|client| client.reach == Reach::Remote);
    let unmapped = job.container == Container::Runner && service.ports.is_empty() && !service.ports_unknown;
    let (reached, why) = if led_elsewhere {
        (Reached::No, "the clients are led elsewhere")
    } else if unmapped {
        (Reached::No, "no port is mapped to the runner")
    } else {
        (Reached::Unknown, "no variable names it")
    };
    MatrixRow { reached, why: Some(why.to_owned()), ..row }
}

fn source(origin: Origin) -> &'static str {
    match origin {
        Origin::Workflow => "workflow env",
        Origin::Job => "job env",
        Origin::Step => "step env",
        Origin::Script => "script",
    }
}

/// The matrix as a table, one for each file; under each row who says so.
pub fn table(rows: &[MatrixRow], width: usize) -> String {
    if rows.is_empty() {
        return "services x jobs: no job has a service or names a Redis\n".to_owned();
    }
    let tables = rows.chunk_by(|a, b| a.file == b.file).map(|rows| file_table(rows, width));
    tables.collect::<Vec<_>>().join("\n")
}

const HEADS: [&str; 4] = ["job", "service", "is", "reached"];

fn file_table(rows: &[MatrixRow], width: usize) -> String {
    // The last two are short words.
    let widest = (width - 2 * 3 - 9 - 7) / 2;
    let mut widths = HEADS.map(columns);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(cells(row)) {
            *width = columns(&cell).max(*width).min(widest);
        }
    }
    let mut lines = wrapped(&printable(&format!("services x jobs: {}", rows[0].file)), width);
    lines.push(line(&HEADS.map(str::to_owned), &widths));
    for row in rows {
        lines.push(line(&cells(row), &widths));
        let by = wrapped(&printable(&by(row)), width - 4);
        lines.extend(by.into_iter().map(|part| format!("    {}", cut(&part, width - 4))));
    }
    lines.iter().map(|text| cut(text, width) + "\n").collect()
}

fn cells(row: &MatrixRow) -> [String; 4] {
    [&row.job, &row.service, row.kind.word(), row.reached.word()].map(printable)
}

/// Who says so, and why, in one line.
fn by(row: &MatrixRow) -> String {
    let why = row.why.as_deref().unwrap_or_default();
    match (&row.variable, &row.value, row.source) {
        (Some(variable), Some(value), Some(source)) => {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            format!("{variable} = {value} ({source}, line {}){why}", row.line)
        }
        _ => format!("line {}: {why}", row.line),
    }
}

fn line(cells: &[String; 4], widths: &[usize; 4]) -> String {
    let padded =
        cells.iter().zip(widths).map(|(cell, width)| format!("{:width$}", cut(cell, *width), width = *width));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
