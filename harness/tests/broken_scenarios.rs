//! Broken scenario files: every error is found, at once, where it stands.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::needless_raw_string_hashes, reason = "the form in which expect-test writes what it expects")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect, expect_file};
use gatecrash::base::diagnostic::Diagnostics;
use gatecrash::world::scenario::{self, Scenario};

const VALID: &str = include_str!("valid.toml");

fn broken_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}

/// Every broken file renders as the text beside it.
#[test]
fn broken_files_render_as_recorded() {
    for path in scenario::discover(&[broken_dir()]).unwrap() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let errors = scenario::parse(name, &fs::read_to_string(&path).unwrap()).expect_err(name);
        expect_file![path.with_extension("txt")].assert_eq(&format!("{errors}\n"));
    }
}

#[test]
fn one_file_broken_in_many_ways_gives_many_errors_at_once() {
    let text = fs::read_to_string(broken_dir().join("twenty-ways.toml")).unwrap();
    let errors = scenario::parse("twenty-ways.toml", &text).unwrap_err();
    assert!(errors.list().len() >= 20, "{}", errors.list().len());
}

fn parse(text: &str) -> Result<Scenario, Diagnostics> {
    scenario::parse("case.toml", text)
}

/// Edits of the valid file, each written as what is replaced and what by, with the errors that they give.
fn check_edits(edits: &[(&str, &str)], expected: &Expect) {
    let mut report = String::new();
    for (from, to) in edits {
        assert_eq!(VALID.matches(from).count(), 1, "{from} is there once");
        let text = VALID.replace(from, to);
        writeln!(report, "{}", to.lines().next().unwrap_or("(nothing)")).unwrap();
        for error in parse(&text).expect_err(to).list() {
            let before = &text[..error.span.start];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            let help = error.help.as_deref().map(|help| format!(" ({help})")).unwrap_or_default();
            writeln!(report, "  {line}:{column} {}{help}", error.message).unwrap();
        }
    }
    expected.assert_eq(&report);
}

#[test]
fn what_is_required_may_not_be_missing() {
    check_edits(
        &[
            ("title = \"Two workers take the last slot\"\n", ""),
            ("why = \"a test\"\n", ""),
            ("limit = 1\n", ""),
            ("limiters = [\"naive\", \"atomic\"]\n", ""),
            ("name = \"both check before either adds\"\n", ""),
            ("order = \"A B A B\"\n", ""),
            ("[clients]\nA = [\"acquire\", \"release\"]\nB = [\"acquire\", \"release\"]", "workers = {}"),
        ],
        &expect![[r#"
            (nothing)
              1:1 `title` is missing from the file
            (nothing)
              1:1 `why` is missing from the file
            (nothing)
              1:1 `limit` is missing from the file
            (nothing)
              1:1 `limiters` is missing from the file
            (nothing)
              14:1 `name` is missing from `[[schedule]]`
            (nothing)
              14:1 `order` is missing from `[[schedule]]`
            workers = {}
              10:11 `count` is missing from `workers`
              10:11 `program` is missing from `workers`
        "#]],
    );
}

#[test]
fn what_is_there_may_not_be_empty() {
    check_edits(
        &[
            ("title = \"Two workers take the last slot\"", "title = \"\""),
            ("why = \"a test\"", "why = \"\"\"\n\"\"\""),
            ("limiters = [\"naive\", \"atomic\"]", "limiters = []"),
            ("properties = [\"over-admission\"]", "properties = []"),
            ("A = [\"acquire\", \"release\"]", "A = []"),
            ("name = \"both check before either adds\"", "name = ' '"),
            ("A = [\"acquire\", \"release\"]\nB = [\"acquire\", \"release\"]", ""),
        ],
        &expect![[r#"
            title = ""
              1:9 `title` may not be empty
            why = """
              2:7 `why` may not be empty
            limiters = []
              4:12 `limiters` may not be empty
            properties = []
              8:14 `properties` may not be empty
            A = []
              11:5 the program of client `A` may not be empty
            name = ' '
              15:8 a schedule's `name` may not be empty
            (nothing)
              10:1 `[clients]` needs at least one client
        "#]],
    );
}

#[test]
fn numbers_are_in_range() {
    check_edits(
        &[
            ("limit = 1", "limit = 0"),
            ("limit = 1", "limit = -1"),
            ("limit = 1", "limit = 1_000_001"),
            ("limit = 1", "limit = 0xffffffffffffffffffffffffffffffffffff"),
            ("limit = 1", "limit = -999999999999999999999999999999999999999999"),
            ("repeat = 2", "repeat = 0"),
            ("repeat = 2", "repeat = 1001"),
            ("B = [", &format!("{}B = [", many_clients(255))),
        ],
        &expect![[r#"
            limit = 0
              3:9 `limit` must be from 1 to 1000000
            limit = -1
              3:9 `limit` must be from 1 to 1000000
            limit = 1_000_001
              3:9 `limit` must be from 1 to 1000000
            limit = 0xffffffffffffffffffffffffffffffffffff
              3:9 `limit` must be from 1 to 1000000
            limit = -999999999999999999999999999999999999999999
              3:9 `limit` must be from 1 to 1000000
            repeat = 0
              6:10 `repeat` must be from 1 to 1000
            repeat = 1001
              6:10 `repeat` must be from 1 to 1000
            A0 = ["acquire"]
              267:1 there are 257 clients; at most 256 can run
        "#]],
    );
}

#[test]
fn a_slip_in_the_syntax_does_not_hide_or_invent_other_errors() {
    check_edits(
        &[
            ("[[schedule]]", "[[schedule]"),
            ("[[schedule]]", "[schedule]]"),
            ("[clients]", "[clients"),
            ("[clients]", "clients]"),
            ("[explore]", "[explore}"),
            ("A = [\"acquire\", \"release\"]", "A = [\"acquire\", \"release\""),
            ("A = [\"acquire\", \"release\"]", "A = [\"acquire\" \"release\"]"),
            ("A = [\"acquire\", \"release\"]", "A = [\"acquire\", release]"),
            ("A = [\"acquire\", \"release\"]", "A [\"acquire\", \"release\"]"),
            ("order = \"A B A B\"", "order = \"A B A B"),
            ("order = \"A B A B\"", "order = A B A B"),
            ("order = \"A B A B\"", "order : \"A B A B\""),
            ("order = \"A B A B\"", "order = \"A B \\q\""),
            (
                "order = \"A B A B\"\nexpect = { naive = \"violation\", atomic",
                "order = \"\"\nexpect = { naive = \"violation\" atomic",
            ),
            ("order = \"A B A B\"\nexpect = { naive", "order = \"\"\nexpect = { naive ="),
            ("why = \"a test\"", "why = \"\"\"a test"),
            ("limit = 1", "limit = "),
            ("limit = 1", "limit 1"),
            ("limit = 1", "limit = 1 permit"),
            ("limit = 1", "limit = 1.x"),
        ],
        &expect![[r#"
            [[schedule]
              14:12 unclosed array table, expected `]`
            [schedule]]
              14:11 unexpected key or value, expected newline, `#`
            [clients
              10:9 unclosed table, expected `]`
            clients]
              10:8 key with no value, expected `=`
            [explore}
              19:9 unclosed table, expected `]`
              20:33 unknown key `atomic` in the file (expected `title`, `why`, `limit`, `limiters`, `clients`, `workers`, `on_reject`, `repeat`, `key`, `lease`, `properties`, `schedule` or `explore`)
            A = ["acquire", "release"
              12:1 missing comma between array elements, expected `,` (a list above is not closed by `]`)
            A = ["acquire" "release"]
              11:16 missing comma between array elements, expected `,`
            A = ["acquire", release]
              11:17 string values must be quoted, expected literal string
            A ["acquire", "release"]
              11:3 key with no value, expected `=`
            order = "A B A B
              16:17 invalid basic string, expected `"`
            order = A B A B
              16:9 string values must be quoted, expected literal string
            order : "A B A B"
              16:7 key with no value, expected `=`
            order = "A B \q"
              16:15 missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\`, `"`, `x`, `u`, `U`
            order = ""
              17:32 missing comma between key-value pairs, expected `,`
            order = ""
              17:20 extra assignment between key-value pairs, expected value
            why = """a test
              21:1 invalid multi-line basic string, expected `"`
            limit = 
              3:9 string values must be quoted, expected literal string
            limit 1
              3:7 key with no value, expected `=`
            limit = 1 permit
              3:9 string values must be quoted, expected literal string
            limit = 1.x
              3:11 invalid fraction, expected digits
        "#]],
    );
}

fn many_clients(count: usize) -> String {
    let mut lines = String::new();
    for i in 0..count {
        writeln!(lines, "A{i} = [\"acquire\"]").unwrap();
    }
    lines
}

#[test]
fn names_are_known() {
    check_edits(
        &[
            ("limiters = [\"naive\", \"atomic\"]", "limiters = [\"naive\", \"atomic\", \"Naive\"]"),
            ("limiters = [\"naive\", \"atomic\"]", "limiters = [\"naive\", \"atomic\", \"redlock\"]"),
            ("limiters = [\"naive\", \"atomic\"]", "limiters = [\"naive\", \"atomic\", \"naive\"]"),
            ("limiters = [\"naive\", \"atomic\"]", "limiters = [\"naive\", \"atomik\"]"),
            ("limiters = [\"naive\", \"atomic\"]", "limiters = [\"naive\"]"),
            ("on_reject = \"stop\"", "on_reject = \"retry\""),
            ("properties = [\"over-admission\"]", "properties = [\"over_admission\"]"),
            ("properties = [\"over-admission\"]", "properties = [\"fairness\", \"overstay\"]"),
            ("properties = [\"over-admission\"]", "properties = [\"over-admission\", \"over-admission\"]"),
            ("A = [\"acquire\", \"release\"]", "A = [\"acquire\", \"renew\", \"give up\"]"),
            ("A = [\"acquire\", \"release\"]", "\"A-1\" = [\"acquire\"]"),
            (
                "A = [\"acquire\", \"release\"]",
                "A = [\"acquire\"]\n_A = [\"acquire\"]\n\"\" = [\"acquire\"]\n\"Ä\" = [\"acquire\"]",
            ),
            (
                "order = \"A B A B\"\nexpect = { naive = \"violation\"",
                "order = \"A B A B\"\nexpect = { naive = \"violated\"",
            ),
        ],
        &expect![[r#"
            limiters = ["naive", "atomic", "Naive"]
              4:32 no limiter is called `Naive` (did you mean `naive`? built in: `atomic`, `naive`)
            limiters = ["naive", "atomic", "redlock"]
              4:32 no limiter is called `redlock` (built in: `atomic`, `naive`)
            limiters = ["naive", "atomic", "naive"]
              4:32 limiter `naive` is listed twice
            limiters = ["naive", "atomik"]
              4:22 no limiter is called `atomik` (did you mean `atomic`? built in: `atomic`, `naive`)
            limiters = ["naive"]
              17:33 an expectation of `atomic`, which is not among the file's `limiters` (add "atomic" to `limiters`, or take the expectation out)
              20:33 an expectation of `atomic`, which is not among the file's `limiters` (add "atomic" to `limiters`, or take the expectation out)
            on_reject = "retry"
              5:13 unknown `on_reject` value `retry` (expected `stop` or `continue`)
            properties = ["over_admission"]
              8:15 unknown property `over_admission` (did you mean `over-admission`?)
            properties = ["fairness", "overstay"]
              8:15 unknown property `fairness` (expected `over-admission` or `leak`)
              8:27 property `overstay` is not supported yet
            properties = ["over-admission", "over-admission"]
              8:33 property `over-admission` is listed twice
            A = ["acquire", "renew", "give up"]
              11:17 `renew` is not supported yet
              11:26 unknown operation `give up` (expected `acquire` or `release`)
            "A-1" = ["acquire"]
              11:1 `A-1` cannot be a client's name (a name is a letter, then letters, digits and `_` (ASCII))
              16:10 no client is called `A` (expected `B`)
              16:14 no client is called `A` (expected `B`)
            A = ["acquire"]
              12:1 `_A` cannot be a client's name (a name is a letter, then letters, digits and `_` (ASCII))
              13:1 `` cannot be a client's name (a name is a letter, then letters, digits and `_` (ASCII))
              14:1 `Ä` cannot be a client's name (a name is a letter, then letters, digits and `_` (ASCII))
            order = "A B A B"
              17:20 unknown expectation `violated` (expected `clean` or `violation`)
        "#]],
    );
}

#[test]
fn keys_are_known_and_nothing_is_said_twice() {
    check_edits(
        &[
            ("on_reject", "on-reject"),
            ("[[schedule]]", "[[schedules]]"),
            ("[clients]", "[client]"),
            ("[explore]", "[explore]\nstrategy = \"dpor\""),
            ("[explore]", "[explore]\nrepeat = 3"),
            ("[explore]", "[explore]\nfaults = []"),
            ("[explore]", "[limiter.mine]\nclock = \"server\"\n[explore]"),
            ("[[schedule]]", "[schedule]"),
            ("limit = 1", "limit = 1\nlimit = 2"),
            ("limit = 1", "limit = 1\nworkers = { count = 257, program = [\"aquire\"], name = \"W\" }"),
            ("limit = 1", "limit = 1\nlease = \"30s\""),
            ("limit = 1", "limit = 1\nlease = \"30\""),
            ("[explore]", "[[schedule]]\nname = \"both check before either adds\"\norder = \"\"\n[explore]"),
        ],
        &expect![[r#"
            on-reject
              5:1 unknown key `on-reject` in the file (did you mean `on_reject`?)
            [[schedules]]
              14:3 unknown key `schedules` in the file (did you mean `schedule`?)
            [client]
              10:2 unknown key `client` in the file (did you mean `clients`?)
            [explore]
              20:1 unknown key `strategy` in `[explore]` (expected `expect`)
            [explore]
              20:1 unknown key `repeat` in `[explore]` (`repeat` belongs to the top of the file, before the first `[table]`)
            [explore]
              20:1 `faults` is not supported yet
            [limiter.mine]
              19:10 limiters that are defined in the file are not supported yet
            [schedule]
              14:1 `schedule` must be a list of tables, not a table (every schedule starts with `[[schedule]]`)
            limit = 1
              4:1 duplicate key
            limit = 1
              4:21 `workers.count` must be from 1 to 256
              4:37 unknown operation `aquire` (did you mean `acquire`?)
              4:48 unknown key `name` in `workers` (expected `count` or `program`)
              11:2 a file has either `[clients]` or `workers`, not both
            limit = 1
              4:9 no built-in limiter has leases, so `lease` would mean nothing
            limit = 1
              4:9 `lease`: `30` needs a unit, such as `30ms`
            [[schedule]]
              20:8 two schedules are called `both check before either adds`
        "#]],
    );
}

#[test]
fn errors_in_orders_stand_where_the_token_stands() {
    check_edits(
        &[
            ("order = \"A B A B\"", "order = \"A  C\""),
            ("order = \"A B A B\"", "order = 'A  C'"),
            ("order = \"A B A B\"", "order = \"\"\"\nA\n  C\"\"\""),
            ("order = \"A B A B\"", "order = '''A C'''"),
            ("order = \"A B A B\"", "order = \"A\\tC\""),
            ("order = \"A B A B\"", "order = \"\"\"A \\\n  C\"\"\""),
        ],
        &expect![[r#"
            order = "A  C"
              16:13 no client is called `C` (expected `A` or `B`)
            order = 'A  C'
              16:13 no client is called `C` (expected `A` or `B`)
            order = """
              18:3 no client is called `C` (expected `A` or `B`)
            order = '''A C'''
              16:14 no client is called `C` (expected `A` or `B`)
            order = "A\tC"
              16:9 no client is called `C` (expected `A` or `B`)
            order = """A \
              16:9 no client is called `C` (expected `A` or `B`)
        "#]],
    );
}
