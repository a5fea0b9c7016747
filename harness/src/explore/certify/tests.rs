//! A model that lies is caught, whatever it lies about.

use std::sync::Arc;

use gatecrash_limiter::{Algorithm, Atomic, Command, Naive};

use super::*;
use crate::explore::states::StoreEffect;
use crate::model::content::Piece;
use crate::redis::Target;
use crate::world::scenario::{self, Scenario};
use crate::world::schedule::{Choice, ClientId};

fn scenario(clients: usize, limit: u64) -> Scenario {
    let text = format!(
        r#"
        title = "t"
        why = "t"
        limit = {limit}
        limiters = ["naive"]
        workers = {{ count = {clients}, program = ["acquire", "release"] }}
        "#
    );
    scenario::parse("t.toml", &text).unwrap()
}

/// Certifies after the first effect that fits was made a lie.
fn certify_lie(
    algorithm: impl Algorithm + 'static,
    fits: impl Fn(&Command, &[Piece]) -> bool,
    lie: impl Fn(&mut StoreEffect),
    edges: bool,
) -> Certified {
    let scenario = scenario(8, 3);
    let world = World::new(&scenario, Arc::new(algorithm));
    let mut graph = states::search(&world, StateSpace::default(), &Control::default()).unwrap();
    let mut layouts = graph.transitions.effects().iter().map(|effect| graph.transitions.laid_out(effect));
    let at = layouts.position(|layout| fits(&layout.command, &layout.before)).unwrap();
    drop(layouts);
    lie(graph.transitions.effect_mut(at));
    let server = Server::open(&Target::Private).unwrap();
    let options = CertifyOptions { edges, ..CertifyOptions::default() };
    certify_graph(&graph, &world, &server, options, &Control::default()).unwrap()
}

/// Steps of clients, by the letters of their names.
fn schedule(text: &str) -> Vec<Choice> {
    text.bytes().map(|name| Choice::Step(ClientId(u16::from(name - b'A')))).collect()
}

/// How many members a content has.
fn members(pieces: &[Piece]) -> usize {
    pieces.iter().filter(|piece| matches!(piece, Piece::Scored { .. })).count()
}

#[test]
fn a_wrong_reply_is_caught() {
    let fits = |command: &Command, before: &[Piece]| command.name() == b"ZCARD" && members(before) == 2;
    let lie = |effect: &mut StoreEffect| effect.reply = Reply::Int(7);
    let found = certify_lie(Naive, fits, lie, false);
    // Three namings, twice.
    assert_eq!((found.pairs, found.mismatches, found.cases), (24, 6, 144));
    assert!(!found.holds());
    let first = found.first.unwrap();
    assert_eq!(first.schedule, schedule("ABABC"));
    assert_eq!(first.to_string(), "`ZCARD slots` is answered with 2 by the server and with 7 by the model");
    let sent: Vec<String> = first.answers.iter().map(|answer| answer.command.to_string()).collect();
    let expected = ["ZADD slots 0 A1 0 B1", "ZCARD slots", "ZRANGE slots 0 -1 WITHSCORES", "PTTL slots"];
    assert_eq!(sent, expected);
}

#[test]
fn a_wrong_content_is_caught() {
    // The model forgets to add.
    let fits = |command: &Command, before: &[Piece]| command.name() == b"ZADD" && members(before) == 5;
    let found = certify_lie(Naive, fits, |effect| effect.own.clear(), true);
    assert!(found.mismatches > 0 && found.mismatches < found.cases, "{found:?}");
    let first = found.first.unwrap();
    assert_eq!(first.command().name(), b"ZADD");
    assert_eq!(first.schedule.len(), 12);
    let difference = first.difference().unwrap();
    assert_eq!(difference.command.to_string(), "ZRANGE slots 0 -1 WITHSCORES");
    let (Reply::Array(model), Reply::Array(server)) = (&difference.model, &difference.server) else {
        panic!()
    };
    assert_eq!((model.len(), server.len()), (10, 12));

    let reordered = |effect: &mut StoreEffect| {
        for piece in &mut effect.own {
            if let Piece::Scored { score, .. } = piece {
                *score = "-1".into();
            }
        }
    };
    let fits = |command: &Command, before: &[Piece]| command.name() == b"EVALSHA" && members(before) == 1;
    let found = certify_lie(Atomic, fits, reordered, false);
    assert_eq!(found.mismatches, 6);
    let schedule_and_score = |found: Certified| {
        let first = found.first.unwrap();
        (first.schedule.clone(), first.difference().unwrap().clone())
    };
    let (way, difference) = schedule_and_score(found);
    assert_eq!(way, schedule("AB"));
    assert_eq!(difference.model, Reply::Array(["B1", "-1", "A1", "0"].map(Reply::bulk).into()));
    let server = [["A1", "0", "B1", "0"], ["B1", "0", "A1", "0"]]
        .map(|items| Reply::Array(items.map(Reply::bulk).into()));
    assert!(server.contains(&difference.server), "{difference:?}");
}

#[test]
fn a_key_that_should_be_gone_is_caught() {
    // The model forgets what another client has added: the last release leaves nothing.
    let fits = |command: &Command, before: &[Piece]| command.name() == b"ZREM" && members(before) == 2;
    let lie = |effect: &mut StoreEffect| effect.others = vec![(1, 0)];
    let found = certify_lie(Naive, fits, lie, false);
    assert_eq!(found.mismatches, 6);
    let first = found.first.unwrap();
    assert_eq!(
        first.to_string(),
        "with `ZREM slots A1`, `EXISTS slots` is answered with 1 by the server and with 0 by the model"
    );
}

/// The last effect that was computed before the bound belongs to a state that was not expanded.
#[test]
fn a_lie_at_the_edge_of_a_graph_that_was_cut_short_is_caught() {
    let world = World::new(&scenario(8, 3), Arc::new(Naive));
    let control = Control { max_states: Some(20), ..Control::default() };
    let mut graph = states::search(&world, StateSpace::default(), &control).unwrap();
    let last = graph.transitions.effects().len() - 1;
    graph.transitions.effect_mut(last).reply = Reply::Nil;
    let server = Server::open(&Target::Private).unwrap();
    let found =
        certify_graph(&graph, &world, &server, CertifyOptions::default(), &Control::default()).unwrap();
    assert_eq!((found.mismatches, found.stopped), (6, graph.stopped));
    assert_eq!(found.first.unwrap().difference().unwrap().model, Reply::Nil);
}

#[test]
fn a_model_that_tells_the_truth_is_not_caught() {
    let found = certify_lie(Naive, |_, _| true, |_| {}, false);
    assert!(found.holds() && found.first.is_none(), "{found:?}");
}
