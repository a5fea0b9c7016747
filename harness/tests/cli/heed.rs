//! Common options that a command does not heed.

use crate::support::ran;

const CI: &str = "harness/tests/doctor/pin-045/before/.github/workflows/ci.yml";

#[test]
fn an_option_without_effect_is_refused_before_anything_is_looked_at() {
    for (arguments, option) in [
        (&["doctor", "--ci", CI, "--markdown", "-"][..], "--markdown has no effect on doctor"),
        (&["--timeout", "1s", "doctor"], "--timeout has no effect on doctor"),
        (&["merge", "no.json", "--max-states", "10000000"], "--max-states has no effect on merge"),
        (&["compare", "no.json", "no.json", "--junit", "x.xml"], "--junit has no effect on compare"),
        (
            &["load", "--limiter", "naive", "--clients", "2", "--limit", "1", "--duration", "1s"],
            "--max-executions has no effect on load: its bound is --duration",
        ),
        (&["nightly", "--expect", "clean"], "--expect has no effect on nightly"),
    ] {
        let more: &[&str] = if arguments[0] == "load" { &["--max-executions", "9"] } else { &[] };
        let ran = ran(&[arguments, more].concat()).exits(64);
        assert!(ran.stderr.contains(option) && ran.stdout.is_empty(), "{}", ran.stderr);
    }
}

#[test]
fn findings_of_the_doctor_are_marked_at_their_lines() {
    let ran = ran(&["doctor", "--ci", CI, "--annotations"]).exits(1);
    let place = format!("::error file={CI},line=");
    assert!(
        ran.stderr.contains(&place) && ran.stderr.contains("title=doctor%3A redis-from-secret::"),
        "{}",
        ran.stderr
    );
}
