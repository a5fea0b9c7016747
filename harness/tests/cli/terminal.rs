//! How wide results are, and in colour or not.

use crate::support::{LAST_SLOT, Ran, gatecrash};

/// What is printed where these variables are set, by `arguments` beside those that explore.
fn printed(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let mut command = gatecrash(&[&["explore", LAST_SLOT, "--stable", "--on", "redis"], arguments].concat());
    Ran::of(command.envs(variables.iter().copied())).exits(0).stdout
}

fn is_coloured(text: &str) -> bool {
    text.contains('\u{1b}')
}

#[test]
fn what_is_no_terminal_gets_80_columns_unless_columns_says_otherwise() {
    let longest = |text: &str| text.lines().map(|line| line.chars().count()).max();
    let log = printed(&[], &[]);
    assert!(longest(&log) <= Some(80), "{log}");
    for columns in ["80", "1", "0", "many"] {
        assert_eq!(printed(&[("COLUMNS", columns)], &[]), log, "{columns}");
    }
    let wide = printed(&[("COLUMNS", "160")], &[]);
    assert!(longest(&wide) > Some(80) && longest(&wide) <= Some(160), "{wide}");
    assert_eq!(printed(&[("COLUMNS", "1000")], &[]), wide);
}

#[test]
fn colour_is_chosen_by_the_option_else_by_variables() {
    for (variables, arguments, coloured) in [
        (&[][..], &[][..], false),
        (&[("FORCE_COLOR", "1")], &[], true),
        (&[("FORCE_COLOR", "")], &[], false),
        (&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], &[], false),
        (&[("FORCE_COLOR", "1")], &["--color", "never"], false),
        (&[("NO_COLOR", "1")], &["--color", "always"], true),
    ] {
        assert_eq!(is_coloured(&printed(variables, arguments)), coloured, "{variables:?} {arguments:?}");
    }
}
