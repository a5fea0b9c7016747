use super::*;

/// Not quite Gaussian noise, but as good: twelve uniform numbers have variance 1.
fn noise(draws: &mut Draws) -> f64 {
    const SCALE: u32 = 1 << 20;
    let sum: u64 = (0..12).map(|_| draws.below(SCALE.into())).sum();
    f64::from(u32::try_from(sum).unwrap()) / f64::from(SCALE) - 6.0
}

/// The logarithms of a run's ratios: 3 % of noise, each block's `alike` to the one before.
fn run(draws: &mut Draws, blocks: usize, alike: f64) -> Vec<f64> {
    let mut state = noise(draws);
    let mut next = || {
        state = alike * state + (1.0 - alike * alike).sqrt() * noise(draws);
        0.5_f64.ln() + 0.03 * state
    };
    (0..blocks).map(|_| next()).collect()
}

fn how(stream: u64, miss: f64) -> Resampling {
    Resampling { seed: 11, stream, resamples: 1_000, miss }
}

/// In how many of 300 pairs of runs, whose ratios differ by a factor, the interval misses it: below, above.
fn misses(blocks: (usize, usize), alike: f64, factor: f64, miss: f64) -> (usize, usize) {
    let mut draws = Draws::new(5, 0);
    let (mut below, mut above) = (0, 0);
    for stream in 0..300 {
        let base = run(&mut draws, blocks.0, alike);
        let new: Vec<f64> = run(&mut draws, blocks.1, alike).iter().map(|log| log + factor.ln()).collect();
        let (low, high) = difference(&base, &new, how(stream, miss)).unwrap().interval;
        below += usize::from(high < factor.ln());
        above += usize::from(low > factor.ln());
    }
    (below, above)
}

/// Of 300, 15 are expected, and 5 more are within three standard errors.
#[test]
fn unchanged_runs_raise_few_alarms_and_the_interval_covers_a_change() {
    for (blocks, factor) in [((20, 20), 1.0), ((8, 8), 1.0), ((12, 30), 1.1), ((60, 20), 0.5)] {
        let (below, above) = misses(blocks, 0.0, factor, 0.05);
        assert!(below + above <= 27, "{blocks:?}: {below} + {above}");
        assert!(below.max(above) <= 18, "{blocks:?}: {below} + {above}");
    }
}

#[test]
fn neighbours_that_resemble_each_other_raise_few_more() {
    for blocks in [(12, 12), (20, 20), (60, 60)] {
        let (below, above) = misses(blocks, 0.3, 1.0, 0.05);
        assert!(below + above <= 36, "{blocks:?}: {below} + {above}");
    }
}

/// Ten metrics are tested at once.
#[test]
fn a_tenth_more_is_found_in_noise_of_three_percent() {
    let mut draws = Draws::new(6, 0);
    let found = (0..100).filter(|stream| {
        let base = run(&mut draws, 20, 0.0);
        let new: Vec<f64> = run(&mut draws, 20, 0.0).iter().map(|log| log + 1.1_f64.ln()).collect();
        difference(&base, &new, how(*stream, 0.005)).unwrap().interval.0 > 0.0
    });
    assert_eq!(found.count(), 100);
}

#[test]
fn the_same_series_and_seed_give_the_same_interval() {
    let mut draws = Draws::new(7, 0);
    let (base, new) = (run(&mut draws, 10, 0.0), run(&mut draws, 10, 0.0));
    let one = difference(&base, &new, how(1, 0.05));
    assert!(one.is_some());
    assert_eq!(one, difference(&base, &new, how(1, 0.05)));
    assert_ne!(one, difference(&base, &new, how(2, 0.05)));
}

#[test]
fn a_run_beside_itself_does_not_differ() {
    let base = run(&mut Draws::new(8, 0), 12, 0.0);
    let found = difference(&base, &base, how(0, 0.05)).unwrap();
    assert_eq!(found.base.total_cmp(&found.new), std::cmp::Ordering::Equal);
    assert!(found.interval.0 < 0.0 && found.interval.1 > 0.0, "{found:?}");
}

#[test]
fn without_any_noise_the_interval_is_a_point() {
    let found = difference(&[0.25; 8], &[0.5; 12], how(0, 0.05)).unwrap();
    assert_eq!(found.interval, (0.25, 0.25));
}

#[test]
fn of_too_little_nothing_is_said() {
    assert_eq!(difference(&[], &[], how(0, 0.05)), None);
    assert_eq!(difference(&[1.0], &[1.0, 2.0, 3.0, 4.0], how(0, 0.05)), None);
    // Most resamples are all alike.
    let mut rare = [0.0; 30];
    rare[0] = 1.0;
    assert_eq!(difference(&[0.0; 30], &rare, how(0, 0.001)), None);
}
