#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::print_stdout)]
use gatecrash::explore::{Control, lockstep, prefixes::Prefixes};
use gatecrash::redis_store::Server;
use gatecrash::scenario::{OnReject, OperationKind::*};
use gatecrash::target::Target;
use gatecrash::world::World;
use gatecrash_limiter::algorithm;
use std::num::NonZeroUsize;
mod common;
#[test]
fn quick() {
    let server = Server::open(&Target::Private).unwrap();
    for width in [1, 7, 64, 128, 256, 512, 256, 256] {
        let n: usize = std::env::var("N").map_or(3, |n| n.parse().unwrap());
        let l: u64 = std::env::var("L").map_or(1, |n| n.parse().unwrap());
        let world = World::new(
            &common::scenario(&vec![vec![Acquire, Release]; n], l, 1, OnReject::Stop),
            algorithm::by_name("naive").unwrap(),
        );
        let t = std::time::Instant::now();
        let found = lockstep::run(
            &world,
            &server,
            &mut Prefixes::new(),
            NonZeroUsize::new(width).unwrap(),
            &Control::default(),
            &mut (),
        )
        .unwrap();
        println!("{width} {:?} {:?}", found, t.elapsed());
    }
}
