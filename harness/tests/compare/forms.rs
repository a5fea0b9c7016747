//! How a comparison is shown.

use expect_test::expect;
use gatecrash::load::compare::{Comparison, ComparisonOptions, SCHEMA, json, markdown, text};
use gatecrash::report::{Entry, Judgement, Verdict};
use gatecrash::world::scenario::Expected;
use serde_json::Value;

use crate::loads::{self, atomic, crowded, naive};
use crate::{compared, with};

pub(crate) fn problems(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).unwrap();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Everything that can be said at once.
fn much() -> Comparison {
    let broken = Entry {
        limiter: "broken".into(),
        judgement: Judgement::new(Verdict::Violation, Some(Expected::Clean)),
        ..loads::with(atomic(1.2), |found| found.over_admission = Some(crowded(2)))
    };
    let few = loads::with(atomic(1.0), |found| found.load.blocks.truncate(3));
    let named = |entry: Entry, name: &str| Entry { limiter: name.into(), ..entry };
    let base = vec![
        atomic(1.0),
        naive(),
        named(atomic(1.0), "broken"),
        named(atomic(1.0), "few"),
        named(atomic(1.0), "gone"),
    ];
    let more = loads::with(naive(), |found| found.over_admission = Some(crowded(9)));
    with(
        ComparisonOptions { seed: 3, tolerance: 0.05 },
        base,
        vec![broken, more, atomic(1.03), named(few, "few")],
    )
}

#[test]
fn the_terminal_shows_each_limiter_and_the_verdict() {
    let text = text::render(&much(), text::ComparisonTextOptions::default());
    expect![[r#"
        ci/baseline.json -> load.json

        broken: 50 clients, limit 50, hold 0s, closed loop
          admitted 100% -> 100%
          regression: expectation: NEW failed: VIOLATION, not expected
          regression: over-admission 0 -> 2: NEW over-admits by 2, 412 times, BASE
            never did
          ok: refused although free 0 -> 0, permits gone 0 -> 0, leaked permits 0 ->
            0, failed operations 0 -> 0

                            of the floor    change  interval
          throughput    0.480x -> 0.400x    -16.7%  -22.7% to -10.1%      WORSE
          acquire p50   2.091x -> 2.510x    +20.0%  +13.0% to +27.7%      WORSE
          acquire p99   2.102x -> 2.522x    +20.0%  +12.5% to +27.7%      WORSE
          release p50   1.496x -> 1.795x    +20.0%  +15.1% to +24.3%      WORSE
          release p99   1.503x -> 1.803x    +20.0%  +15.9% to +24.2%      WORSE

        naive: 50 clients, limit 5, hold 0s, closed loop
          admitted 25% -> 25%
          ok: expectation, over-admission 7 -> 9, refused although free 0 -> 0,
            permits gone 0 -> 0, leaked permits 0 -> 0, failed operations 0 -> 0

                            of the floor    change  interval
          throughput    0.480x -> 0.480x      0.0%  -6.9% to +8.6%        unchanged
          acquire p50   2.091x -> 2.091x      0.0%  -5.7% to +6.2%        unchanged
          acquire p99   2.102x -> 2.102x      0.0%  -5.4% to +6.5%        unchanged
          release p50   1.496x -> 1.496x      0.0%  -3.9% to +3.9%        unchanged
          release p99   1.503x -> 1.503x      0.0%  -3.2% to +3.7%        unchanged

          note: over-admits by 9, in BASE 7; how often a faulty limiter fails is
            chance

        atomic: 50 clients, limit 50, hold 0s, closed loop
          admitted 100% -> 100%
          ok: expectation, over-admission 0 -> 0, refused although free 0 -> 0,
            permits gone 0 -> 0, leaked permits 0 -> 0, failed operations 0 -> 0

                            of the floor    change  interval
          throughput    0.480x -> 0.466x     -2.9%  -10.0% to +4.1%       unchanged
          acquire p50   2.091x -> 2.154x     +3.0%  -3.2% to +9.2%        unchanged
          acquire p99   2.102x -> 2.165x     +3.0%  -3.2% to +9.4%        unchanged
          release p50   1.496x -> 1.541x     +3.0%  -0.9% to +7.4%        unchanged
          release p99   1.503x -> 1.548x     +3.0%  -0.9% to +6.7%        unchanged

        few: 50 clients, limit 50, hold 0s, closed loop
          admitted 100% -> 100%
          ok: expectation, over-admission 0 -> 0, refused although free 0 -> 0,
            permits gone 0 -> 0, leaked permits 0 -> 0, failed operations 0 -> 0

                            of the floor    change  interval
          undecided: throughput: NEW has 3 blocks, and it takes 8
          undecided: acquire p50: NEW has 3 blocks, and it takes 8
          undecided: acquire p99: NEW has 3 blocks, and it takes 8
          undecided: release p50: NEW has 3 blocks, and it takes 8
          undecided: release p99: NEW has 3 blocks, and it takes 8

        gone: 50 clients, limit 50, hold 0s, closed loop
          admitted 100% -> ?

          undecided: NEW did not measure it

        All 15 intervals hold together with 95 % confidence (15,000 resamples of blocks
        each, seed 3). What is worse by at most 5% is tolerated. One that holds no
        change is undecided if its upper end is more than 2 times its lower end. They do
        not cover what differs between runs as wholes, such as another machine.

        regression: 1 of 5 limiters worse, 2 undecided
    "#]]
    .assert_eq(&text);
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    assert!(text.is_ascii());
}

#[test]
fn quiet_shows_only_what_is_not_ok() {
    let quiet = text::ComparisonTextOptions { quiet: true, ..text::ComparisonTextOptions::default() };
    let good = compared(vec![atomic(1.0)], vec![atomic(1.0)]);
    assert_eq!(text::render(&good, quiet), "ok: 1 limiter\n");
    let shown = text::render(&much(), quiet);
    assert!(shown.starts_with("broken: ") && !shown.contains("\natomic: "), "{shown}");
}

#[test]
fn colour_comes_only_when_asked_for() {
    let coloured = text::ComparisonTextOptions { color: true, ..text::ComparisonTextOptions::default() };
    assert!(text::render(&much(), coloured).contains('\u{1b}'));
    assert!(!text::render(&much(), text::ComparisonTextOptions::default()).contains('\u{1b}'));
}

#[test]
fn markdown_has_a_table_for_each_limiter() {
    expect![[r#"
        ## Comparison: **regression**

        `ci/baseline.json` -> `load.json`: 1 of 5 limiters worse, 2 undecided.

        All 15 intervals hold together with 95 % confidence (15,000 resamples of blocks each, seed 3). What is worse by at most 5% is tolerated. One that holds no change is undecided if its upper end is more than 2 times its lower end. They do not cover what differs between runs as wholes, such as another machine.

        ### `broken`: **regression**

        50 clients, limit 50, hold 0s, closed loop; admitted 100% -&gt; 100%

        | correctness | base -> new | verdict | |
        | --- | --: | --- | --- |
        | expectation |  | **regression** | NEW failed: VIOLATION, not expected |
        | over-admission | 0 -> 2 | **regression** | NEW over-admits by 2, 412 times, BASE never did |
        | refused although free | 0 -> 0 | ok |  |
        | permits gone | 0 -> 0 | ok |  |
        | leaked permits | 0 -> 0 | ok |  |
        | failed operations | 0 -> 0 | ok |  |

        | of the floor | base -> new | change | interval | verdict |
        | --- | --: | --: | --: | --- |
        | throughput | 0.480x -> 0.400x | -16.7% | -22.7% to -10.1% | **worse** |
        | acquire p50 | 2.091x -> 2.510x | +20.0% | +13.0% to +27.7% | **worse** |
        | acquire p99 | 2.102x -> 2.522x | +20.0% | +12.5% to +27.7% | **worse** |
        | release p50 | 1.496x -> 1.795x | +20.0% | +15.1% to +24.3% | **worse** |
        | release p99 | 1.503x -> 1.803x | +20.0% | +15.9% to +24.2% | **worse** |

        ### `few`: **undecided**

        50 clients, limit 50, hold 0s, closed loop; admitted 100% -&gt; 100%

        | correctness | base -> new | verdict | |
        | --- | --: | --- | --- |
        | expectation |  | ok |  |
        | over-admission | 0 -> 0 | ok |  |
        | refused although free | 0 -> 0 | ok |  |
        | permits gone | 0 -> 0 | ok |  |
        | leaked permits | 0 -> 0 | ok |  |
        | failed operations | 0 -> 0 | ok |  |

        | of the floor | base -> new | change | interval | verdict |
        | --- | --: | --: | --: | --- |
        | throughput |  |  |  | undecided: NEW has 3 blocks, and it takes 8 |
        | acquire p50 |  |  |  | undecided: NEW has 3 blocks, and it takes 8 |
        | acquire p99 |  |  |  | undecided: NEW has 3 blocks, and it takes 8 |
        | release p50 |  |  |  | undecided: NEW has 3 blocks, and it takes 8 |
        | release p99 |  |  |  | undecided: NEW has 3 blocks, and it takes 8 |

        ### `gone`: **undecided**

        50 clients, limit 50, hold 0s, closed loop; admitted 100% -&gt; ?

        - undecided: NEW did not measure it

        ### `naive`: ok

        50 clients, limit 5, hold 0s, closed loop; admitted 25% -&gt; 25%

        | correctness | base -> new | verdict | |
        | --- | --: | --- | --- |
        | expectation |  | ok |  |
        | over-admission | 7 -> 9 | ok |  |
        | refused although free | 0 -> 0 | ok |  |
        | permits gone | 0 -> 0 | ok |  |
        | leaked permits | 0 -> 0 | ok |  |
        | failed operations | 0 -> 0 | ok |  |

        | of the floor | base -> new | change | interval | verdict |
        | --- | --: | --: | --: | --- |
        | throughput | 0.480x -> 0.480x | 0.0% | -6.9% to +8.6% | unchanged |
        | acquire p50 | 2.091x -> 2.091x | 0.0% | -5.7% to +6.2% | unchanged |
        | acquire p99 | 2.102x -> 2.102x | 0.0% | -5.4% to +6.5% | unchanged |
        | release p50 | 1.496x -> 1.496x | 0.0% | -3.9% to +3.9% | unchanged |
        | release p99 | 1.503x -> 1.503x | 0.0% | -3.2% to +3.7% | unchanged |

        - over-admits by 9, in BASE 7; how often a faulty limiter fails is chance

        ### `atomic`: ok

        50 clients, limit 50, hold 0s, closed loop; admitted 100% -&gt; 100%

        | correctness | base -> new | verdict | |
        | --- | --: | --- | --- |
        | expectation |  | ok |  |
        | over-admission | 0 -> 0 | ok |  |
        | refused although free | 0 -> 0 | ok |  |
        | permits gone | 0 -> 0 | ok |  |
        | leaked permits | 0 -> 0 | ok |  |
        | failed operations | 0 -> 0 | ok |  |

        | of the floor | base -> new | change | interval | verdict |
        | --- | --: | --: | --: | --- |
        | throughput | 0.480x -> 0.466x | -2.9% | -10.0% to +4.1% | unchanged |
        | acquire p50 | 2.091x -> 2.154x | +3.0% | -3.2% to +9.2% | unchanged |
        | acquire p99 | 2.102x -> 2.165x | +3.0% | -3.2% to +9.4% | unchanged |
        | release p50 | 1.496x -> 1.541x | +3.0% | -0.9% to +7.4% | unchanged |
        | release p99 | 1.503x -> 1.548x | +3.0% | -0.9% to +6.7% | unchanged |

    "#]].assert_eq(&markdown::render(&much()));
}

#[test]
fn foreign_names_do_nothing_in_markdown() {
    let evil = || Entry { limiter: "<b>|`x`\n# a".into(), ..atomic(1.0) };
    let shown = markdown::render(&compared(vec![evil()], vec![evil()]));
    assert!(shown.contains(r"### <code>&lt;b&gt;\|\`x\` \# a</code>: ok"), "{shown}");
}

#[test]
fn documents_satisfy_the_schema() {
    let nothing = compared(Vec::new(), Vec::new());
    for comparison in [much(), nothing, compared(vec![atomic(1.0)], vec![naive()])] {
        assert_eq!(problems(&json::render(&comparison).unwrap()), [""; 0]);
    }
}

#[test]
fn the_document_is_in_the_order_of_the_contract() {
    let document = json::render(&compared(vec![atomic(1.0)], vec![atomic(1.0)])).unwrap();
    let head: Vec<&str> = document.lines().take(40).collect();
    expect![[r#"
        {
          "schema_version": 1,
          "tool": {
            "name": "gatecrash",
            "version": "0.1.0"
          },
          "seed": 0,
          "base": {
            "file": "ci/baseline.json",
            "tool": {
              "name": "gatecrash",
              "version": "0.1.0"
            }
          },
          "new": {
            "file": "load.json",
            "tool": {
              "name": "gatecrash",
              "version": "0.1.0"
            }
          },
          "confidence": 0.95,
          "tests": 5,
          "resamples": 10000,
          "tolerance": 0.0,
          "comparisons": [
            {
              "limiter": "atomic",
              "metric": "throughput",
              "blocks": [
                12,
                12
              ],
              "base": 0.480322719819484,
              "new": 0.480322719819484,
              "change": 0.0,
              "interval": [
                -0.04371208887035268,
                0.04714486724859424
              ],"#]]
    .assert_eq(&head.join("\n"));
}

#[test]
fn the_schema_refuses_what_breaks_the_contract() {
    let sound = json::render(&much()).unwrap();
    for (place, value) in [
        ("/verdict", "pass"),
        ("/comparisons/0/verdict", "undecided"),
        ("/comparisons/0/metric", "p50"),
        ("/comparisons/0/base", "0.5"),
        ("/correctness/0/property", "speed"),
    ] {
        let mut broken: Value = serde_json::from_str(&sound).unwrap();
        *broken.pointer_mut(place).unwrap() = value.into();
        assert!(!problems(&broken.to_string()).is_empty(), "{place}");
    }
}
