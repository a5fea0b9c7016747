//! `gatecrash nightly`: the plan from the arguments, the night, and a folder of artifacts.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::args::{Common, Nightly};
use super::invocation;
use super::output::{self, Writer};
use super::plan::{self, LOOM, MODEL, REDIS, Wanted};
use super::problem::Problem;
use super::watch::Watch;
use crate::base::exit::Exit;
use crate::campaign::Redis;
use crate::campaign::nightly::{self, Night, Plan, summary};
use crate::load::compare::{self, Baseline, read};
use crate::load::{Faults, Hold, LoadSettings};
use crate::report::{Report, json, junit};
use crate::world::scenario::Scenario;

/// How many clients load a server.
const CLIENTS: u32 = 50;
/// Permits for a tenth of them: they contend.
const CONTENDED: u64 = 5;
const WARM_UP: Duration = Duration::from_secs(1);

pub(super) fn nightly(
    nightly: &Nightly,
    common: &Common,
    interrupted: Arc<AtomicBool>,
) -> Result<Exit, Problem> {
    let watch = Watch::start(common)?;
    let mut plan = plan_of(nightly, common)?;
    let wanted = Wanted::of(common.on, &[MODEL, REDIS, LOOM], &[MODEL, REDIS, LOOM])?;
    let stores = plan::open(&wanted, common)?;
    plan.invocation = Arc::new(invocation::of(common, &stores.redis));
    // Better now than after a night.
    let mut writer = Writer::default();
    writer.folder("--artifacts", &nightly.artifacts);
    writer.end()?;
    if let Redis::Open(server) = &stores.redis {
        output::note(&format!("redis: {}", server.describe()));
    }
    output::note(&format!("seed: {}", plan.seed));
    let control = plan::control(common, interrupted, &watch);
    watch.activity().ready();
    let night = nightly::run(&plan, &stores, &control);
    drop(watch);
    let night = night?;
    write(&night, nightly, common)?;
    Ok(night.exit())
}

fn plan_of(nightly: &Nightly, common: &Common) -> Result<Plan, Problem> {
    let base = match &nightly.base {
        Some(file) => Some((file.display().to_string(), read::read(file).map_err(Problem::Comparison)?)),
        None => None,
    };
    let is_saved =
        |scenario: &Scenario| scenario.path.as_deref().is_some_and(|path| is_in(path, &nightly.regressions));
    let mut regressions = if nightly.regressions.is_dir() {
        scenarios(std::slice::from_ref(&nightly.regressions))?
    } else {
        Vec::new()
    };
    regressions.sort_by(|one, other| one.name.cmp(&other.name));
    let mut others = scenarios(&nightly.paths)?;
    others.retain(|scenario| !is_saved(scenario));
    let seed = match common.seed {
        Some(seed) => seed,
        None => fresh_seed()?,
    };
    let load = LoadSettings {
        clients: CLIENTS,
        limit: CONTENDED,
        duration: nightly.load,
        warmup: WARM_UP,
        rate: None,
        hold: Hold::Fixed(Duration::from_millis(1)),
        faults: Faults::default(),
        max_errors: None,
        seed,
        threads: NonZeroUsize::MIN,
    };
    let cost = LoadSettings { limit: CLIENTS.into(), hold: Hold::Fixed(Duration::ZERO), ..load.clone() };
    let threads = plan::threads(common);
    let Nightly { executions, tolerance, .. } = *nightly;
    let invocation = Arc::default();
    Ok(Plan {
        regressions,
        scenarios: others,
        executions,
        seed,
        load,
        cost,
        base,
        tolerance,
        threads,
        invocation,
    })
}

fn scenarios(paths: &[PathBuf]) -> Result<Vec<Scenario>, Problem> {
    Ok(plan::load_all(paths)?.into_iter().map(|(_, scenario)| scenario).collect())
}

fn is_in(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}

fn fresh_seed() -> Result<u64, Problem> {
    // Short enough to be read out over a telephone.
    let drawn = getrandom::u32().map_err(|error| Problem::Io {
        what: "no seed can be drawn".into(),
        error: std::io::Error::other(error),
    })?;
    Ok(u64::from(drawn))
}

/// Everything that a night leaves behind. What is new among the scenarios comes first: nothing else could be found again
/// so hard.
fn write(night: &Night, nightly: &Nightly, common: &Common) -> Result<(), Problem> {
    const OPTION: &str = "--artifacts";
    let folder = &nightly.artifacts;
    let mut writer = Writer::default();
    for found in &night.regressions {
        for (option, place) in
            [("--regressions", &nightly.regressions), (OPTION, &folder.join("regressions"))]
        {
            writer.folder(option, place);
            writer.file(option, &place.join(&found.name), &found.text);
        }
    }
    let mut write = |name: &str, text: &str| writer.file(OPTION, &folder.join(name), text);
    let stable = |report: &Report| if common.stable { report.stable() } else { report.clone() };
    let failed = |error: serde_json::Error| Problem::Report(error.to_string());
    let reports = [
        ("explored.json", &night.explored),
        ("sampled.json", &night.sampled),
        ("load.json", &night.loaded),
        ("cost.json", &night.measured),
    ];
    for (name, report) in reports {
        write(name, &json::render(&stable(report)).map_err(failed)?);
    }
    let xml =
        junit::render(&stable(&night.searched())).map_err(|error| Problem::Report(error.to_string()))?;
    write("junit.xml", &xml);
    write("baseline.json", &Baseline::from(&night.measured).render().map_err(failed)?);
    if let Some(comparison) = &night.comparison {
        write("compare.json", &compare::json::render(comparison).map_err(failed)?);
    }
    for (name, log) in &night.logs {
        write(&format!("{name}.hlog"), log.as_str());
    }
    if let Some((first, second)) = &night.difference {
        write("first.json", first);
        write("second.json", second);
    }
    write("nightly.json", &summary::json(night).map_err(failed)?);
    write("summary.md", &summary::render_markdown(night));
    writer.stdout(&summary::text(night));
    if common.annotations {
        output::annotate(&summary::remarks(night));
    }
    Ok(writer.end()?)
}
