//! The hard gate: is a limiter under load still as correct as before?
//!
//! What counts is what is certain. Over-admission and refusals although a permit was free are counted of operations
//! whose outcome is known, so one where there was none is a regression. A leak, or a permit that is gone when it is
//! released, is certain only where every operation was answered: an acquire that was sent and never answered may have
//! taken the slot that is left over.
//!
//! How often an incorrect limiter goes wrong is chance. Where the base did so too, more of it is a note, not a
//! regression.

use super::baseline::BaselineLoad;
use super::comparison::{ComparisonVerdict, CorrectnessCheck, CorrectnessProperty};
use crate::base::words::grouped;
use crate::report::{OverAdmission, Verdict};

/// Everything that is checked where both sides have the limiter.
pub(super) fn checks(before: &BaselineLoad, now: &BaselineLoad) -> Vec<CorrectnessCheck> {
    vec![
        as_expected(Some(before), now),
        over_admission(before, now),
        refused_although_free(before, now),
        not_held(before, now),
        leaked(before, now),
        failures(before, now),
    ]
}

/// Whether the new load found what was expected of it. What the base failed at as well is nothing new.
pub(super) fn as_expected(before: Option<&BaselineLoad>, now: &BaselineLoad) -> CorrectnessCheck {
    // A document may say anything of itself: a violation counts unless it was expected.
    let failed = |of: &BaselineLoad| {
        let (verdict, ok) = (of.judgement.verdict(), of.judgement.ok());
        ok == Some(false) || (verdict == Verdict::Violation && ok != Some(true))
    };
    let alike = |before: &BaselineLoad| before.judgement == now.judgement;
    let (outcome, why) = match now.judgement.verdict() {
        _ if failed(now) && before.is_some_and(alike) => (ComparisonVerdict::Ok, None),
        _ if failed(now) => {
            (ComparisonVerdict::Regression, Some(format!("NEW failed: {}", now.judgement.phrase())))
        }
        Verdict::Undecided => {
            (ComparisonVerdict::Undecided, Some("NEW is undecided: it proved nothing".to_owned()))
        }
        _ => (ComparisonVerdict::Ok, None),
    };
    CorrectnessCheck {
        property: CorrectnessProperty::Expectation,
        base: None,
        new: None,
        verdict: outcome,
        why,
    }
}

fn over_admission(before: &BaselineLoad, now: &BaselineLoad) -> CorrectnessCheck {
    let by = |of: &BaselineLoad| of.over_admission.as_ref().map(|over| over.max);
    let (base, new) = (by(before), by(now));
    let (verdict, why) = match (base, new) {
        (_, None) => undecided("NEW did not watch for it"),
        (_, Some(0)) => (ComparisonVerdict::Ok, None),
        (None, Some(_)) => undecided("NEW over-admits, and BASE did not watch for it"),
        (Some(0), Some(_)) if before.judgement.verdict() == Verdict::Undecided => {
            undecided("NEW over-admits, and BASE is undecided about it")
        }
        (Some(0), Some(by)) => {
            let events = now.over_admission.as_ref().and_then(times).unwrap_or_default();
            (
                ComparisonVerdict::Regression,
                Some(format!("NEW over-admits by {}{events}, BASE never did", grouped(by))),
            )
        }
        (Some(_), Some(_)) => (ComparisonVerdict::Ok, None),
    };
    CorrectnessCheck { property: CorrectnessProperty::OverAdmission, base, new, verdict, why }
}

fn times(over: &OverAdmission) -> Option<String> {
    let times = over.events?;
    Some(if times == 1 { ", once".to_owned() } else { format!(", {} times", grouped(times)) })
}

fn refused_although_free(before: &BaselineLoad, now: &BaselineLoad) -> CorrectnessCheck {
    let (base, new) = (before.refused_although_free, now.refused_although_free);
    let (verdict, why) = if base == 0 && new > 0 {
        let what = if new == 1 { "an acquire".to_owned() } else { format!("{} acquires", grouped(new)) };
        let why = format!("NEW refuses {what} although a permit was certainly free, BASE never did");
        (ComparisonVerdict::Regression, Some(why))
    } else {
        (ComparisonVerdict::Ok, None)
    };
    CorrectnessCheck {
        property: CorrectnessProperty::RefusedAlthoughFree,
        base: Some(base),
        new: Some(new),
        verdict,
        why,
    }
}

fn not_held(before: &BaselineLoad, now: &BaselineLoad) -> CorrectnessCheck {
    let (base, new) = (before.not_held, now.not_held);
    let (verdict, why) = match (base, new) {
        (0, 1..) if !answered(now) => {
            undecided("releases found their permit gone, but not every operation was answered")
        }
        (0, 1..) => {
            let releases =
                if new == 1 { "a release".to_owned() } else { format!("{} releases", grouped(new)) };
            (
                ComparisonVerdict::Regression,
                Some(format!("{releases} in NEW found the permit gone, none did in BASE")),
            )
        }
        _ => (ComparisonVerdict::Ok, None),
    };
    CorrectnessCheck {
        property: CorrectnessProperty::NotHeld,
        base: Some(base),
        new: Some(new),
        verdict,
        why,
    }
}

fn leaked(before: &BaselineLoad, now: &BaselineLoad) -> CorrectnessCheck {
    let (base, new) = (before.leaked, now.leaked);
    let (verdict, why) = match (base, new) {
        (Some(_), None) => undecided("NEW could not ask for it"),
        (None, None) | (_, Some(0)) => (ComparisonVerdict::Ok, None),
        (None, Some(_)) => undecided("NEW leaks, and BASE could not ask for it"),
        (Some(0), Some(_)) if !answered(now) => {
            undecided("NEW leaks, but not every operation was answered: one of those may have taken the slot")
        }
        (Some(0), Some(leaked)) => {
            let permits =
                if leaked == 1 { "a permit".to_owned() } else { format!("{} permits", grouped(leaked)) };
            (ComparisonVerdict::Regression, Some(format!("NEW leaks {permits}, BASE never did")))
        }
        (Some(_), Some(_)) => (ComparisonVerdict::Ok, None),
    };
    CorrectnessCheck { property: CorrectnessProperty::Leaked, base, new, verdict, why }
}

/// Failures are the server's, or the network's, or the script's: which of them cannot be told from here.
fn failures(before: &BaselineLoad, now: &BaselineLoad) -> CorrectnessCheck {
    let (base, new) = (failed(before), failed(now));
    let (verdict, why) = if base == 0 && new > 0 {
        undecided("operations failed in NEW and none in BASE: what was measured is not the same")
    } else {
        (ComparisonVerdict::Ok, None)
    };
    CorrectnessCheck {
        property: CorrectnessProperty::Failures,
        base: Some(base),
        new: Some(new),
        verdict,
        why,
    }
}

/// Whether it is known of every operation what it came to.
fn answered(of: &BaselineLoad) -> bool {
    failed(of) == 0 && !of.faults
}

fn failed(of: &BaselineLoad) -> u64 {
    of.errors.saturating_add(of.unknown)
}

fn undecided(why: &str) -> (ComparisonVerdict, Option<String>) {
    (ComparisonVerdict::Undecided, Some(why.to_owned()))
}

/// What is worse by chance alone, perhaps.
pub(super) fn notes(before: &BaselineLoad, now: &BaselineLoad) -> Vec<String> {
    let by = |of: &BaselineLoad| of.over_admission.as_ref().map_or(0, |over| over.max);
    let rows = [
        ("over-admits by", by(before), by(now)),
        ("refusals although free:", before.refused_although_free, now.refused_although_free),
        ("permits gone:", before.not_held, now.not_held),
        ("leaked permits:", before.leaked.unwrap_or(0), now.leaked.unwrap_or(0)),
    ];
    let both = rows.into_iter().filter(|(_, base, new)| *base > 0 && new > base);
    let note = |(what, base, new): (&str, u64, u64)| {
        format!(
            "{what} {}, in BASE {}; how often a faulty limiter fails is chance",
            grouped(new),
            grouped(base)
        )
    };
    both.map(note).collect()
}
