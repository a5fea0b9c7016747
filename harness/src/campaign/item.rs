//! The items of a campaign: one list, which running, sharding, resuming and merging all walk.

use std::sync::Arc;

use gatecrash_limiter::Algorithm;

use super::subject::Subject;
use super::{Campaign, Strategy};
use crate::explore::replay::Passing;
use crate::explore::sample::Sampler;
use crate::report::{Engine, StoreKind};
use crate::world::scenario::{Expectations, Property, Scenario};
use crate::world::schedule::Schedule;

/// Something to be run: of what, how, where.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) work: Work<'a>,
    pub(super) store: StoreKind,
}

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work<'a> {
    /// One schedule, and its name if it has one.
    Schedule { name: Option<&'a str>, order: &'a Schedule, passing: Passing },
    /// The census, or its certification.
    Census,
    /// The census for every number of clients.
    AnyNumber,
    /// Every interleaving, each once.
    Enumerate,
    /// One interleaving of each class.
    Dpor,
    /// Executions drawn at random; beside the exact odds if they are compared.
    Sample { sampler: Sampler, compared: bool },
    /// What loom distinguishes.
    Loom,
}

impl Item<'_> {
    /// The engine that does it.
    pub(super) fn engine(&self) -> Engine {
        match self.work {
            Work::Schedule { .. } => Engine::Schedule,
            Work::Census if self.store == StoreKind::Redis => Engine::Certify,
            Work::Census => Engine::Census,
            Work::AnyNumber => Engine::AnyNumber,
            Work::Enumerate => Engine::Enumerate,
            Work::Dpor => Engine::Dpor,
            Work::Sample { .. } => Engine::Sample,
            Work::Loom => Engine::Loom,
        }
    }

    /// Why it is not run, if its engine does not judge all that the scenario asks for: then it must not call it clean.
    pub(super) fn unjudged(&self) -> Option<String> {
        let engine = self.engine();
        (engine != Engine::Schedule && self.subject.scenario.judges(Property::Leak))
            .then(|| format!("{engine} does not judge `leak`, only schedules do"))
    }

    /// Whether each shard has a part of it. Everything else falls to one shard as a whole.
    pub(super) fn is_spread(&self) -> bool {
        matches!(self.work, Work::Enumerate | Work::Sample { .. })
    }
}

/// Every schedule of a scenario, and all interleavings where it has `[explore]`, against each of its limiters.
pub(super) fn of_run<'a>(campaign: &Campaign, scenario: &'a Scenario) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for limiter in &scenario.limiters {
        for script in &scenario.schedules {
            let subject = campaign.subject(scenario, limiter, Some(&script.expect));
            let (name, order, passing) = (Some(script.name.as_str()), &script.order, Passing::Allowed);
            items.extend(of_schedule(campaign, &subject, Work::Schedule { name, order, passing }));
        }
        if let Some(expect) = &scenario.explore {
            items.extend(of_exploration(campaign, scenario, limiter, Some(expect)));
        }
    }
    items
}

/// One schedule, step by step.
pub(super) fn of_schedule<'a>(
    campaign: &Campaign,
    subject: &Subject<'a>,
    schedule: Work<'a>,
) -> Vec<Item<'a>> {
    let item = |store| Item { subject: subject.clone(), work: schedule, store };
    on(campaign, &[StoreKind::Model, StoreKind::Redis]).map(item).collect()
}

/// All interleavings, by the engines that are asked for.
pub(super) fn of_exploration<'a>(
    campaign: &Campaign,
    scenario: &'a Scenario,
    limiter: &'a Arc<dyn Algorithm>,
    expect: Option<&Expectations>,
) -> Vec<Item<'a>> {
    const BOTH: &[StoreKind] = &[StoreKind::Model, StoreKind::Redis];
    let sample = |sampler| Work::Sample { sampler, compared: false };
    let (works, stores) = match campaign.search.strategy {
        Strategy::Census => (vec![Work::Census], BOTH),
        Strategy::AnyNumber => (vec![Work::AnyNumber], &BOTH[..1]),
        Strategy::Enumerate => (vec![Work::Enumerate], BOTH),
        Strategy::Dpor => (vec![Work::Dpor], BOTH),
        Strategy::Sample(sampler) => (vec![sample(sampler)], BOTH),
        Strategy::CompareSamplers => {
            (Sampler::ALL.map(|sampler| Work::Sample { sampler, compared: true }).to_vec(), BOTH)
        }
        Strategy::Loom => (Vec::new(), BOTH),
    };
    let explored = works.into_iter().flat_map(|work| on(campaign, stores).map(move |store| (work, store)));
    let under_loom = on(campaign, &[StoreKind::Loom]).map(|store| (Work::Loom, store));
    let subject = campaign.subject(scenario, limiter, expect);
    explored.chain(under_loom).map(|(work, store)| Item { subject: subject.clone(), work, store }).collect()
}

/// Those of the stores that are wanted.
fn on<'s>(campaign: &Campaign, stores: &'s [StoreKind]) -> impl Iterator<Item = StoreKind> + use<'s> {
    let wanted = campaign.stores.kinds();
    stores.iter().copied().filter(move |store| wanted.contains(store))
}
