//! What ends a command without a report, and with which code.

use super::output::{OutputError, WriteError};
use crate::base::diagnostic::Diagnostics;
use crate::base::exit::Exit;
use crate::campaign::combine::CombineError;
use crate::campaign::journal::JournalError;
use crate::doctor::input::InputError;
use crate::load::compare::read::BaselineError;
use crate::redis::{OpenError, TargetError};
use crate::world::error::Error;
use crate::world::scenario::LoadError;
use crate::world::store::StoreError;

/// What ends a command without a report.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The schedule of `--order` makes no sense.
    #[error(transparent)]
    Order(Diagnostics),
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Scenarios that cannot be had: all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Scenarios(Vec<LoadError>),
    /// Files that the doctor cannot read: all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Files(Vec<InputError>),
    #[error("{path}: there is nothing to run: it has neither `[[schedule]]` nor `[explore]`")]
    Empty { path: String },
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error(transparent)]
    Run(#[from] Error),
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
    /// A file that cannot be compared.
    #[error(transparent)]
    Comparison(BaselineError),
    /// Outputs that cannot be written in the end, or that would destroy something.
    #[error(transparent)]
    Outputs(#[from] OutputError),
    /// An output that could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("the report cannot be written: {0}")]
    Report(String),
    /// Reports that do not belong together.
    #[error(transparent)]
    Combine(#[from] CombineError),
    /// A file of `--resume` that cannot be gone on with.
    #[error(transparent)]
    Resume(#[from] JournalError),
}

impl Problem {
    /// Signals cannot be watched.
    pub(super) fn signals(error: std::io::Error) -> Self {
        Self::Io { what: "signals cannot be watched".into(), error }
    }

    /// What the process ends with.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Order(_)
            | Self::Target(_)
            | Self::Outputs(_)
            | Self::Resume(JournalError::InUse { .. })
            | Self::Run(Error::Passed { .. } | Error::OpenFiles { .. }) => Exit::Usage,
            Self::Scenarios(_)
            | Self::Files(_)
            | Self::Empty { .. }
            | Self::Comparison(_)
            | Self::Combine(_)
            | Self::Resume(_)
            | Self::Run(Error::Damaged(_)) => Exit::BadInput,
            Self::Open(_) | Self::Run(Error::Store(StoreError::Unavailable { .. })) => Exit::Unavailable,
            Self::Run(_) | Self::Io { .. } | Self::Write(_) | Self::Report(_) => Exit::Internal,
        }
    }
}
