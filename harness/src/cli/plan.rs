//! From arguments to a campaign: which scenarios, limiters and stores, and whether they make sense together.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use gatecrash_limiter::{Algorithm, algorithm};

use super::args::{CertifyName, Common, Explore, Replay, Run, Size, StoreName, StrategyName};
use super::problem::Problem;
use super::spread::Spread;
use super::watch::Watch;
use super::{invocation, output};
use crate::base::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::base::exit::Exit;
use crate::campaign::{self, Campaign, Job, Override, Redis, Request, Search, Stores, Strategy};
use crate::explore::census::CensusOptions;
use crate::explore::replay::Passing;
use crate::explore::sample::Sampler;
use crate::redis::{Server, Target, TargetError, TargetSource, VARIABLE};
use crate::report::{Entry, Invocation};
use crate::world::control::{Control, Timeout};
use crate::world::error::Error;
use crate::world::scenario::{self, ClientCount, Expected, Scenario, Source};
use crate::world::schedule::Schedule;

pub(super) const MODEL: StoreName = StoreName::Model;
pub(super) const REDIS: StoreName = StoreName::Redis;
pub(super) const LOOM: StoreName = StoreName::Loom;

/// `gatecrash run`.
pub(super) fn run(run: &Run, common: &Common, interrupted: Arc<AtomicBool>) -> Result<Exit, Problem> {
    let watch = Watch::start(common)?;
    let mut loaded = load_all(&run.paths)?;
    if let Some(text) = &run.filter {
        loaded.retain(|(_, scenario)| scenario.name.contains(text.as_str()));
    }
    let (sources, scenarios): (Vec<_>, Vec<_>) = loaded.into_iter().unzip();
    if run.list {
        let lines = scenarios.iter().map(|scenario| format!("{}: {}\n", scenario.name, scenario.title));
        output::to_stdout(&lines.collect::<String>())?;
        return Ok(Exit::Ok);
    }
    if let Some(empty) =
        scenarios.iter().find(|scenario| scenario.schedules.is_empty() && scenario.explore.is_none())
    {
        return Err(Problem::Empty { path: display_path(empty) });
    }
    let stores = if scenarios.is_empty() {
        say_that_nothing_is_there(run);
        Stores { model: false, redis: Redis::Unwanted, loom: false }
    } else {
        check_expectations(common, scenarios.iter().flat_map(|scenario| &scenario.limiters))?;
        open(&Wanted::of(common.on, &[MODEL, REDIS, LOOM], &[MODEL, REDIS, LOOM])?, common)?
    };
    let request = request(Job::Run, sources, &stores, common);
    let spread = Spread::over(&run.spread, &request)?;
    watch.activity().expect_tasks(scenarios.iter().map(|scenario| scenario.limiters.len()).sum());
    carry_out(request.campaign(stores), common, interrupted, watch, |campaign| {
        spread.give(campaign);
        request.carry_out(campaign)
    })
}

/// Says that there is no scenario. The report is written all the same, for whoever waits for it.
fn say_that_nothing_is_there(run: &Run) {
    let places: Vec<_> = run.paths.iter().map(|path| path.display().to_string()).collect();
    let filter = run.filter.as_ref().map(|text| format!(" whose name contains `{text}`"));
    output::note(&format!("there is no scenario{} in {}", filter.unwrap_or_default(), places.join(", ")));
}

/// What is asked for, on these stores.
pub(super) fn request(job: Job, scenarios: Vec<Source>, stores: &Stores, common: &Common) -> Request {
    Request {
        expect: overrides(common),
        seed: common.seed(),
        max_executions: common.max_executions,
        max_states: Some(common.max_states),
        ..Request::new(job, scenarios, stores)
    }
}

/// `gatecrash replay`.
pub(super) fn replay(
    replay: &Replay,
    common: &Common,
    interrupted: Arc<AtomicBool>,
) -> Result<Exit, Problem> {
    if replay.size.clients == Some(ClientCount::Any) {
        return Err(Problem::Usage(
            "--clients any is for explore: a schedule has a number of clients".into(),
        ));
    }
    let watch = Watch::start(common)?;
    let size = scenario::Size::from(replay.size);
    let (_, scenario) = load(&replay.file)?;
    let scenario = size.of(scenario).map_err(|error| Problem::Usage(error.to_string()))?;
    let limiter = limiter(&replay.limiter)?;
    check_expectations(common, [&limiter])?;
    let order = Schedule::parse(&replay.order, &scenario.client_names()).map_err(|errors| {
        let list = errors.into_iter().map(Diagnostic::from).collect();
        Problem::Order(Diagnostics::new("--order", replay.order.as_str(), list))
    })?;
    let passing = if replay.strict { Passing::Refused } else { Passing::Allowed };
    let wanted = Wanted::of(common.on, &[MODEL, REDIS], &[MODEL])?;
    let stores = open(&wanted, common)?;
    let mut campaign = Campaign::new(stores);
    campaign.size = size;
    carry_out(campaign, common, interrupted, watch, |campaign| {
        campaign.replay(&scenario, &limiter, &order, passing)
    })
}

/// `gatecrash explore`.
pub(super) fn explore(
    explore: &Explore,
    common: &Common,
    interrupted: Arc<AtomicBool>,
) -> Result<Exit, Problem> {
    let watch = Watch::start(common)?;
    let (source, scenario) = load(&explore.file)?;
    let scenario =
        scenario::Size::from(explore.size).of(scenario).map_err(|error| Problem::Usage(error.to_string()))?;
    let limiters = match &explore.limiter {
        Some(name) => vec![limiter(name)?],
        None => scenario.limiters.clone(),
    };
    check_expectations(common, &limiters)?;
    let any_number = explore.size.clients == Some(ClientCount::Any);
    check_options(explore)?;
    let (row, default): (&[_], &[_]) = match explore.strategy {
        _ if any_number => (&[MODEL], &[MODEL]),
        _ if explore.compare_samplers => (&[MODEL, REDIS], &[MODEL]),
        None => (&[MODEL, REDIS, LOOM], &[MODEL]),
        Some(
            StrategyName::Enumerate
            | StrategyName::Dpor
            | StrategyName::Random
            | StrategyName::Pct
            | StrategyName::Pos
            | StrategyName::Urw
            | StrategyName::Uniform,
        ) => (&[MODEL, REDIS], &[MODEL]),
        Some(StrategyName::Census) => (&[MODEL], &[MODEL]),
        Some(StrategyName::Certify) => (&[REDIS], &[REDIS]),
        Some(StrategyName::Loom) => (&[LOOM], &[LOOM]),
    };
    check_share(explore, common)?;
    if explore.strategy == Some(StrategyName::Census) && common.on == Some(REDIS) {
        return Err(Problem::Usage(
            "the census runs on the model only; on redis, --strategy certify checks what it rests on".into(),
        ));
    }
    let stores = open(&Wanted::of(common.on, row, default)?, common)?;
    let job = Job::Explore(campaign::ExploreJob {
        limiters: limiters.iter().map(|limiter| limiter.name().to_owned()).collect(),
        size: explore.size.into(),
        search: search(explore),
    });
    let request = request(job, vec![source], &stores, common);
    let spread = Spread::over(&explore.spread, &request)?;
    let mut found = None;
    watch.activity().expect_tasks(limiters.len());
    let exit = carry_out(request.campaign(stores), common, interrupted, watch, |campaign| {
        spread.give(campaign);
        request.carry_out(campaign)?;
        found = campaign.report().results.into_iter().find(|entry| entry.counterexample.is_some());
        Ok(())
    });
    if let Some(file) = &explore.save {
        save(file, &scenario, found.as_ref())?;
    }
    exit
}

/// Saves the first counterexample that was found.
fn save(file: &Path, scenario: &Scenario, entry: Option<&Entry>) -> Result<(), Problem> {
    let Some((entry, found)) = entry.and_then(|entry| Some((entry, entry.counterexample.as_ref()?))) else {
        output::note("not saved: there is no counterexample");
        return Ok(());
    };
    let finding = scenario::SavedViolation {
        limiter: &entry.limiter,
        order: &found.order,
        explanation: found.explanation.as_deref(),
        expected: Expected::Violation,
    };
    output::to_file("--save", file, &scenario::save(scenario, finding))?;
    output::note(&format!("saved: {}", file.display()));
    Ok(())
}

/// Refuses options that the strategy does not heed: nobody shall believe that they had an effect.
fn check_options(explore: &Explore) -> Result<(), Problem> {
    use StrategyName::{Census, Certify, Pct, Pos, Random, Uniform, Urw};
    let strategy = explore.strategy;
    let default = strategy.is_none() && !explore.compare_samplers;
    let any_number = explore.size.clients == Some(ClientCount::Any);
    let census = default || matches!(strategy, Some(Census | Certify));
    let samples = explore.compare_samplers || matches!(strategy, Some(Random | Pct | Pos | Urw | Uniform));
    let counts_preemptions = explore.by_preemptions || explore.preemptions.is_some();
    let wrong = [
        (any_number && !(default || strategy == Some(Census)), "--clients any goes with the census only"),
        (
            counts_preemptions && (!census || any_number),
            "--preemptions and --by-preemptions go with the census of a number of clients only",
        ),
        (explore.executions.is_some() && !samples, "--executions goes with a sampler only"),
        (
            explore.certify.is_some() && !(default || strategy == Some(Certify)),
            "--certify goes with certification only",
        ),
    ];
    match wrong.into_iter().find(|(wrong, _)| *wrong) {
        Some((_, why)) => Err(Problem::Usage(why.into())),
        None => Ok(()),
    }
}

/// Refuses what a part of an exploration cannot do.
fn check_share(explore: &Explore, common: &Common) -> Result<(), Problem> {
    if explore.spread.shard.is_none() {
        return Ok(());
    }
    if explore.strategy == Some(StrategyName::Enumerate) && common.max_executions.is_some() {
        // Which executions come first is known only to whoever runs all before them.
        return Err(Problem::Usage(
            "--max-executions bounds the whole of an enumeration, which no --shard sees; sample instead, \
             as in --strategy uniform"
                .into(),
        ));
    }
    if explore.save.is_some() {
        return Err(Problem::Usage(
            "--save is for the best counterexample of all shards; explore without --shard, or replay the one \
             that merge shows"
                .into(),
        ));
    }
    Ok(())
}

/// How interleavings are to be explored.
fn search(explore: &Explore) -> Search {
    Search {
        strategy: match explore.strategy {
            _ if explore.size.clients == Some(ClientCount::Any) => Strategy::AnyNumber,
            _ if explore.compare_samplers => Strategy::CompareSamplers,
            Some(StrategyName::Dpor) => Strategy::Dpor,
            Some(StrategyName::Random) => Strategy::Sample(Sampler::Random),
            Some(StrategyName::Pct) => Strategy::Sample(Sampler::Pct),
            Some(StrategyName::Pos) => Strategy::Sample(Sampler::Pos),
            Some(StrategyName::Urw) => Strategy::Sample(Sampler::Urw),
            Some(StrategyName::Uniform) => Strategy::Sample(Sampler::Uniform),
            None | Some(StrategyName::Census | StrategyName::Certify) => Strategy::Census,
            Some(StrategyName::Enumerate) => Strategy::Enumerate,
            Some(StrategyName::Loom) => Strategy::Loom,
        },
        census: CensusOptions {
            by_preemptions: explore.by_preemptions,
            max_preemptions: explore.preemptions,
            ..CensusOptions::default()
        },
        certify_edges: explore.certify == Some(CertifyName::Edges),
        executions: explore.executions.unwrap_or(Search::default().executions),
    }
}

/// Runs a campaign under the common bounds and writes its report, also of what an error cut short.
pub(super) fn carry_out(
    mut campaign: Campaign,
    common: &Common,
    interrupted: Arc<AtomicBool>,
    watch: Watch,
    work: impl FnOnce(&mut Campaign) -> Result<(), Error>,
) -> Result<Exit, Problem> {
    if let Redis::Open(server) = campaign.redis() {
        output::note(&format!("redis: {}", server.describe()));
    }
    campaign.seed = common.seed();
    let invocation = invocation::of(common, campaign.redis());
    campaign.invocation = Arc::new(Invocation { built_in: campaign.invocation.built_in, ..invocation });
    campaign.threads = threads(common);
    campaign.overrides = overrides(common);
    campaign.control = control(common, interrupted, &watch);
    watch.activity().ready();
    let worked = work(&mut campaign);
    drop(watch);
    let report = campaign.report();
    if let Err(error) = worked {
        let interrupted = report.interrupted;
        if interrupted || !report.results.is_empty() {
            output::report(&report, common)?;
        }
        let problem = Problem::from(error);
        if interrupted {
            // Who was asked to end says so, whatever went wrong meanwhile.
            output::problem(&problem);
            return Ok(Exit::Interrupted);
        }
        return Err(problem);
    }
    let exit = output::report(&report, common)?;
    Ok(match campaign.lost() {
        Some(lost) => {
            output::note(&format!("error: {lost}"));
            exit.and(Exit::Unavailable)
        }
        None => exit,
    })
}

/// The common bounds, from now on.
pub(super) fn control(common: &Common, interrupted: Arc<AtomicBool>, watch: &Watch) -> Control {
    Control {
        max_executions: common.max_executions,
        max_states: Some(common.max_states),
        timeout: common.timeout.and_then(Timeout::starting_now),
        interrupted,
        activity: Arc::clone(watch.activity()),
        ..Control::default()
    }
}

/// On how many threads the model is explored.
pub(super) fn threads(common: &Common) -> NonZeroUsize {
    common.threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// Which stores are wanted, and whether a server was asked for by name.
pub(super) struct Wanted {
    stores: Vec<StoreName>,
    by_name: bool,
}

impl Wanted {
    /// `on` is what the user asked for, `row` what is possible, `default` what is taken if nothing was asked for.
    pub(super) fn of(
        on: Option<StoreName>,
        row: &[StoreName],
        default: &[StoreName],
    ) -> Result<Self, Problem> {
        let chosen = match on {
            None => default,
            Some(StoreName::All) => row,
            Some(store) if row.contains(&store) => &[store],
            Some(store) => {
                let possible: Vec<_> = row.iter().map(ToString::to_string).collect();
                let possible = possible.join(" or ");
                return Err(Problem::Usage(format!("this cannot run on {store}, only on {possible}")));
            }
        };
        Ok(Self { stores: chosen.to_vec(), by_name: on.is_some() })
    }
}

/// Which server is used where one is.
pub(super) fn target(common: &Common) -> Result<Target, TargetError> {
    // What is no text is no URL either: it must not count as unset.
    let variable = std::env::var_os(VARIABLE);
    let variable = variable.as_ref().map(|url| url.to_string_lossy());
    Target::choose(common.redis.as_deref(), variable.as_deref(), common.allow_remote)
}

/// Opens the server if one is wanted. That there is none is a problem only if somebody asked for it.
pub(super) fn open(wanted: &Wanted, common: &Common) -> Result<Stores, Problem> {
    let redis = if wanted.stores.contains(&REDIS) {
        let target = target(common)?;
        match Server::open(&target) {
            Ok(server) => Redis::Open(server),
            Err(error) if target.source() == TargetSource::Private && !wanted.by_name => {
                Redis::Missing(error.to_string())
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        if common.redis.is_some() {
            output::note("note: --redis is not used: nothing here runs on redis without --on redis");
        }
        Redis::Unwanted
    };
    Ok(Stores { model: wanted.stores.contains(&MODEL), redis, loom: wanted.stores.contains(&LOOM) })
}

pub(super) fn load_all(paths: &[PathBuf]) -> Result<Vec<(Source, Scenario)>, Problem> {
    let files = scenario::discover(paths).map_err(|error| Problem::Scenarios(vec![error]))?;
    let mut errors = Vec::new();
    let mut scenarios = Vec::new();
    for file in files {
        match Source::load(&file) {
            Ok(scenario) => scenarios.push(scenario),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(scenarios) } else { Err(Problem::Scenarios(errors)) }
}

/// A scenario, and the file that it came from.
fn load(file: &Path) -> Result<(Source, Scenario), Problem> {
    Source::load(file).map_err(|error| Problem::Scenarios(vec![error]))
}

fn display_path(scenario: &Scenario) -> String {
    scenario.path.as_ref().map_or_else(|| scenario.name.clone(), |path| path.display().to_string())
}

pub(super) fn limiter(name: &str) -> Result<Arc<dyn Algorithm>, Problem> {
    algorithm::by_name(name).ok_or_else(|| {
        let built_in = algorithm::built_in();
        if Path::new(name).extension().is_some() {
            let names: Vec<&str> = built_in.iter().map(|limiter| limiter.name()).collect();
            return Problem::Usage(format!(
                "`{name}` looks like a file, and limiters of your own are not supported yet; built in are {}",
                names.join(" and ")
            ));
        }
        let help = suggestion(name, built_in.iter().map(|limiter| limiter.name())).unwrap_or_default();
        Problem::Usage(format!("there is no limiter `{name}`: {help}"))
    })
}

fn overrides(common: &Common) -> Vec<Override> {
    let each = |given: &super::args::Expectation| Override {
        limiter: given.limiter.clone(),
        expected: given.verdict,
    };
    common.expect.iter().map(each).collect()
}

pub(super) fn check_expectations<'a>(
    common: &Common,
    limiters: impl IntoIterator<Item = &'a Arc<dyn Algorithm>>,
) -> Result<(), Problem> {
    let known: Vec<&str> = limiters.into_iter().map(|limiter| limiter.name()).collect();
    match common.expect.iter().filter_map(|given| given.limiter.as_deref()).find(|name| !known.contains(name))
    {
        Some(name) => {
            Err(Problem::Usage(format!("--expect names `{name}`, a limiter that does not run here")))
        }
        None => Ok(()),
    }
}

impl From<Size> for scenario::Size {
    fn from(Size { clients, limit }: Size) -> Self {
        Self { clients, limit }
    }
}
