//! How a limiter treats its connection. Nothing is left to the defaults of the library beneath.

use std::time::Duration;

use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};

/// The settings of a connection. Change what differs, keep the rest:
///
/// ```
/// use std::time::Duration;
/// use gatecrash_limiter::Settings;
///
/// let settings = Settings { response_timeout: Duration::from_secs(5), ..Settings::default() };
/// assert!(settings.nodelay);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How long one attempt to connect may take, TLS, `AUTH` and `SELECT` included. Default: 1 s.
    pub connect_timeout: Duration,
    /// How long to wait for a reply, from the moment a command is queued. Default: 2 s, long enough for a server that
    /// is only slow: a timeout leaves an unknown outcome behind, which costs more than the wait.
    pub response_timeout: Duration,
    /// `TCP_NODELAY`: send each command at once instead of gathering small ones. Default: on.
    pub nodelay: bool,
    /// After how long without any sign of life from the peer's machine a TCP connection is taken for dead and
    /// replaced: the idle time before keep-alive probes and, on Linux, how long sent data may stay unacknowledged.
    /// A stopped server on a live machine is not meant; that is for `response_timeout`. Default: 10 s.
    pub dead_peer_timeout: Duration,
    /// How often and how fast to try again when a connection cannot be made.
    pub reconnect: Backoff,
    /// Load the algorithm's scripts with `SCRIPT LOAD` on each new connection. Off, or where a server has lost them,
    /// the first call of each costs one more round trip. Default: on.
    pub preload_scripts: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_secs(2),
            nodelay: true,
            dead_peer_timeout: Duration::from_secs(10),
            reconnect: Backoff::default(),
            preload_scripts: true,
        }
    }
}

impl Settings {
    pub(crate) fn tcp(&self) -> TcpSettings {
        let tcp = TcpSettings::default()
            .set_nodelay(self.nodelay)
            .set_keepalive(TcpKeepalive::new().with_time(self.dead_peer_timeout));
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(self.dead_peer_timeout);
        tcp
    }

    pub(crate) fn connection(&self) -> redis::AsyncConnectionConfig {
        redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(self.response_timeout))
    }
}

/// Bounded exponential backoff between attempts to connect.
///
/// The pause before retry `n` (from 0) is `first * 2^n`, at most `longest`, of which a random half is cut so that the
/// clients of a server that comes back do not all arrive at once. With the defaults an outage is reported after
/// 4 attempts and less than 0.4 s of pauses, and the next operation starts over: waiting longer is the caller's
/// decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// How many more attempts follow the first one. Default: 3.
    pub retries: u32,
    /// The first pause. Default: 50 ms.
    pub first: Duration,
    /// No pause is longer. Default: 1 s.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { retries: 3, first: Duration::from_millis(50), longest: Duration::from_secs(1) }
    }
}

impl Backoff {
    /// The pause before retry `n`. `jitter` in `0..=255` says how much of its second half is kept.
    pub(crate) fn pause(&self, n: u32, jitter: u8) -> Duration {
        let full = self.first.saturating_mul(2_u32.saturating_pow(n)).min(self.longest);
        let half = full / 2;
        half + half.mul_f64(f64::from(jitter) / 255.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_keep_at_least_half() {
        let backoff = Backoff::default();
        let longest = |n| backoff.pause(n, 255).as_millis();
        assert_eq!([0, 1, 2, 4, 5, 31, u32::MAX].map(longest), [50, 100, 200, 800, 1000, 1000, 1000]);
        assert_eq!(backoff.pause(1, 0), Duration::from_millis(50));
    }

    #[test]
    fn what_the_library_beneath_would_choose_otherwise_is_chosen_here() {
        assert!(Settings::default().tcp().nodelay());
    }
}
