//! `gatecrash replay`: one schedule, one limiter.

use crate::support::{LAST_SLOT, Ran, folder, gatecrash, ran, results};

fn replay(limiter: &str, more: &[&str]) -> Ran {
    ran(&[&["replay", LAST_SLOT, "--limiter", limiter, "--order", "A B A B"], more].concat())
}

#[test]
fn an_unexpected_violation_fails_on_either_store() {
    for store in ["model", "redis"] {
        let ran = replay("naive", &["--on", store, "--stable", "--expect", "clean"]).exits(1);
        assert!(ran.stdout.contains("VIOLATION, not expected"), "{}", ran.stdout);
        assert!(ran.stdout.contains("2/1 <- over the limit"), "{}", ran.stdout);
        let last = ran.stdout.lines().last().unwrap();
        assert!(last.starts_with("gatecrash replay scenarios/last-slot.toml --limiter naive"), "{last}");
        assert_eq!(last.ends_with(" --on redis"), store == "redis", "{last}");
    }
}

#[test]
fn a_schedule_of_the_file_has_its_expectation() {
    let ran_as = |limiter: &str, more: &[&str], code, says: &str| {
        let ran = replay(limiter, more).exits(code);
        assert!(ran.stdout.contains(says), "{}", ran.stdout);
        assert!(!ran.stdout.contains("not expected"), "{}", ran.stdout);
    };
    ran_as("naive", &[], 0, "violation, as expected");
    ran_as("atomic", &[], 0, "clean, as expected");
    // In another size the file says nothing of it, and without an expectation a violation is a failure.
    ran_as("naive", &["--clients", "3"], 1, "over-admits by 1  violation\n");
    // So it is with another order.
    let another =
        ran(&["replay", LAST_SLOT, "--limiter", "naive", "--order", "A B B A", "--stable"]).exits(1);
    assert!(another.stdout.contains("over-admits by 1  violation\n"), "{}", another.stdout);
}

#[test]
fn the_line_calls_the_program_as_it_was_called() {
    let failing = ["replay", LAST_SLOT, "--limiter", "naive", "--order", "A B B A"];
    let line = |ran: Ran| ran.exits(1).stdout.lines().last().unwrap().to_owned();
    let program = env!("CARGO_BIN_EXE_gatecrash");
    let as_called = line(ran(&failing));
    assert!(as_called.contains("/gatecrash replay ") || as_called.contains("\\gatecrash"), "{as_called}");
    let folder = std::path::Path::new(program).parent().unwrap();
    let found = line(Ran::of(gatecrash(&failing).env("PATH", folder)));
    assert!(found.starts_with("gatecrash replay "), "{found}");
}

#[test]
fn a_newline_in_the_name_of_a_file_survives_in_the_line() {
    let folder = folder(&[("one\ntwo.toml", &std::fs::read_to_string(scenario_file()).unwrap())]);
    let failing = ["replay", "one\ntwo.toml", "--limiter", "naive", "--order", "A B B A", "--stable"];
    let ran = Ran::of(gatecrash(&failing).current_dir(folder.path())).exits(1);
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(last, "gatecrash replay $'one\\ntwo.toml' --limiter naive --order \"A B B A\"");
}

fn scenario_file() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(LAST_SLOT)
}

#[test]
fn the_last_line_of_a_failure_shows_it_again() {
    let first = replay("naive", &["--on", "redis", "--stable", "--expect", "clean"]).exits(1);
    let line = first.stdout.lines().last().unwrap();
    let path = env!("CARGO_BIN_EXE_gatecrash").replacen("/gatecrash", "", 1);
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(format!("{line} --stable")).env_remove("GATECRASH_REDIS_URL");
    shell.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let before = std::env::var("PATH").unwrap();
    let again = Ran::of(shell.env("PATH", format!("{path}:{before}"))).exits(1);
    assert_eq!(again.stdout, first.stdout);
}

#[test]
fn an_expected_violation_is_expected() {
    for expect in ["violation", "naive=violation"] {
        let ran = replay("naive", &["--on", "redis", "--expect", expect]).exits(0);
        assert!(ran.stdout.contains("violation, as expected"), "{}", ran.stdout);
        assert!(ran.stdout.contains("2/1 <- over the limit"), "{}", ran.stdout);
    }
    replay("naive", &["--expect", "clean"]).exits(1);
    // What is said of one limiter comes before what is said of all.
    replay("naive", &["--expect", "naive=violation", "--expect", "clean"]).exits(0);
}

#[test]
fn the_atomic_limiter_is_clean() {
    for store in ["model", "redis"] {
        let ran = replay("atomic", &["--on", store]).exits(0);
        assert!(ran.stdout.contains("stays within the limit"), "{}", ran.stdout);
        replay("atomic", &["--on", store, "--expect", "clean"]).exits(0);
        let missed = replay("atomic", &["--on", store, "--expect", "violation"]).exits(1);
        assert!(missed.stdout.contains("clean, but a violation was expected"), "{}", missed.stdout);
    }
}

#[test]
fn stable_output_is_the_same_twice() {
    for limiter in ["naive", "atomic"] {
        for form in [&["--on", "redis", "--stable"][..], &["--on", "all", "--stable", "--json", "-"]] {
            let (first, second) = (replay(limiter, form), replay(limiter, form));
            assert_eq!(first.stdout, second.stdout);
            assert_eq!(first.code, second.code);
            assert!(!first.stdout.contains("/tmp") && !first.stdout.contains("latency"), "{}", first.stdout);
        }
    }
}

#[test]
fn latencies_are_shown_of_a_real_server_only() {
    let on = |store| replay("naive", &["--on", store]).stdout;
    assert!(on("redis").contains("latency") && on("redis").contains("p99.9"));
    assert!(!on("model").contains("latency"));
    let document = replay("naive", &["--on", "redis", "--json", "-"]).json();
    assert_eq!(results(&document)[0]["latency_ns"]["acquire"]["count"], 2);
}

#[test]
fn an_order_that_begins_with_a_sign_is_no_option() {
    let ran = ran(&["replay", LAST_SLOT, "--limiter", "atomic", "--order", "+30s A* A!crash B"]).exits(0);
    assert!(ran.stdout.contains("-- clock +30s --"), "{}", ran.stdout);
}

#[test]
fn another_size_is_in_the_line_that_shows_it_again() {
    let size = ["--clients", "3", "--limit", "2"];
    let order = ["replay", LAST_SLOT, "--limiter", "naive", "--order", "A B C A B C"];
    let ran = ran(&[&order[..], &size].concat()).exits(1);
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.contains(" --clients 3 --limit 2"), "{last}");
}
