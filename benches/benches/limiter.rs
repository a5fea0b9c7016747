//! An acquire and its release over a real connection, beside its floors.

use criterion::{Criterion, Throughput};
use gatecrash_benches::limiting::{Rig, Subject};

fn main() {
    let mut criterion = gatecrash_benches::criterion();
    let rig = Rig::start();
    for subject in rig.subjects() {
        bench(&mut criterion, &rig, subject);
    }
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion, rig: &Rig, subject: Subject) {
    let mut group = criterion.benchmark_group(format!("acquire and release/{}", subject.name));
    // Elements are round trips, so that the two limiters can be compared with each other and with any floor.
    group.throughput(Throughput::Elements(subject.round_trips as u64));
    let works = [("limiter", subject.limiter), ("bare commands", subject.commands), ("PINGs", subject.pings)];
    for (name, mut work) in works {
        group.bench_function(name, |bencher| bencher.iter_custom(|times| rig.time(&mut work, times)));
    }
    group.finish();
}
