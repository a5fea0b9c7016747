//! Servers for tests that need one, and a way to look at them from outside.

use gatecrash::redis::{PrivateServer, Server, Target};

/// A server of our own.
pub(crate) fn private() -> Server {
    Server::open(&Target::Private).unwrap()
}

/// Somebody else's server, as far as gatecrash can tell: it was named.
pub(crate) fn given() -> (PrivateServer, Server) {
    let theirs = PrivateServer::start().unwrap();
    let ours = Server::open(&Target::choose(Some(&theirs.url()), None, false).unwrap()).unwrap();
    (theirs, ours)
}

/// A connection that gatecrash knows nothing of.
pub(crate) fn bystander(server: &Server) -> redis::Connection {
    redis::Client::open(server.address().connection_info().clone()).unwrap().get_connection().unwrap()
}
