//! What ends a command before anything is run, and with which code.

use crate::support::{IDLE, LAST_SLOT, Ran, arg, folder, gatecrash, ran, results};

fn replay(arguments: &[&str]) -> Ran {
    ran(&[&["replay", LAST_SLOT], arguments].concat())
}

#[test]
fn help_and_version_were_asked_for() {
    for arguments in [&["--help"][..], &["help"], &["help", "run"], &["explore", "-h"], &["--version"]] {
        let ran = ran(arguments).exits(0);
        assert_eq!(ran.stderr, "");
        assert!(ran.stdout.contains("gatecrash"), "{}", ran.stdout);
        // What stands in backticks in a comment for rustdoc is plain text here, but for a lone dash.
        assert!(!ran.stdout.replace("`-`", "").contains('`'), "{}", ran.stdout);
    }
}

#[test]
fn a_version_has_details_where_they_are_asked_for() {
    let short = ran(&["--version"]).exits(0).stdout;
    assert_eq!(short, format!("gatecrash {}\n", env!("CARGO_PKG_VERSION")));
    for more in [&["--version", "--verbose"][..], &["-vV"], &["-V", "-v"], &["--verbose", "--version"]] {
        let long = ran(more).exits(0).stdout;
        let details = long.strip_prefix(&short).unwrap_or_else(|| panic!("{long}"));
        let lines: Vec<_> = details.lines().collect();
        assert!(lines[0].starts_with("commit: "), "{long}");
        assert_eq!(lines[1..], ["lua: Lua 5.1", "redis: the model answers as Redis 7.0 does"]);
    }
}

#[test]
fn a_duration_without_a_unit_says_which_one() {
    for option in ["--timeout", "--stall-after"] {
        ran(&["explore", LAST_SLOT, option, "5"]).exits(64).complains(&["`5` needs a unit, such as `5ms`"]);
    }
    let load = ["load", "--limiter", "naive", "--clients", "1", "--limit", "1", "--duration", "30"];
    ran(&load).exits(64).complains(&["`30` needs a unit, such as `30ms`"]);
}

#[test]
fn what_clap_refuses_is_usage() {
    let refused: [&[&str]; 10] = [
        &[],
        &["nonsense"],
        &["run", "--nonsense"],
        &["replay", LAST_SLOT],
        &["explore", LAST_SLOT, "--clients", "0"],
        &["explore", LAST_SLOT, "--clients", "257"],
        &["explore", LAST_SLOT, "--max-executions", "0"],
        &["explore", LAST_SLOT, "--timeout", "soon"],
        &["explore", LAST_SLOT, "--strategy", "guess"],
        &["run", "--expect", "naive=maybe"],
    ];
    for arguments in refused {
        let ran = ran(arguments).exits(64);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert_ne!(ran.stderr, "", "{arguments:?}");
    }
}

#[test]
fn an_unknown_limiter_is_usage() {
    let unknown = &["--limiter", "atomc", "--order", "A"];
    replay(unknown).exits(64).complains(&["`atomc`", "did you mean `atomic`?"]);
    ran(&["explore", LAST_SLOT, "--limiter", "x"]).exits(64).complains(&["`x`"]);
    for command in ["run", "explore"] {
        ran(&[command, LAST_SLOT, "--expect", "atomc=clean"]).exits(64).complains(&["`atomc`"]);
    }
    // It exists, but is not what is replayed.
    let other = &["--limiter", "naive", "--order", "A", "--expect", "atomic=clean"];
    replay(other).exits(64).complains(&["`atomic`"]);
}

#[test]
fn an_order_that_cannot_be_read_is_usage() {
    let ran = replay(&["--limiter", "naive", "--order", "A C B? A"]).exits(64);
    ran.complains(&["no client is called `C`", "`B?`", "1 | A C B? A", "  |   ^", "expected `A` or `B`"]);
    let soon = replay(&["--limiter", "naive", "--order", "A !restart"]).exits(64);
    soon.complains(&["not supported yet"]);
}

#[test]
fn a_turn_that_passes_is_an_error_if_strict() {
    let order = ["--limiter", "atomic", "--order", "A B A B"];
    replay(&order).exits(0);
    let strict = [&order[..], &["--strict"]].concat();
    replay(&strict).exits(64).complains(&["turn 4", "client B"]);
    replay(&["--limiter", "naive", "--order", "A B A B", "--strict", "--expect", "violation"]).exits(0);
}

#[test]
fn a_store_that_cannot_be_had_is_usage() {
    replay(&["--limiter", "naive", "--order", "A", "--on", "loom"]).exits(64).complains(&["loom"]);
    ran(&["demo", "--on", "loom"]).exits(64).complains(&["loom"]);
    let enumerate = ["explore", LAST_SLOT, "--strategy", "enumerate", "--on", "loom"];
    ran(&enumerate).exits(64).complains(&["model or redis"]);
    ran(&["explore", LAST_SLOT, "--strategy", "loom", "--on", "redis"]).exits(64).complains(&["loom"]);
}

#[test]
fn a_census_on_redis_says_which_strategy_runs_there() {
    let census = ["explore", LAST_SLOT, "--strategy", "census", "--on", "redis"];
    ran(&census).exits(64).complains(&["on redis, --strategy certify"]);
}

#[test]
fn a_host_with_a_port_is_told_its_url() {
    let explore = ["explore", LAST_SLOT, "--on", "redis", "--redis", "localhost:6379"];
    ran(&explore).exits(64).complains(&["try redis://localhost:6379"]);
}

#[test]
fn other_numbers_of_clients_need_identical_ones() {
    let different = ["explore", "scenarios/release-frees-the-slot.toml", "--clients", "3"];
    ran(&different).exits(64).complains(&["A and B run different programs"]);
}

#[test]
fn a_bad_scenario_is_bad_input() {
    let bad = IDLE.replace("limit = 1", "limit = 0") + "[[schedule]]\nname = 's'\norder = 'A C'\n";
    let folder = folder(&[("bad.toml", &bad)]);
    let file = arg(folder.path().join("bad.toml"));
    for arguments in [&["run", &file][..], &["explore", &file], &["run", "--list", &file]] {
        ran(arguments).exits(65).complains(&["bad.toml:", "limit", "no client is called `C`", "^"]);
    }
}

#[test]
fn a_file_that_is_missing_is_bad_input() {
    ran(&["run", "nowhere.toml"]).exits(65).complains(&["nowhere.toml"]);
    ran(&["explore", "nowhere.toml"]).exits(65).complains(&["nowhere.toml"]);
    ran(&["replay", "nowhere.toml", "--limiter", "naive", "--order", "A"]).exits(65);
    ran(&["explore", "scenarios"])
        .exits(65)
        .complains(&["scenarios: a folder; name one scenario file in it"]);
}

#[test]
fn a_file_of_another_kind_says_what_a_scenario_is() {
    let folder = folder(&[("x.py", "import redis\n"), ("x.toml", "import redis\n")]);
    let file = |name: &str| arg(folder.path().join(name));
    let other = "x.py: no scenario: a scenario is a TOML file that names its limiters and clients";
    ran(&["run", &file("x.py")]).exits(65).complains(&[other, "scenarios/README.md"]);
    ran(&["explore", &file("x.py")]).exits(65).complains(&[other]);
    ran(&["explore", &file("x.toml")]).exits(65).complains(&["x.toml:1:"]);
}

#[test]
fn every_bad_file_is_named_at_once() {
    let folder = folder(&[("a.toml", "limit = 0"), ("b.toml", "="), ("good.toml", IDLE)]);
    ran(&["run", &arg(folder.path())]).exits(65).complains(&["a.toml", "b.toml"]);
}

#[test]
fn two_scenarios_of_one_name_are_bad_input() {
    let folder = folder(&[("a/same.toml", IDLE), ("b/same.toml", IDLE)]);
    ran(&["run", &arg(folder.path())]).exits(65).complains(&["`same`", "a/same.toml", "b/same.toml"]);
}

#[test]
fn a_file_without_anything_to_run_is_bad_input_for_run() {
    let folder = folder(&[("idle.toml", IDLE)]);
    let file = arg(folder.path().join("idle.toml"));
    ran(&["run", &file]).exits(65).complains(&["idle.toml", "[explore]"]);
    ran(&["explore", &file, "--expect", "naive=violation"]).exits(0);
}

#[test]
fn nothing_run_is_undecided() {
    let folder = folder(&[("notes.txt", "no scenario")]);
    for arguments in
        [&["run", &arg(folder.path()), "--json", "-"][..], &["run", "--filter", "no such", "--json", "-"]]
    {
        let ran = ran(arguments).exits(2);
        assert_eq!(ran.json()["verdict"], "undecided");
        assert!(results(&ran.json()).is_empty());
        assert!(ran.stderr.contains("no scenario"), "{}", ran.stderr);
    }
}

#[test]
fn a_report_that_cannot_be_written_is_found_out_before_the_run() {
    for option in ["--json", "--junit"] {
        let ran = ran(&["explore", LAST_SLOT, "--limiter", "atomic", option, "no/such/folder/report"]);
        ran.exits(64).complains(&[option, "no/such/folder"]);
    }
}

#[test]
fn the_variable_of_a_server_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let mut command =
        gatecrash(&["replay", LAST_SLOT, "--limiter", "atomic", "--order", "A", "--on", "redis"]);
    command.env("GATECRASH_REDIS_URL", std::ffi::OsStr::from_bytes(b"redis://\xff/"));
    Ran::of(&mut command).exits(64).complains(&["GATECRASH_REDIS_URL"]);
}

#[test]
fn no_thread_to_be_had_is_an_error_and_no_panic() {
    // So large a stack no system gives to any thread.
    let mut command = gatecrash(&["run", "scenarios", "--on", "model"]);
    command.env("RUST_MIN_STACK", "4611686018427387904");
    let ran = Ran::of(&mut command).exits(70);
    assert!(ran.stderr.contains("error: ") && !ran.stderr.contains("panicked"), "{}", ran.stderr);
}
