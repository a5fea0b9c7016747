//! Random numbers: the same ones for ever, given a seed.
//!
//! The generator is `ChaCha` with 8 rounds (Bernstein 2008), which is defined down to the bit; its key is the seed in
//! little-endian order and then zeros. Everything drawn from it is drawn by the few lines below, since libraries are
//! free to change how they make a range out of random words.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};

/// The random numbers of one execution, of one client.
#[derive(Debug)]
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    /// One of the 2^64 independent streams of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, which is not 0; each with exactly the same probability.
    ///
    /// Lemire, "Fast Random Integer Generation in an Interval" (2019): the upper half of a product, unless its lower
    /// half is one of the few that would favour some numbers.
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a product")]
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        debug_assert_ne!(bound, 0);
        loop {
            let product = u128::from(self.any()) * u128::from(bound);
            let (upper, lower) = ((product >> 64) as u64, product as u64);
            if lower >= bound || lower >= bound.wrapping_neg() % bound {
                return upper;
            }
        }
    }

    /// Puts items in a random order, each order with the same probability (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.index(place + 1));
        }
    }

    /// A place among `length`, which is not 0.
    #[expect(clippy::cast_possible_truncation, reason = "it is below a usize")]
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a seed does not mean any more what it meant to whoever wrote it down.
    #[test]
    fn the_first_draws_are_what_they_always_were() {
        // The key stream of ChaCha8 for a key and a nonce of zeros: 3e 00 ef 2f 89 5f 40 d6 7f 5b b8 e8 1f 09 a5 a1.
        let mut draws = Draws::new(0, 0);
        assert_eq!([draws.any(), draws.any()], [0xd640_5f89_2fef_003e, 0xa1a5_091f_e8b8_5b7f]);

        let mut draws = Draws::new(7, 1);
        assert_eq!([draws.any(), draws.any()], [17_236_010_905_523_606_670, 5_195_008_117_022_965_769]);
        let mut draws = Draws::new(7, 2);
        let below: Vec<u64> = [3, 3, 3, 3, 6, 1, 1_000_000, u64::MAX].map(|bound| draws.below(bound)).into();
        assert_eq!(below, [0, 0, 2, 1, 4, 0, 92_158, 17_061_907_451_955_861_605]);
        let mut items = [0, 1, 2, 3, 4, 5, 6, 7];
        Draws::new(7, 3).shuffle(&mut items);
        assert_eq!(items, [2, 6, 1, 7, 0, 4, 3, 5]);
    }

    #[test]
    fn every_number_below_the_bound_is_drawn_about_as_often() {
        let mut draws = Draws::new(1, 1);
        for bound in [1, 2, 3, 6, 7] {
            let mut counts = vec![0_u64; 7];
            for _ in 0..bound * 10_000 {
                counts[draws.index(bound)] += 1;
            }
            assert!(counts[..bound].iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
            assert!(counts[bound..].iter().all(|count| *count == 0));
        }
    }

    /// Three quarters of all words: without the rejection, two of each three numbers would come half as often again
    /// as they should.
    #[test]
    fn a_large_bound_favours_no_number() {
        let mut draws = Draws::new(1, 2);
        let mut counts = [0; 3];
        for _ in 0..30_000 {
            counts[usize::try_from(draws.below(3 << 62) % 3).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
    }
}
