//! A campaign over several machines: shards and their merged report.

use std::path::Path;

use gatecrash::redis::PrivateServer;
use serde_json::{Value, json};

use crate::support::{LAST_SLOT, Ran, arg, document, folder, gatecrash, ran, results};

/// The reports of all shards in a folder, and what one run of the whole says.
struct Campaign {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Campaign {
    fn of(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().chain(&["--stable"]).map(ToString::to_string).collect();
        Self { folder: folder(&[]), arguments }
    }

    fn path(&self, name: &str) -> String {
        arg(self.folder.path().join(name))
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Runs it, and leaves its report in a file.
    fn ran(&self, more: &[&str], json: &str) -> Ran {
        let path = self.path(json);
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let junit = self.path(&format!("{json}.xml"));
        ran(&[&arguments[..], more, &["--json", &path, "--junit", &junit]].concat())
    }

    fn shard(&self, index: u32, of: u32) -> (Ran, String) {
        let name = format!("{index}-of-{of}.json");
        let ran = self.ran(&["--shard", &format!("{index}/{of}")], &name);
        (ran, name)
    }

    /// Merges files into `merged.json`.
    fn merge(&self, names: &[String]) -> Ran {
        let files: Vec<String> = names.iter().map(|name| self.path(name)).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let (json, junit) = (self.path("merged.json"), self.path("merged.json.xml"));
        ran(&[&["merge"], &files[..], &["--stable", "--json", &json, "--junit", &junit]].concat())
    }

    /// That the whole and all its shards together come to the same, in every form.
    #[track_caller]
    fn merges_to_the_whole(&self, shards: &[u32]) {
        let whole = self.ran(&[], "whole.json");
        for of in shards {
            let mut names = Vec::new();
            for index in 1..=*of {
                let (_, name) = self.shard(index, *of);
                document(&self.read(&name));
                names.push(name);
            }
            // In no particular order.
            names.reverse();
            let merged = self.merge(&names);
            assert_eq!(merged.code, whole.code, "{}", merged.stderr);
            assert_eq!(merged.stdout, whole.stdout, "{of} shards of {:?}", self.arguments);
            assert_eq!(self.read("merged.json"), self.read("whole.json"), "{of} shards");
            assert_eq!(self.read("merged.json.xml"), self.read("whole.json.xml"), "{of} shards");
        }
    }
}

#[test]
fn all_shipped_scenarios_on_the_model() {
    Campaign::of(&["run", "scenarios", "--on", "model"]).merges_to_the_whole(&[1, 2, 3, 7]);
}

#[test]
fn every_store_has_its_share() {
    Campaign::of(&["run", LAST_SLOT]).merges_to_the_whole(&[2, 3]);
}

#[test]
fn a_failing_campaign_fails_when_merged_too() {
    let campaign = Campaign::of(&["run", LAST_SLOT, "--on", "model", "--expect", "clean"]);
    campaign.merges_to_the_whole(&[2]);
    assert_eq!(document(&campaign.read("merged.json"))["verdict"], "failed");
}

#[test]
fn the_line_to_reproduce_names_the_server_that_the_shards_were_told() {
    let server = PrivateServer::start().unwrap();
    let url = server.url();
    let on = ["--on", "redis", "--redis", &url, "--expect", "clean"];
    let campaign = Campaign::of(&[&["run", LAST_SLOT][..], &on].concat());
    campaign.merges_to_the_whole(&[2]);
    let merged = campaign.merge(&["1-of-2.json", "2-of-2.json"].map(str::to_owned)).exits(1).stdout;
    assert!(merged.ends_with(&format!(" --redis {url}\n")), "{merged}");

    let load = ["load", "--limiter", "naive", "--clients", "21", "--limit", "2", "--duration", "300ms"];
    let campaign = Campaign::of(&[&load[..], &["--hold", "2ms", "--redis", &url]].concat());
    let shards = [1, 2].map(|index| campaign.shard(index, 2).1);
    let merged = campaign.merge(&shards).exits(1).stdout;
    // As it was before it was cut.
    let line = format!(
        "gatecrash load --limiter naive --clients 21 --limit 2 --duration 300ms --warmup 1s --hold 2ms \
         --redis {url}\n"
    );
    assert!(merged.ends_with(&line), "{merged}");
}

#[test]
fn one_enumeration_is_cut_into_subtrees() {
    for on in ["model", "all"] {
        let size = ["--clients", "3", "--limit", "1", "--strategy", "enumerate", "--threads", "2"];
        let campaign = Campaign::of(&[&["explore", LAST_SLOT, "--on", on][..], &size].concat());
        campaign.merges_to_the_whole(if on == "all" { &[3] } else { &[1, 2, 3, 7] });
        // Each shard has some of it, and none has all.
        for index in 1..=3 {
            let shard = document(&campaign.read(&format!("{index}-of-3.json")));
            let counts: Vec<u64> = parts(&shard).map(|part| part["executions"].as_u64().unwrap()).collect();
            assert!(counts.iter().all(|count| (1..804).contains(count)), "{counts:?}");
        }
    }
}

fn parts(shard: &Value) -> impl Iterator<Item = &Value> {
    let items = shard["shard"]["items"].as_array().unwrap();
    items.iter().filter_map(|item| item.get("part"))
}

#[test]
fn samplers_draw_the_same_whoever_draws() {
    for sampler in ["random", "pct", "pos", "urw", "uniform"] {
        let drawn = ["--strategy", sampler, "--executions", "2000", "--seed", "5"];
        let campaign = Campaign::of(&[&["explore", LAST_SLOT, "--clients", "3"][..], &drawn].concat());
        campaign.merges_to_the_whole(&[1, 2, 3, 7]);
    }
    let campaign = Campaign::of(&["explore", LAST_SLOT, "--compare-samplers", "--executions", "50"]);
    campaign.merges_to_the_whole(&[3]);
}

#[test]
fn samples_on_a_server_and_fewer_of_them_than_shards() {
    let drawn = ["--strategy", "uniform", "--executions", "3", "--on", "all"];
    Campaign::of(&[&["explore", LAST_SLOT][..], &drawn].concat()).merges_to_the_whole(&[7]);
}

#[test]
fn a_bound_on_samples_is_one_on_their_number() {
    let drawn = ["--strategy", "random", "--max-executions", "100"];
    Campaign::of(&[&["explore", LAST_SLOT][..], &drawn].concat()).merges_to_the_whole(&[3]);
}

#[test]
fn what_cannot_be_cut_falls_to_one_shard() {
    for strategy in [&["--strategy", "dpor"][..], &["--clients", "any"], &["--by-preemptions"]] {
        let campaign = Campaign::of(&[&["explore", LAST_SLOT][..], strategy].concat());
        campaign.merges_to_the_whole(&[3]);
        let shards = (1..=3).map(|index| document(&campaign.read(&format!("{index}-of-3.json"))));
        let counts: Vec<usize> = shards.map(|shard| results(&shard).len()).collect();
        assert_eq!(counts.iter().sum::<usize>(), 2, "{counts:?}");
        assert!(counts.iter().all(|count| *count < 2), "{counts:?}");
    }
}

#[test]
fn nothing_falls_to_a_shard_and_that_is_no_failure() {
    let campaign = Campaign::of(&["explore", LAST_SLOT, "--limiter", "naive"]);
    let all: Vec<_> = (1..=3).map(|index| campaign.shard(index, 3)).collect();
    let empty = all.iter().filter(|(ran, _)| ran.stdout.contains("nothing falls to it"));
    assert_eq!(empty.map(|(ran, _)| ran.code).collect::<Vec<_>>(), [Some(0), Some(0)]);
    let names: Vec<String> = all.into_iter().map(|(_, name)| name).collect();
    campaign.merge(&names).exits(0);
}

#[test]
fn nothing_was_run_by_any_shard() {
    let campaign = Campaign::of(&["run", LAST_SLOT, "--filter", "no such scenario"]);
    let names = [1, 2].map(|index| {
        let (ran, name) = campaign.shard(index, 2);
        ran.exits(0);
        name
    });
    campaign.merge(&names).exits(2);
}

#[test]
fn that_there_was_no_server_survives() {
    let folder = folder(&[]);
    let run = |more: &[&str]| {
        let arguments = [&["run", LAST_SLOT, "--stable"], more].concat();
        Ran::of(gatecrash(&arguments).env("PATH", folder.path()))
    };
    let whole = run(&["--json", "-"]).exits(2).stdout;
    let files: Vec<String> = (1..=3).map(|index| arg(folder.path().join(index.to_string()))).collect();
    for (file, shard) in files.iter().zip(["1/3", "2/3", "3/3"]) {
        run(&["--shard", shard, "--json", file]);
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let merged = ran(&[&["merge"], &files[..], &["--stable", "--json", "-"]].concat()).exits(2);
    assert_eq!(merged.stdout, whole);
    assert_eq!(document(&whole)["not_run"][0]["no_server"], true);
}

#[test]
fn a_violation_in_a_part_fails_at_once() {
    let enumerate = ["--strategy", "enumerate", "--expect", "clean", "--limiter", "naive"];
    let campaign = Campaign::of(&[&["explore", LAST_SLOT][..], &enumerate].concat());
    let (ran, name) = campaign.shard(1, 2);
    let ran = ran.exits(1);
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("4 of 8 executions over-admit, not expected: A B B A"), "{text}");
    assert_eq!(document(&campaign.read(&name))["verdict"], "failed");
    assert!(campaign.read(&format!("{name}.xml")).contains("<failure "));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let campaign = Campaign::of(&["explore", LAST_SLOT, "--strategy", "enumerate"]);
    let [one, two] = [1, 2].map(|index| campaign.shard(index, 2).1);
    let refused = |names: &[&str], why: &[&str]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        campaign.merge(&names).exits(65).complains(why);
    };
    refused(&[&one], &["shard 2/2 is missing"]);
    refused(&[&one, &two, &one], &["1-of-2.json", "shard 1/2 is there twice"]);
    campaign.shard(2, 3);
    refused(&[&one, "2-of-3.json"], &["2-of-3.json", "of 3 shards, but"]);
    campaign.ran(&["--shard", "2/2", "--seed", "1"], "seed.json");
    refused(&[&one, "seed.json"], &["seed.json", "another campaign", "the seed differs"]);
    campaign.ran(&["--shard", "2/2", "--limiter", "naive"], "naive.json");
    refused(&[&one, "naive.json"], &["naive.json", "another campaign"]);
    campaign.ran(&[], "whole.json");
    refused(&["whole.json"], &["whole.json", "not the report of a --shard"]);
    refused(&["no-such.json"], &["no-such.json", "cannot be read"]);
    for (from, to, why) in [
        ("\"version\": \"0", "\"version\": \"9", "merge with the program that ran"),
        ("\"schema_version\": 1", "\"schema_version\": 2", "version 2"),
        ("\"seed\": 0", "\"seed\": 9", "damaged"),
        ("\"violating_executions\": ", "\"violating_executions\": 1", "do not add up"),
        ("\"order\": \"", "\"order\": \"A A ", "does not end with a violation"),
        ("\"tool\"", "tool", "broken.json:3:3: "),
    ] {
        let text = campaign.read(&two).replace(from, to);
        assert_ne!(text, campaign.read(&two), "{from}");
        std::fs::write(campaign.folder.path().join("broken.json"), text).unwrap();
        refused(&[&one, "broken.json"], &["broken.json", why]);
    }
    campaign.merge(&[one, two]).exits(0);
}

#[test]
fn a_shard_that_did_not_come_to_its_end() {
    let campaign = Campaign::of(&["explore", LAST_SLOT, "--strategy", "enumerate"]);
    let [one, two] = [1, 2].map(|index| campaign.shard(index, 2).1);
    let mut cut = document(&campaign.read(&two));
    cut["shard"]["items"].as_array_mut().unwrap().pop();
    let write = |value: &Value| std::fs::write(campaign.path("cut.json"), value.to_string()).unwrap();
    let cut_json = || "cut.json".to_owned();
    write(&cut);
    let why = ["only 1 of 2 shards have a part of atomic in last-slot"];
    campaign.merge(&[one.clone(), cut_json()]).exits(65).complains(&why);
    // Somebody stopped it: so the whole was stopped.
    cut["interrupted"] = true.into();
    cut["verdict"] = "undecided".into();
    write(&cut);
    campaign.merge(&[one, cut_json()]).exits(130);
    let merged = document(&campaign.read("merged.json"));
    let [naive, atomic] = &results(&merged)[..] else { panic!("{merged}") };
    assert_eq!((&naive["verdict"], &naive["interleavings"]), (&"violation".into(), &"16".into()));
    assert_eq!((&atomic["verdict"], &atomic["interleavings"]), (&"undecided".into(), &Value::Null));
    assert_eq!(atomic["coverage"]["stopped_by"], "interrupt");
}

#[test]
fn a_shard_that_had_trouble_with_its_server() {
    let campaign = Campaign::of(&["explore", LAST_SLOT, "--strategy", "enumerate"]);
    let [one, two] = [1, 2].map(|index| campaign.shard(index, 2).1);
    let merge = |field: &str, what: Value, exit: i32| {
        let mut shard = document(&campaign.read(&two));
        shard[field] = json!([what]);
        shard["shard"]["items"][0] = json!({"item": 0, field: [0]});
        std::fs::write(campaign.path("trouble.json"), shard.to_string()).unwrap();
        campaign.merge(&[one.clone(), "trouble.json".to_owned()]).exits(exit);
        document(&campaign.read("merged.json"))
    };
    // It was lost: what the others found stands, and nobody knows the rest.
    let lost = json!({"scenario": "last-slot", "limiter": "naive", "store": "redis", "reason": "gone", "no_server": true});
    let merged = merge("not_run", lost, 2);
    let naive = &results(&merged)[0];
    assert_eq!((&naive["verdict"], &naive["interleavings"]), (&"violation".into(), &Value::Null));
    assert_eq!(naive["coverage"]["stopped_by"], "lost_server");
    assert_eq!(merged["not_run"][0]["reason"], "gone");
    // It answered otherwise than the model: that decides, whatever the others found.
    let differs = json!({
        "scenario": "last-slot", "limiter": "naive", "store": "model", "engine": "enumerate", "exhaustive": false,
        "coverage": {"stopped_by": "mismatch", "covered": "it differs"}, "mismatches": 1,
        "verdict": "undecided", "expected": "violation", "ok": false
    });
    let merged = merge("results", differs.clone(), 1);
    assert_eq!((&results(&merged)[0], results(&merged).len()), (&differs, 2));
}

#[test]
fn what_a_shard_cannot_do_is_usage() {
    let refused: [&[&str]; 5] = [
        &["--shard", "0/2"],
        &["--shard", "3/2"],
        &["--shard", "1/10001"],
        &["--shard", "1/2", "--strategy", "enumerate", "--max-executions", "5"],
        &["--shard", "1/2", "--save", "found.toml"],
    ];
    for options in refused {
        ran(&[&["explore", LAST_SLOT], options].concat()).exits(64).complains(&[options[0]]);
    }
    ran(&["merge"]).exits(64);
    assert!(!Path::new("found.toml").exists());
}
