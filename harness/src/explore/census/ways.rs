//! How many ways there are, by their peak number of holders.

use num_bigint::BigUint;

/// The peaks that one pass counts. What is lower counts as the lowest, what is higher is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PeakWindow {
    pub(super) lowest: u32,
    pub(super) highest: u32,
}

/// The ways to a state or from it, by the peak number of holders along them: the lowest peak first, without gaps.
///
/// A count is `width` limbs of 64 bits, the lowest first, and all of them lie in one piece: nearly all of a census is
/// adding them up, and numbers that are allocated one by one take three times as long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WaysByPeak {
    lowest: u32,
    width: usize,
    limbs: Box<[u64]>,
}

impl WaysByPeak {
    /// The one way that has no step, in a state where that many permits are held.
    pub(super) fn one(held: u32, window: PeakWindow) -> Option<Self> {
        let lowest = held.max(window.lowest);
        (lowest <= window.highest).then(|| Self { lowest, width: 1, limbs: Box::new([1]) })
    }

    /// The sum of multiples of ways that are one step shorter, in a state where `held` permits are held. `scratch` is
    /// room for it. None if all of them are left out.
    pub(super) fn sum(
        sources: &[(u32, &Self)],
        held: u32,
        window: PeakWindow,
        scratch: &mut Vec<u64>,
    ) -> Option<Self> {
        let base = held.max(window.lowest);
        let lowest = sources.iter().map(|(_, ways)| ways.lowest).min()?.max(base);
        let highest = sources.iter().map(|(_, ways)| ways.highest()).max()?.max(base).min(window.highest);
        if lowest > highest {
            return None;
        }
        // One limb more has room for the sum of as many products as there are edges.
        let width = sources.iter().map(|(_, ways)| ways.width).max()? + 1;
        scratch.clear();
        scratch.resize((highest - lowest + 1) as usize * width, 0);
        for (times, ways) in sources {
            // What was lower than the lowest peak is one with it now.
            for peak in ways.lowest..lowest.min(ways.end()) {
                add_product(&mut scratch[..width], ways.count(peak), *times);
            }
        }
        let mut terms = Vec::with_capacity(sources.len());
        for (peak, sum) in (lowest..).zip(scratch.chunks_exact_mut(width)) {
            terms.clear();
            terms.extend(
                sources.iter().filter(|(_, ways)| ways.has(peak)).map(|(n, ways)| (*n, ways.count(peak))),
            );
            add_products(sum, &terms);
        }
        Some(Self::trimmed(lowest, width, scratch))
    }

    /// Counts that take no more limbs than the largest of them needs.
    fn trimmed(lowest: u32, width: usize, limbs: &[u64]) -> Self {
        let significant =
            |count: &[u64]| count.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1);
        let needed = limbs.chunks_exact(width).map(significant).max().unwrap_or(0).max(1);
        let mut kept = Vec::with_capacity(limbs.len() / width * needed);
        for count in limbs.chunks_exact(width) {
            kept.extend_from_slice(&count[..needed]);
        }
        Self { lowest, width: needed, limbs: kept.into() }
    }

    /// Leaves out the peaks above a new highest one. None if that is all of them.
    pub(super) fn cut(self, highest: u32) -> Option<Self> {
        if self.end() <= highest + 1 {
            return Some(self);
        }
        let peaks = (highest + 1).checked_sub(self.lowest).filter(|peaks| *peaks > 0)?;
        Some(Self { limbs: self.limbs[..peaks as usize * self.width].into(), ..self })
    }

    /// How many limbs it takes.
    pub(super) fn len(&self) -> usize {
        self.limbs.len()
    }

    pub(super) fn lowest(&self) -> u32 {
        self.lowest
    }

    pub(super) fn highest(&self) -> u32 {
        self.end() - 1
    }

    /// How many ways have each peak or a lower one, from the lowest peak on.
    pub(super) fn up_to_each(&self) -> Vec<BigUint> {
        let add = |sum: &mut BigUint, count: &[u64]| {
            *sum += big(count);
            Some(sum.clone())
        };
        self.limbs.chunks_exact(self.width).scan(BigUint::ZERO, add).collect()
    }

    /// One more than the highest peak.
    fn end(&self) -> u32 {
        self.lowest + u32::try_from(self.limbs.len() / self.width).unwrap_or(u32::MAX)
    }

    fn has(&self, peak: u32) -> bool {
        (self.lowest..self.end()).contains(&peak)
    }

    fn count(&self, peak: u32) -> &[u64] {
        let at = (peak - self.lowest) as usize * self.width;
        &self.limbs[at..at + self.width]
    }
}

/// Adds multiples of numbers to another one that has room for the sum.
fn add_products(sum: &mut [u64], terms: &[(u32, &[u64])]) {
    // Up to three at once: a state has few edges, and each pass over the sum costs.
    for terms in terms.chunks(3) {
        match *terms {
            [a, b, c] => add_three(sum, a, b, c),
            [a, b] => add_two(sum, a, b),
            _ => terms.iter().for_each(|(times, number)| add_product(sum, number, *times)),
        }
    }
}

fn add_three(sum: &mut [u64], a: (u32, &[u64]), b: (u32, &[u64]), c: (u32, &[u64])) {
    let common = a.1.len().min(b.1.len()).min(c.1.len());
    let mut carry = 0;
    for (((limb, x), y), z) in sum[..common].iter_mut().zip(a.1).zip(b.1).zip(c.1) {
        // Each product is less than 2^96, so that the carry always fits.
        let wide = product(*x, a.0) + product(*y, b.0) + product(*z, c.0);
        (*limb, carry) = halves(wide + u128::from(*limb) + u128::from(carry));
    }
    add_rest(sum, common, &[a, b, c], carry);
}

fn add_two(sum: &mut [u64], a: (u32, &[u64]), b: (u32, &[u64])) {
    let common = a.1.len().min(b.1.len());
    let mut carry = 0;
    for ((limb, x), y) in sum[..common].iter_mut().zip(a.1).zip(b.1) {
        let wide = product(*x, a.0) + product(*y, b.0);
        (*limb, carry) = halves(wide + u128::from(*limb) + u128::from(carry));
    }
    add_rest(sum, common, &[a, b], carry);
}

/// Goes on from a place where one of the numbers has ended.
fn add_rest(sum: &mut [u64], from: usize, terms: &[(u32, &[u64])], mut carry: u64) {
    for (at, limb) in sum.iter_mut().enumerate().skip(from) {
        let there = |(times, number): &(u32, &[u64])| product(number.get(at).copied().unwrap_or(0), *times);
        let wide = terms.iter().map(there).sum::<u128>();
        (*limb, carry) = halves(wide + u128::from(*limb) + u128::from(carry));
    }
    debug_assert_eq!(carry, 0, "there is room for the sum");
}

/// Adds a multiple of a number.
fn add_product(sum: &mut [u64], number: &[u64], times: u32) {
    let mut carry = 0;
    for (limb, x) in sum.iter_mut().zip(number) {
        (*limb, carry) = halves(product(*x, times) + u128::from(*limb) + u128::from(carry));
    }
    add_rest(sum, number.len(), &[], carry);
}

fn product(limb: u64, times: u32) -> u128 {
    u128::from(limb) * u128::from(times)
}

/// The lower and the upper half.
#[expect(clippy::cast_possible_truncation, reason = "halves are what is wanted")]
fn halves(wide: u128) -> (u64, u64) {
    (wide as u64, (wide >> 64) as u64)
}

fn big(count: &[u64]) -> BigUint {
    BigUint::from_bytes_le(&count.iter().flat_map(|limb| limb.to_le_bytes()).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: PeakWindow = PeakWindow { lowest: 0, highest: u32::MAX };

    fn ways(lowest: u32, width: usize, limbs: &[u64]) -> WaysByPeak {
        WaysByPeak { lowest, width, limbs: limbs.into() }
    }

    #[test]
    fn products_are_added_as_big_integers_are() {
        let numbers: [&[u64]; 5] = [&[u64::MAX, 3], &[7, u64::MAX], &[1, 1], &[5], &[u64::MAX; 3]];
        for times in [1, 2, u32::MAX] {
            for count in 0..=numbers.len() {
                let terms: Vec<(u32, &[u64])> =
                    numbers[..count].iter().map(|number| (times, *number)).collect();
                let mut sum = [u64::MAX, u64::MAX, 7, 0];
                let expected =
                    terms.iter().fold(big(&sum), |sum, (times, number)| sum + big(number) * *times);
                add_products(&mut sum, &terms);
                assert_eq!(big(&sum), expected);
            }
        }
    }

    #[test]
    fn a_peak_is_at_least_what_is_held() {
        let (low, high) = (ways(1, 2, &[5, 9, 0, 1]), ways(4, 1, &[3]));
        let mut scratch = Vec::new();
        let mut sum = |held, window| WaysByPeak::sum(&[(2, &low), (10, &high)], held, window, &mut scratch);
        assert_eq!(sum(0, ALL), Some(ways(1, 2, &[10, 18, 0, 2, 0, 0, 30, 0])));
        assert_eq!(sum(3, ALL), Some(ways(3, 2, &[10, 20, 30, 0])));
        assert_eq!(sum(6, ALL), Some(ways(6, 2, &[40, 20])));
    }

    #[test]
    fn a_window_takes_lower_peaks_together_and_leaves_out_higher_ones() {
        let all = ways(1, 1, &[1, 2, 3, 4]);
        let mut scratch = Vec::new();
        let mut sum = |held, lowest, highest| {
            WaysByPeak::sum(&[(1, &all)], held, PeakWindow { lowest, highest }, &mut scratch)
        };
        assert_eq!(sum(0, 2, 3), Some(ways(2, 1, &[3, 3])));
        assert_eq!(sum(0, 9, 9), Some(ways(9, 1, &[10])));
        assert_eq!(sum(3, 0, 3), Some(ways(3, 1, &[6])));
        assert_eq!(sum(4, 0, 3), None);
        assert_eq!(all.clone().cut(2), Some(ways(1, 1, &[1, 2])));
        assert_eq!(all.clone().cut(9), Some(all.clone()));
        assert_eq!(all.cut(0), None);
    }
}
