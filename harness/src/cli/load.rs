//! `gatecrash load`: real concurrency, on a real server.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use gatecrash_limiter::Algorithm;

use super::args::{self, Common, Load};
use super::output::Writer;
use super::plan::{self, REDIS, Wanted};
use super::problem::Problem;
use super::spread::Spread;
use super::watch::Watch;
use crate::base::exit::Exit;
use crate::campaign::{self, Job};
use crate::load::LoadSettings;
use crate::load::compare::Baseline;
use crate::report::Entry;
use crate::report::histogram::{self, IntervalLog};

pub(super) fn load(load: &Load, common: &Common, interrupted: Arc<AtomicBool>) -> Result<Exit, Problem> {
    let watch = Watch::start(common)?;
    let limiters = limiters(&load.limiter)?;
    plan::check_expectations(common, &limiters)?;
    // A load without a server is none, so it counts as asked for by name.
    let stores = plan::open(&Wanted::of(Some(common.on.unwrap_or(REDIS)), &[REDIS], &[REDIS])?, common)?;
    let settings = LoadSettings {
        clients: load.clients,
        limit: load.limit,
        duration: load.duration,
        warmup: load.warmup,
        rate: load.rate,
        hold: load.hold,
        faults: load.faults.unwrap_or_default(),
        max_errors: load.max_errors,
        seed: common.seed(),
        threads: common.threads.unwrap_or(NonZeroUsize::MIN),
    };
    let job = Job::Load(campaign::LoadJob { limiters: load.limiter.clone(), settings: settings.clone() });
    let request = plan::request(job, Vec::new(), &stores, common);
    let settings = match load.shard {
        Some(share) => settings.share(share).map_err(|nothing| Problem::Usage(nothing.to_string()))?,
        None => settings,
    };
    let spread = Spread::over(&args::Spread { shard: load.shard, resume: None }, &request)?;
    let mut done = None;
    let exit = plan::carry_out(request.campaign(stores), common, interrupted, watch, |campaign| {
        spread.give(campaign);
        let log = campaign.load(&limiters, &settings)?;
        done = Some((log, campaign.report()));
        Ok(())
    });
    if let Some((log, report)) = done {
        let mut writer = Writer::default();
        if let Some(folder) = &load.histograms {
            write_histograms(&mut writer, folder, &log, &report.results)?;
        }
        if let Some(file) = &load.save_baseline {
            let text =
                Baseline::from(&report).render().map_err(|error| Problem::Report(error.to_string()))?;
            writer.file("--save-baseline", file, &text);
        }
        writer.end()?;
    }
    exit
}

/// The limiters of those names, each once.
fn limiters(names: &[String]) -> Result<Vec<Arc<dyn Algorithm>>, Problem> {
    if let Some(name) =
        names.iter().enumerate().find_map(|(at, name)| names[..at].contains(name).then_some(name))
    {
        return Err(Problem::Usage(format!("--limiter {name} is given twice")));
    }
    names.iter().map(|name| plan::limiter(name)).collect()
}

fn write_histograms(
    writer: &mut Writer,
    folder: &Path,
    log: &IntervalLog,
    results: &[Entry],
) -> Result<(), Problem> {
    const OPTION: &str = "--histograms";
    writer.folder(OPTION, folder);
    writer.file(OPTION, &folder.join("latency.hlog"), log.as_str());
    for entry in results {
        let histograms = entry.load().into_iter().flat_map(|found| &found.load.histograms);
        for (operation, text) in histograms {
            let histogram = histogram::parse(text).map_err(|error| Problem::Report(error.to_string()))?;
            // The floor is the same beside every limiter.
            let name = if operation == "floor" { String::new() } else { format!("{}.", entry.limiter) };
            let file = folder.join(format!("{name}{operation}.hgrm"));
            writer.file(OPTION, &file, &histogram::percentiles(&histogram));
        }
    }
    Ok(())
}
