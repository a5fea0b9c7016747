//! What the terminal shows.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use gatecrash::report::text::{Options, interleaving, render};
use gatecrash::report::{About, Census, Entry, Judgement, NotRun, OverAdmission, Report, StoreKind, Verdict};
use gatecrash::scenario::Expected;
use gatecrash::trace::{Effect, Trace};
use gatecrash_limiter::Reply;

use crate::fixtures::{
    about, atomic, atomic_explored, full, naive, naive_explored, report, scripted, stopped,
};

/// Compares, and holds every text to what a log can show.
#[track_caller]
fn check(text: &str, expect: &Expect) {
    for line in text.lines() {
        assert!(line.is_ascii() && line.len() <= 80 && line == line.trim_end(), "{line:?}");
    }
    expect.assert_eq(text);
}

#[track_caller]
fn check_table(about: &About, trace: &Trace, expect: &Expect) {
    check(&interleaving(about, trace, &Options::default()), expect);
}

#[track_caller]
fn check_report(report: &Report, expect: &Expect) {
    check(&render(report, &Options::default()), expect);
}

#[test]
fn the_race_of_the_naive_limiter() {
    check_table(
        &about(2, 1),
        &naive(2, 1, "A B A B A B"),
        &expect![[r#"
        #  A                     B                               held
        1  ZCARD slots -> 0                                      0/1
        2                        ZCARD slots -> 0                0/1
        3  ZADD slots 0 A1 -> 1                        admitted  1/1
        4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit
        5  ZREM slots A1 -> 1                          released  1/1
        6                        ZREM slots B1 -> 1    released  0/1
    "#]],
    );
}

#[test]
fn the_atomic_limiter_refuses_under_the_same_schedule() {
    check_table(
        &about(2, 1),
        &atomic(2, 1, "A B A B"),
        &expect![[r#"
        #  A                              B                                        held
        1  EVALSHA a7edc1f slots... -> 1                                 admitted  1/1
        2                                 EVALSHA a7edc1f slots... -> 0  refused   1/1
        3  ZREM slots A1 -> 1                                            released  0/1
        4                                 (passed)                                 0/1
    "#]],
    );
}

#[test]
fn three_clients_still_have_lanes() {
    check_table(
        &about(3, 1),
        &naive(3, 1, "A B C A B C A B C"),
        &expect![[r#"
        #  A              B              C                        held
        1  ZCARD... -> 0                                          0/1
        2                 ZCARD... -> 0                           0/1
        3                                ZCARD... -> 0            0/1
        4  ZADD... -> 1                                 admitted  1/1
        5                 ZADD... -> 1                  admitted  2/1 <- over the limit
        6                                ZADD... -> 1   admitted  3/1 <- over the limit
        7  ZREM... -> 1                                 released  2/1
        8                 ZREM... -> 1                  released  1/1
        9                                ZREM... -> 1   released  0/1
    "#]],
    );
    check_table(
        &about(3, 2),
        &atomic(3, 2, "A B C A B"),
        &expect![[r#"
        #  A                    B                    C                              held
        1  EVALSHA... -> 1                                                admitted  1/2
        2                       EVALSHA... -> 1                           admitted  2/2
        3                                            EVALSHA... -> 0      refused   2/2
        4  ZREM slots A1 -> 1                                             released  1/2
        5                       ZREM slots B1 -> 1                        released  0/2
    "#]],
    );
}

#[test]
fn a_crash_and_a_clock_move_have_rows_of_their_own() {
    check_table(
        &about(2, 1),
        &naive(2, 1, "A A !A + B A"),
        &expect![[r#"
        #  A                     B                           held
        1  ZCARD slots -> 0                                  0/1
        2  ZADD slots 0 A1 -> 1                    admitted  1/1
        3  (crashed)                                         0/1
        4  -- clock +30s --                                  0/1
        5                        ZCARD slots -> 1  refused   0/1
        6  (passed)                                          0/1
    "#]],
    );
}

#[test]
fn twelve_clients_share_one_column() {
    let turns = "A B C D E F G H I J K L A L";
    check_table(
        &about(12, 1),
        &naive(12, 1, turns),
        &expect![[r#"
         #  client: command                    held
         1  A: ZCARD slots -> 0                0/1
         2  B: ZCARD slots -> 0                0/1
         3  C: ZCARD slots -> 0                0/1
         4  D: ZCARD slots -> 0                0/1
         5  E: ZCARD slots -> 0                0/1
         6  F: ZCARD slots -> 0                0/1
         7  G: ZCARD slots -> 0                0/1
         8  H: ZCARD slots -> 0                0/1
         9  I: ZCARD slots -> 0                0/1
        10  J: ZCARD slots -> 0                0/1
        11  K: ZCARD slots -> 0                0/1
        12  L: ZCARD slots -> 0                0/1
        13  A: ZADD slots 0 A1 -> 1  admitted  1/1
        14  L: ZADD slots 0 L1 -> 1  admitted  2/1 <- over the limit
    "#]],
    );
}

#[test]
fn only_clients_with_a_turn_have_a_lane() {
    check_table(
        &about(12, 1),
        &naive(12, 1, "B K B K"),
        &expect![[r#"
        #  B                     K                               held
        1  ZCARD slots -> 0                                      0/1
        2                        ZCARD slots -> 0                0/1
        3  ZADD slots 0 B1 -> 1                        admitted  1/1
        4                        ZADD slots 0 K1 -> 1  admitted  2/1 <- over the limit
    "#]],
    );
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
        4                                 (passed)                                 0/1

        not run on loom: it has no thread form
          last-slot/naive

        ok: 7 results, 1 not run, took 2.03 ms
    "#]],
    );
}

#[test]
fn a_stable_report_has_no_times() {
    let text = render(&full().stable(), &Options::default());
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
        see it again with:
        gatecrash replay scenarios/last-slot.toml --limiter naive --order "A B A B"
    "#]],
    );
}

#[test]
fn quiet_shows_only_failures_and_the_last_lines() {
    let options = Options { quiet: true, ..Options::default() };
    check(
        &render(&full().stable(), &options),
        &expect![[r#"
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
          model  enumerate  8 of 16 over-admit (50%), by 1  VIOLATION, not expected

        shortest counterexample, seen on model and redis: A B A B

        #  A                     B                               held
        1  ZCARD slots -> 0                                      0/1
        2                        ZCARD slots -> 0                0/1
        3  ZADD slots 0 A1 -> 1                        admitted  1/1
        4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit

        B counts the slots before A has taken one, so both find it free.
        With steps 2 and 3 exchanged there is no violation.

        failed: 1 of 2 results not as expected
        see it again with:
        gatecrash replay scenarios/last-slot.toml --limiter naive --order "A B A B"
    "#]],
    );
}

#[test]
fn big_numbers_and_foreign_text_stay_readable() {
    let peaks = BTreeMap::from([(1_000_000, 2_000_000_000), (1_000_001, 1), (1_000_002, 1)]);
    let entry = Entry {
        census: Some(Census::from_peaks(1_000_000, &peaks)),
        over_admission: Some(OverAdmission::of_peak(1_000_002, 1_000_000)),
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
        judgement: Judgement::mismatch(Some(Expected::Clean)),
        mismatches: Some(1),
        store: StoreKind::Redis,
        ..atomic_explored(None)
    };
    check_report(
        &report(vec![entry]).stable(),
        &expect![[r#"
        last-slot: Two workers take the last slot (limit 1)
        ===================================================

        atomic, all interleavings
          redis  enumerate  0 of 6 over-admit
            undecided: the server and the model differ in 1 answer

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
fn an_error_reply_is_cut_to_its_code() {
    let mut trace = atomic(2, 1, "A B");
    if let Effect::Step(step) = &mut trace.rows[0].effect {
        step.reply = Reply::Error("NOSCRIPT No matching script. Please use EVAL.".into());
        step.outcome = None;
    }
    check_table(
        &about(2, 1),
        &trace,
        &expect![[r#"
        #  A                               B                                        held
        1  EVALSHA... -> NOSCRIPT...                                                1/1
        2                                  EVALSHA a7edc1f slots... -> 0   refused  1/1
    "#]],
    );
}

#[test]
fn colour_changes_nothing_but_colour() {
    let colored = render(&full(), &Options { color: true, ..Options::default() });
    assert!(colored.contains('\u{1b}'));
    let plain = anstream::adapter::strip_str(&colored).to_string();
    assert_eq!(plain, render(&full(), &Options::default()));
}
