//! Raw data to a scenario: values are in range, names are known, schedules fit their clients.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::time::Duration;

use gatecrash_limiter::Algorithm;
use gatecrash_limiter::algorithm::{built_in, by_name};

use super::raw::{Program, Raw, RawClient, RawExpectation, RawSchedule, RawWorkers};
use super::table::{Located, Problems};
use super::{
    ClientSpec, Expectations, Expected, MAX_CLIENTS, OnReject, OperationKind, Property, Scenario, Scripted,
};
use crate::base::diagnostic::{Diagnostic, clipped, closest, suggestion};
use crate::base::duration;
use crate::world::schedule::Schedule;

const DEFAULT_KEY: &str = "slots";

/// Checks everything, reporting all that is wrong. There is a scenario if nothing is.
pub(super) fn check(name: String, text: &str, raw: &Raw<'_>, problems: &mut Problems) -> Option<Scenario> {
    let title = not_blank("`title`", raw.title.as_ref(), problems);
    let why = not_blank("`why`", raw.why.as_ref(), problems);
    let limit = raw.limit.as_ref().and_then(|limit| in_range("`limit`", limit, 1..=1_000_000, problems));
    let limiters = limiters(raw, problems);
    let clients = raw.clients.as_ref().map(|listed| clients(listed, problems));
    let workers = raw.workers.as_ref().map(|described| workers(&described.value, problems));
    let clients = clients.or(workers).filter(|clients| !clients.is_empty());
    let on_reject = on_reject(raw.on_reject.as_ref(), problems);
    let repeat =
        raw.repeat.as_ref().map_or(Some(1), |repeat| in_range("`repeat`", repeat, 1..=1_000, problems));
    let lease = lease(raw.lease.as_ref(), problems);
    let properties = properties(raw, problems);
    let judged = Judged::new(raw);
    let schedules = schedules(text, raw, clients.as_deref(), &judged, problems);
    let explore = raw.explore.as_ref().map(|expect| judged.expectations(expect, problems));
    Some(Scenario {
        name,
        path: None,
        title: title?,
        why: why?,
        limit: limit?,
        limiters,
        clients: clients?,
        on_reject,
        repeat: repeat?,
        key: raw.key.as_ref().map_or(DEFAULT_KEY, |key| key.value).to_owned(),
        lease,
        properties,
        schedules,
        explore,
    })
}

fn not_blank(what: &str, text: Option<&Located<&str>>, problems: &mut Problems) -> Option<String> {
    let text = text?;
    if text.value.trim().is_empty() {
        problems.push(Diagnostic::new(text.span.clone(), format!("{what} may not be empty")));
    }
    Some(text.value.to_owned())
}

fn in_range<T: TryFrom<i128>>(
    what: &str,
    number: &Located<i128>,
    range: RangeInclusive<i128>,
    problems: &mut Problems,
) -> Option<T> {
    if !range.contains(&number.value) {
        let message = format!("{what} must be from {} to {}", range.start(), range.end());
        problems.push(Diagnostic::new(number.span.clone(), message).label("out of range"));
        return None;
    }
    T::try_from(number.value).ok()
}

fn limiters(raw: &Raw<'_>, problems: &mut Problems) -> Vec<Arc<dyn Algorithm>> {
    let named = raw.limiters.iter().flat_map(|limiters| &limiters.value);
    let mut seen = HashSet::new();
    let mut limiters = Vec::new();
    for limiter in named {
        if !seen.insert(limiter.value) {
            let message = format!("limiter `{}` is listed twice", clipped(limiter.value));
            problems.push(Diagnostic::new(limiter.span.clone(), message));
        } else if let Some(algorithm) = by_name(limiter.value) {
            limiters.push(algorithm);
        } else if !raw.defined_limiters.contains(&limiter.value) {
            problems.push(unknown_limiter(limiter));
        }
    }
    limiters
}

fn unknown_limiter(limiter: &Located<&str>) -> Diagnostic {
    let built_in = built_in();
    let names: Vec<_> = built_in.iter().map(|algorithm| algorithm.name()).collect();
    let meant = closest(limiter.value, names.iter().copied());
    let guess = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    let help = format!("{guess}built in: `{}`", names.join("`, `"));
    let message = format!("no limiter is called `{}`", clipped(limiter.value));
    Diagnostic::new(limiter.span.clone(), message).label("unknown limiter").help(help)
}

fn clients(clients: &Located<Vec<RawClient<'_>>>, problems: &mut Problems) -> Vec<ClientSpec> {
    if clients.value.is_empty() && problems.absence_is_certain() {
        problems.push(Diagnostic::new(clients.span.clone(), "`[clients]` needs at least one client"));
    }
    if let Some(first_beyond) = clients.value.get(MAX_CLIENTS) {
        let message = format!("there are {} clients; at most {MAX_CLIENTS} can run", clients.value.len());
        problems.push(Diagnostic::new(first_beyond.name.span.clone(), message).label("the first too many"));
    }
    clients.value.iter().map(|client| client_spec(client, problems)).collect()
}

fn workers(workers: &RawWorkers<'_>, problems: &mut Problems) -> Vec<ClientSpec> {
    let range = 1..=MAX_CLIENTS as i128;
    let count = workers.count.as_ref().and_then(|count| in_range("`workers.count`", count, range, problems));
    let program = program(&workers.program, problems);
    // Where the number is wrong, schedules are still read: against all names that there could be.
    ClientSpec::workers(count.unwrap_or(MAX_CLIENTS), &program)
}

fn client_spec(client: &RawClient<'_>, problems: &mut Problems) -> ClientSpec {
    if !is_client_name(client.name.value) {
        let message = format!("`{}` cannot be a client's name", clipped(client.name.value));
        let help = "a name is a letter, then letters, digits and `_` (ASCII)".to_owned();
        problems.push(Diagnostic::new(client.name.span.clone(), message).help(help));
    }
    ClientSpec { name: client.name.value.to_owned(), program: program(&client.program, problems) }
}

fn is_client_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn program(program: &Program<'_>, problems: &mut Problems) -> Vec<OperationKind> {
    program.iter().filter_map(|operation| operation_kind(operation, problems)).collect()
}

fn operation_kind(operation: &Located<&str>, problems: &mut Problems) -> Option<OperationKind> {
    match operation.value {
        "acquire" => return Some(OperationKind::Acquire),
        "release" => return Some(OperationKind::Release),
        "renew" => problems.push(Diagnostic::new(operation.span.clone(), "`renew` is not supported yet")),
        _ => problems.push(unknown("operation", operation, &["acquire", "release"])),
    }
    None
}

fn on_reject(on_reject: Option<&Located<&str>>, problems: &mut Problems) -> OnReject {
    match on_reject.map(|on_reject| (on_reject.value, on_reject)) {
        None => OnReject::default(),
        Some(("stop", _)) => OnReject::Stop,
        Some(("continue", _)) => OnReject::Continue,
        Some((_, other)) => {
            problems.push(unknown("`on_reject` value", other, &["stop", "continue"]));
            OnReject::default()
        }
    }
}

/// A lease can be read, but nothing that is built in would honour it: saying so beats ignoring it.
fn lease(lease: Option<&Located<&str>>, problems: &mut Problems) -> Option<Duration> {
    let lease = lease?;
    let read = duration::parse(lease.value);
    let message = match &read {
        Ok(_) => "no built-in limiter has leases, so `lease` would mean nothing".to_owned(),
        Err(error) => format!("`lease`: {error}"),
    };
    problems.push(Diagnostic::new(lease.span.clone(), message));
    read.ok()
}

fn properties(raw: &Raw<'_>, problems: &mut Problems) -> Vec<Property> {
    let Some(named) = &raw.properties else { return vec![Property::OverAdmission] };
    let mut seen = HashSet::new();
    let mut properties = Vec::new();
    for property in &named.value {
        let problem = match property.value {
            name if !seen.insert(name) => Diagnostic::new(
                property.span.clone(),
                format!("property `{}` is listed twice", clipped(name)),
            ),
            "over-admission" => {
                properties.push(Property::OverAdmission);
                continue;
            }
            "leak" => {
                properties.push(Property::Leak);
                continue;
            }
            name @ ("under-admission" | "overstay") => {
                Diagnostic::new(property.span.clone(), format!("property `{name}` is not supported yet"))
            }
            _ => unknown("property", property, &["over-admission", "leak"]),
        };
        problems.push(problem);
    }
    properties
}

fn unknown(what: &str, given: &Located<&str>, known: &[&str]) -> Diagnostic {
    let message = format!("unknown {what} `{}`", clipped(given.value));
    Diagnostic::new(given.span.clone(), message).help(suggestion(given.value, known.iter().copied()))
}

fn schedules(
    text: &str,
    raw: &Raw<'_>,
    clients: Option<&[ClientSpec]>,
    judged: &Judged<'_>,
    problems: &mut Problems,
) -> Vec<Scripted> {
    let clients = clients.map(|clients| clients.iter().map(|client| client.name.clone()).collect::<Vec<_>>());
    let mut seen = HashSet::new();
    let mut schedules = Vec::new();
    for schedule in &raw.schedules {
        let name = not_blank("a schedule's `name`", schedule.name.as_ref(), problems);
        if let Some(name) = schedule.name.as_ref().filter(|name| !seen.insert(name.value)) {
            let message = format!("two schedules are called `{}`", clipped(name.value));
            problems.push(Diagnostic::new(name.span.clone(), message).label("the second one"));
        }
        let order = clients.as_deref().and_then(|clients| order(text, schedule, clients, problems));
        let expect = judged.expectations(&schedule.expect, problems);
        if let (Some(name), Some(order)) = (name, order) {
            schedules.push(Scripted { name, order, expect });
        }
    }
    schedules
}

fn order(
    text: &str,
    schedule: &RawSchedule<'_>,
    clients: &[String],
    problems: &mut Problems,
) -> Option<Schedule> {
    let order = schedule.order.as_ref()?;
    let (clients, misnamed): (Vec<_>, Vec<_>) =
        clients.iter().cloned().partition(|name| is_client_name(name));
    let errors = match Schedule::parse(order.value, &clients) {
        Ok(schedule) => return Some(schedule),
        Err(errors) => errors,
    };
    let content = content_start(text, order);
    for error in errors {
        let Range { start, end } = error.span;
        // A client whose name cannot be written in a schedule was reported where it is declared.
        if !misnamed.iter().any(|name| order.value[start..end].contains(name.as_str())) {
            let span = content.map_or(order.span.clone(), |content| content + start..content + end);
            problems.push(Diagnostic { span, ..error.into() });
        }
    }
    None
}

/// Where the content of a string starts in the file, if the file holds it letter by letter: no escapes in it.
fn content_start(text: &str, string: &Located<&str>) -> Option<usize> {
    let Range { start, end } = string.span;
    let raw = text.get(start..end)?;
    ["\"\"\"\r\n", "\"\"\"\n", "\"\"\"", "'''\r\n", "'''\n", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| raw.starts_with(quote))
        .map(|quote| start + quote.len())
        .filter(|content| text[*content..].starts_with(string.value))
}

/// The limiters that an expectation may name.
struct Judged<'d> {
    listed: HashSet<&'d str>,
    /// Some of the list was wrong: what an expectation names may be what was meant.
    uncertain: bool,
}

impl<'d> Judged<'d> {
    fn new(raw: &Raw<'d>) -> Self {
        let listed: HashSet<_> =
            raw.limiters.iter().flat_map(|limiters| &limiters.value).map(|limiter| limiter.value).collect();
        let uncertain = listed.is_empty() || listed.iter().any(|name| by_name(name).is_none());
        Self { listed, uncertain }
    }

    fn expectations(&self, raw: &[RawExpectation<'_>], problems: &mut Problems) -> Expectations {
        let mut expectations = Expectations::new();
        for RawExpectation { limiter, verdict } in raw {
            if !self.listed.contains(limiter.value) {
                self.report_unlisted(limiter, problems);
            }
            let expected = match verdict.value {
                "clean" => Expected::Clean,
                "violation" => Expected::Violation,
                _ => {
                    problems.push(unknown("expectation", verdict, &["clean", "violation"]));
                    continue;
                }
            };
            expectations.insert(limiter.value.to_owned(), expected);
        }
        expectations
    }

    fn report_unlisted(&self, limiter: &Located<&str>, problems: &mut Problems) {
        let is_built_in = by_name(limiter.value).is_some();
        if self.uncertain && is_built_in {
            return;
        }
        let name = clipped(limiter.value);
        let help = if is_built_in {
            Some(format!("add \"{name}\" to `limiters`, or take the expectation out"))
        } else {
            let known = |name: &&str| by_name(name).is_some();
            let mut listed: Vec<_> = self.listed.iter().copied().filter(known).collect();
            listed.sort_unstable();
            suggestion(limiter.value, listed)
        };
        let message = format!("an expectation of `{name}`, which is not among the file's `limiters`");
        problems.push(Diagnostic::new(limiter.span.clone(), message).help(help));
    }
}
