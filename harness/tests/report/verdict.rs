//! The overall verdict and the exit code that follow from a report.

use gatecrash::base::exit::Exit;
use gatecrash::report::{Engine, Entry, Evidence, Judgement, NotRun, Overall, Report, StoreKind, Verdict};
use gatecrash::world::scenario::Expected;

use crate::fixtures::{atomic_explored, full, naive_explored, report, stopped};

#[track_caller]
fn check(report: &Report, overall: Overall, exit: Exit) {
    assert_eq!((report.verdict(), Exit::from(report)), (overall, exit));
}

#[test]
fn what_was_expected_is_ok_and_so_is_a_clean_run_that_nobody_expected() {
    check(&full(), Overall::Ok, Exit::Ok);
    check(&report(vec![atomic_explored(None)]), Overall::Ok, Exit::Ok);
}

#[test]
fn a_failure_outweighs_what_is_undecided() {
    check(&report(vec![stopped()]), Overall::Undecided, Exit::Undecided);
    let unexpected = naive_explored(StoreKind::Model, None);
    check(&report(vec![stopped(), unexpected]), Overall::Failed, Exit::Failed);
    check(&report(vec![atomic_explored(Some(Expected::Violation))]), Overall::Failed, Exit::Failed);
}

#[test]
fn a_server_that_differs_from_the_model_is_a_failure() {
    let judgement = Judgement::mismatch(Some(Expected::Clean));
    let evidence = Evidence::Void(Engine::Enumerate);
    let entry = Entry::new("last-slot", "atomic", StoreKind::Redis, evidence, judgement);
    assert_eq!(entry.judgement.verdict(), Verdict::Undecided);
    check(&report(vec![entry]), Overall::Failed, Exit::Failed);
}

#[test]
fn nothing_never_passes() {
    check(&report(Vec::new()), Overall::Undecided, Exit::Undecided);
    let mut report = report(vec![atomic_explored(None)]);
    report.not_run.push(NotRun::unfit("last-slot", None, StoreKind::Loom, "5 clients"));
    check(&report, Overall::Ok, Exit::Ok);
    report.not_run.push(NotRun::no_server("last-slot", None, "no redis-server in PATH"));
    check(&report, Overall::Undecided, Exit::Undecided);
    report.interrupted = true;
    check(&report, Overall::Undecided, Exit::Interrupted);
}
