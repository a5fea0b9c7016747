//! The reports of all shards become the report of the whole campaign, as if one machine had run it.
//!
//! Each document holds what was asked for. From that the list of items is made once more, and walked: only that nothing
//! is run any more, as what each item came to is known. So order, verdicts, expectations and texts are those of a whole
//! run, by the same code.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::base::bounded_read;
use crate::campaign::{Done, Job, Known, LoadJob, Request};
use crate::load;
use crate::report::shard::{Item, Shard};
use crate::report::{About, Entry, Invocation, RedisInfo, Report, Tool, json};
use crate::world::error::Error;

/// The most bytes of a report: 256 MiB.
const MAX_BYTES: u64 = 256 << 20;

/// The reports cannot be put together: always the input's fault, never the tool's (exit code 65).
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CombineError(String);

impl CombineError {
    /// One of them is to blame.
    fn at(file: &str, what: impl std::fmt::Display) -> Self {
        Self(format!("{file}: {what}"))
    }
}

/// A report as it was read, and what it is called in messages.
#[derive(Clone, Debug)]
pub struct ReportFile {
    /// The file.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl ReportFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, CombineError> {
        let name = path.display().to_string();
        let cannot = |why: std::io::Error| CombineError::at(&name, format!("it cannot be read: {why}"));
        let bytes = bounded_read::file(path, MAX_BYTES)
            .map_err(cannot)?
            .ok_or_else(|| CombineError::at(&name, "it is larger than 256 MiB, which no report may be"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            CombineError::at(&name, format!("it is not UTF-8 text: byte {at} cannot be read"))
        })?;
        Ok(Self { name, text })
    }
}

/// One of the shards.
struct ShardReport {
    name: String,
    report: Report,
    shard: Shard,
    request: Request,
}

/// Puts the reports of all shards of a campaign together, in whatever order they come. Its command lines to reproduce call
/// the program like this, and name the server of the first shard that ran on one with a name.
pub fn combine(documents: &[ReportFile], call: Invocation) -> Result<Report, CombineError> {
    let mut parts = documents.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    parts.sort_by_key(|part| part.shard.index);
    let Some(first) = parts.first() else {
        return Err(CombineError("there is no report to be merged".to_owned()));
    };
    check_set(first, &parts)?;
    let request = first.request.clone();
    let server = parts.iter().find_map(|part| part.shard.server.clone());
    let call = Invocation { server, ..call };
    if let Job::Load(load) = &request.job {
        return loads(load, &request, &call, &parts);
    }
    let mut campaign = request.campaign(request.nowhere());
    campaign.only_merge(first.shard.of, redis(&request, &parts));
    campaign.invocation = Arc::new(call);
    campaign.known = known(&parts)?;
    let interrupted = parts.iter().any(|part| part.report.interrupted);
    campaign.control.interrupted.store(interrupted, Ordering::Relaxed);
    request.carry_out(&mut campaign).map_err(|error| match error {
        // It names the files.
        Error::Damaged(what) => CombineError(what),
        other => CombineError::at(&first.name, other.to_string()),
    })?;
    let (unknown, items) = campaign.unknown();
    if let (Some(item), false) = (unknown.first(), interrupted) {
        let what = format!("item {item} of the campaign is in none: a shard has not come to its end");
        return Err(CombineError(what));
    }
    if let Some((item, known)) = campaign.known.first_key_value() {
        let origin = known.first().map_or("", |known| known.origin.as_str());
        return Err(CombineError::at(origin, format!("it has item {item}, but there are only {items}")));
    }
    Ok(campaign.report())
}

/// Loads are added up, limiter by limiter.
fn loads(
    load: &LoadJob,
    request: &Request,
    call: &Invocation,
    parts: &[ShardReport],
) -> Result<Report, CombineError> {
    let mut report = Report { redis: redis(request, parts), ..Report::new(request.seed) };
    report.scenarios.push(About::from(&load.settings));
    report.interrupted = parts.iter().any(|part| part.report.interrupted);
    for limiter in &load.limiters {
        let of =
            |part: &ShardReport| part.report.results.iter().find(|entry| entry.limiter == *limiter).cloned();
        let entries: Vec<Entry> = parts.iter().filter_map(of).collect();
        if entries.len() < parts.len() && !report.interrupted {
            return Err(CombineError(format!(
                "a shard has no load of {limiter}: it has not come to its end"
            )));
        }
        if !entries.is_empty() {
            let entries: Vec<&Entry> = entries.iter().collect();
            let sum = load::sum::of_shards(&entries).map_err(|error| CombineError(error.to_string()))?;
            report.results.push(Entry { rerun: Some(load.settings.command_line(limiter, call)), ..sum });
        }
    }
    Ok(report)
}

/// A document, if it is the report of a shard.
fn part(document: &ReportFile) -> Result<ShardReport, CombineError> {
    let ReportFile { name, text } = document;
    let error = |what: String| CombineError::at(name, what);
    let mut report = json::parse(text).map_err(|why| match why {
        json::ReadError::Form { line, column, what } => {
            CombineError::at(&format!("{name}:{line}:{column}"), what)
        }
        version @ json::ReadError::Version(_) => error(version.to_string()),
    })?;
    let tool = Tool::this();
    if report.tool != tool {
        let Tool { name: theirs, version } = &report.tool;
        return Err(error(format!(
            "{theirs} {version} wrote it and this is {} {}: merge with the program that ran",
            tool.name, tool.version
        )));
    }
    let shard = report.shard.take().ok_or_else(|| error("it is not the report of a --shard".to_owned()))?;
    if shard.share().is_none() {
        return Err(error(format!("there is no shard {}/{}", shard.index, shard.of)));
    }
    let request: Request = serde_json::from_value(shard.request.clone())
        .map_err(|why| error(format!("what was asked for cannot be read: {why}")))?;
    let sum = request.fingerprint().map_err(|why| error(why.to_string()))?;
    if sum != shard.campaign || report.seed != request.seed || request.tool != tool {
        return Err(error("it is damaged: what was asked for does not fit the rest".to_owned()));
    }
    Ok(ShardReport { name: name.clone(), report, shard, request })
}

/// Whether they are all shards of one campaign, each once. They are sorted by their indices.
fn check_set(first: &ShardReport, parts: &[ShardReport]) -> Result<(), CombineError> {
    for part in parts {
        let other = |what: String| CombineError::at(&part.name, format!("it is of {what}"));
        if let Some(differs) = first.request.difference(&part.request) {
            let what = format!("another campaign than {}: {differs} differs", first.name);
            return Err(other(what));
        }
        let (of, first_of) = (part.shard.of, first.shard.of);
        if of != first_of {
            return Err(other(format!("{of} shards, but {} is of {first_of}", first.name)));
        }
    }
    for pair in parts.windows(2) {
        let [one, two] = pair else { continue };
        if one.shard.index == two.shard.index {
            let what =
                format!("shard {}/{} is there twice: {} has it too", one.shard.index, one.shard.of, one.name);
            return Err(CombineError::at(&two.name, what));
        }
    }
    let missing: Vec<String> = (1..=first.shard.of)
        .filter(|index| parts.binary_search_by_key(index, |part| part.shard.index).is_err())
        .map(|index| format!("{index}/{}", first.shard.of))
        .collect();
    match &missing[..] {
        [] => Ok(()),
        [one] => Err(CombineError(format!("shard {one} is missing"))),
        [one, rest @ ..] => {
            let what = format!("{} shards are missing, the first is {one}", rest.len() + 1);
            Err(CombineError(what))
        }
    }
}

/// The server, and its run if all shards used the same.
fn redis(request: &Request, parts: &[ShardReport]) -> Option<RedisInfo> {
    let mut run_ids = parts.iter().map(|part| part.report.redis.as_ref()?.run_id.clone());
    let first = run_ids.next().flatten();
    let run_id = first.filter(|first| run_ids.all(|other| other.as_ref() == Some(first)));
    Some(RedisInfo { run_id, ..request.redis.clone()? })
}

/// What each item came to, by its number.
fn known(parts: &[ShardReport]) -> Result<BTreeMap<u64, Vec<Known>>, CombineError> {
    let mut all: BTreeMap<u64, Vec<Known>> = BTreeMap::new();
    for part in parts {
        let damaged = || CombineError::at(&part.name, "it is damaged: its items do not fit its results");
        let mut next = 0;
        for Item { item, results, not_run, clients, part: tally } in &part.shard.items {
            // Each result belongs to one item, in their order.
            let places = next..next + results.len();
            if !places.clone().eq(results.iter().copied()) {
                return Err(damaged());
            }
            next = places.end;
            let entries = part.report.results.get(places).ok_or_else(damaged)?;
            let not_run = not_run.iter().map(|place| part.report.not_run.get(*place).cloned());
            let done = Done {
                results: entries.to_vec(),
                not_run: not_run.collect::<Option<_>>().ok_or_else(damaged)?,
                clients: *clients,
                part: tally.clone(),
            };
            all.entry(*item).or_default().push(Known { origin: part.name.clone(), done });
        }
        if next != part.report.results.len() {
            return Err(damaged());
        }
    }
    Ok(all)
}
