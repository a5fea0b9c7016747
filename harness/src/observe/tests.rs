use super::*;

fn phase(unit: &'static str, extent: Extent) -> Phase {
    Phase { what: format!("some {unit}"), unit, extent }
}

#[test]
fn units_add_up_over_phases() {
    let activity = Activity::default();
    activity.begin(phase("states", Extent::Open));
    activity.advance(5);
    activity.begin(phase("executions", Extent::Units(10)));
    activity.advance(4);
    activity.begin(phase("states", Extent::Open));
    activity.advance(2);
    let now = activity.snapshot();
    assert_eq!(now.phase.unwrap().done, 2);
    assert_eq!(now.done.into_iter().collect::<Vec<_>>(), [("executions", 4), ("states", 7)]);
}

#[test]
fn silence_ends_with_a_unit_a_pulse_or_a_phase() {
    let activity = Activity::default();
    let mut now = Instant::now();
    let mut look = || {
        now += Duration::from_secs(1);
        activity.look(now).as_secs()
    };
    assert_eq!([look(), look(), look()], [1, 2, 3]);
    activity.advance(1);
    assert_eq!([look(), look()], [0, 1]);
    activity.pulse();
    assert_eq!([look(), look()], [0, 1]);
    activity.begin(phase("states", Extent::Open));
    assert_eq!([look(), look()], [0, 1]);
}

#[test]
fn workers_are_listed_in_their_order_until_they_are_gone() {
    let activity = Arc::new(Activity::default());
    let [a, b, c] = ["A", "B", "C"].map(|name| activity.worker(name));
    a.waits("a reply of redis to", "ZCARD");
    c.works("part", "7");
    drop(b);
    let now = activity.snapshot();
    let shown: Vec<_> =
        now.workers.iter().map(|worker| format!("{}: {}", worker.name, worker.doing)).collect();
    assert_eq!(shown, ["A: waits for a reply of redis to ZCARD", "C: works on part 7"]);
    assert_eq!(now.longest_wait().unwrap().name, "A");
    drop((a, c));
    assert!(activity.snapshot().workers.is_empty());
}

fn snapshot() -> Snapshot {
    let phase = phase("executions", Extent::Units(4_000));
    Snapshot {
        elapsed: Duration::from_secs(75),
        ready: true,
        phase: Some(PhaseNow { phase, done: 1_000, elapsed: Duration::from_secs(10) }),
        done: BTreeMap::from([("executions", 1_000), ("states", 7)]),
        tasks: 12,
        tasks_done: 3,
        silent: Duration::from_secs(12),
        stalled: false,
        stalls: 1,
        workers: vec![WorkerNow {
            name: "A".into(),
            doing: Doing::Waits(WorkerSubject { what: "a reply of redis to", which: "ZCARD".into() }),
            lasting: Duration::from_secs(12),
        }],
    }
}

#[test]
fn lines_say_how_far_it_is_and_what_is_waited_for() {
    let mut now = snapshot();
    assert_eq!(
        text::heartbeat(&now),
        "3 of 12 done; some executions: 1,000 of 4,000 executions (25%), 100 a second, about 30 s left; 1 min 15 s so far"
    );
    assert_eq!(
        text::stalled(&now),
        "stalled: no progress for 12 s: A waits for a reply of redis to ZCARD, 12 s"
    );
    assert!(text::dump(&now).ends_with("\n  A: waits for a reply of redis to ZCARD, 12 s"));

    now.workers.clear();
    now.phase.as_mut().unwrap().phase.extent = Extent::Open;
    now.tasks = 1;
    assert_eq!(text::heartbeat(&now), "some executions: 1,000 executions, 100 a second; 1 min 15 s so far");
    assert_eq!(text::stalled(&now), "stalled: no progress for 12 s: some executions");
    now.phase.as_mut().unwrap().phase.extent = Extent::Time(Duration::from_secs(60));
    assert!(text::heartbeat(&now).contains("about 50 s left"));
}

#[test]
fn what_a_worker_waits_for_cannot_write_on_the_terminal() {
    let subject = WorkerSubject { what: "a reply to", which: "\x1b[2J\n".into() };
    assert_eq!(subject.to_string(), "a reply to  [2J ");
}

#[test]
fn metrics_end_as_they_must() {
    let text = metrics::render(&snapshot()).unwrap();
    for line in [
        "# TYPE gatecrash_units counter",
        "gatecrash_units_total{unit=\"executions\"} 1000",
        "gatecrash_units_total{unit=\"states\"} 7",
        "gatecrash_phase_left_seconds 30.0",
        "gatecrash_workers{state=\"waiting\"} 1",
        "gatecrash_workers{state=\"idle\"} 0",
        "gatecrash_stalls_total 1",
        "gatecrash_ready 1",
    ] {
        assert!(text.lines().any(|its| its == line), "{line:?} is not in:\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}
