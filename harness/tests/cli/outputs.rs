//! Files that are written: none overwrites what is read or another one, a link and a mode stay, and what cannot be
//! written is told in one way.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use crate::support::{Ran, arg, folder, gatecrash};

/// The shipped scenario as `in.toml`, in a folder of its own.
fn scenario() -> tempfile::TempDir {
    folder(&[("in.toml", include_str!("../../../scenarios/last-slot.toml"))])
}

/// gatecrash in that folder. It must not get as far as a report.
fn within(folder: &Path, arguments: &[&str]) -> Ran {
    Ran::of(gatecrash(arguments).current_dir(folder))
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str], because: &[&str]) {
    within(folder, arguments).exits(64).complains(because);
}

const EXPLORE: [&str; 2] = ["explore", "in.toml"];

#[test]
fn outputs_do_not_overwrite_each_other() {
    let folder = scenario();
    let at = folder.path();
    symlink("x", at.join("link")).unwrap();
    fs::write(at.join("old"), "old").unwrap();
    fs::hard_link(at.join("old"), at.join("hard")).unwrap();
    symlink(".", at.join("here")).unwrap();
    for [first, second] in
        [["x", "x"], ["x", "./x"], ["x", "here/x"], ["x", "link"], ["old", "hard"], ["old", "here/hard"]]
    {
        let arguments = [&EXPLORE[..], &["--json", first, "--markdown", second]].concat();
        let said = format!("--markdown {second} would overwrite --json {first}, which is the same file");
        refused(at, &arguments, &[&said]);
    }
    refused(at, &[&EXPLORE[..], &["--junit", "x", "--save", "x"]].concat(), &["--junit x", "--save x"]);
    refused(at, &[&EXPLORE[..], &["--resume", "x", "--json", "x"]].concat(), &["--resume x", "--json x"]);
    refused(at, &["doctor", "--json", "x", "--sarif", "x"], &["--sarif x", "--json x"]);
    let load = ["load", "--limiter", "atomic", "--clients", "1", "--limit", "1", "--duration", "1ms"];
    refused(at, &[&load[..], &["--save-baseline", "x", "--json", "x"]].concat(), &["--save-baseline x"]);
    assert!(!at.join("x").exists());
    assert_eq!(fs::read_to_string(at.join("old")).unwrap(), "old");
}

#[test]
fn an_output_does_not_lie_among_histograms() {
    let folder = folder(&[("h/other.txt", "")]);
    let load = ["load", "--limiter", "atomic", "--clients", "1", "--limit", "1", "--duration", "300ms"];
    let arguments = |json| [&load[..], &["--histograms", "h", "--json", json]].concat();
    for name in ["h/latency.hlog", "./h/atomic.acquire.hgrm"] {
        refused(folder.path(), &arguments(name), &["--json", name, "--histograms h", "another folder"]);
    }
    within(folder.path(), &arguments("h/report.json")).exits(0);
}

#[test]
fn outputs_do_not_overwrite_what_is_read() {
    let folder = scenario();
    let at = folder.path();
    let before = fs::read(at.join("in.toml")).unwrap();
    fs::hard_link(at.join("in.toml"), at.join("hard.json")).unwrap();
    let said = "--json in.toml would overwrite in.toml, which is read";
    refused(at, &["run", "in.toml", "--json", "in.toml"], &[said]);
    refused(at, &["run", ".", "--json", "in.toml"], &["./in.toml, which is read"]);
    refused(at, &["run", "in.toml", "--json", "hard.json"], &["--json hard.json", "in.toml, which is read"]);
    refused(at, &[&EXPLORE[..], &["--save", "./in.toml"]].concat(), &["--save ./in.toml"]);
    refused(at, &[&EXPLORE[..], &["--resume", "in.toml"]].concat(), &["--resume in.toml"]);
    let replay = ["replay", "in.toml", "--limiter", "naive", "--order", "A", "--junit", "in.toml"];
    refused(at, &replay, &["--junit in.toml"]);
    assert_eq!(fs::read(at.join("in.toml")).unwrap(), before);
    // Beside what is read there is room.
    within(at, &["explore", "in.toml", "--save", "new.toml"]).exits(0);
    assert!(at.join("new.toml").exists());
}

#[test]
fn reports_workflows_and_bases_are_not_overwritten() {
    let folder = folder(&[
        ("s1.json", "{}"),
        (".github/workflows/ci.yml", "on: push\njobs: {}\n"),
        ("stub/mappings/a.json", "{}"),
        ("night/baseline.json", "{}"),
    ]);
    let at = folder.path();
    refused(at, &["merge", "s1.json", "--json", "s1.json"], &["s1.json, which is read"]);
    refused(at, &["compare", "s1.json", "s1.json", "--markdown", "./s1.json"], &["--markdown ./s1.json"]);
    let workflow = ".github/workflows/ci.yml";
    refused(at, &["doctor", "--ci", "--sarif", workflow], &[workflow, "which is read"]);
    refused(at, &["doctor", "--ci", workflow, "--json", workflow], &[workflow, "which is read"]);
    let mapping = "stub/mappings/a.json";
    refused(at, &["doctor", "--mappings", "stub", "--json", mapping], &[mapping, "which is read"]);
    let base = "night/baseline.json";
    refused(at, &["nightly", ".", "--base", base], &[base, "--artifacts night"]);
    assert_eq!(fs::read_to_string(at.join("s1.json")).unwrap(), "{}");
}

#[test]
fn what_stdout_is_sent_to_is_not_overwritten() {
    let folder = scenario();
    let file = fs::File::create(folder.path().join("x")).unwrap();
    let mut command = gatecrash(&["explore", "in.toml", "--json", "x"]);
    let ran = Ran::of(command.current_dir(folder.path()).stdout(file)).exits(64);
    ran.complains(&["--json x would overwrite what goes to stdout"]);
}

#[test]
fn devices_may_be_named_twice() {
    let folder = scenario();
    within(folder.path(), &[&EXPLORE[..], &["--json", "/dev/null", "--junit", "/dev/null"]].concat())
        .exits(0);
}

#[test]
fn a_link_is_written_through_and_a_mode_is_kept() {
    let folder = scenario();
    let at = folder.path();
    fs::create_dir(at.join("kept")).unwrap();
    fs::write(at.join("kept/old.json"), "old").unwrap();
    fs::set_permissions(at.join("kept/old.json"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("kept/old.json", at.join("old.json")).unwrap();
    symlink("kept/new.xml", at.join("new.xml")).unwrap();
    within(at, &[&EXPLORE[..], &["--json", "old.json", "--junit", "new.xml"]].concat()).exits(0);
    for (link, target) in [("old.json", "kept/old.json"), ("new.xml", "kept/new.xml")] {
        assert!(at.join(link).is_symlink(), "{link}");
        assert!(fs::metadata(at.join(target)).unwrap().len() > 10, "{target}");
    }
    assert_eq!(fs::metadata(at.join("kept/old.json")).unwrap().mode() & 0o777, 0o640);
    let left: Vec<_> = fs::read_dir(at.join("kept")).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_missing_folder_is_told_before_anything_runs() {
    let folder = folder(&[("in.toml", ""), ("file", "")]);
    let load = ["load", "--limiter", "atomic", "--clients", "1", "--limit", "1", "--duration", "1ms"];
    let commands: [(&[&str], &str); 9] = [
        (&["run", "in.toml"], "--json"),
        (&["run", "in.toml"], "--junit"),
        (&["run", "in.toml"], "--markdown"),
        (&["run", "in.toml"], "--resume"),
        (&EXPLORE, "--save"),
        (&load, "--save-baseline"),
        (&["doctor"], "--sarif"),
        (&["doctor"], "--json"),
        (&["merge", "in.toml"], "--json"),
    ];
    for (command, option) in commands {
        for (path, why) in [("no/x", "there is no such folder"), (".", "it is a folder")] {
            let said = format!("error: {option} {path} cannot be written: {why}\n");
            refused(folder.path(), &[command, &[option, path]].concat(), &[&said]);
        }
    }
    refused(folder.path(), &["run", "in.toml", "--resume", "/dev/null"], &["it is no file"]);
    refused(
        folder.path(),
        &["nightly", "--artifacts", "file"],
        &["--artifacts file cannot be written: it is a file"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_in_one_way_and_costs_no_other_output() {
    let folder = scenario();
    let at = folder.path();
    let full = "/dev/full";
    let explored = [
        ["--json", full, "--junit", "kept"],
        ["--markdown", full, "--junit", "kept"],
        ["--junit", full, "--json", "kept"],
        ["--save", full, "--json", "kept"],
    ];
    for options in explored {
        let ran = within(at, &[&EXPLORE[..], &options].concat()).exits(70);
        let said = format!("error: {} /dev/full cannot be written: No space left on device", options[0]);
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
        assert!(ran.stdout.contains("last"), "{}", ran.stdout);
        fs::remove_file(at.join("kept")).unwrap();
    }
    let base = concat!(env!("CARGO_MANIFEST_DIR"), "/../ci/baseline.json");
    for command in [&["doctor", "--sarif", full][..], &["compare", base, base, "--json", full]] {
        let ran = within(at, command).exits(70);
        assert!(ran.stderr.contains("/dev/full cannot be written: No space left"), "{}", ran.stderr);
    }
    let mut command = gatecrash(&["explore", "in.toml", "--json", "kept"]);
    let stdout = fs::File::options().write(true).open(full).unwrap();
    let ran = Ran::of(command.current_dir(at).stdout(stdout)).exits(70);
    assert!(ran.stderr.contains("stdout cannot be written: No space left"), "{}", ran.stderr);
    assert!(at.join("kept").exists());
}

#[test]
fn markdown_is_added_to_the_summary_of_a_job() {
    let folder = folder(&[
        ("in.toml", include_str!("../../../scenarios/last-slot.toml")),
        ("summary", "# before\n"),
        ("other", "# before\n"),
    ]);
    let at = folder.path();
    for name in ["summary", "other"] {
        let mut command = gatecrash(&[&EXPLORE[..], &["--markdown", name]].concat());
        Ran::of(command.current_dir(at).env("GITHUB_STEP_SUMMARY", arg(at.join("summary")))).exits(0);
        let text = fs::read_to_string(at.join(name)).unwrap();
        assert_eq!(text.starts_with("# before\n"), name == "summary", "{text}");
        assert!(text.contains("## gatecrash"), "{text}");
    }
}
