use gatecrash_limiter::algorithm;

use super::*;
use crate::model::Model;
use crate::world::scenario;
use crate::world::verdict::Verdict;

fn naive(clients: usize) -> World {
    let text = format!(
        "title = 't'\nwhy = 't'\nlimit = 1\nlimiters = ['naive']\n\
         workers = {{ count = {clients}, program = ['acquire', 'release'] }}"
    );
    let scenario = scenario::parse("test.toml", &text).expect("a valid scenario");
    World::new(&scenario, algorithm::by_name("naive").expect("a built-in limiter"))
}

fn run(clients: usize, depends: Depends) -> Classes {
    search(naive(clients), Model::new(), &Control::default(), &mut (), depends)
        .expect("the model does not fail")
}

/// Finding 1 of the measurements that led here: a search that asks the store alone reports too low a peak, and with two
/// clients misses the violation altogether.
#[test]
fn without_the_property_in_the_dependence_the_violation_is_missed() {
    let store_alone: Depends = |one, other| one.footprint.conflicts(&other.footprint);
    for clients in 2..=4 {
        let (right, wrong) = (run(clients, DporStep::depends_on), run(clients, store_alone));
        assert_eq!(right.found.peak() as usize, clients);
        assert_eq!(wrong.found.peak() as usize, clients - 1);
    }
    assert_eq!(run(2, store_alone).found.verdict(), Verdict::Clean);
    assert_eq!(run(2, DporStep::depends_on).found.verdict(), Verdict::Violation);
}

/// If everything depended on everything, each interleaving would be a class of its own.
#[test]
fn without_independence_every_interleaving_is_run() {
    let all = run(3, |_, _| true);
    assert_eq!((all.classes, all.blocked, all.found.executions), (804, 0, 804));
}
