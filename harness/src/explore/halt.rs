//! What ends a search, or an execution, before it is through.

use crate::world::control::Bound;
use crate::world::error::Error;
use crate::world::store::StoreError;

/// Why it goes no further.
#[derive(Debug)]
pub(super) enum Halt {
    /// A bound: what was found so far counts.
    Bound(Bound),
    /// A problem of the tool or its surroundings: nothing counts.
    Error(Error),
}

impl Halt {
    /// The bound that ended a search, if one did.
    pub(super) fn bound(ended: Result<(), Self>) -> Result<Option<Bound>, Error> {
        match ended {
            Ok(()) => Ok(None),
            Err(Self::Bound(bound)) => Ok(Some(bound)),
            Err(Self::Error(error)) => Err(error),
        }
    }
}

impl From<Bound> for Halt {
    fn from(bound: Bound) -> Self {
        Self::Bound(bound)
    }
}

impl From<Error> for Halt {
    /// A server that is lost is a bound like others.
    fn from(error: Error) -> Self {
        match error {
            Error::Store(lost @ StoreError::Unavailable { .. }) => {
                Self::Bound(Bound::LostServer(lost.to_string()))
            }
            error => Self::Error(error),
        }
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}
