//! What a campaign is asked for, as data: enough to list its items again on another machine, or on another day.
//!
//! Two runs belong together exactly if their requests are equal. How fast and for whom it runs is no part of it:
//! threads, a timeout, where the report goes.

use std::sync::Arc;

use gatecrash_limiter::{Algorithm, algorithm};
use serde::{Deserialize, Serialize};

use super::resize::expected_of_all;
use super::{Campaign, Override, Redis, Search, Stores};
use crate::load::LoadSettings;
use crate::report::{RedisInfo, StoreKind, Tool};
use crate::world::error::Error;
use crate::world::scenario::{Scenario, Size, Source};

/// What a campaign is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The program: another version may find something else.
    pub tool: Tool,
    /// What is done with each scenario.
    pub job: Job,
    /// The scenarios.
    pub scenarios: Vec<Source>,
    /// Expectations that replace those of the scenarios.
    pub expect: Vec<Override>,
    /// Where they run.
    pub stores: Vec<StoreKind>,
    /// The server, if one is used.
    pub redis: Option<RedisInfo>,
    /// The seed of whatever is drawn at random.
    pub seed: u64,
    /// The bound on the executions of each exploration.
    pub max_executions: Option<u64>,
    /// The bound on the states of each census.
    pub max_states: Option<u64>,
}

/// What is done with each scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Its schedules, and all interleavings where it has `[explore]`.
    Run,
    /// All interleavings.
    Explore(ExploreJob),
    /// Limiters under load.
    Load(LoadJob),
}

/// Which limiters are loaded, and how, before it is shared out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadJob {
    /// The limiters' names.
    pub limiters: Vec<String>,
    /// What is loaded, and how.
    pub settings: LoadSettings,
}

/// How all interleavings are explored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExploreJob {
    /// Of which limiters, by name.
    pub limiters: Vec<String>,
    /// With how many clients and permits.
    pub size: Size,
    /// By which engine.
    pub search: Search,
}

impl Request {
    /// A request for these stores; the rest as a new [`Campaign`] has it.
    pub fn new(job: Job, scenarios: Vec<Source>, stores: &Stores) -> Self {
        let redis = stores.info().map(|info| RedisInfo { run_id: None, address: None, ..info });
        Self {
            tool: Tool::this(),
            job,
            scenarios,
            expect: Vec::new(),
            stores: stores.kinds(),
            redis,
            seed: 0,
            max_executions: None,
            max_states: None,
        }
    }

    /// What tells campaigns apart: the SHA-1 of all that is asked for.
    pub fn fingerprint(&self) -> serde_json::Result<String> {
        let text = serde_json::to_string(self)?;
        Ok(sha1_smol::Sha1::from(text).digest().to_string())
    }

    /// In what two requests differ, in a word; nothing if they are equal.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        let differs = [
            (self.tool != other.tool, "the version of gatecrash"),
            (self.scenarios != other.scenarios, "the scenarios"),
            (self.job != other.job, "what is to be run, and how"),
            (self.stores != other.stores, "the stores"),
            (self.redis != other.redis, "the server"),
            (self.seed != other.seed, "the seed"),
            (self.expect != other.expect, "what is expected"),
            (self != other, "the bounds"),
        ];
        differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }

    /// A campaign that is asked for that, on these stores.
    pub fn campaign(&self, stores: Stores) -> Campaign {
        let mut campaign = Campaign::new(stores);
        campaign.seed = self.seed;
        campaign.overrides.clone_from(&self.expect);
        campaign.control.max_executions = self.max_executions;
        campaign.control.max_states = self.max_states;
        if let Job::Explore(explore) = &self.job {
            campaign.search = explore.search;
            campaign.size = explore.size;
        }
        campaign
    }

    /// Carries everything out that is asked for.
    pub fn carry_out(&self, campaign: &mut Campaign) -> Result<(), Error> {
        for source in &self.scenarios {
            let scenario = source.scenario().map_err(|invalid| Error::Damaged(invalid.to_string()))?;
            match &self.job {
                Job::Run => campaign.run(&scenario)?,
                Job::Explore(explore) => explore.carry_out(campaign, scenario)?,
                Job::Load(_) => return Err(Error::Damaged("a load has no scenario".into())),
            }
        }
        Ok(())
    }

    /// The stores, where nothing is run any more.
    pub(crate) fn nowhere(&self) -> Stores {
        let redis = if self.stores.contains(&StoreKind::Redis) {
            Redis::Missing("nothing is run here".to_owned())
        } else {
            Redis::Unwanted
        };
        let [model, loom] = [StoreKind::Model, StoreKind::Loom].map(|store| self.stores.contains(&store));
        Stores { model, redis, loom }
    }
}

impl ExploreJob {
    fn carry_out(&self, campaign: &mut Campaign, scenario: Scenario) -> Result<(), Error> {
        let scenario = self.size.of(scenario).map_err(|error| Error::Damaged(error.to_string()))?;
        let expect = expected_of_all(&scenario, self.size);
        for name in &self.limiters {
            let limiter = limiter(&scenario, name)
                .ok_or_else(|| Error::Damaged(format!("there is no limiter `{name}`")))?;
            campaign.explore(&scenario, &limiter, expect.as_deref())?;
        }
        Ok(())
    }
}

/// A limiter of the scenario, or one that is built in.
fn limiter(scenario: &Scenario, name: &str) -> Option<Arc<dyn Algorithm>> {
    let own = scenario.limiters.iter().find(|limiter| limiter.name() == name);
    own.cloned().or_else(|| algorithm::by_name(name))
}
