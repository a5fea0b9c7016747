//! Random tokens, each time of another kind.

use bytes::Bytes;
use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};

/// Draws tokens. The seed decides all of them: the generator is `ChaCha8`, whatever the platform.
#[derive(Debug)]
pub(super) struct Tokens(ChaCha8Rng);

/// Members longer than this are never packed into a sorted set's compact encoding, unless a server was told otherwise.
const PACKED: usize = 64;
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Tokens of digits have fifteen: a number that a server packs as such.
const FIRST_NUMBER: u64 = 100_000_000_000_000;

impl Tokens {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// So many tokens for the n-th naming: of letters, then so long that a sorted set is not packed, then of digits, and
    /// so on. That two are alike is not ruled out, but less likely than a failure of the memory.
    pub(super) fn draw(&mut self, naming: u64, count: usize) -> Vec<Bytes> {
        (0..count)
            .map(|_| match naming % 3 {
                0 => self.letters(12),
                1 => self.letters(PACKED + 1),
                _ => (FIRST_NUMBER + self.0.next_u64() % (9 * FIRST_NUMBER)).to_string().into(),
            })
            .collect()
    }

    /// A text of that length or up to seven more.
    fn letters(&mut self, least: usize) -> Bytes {
        let mut text = vec![0; least + (self.0.next_u32() % 8) as usize];
        self.0.fill_bytes(&mut text);
        for byte in &mut text {
            *byte = LETTERS[usize::from(*byte) % LETTERS.len()];
        }
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_all_tokens() {
        let draw = |seed| {
            let mut tokens = Tokens::new(seed);
            (0..6).map(|naming| tokens.draw(naming, 70)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        let distinct: std::collections::BTreeSet<Bytes> =
            [draw(0), draw(1)].into_iter().flatten().flatten().collect();
        assert_eq!(distinct.len(), 2 * 6 * 70);
        assert!(draw(0)[1].iter().all(|token| token.len() > PACKED));
        assert!(draw(0)[2].iter().all(|token| token.len() == 15 && token.iter().all(u8::is_ascii_digit)));
        // The generator is pinned: these are its tokens on every platform and with every version.
        assert_eq!(Tokens::new(0).draw(0, 1), ["n3F13AY6flG3mmiB"]);
    }
}
