//! A snapshot as `OpenMetrics` text.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::{Doing, Extent, Snapshot};

/// The content type of what [`render`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByUnit {
    unit: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByState {
    state: &'static str,
}

/// The metrics of a snapshot.
pub fn render(now: &Snapshot) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("gatecrash");
    registry.register(
        "build",
        "The gatecrash that runs",
        Info::new([("version", env!("CARGO_PKG_VERSION"))]),
    );
    register_progress(&mut registry, now);
    register_health(&mut registry, now);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn register_progress(registry: &mut Registry, now: &Snapshot) {
    let done = Family::<ByUnit, Counter>::default();
    for (unit, count) in &now.done {
        done.get_or_create(&ByUnit { unit }).inc_by(*count);
    }
    registry.register("units", "Units of work done, by what is counted", done);
    if let Some(phase) = &now.phase {
        whole(registry, "phase_units", "Units done in the phase under way", phase.done);
        if let Extent::Units(total) = phase.phase.extent {
            whole(registry, "phase_expected_units", "Units in the phase under way", total);
        }
        if let Some(left) = phase.left() {
            let help = "About how long the phase under way will go on";
            seconds(registry, "phase_left_seconds", help, left.as_secs_f64());
        }
    }
    whole(registry, "tasks", "Tasks of this run", now.tasks);
    whole(registry, "tasks_done", "Tasks of this run that are done", now.tasks_done);
}

fn register_health(registry: &mut Registry, now: &Snapshot) {
    seconds(registry, "elapsed_seconds", "How long this run has lasted", now.elapsed.as_secs_f64());
    let help = "For how long nothing has happened";
    seconds(registry, "silent_seconds", help, now.silent.as_secs_f64());
    whole(registry, "ready", "1 once work has begun", now.ready.into());
    whole(registry, "stalled", "1 while nothing has happened for too long", now.stalled.into());
    let stalls: Counter = Counter::default();
    stalls.inc_by(now.stalls);
    registry.register("stalls", "How often nothing had happened for too long", stalls);
    let workers = Family::<ByState, Gauge<u64, AtomicU64>>::default();
    for state in ["idle", "working", "waiting"] {
        let count = now.workers.iter().filter(|worker| word(&worker.doing) == state).count();
        workers.get_or_create(&ByState { state }).set(count as u64);
    }
    registry.register("workers", "Clients and threads, by what they do", workers);
}

fn word(doing: &Doing) -> &'static str {
    match doing {
        Doing::Idle => "idle",
        Doing::Works(_) => "working",
        Doing::Waits(_) => "waiting",
    }
}

fn whole(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge = Gauge::<u64, AtomicU64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Gauge::<f64, AtomicU64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}
