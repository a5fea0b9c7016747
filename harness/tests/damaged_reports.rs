//! Reports of shards and files of `--resume` with damage in any place: an error that says where, or a result; never a
//! panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

use std::path::Path;

use gatecrash::base::share::Share;
use gatecrash::campaign::combine::{ReportFile, combine};
use gatecrash::campaign::journal::Journal;
use gatecrash::campaign::{ExploreJob, Job, Redis, Request, Search, Stores, Strategy};
use gatecrash::explore::sample::Sampler;
use gatecrash::report::shard::Shard;
use gatecrash::report::{Invocation, annotations, json, junit, markdown, text};
use gatecrash::world::scenario::{Size, Source};
use proptest::prelude::*;
use serde_json::{Value, json};

const SCENARIO: &str = r#"
title = "Two workers"
why = "a test"
limit = 1
limiters = ["naive", "atomic"]
workers = { count = 2, program = ["acquire", "release"] }
[[schedule]]
name = "both look before either acts"
order = "A B A B"
expect = { naive = "violation" }
[explore]
"#;

fn model() -> Stores {
    Stores { model: true, redis: Redis::Unwanted, loom: false }
}

fn request(job: Job) -> Request {
    let scenario = Source { path: "two.toml".into(), text: SCENARIO.into() };
    Request::new(job, vec![scenario], &model())
}

/// The same for an engine that is spread over shards, for one that is not, and for whole scenarios.
fn requests() -> [Request; 4] {
    let explore = |strategy| {
        let search = Search { strategy, executions: 20, ..Search::default() };
        let (limiters, size) = (vec!["naive".to_owned()], Size::default());
        request(Job::Explore(ExploreJob { limiters, size, search }))
    };
    let spread = [Strategy::Enumerate, Strategy::Sample(Sampler::Pos)].map(explore);
    let [enumerate, sample] = spread;
    [enumerate, sample, explore(Strategy::AnyNumber), request(Job::Run)]
}

fn shard(request: &Request, share: Share) -> ReportFile {
    let asked = serde_json::to_value(request).unwrap();
    let mut campaign = request.campaign(model());
    campaign.take_share(Shard::new(share, request.fingerprint().unwrap(), asked));
    request.carry_out(&mut campaign).unwrap();
    ReportFile { name: share.to_string(), text: json::render(&campaign.report()).unwrap() }
}

fn shards(request: &Request) -> Vec<ReportFile> {
    [1, 2].map(|index| shard(request, Share::new(index, 2).unwrap())).into()
}

/// Every value in it, by its path.
fn places(value: &Value, path: String, all: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                places(item, format!("{path}/{i}"), all);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        _ => {}
    }
    all.push(path);
}

/// Puts something else in one of its places.
fn damage(value: &mut Value, place: usize, with: &Value) {
    let mut all = Vec::new();
    places(value, String::new(), &mut all);
    *value.pointer_mut(&all[place % all.len()]).unwrap() = with.clone();
}

fn other_values() -> impl proptest::strategy::Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(0)),
        Just(json!(1)),
        Just(json!(u64::MAX)),
        Just(json!(-1)),
        Just(json!(0.5)),
        Just(json!("")),
        Just(json!("A")),
        Just(json!("A B A B A* Z +99999999s A!crash")),
        Just(json!("loom")),
        Just(json!([])),
        Just(json!([0, 7])),
        Just(json!({})),
        Just(json!({"1": 18_446_744_073_709_551_615_u64, "2": 1})),
    ]
}

#[test]
fn a_pair_of_steps_that_there_are_not_is_refused() {
    let mut refused = 0;
    let pairs = [json!([u64::MAX, 2]), json!([2, 1]), json!([0, 1000])];
    for (pair, request) in pairs.iter().flat_map(|pair| requests().map(|request| (pair, request))) {
        for document in 0..2 {
            let mut documents = shards(&request);
            let mut value: Value = serde_json::from_str(&documents[document].text).unwrap();
            let results = value["results"].as_array_mut().unwrap();
            let Some(found) = results.iter_mut().find_map(|result| result.get_mut("counterexample")) else {
                continue;
            };
            found["critical_pair"] = pair.clone();
            documents[document].text = value.to_string();
            let error = combine(&documents, Invocation::default()).unwrap_err().to_string();
            assert!(error.contains("are no pair of its steps"), "{error}");
            refused += 1;
        }
    }
    assert!(refused >= 3, "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_reports_are_refused_or_merged(
        which in 0..4_usize,
        damages in prop::collection::vec((0..2_usize, any::<usize>(), other_values()), 1..4),
    ) {
        let mut documents = shards(&requests()[which]);
        for (document, place, with) in &damages {
            let text = &mut documents[*document].text;
            let mut value: Value = serde_json::from_str(text).unwrap();
            damage(&mut value, *place, with);
            *text = value.to_string();
        }
        match combine(&documents, Invocation::default()) {
            Ok(report) => {
                prop_assert!(json::render(&report).is_ok() && junit::render(&report).is_ok());
                prop_assert!(text::render(&report, &text::TextOptions::default()).ends_with('\n'));
                prop_assert!(markdown::render(&report).ends_with('\n'));
                let _ = annotations::render(&annotations::of_report(&report));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn torn_reports_are_refused(cut in any::<prop::sample::Index>(), noise in "\\PC{0,3}") {
        let mut documents = shards(&requests()[0]);
        let text = &mut documents[0].text;
        let at = (0..=cut.index(text.len() - 2)).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        text.truncate(at);
        text.push_str(&noise);
        let error = combine(&documents, Invocation::default()).unwrap_err().to_string();
        prop_assert!(error.starts_with("1/2:"), "{}", error);
    }

    #[test]
    fn damaged_journals_are_refused_or_gone_on_with(
        which in 0..4_usize,
        damages in prop::collection::vec((any::<usize>(), any::<usize>(), other_values()), 1..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (path, request) = (folder.path().join("journal"), &requests()[which]);
        go_on(&path, request).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for (line, place, with) in &damages {
            let line = line % lines.len();
            damage(&mut lines[line], *place, with);
        }
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        if let Err(error) = go_on(&path, request) {
            prop_assert!(error.contains("journal"), "{}", error);
        }
    }
}

/// Runs a campaign with what its journal knows.
fn go_on(path: &Path, request: &Request) -> Result<String, String> {
    let (journal, known) = Journal::open(path, request, None).map_err(|error| error.to_string())?;
    let mut campaign = request.campaign(model());
    (campaign.journal, campaign.known) = (Some(journal), known);
    request.carry_out(&mut campaign).map_err(|error| error.to_string())?;
    Ok(json::render(&campaign.report().stable()).unwrap())
}

#[test]
fn sound_ones_come_to_the_whole() {
    for request in requests() {
        let mut campaign = request.campaign(model());
        request.carry_out(&mut campaign).unwrap();
        let whole = json::render(&campaign.report().stable()).unwrap();
        let merged = combine(&shards(&request), Invocation::default()).unwrap();
        assert_eq!(json::render(&merged.stable()).unwrap(), whole);
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            assert_eq!(go_on(&folder.path().join("journal"), &request).unwrap(), whole);
        }
    }
}
