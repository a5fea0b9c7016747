//! Interleavings per second: on the model, on a real server, under loom.

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, SamplingMode, Throughput};
use gatecrash::model::ComparedStore;
use gatecrash::model::Model;
use gatecrash_benches::exploring::{bare_connection, enumerate, ping, round_trips, under_loom, world};

fn main() {
    let mut criterion = gatecrash_benches::criterion();
    on_the_model(&mut criterion);
    on_a_server(&mut criterion);
    loom(&mut criterion);
    criterion.final_summary();
}

/// Searches are long: every sample takes as many of them as any other, and ten samples have to do.
fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group
}

fn on_the_model(criterion: &mut Criterion) {
    let searches = [
        ("naive, 3 clients", world("naive", 3, 1), 804),
        ("naive, 2 clients, 2 rounds", world("naive", 2, 2), 364),
        ("atomic, 3 clients", world("atomic", 3, 1), 24),
    ];
    let mut group = group(criterion, "explore/model");
    for (name, world, interleavings) in searches {
        assert_eq!(enumerate(world.clone(), Model::new()), interleavings);
        group.throughput(Throughput::Elements(interleavings));
        group.bench_function(name, |bencher| {
            let fresh = || world.clone();
            bencher.iter_batched(fresh, |world| enumerate(world, Model::new()), BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn on_a_server(criterion: &mut Criterion) {
    let server = gatecrash_benches::private_server();
    let world = world("naive", 3, 1);
    let store = || server.store(world.names().len()).expect("the private server answers");
    let mut group = group(criterion, "explore/redis");
    group.throughput(Throughput::Elements(enumerate(world.clone(), Model::new())));
    // A search takes its store, so each needs a new one; connecting is not measured.
    group.bench_function("naive, 3 clients", |bencher| {
        let fresh = || (world.clone(), store());
        bencher.iter_batched(fresh, |(world, store)| enumerate(world, store), BatchSize::PerIteration);
    });
    group.bench_function("naive, 3 clients, compared with the model", |bencher| {
        let fresh = || (world.clone(), ComparedStore::new(store()));
        bencher.iter_batched(fresh, |(world, store)| enumerate(world, store), BatchSize::PerIteration);
    });
    let round_trips = round_trips(world.clone(), &server);
    let mut connection = bare_connection(&server);
    group.bench_function("as many PINGs", |bencher| bencher.iter(|| ping(&mut connection, round_trips)));
    group.finish();
}

fn loom(criterion: &mut Criterion) {
    let world = world("naive", 2, 1);
    let mut group = group(criterion, "explore/loom");
    group.throughput(Throughput::Elements(under_loom(&world)));
    group.bench_function("naive, 2 clients", |bencher| bencher.iter(|| under_loom(&world)));
    group.finish();
}
