//! A counterexample as a scenario file: its clients, one schedule, and what is expected of it.

use std::fmt::Write as _;

use super::{Expected, OnReject, OperationKind, Property, Scenario};
use crate::base::duration;

/// What a saved scenario is about.
#[derive(Clone, Copy, Debug)]
pub struct SavedViolation<'a> {
    /// The limiter that over-admits.
    pub limiter: &'a str,
    /// The schedule that lets it.
    pub order: &'a str,
    /// Why it does, in a sentence, if that is known.
    pub explanation: Option<&'a str>,
    /// What is expected: the violation, to show it; that it is clean, to see that it does not come back.
    pub expected: Expected,
}

/// The text of a file from which [`super::parse`] makes the same clients with that one schedule.
pub fn save(scenario: &Scenario, finding: SavedViolation<'_>) -> String {
    let SavedViolation { limiter, order, explanation, expected } = finding;
    let expected = match expected {
        Expected::Violation => "violation",
        Expected::Clean => "clean",
    };
    let mut text = String::new();
    let mut line = |key: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{key} = {value}");
    };
    line("title", quoted(&scenario.title));
    line("why", quoted(&scenario.why));
    line("limit", scenario.limit.to_string());
    line("limiters", format!("[{}]", quoted(limiter)));
    if scenario.on_reject == OnReject::Continue {
        line("on_reject", quoted("continue"));
    }
    if scenario.repeat > 1 {
        line("repeat", scenario.repeat.to_string());
    }
    line("key", quoted(&scenario.key));
    if let Some(lease) = scenario.lease {
        line("lease", quoted(&duration::display(lease).to_string()));
    }
    if scenario.properties != [Property::OverAdmission] {
        let judged: Vec<String> = scenario.properties.iter().map(|it| quoted(it.name())).collect();
        line("properties", format!("[{}]", judged.join(", ")));
    }
    text.push_str("\n[clients]\n");
    for client in &scenario.clients {
        let program: Vec<String> = client.program.iter().map(|kind| quoted(word(*kind))).collect();
        let _ = writeln!(text, "{} = [{}]", client.name, program.join(", "));
    }
    text.push_str("\n[[schedule]]\n");
    let name = explanation.unwrap_or("found by exploring");
    let _ = writeln!(text, "name = {}", quoted(name));
    let _ = writeln!(text, "order = {}", quoted(order));
    let _ = writeln!(text, "expect = {{ {} = {} }}", quoted(limiter), quoted(expected));
    text
}

fn word(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Acquire => "acquire",
        OperationKind::Release => "release",
    }
}

/// As TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn what_is_saved_reads_back_with_its_schedule() {
        let file = r#"
            title = "A \"quoted\" title"
            why = 'C:\path'
            limit = 2
            limiters = ["naive", "atomic"]
            on_reject = "continue"
            repeat = 3
            key = "runs:{t}"
            properties = ["leak", "over-admission"]
            workers = { count = 3, program = ["acquire", "release"] }
        "#;
        let scenario = parse("w.toml", file).unwrap();
        let finding = SavedViolation {
            limiter: "naive",
            order: "A A B C C B",
            explanation: Some("B read it."),
            expected: Expected::Violation,
        };
        let guard = SavedViolation { expected: Expected::Clean, ..finding };
        let guard = parse("guard.toml", &save(&scenario, guard)).unwrap();
        assert_eq!(guard.schedules[0].expect["naive"], Expected::Clean);
        let saved = parse("saved.toml", &save(&scenario, finding)).unwrap();
        assert_eq!((&saved.title, &saved.why), (&scenario.title, &scenario.why));
        assert_eq!((saved.limit, saved.repeat, saved.on_reject), (2, 3, OnReject::Continue));
        assert_eq!((&saved.key, &saved.clients), (&scenario.key, &scenario.clients));
        assert_eq!(saved.properties, [Property::Leak, Property::OverAdmission]);
        let [schedule] = &saved.schedules[..] else { panic!("one schedule") };
        assert_eq!(schedule.order.display(&saved.client_names()).to_string(), "A A B C C B");
        assert_eq!(schedule.expect["naive"], Expected::Violation);
        assert!(saved.explore.is_none());
    }
}
