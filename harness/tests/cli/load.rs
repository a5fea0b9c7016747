//! Real concurrency: what is counted, what is timed, and how a load ends.

use gatecrash::redis::PrivateServer;
use gatecrash::report::histogram;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::tempdir;

use crate::running::Running;
use crate::support::{Ran, arg, eventually, gatecrash, of, ran, results};

/// Naive under contention: it over-admits at once.
const NAIVE: [&str; 9] =
    ["load", "--limiter", "naive", "--clients", "20", "--limit", "2", "--duration", "500ms"];
/// Everybody is always admitted.
const ROOM: [&str; 9] =
    ["load", "--limiter", "atomic", "--clients", "10", "--limit", "10", "--duration", "500ms"];

fn load(base: &[&str], more: &[&str]) -> Ran {
    ran(&[base, more].concat())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

fn adds_up(result: &Value) {
    let parts = ["admitted", "refused", "errors", "unknown"].map(|name| number(&result[name]));
    assert_eq!(parts.iter().sum::<u64>(), number(&result["attempts"]), "{result}");
}

fn histogram_of(result: &Value, name: &str) -> hdrhistogram::Histogram<u64> {
    histogram::parse(result["histograms"][name].as_str().unwrap()).unwrap()
}

#[test]
fn the_naive_limiter_over_admits_and_the_atomic_one_does_not() {
    let expect = ["--expect", "naive=violation", "--expect", "atomic=clean", "--json", "-"];
    let document = load(&NAIVE, &[&["--limiter", "atomic"], &expect[..]].concat()).exits(0).json();
    for result in results(&document) {
        adds_up(result);
        assert_eq!((&result["engine"], &result["store"]), (&"load".into(), &"redis".into()));
        assert_eq!(
            histogram_of(result, "acquire").len(),
            number(&result["admitted"]) + number(&result["refused"])
        );
        assert_eq!(histogram_of(result, "release").len(), number(&result["admitted"]));
        assert_eq!((&result["leaked"], &result["not_held"]), (&0.into(), &0.into()));
        assert_eq!(result["blocks"].as_array().unwrap().len(), 2);
        assert!(result["floor"]["throughput_per_s"].as_f64().unwrap() > 0.0);
    }
    let [naive] = of(&document, "naive")[..] else { panic!("{document}") };
    let [atomic] = of(&document, "atomic")[..] else { panic!("{document}") };
    let over = &naive["over_admission"];
    assert!(number(&over["events"]) > 0 && number(&over["max"]) > 0, "{over}");
    for event in over["first"].as_array().unwrap() {
        let peak = number(&event["peak"]);
        assert!(peak > 2 && peak <= 2 + number(&over["max"]), "{over}");
    }
    assert_eq!(atomic["over_admission"], serde_json::json!({ "max": 0, "events": 0 }));
}

#[test]
fn an_expected_violation_that_does_not_come_proves_nothing() {
    let room = ["load", "--limiter", "naive", "--clients", "3", "--limit", "3", "--duration", "300ms"];
    let ran = load(&room, &["--expect", "naive=violation", "--json", "-"]).exits(2);
    let document = ran.json();
    assert_eq!(document["verdict"], "undecided");
    assert!(results(&document)[0]["notes"][0].as_str().unwrap().contains("proved nothing"), "{document}");
    // And one that nobody expected fails.
    assert!(load(&NAIVE, &["--hold", "2ms"]).exits(1).stdout.contains("gatecrash load --limiter naive"));
}

#[test]
fn a_stalled_server_shows_in_the_corrected_latencies() {
    let server = PrivateServer::start().unwrap();
    let open = ["--rate", "1000", "--warmup", "0s", "--duration", "2s", "--hold", "0s", "--redis"];
    let url = server.url();
    let mut command = gatecrash(&[&ROOM[..7], &open[..], &[&url, "--json", "-"]].concat());
    let mut running = Running::start(&mut command);
    let stderr = running.wait_for_the_server();
    // Once it is loaded: its own first look does not count.
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    eventually("the load begins", || {
        let stats: String = redis::cmd("INFO").arg("commandstats").query(&mut connection).unwrap();
        let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        calls.is_some_and(|rest| rest.split(',').next().unwrap().parse::<u64>().unwrap() > 100)
    });
    let pid = Pid::from_raw(server.pid().cast_signed());
    kill(pid, Signal::SIGSTOP).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    kill(pid, Signal::SIGCONT).unwrap();

    let document = running.end(stderr).exits(0).json();
    let result = &results(&document)[0];
    adds_up(result);
    let slow = |name| {
        let histogram = histogram_of(result, name);
        histogram.count_between(100_000_000, u64::MAX)
    };
    // 100 operations fell due in the first half of the stall; at most 10 had been sent.
    assert!(slow("acquire_corrected") >= 90, "{document}");
    assert!(slow("acquire_corrected") > slow("acquire"), "{document}");
    assert!(number(&result["latency_corrected_ns"]["acquire"]["max"]) >= 190_000_000);
}

#[test]
fn a_rate_below_one_arrival_a_block_is_kept() {
    let open = ["--rate", "1", "--warmup", "0s", "--hold", "0s", "--json", "-"];
    let document = load(&ROOM, &open).exits(0).json();
    let [result] = &results(&document)[..] else { panic!("{document}") };
    adds_up(result);
    assert_eq!((number(&result["attempts"]), number(&result["missed"])), (1, 0), "{result}");
    // A block that has no arrivals left lasts as long as any other.
    assert!(number(&result["elapsed_ns"]) >= 500_000_000, "{result}");
}

/// The properties that are not clean.
fn wrong(result: &Value) -> Vec<&str> {
    let checks = result["checks"].as_array().unwrap().iter();
    let wrong = checks.filter(|check| check["verdict"] != "clean");
    wrong.map(|check| check["property"].as_str().unwrap()).collect()
}

/// What a load came to on a server to which something was sent in the middle.
fn disturbed(command: &[&str], more: &[&str]) -> Ran {
    let server = PrivateServer::start().unwrap();
    in_the_middle(&server, more, |connection| {
        redis::cmd(command[0]).arg(&command[1..]).query::<()>(connection).unwrap();
    })
}

/// What a load came to on a server with which something was done in the middle.
fn in_the_middle(server: &PrivateServer, more: &[&str], act: impl FnOnce(&mut redis::Connection)) -> Ran {
    let url = server.url();
    let mut command_line = gatecrash(&[&ROOM[..7], &["--duration", "1s", "--redis", &url], more].concat());
    let mut running = Running::start(&mut command_line);
    let stderr = running.wait_for_the_server();
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    eventually("the load is measured", || {
        let stats: String = redis::cmd("INFO").arg("commandstats").query(&mut connection).unwrap();
        stats.contains("cmdstat_ping") && stats.contains("cmdstat_evalsha")
    });
    act(&mut connection);
    running.end(stderr)
}

#[test]
fn a_load_whose_operations_fail_is_not_clean() {
    let document = disturbed(&["CONFIG", "SET", "maxmemory", "1kb"], &["--json", "-"]).exits(2).json();
    let result = &results(&document)[0];
    assert!(wrong(result).contains(&"errors") && result["verdict"] == "undecided", "{result}");
    let text = disturbed(&["CONFIG", "SET", "maxmemory", "1kb"], &[]).exits(2).stdout;
    assert!(text.contains("undecided: errors: ") && text.contains("(--max-errors)"), "{text}");
}

#[test]
fn what_somebody_else_does_to_the_server_is_not_blamed_on_the_limiter() {
    let document = disturbed(&["FLUSHALL"], &["--json", "-"]).exits(2).json();
    let result = &results(&document)[0];
    assert!(wrong(result).contains(&"interference") && result["verdict"] == "undecided", "{result}");
}

#[test]
fn scripts_that_somebody_flushes_are_named_although_the_limiter_sends_them_again() {
    let ran = disturbed(&["SCRIPT", "FLUSH"], &["--json", "-"]).exits(2);
    let document = ran.json();
    let [result] = &results(&document)[..] else { panic!("{document}") };
    // Nothing else shows it.
    assert_eq!(wrong(result), ["interference"], "{result}");
    assert_eq!((number(&result["errors"]), &result["verdict"]), (0, &serde_json::json!("undecided")));
    let text = disturbed(&["SCRIPT", "FLUSH"], &[]).exits(2).stdout;
    assert!(text.contains("undecided: interference: somebody else flushed the server's scripts"), "{text}");
}

#[test]
fn a_server_that_is_restarted_in_the_middle_is_named() {
    let server = PrivateServer::start().unwrap();
    let mut second = None;
    let ran = in_the_middle(&server, &["--json", "-"], |_| {
        kill(Pid::from_raw(server.pid().cast_signed()), Signal::SIGKILL).unwrap();
        let start = |program| {
            let mut command = std::process::Command::new(program);
            command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(server.socket());
            command.stdout(std::process::Stdio::null()).spawn()
        };
        second = Some(start("redis-server").or_else(|_| start("valkey-server")).unwrap());
    });
    let mut second = second.unwrap();
    second.kill().unwrap();
    second.wait().unwrap();
    let document = ran.exits(2).json();
    let result = &results(&document)[0];
    let checks = result["checks"].as_array().unwrap();
    let named = checks.iter().find(|check| check["property"] == "interference").unwrap();
    let why = named["why"].as_str().unwrap();
    assert!(why.starts_with("the server was restarted in the middle"), "{why}");
    assert_eq!(result["verdict"], "undecided");
}

#[test]
fn a_limiter_that_has_lost_its_permits_is_not_clean() {
    let size = ["load", "--limiter", "atomic", "--clients", "5", "--limit", "2", "--duration", "500ms"];
    let document = load(&size, &["--warmup", "0s", "--faults", "kill=5%", "--json", "-"]).exits(2).json();
    let result = &results(&document)[0];
    assert_eq!(wrong(result), ["leaks", "starvation"], "{result}");
}

#[test]
fn faults_strike_and_everything_still_adds_up() {
    let size = ["load", "--limiter", "atomic", "--clients", "10", "--limit", "3000", "--duration", "1s"];
    let faults = ["--faults", "drop=5%,kill=0.5%", "--hold", "0s", "--expect", "clean", "--json", "-"];
    let document = load(&size, &faults).exits(2).json();
    let result = &results(&document)[0];
    adds_up(result);
    assert_eq!(wrong(result), ["leaks"], "{result}");
    let struck = &result["faults"];
    assert!(number(&struck["drop"]) > 0 && number(&struck["kill"]) > 0, "{struck}");
    assert!(number(&result["unknown"]) > 0, "{result}");
    // Dropped operations are settled; what a dead client held is lost.
    assert_eq!(result["leaked"], struck["killed_holding"], "{result}");

    let cut = ["--faults", "cut=5%", "--hold", "0s", "--json", "-"];
    let document = load(&size, &cut).exits(0).json();
    let result = &results(&document)[0];
    adds_up(result);
    assert!(number(&result["faults"]["cut"]) > 0 && number(&result["errors"]) > 0, "{result}");
}

#[test]
fn a_server_that_dies_is_no_pass() {
    let server = PrivateServer::start().unwrap();
    let url = server.url();
    let mut command =
        gatecrash(&[&ROOM[..7], &["--duration", "60s", "--redis", &url, "--json", "-"]].concat());
    let mut running = Running::start(&mut command);
    let stderr = running.wait_for_the_server();
    drop(server);
    let ran = running.end(stderr).exits(69);
    // It may have died before there was anything to report.
    if !ran.stdout.is_empty() {
        let document = ran.json();
        assert_eq!(document["verdict"], "undecided");
        assert_eq!(results(&document)[0]["coverage"]["stopped_by"], "lost_server");
    }
}

#[test]
fn a_signal_ends_a_load_with_a_report() {
    let mut command = gatecrash(&[&ROOM[..7], &["--duration", "60s", "--json", "-"]].concat());
    let mut running = Running::start(&mut command);
    let stderr = running.wait_for_the_server();
    kill(running.pid(), Signal::SIGINT).unwrap();
    let document = running.end(stderr).exits(130).json();
    assert_eq!(document["interrupted"], true);
    let result = &results(&document)[0];
    adds_up(result);
    assert_eq!(result["coverage"]["stopped_by"], "interrupt");
}

#[test]
fn nothing_is_left_on_a_server_of_somebody_else() {
    let server = PrivateServer::start().unwrap();
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let () = redis::cmd("SET").arg("slots").arg("mine").query(&mut connection).unwrap();
    let () =
        redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("hunter2").query(&mut connection).unwrap();
    let url = format!("{}?db=3&pass=hunter2", server.url());
    let ran = load(&ROOM, &["--redis", &url, "--limiter", "naive"]).exits(0);
    assert!(!ran.all().contains("hunter2"), "{}", ran.all());
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert_eq!(keys, ["slots"]);
    let () = redis::cmd("SELECT").arg(3).query(&mut connection).unwrap();
    let left: u64 = redis::cmd("DBSIZE").query(&mut connection).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn histograms_are_written_for_other_tools() {
    let folder = tempdir().unwrap();
    let histograms = arg(folder.path().join("histograms"));
    load(&ROOM, &["--histograms", &histograms]).exits(0);
    let read = |name: &str| std::fs::read_to_string(format!("{histograms}/{name}")).unwrap();
    let log = read("latency.hlog");
    assert!(log.starts_with("#[Histogram log format version 1.3]\n"), "{log}");
    assert!(log.contains("\nTag=atomic.acquire,") && log.contains("\nTag=atomic.release,"), "{log}");
    assert!(read("atomic.acquire.hgrm").contains("1/(1-Percentile)"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let wrong: [(&[&str], &str); 10] = [
        (&["--limiter", "own.lua"], "limiters of your own are not supported yet"),
        (&["--hold", "5"], "`5` needs a unit, such as `5ms`"),
        (&["--limiter", "atomic"], "given twice"),
        (&["--limiter", "naiv"], "naive"),
        (&["--hold", "gauss:1ms"], "no distribution"),
        (&["--faults", "burn"], "no fault"),
        (&["--rate", "0"], "0.01"),
        (&["--duration", "0s"], "more than 0s"),
        (&["--on", "model"], "cannot run on model"),
        (&["--max-executions", "5"], "--duration"),
    ];
    for (more, why) in wrong {
        let base = if more[0] == "--duration" { &ROOM[..7] } else { &ROOM[..] };
        load(base, more).exits(64).complains(&[why]);
    }
    let few = ["sh", "-c", "ulimit -n 64; exec \"$0\" \"$@\""];
    let mut command = std::process::Command::new(few[0]);
    command.args(&few[1..]).arg(env!("CARGO_BIN_EXE_gatecrash")).args(ROOM);
    Ran::of(&mut command).exits(64).complains(&["ulimit -n 74"]);
    load(&ROOM, &["--redis", "redis://127.0.0.1:1"]).exits(69).complains(&["127.0.0.1:1"]);
}

#[test]
fn the_shards_of_a_load_add_up() {
    let place = tempdir().unwrap();
    let file = |name: &str| arg(place.path().join(name));
    let size = ["load", "--limiter", "naive", "--limiter", "atomic", "--clients", "21", "--limit", "2"];
    let expect = ["--duration", "500ms", "--expect", "naive=violation", "--expect", "atomic=clean"];
    for shard in ["1/2", "2/2"] {
        let name = file(&format!("{}.json", &shard[..1]));
        load(&[&size[..], &expect[..]].concat(), &["--shard", shard, "--json", &name]).exits(0);
    }
    let shards = ["1", "2"].map(|name| {
        crate::support::document(&std::fs::read_to_string(file(&format!("{name}.json"))).unwrap())
    });
    // In whatever order.
    let merged = ran(&["merge", &file("2.json"), &file("1.json"), "--json", "-"]).exits(0).json();
    for limiter in ["naive", "atomic"] {
        let [whole] = of(&merged, limiter)[..] else { panic!("{merged}") };
        adds_up(whole);
        let parts: Vec<&Value> = shards.iter().flat_map(|shard| of(shard, limiter)).collect();
        for count in ["clients", "attempts", "admitted", "refused", "errors", "unknown"] {
            let sum: u64 = parts.iter().map(|part| number(&part[count])).sum();
            assert_eq!(number(&whole[count]), sum, "{count}");
        }
        assert_eq!(number(&whole["clients"]), 21);
        let sum: u64 = parts.iter().map(|part| histogram_of(part, "acquire").len()).sum();
        assert_eq!(histogram_of(whole, "acquire").len(), sum);
        assert_eq!(number(&whole["latency_ns"]["acquire"]["count"]), sum);
        assert_eq!(whole["blocks"].as_array().unwrap().len(), 4);
    }
    ran(&["merge", &file("1.json")]).exits(65).complains(&["2/2"]);
    ran(&["merge", &file("1.json"), &file("1.json")]).exits(65).complains(&["twice"]);
    load(&ROOM, &["--shard", "1/11"]).exits(64).complains(&["only 10"]);
}

#[test]
fn a_baseline_is_what_compare_takes() {
    let place = tempdir().unwrap();
    let (base, new) = (arg(place.path().join("base.json")), arg(place.path().join("new.json")));
    let size = ["load", "--limiter", "atomic", "--clients", "5", "--limit", "5", "--hold", "0s"];
    load(&[&size[..], &["--duration", "2s"]].concat(), &["--save-baseline", &base]).exits(0);
    load(&[&size[..], &["--duration", "2s"]].concat(), &["--json", &new]).exits(0);
    // A thousand times slower is no regression: this machine is busy, and that is not what is tested.
    let compared = ran(&["compare", &base, &new, "--tolerance", "1000%"]);
    assert!(matches!(compared.code, Some(0 | 2)), "{}", compared.stdout);
}

#[test]
fn a_server_that_is_silent_for_good_does_not_keep_a_load_from_ending() {
    let server = PrivateServer::start().unwrap();
    let url = server.url();
    let mut command = gatecrash(
        &[&ROOM[..7], &["--duration", "2s", "--stall-after", "1s", "--redis", &url, "--json", "-"]].concat(),
    );
    let mut running = Running::start(&mut command);
    let stderr = running.wait_for_the_server();
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    eventually("the load begins", || {
        let stats: String = redis::cmd("INFO").arg("commandstats").query(&mut connection).unwrap();
        stats.contains("cmdstat_ping")
    });
    let pid = Pid::from_raw(server.pid().cast_signed());
    kill(pid, Signal::SIGSTOP).unwrap();
    let ran = running.end(stderr);
    kill(pid, Signal::SIGCONT).unwrap();
    assert!(ran.stderr.contains("no reply to anybody"), "{}", ran.stderr);
    assert!(ran.stderr.contains("waits for a reply of redis"), "a stall is told: {}", ran.stderr);
    let document = ran.exits(69).json();
    adds_up(&results(&document)[0]);
}

#[test]
fn an_interrupt_ends_a_load_soon_although_the_server_is_silent_and_leaves_no_key() {
    let server = PrivateServer::start().unwrap();
    let url = server.url();
    let mut command =
        gatecrash(&[&ROOM[..7], &["--duration", "60s", "--redis", &url, "--json", "-"]].concat());
    let mut running = Running::start(&mut command);
    let stderr = running.wait_for_the_server();
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let keys = |connection: &mut redis::Connection| -> Vec<String> {
        redis::cmd("KEYS").arg("gatecrash:*").query(connection).unwrap()
    };
    eventually("the load begins", || !keys(&mut connection).is_empty());
    let pid = Pid::from_raw(server.pid().cast_signed());
    kill(pid, Signal::SIGSTOP).unwrap();
    kill(running.pid(), Signal::SIGINT).unwrap();
    let interrupted = std::time::Instant::now();
    let ran = running.end(stderr);
    let took = interrupted.elapsed();
    kill(pid, Signal::SIGCONT).unwrap();
    assert!(took < std::time::Duration::from_secs(4), "{took:?}");
    // What it said last is read by the server when it is awake again.
    eventually("its keys are deleted", || keys(&mut connection).is_empty());
    let document = ran.exits(130).json();
    let checks = results(&document)[0]["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["property"] != "interference"), "nobody was asked: {document}");
}
