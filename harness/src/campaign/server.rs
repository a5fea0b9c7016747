//! The server in a campaign: it may be there, missing, or lost on the way.

use super::subject::Subject;
use super::{Campaign, Redis};
use crate::redis::{Canary, RedisStore, Server};
use crate::report::{NotRun, StoreKind};
use crate::world::control::Bound;
use crate::world::error::Error;
use crate::world::store::StoreError;

/// How a run on the server ended.
pub(super) enum Landed<T> {
    /// With what was found.
    Found(T),
    /// With a reply that is not the model's.
    Differs(String),
    /// Without the server; what needs none goes on.
    Lost(NotRun),
}

impl Subject<'_> {
    /// That it does not fit a store.
    pub(super) fn unfit(&self, store: StoreKind, reason: &str) -> NotRun {
        NotRun::unfit(&self.scenario.name, Some(self.limiter.name()), store, reason)
    }

    fn without_server(&self, reason: &str) -> NotRun {
        NotRun::no_server(&self.scenario.name, Some(self.limiter.name()), reason)
    }
}

impl Campaign {
    /// The server, if there is one and it was not lost.
    pub(super) fn server(&self, subject: &Subject<'_>) -> Result<Server, NotRun> {
        match (&self.stores.redis, &self.lost) {
            (Redis::Open(server), None) => Ok(server.clone()),
            (Redis::Open(_), Some(lost)) => Err(subject.without_server(&lost.to_string())),
            // That there is none concerns all limiters.
            (Redis::Missing(reason), _) => Err(NotRun::no_server(&subject.scenario.name, None, reason)),
            (Redis::Unwanted, _) => Err(subject.without_server("no server was asked for")),
        }
    }

    /// What notices somebody else on the server. Nobody else is on a private one, and what follows says so where the
    /// server is lost.
    pub(super) fn canary(&self, subject: &Subject<'_>) -> Result<Option<Canary>, StoreError> {
        let server = self.server(subject).ok().filter(|server| !server.is_private());
        server.map(|server| Canary::plant(&server, subject.limiter.scripts())).transpose()
    }

    /// A store on the server, if there is one.
    pub(super) fn open(&mut self, subject: &Subject<'_>) -> Result<Result<RedisStore, NotRun>, Error> {
        let server = match self.server(subject) {
            Ok(server) => server,
            Err(not_run) => return Ok(Err(not_run)),
        };
        // One more than the scenario has: the bystander that looks for leaks.
        let clients = subject.scenario.clients.len() + 1;
        let store = server.store(clients).map_err(Error::from);
        let names = subject.scenario.client_names();
        let store = store.map(|store| store.watched_by(&self.control.activity, &names));
        Ok(match self.landed(subject, store)? {
            Landed::Found(store) => Ok(store),
            Landed::Differs(reason) => Err(subject.without_server(&reason)),
            Landed::Lost(not_run) => Err(not_run),
        })
    }

    /// Sorts out how a run on the server ended. That it was lost is remembered.
    pub(super) fn landed<T>(
        &mut self,
        subject: &Subject<'_>,
        result: Result<T, Error>,
    ) -> Result<Landed<T>, Error> {
        match result {
            Ok(value) => Ok(Landed::Found(value)),
            Err(Error::Store(differs @ StoreError::Differs { .. })) => {
                Ok(Landed::Differs(differs.to_string()))
            }
            Err(Error::Store(lost @ StoreError::Unavailable { .. })) => {
                let not_run = subject.without_server(&lost.to_string());
                self.lost = Some(lost);
                Ok(Landed::Lost(not_run))
            }
            Err(other) => Err(other),
        }
    }

    /// Remembers that a search has lost the server.
    pub(super) fn note_bound(&mut self, bound: Option<&Bound>) {
        if let Some(Bound::LostServer(why)) = bound {
            self.lost =
                Some(StoreError::Unavailable { what: "the server was lost".into(), why: why.clone() });
        }
    }
}
