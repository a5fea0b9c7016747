//! The command lines that show a result again, derived from what was run.

use std::fmt::Write as _;

use super::search::{Search, Strategy};
use super::subject::Subject;
use crate::base::quote::quoted;
use crate::report::StoreKind;
use crate::world::scenario::Expected;

/// One schedule again, on the same store. What loom found is replayed on the model.
pub(super) fn replay_command(subject: &Subject<'_>, order: &str, store: StoreKind) -> String {
    let on = if store == StoreKind::Redis { " --on redis" } else { "" };
    let call = &subject.invocation;
    let server = call.server_for(store);
    if let Some(command) = call.built_in {
        return format!("{} {command}{on}{server}", call.program);
    }
    format!("{} replay {} --order {}{on}{server}", call.program, what(subject), quoted(order))
}

/// The exploration again, on the same store.
pub(super) fn explore_command(subject: &Subject<'_>, store: StoreKind) -> String {
    let call = &subject.invocation;
    let server = call.server_for(store);
    if let Some(command) = call.built_in {
        return format!("{} {command} --on {store}{server}", call.program);
    }
    let how = how(&subject.search, subject.seed);
    format!("{} explore {}{how} --on {store}{server}", call.program, what(subject))
}

/// The file, the limiter, the size, and what is expected.
fn what(subject: &Subject<'_>) -> String {
    let file = match &subject.scenario.path {
        Some(path) => path.to_string_lossy().into_owned(),
        None => format!("{}.toml", subject.scenario.name),
    };
    let expect = match subject.expected {
        Some(Expected::Violation) => " --expect violation",
        Some(Expected::Clean) => " --expect clean",
        None => "",
    };
    let size = subject.size.options();
    format!("{} --limiter {}{size}{expect}", quoted(&file), quoted(subject.limiter.name()))
}

/// The options that choose the search.
fn how(search: &Search, seed: u64) -> String {
    let mut options = match search.strategy {
        // Each store's default, and what --clients any chooses.
        Strategy::Census | Strategy::AnyNumber => String::new(),
        Strategy::Enumerate => " --strategy enumerate".to_owned(),
        Strategy::Dpor => " --strategy dpor".to_owned(),
        Strategy::Loom => " --strategy loom".to_owned(),
        Strategy::Sample(sampler) => format!(" --strategy {sampler}"),
        Strategy::CompareSamplers => " --compare-samplers".to_owned(),
    };
    if search.census.by_preemptions {
        options.push_str(" --by-preemptions");
    }
    if let Some(most) = search.census.max_preemptions {
        let _ = write!(options, " --preemptions {most}");
    }
    if search.certify_edges {
        options.push_str(" --certify edges");
    }
    if matches!(search.strategy, Strategy::Sample(_) | Strategy::CompareSamplers) {
        let _ = write!(options, " --executions {} --seed {seed}", search.executions);
    }
    options
}
