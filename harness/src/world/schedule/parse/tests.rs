#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::needless_raw_string_hashes, reason = "the form in which expect-test writes what it expects")]

use std::fmt::Write as _;
use std::time::Duration;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The errors of a schedule over A, B and `Worker_1`, each with the text that it is about.
fn check_errors(text: &str, expected: &Expect) {
    let errors = Schedule::parse(text, &names(&["A", "B", "Worker_1"])).expect_err(text);
    let mut shown = String::new();
    for error in errors {
        let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
        writeln!(shown, "{}: {}{help}", &text[error.span], error.message).unwrap();
    }
    expected.assert_eq(&shown);
}

#[test]
fn every_token_is_read() {
    let schedule = Schedule::parse(" A  B*\t+1m30s Worker_1!crash\nA ", &names(&["A", "B", "Worker_1"]));
    let (a, b, worker) = (ClientId(0), ClientId(1), ClientId(2));
    assert_eq!(
        schedule.map(|schedule| schedule.turns),
        Ok(vec![
            Turn::Choice(Choice::Step(a)),
            Turn::Operation(b),
            Turn::Choice(Choice::Advance(Duration::from_secs(90))),
            Turn::Choice(Choice::Crash(worker)),
            Turn::Choice(Choice::Step(a)),
        ])
    );
}

#[test]
fn the_short_form_is_read() {
    let names = names(&["A", "B", "Worker_1"]);
    for (short, plain) in [
        ("2A", "A A"),
        ("A..Worker_1", "A B Worker_1"),
        ("2A..B*", "A* A* B* B*"),
        ("B..B", "B"),
        ("A..B!crash", "A!crash B!crash"),
    ] {
        assert_eq!(Schedule::parse(short, &names), Schedule::parse(plain, &names), "{short}");
    }
}

#[test]
fn an_empty_text_is_the_empty_schedule() {
    assert_eq!(Schedule::parse(" ", &[]), Ok(Schedule::default()));
    assert_eq!(Schedule::default().display(&[]).to_string(), "");
}

#[test]
fn unknown_names_say_what_was_possible() {
    check_errors(
        "A C a worker_1 Worker1*",
        &expect![[r#"
            C: no client is called `C` (expected `A`, `B` or `Worker_1`)
            a: no client is called `a` (did you mean `A`?)
            worker_1: no client is called `worker_1` (did you mean `Worker_1`?)
            Worker1: no client is called `Worker1` (did you mean `Worker_1`?)
        "#]],
    );
}

#[test]
fn tokens_that_cannot_be_read_say_so_all_at_once() {
    check_errors(
        "A,B * 1 0A A..1 B..A A..C 5s 99999999999999999A 999999A..B 1.A A** A*! Ä A!crahs A!crash! A! +5 +1.5s +5sec + +99999999999999h A+x !reboot !evict= !restart=1 !",
        &expect![[r#"
            A,B: `A,B` cannot be read (expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces)
            *: `*` cannot be read (expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces)
            1: `1` cannot be read (expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces)
            0: a client takes at least one turn
            A..1: `A..1` cannot be read (expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces)
            B..A: `B..A` goes backwards: name the client first that is declared first
            C: no client is called `C` (expected `A`, `B` or `Worker_1`)
            s: no client is called `s` (did you mean `+5s`?)
            99999999999999999A: a schedule has at most 1000000 turns
            999999A..B: a schedule has at most 1000000 turns
            1.A: `1.A` cannot be read (expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces)
            A**: `A**` cannot be read (expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces)
            A*!: `A*!` cannot be read (expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces)
            Ä: `Ä` cannot be read (expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces)
            crahs: `crahs` is no fault of a client (did you mean `crash`?)
            crash!: `crash!` is no fault of a client (did you mean `crash`?)
            A!: `!` must be followed by a fault of the client (expected `crash`, `lose-reply` or `lose-request`)
            5: `5` needs a unit, such as `5ms`
            1.5s: not a duration: expected whole numbers with units, like `30s`, `250ms` or `1m30s`
            5sec: unknown unit of time: expected `us`, `ms`, `s`, `m` or `h`
            +: not a duration: expected whole numbers with units, like `30s`, `250ms` or `1m30s`
            99999999999999h: the duration is too long
            x: not a duration: expected whole numbers with units, like `30s`, `250ms` or `1m30s`
            reboot: `reboot` is no fault of a server (expected `flush-scripts`, `restart`, `failover` or `evict=KEY`)
            evict=: `evict=` is no fault of a server (expected `flush-scripts`, `restart`, `failover` or `evict=KEY`)
            restart=1: `restart=1` is no fault of a server (did you mean `restart`?)
            !: `!` must be followed by a fault of the server (expected `flush-scripts`, `restart`, `failover` or `evict=KEY`)
        "#]],
    );
}

#[test]
fn tokens_of_later_versions_are_recognised() {
    check_errors(
        "A+5s A-5s A!lose-reply A!lose-request !flush-scripts !restart !failover !evict=slots C+5s",
        &expect![[r#"
            A+5s: `A+5s` is not supported yet (what can be used now: `A`, `A*`, `+30s` and `A!crash`)
            A-5s: `A-5s` is not supported yet (what can be used now: `A`, `A*`, `+30s` and `A!crash`)
            A!lose-reply: `A!lose-reply` is not supported yet (what can be used now: `A`, `A*`, `+30s` and `A!crash`)
            A!lose-request: `A!lose-request` is not supported yet (what can be used now: `A`, `A*`, `+30s` and `A!crash`)
            !flush-scripts: `!flush-scripts` is not supported yet (what can be used now: `A`, `A*`, `+30s` and `A!crash`)
            !restart: `!restart` is not supported yet (what can be used now: `A`, `A*`, `+30s` and `A!crash`)
            !failover: `!failover` is not supported yet (what can be used now: `A`, `A*`, `+30s` and `A!crash`)
            !evict=slots: `!evict=slots` is not supported yet (what can be used now: `A`, `A*`, `+30s` and `A!crash`)
            C: no client is called `C` (expected `A`, `B` or `Worker_1`)
        "#]],
    );
}

prop_compose! {
    fn any_turn(clients: u16)(client in 0..clients, micros: u64, kind in 0..4) -> Turn {
        let client = ClientId(client);
        match kind {
            0 => Turn::Choice(Choice::Step(client)),
            1 => Turn::Operation(client),
            2 => Turn::Choice(Choice::Crash(client)),
            _ => Turn::Choice(Choice::Advance(Duration::from_micros(micros))),
        }
    }
}

proptest! {
    #[test]
    fn printed_schedules_are_read_back(turns in prop::collection::vec(any_turn(4), 0..20)) {
        let names = names(&["A", "B", "a", "Worker_1"]);
        let schedule = Schedule { turns };
        prop_assert_eq!(Schedule::parse(&schedule.display(&names).to_string(), &names), Ok(schedule));
    }

    #[test]
    fn the_short_form_is_read_back(turns in prop::collection::vec(any_turn(4), 0..40)) {
        let names = names(&["A", "B", "a", "Worker_1"]);
        let schedule = Schedule { turns };
        let short = schedule.short(&names).to_string();
        prop_assert!(short.len() <= schedule.display(&names).to_string().len());
        prop_assert_eq!(Schedule::parse(&short, &names), Ok(schedule));
    }

    #[test]
    fn long_runs_are_read_back_from_the_short_form(
        turns in prop::collection::vec((0..9_u16, 1..4_usize, 1..7_u16, any::<bool>()), 0..12)
    ) {
        let names: Vec<String> = (b'A'..=b'O').map(|letter| char::from(letter).to_string()).collect();
        let run = |(first, times, clients, whole): (u16, usize, u16, bool)| {
            let turn = move |client| {
                if whole { Turn::Operation(client) } else { Turn::Choice(Choice::Step(client)) }
            };
            (first..first + clients).flat_map(move |client| vec![turn(ClientId(client)); times])
        };
        let schedule = Schedule { turns: turns.into_iter().flat_map(run).collect() };
        let short = schedule.short(&names).to_string();
        prop_assert_eq!(Schedule::parse(&short, &names), Ok(schedule));
    }

    #[test]
    fn any_text_is_read_or_refused_with_spans_inside_it(text in "\\PC*|([AB+!*.0-9smh\u{e9} -]|crash|\u{2003})*") {
        if let Err(errors) = Schedule::parse(&text, &names(&["A", "B"])) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            }
        }
    }
}
