//! The hard gate: each property with a case in which it fires and one in which it does not.

use gatecrash::load::compare::{ComparisonVerdict, CorrectnessProperty};
use gatecrash::report::load::{Faulted, MeasuredLoad};
use gatecrash::report::{Entry, Judgement, OverAdmission, Verdict};
use gatecrash::world::scenario::Expected;

use crate::loads::{atomic, crowded, naive, with};
use crate::one;

fn of(entry: Entry, change: impl FnOnce(&mut MeasuredLoad)) -> Entry {
    with(entry, |found| change(&mut found.load))
}

/// What is not ok of the one limiter.
fn wrong(base: Entry, new: Entry) -> Vec<(CorrectnessProperty, ComparisonVerdict)> {
    let (compared, _) = one(base, new);
    let checks = compared.checks.into_iter().filter(|check| check.verdict != ComparisonVerdict::Ok);
    checks.map(|check| (check.property, check.verdict)).collect()
}

#[test]
fn nothing_new_is_fine() {
    assert_eq!(wrong(atomic(1.0), atomic(1.0)), []);
    assert_eq!(wrong(naive(), naive()), []);
}

#[test]
fn a_new_over_admission_is_a_regression_whatever_was_expected() {
    let crowd = |entry, over: u64| with(entry, |found| found.over_admission = Some(crowded(over)));
    let broken = |judgement| Entry { judgement, ..crowd(atomic(1.0), 1) };
    let expected = |expected| Judgement::new(Verdict::Violation, expected);
    let over = (CorrectnessProperty::OverAdmission, ComparisonVerdict::Regression);
    let failed = (CorrectnessProperty::Expectation, ComparisonVerdict::Regression);
    assert_eq!(wrong(atomic(1.0), broken(expected(Some(Expected::Clean)))), [failed, over]);
    assert_eq!(wrong(atomic(1.0), broken(expected(None))), [failed, over]);
    assert_eq!(wrong(atomic(1.0), broken(expected(Some(Expected::Violation)))), [over]);
    let (compared, verdict) = one(atomic(1.0), broken(expected(None)));
    assert_eq!(verdict, ComparisonVerdict::Regression);
    let why = "NEW over-admits by 1, 412 times, BASE never did";
    assert_eq!(compared.checks[1].why.as_deref(), Some(why));
}

#[test]
fn how_often_a_faulty_limiter_fails_is_chance() {
    let more = with(naive(), |found| found.over_admission = Some(crowded(9)));
    let (compared, verdict) = one(naive(), more.clone());
    assert_eq!(verdict, ComparisonVerdict::Ok);
    assert_eq!(compared.notes, ["over-admits by 9, in BASE 7; how often a faulty limiter fails is chance"]);
    assert_eq!(one(more, naive()).0.notes, [""; 0]);
}

#[test]
fn what_nobody_watched_for_is_undecided() {
    let unwatch = |entry| with(entry, |found| found.over_admission = None);
    let unwatched = || unwatch(atomic(1.0));
    let undecided = [(CorrectnessProperty::OverAdmission, ComparisonVerdict::Undecided)];
    assert_eq!(wrong(atomic(1.0), unwatched()), undecided);
    assert_eq!(wrong(unwatched(), atomic(1.0)), []);
    assert_eq!(wrong(unwatch(naive()), naive()), undecided);
}

#[test]
fn a_load_that_proved_nothing_is_undecided() {
    let idle = || Entry {
        judgement: Judgement::new(Verdict::Undecided, Some(Expected::Violation)),
        ..with(naive(), |found| found.over_admission = Some(OverAdmission::by(0)))
    };
    assert_eq!(wrong(naive(), idle()), [(CorrectnessProperty::Expectation, ComparisonVerdict::Undecided)]);
    assert_eq!(wrong(idle(), naive()), [(CorrectnessProperty::OverAdmission, ComparisonVerdict::Undecided)]);
}

#[test]
fn a_refusal_although_free_is_new_only_if_there_was_none() {
    let refuses = |times| of(atomic(1.0), |load| load.refused_although_free = times);
    assert_eq!(
        wrong(refuses(0), refuses(1)),
        [(CorrectnessProperty::RefusedAlthoughFree, ComparisonVerdict::Regression)]
    );
    assert_eq!(wrong(refuses(1), refuses(5)), []);
    assert_eq!(wrong(refuses(1), refuses(0)), []);
}

#[test]
fn a_leak_is_certain_where_every_operation_was_answered() {
    let leaks = |permits| of(atomic(1.0), |load| load.leaked = permits);
    let unanswered = |permits| of(leaks(permits), |load| load.unknown = 1);
    let leaked = |outcome| (CorrectnessProperty::Leaked, outcome);
    assert_eq!(wrong(leaks(Some(0)), leaks(Some(2))), [leaked(ComparisonVerdict::Regression)]);
    assert_eq!(wrong(unanswered(Some(0)), unanswered(Some(2))), [leaked(ComparisonVerdict::Undecided)]);
    assert_eq!(wrong(leaks(Some(1)), leaks(Some(2))), []);
    assert_eq!(wrong(leaks(Some(0)), leaks(None)), [leaked(ComparisonVerdict::Undecided)]);
    assert_eq!(wrong(leaks(None), leaks(Some(1))), [leaked(ComparisonVerdict::Undecided)]);
    assert_eq!(wrong(leaks(None), leaks(Some(0))), []);
}

#[test]
fn a_permit_that_is_gone_is_certain_where_every_operation_was_answered() {
    let gone = |releases| of(atomic(1.0), |load| load.not_held = releases);
    let cut = |releases| of(gone(releases), |load| load.faults = Some(Faulted::default()));
    let not_held = |outcome| (CorrectnessProperty::NotHeld, outcome);
    assert_eq!(wrong(gone(0), gone(3)), [not_held(ComparisonVerdict::Regression)]);
    assert_eq!(wrong(cut(0), cut(3)), [not_held(ComparisonVerdict::Undecided)]);
    assert_eq!(wrong(gone(1), gone(3)), []);
    assert_eq!(wrong(gone(1), gone(0)), []);
}

#[test]
fn operations_that_fail_now_and_did_not_before_leave_it_undecided() {
    let fails = |errors| of(atomic(1.0), |load| load.errors = errors);
    assert_eq!(wrong(fails(0), fails(3)), [(CorrectnessProperty::Failures, ComparisonVerdict::Undecided)]);
    assert_eq!(wrong(fails(2), fails(3)), []);
}
