//! The report as Markdown, its diagrams, and its bound.

use expect_test::expect;
use gatecrash::base::count::Count;
use gatecrash::report::{
    Engine, Entry, EnumerateEvidence, Enumerated, Evidence, Judgement, NotRun, Report, ScheduleEvidence,
    StoreKind, Verdict, markdown,
};
use gatecrash::world::scenario::Expected;

use crate::fixtures::{
    about, atomic_explored, entry, found_and_stopped, full, naive, naive_explored, report, stopped,
};
use crate::loads;

/// The first diagram.
fn diagram(report: &Report) -> String {
    let text = markdown::render(report);
    let (_, after) = text.split_once("```mermaid\n").expect("there is a diagram");
    after.split_once("```").expect("it ends").0.to_owned()
}

fn failing(entry: Entry) -> Entry {
    Entry { judgement: Judgement::new(Verdict::Violation, Some(Expected::Clean)), ..entry }
}

#[test]
fn a_stopped_search_says_so_beside_its_violation() {
    let row = |entry| {
        let text = markdown::render(&report(vec![entry]));
        text.lines().find(|line| line.starts_with("| `last-slot`")).expect("it is in the table").to_owned()
    };
    let stopped =
        "| violation, as expected; stopped by --max-executions after 1,000 of 1,680 interleavings |";
    assert!(row(found_and_stopped()).ends_with(stopped));
    let whole = row(naive_explored(StoreKind::Model, Some(Expected::Violation)));
    assert!(whole.ends_with("| violation, as expected |"), "{whole}");
}

#[test]
fn a_failure_has_its_diagram_its_steps_and_its_command() {
    let mut report = report(vec![
        naive_explored(StoreKind::Model, Some(Expected::Clean)),
        naive_explored(StoreKind::Redis, Some(Expected::Clean)),
        atomic_explored(Some(Expected::Clean)),
        stopped(),
    ]);
    report.not_run = full().not_run;
    report.not_run.push(NotRun::no_server("last-slot", None, "no redis-server in PATH"));
    expect![[r###"
        ## gatecrash: **failed**

        2 of 4 results not as expected, 1 undecided, 1 not run for want of a server, 1 not run; seed 7.

        Reproduce with:

        ```sh
        gatecrash replay scenarios/last-slot.toml --limiter naive --order "A B A B"
        ```

        | scenario | limiter | store | engine | | verdict |
        | --- | --- | --- | --- | --- | --- |
        | `last-slot` | `naive` | model | enumerate | 8 of 16 over-admit (50%), by 1 | **VIOLATION, not expected** |
        | `last-slot` | `naive` | redis | enumerate | 8 of 16 over-admit (50%), by 1 | **VIOLATION, not expected** |
        | `last-slot` | `atomic` | model | enumerate | 0 of 6 over-admit | clean, as expected |
        | `last-slot` | `atomic` | model | enumerate | 0 of 1,000 executions over-admit | **undecided: stopped by --max-executions after 1,000 of 1,680 interleavings** |

        ### `last-slot`: `naive` on model by enumerate: VIOLATION, not expected

        ```mermaid
        sequenceDiagram
            participant client0 as A
            participant client1 as B
            participant redis
            autonumber 1
            client0->>redis: ZCARD slots -#62; 0
            rect rgba(255, 165, 0, 0.2)
            client1->>redis: ZCARD slots -#62; 0
            client0->>redis: ZADD slots 0 A1 -#62; 1, admitted
            Note over client1,client0: steps 2 and 3 exchanged#58; no violation
            end
            client1->>redis: ZADD slots 0 B1 -#62; 1, admitted
            Note over client1: over the limit#58; 2 of 1 held
        ```

        ```text
        shortest counterexample, seen on model and redis: A B A B

        #  A                     B                               held
        1  ZCARD slots -> 0                                      0/1
        2                        ZCARD slots -> 0                0/1
        3  ZADD slots 0 A1 -> 1                        admitted  1/1
        4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit

        B counts the slots before A has taken one, so both find it free.
        With steps 2 and 3 exchanged there is no violation.
        ```

        ```sh
        gatecrash replay scenarios/last-slot.toml --limiter naive --order "A B A B"
        ```

        ### Not run

        - 1 not run on loom: it has no thread form
        - 1 not run on redis: no redis-server in PATH

    "###]].assert_eq(&markdown::render(&report.stable()));
}

#[test]
fn what_was_expected_is_folded() {
    let text = markdown::render(&full().stable());
    assert!(text.starts_with("## gatecrash: ok\n"), "{text}");
    let title = "<details><summary>violation, as expected, last-slot: naive on model by enumerate</summary>";
    assert_eq!(text.matches(title).count(), 1, "{text}");
    // The same steps on the server are not shown again.
    assert_eq!(text.matches("```mermaid").count(), 1, "{text}");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}

#[test]
fn loads_are_shown_in_tables() {
    let corrected = || Some([("acquire".to_owned(), loads::summary(900_000))].into());
    let open = loads::with(loads::atomic(1.0), |found| found.load.latency_corrected_ns = corrected());
    let open = Entry { limiter: "open".into(), ..open };
    let report = loads::report(vec![loads::naive(), loads::atomic(1.0), open]);
    expect![[r#"
        ## gatecrash: ok

        3 results, took 30.0 s; seed 7.

        | scenario | limiter | store | engine | | verdict |
        | --- | --- | --- | --- | --- | --- |
        | `load` | `naive` | redis | load | over-admits 412 times, by up to 7 | violation, as expected |
        | `load` | `atomic` | redis | load | stays within the limit | clean, as expected |
        | `load` | `open` | redis | load | stays within the limit | clean, as expected |

        | load | clients | attempts | admitted | refused | failed | over-admissions | fairness |
        | --- | --: | --: | --: | --: | --: | --: | --: |
        | `naive` | 50 (limit 5) | 120,000 | 30,000 (25%) | 90,000 | 0 | 412 (by 7) | 0.999 |
        | `atomic` | 50 (limit 50) | 120,000 | 120,000 (100%) | 0 | 0 | 0 | 0.999 |
        | `open` | 50 (limit 50) | 120,000 | 120,000 (100%) | 0 | 0 | 0 | 0.999 |

        | load | throughput | acquire p50 | p99 | corrected p99 | release p50 | p99 | corrected p99 |
        | --- | --: | --: | --: | --: | --: | --: | --: |
        | `naive` | 48,000/s | 210 us | 630 us |  | 150 us | 450 us |  |
        | `atomic` | 48,000/s | 210 us | 630 us |  | 150 us | 450 us |  |
        | `open` | 48,000/s | 210 us | 630 us | 2.70 ms | 150 us | 450 us |  |

    "#]]
    .assert_eq(&markdown::render(&report));
    assert!(!markdown::render(&report.stable()).contains("throughput"));
}

#[test]
fn clocks_crashes_and_passed_turns_are_notes_and_numbers_stay_right() {
    let schedule = Evidence::Schedule(ScheduleEvidence::default());
    let steps = Entry {
        trace: Some(naive(2, 1, "A A + !A B A B")),
        ..entry("naive", StoreKind::Model, schedule, Verdict::Violation, Some(Expected::Clean))
    };
    expect![[r#"
        sequenceDiagram
            participant client0 as A
            participant client1 as B
            participant redis
            autonumber 1
            client0->>redis: ZCARD slots -#62; 0
            client0->>redis: ZADD slots 0 A1 -#62; 1, admitted
            Note over redis: 3#58; -- clock #43;30s --
            Note over client0: 4#58; crashed
            autonumber 5
            client1->>redis: ZCARD slots -#62; 1, refused
            Note over client0: 6#58; skipped#58; A has finished
            Note over client1: 7#58; skipped#58; B has finished
    "#]]
    .assert_eq(&diagram(&report(vec![steps])));
}

#[test]
fn names_that_mean_something_to_mermaid_mean_nothing() {
    let mut about = about(2, 1);
    about.clients = vec!["end".into(), "a;b->>c: <x> `#`".into()];
    let mut report = report(vec![failing(naive_explored(StoreKind::Model, None))]);
    report.scenarios = vec![about];
    let shown = diagram(&report);
    assert!(shown.contains("participant client0 as end\n"), "{shown}");
    assert!(shown.contains("participant client1 as a#59;b-#62;#62;c#5"), "{shown}");
}

#[test]
fn only_the_last_sixty_steps_are_drawn() {
    let turns: Vec<&str> = std::iter::repeat_n("+", 80).chain(["A", "B", "A", "B"]).collect();
    let mut long = failing(naive_explored(StoreKind::Model, None));
    long.trace = Some(naive(2, 1, &turns.join(" ")));
    long.counterexample.as_mut().unwrap().critical_pair = Some((1, 82));
    let shown = diagram(&report(vec![long]));
    assert!(shown.contains("Note over redis: the first 24 steps are left out\n"), "{shown}");
    assert!(shown.contains("autonumber 81\n"), "{shown}");
    assert_eq!(shown.matches("rect ").count(), 1);
    assert_eq!(shown.lines().filter(|line| line.trim() == "end").count(), 1);
    assert!(shown.contains("Note over client0: steps 2 and 83 exchanged"), "{shown}");
}

#[test]
fn a_pair_before_what_is_drawn_has_no_window() {
    let turns: Vec<&str> =
        ["A", "B"].into_iter().chain(std::iter::repeat_n("+", 80)).chain(["A", "B"]).collect();
    let mut long = failing(naive_explored(StoreKind::Model, None));
    long.trace = Some(naive(2, 1, &turns.join(" ")));
    long.counterexample.as_mut().unwrap().critical_pair = Some((0, 1));
    let shown = diagram(&report(vec![long]));
    assert!(!shown.contains("rect ") && !shown.contains("exchanged"), "{shown}");
}

#[test]
fn foreign_text_does_nothing() {
    let clean = Some(Expected::Clean);
    let evil = Entry {
        scenario: "<script>|".into(),
        limiter: "``` \n# x".into(),
        rerun: Some("gatecrash ```\n</details>".into()),
        notes: vec!["<b>*bold*".into()],
        ..entry("x", StoreKind::Model, Evidence::Void(Engine::Sample), Verdict::Violation, clean)
    };
    let text = markdown::render(&report(vec![evil]));
    assert!(!text.contains("<script>") && !text.contains("\n# x") && !text.contains("<b>"), "{text}");
    assert!(text.contains("````sh\ngatecrash ``` </details>\n````\n"), "{text}");
}

#[test]
fn a_summary_stays_below_what_github_takes() {
    let many = |number: u32| {
        let mut one = failing(naive_explored(StoreKind::Model, None));
        one.limiter = format!("limiter{number}");
        one.notes = vec!["x".repeat(5_000)];
        one
    };
    let text = markdown::render(&report((0..400).map(many).collect()));
    assert!(text.len() <= 900 << 10 && text.len() > 800 << 10, "{}", text.len());
    assert!(text.contains("200 more results not in the table."));
    let last = text.lines().last().unwrap();
    assert!(last.ends_with("left out**: a summary of more than 900 KiB is not shown."), "{last}");
    // Every fence is closed.
    assert_eq!(text.lines().filter(|line| line.starts_with("```")).count() % 2, 0);
}

#[test]
fn a_census_of_any_size_fits_its_cell() {
    let mut large = naive_explored(StoreKind::Model, Some(Expected::Violation));
    let Evidence::Enumerate(EnumerateEvidence { counted: Enumerated::All(counts), .. }) = &mut large.evidence
    else {
        panic!("all were counted")
    };
    counts.interleavings = Count::from(u128::MAX);
    assert!(markdown::render(&report(vec![large])).contains(" of 3.402e38 over-admit"));
}
