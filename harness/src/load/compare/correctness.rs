//! The hard gate: is a limiter under load still as correct as before?
//!
//! What counts is what is certain. Over-admission and refusals although a permit was free are counted of operations
//! whose outcome is known, so one where there was none is a regression. A leak, or a permit that is gone when it is
//! released, is certain only where every operation was answered: an acquire that was sent and never answered may have
//! taken the slot that is left over.
//!
//! How often an incorrect limiter goes wrong is chance. Where the base did so too, more of it is a note, not a
//! regression.

use std::fmt;

use serde::Serialize;

use super::{Measured, Outcome};
use crate::base::words::grouped;
use crate::report::{OverAdmission, Verdict};

/// One property of one limiter, before and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub property: Property,
    /// How much of it there was, where that is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
    /// How much of it there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<u64>,
    /// What follows.
    pub verdict: Outcome,
    /// Why it is not ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What can be right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Property {
    /// The new load's own verdict, beside what was expected.
    Expectation,
    /// Holders above the limit.
    OverAdmission,
    /// Refusals although a permit was free.
    RefusedAlthoughFree,
    /// Releases of permits that were gone.
    NotHeld,
    /// Permits that nobody holds and nobody gets.
    Leaked,
    /// Operations that failed or were never answered.
    Failures,
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Expectation => "expectation",
            Self::OverAdmission => "over-admission",
            Self::RefusedAlthoughFree => "refused although free",
            Self::NotHeld => "permits gone",
            Self::Leaked => "leaked permits",
            Self::Failures => "failed operations",
        })
    }
}

/// Everything that is checked where both sides have the limiter.
pub(super) fn checks(before: &Measured, now: &Measured) -> Vec<Check> {
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
pub(super) fn as_expected(before: Option<&Measured>, now: &Measured) -> Check {
    // A document may say anything of itself: a violation counts unless it was expected.
    let failed = |of: &Measured| {
        let (verdict, ok) = (of.judgement.verdict(), of.judgement.ok());
        ok == Some(false) || (verdict == Verdict::Violation && ok != Some(true))
    };
    let alike = |before: &Measured| before.judgement == now.judgement;
    let (outcome, why) = match now.judgement.verdict() {
        _ if failed(now) && before.is_some_and(alike) => (Outcome::Ok, None),
        _ if failed(now) => (Outcome::Regression, Some(format!("NEW failed: {}", now.judgement.phrase()))),
        Verdict::Undecided => (Outcome::Undecided, Some("NEW is undecided: it proved nothing".to_owned())),
        _ => (Outcome::Ok, None),
    };
    Check { property: Property::Expectation, base: None, new: None, verdict: outcome, why }
}

fn over_admission(before: &Measured, now: &Measured) -> Check {
    let by = |of: &Measured| of.over_admission.as_ref().map(|over| over.max);
    let (base, new) = (by(before), by(now));
    let (verdict, why) = match (base, new) {
        (_, None) => undecided("NEW did not watch for it"),
        (_, Some(0)) => (Outcome::Ok, None),
        (None, Some(_)) => undecided("NEW over-admits, and BASE did not watch for it"),
        (Some(0), Some(_)) if before.judgement.verdict() == Verdict::Undecided => {
            undecided("NEW over-admits, and BASE is undecided about it")
        }
        (Some(0), Some(by)) => {
            let events = now.over_admission.as_ref().and_then(times).unwrap_or_default();
            (Outcome::Regression, Some(format!("NEW over-admits by {}{events}, BASE never did", grouped(by))))
        }
        (Some(_), Some(_)) => (Outcome::Ok, None),
    };
    Check { property: Property::OverAdmission, base, new, verdict, why }
}

fn times(over: &OverAdmission) -> Option<String> {
    let times = over.events?;
    Some(if times == 1 { ", once".to_owned() } else { format!(", {} times", grouped(times)) })
}

fn refused_although_free(before: &Measured, now: &Measured) -> Check {
    let (base, new) = (before.refused_although_free, now.refused_although_free);
    let (verdict, why) = if base == 0 && new > 0 {
        let what = if new == 1 { "an acquire".to_owned() } else { format!("{} acquires", grouped(new)) };
        let why = format!("NEW refuses {what} although a permit was certainly free, BASE never did");
        (Outcome::Regression, Some(why))
    } else {
        (Outcome::Ok, None)
    };
    Check { property: Property::RefusedAlthoughFree, base: Some(base), new: Some(new), verdict, why }
}

fn not_held(before: &Measured, now: &Measured) -> Check {
    let (base, new) = (before.not_held, now.not_held);
    let (verdict, why) = match (base, new) {
        (0, 1..) if !answered(now) => {
            undecided("releases found their permit gone, but not every operation was answered")
        }
        (0, 1..) => {
            let releases =
                if new == 1 { "a release".to_owned() } else { format!("{} releases", grouped(new)) };
            (Outcome::Regression, Some(format!("{releases} in NEW found the permit gone, none did in BASE")))
        }
        _ => (Outcome::Ok, None),
    };
    Check { property: Property::NotHeld, base: Some(base), new: Some(new), verdict, why }
}

fn leaked(before: &Measured, now: &Measured) -> Check {
    let (base, new) = (before.leaked, now.leaked);
    let (verdict, why) = match (base, new) {
        (Some(_), None) => undecided("NEW could not ask for it"),
        (None, None) | (_, Some(0)) => (Outcome::Ok, None),
        (None, Some(_)) => undecided("NEW leaks, and BASE could not ask for it"),
        (Some(0), Some(_)) if !answered(now) => {
            undecided("NEW leaks, but not every operation was answered: one of those may have taken the slot")
        }
        (Some(0), Some(leaked)) => {
            let permits =
                if leaked == 1 { "a permit".to_owned() } else { format!("{} permits", grouped(leaked)) };
            (Outcome::Regression, Some(format!("NEW leaks {permits}, BASE never did")))
        }
        (Some(_), Some(_)) => (Outcome::Ok, None),
    };
    Check { property: Property::Leaked, base, new, verdict, why }
}

/// Failures are the server's, or the network's, or the script's: which of them cannot be told from here.
fn failures(before: &Measured, now: &Measured) -> Check {
    let (base, new) = (failed(before), failed(now));
    let (verdict, why) = if base == 0 && new > 0 {
        undecided("operations failed in NEW and none in BASE: what was measured is not the same")
    } else {
        (Outcome::Ok, None)
    };
    Check { property: Property::Failures, base: Some(base), new: Some(new), verdict, why }
}

/// Whether it is known of every operation what it came to.
fn answered(of: &Measured) -> bool {
    failed(of) == 0 && !of.faults
}

fn failed(of: &Measured) -> u64 {
    of.errors.saturating_add(of.unknown)
}

fn undecided(why: &str) -> (Outcome, Option<String>) {
    (Outcome::Undecided, Some(why.to_owned()))
}

/// What is worse by chance alone, perhaps.
pub(super) fn notes(before: &Measured, now: &Measured) -> Vec<String> {
    let by = |of: &Measured| of.over_admission.as_ref().map_or(0, |over| over.max);
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
