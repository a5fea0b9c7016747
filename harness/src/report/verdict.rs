//! What was found, and whether that is what was expected.

use serde::{Deserialize, Serialize};

use crate::world::scenario::Expected;
pub use crate::world::verdict::Verdict;

/// A verdict beside its expectation. Whether it is `ok` follows from the two and is decided here only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected: Option<Expected>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
}

impl Judgement {
    /// Judges a verdict. A violation that nobody expected is not ok; without an expectation, a clean run is
    /// neither ok nor not.
    pub fn new(verdict: Verdict, expected: Option<Expected>) -> Self {
        let ok = match (verdict, expected) {
            (Verdict::Undecided, _) | (Verdict::Clean, None) => None,
            (Verdict::Clean, Some(expected)) => Some(expected == Expected::Clean),
            (Verdict::Violation, expected) => Some(expected == Some(Expected::Violation)),
        };
        Self { verdict, expected, ok }
    }

    /// The server and the model differ. So nothing is decided, and that is a failure whatever was expected.
    pub fn mismatch(expected: Option<Expected>) -> Self {
        Self { verdict: Verdict::Undecided, expected, ok: Some(false) }
    }

    /// What was found.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What was expected, if anything was.
    pub fn expected(&self) -> Option<Expected> {
        self.expected
    }

    /// Whether it is as expected, where that can be said.
    pub fn ok(&self) -> Option<bool> {
        self.ok
    }

    /// The judgement in words. Why something is undecided is for others to say.
    pub fn phrase(&self) -> &'static str {
        match (self.verdict, self.expected) {
            (Verdict::Undecided, _) => "undecided",
            (Verdict::Clean, None) => "clean",
            (Verdict::Clean, Some(Expected::Clean)) => "clean, as expected",
            (Verdict::Clean, Some(Expected::Violation)) => "clean, but a violation was expected",
            (Verdict::Violation, Some(Expected::Violation)) => "violation, as expected",
            (Verdict::Violation, Some(Expected::Clean)) => "VIOLATION, not expected",
            (Verdict::Violation, None) => "violation",
        }
    }
}

/// The verdict of a whole report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// Everything was decided, and nothing is against an expectation.
    Ok,
    /// A result is against its expectation.
    Failed,
    /// Something that was needed is undecided or was not run.
    Undecided,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_follows_from_verdict_and_expectation() {
        let ok = |verdict, expected| Judgement::new(verdict, expected).ok();
        let (clean, violation) = (Some(Expected::Clean), Some(Expected::Violation));
        assert_eq!([None, clean, violation].map(|e| ok(Verdict::Clean, e)), [None, Some(true), Some(false)]);
        assert_eq!(
            [None, clean, violation].map(|e| ok(Verdict::Violation, e)),
            [Some(false), Some(false), Some(true)]
        );
        assert_eq!([None, clean, violation].map(|e| ok(Verdict::Undecided, e)), [None; 3]);
        assert_eq!(Judgement::mismatch(clean).ok(), Some(false));
    }
}
