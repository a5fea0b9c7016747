//! Samplers side by side, each with as many executions of the same seed.

use std::num::NonZeroUsize;

use super::{Sample, Sampler, Settings, on_model};
use crate::error::Error;
use crate::explore::Control;
use crate::world::World;

/// Runs each sampler on the model. A bound that is met ends all that is left; their samples say so.
pub fn compare(
    root: &World,
    samplers: &[Sampler],
    executions: u64,
    seed: u64,
    threads: NonZeroUsize,
    control: &Control,
) -> Result<Vec<Sample>, Error> {
    let sample = |sampler: &Sampler| {
        on_model(root, Settings { sampler: *sampler, executions, seed }, threads, control)
    };
    samplers.iter().map(sample).collect()
}
