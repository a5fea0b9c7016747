//! The three answers.

/// What was found. Never "clean" by absence: a search that was stopped is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing that was judged went wrong, and everything was looked at.
    Clean,
    /// A property was violated. Final, whatever bound came after it.
    Violation,
    /// A bound, a budget or missing data stopped it.
    Undecided,
}
