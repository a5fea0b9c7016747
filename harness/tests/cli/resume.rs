//! A campaign over several days: what was done is not done again.

use std::fs;
use std::process::Stdio;

use crate::support::{LAST_SLOT, arg, document, eventually, folder, gatecrash, ran};

/// Something with many items, some of which take a while.
const CAMPAIGN: [&str; 5] = ["run", "scenarios", "--on", "model", "--stable"];

fn with<'a>(campaign: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [campaign, more].concat()
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let folder = folder(&[]);
    let journal = folder.path().join("journal");
    let (file, out) = (arg(&journal), arg(folder.path().join("report.json")));
    let enumerate =
        ["explore", LAST_SLOT, "--clients", "3", "--strategy", "enumerate", "--stable", "--on", "all"];
    for campaign in [&CAMPAIGN[..], &enumerate] {
        let whole = ran(&with(campaign, &["--json", "-"])).stdout;
        let text = ran(campaign);
        let mut run = gatecrash(&with(campaign, &["--resume", &file]))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = || fs::read_to_string(&journal).unwrap_or_default().lines().count();
        eventually("two items are done", || lines() >= 3);
        run.kill().unwrap();
        run.wait().unwrap();
        let resumed = ran(&with(campaign, &["--resume", &file, "--json", &out]));
        assert_eq!(resumed.code, text.code);
        assert_eq!(resumed.stdout, text.stdout);
        assert!(resumed.stderr.contains("resumed: "), "{}", resumed.stderr);
        assert_eq!(fs::read_to_string(&out).unwrap(), whole);
        // Once more: nothing is left to be run.
        let size = fs::metadata(&journal).unwrap().len();
        assert_eq!(ran(&with(campaign, &["--resume", &file, "--json", "-"])).stdout, whole);
        assert_eq!(fs::metadata(&journal).unwrap().len(), size);
        fs::remove_file(&journal).unwrap();
    }
}

#[test]
fn a_file_has_one_process_at_a_time() {
    let folder = folder(&[]);
    let journal = folder.path().join("journal");
    let file = arg(&journal);
    let campaign = with(
        &["explore", LAST_SLOT, "--clients", "5", "--strategy", "enumerate", "--stable"],
        &["--resume", &file],
    );
    let mut first = gatecrash(&campaign).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the file is begun", || fs::metadata(&journal).is_ok_and(|file| file.len() > 0));
    let begun = fs::read(&journal).unwrap();
    ran(&campaign).exits(64).complains(&["journal: process ", &first.id().to_string(), "is using it"]);
    assert!(fs::read(&journal).unwrap().starts_with(&begun));
    // A killed holder leaves no lock.
    first.kill().unwrap();
    first.wait().unwrap();
    let bounded = with(&campaign, &["--max-executions", "5"]);
    ran(&bounded).exits(65).complains(&["the bounds differ"]);
}

#[test]
fn a_torn_line_is_dropped_wherever_it_is_torn() {
    let folder = folder(&[]);
    let journal = folder.path().join("journal");
    let file = arg(&journal);
    let campaign = ["run", LAST_SLOT, "--on", "model", "--stable", "--json", "-"];
    let whole = ran(&with(&campaign, &["--resume", &file])).exits(0).stdout;
    let bytes = fs::read(&journal).unwrap();
    let header = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    for length in [0, 1, header - 1, header, header + 1, header + 2, bytes.len() - 1] {
        fs::write(&journal, &bytes[..length]).unwrap();
        let again = ran(&with(&campaign, &["--resume", &file])).exits(0);
        assert_eq!(again.stdout, whole, "torn after {length} bytes");
        assert_eq!(fs::read_to_string(&journal).unwrap().lines().count(), 5, "torn after {length} bytes");
    }
}

#[test]
fn shards_resume_too() {
    let folder = folder(&[]);
    let path = |name: &str| arg(folder.path().join(name));
    let campaign = ["explore", LAST_SLOT, "--strategy", "uniform", "--executions", "300", "--stable"];
    let whole = ran(&with(&campaign, &["--json", "-"])).stdout;
    let (one, two, journal) = (path("1.json"), path("2.json"), path("journal"));
    ran(&with(&campaign, &["--shard", "1/2", "--json", &one]));
    for _ in 0..2 {
        ran(&with(&campaign, &["--shard", "2/2", "--json", &two, "--resume", &journal]));
    }
    assert_eq!(ran(&["merge", &one, &two, "--stable", "--json", "-"]).stdout, whole);
    ran(&with(&campaign, &["--shard", "1/2", "--resume", &journal])).exits(65).complains(&[
        "journal:1: ",
        "another shard (2/2, not 1/2)",
        "delete the file",
    ]);
}

#[test]
fn a_file_of_something_else_is_refused() {
    let folder = folder(&[("notes", "remember the milk"), ("more", "remember\nthe milk\n"), ("empty", "")]);
    let path = |name: &str| arg(folder.path().join(name));
    let explore = ["explore", LAST_SLOT, "--stable"];
    for name in ["notes", "more"] {
        let ran = ran(&with(&explore, &["--resume", &path(name)])).exits(65);
        ran.complains(&[name, "no file of --resume"]);
    }
    assert_eq!(fs::read_to_string(path("notes")).unwrap(), "remember the milk");
    ran(&with(&explore, &["--resume", &path("no/such")])).exits(64);
    ran(&with(&explore, &["--resume", &path("empty")])).exits(0);
    for (options, differs) in [
        (&["--seed", "3"][..], "the seed"),
        (&["--limiter", "naive"], "what is to be run"),
        (&["--expect", "naive=violation"], "what is expected"),
        (&["--max-states", "5"], "the bounds"),
    ] {
        let ran = ran(&[&explore[..], &["--resume", &path("empty")], options].concat()).exits(65);
        ran.complains(&["empty:1: ", "another campaign", differs, "delete the file"]);
    }
}

#[test]
fn a_damaged_line_is_named() {
    let folder = folder(&[]);
    let journal = folder.path().join("journal");
    let file = arg(&journal);
    let campaign = with(&CAMPAIGN, &["--resume", &file]);
    ran(&campaign).exits(0);
    let text = fs::read_to_string(&journal).unwrap();
    for (from, to, why) in [
        ("\n{\"item\":1,", "\n{\"item\":?,", "journal:3: it is damaged"),
        ("\"order\":\"A* A!crash B*\"", "\"order\":\"A* Z\"", "journal:2: "),
        ("\"scenario\":\"crashed-holder\"", "\"scenario\":\"another\"", "journal:2: it is not about naive"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        fs::write(&journal, text.replacen(from, to, 1)).unwrap();
        let ran = ran(&campaign).exits(65);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}

#[test]
fn what_a_timeout_stopped_is_run_again() {
    let folder = folder(&[]);
    let file = arg(folder.path().join("journal"));
    let explore = ["explore", LAST_SLOT, "--strategy", "enumerate", "--clients", "9", "--limiter", "atomic"];
    ran(&with(&explore, &["--timeout", "1ms", "--resume", &file])).exits(2);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
    let sampled = ["explore", LAST_SLOT, "--strategy", "random", "--limiter", "atomic", "--executions", "5"];
    // A budget that is used up is no accident: the same would come of it again.
    let other = arg(folder.path().join("other"));
    let sampled = with(&sampled, &["--resume", &other, "--json", "-"]);
    let stopped = ran(&sampled).exits(2);
    assert_eq!(document(&stopped.stdout)["verdict"], "undecided");
    assert_eq!(fs::read_to_string(&other).unwrap().lines().count(), 2);
}
