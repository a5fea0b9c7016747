//! How the program ends: one documented code for everything that can be said about a run.

use std::process::{ExitCode, Termination};

/// The exit codes. They are a contract with scripts and CI jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Everything is as expected.
    Ok = 0,
    /// A violation that nobody expected, none where one was expected, or a server unlike the model.
    Failed = 1,
    /// A bound, a budget or missing data stopped the search, or nothing was run.
    Undecided = 2,
    /// A comparison found a regression.
    Regression = 3,
    /// The command line makes no sense.
    Usage = 64,
    /// A scenario, report or history is bad, missing or unreadable.
    BadInput = 65,
    /// A server that was asked for is not available.
    Unavailable = 69,
    /// A fault of gatecrash itself.
    Internal = 70,
    /// The user stopped the run.
    Interrupted = 130,
}

/// Which code wins where several apply, the strongest first.
const PRECEDENCE: [Exit; 9] = [
    Exit::Interrupted,
    Exit::Internal,
    Exit::Unavailable,
    Exit::BadInput,
    Exit::Usage,
    Exit::Failed,
    Exit::Regression,
    Exit::Undecided,
    Exit::Ok,
];

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The code to end with where both apply.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let strongest = PRECEDENCE.into_iter().find(|exit| [self, other].contains(exit));
        strongest.unwrap_or(Self::Internal)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stronger_code_wins_from_either_side() {
        let codes = PRECEDENCE.map(Exit::code);
        assert_eq!(codes, [130, 70, 69, 65, 64, 1, 3, 2, 0]);
        for (i, strong) in PRECEDENCE.into_iter().enumerate() {
            for weak in &PRECEDENCE[i..] {
                assert_eq!(strong.and(*weak), strong);
                assert_eq!(weak.and(strong), strong);
            }
        }
    }
}
