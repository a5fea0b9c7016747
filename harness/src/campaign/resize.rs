//! A scenario in another size than its file's, and what is then expected of it.

use std::borrow::Cow;

use crate::world::scenario::{
    ClientCount, ClientSpec, Expectations, Expected, MAX_CLIENTS, OperationKind, Scenario, Size,
};

/// A scenario of identical clients with another number of them.
pub(super) fn resized(scenario: &Scenario, clients: usize) -> Option<Scenario> {
    let first = scenario.clients.first().filter(|_| (1..=MAX_CLIENTS).contains(&clients))?;
    Some(Scenario { clients: ClientSpec::workers(clients, &first.program), ..scenario.clone() })
}

/// What is expected of all interleavings: what the file says; in another size, where the clients cannot hold more
/// permits than there are, that every limiter is clean.
pub(super) fn expected_of_all(scenario: &Scenario, size: Size) -> Option<Cow<'_, Expectations>> {
    let bounded = size.clients != Some(ClientCount::Any) && !size.is_as_in_the_file();
    let most = || scenario.clients.iter().map(|client| most_held(client, scenario.repeat)).sum::<u64>();
    if bounded && most() <= scenario.limit {
        let clean = scenario.limiters.iter().map(|limiter| (limiter.name().to_owned(), Expected::Clean));
        return Some(Cow::Owned(clean.collect()));
    }
    scenario.explore.as_ref().map(Cow::Borrowed)
}

/// The most permits that a client can hold at once.
pub(super) fn most_held(client: &ClientSpec, repeat: u32) -> u64 {
    let (mut held, mut most) = (0u64, 0);
    for _ in 0..repeat {
        for operation in &client.program {
            held = match operation {
                OperationKind::Acquire => held + 1,
                OperationKind::Release => held.saturating_sub(1),
            };
            most = most.max(held);
        }
    }
    most
}
