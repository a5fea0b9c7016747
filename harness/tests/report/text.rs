//! What the terminal shows.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use gatecrash::report::text::{TextOptions, render};
use gatecrash::report::{
    Coverage, Engine, Entry, EnumerateEvidence, Enumerated, Evidence, InterleavingCounts, Judgement, NotRun,
    OverAdmission, Report, StoppedBy, StoreKind, Verdict,
};
use gatecrash::world::scenario::Expected;
use gatecrash::world::trace::Effect;
use gatecrash_limiter::Reply;

use crate::fixtures::{
    atomic_explored, found_and_stopped, full, naive, naive_explored, report, scripted, stopped,
};

/// Compares, and holds every text to what a log can show.
#[track_caller]
pub(crate) fn check(text: &str, expect: &Expect) {
    for line in text.lines() {
        assert!(line.is_ascii() && line.len() <= 80 && line == line.trim_end(), "{line:?}");
    }
    expect.assert_eq(text);
}

#[track_caller]
fn check_report(report: &Report, expect: &Expect) {
    check(&render(report, &TextOptions::default()), expect);
}

#[test]
fn a_full_report() {
    check_report(
        &full(),
        &expect![[r#"
            Redis 7.0.15 (private) at redis+unix:///tmp/gc/redis.sock

            last-slot: Two workers take the last slot (limit 1)
            ===================================================

            naive, all interleavings
              model  enumerate  8 of 16 over-admit (50%), by 1  violation, as expected
              redis  enumerate  8 of 16 over-admit (50%), by 1  violation, as expected

            shortest counterexample, seen on model and redis: A B A B

            #  A                     B                               held
            1  ZCARD slots -> 0                                      0/1
            2                        ZCARD slots -> 0                0/1
            3  ZADD slots 0 A1 -> 1                        admitted  1/1
            4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit

            B counts the slots before A has taken one, so both find it free.
            With steps 2 and 3 exchanged there is no violation.

            naive, both check before either adds: A B A B
              model  schedule  over-admits by 1  violation, as expected
              redis  schedule  over-admits by 1  violation, as expected

              latency        count      p50      p90      p99    p99.9      max
              acquire            2  81.0 us  95.0 us  95.0 us  95.0 us  95.0 us
              release            1  40.0 us  40.0 us  40.0 us  40.0 us  40.0 us

            #  A                     B                               held
            1  ZCARD slots -> 0                                      0/1
            2                        ZCARD slots -> 0                0/1
            3  ZADD slots 0 A1 -> 1                        admitted  1/1
            4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit
            5  ZREM slots A1 -> 1                          released  1/1
            6                        ZREM slots B1 -> 1    released  0/1

            atomic, all interleavings
              model  enumerate  0 of 6 over-admit              clean, as expected
              loom   loom       0 of 14 executions over-admit  clean, as expected

            atomic, both check before either adds: A B A B
              model  schedule  stays within the limit  clean, as expected

            #  A                              B                                        held
            1  EVALSHA a7edc1f slots... -> 1                                 admitted  1/1
            2                                 EVALSHA a7edc1f slots... -> 0  refused   1/1
            3  ZREM slots A1 -> 1                                            released  0/1
            4                                 skipped: B has finished                  0/1

            not run on loom: it has no thread form
              last-slot/naive

            ok: 7 results, 1 not run, took 2.03 ms
        "#]],
    );
}

#[test]
fn a_stable_report_has_no_times() {
    let text = render(&full().stable(), &TextOptions::default());
    for word in ["took", "latency", " us", " ms", "sock"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn undecided_says_why() {
    let mut report = report(vec![stopped()]);
    let reason = "there is no redis-server in PATH; install one or name a server with --redis URL";
    report.not_run.push(NotRun::no_server("last-slot", Some("naive"), reason));
    report.not_run.push(NotRun::no_server("last-slot", Some("atomic"), reason));
    check_report(
        &report,
        &expect![[r#"
        last-slot: Two workers take the last slot (limit 1)
        ===================================================

        atomic
          model  enumerate  0 of 1,000 executions over-admit
            undecided: stopped by --max-executions after 1,000 of 1,680 interleavings

        not run on redis: there is no redis-server in PATH; install one or name a server
        with --redis URL
          last-slot/naive, last-slot/atomic

        undecided: 1 result, 1 undecided, 2 not run for want of a server
    "#]],
    );
}

/// A violation is final, whatever stopped the search later; how much was searched is said beside it.
#[test]
fn a_stopped_search_says_so_beside_its_violation() {
    check_report(
        &report(vec![found_and_stopped()]).stable(),
        &expect![[r#"
        last-slot: Two workers take the last slot (limit 1)
        ===================================================

        naive
          model  enumerate  3 of 1,000 executions over-admit, by 1
            violation, as expected; stopped by --max-executions after 1,000 of 1,680
            interleavings

        counterexample, seen on model and redis: A B A B

        #  A                     B                               held
        1  ZCARD slots -> 0                                      0/1
        2                        ZCARD slots -> 0                0/1
        3  ZADD slots 0 A1 -> 1                        admitted  1/1
        4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit

        B counts the slots before A has taken one, so both find it free.
        With steps 2 and 3 exchanged there is no violation.

        ok: 1 result
    "#]],
    );
}

#[test]
fn a_failed_report_ends_with_a_line_that_reproduces_it() {
    let results = vec![
        naive_explored(StoreKind::Model, Some(Expected::Clean)),
        atomic_explored(Some(Expected::Violation)),
        atomic_explored(None),
    ];
    check_report(
        &report(results).stable(),
        &expect![[r#"
            last-slot: Two workers take the last slot (limit 1)
            ===================================================

            naive, all interleavings
              model  enumerate  8 of 16 over-admit (50%), by 1  VIOLATION, not expected

            shortest counterexample, seen on model and redis: A B A B

            #  A                     B                               held
            1  ZCARD slots -> 0                                      0/1
            2                        ZCARD slots -> 0                0/1
            3  ZADD slots 0 A1 -> 1                        admitted  1/1
            4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit

            B counts the slots before A has taken one, so both find it free.
            With steps 2 and 3 exchanged there is no violation.

            atomic, all interleavings
              model  enumerate  0 of 6 over-admit  clean, but a violation was expected
              model  enumerate  0 of 6 over-admit  clean

            failed: 2 of 3 results not as expected
            reproduce with:
            gatecrash replay scenarios/last-slot.toml --limiter naive --order "A B A B"
        "#]],
    );
}

#[test]
fn quiet_shows_only_failures_and_the_last_lines() {
    let options = TextOptions { quiet: true, ..TextOptions::default() };
    check(
        &render(&full().stable(), &options),
        &expect![[r#"
            not run on loom: it has no thread form
              last-slot/naive

            ok: 7 results, 1 not run
        "#]],
    );
    let failing = vec![atomic_explored(None), naive_explored(StoreKind::Model, None)];
    check(
        &render(&report(failing).stable(), &options),
        &expect![[r#"
            last-slot: Two workers take the last slot (limit 1)
            ===================================================

            naive, all interleavings
              model  enumerate  8 of 16 over-admit (50%), by 1  violation

            shortest counterexample, seen on model and redis: A B A B

            #  A                     B                               held
            1  ZCARD slots -> 0                                      0/1
            2                        ZCARD slots -> 0                0/1
            3  ZADD slots 0 A1 -> 1                        admitted  1/1
            4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit

            B counts the slots before A has taken one, so both find it free.
            With steps 2 and 3 exchanged there is no violation.

            failed: 1 of 2 results not as expected
            reproduce with:
            gatecrash replay scenarios/last-slot.toml --limiter naive --order "A B A B"
        "#]],
    );
}

#[test]
fn big_numbers_and_foreign_text_stay_readable() {
    let peaks = BTreeMap::from([(1_000_000, 2_000_000_000u64), (1_000_001, 1), (1_000_002, 1)]);
    let entry = Entry {
        evidence: Evidence::Enumerate(EnumerateEvidence {
            executions: 2_000_000_002,
            counted: Enumerated::All(InterleavingCounts::from_peaks(1_000_000, &peaks)),
            over_admission: OverAdmission::of_peak(1_000_002, 1_000_000),
        }),
        counterexample: None,
        trace: None,
        ..naive_explored(StoreKind::Model, Some(Expected::Violation))
    };
    let mut report = report(vec![entry]).stable();
    report.scenarios[0].limit = 1_000_000;
    report.scenarios[0].title = "a title with \u{1b}[31mcolours of its own".into();
    check_report(
        &report,
        &expect![[r#"
        last-slot: a title with [31mcolours of its own (limit 1,000,000)
        ================================================================

        naive, all interleavings
          model  enumerate  2 of 2,000,000,002 over-admit (<0.1%), by 2
            violation, as expected

        ok: 1 result
    "#]],
    );
}

#[test]
fn a_server_that_differs_from_the_model_is_told() {
    let entry = Entry {
        evidence: Evidence::Void(Engine::Enumerate),
        judgement: Judgement::mismatch(Some(Expected::Clean)),
        coverage: Some(Coverage { stopped_by: StoppedBy::Mismatch, covered: "A B: ...".into() }),
        store: StoreKind::Redis,
        ..atomic_explored(None)
    };
    check_report(
        &report(vec![entry]).stable(),
        &expect![[r#"
            last-slot: Two workers take the last slot (limit 1)
            ===================================================

            atomic
              redis  enumerate    undecided: the server and the model differ in 1 answer

              A B: ...

            failed: 1 of 1 result not as expected
        "#]],
    );
}

#[test]
fn steps_that_differ_between_stores_are_told_apart() {
    let scripted = |store, trace| scripted("naive", store, trace, Verdict::Clean, Expected::Clean);
    let mut surprise = naive(2, 1, "A B");
    if let Effect::Step(step) = &mut surprise.rows[1].effect {
        step.reply = Reply::Int(5);
    }
    let results = vec![scripted(StoreKind::Model, naive(2, 1, "A B")), scripted(StoreKind::Redis, surprise)];
    check_report(
        &report(results),
        &expect![[r#"
        last-slot: Two workers take the last slot (limit 1)
        ===================================================

        naive, both check before either adds: A B A B
          model  schedule  stays within the limit  clean, as expected
          redis  schedule  stays within the limit  clean, as expected

        on model, schedule:

        #  A                 B                   held
        1  ZCARD slots -> 0                      0/1
        2                    ZCARD slots -> 0    0/1

        on redis, schedule:

        #  A                 B                   held
        1  ZCARD slots -> 0                      0/1
        2                    ZCARD slots -> 5    0/1

        ok: 2 results
    "#]],
    );
}

#[test]
fn colour_changes_nothing_but_colour() {
    let colored = render(&full(), &TextOptions { color: true, ..TextOptions::default() });
    assert!(colored.contains('\u{1b}'));
    let plain = anstream::adapter::strip_str(&colored).to_string();
    assert_eq!(plain, render(&full(), &TextOptions::default()));
}
