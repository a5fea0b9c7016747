//! TOML to raw data: keys and types are right and every value knows where it stands; nothing is linked yet.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Scenario;
use super::check::check;
use super::raw::{Raw, RawClient, RawExpectation, RawSchedule, RawWorkers};
use super::table::{
    Located, Problems, Shape, TomlTable, in_order, integer, string, strings, table, wrong_type,
};
use crate::base::diagnostic::{Diagnostic, Diagnostics, clipped};

type TomlValue<'d> = Spanned<DeValue<'d>>;

static ROOT: Shape = Shape {
    name: "the file",
    keys: &[
        "title",
        "why",
        "limit",
        "limiters",
        "clients",
        "workers",
        "on_reject",
        "repeat",
        "key",
        "lease",
        "properties",
        "schedule",
        "explore",
    ],
    later: &["limiter"],
};

static WORKERS: Shape = Shape { name: "`workers`", keys: &["count", "program"], later: &[] };
static SCHEDULE: Shape = Shape { name: "`[[schedule]]`", keys: &["name", "order", "expect"], later: &[] };
static EXPLORE: Shape = Shape { name: "`[explore]`", keys: &["expect"], later: &["faults"] };

/// Reads and checks a scenario. The source's name is what errors call it; the scenario is named after its stem.
pub fn parse(source_name: &str, text: &str) -> Result<Scenario, Diagnostics> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut syntax_errors = syntax_errors(text, &errors);
    let mut problems = Problems::new(ROOT.keys, !syntax_errors.is_empty());
    let raw = raw_scenario(document.get_ref(), &mut problems);
    let scenario = check(Scenario::name_of(source_name.as_ref()), text, &raw, &mut problems);

    let mut problems = problems.list;
    remove_consequences(text, &syntax_errors, &mut problems);
    cut_after_unclosed_list(text, &mut syntax_errors);
    problems.extend(syntax_errors);
    match scenario {
        Some(scenario) if problems.is_empty() => Ok(scenario),
        _ => Err(Diagnostics::new(source_name, text, problems)),
    }
}

/// What is wrong with the text as TOML, by position.
fn syntax_errors(text: &str, errors: &[toml::de::Error]) -> Vec<Diagnostic> {
    let mut errors: Vec<_> = errors
        .iter()
        .map(|error| {
            let message = error.message();
            let message = message.strip_suffix(", expected nothing").unwrap_or(message);
            Diagnostic::new(error.span().unwrap_or(text.len()..text.len()), message)
        })
        .collect();
    // One slip often gives several errors at the same place; the first says most.
    errors.sort_by_key(|error| error.span.start);
    errors.dedup_by_key(|error| error.span.start);
    errors
}

/// A list that nobody closes swallows the lines after it, each with errors of its own: only the first is kept.
fn cut_after_unclosed_list(text: &str, errors: &mut Vec<Diagnostic>) {
    let swallowed_line = |error: &Diagnostic| {
        let line = text.get(..error.span.start).and_then(|before| before.rsplit('\n').next());
        error.message.starts_with("missing comma between array elements")
            && line.is_some_and(|line| line.trim().is_empty())
    };
    let unclosed = errors.last().is_some_and(|error| error.message.starts_with("unclosed array"));
    if let Some(first) = errors.iter().position(swallowed_line).filter(|_| unclosed) {
        errors.truncate(first + 1);
        errors[first].help = Some("a list above is not closed by `]`".to_owned());
    }
}

/// Takes out what may only be a consequence: a syntax error starts on one of the same lines.
fn remove_consequences(text: &str, syntax_errors: &[Diagnostic], problems: &mut Vec<Diagnostic>) {
    let newlines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |at: usize| newlines.partition_point(|newline| *newline < at);
    let damaged: Vec<usize> = syntax_errors.iter().map(|error| line(error.span.start)).collect();
    problems.retain(|problem| {
        let next = damaged.partition_point(|damaged| *damaged < line(problem.span.start));
        damaged.get(next).is_none_or(|damaged| *damaged > line(problem.span.end))
    });
}

fn raw_scenario<'d>(document: &'d DeTable<'d>, problems: &mut Problems) -> Raw<'d> {
    let mut root = TomlTable::new(&ROOT, document, 0..0, problems);
    // Tables first: a key of the top that stands in one of them is not missing.
    let explore = root.optional("explore", explore).map(|explore| explore.value);
    let schedules = root.optional("schedule", schedules).map_or_else(Vec::new, |schedules| schedules.value);
    let clients = root.optional("clients", clients);
    let workers = root.optional("workers", workers);
    check_either_clients_or_workers(&mut root);
    let defined_limiters = defined_limiters(&mut root);
    Raw {
        title: root.required("title", string),
        why: root.required("why", string),
        limit: root.required("limit", integer),
        limiters: root.required("limiters", strings),
        defined_limiters,
        clients,
        workers,
        on_reject: root.optional("on_reject", string),
        repeat: root.optional("repeat", integer),
        key: root.optional("key", string),
        lease: root.optional("lease", string),
        properties: root.optional("properties", strings),
        schedules,
        explore,
    }
}

fn check_either_clients_or_workers(root: &mut TomlTable<'_, '_>) {
    match (root.key_span("clients"), root.key_span("workers")) {
        (Some(clients), Some(workers)) => {
            let later = if clients.start > workers.start { clients } else { workers };
            let message = "a file has either `[clients]` or `workers`, not both";
            root.problems.push(Diagnostic::new(later, message));
        }
        (None, None) if !root.mentions("clients") && !root.mentions("workers") => {
            let help =
                "list them under `[clients]`, or set `workers = { count = 2, program = [\"acquire\"] }`";
            root.report_missing(Diagnostic::new(0..0, "there are no clients").help(help.to_owned()));
        }
        _ => {}
    }
}

fn clients<'d>(
    context: &str,
    value: &'d TomlValue<'d>,
    problems: &mut Problems,
) -> Option<Vec<RawClient<'d>>> {
    let entries = in_order(table(context, value, problems)?);
    let clients = entries.into_iter().filter_map(|(name, value)| client(name, value, problems));
    Some(clients.collect())
}

/// A client, unless it is a key of the top of the file that slipped in here.
fn client<'d>(
    name: Located<&'d str>,
    value: &'d TomlValue<'d>,
    problems: &mut Problems,
) -> Option<RawClient<'d>> {
    let context = format!("the program of client `{}`", clipped(name.value));
    if value.get_ref().is_array() {
        let program = strings(&context, value, problems).unwrap_or_default();
        return Some(RawClient { name, program });
    }
    let help = problems.misplaced(name.value);
    let is_client = help.is_none();
    problems.push(wrong_type(&context, "a list of operations", value).help(help));
    is_client.then_some(RawClient { name, program: Vec::new() })
}

fn workers<'d>(context: &str, value: &'d TomlValue<'d>, problems: &mut Problems) -> Option<RawWorkers<'d>> {
    let entries = table(context, value, problems)?;
    let mut workers = TomlTable::new(&WORKERS, entries, value.span(), problems);
    Some(RawWorkers {
        count: workers.required("count", integer),
        program: workers.required("program", strings).map_or_else(Vec::new, |program| program.value),
    })
}

/// The names of the `[limiter.NAME]` tables, none of which can be used yet.
fn defined_limiters<'d>(root: &mut TomlTable<'d, '_>) -> Vec<&'d str> {
    let Some(limiter) = root.optional("limiter", |_, value, _| Some(value)) else { return Vec::new() };
    let Some(tables) = limiter.value.get_ref().as_table() else {
        root.assume("limiters");
        let help = "the limiters to run against are listed under `limiters`".to_owned();
        root.problems.push(wrong_type("`limiter`", "a table", limiter.value).help(help));
        return Vec::new();
    };
    let message = "limiters that are defined in the file are not supported yet";
    let names = in_order(tables).into_iter().map(|(name, _)| name);
    names
        .map(|name| {
            root.problems.push(Diagnostic::new(name.span, message));
            name.value
        })
        .collect()
}

fn schedules<'d>(
    context: &str,
    value: &'d TomlValue<'d>,
    problems: &mut Problems,
) -> Option<Vec<RawSchedule<'d>>> {
    let Some(array) = value.get_ref().as_array() else {
        let help = "every schedule starts with `[[schedule]]`".to_owned();
        problems.push(wrong_type(context, "a list of tables", value).help(help));
        return None;
    };
    Some(array.iter().filter_map(|item| schedule(item, problems)).collect())
}

fn schedule<'d>(value: &'d TomlValue<'d>, problems: &mut Problems) -> Option<RawSchedule<'d>> {
    let entries = table("an element of `schedule`", value, problems)?;
    let mut schedule = TomlTable::new(&SCHEDULE, entries, value.span(), problems);
    Some(RawSchedule {
        name: schedule.required("name", string),
        order: schedule.required("order", string),
        expect: schedule.optional("expect", expectations).map_or_else(Vec::new, |expect| expect.value),
    })
}

fn explore<'d>(
    context: &str,
    value: &'d TomlValue<'d>,
    problems: &mut Problems,
) -> Option<Vec<RawExpectation<'d>>> {
    let entries = table(context, value, problems)?;
    let mut explore = TomlTable::new(&EXPLORE, entries, value.span(), problems);
    if let Some(span) = explore.key_span("faults") {
        explore.problems.push(Diagnostic::new(span, "`faults` is not supported yet"));
    }
    Some(explore.optional("expect", expectations).map_or_else(Vec::new, |expect| expect.value))
}

fn expectations<'d>(
    context: &str,
    value: &'d TomlValue<'d>,
    problems: &mut Problems,
) -> Option<Vec<RawExpectation<'d>>> {
    let Some(entries) = value.get_ref().as_table() else {
        let help = "write `expect = { naive = \"violation\", atomic = \"clean\" }`".to_owned();
        problems.push(wrong_type(context, "a table", value).help(help));
        return None;
    };
    let expectations = in_order(entries).into_iter().filter_map(|(limiter, value)| {
        let verdict = string("an expectation", value, problems)?;
        Some(RawExpectation { limiter, verdict: Located { value: verdict, span: value.span() } })
    });
    Some(expectations.collect())
}
