//! The final results that clients can see, over merged states: another way to what loom and enumeration collect.

use crate::explore::FinalResults;
use crate::explore::states::{self, CountedState, StateSpace};
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::schedule::ClientId;

/// The distinct final results of all interleavings; `None` if something stopped the search.
pub fn final_results(world: &World, control: &Control) -> Result<Option<FinalResults>, Error> {
    let graph = states::search(world, StateSpace { symmetry: false, outcomes: true }, control)?;
    if graph.stopped.is_some() {
        return Ok(None);
    }
    let mut results = FinalResults::default();
    let mut state = CountedState::default();
    for id in (0..).take(graph.len()).filter(|id| graph.targets(*id).is_empty()) {
        graph.states.read(id, &mut state);
        let mut result = Vec::new();
        for (pair, _) in &state.pairs {
            let (place, outcomes) = graph.transitions.outcomes(*pair);
            result.extend(outcomes.iter().map(|outcome| (ClientId(place), outcome.clone())));
        }
        result.sort_by_key(|(client, _)| *client);
        results.0.insert(result);
    }
    Ok(Some(results))
}
