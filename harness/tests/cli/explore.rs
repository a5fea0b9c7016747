//! `gatecrash explore`: counts, bounds.

use serde_json::{Value, json};

use crate::support::{LAST_SLOT, Ran, arg, folder, of, ran, results};

fn explore(more: &[&str]) -> Ran {
    ran(&[&["explore", LAST_SLOT, "--json", "-"], more].concat())
}

/// Plain enumeration, where it can be had.
fn strategy(store: &str) -> &'static [&'static str] {
    if store == "loom" { &[] } else { &["--strategy", "enumerate"] }
}

fn only(document: &Value) -> &Value {
    let [result] = results(document).as_slice() else { panic!("one result is expected: {document}") };
    result
}

#[test]
fn three_clients_have_804_interleavings_on_the_model_and_on_redis() {
    let confirmed = [("model", json!(["model"])), ("redis", json!(["model", "redis"]))];
    for (store, confirmed_on) in confirmed {
        let all = ["--strategy", "enumerate", "--clients", "3", "--limiter", "naive", "--on", store];
        let document = explore(&all).exits(0).json();
        let result = only(&document);
        assert_eq!(result["interleavings"], "804");
        assert_eq!(result["violating"], "672");
        assert_eq!(result["peaks"], json!({"1": "132", "2": "456", "3": "216"}));
        assert_eq!(result["executions"], 804);
        assert_eq!(result["exhaustive"], true);
        assert_eq!(result["over_admission"]["max"], 2);
        assert_eq!(result["counterexample"]["confirmed_on"], confirmed_on);
        // The file's expectation holds in every size.
        assert_eq!(result["expected"], "violation");
        assert_eq!(result["ok"], true);
    }
}

#[test]
fn where_the_limit_is_not_below_the_clients_every_limiter_is_expected_to_be_clean() {
    for size in [&["--limit", "2"][..], &["--clients", "3", "--limit", "7"], &["--clients", "1"]] {
        let document = explore(size).exits(0).json();
        for result in results(&document) {
            assert_eq!((&result["expected"], &result["ok"]), (&json!("clean"), &json!(true)));
        }
    }
    let document = explore(&["--clients", "3", "--limit", "2", "--limiter", "naive"]).exits(0).json();
    assert_eq!(only(&document)["expected"], "violation");
}

#[test]
fn a_search_that_draws_prints_its_seed() {
    let last = |strategy: &str| {
        let drawn = ["explore", LAST_SLOT, "--limiter", "naive", "--strategy", strategy, "--seed", "7"];
        ran(&drawn).exits(0).stdout.lines().last().unwrap().to_owned()
    };
    assert!(last("pct").ends_with(", seed 7"), "{}", last("pct"));
    assert!(!last("enumerate").contains("seed"), "{}", last("enumerate"));
}

#[test]
fn the_census_counts_what_nobody_could_enumerate() {
    let eight = ["--clients", "8", "--limit", "3", "--limiter", "naive"];
    let document = explore(&eight).exits(0).json();
    let result = only(&document);
    assert_eq!((&result["engine"], &result["store"]), (&json!("census"), &json!("model")));
    assert_eq!(result["interleavings"], "117369128717568000");
    assert_eq!(result["violating"], "98284133503180800");
    assert_eq!((&result["states"], &result["exhaustive"]), (&json!(165), &json!(true)));
    assert_eq!((result.get("executions"), result.get("by_preemptions")), (None, None));
    let two = explore(&["--limiter", "naive", "--by-preemptions"]).exits(0).json();
    let result = only(&two);
    assert_eq!(result["random_walk_probability"], json!({"exact": "1/4", "value": 0.25}));
    let explanation = "B read the count before A's ZADD and A read it before B's.";
    assert_eq!(result["counterexample"]["explanation"], explanation);
    let counts = result["by_preemptions"].as_object().expect("asked for");
    let sum = |field: &str| -> u64 {
        counts.values().map(|tally| tally[field].as_str().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!((sum("interleavings"), sum("violating")), (16, 8));
    assert_eq!(counts["0"], json!({"interleavings": "2", "violating": "0"}));
}

#[test]
fn bounds_of_the_census_leave_clean_undecided() {
    let states = explore(&["--clients", "9", "--limiter", "atomic", "--max-states", "5"]).exits(2).json();
    assert_eq!(only(&states)["coverage"]["stopped_by"], "max_states");
    assert_eq!((&only(&states)["states"], &only(&states)["exhaustive"]), (&json!(5), &json!(false)));
    let few = ["--clients", "3", "--limit", "2", "--limiter", "naive", "--preemptions"];
    let missed = explore(&[&few[..], &["2"]].concat()).exits(2).json();
    assert_eq!(only(&missed)["verdict"], "undecided");
    assert_eq!(only(&missed)["coverage"]["stopped_by"], "preemptions");
    let found = explore(&[&few[..], &["3", "--expect", "violation"]].concat()).exits(0).json();
    assert_eq!((&only(&found)["verdict"], &only(&found)["exhaustive"]), (&json!("violation"), &json!(false)));
}

#[test]
fn a_counterexample_can_be_saved_and_run() {
    let folder = folder(&[]);
    let file = arg(folder.path().join("found.toml"));
    explore(&["--clients", "3", "--limit", "2", "--expect", "naive=violation", "--save", &file]).exits(0);
    let document = ran(&["run", &file, "--on", "model", "--json", "-"]).exits(0).json();
    assert_eq!(only(&document)["order"], "A A B C C B");
    assert_eq!(only(&document)["ok"], true);
    explore(&["--save", "/nonexistent/folder/found.toml"]).exits(64);
}

#[test]
fn the_counterexample_can_be_replayed() {
    let document = explore(&["--clients", "3", "--limiter", "naive", "--stable"]).json();
    let counterexample = &only(&document)["counterexample"];
    assert_eq!(counterexample["order"], "A B B A");
    assert_eq!(counterexample["critical_pair"], json!([0, 2]));
    let command = counterexample["reproduce"].as_str().unwrap();
    let text = "gatecrash replay scenarios/last-slot.toml --limiter naive --clients 3 --expect violation \
                --order \"A B B A\"";
    assert_eq!(command, text);
}

#[test]
fn the_file_has_the_expectation_and_the_command_line_the_last_word() {
    let document = explore(&[]).exits(0).json();
    assert!(results(&document).iter().all(|result| result["ok"] == true));
    explore(&["--expect", "violation"]).exits(1);
    explore(&["--expect", "atomic=violation"]).exits(1);
    explore(&["--expect", "clean", "--limiter", "naive"]).exits(1);
    explore(&["--clients", "3", "--expect", "naive=violation"]).exits(0);
}

#[test]
fn both_stores_confirm_one_another() {
    let document = explore(&["--on", "all", "--limiter", "naive"]).exits(0).json();
    let stores: Vec<_> = results(&document).iter().map(|result| &result["store"]).collect();
    assert_eq!(stores, ["model", "redis", "loom"]);
    for result in &results(&document)[..2] {
        assert_eq!(result["counterexample"]["confirmed_on"], json!(["model", "redis"]));
    }
}

#[test]
fn a_bound_leaves_clean_undecided() {
    for store in ["model", "redis", "loom"] {
        let one = ["--limiter", "atomic", "--max-executions", "1", "--on", store];
        let document = explore(&[&one[..], strategy(store)].concat()).exits(2).json();
        let result = only(&document);
        assert_eq!(result["verdict"], "undecided");
        assert_eq!(result["exhaustive"], false);
        assert_eq!(result["executions"], 1);
        assert_eq!(result["violating_executions"], 0);
        assert_eq!(result["coverage"]["stopped_by"], "max_executions");
        for absent in ["interleavings", "violating", "peaks", "ok", "counterexample"] {
            assert_eq!(result.get(absent), None, "{absent}");
        }
        assert_eq!(document["verdict"], "undecided");
    }
}

/// There are 4 interleavings of two atomic clients: a bound of 4 does not stop anything, one of 3 does.
#[test]
fn a_bound_that_is_not_reached_is_none() {
    for store in ["model", "redis"] {
        let bounded = |max| {
            let bound = ["--limiter", "atomic", "--on", store, "--max-executions", max];
            explore(&[&bound[..], strategy(store)].concat())
        };
        assert_eq!(only(&bounded("4").exits(0).json())["interleavings"], "4");
        assert_eq!(only(&bounded("3").exits(2).json())["executions"], 3);
    }
}

#[test]
fn a_violation_found_before_the_bound_stays() {
    for (store, max) in [("model", "15"), ("redis", "15"), ("loom", "26")] {
        let bound = ["--limiter", "naive", "--max-executions", max, "--on", store];
        let document = explore(&[&bound[..], strategy(store)].concat()).exits(0).json();
        let result = only(&document);
        assert_eq!(result["verdict"], "violation");
        assert_eq!(result["ok"], true);
        assert_eq!(result["exhaustive"], false);
        assert_eq!(result["coverage"]["stopped_by"], "max_executions");
        assert_eq!(result.get("interleavings"), None);
        assert!(result["violating_executions"].as_u64() > Some(0));
        assert_eq!(result["counterexample"]["order"].as_str().map(str::len), Some("A B B A".len()));
    }
}

#[test]
fn a_timeout_leaves_a_big_exploration_undecided() {
    for store in ["model", "redis"] {
        let big = ["--clients", "8", "--limiter", "atomic", "--timeout", "1ms", "--on", store];
        let document = explore(&[&big[..], strategy(store)].concat()).exits(2).json();
        assert_eq!(only(&document)["verdict"], "undecided");
        assert_eq!(only(&document)["coverage"]["stopped_by"], "timeout");
    }
}

#[test]
fn a_timeout_leaves_loom_undecided_also_while_it_is_sized_up() {
    let document = explore(&["--limiter", "atomic", "--timeout", "1us", "--on", "loom"]).exits(2).json();
    assert_eq!(only(&document)["store"], "loom");
    assert_eq!(only(&document)["coverage"]["stopped_by"], "timeout");
}

#[test]
fn what_does_not_fit_loom_is_not_run() {
    let document = explore(&["--limiter", "atomic", "--clients", "5", "--on", "loom"]).exits(2).json();
    assert!(results(&document).is_empty());
    assert_eq!(document["not_run"][0]["store"], "loom");
    assert_eq!(document["not_run"][0]["limiter"], "atomic");
}

#[test]
fn workers_of_another_number_are_named_as_workers_are() {
    let file = r#"
title = "t"
why = "w"
limit = 1
limiters = ["naive"]
[clients]
first = ["acquire"]
second = ["acquire"]
"#;
    let folder = folder(&[("named.toml", file)]);
    let file = arg(folder.path().join("named.toml"));
    let order = |more: &[&str]| {
        let document = ran(&[&["explore", &file, "--json", "-"], more].concat()).exits(1).json();
        of(&document, "naive")[0]["counterexample"]["order"].as_str().unwrap().to_owned()
    };
    assert_eq!(order(&[]), "first second second first");
    assert_eq!(order(&["--clients", "2"]), "A B B A");
}

#[test]
fn any_number_of_clients_is_decided_at_once() {
    let document = explore(&["--clients", "any", "--limit", "64"]).exits(0).json();
    let [naive, atomic] = results(&document).as_slice() else { panic!("two results are expected") };
    for result in [naive, atomic] {
        assert_eq!((&result["engine"], &result["store"]), (&json!("any-number"), &json!("model")));
        assert_eq!(result["exhaustive"], true);
    }
    assert_eq!((&atomic["verdict"], &atomic["nodes"]), (&json!("clean"), &json!(130)));
    assert_eq!(naive["verdict"], "violation");
    // As few clients as have a violation.
    let order = naive["counterexample"]["order"].as_str().unwrap();
    assert_eq!(order.split(' ').count(), 130);
    assert!(naive["counterexample"]["reproduce"].as_str().unwrap().contains(" --clients 65 "), "{naive}");
    explore(&["--clients", "any", "--on", "redis"]).exits(64);
    explore(&["--clients", "any", "--strategy", "dpor"]).exits(64);
    ran(&["replay", LAST_SLOT, "--limiter", "naive", "--order", "A", "--clients", "any"]).exits(64);
}

#[test]
fn a_server_certifies_the_census() {
    for (what, certify) in [("pairs", &[][..]), ("edges", &["--certify", "edges"])] {
        let eight = ["--clients", "8", "--limit", "3", "--on", "redis", "--expect", "naive=violation"];
        let document = explore(&[&eight[..], certify].concat()).exits(0).json();
        for result in results(&document) {
            assert_eq!((&result["engine"], &result["store"]), (&json!("certify"), &json!("redis")));
            assert_eq!((&result["mismatches"], &result["exhaustive"]), (&json!(0), &json!(true)));
            assert_eq!(result["cases"]["asked"], result["cases"]["of"]);
        }
        let naive = &results(&document)[0];
        assert_eq!((&naive["pairs"], &naive["edges"]), (&json!(24), &json!(360)), "{what}");
        assert_eq!(naive["verdict"], "violation");
        assert_eq!(naive["counterexample"]["confirmed_on"], json!(["model", "redis"]));
    }
}

/// A violation of the model's that the server was not asked about is no finding on the server, expected or not.
#[test]
fn a_certification_that_was_stopped_is_undecided_and_claims_nothing() {
    let naive = ["--limiter", "naive", "--on", "redis", "--expect", "violation"];
    let reached = ["--clients", "8", "--limit", "3", "--max-states", "60"];
    let in_time =
        ["--clients", "200", "--limit", "90", "--certify", "edges", "--timeout", "300ms", "--threads", "1"];
    for (stopped, by) in [(&reached[..], "max_states"), (&in_time[..], "timeout")] {
        let document = explore(&[&naive[..], stopped].concat()).exits(2).json();
        let result = only(&document);
        assert_eq!((&result["engine"], &result["verdict"]), (&json!("certify"), &json!("undecided")));
        assert_eq!((&result["exhaustive"], &result["coverage"]["stopped_by"]), (&json!(false), &json!(by)));
        assert!(result["cases"]["asked"].as_u64() <= result["cases"]["of"].as_u64(), "{result}");
        for claim in ["ok", "counterexample", "over_admission", "interleavings"] {
            assert_eq!(result.get(claim), None, "{claim}");
        }
        let text = ran(&[&["explore", LAST_SLOT], &naive[..], stopped].concat()).exits(2).stdout;
        assert!(text.contains(" cases asked") && !text.contains("as expected"), "{text}");
        assert!(!text.contains("every interleaving of them goes there"), "{text}");
    }
    let whole = ["--clients", "8", "--limit", "3"];
    let text = ran(&[&["explore", LAST_SLOT], &naive[..], &whole[..]].concat()).exits(0).stdout;
    assert!(text.contains("24 pairs stand for 360 edges, 144 cases asked"), "{text}");
    assert!(text.contains("every interleaving of them"), "{text}");
}

#[test]
fn one_execution_of_each_trace_class() {
    for store in ["model", "redis"] {
        let three = ["--strategy", "dpor", "--clients", "3", "--limiter", "naive", "--on", store];
        let document = explore(&three).exits(0).json();
        let result = only(&document);
        assert_eq!((&result["engine"], &result["store"]), (&json!("dpor"), &json!(store)));
        assert_eq!((&result["classes"], &result["executions"]), (&json!(103), &json!(103)));
        assert_eq!((&result["over_admission"]["max"], result.get("interleavings")), (&json!(2), None));
    }
}

#[test]
fn a_sample_is_a_violation_or_undecided() {
    for strategy in ["random", "pct", "pos", "urw", "uniform"] {
        for store in ["model", "redis"] {
            let sample = |limiter: &str, more: &[&str]| {
                let some = ["--strategy", strategy, "--executions", "400", "--seed", "7", "--stable"];
                explore(&[&some[..], &["--on", store, "--limiter", limiter], more].concat())
            };
            let naive = sample("naive", &[]).exits(0);
            let document = naive.json();
            let result = only(&document);
            assert_eq!((&result["engine"], &result["strategy"]), (&json!("sample"), &json!(strategy)));
            assert_eq!((&result["executions"], &result["verdict"]), (&json!(400), &json!("violation")));
            assert!(result["violating_executions"].as_u64() > Some(0), "{result}");
            assert_eq!(naive.stdout, sample("naive", &["--threads", "2"]).stdout);
            // None that was drawn is never "clean", and a violation that did not come is no failure.
            let atomic = sample("atomic", &[]).exits(2).json();
            assert_eq!((&only(&atomic)["verdict"], only(&atomic).get("ok")), (&json!("undecided"), None));
            sample("atomic", &["--expect", "violation"]).exits(2);
        }
    }
}

#[test]
fn samplers_stand_beside_the_exact_odds() {
    let all = explore(&["--compare-samplers", "--executions", "2000", "--limiter", "naive"]).exits(0).json();
    let strategies: Vec<_> = results(&all).iter().map(|result| &result["strategy"]).collect();
    assert_eq!(strategies, ["random", "pct", "pos", "urw", "uniform"]);
    for (place, exact) in [(0, 0.25), (4, 0.5)] {
        let estimate = &results(&all)[place]["estimate"];
        assert_eq!(estimate["exact_share"], exact);
        let interval = [&estimate["share_interval"][0], &estimate["share_interval"][1]];
        let [low, high] = interval.map(|end| end.as_f64().unwrap());
        assert!((low - 0.02..high + 0.02).contains(&exact), "{estimate}");
    }
    explore(&["--compare-samplers", "--strategy", "random"]).exits(64);
}

#[test]
fn options_that_would_have_no_effect_are_refused() {
    let refused: [&[&str]; 6] = [
        &["--strategy", "enumerate", "--preemptions", "2"],
        &["--strategy", "dpor", "--by-preemptions"],
        &["--clients", "any", "--by-preemptions"],
        &["--executions", "5"],
        &["--strategy", "census", "--executions", "5"],
        &["--strategy", "random", "--certify", "edges"],
    ];
    for options in refused {
        let ran = explore(options).exits(64);
        assert!(ran.stderr.contains("only"), "{}", ran.stderr);
    }
}

#[test]
fn output_does_not_depend_on_threads_or_on_the_run() {
    for strategy in ["census", "enumerate", "dpor", "random"] {
        let run = |threads: &str| {
            let some = ["--strategy", strategy, "--clients", "3", "--stable"];
            explore(&[&some[..], &["--threads", threads]].concat()).stdout
        };
        assert_eq!(run("1"), run("1"), "{strategy}");
        assert_eq!(run("1"), run("4"), "{strategy}");
    }
}

const LEAK: &str = r#"
    title = "t"
    why = "t"
    limit = 1
    limiters = ["atomic"]
    properties = ["leak"]
    [clients]
    A = ["acquire", "release"]
    B = ["acquire", "release"]
    [[schedule]]
    name = "A dies"
    order = "A* A!crash +3600s B*"
    expect = { atomic = "violation" }
    [[schedule]]
    name = "nobody dies"
    order = "A* B*"
    expect = { atomic = "clean" }
    [explore]
"#;

/// An engine that does not judge what the file asks for calls nothing clean.
#[test]
fn a_leak_is_judged_where_the_file_asks_for_it() {
    let folder = folder(&[("leak.toml", LEAK)]);
    let file = arg(folder.path().join("leak.toml"));
    let document = ran(&["run", &file, "--json", "-"]).exits(0).json();
    let schedules: Vec<_> = results(&document)
        .iter()
        .map(|result| (&result["engine"], &result["store"], &result["verdict"], &result["leak"]["permits"]))
        .collect();
    let schedule = json!("schedule");
    let [model, redis, violation, clean] = ["model", "redis", "violation", "clean"].map(Value::from);
    let (none, one) = (json!(0), json!(1));
    assert_eq!(
        schedules,
        [
            (&schedule, &model, &violation, &one),
            (&schedule, &redis, &violation, &one),
            (&schedule, &model, &clean, &none),
            (&schedule, &redis, &clean, &none),
        ]
    );
    let not_run: Vec<_> =
        document["not_run"].as_array().unwrap().iter().map(|not_run| &not_run["reason"]).collect();
    assert_eq!(not_run[0], "census does not judge `leak`, only schedules do");
    assert_eq!(not_run.len(), 3, "{not_run:?}");
    ran(&["explore", &file]).exits(2);
}
