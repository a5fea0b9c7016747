//! Whether a load kept what a limiter promises, property by property.
//!
//! A load is clean only if operations were admitted all along: a limiter that fails, that has lost its permits or that
//! admits nobody any more keeps its limit too, and proves nothing by it.

use super::outcome::{LoadedLimiter, Meddling};
use super::settings::LoadSettings;
use crate::base::words::{grouped, plural};
use crate::report::load::{LoadCheck, LoadProperty};
use crate::world::control::Bound;
use crate::world::scenario::Expected;
use crate::world::verdict::Verdict;

/// Blocks in which operations began and nobody was admitted: more than one of so many is starvation.
const BLOCKS_PER_STARVED: u64 = 10;

/// What is said of each property, in the order in which it is shown.
pub(super) fn checks(loaded: &LoadedLimiter, settings: &LoadSettings) -> Vec<LoadCheck> {
    let interference = interference(loaded, settings);
    let checks = [
        Some(over_admission(loaded, interference.as_ref())),
        Some(errors(loaded, settings)),
        leaks(loaded, settings),
        Some(starvation(loaded)),
        interference,
    ];
    checks.into_iter().flatten().collect()
}

/// The verdict that follows from all of them. A violation that was seen is final, unless somebody else may have caused it;
/// none is clean only of what was tried, and where one was expected, or where the load was cut short, nothing is decided.
pub(super) fn verdict(checks: &[LoadCheck], expected: Option<Expected>, stopped: Option<&Bound>) -> Verdict {
    let any = |verdict| checks.iter().any(|check| check.verdict == verdict);
    let disturbed = checks
        .iter()
        .any(|check| check.property == LoadProperty::Interference && check.verdict == Verdict::Undecided);
    let undecided = any(Verdict::Undecided) || stopped.is_some();
    if any(Verdict::Violation) && !disturbed {
        Verdict::Violation
    } else if undecided || expected == Some(Expected::Violation) {
        Verdict::Undecided
    } else {
        Verdict::Clean
    }
}

fn check(property: LoadProperty, verdict: Verdict, why: Option<String>) -> LoadCheck {
    LoadCheck { property, verdict, why }
}

fn over_admission(loaded: &LoadedLimiter, interference: Option<&LoadCheck>) -> LoadCheck {
    let property = LoadProperty::OverAdmission;
    match (loaded.findings.max, interference.map(|check| check.verdict)) {
        (0, _) => check(property, Verdict::Clean, None),
        (max, Some(Verdict::Undecided)) => {
            let why = format!("by {}, which somebody else may have caused", grouped(max));
            check(property, Verdict::Undecided, Some(why))
        }
        (..) => check(property, Verdict::Violation, None),
    }
}

fn errors(loaded: &LoadedLimiter, settings: &LoadSettings) -> LoadCheck {
    let (property, failed) = (LoadProperty::Errors, loaded.tally.failures());
    match settings.most_errors() {
        Some(most) if failed > most => {
            let (failed, most) = (plural(failed, "operation"), grouped(most));
            let why = format!("{failed} failed or never answered, and at most {most} may (--max-errors)");
            check(property, Verdict::Undecided, Some(why))
        }
        _ => check(property, Verdict::Clean, None),
    }
}

/// Nothing where leaks could not be looked for.
fn leaks(loaded: &LoadedLimiter, settings: &LoadSettings) -> Option<LoadCheck> {
    let property = LoadProperty::Leaks;
    let leaked = loaded.leaked?;
    if leaked == 0 {
        return Some(check(property, Verdict::Clean, None));
    }
    let what = format!("{} taken at the end, and nobody holds one", plural(leaked, "permit"));
    let killed = loaded.tally.faulted.killed_holding;
    Some(if killed > 0 {
        let why = format!("{what}; {} killed while holding one", plural(killed, "client"));
        check(property, Verdict::Undecided, Some(why))
    } else if settings.faults.any() || loaded.tally.failures() > 0 {
        let why = format!("{what}; operations failed or were never answered");
        check(property, Verdict::Undecided, Some(why))
    } else {
        check(property, Verdict::Violation, Some(what))
    })
}

fn starvation(loaded: &LoadedLimiter) -> LoadCheck {
    let (tried, starved) = (loaded.tally.blocks, loaded.tally.starved_blocks);
    let property = LoadProperty::Starvation;
    if loaded.tally.admitted == 0 {
        return check(property, Verdict::Undecided, Some("nobody was admitted at all".to_owned()));
    }
    if starved.saturating_mul(BLOCKS_PER_STARVED) <= tried {
        return check(property, Verdict::Clean, None);
    }
    let why = format!(
        "nobody was admitted in {} of {}; at most one of {BLOCKS_PER_STARVED} may be so",
        grouped(starved),
        plural(tried, "block")
    );
    check(property, Verdict::Undecided, Some(why))
}

/// Nothing where the server was not asked, and nothing else shows it.
fn interference(loaded: &LoadedLimiter, settings: &LoadSettings) -> Option<LoadCheck> {
    let gone = loaded.tally.not_held;
    // What a fault leaves unanswered may have been released already.
    let unexplained = gone > 0 && !settings.faults.any() && loaded.tally.failures() == 0;
    let why = match loaded.meddling {
        Meddling::Seen(interference) => Some(interference.to_string()),
        Meddling::None | Meddling::NotAsked => unexplained.then(|| {
            format!("{} found the permit gone: did somebody else delete keys?", plural(gone, "release"))
        }),
    };
    let property = LoadProperty::Interference;
    match (why, loaded.meddling) {
        (None, Meddling::NotAsked) => None,
        (None, _) => Some(check(property, Verdict::Clean, None)),
        (why, _) => Some(check(property, Verdict::Undecided, why)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tally::OperationTally;
    use super::*;
    use crate::redis::Interference;

    /// A load of 20 blocks that is clean.
    fn loaded() -> LoadedLimiter {
        let tally = OperationTally { attempts: 100, admitted: 100, blocks: 20, ..OperationTally::default() };
        LoadedLimiter { tally, leaked: Some(0), ..LoadedLimiter::default() }
    }

    fn settings() -> LoadSettings {
        LoadSettings::for_tests()
    }

    fn found(loaded: &LoadedLimiter, settings: &LoadSettings) -> (Verdict, Vec<LoadProperty>) {
        let checks = checks(loaded, settings);
        let wrong = checks.iter().filter(|check| check.verdict != Verdict::Clean).map(|check| check.property);
        (verdict(&checks, Some(Expected::Clean), None), wrong.collect())
    }

    #[test]
    fn a_load_that_admits_all_along_is_clean() {
        assert_eq!(found(&loaded(), &settings()), (Verdict::Clean, vec![]));
        let stopped = verdict(&checks(&loaded(), &settings()), None, Some(&Bound::Interrupted));
        assert_eq!(stopped, Verdict::Undecided);
        let expected = verdict(&checks(&loaded(), &settings()), Some(Expected::Violation), None);
        assert_eq!(expected, Verdict::Undecided);
    }

    #[test]
    fn operations_that_fail_leave_it_undecided_beyond_what_may_fail() {
        let mut failing = loaded();
        failing.tally.errors = 2;
        failing.tally.release_failures = 1;
        let errors = vec![LoadProperty::Errors];
        assert_eq!(found(&failing, &settings()), (Verdict::Undecided, errors.clone()));
        let allowed = |most| LoadSettings { max_errors: Some(most), ..settings() };
        assert_eq!(found(&failing, &allowed(3)), (Verdict::Clean, vec![]));
        assert_eq!(found(&failing, &allowed(2)), (Verdict::Undecided, errors));
        let faults = LoadSettings { faults: "drop".parse().unwrap(), ..settings() };
        assert_eq!(found(&failing, &faults), (Verdict::Clean, vec![]));
    }

    #[test]
    fn a_leak_is_a_violation_unless_something_else_explains_it() {
        let mut leaking = loaded();
        leaking.leaked = Some(2);
        assert_eq!(found(&leaking, &settings()), (Verdict::Violation, vec![LoadProperty::Leaks]));
        leaking.tally.faulted.killed_holding = 2;
        assert_eq!(found(&leaking, &settings()), (Verdict::Undecided, vec![LoadProperty::Leaks]));
        // Where it could not be looked for, nothing is said.
        leaking.leaked = None;
        assert!(checks(&leaking, &settings()).iter().all(|check| check.property != LoadProperty::Leaks));
    }

    #[test]
    fn blocks_without_an_admission_are_starvation() {
        let starving = |starved| {
            let mut loaded = loaded();
            loaded.tally.starved_blocks = starved;
            found(&loaded, &settings())
        };
        assert_eq!(starving(2), (Verdict::Clean, vec![]));
        assert_eq!(starving(3), (Verdict::Undecided, vec![LoadProperty::Starvation]));
        let mut nobody = loaded();
        nobody.tally.admitted = 0;
        assert_eq!(found(&nobody, &settings()), (Verdict::Undecided, vec![LoadProperty::Starvation]));
    }

    #[test]
    fn what_somebody_else_did_is_not_blamed_on_the_limiter() {
        let mut disturbed = loaded();
        disturbed.findings.max = 3;
        assert_eq!(found(&disturbed, &settings()), (Verdict::Violation, vec![LoadProperty::OverAdmission]));
        disturbed.tally.not_held = 1;
        let both = vec![LoadProperty::OverAdmission, LoadProperty::Interference];
        assert_eq!(found(&disturbed, &settings()), (Verdict::Undecided, both.clone()));
        disturbed.tally.not_held = 0;
        disturbed.meddling = Meddling::Seen(Interference::Restarted);
        assert_eq!(found(&disturbed, &settings()), (Verdict::Undecided, both));
        // Where it was not asked, nothing is said.
        disturbed.meddling = Meddling::NotAsked;
        assert!(
            checks(&disturbed, &settings()).iter().all(|check| check.property != LoadProperty::Interference)
        );
    }
}
