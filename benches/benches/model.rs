//! Commands and scripts on the model, beside what they would cost at the least.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput};
use gatecrash::model::Model;
use gatecrash::world::schedule::ClientId;
use gatecrash::world::store::Store;
use gatecrash_limiter::{Algorithm, Atomic, Call, Command, Reply};

const CLIENT: ClientId = ClientId(0);
/// How many permits are taken before anything is measured.
const TAKEN: u64 = 8;
const NOW: Duration = Duration::from_secs(1_765_065_600);

fn main() {
    let mut criterion = gatecrash_benches::criterion();
    commands(&mut criterion);
    scripts(&mut criterion);
    criterion.final_summary();
}

fn tokens() -> impl Iterator<Item = Bytes> {
    (0..TAKEN).map(|n| format!("token-{n}").into())
}

/// A model with some permits taken and the limiter's script known.
fn model() -> Model {
    let mut model = Model::at(NOW);
    model.load(Atomic.scripts()).expect("the model takes any script");
    for token in tokens() {
        let reply = model.run(CLIENT, &Command::new("ZADD").arg("slots").number(NOW.as_millis()).arg(token));
        assert_eq!(reply, Reply::Int(1));
    }
    model
}

/// The commands of `naive`, beside a map that is changed the same way.
fn commands(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("model/commands");
    group.throughput(Throughput::Elements(3));

    let mut model = model();
    let mix = [
        Command::new("ZCARD").arg("slots"),
        Command::new("ZADD").arg("slots").number(NOW.as_millis()).arg("mine"),
        Command::new("ZREM").arg("slots").arg("mine"),
    ];
    group.bench_function("ZCARD, ZADD, ZREM", |bencher| {
        bencher.iter(|| mix.each_ref().map(|command| model.run(CLIENT, black_box(command))));
    });

    let mut map: BTreeMap<Bytes, u128> = tokens().map(|token| (token, NOW.as_millis())).collect();
    let mine = Bytes::from_static(b"mine");
    group.bench_function("BTreeMap", |bencher| {
        bencher.iter(|| {
            let length = map.len();
            let before = map.insert(black_box(&mine).clone(), NOW.as_millis());
            (length, before, map.remove(black_box(&mine)))
        });
    });
    group.finish();
}

/// The script of `atomic`, beside one that does nothing.
fn scripts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("model/scripts");
    group.throughput(Throughput::Elements(1));

    let mut model = model();
    let acquire = |limit| {
        let call = Call { key: "slots".into(), limit, token: "mine".into() };
        Atomic.acquire().command(&call, NOW)
    };
    let (admitted, refused) = (acquire(TAKEN + 1), acquire(TAKEN));
    assert_eq!(model.clone().run(CLIENT, &admitted), Reply::Int(1));
    assert_eq!(model.run(CLIENT, &refused), Reply::Int(0));
    // Being admitted changes the model, so each call gets a copy, which is not measured.
    group.bench_function("EVALSHA, admitted", |bencher| {
        let run = |model: &mut Model| model.run(CLIENT, black_box(&admitted));
        bencher.iter_batched_ref(|| model.clone(), run, BatchSize::SmallInput);
    });
    group.bench_function("EVALSHA, refused", |bencher| {
        bencher.iter(|| model.run(CLIENT, black_box(&refused)));
    });

    let loaded = model.run(CLIENT, &Command::new("SCRIPT").arg("LOAD").arg("return 1"));
    let Reply::Bulk(sha1) = loaded else { panic!("{loaded}") };
    let nothing = admitted.args()[1..].iter().cloned().fold(Command::new("EVALSHA").arg(sha1), Command::arg);
    assert_eq!(model.run(CLIENT, &nothing), Reply::Int(1));
    group.bench_function("EVALSHA, return 1", |bencher| {
        bencher.iter(|| model.run(CLIENT, black_box(&nothing)));
    });
    group.finish();
}
