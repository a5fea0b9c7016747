//! A limiter whose clock no schedule can move on a real server.

use gatecrash_limiter::{Algorithm, Clock, Naive, Operation};

/// The naive limiter, if it looked at the server's clock.
#[derive(Debug)]
pub(crate) struct OnServerTime;

impl Algorithm for OnServerTime {
    fn name(&self) -> &'static str {
        "on-server-time"
    }

    fn acquire(&self) -> Operation {
        Naive.acquire()
    }

    fn release(&self) -> Operation {
        Naive.release()
    }

    fn clock(&self) -> Clock {
        Clock::Server
    }
}
