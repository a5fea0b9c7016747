//! Whose turn it is: the programme of a load.

use std::time::Duration;

use super::settings::LoadSettings;

/// Blocks are at least as long: what a block takes to begin and to end is little beside it.
const SHORTEST: Duration = Duration::from_millis(250);
/// And this many mean holds, for the same reason.
const HOLDS: u32 = 20;
/// More blocks than that say no more.
const MOST: u32 = 200;
/// A floor is this part of a block.
const FLOOR: u32 = 4;

/// How long what takes, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    pub(super) block: Duration,
    pub(super) floor: Duration,
    rounds: u32,
    limiters: usize,
    warm_up: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoadTurn {
    WarmUp(usize),
    Floor,
    Limiter(usize),
}

impl Blocks {
    pub(super) fn of(settings: &LoadSettings, limiters: usize) -> Self {
        let shortest = SHORTEST.max(settings.hold.mean() * HOLDS);
        let rounds = settings.duration.as_nanos() / shortest.as_nanos();
        let rounds = u32::try_from(rounds).unwrap_or(MOST).clamp(1, MOST);
        let block = settings.duration / rounds;
        let warm_up = !settings.warmup.is_zero();
        Self { block, floor: block / FLOOR, rounds, limiters, warm_up }
    }

    /// How long all of it takes, without what has begun and is waited for.
    pub(super) fn length(self, warmup: Duration) -> Duration {
        let limiters = u32::try_from(self.limiters).unwrap_or(u32::MAX);
        warmup * limiters + (self.floor + self.block * limiters) * self.rounds
    }

    /// Warm-ups, then rounds: the floor, and every limiter. Who comes first changes from round to round.
    pub(super) fn turns(self) -> impl Iterator<Item = LoadTurn> {
        let warm_ups = (0..self.limiters).filter(move |_| self.warm_up).map(LoadTurn::WarmUp);
        let rounds = (0..self.rounds as usize).flat_map(move |round| {
            let limiters = (0..self.limiters).map(move |at| LoadTurn::Limiter((round + at) % self.limiters));
            std::iter::once(LoadTurn::Floor).chain(limiters)
        });
        warm_ups.chain(rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::hold::Hold;
    use LoadTurn::{Floor, Limiter, WarmUp};

    fn settings(duration: Duration, hold: Duration) -> LoadSettings {
        LoadSettings {
            clients: 1,
            duration,
            warmup: Duration::from_secs(1),
            hold: Hold::Fixed(hold),
            ..LoadSettings::for_tests()
        }
    }

    #[test]
    fn limiters_take_turns_and_change_places() {
        let blocks = Blocks::of(&settings(Duration::from_millis(500), Duration::ZERO), 2);
        let turns: Vec<LoadTurn> = blocks.turns().collect();
        let rounds = [Floor, Limiter(0), Limiter(1), Floor, Limiter(1), Limiter(0)];
        assert_eq!(turns[..2], [WarmUp(0), WarmUp(1)]);
        assert_eq!(turns[2..], rounds);
    }

    #[test]
    fn blocks_fill_the_duration_and_are_never_too_short() {
        for (duration, hold, rounds) in
            [(10_000, 0, 40), (10_000, 100, 5), (100, 0, 1), (600_000, 1, 200), (1000, 5000, 1)]
        {
            let blocks =
                Blocks::of(&settings(Duration::from_millis(duration), Duration::from_millis(hold)), 1);
            assert_eq!(blocks.rounds, rounds, "{duration} {hold}");
            assert_eq!(blocks.block * rounds, Duration::from_millis(duration));
        }
    }
}
