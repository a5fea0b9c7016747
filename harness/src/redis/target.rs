//! Which Redis: chosen from the command line, then the environment, else a private server. Pure.
//!
//! `GATECRASH_REDIS_URL` is the only variable that can choose a server. `REDIS_URL` and its relatives belong to
//! the application under test, and pointed PIN-045's CI at a server that it could not reach.

mod address;

use std::fmt;

pub use address::Address;

/// The command line's way to name a server.
const FLAG: &str = "--redis";
/// The environment's way to name a server.
pub(crate) const VARIABLE: &str = "GATECRASH_REDIS_URL";

/// Who named the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetSource {
    /// Nobody: one is started for this run.
    Private,
    /// `--redis`.
    Flag,
    /// `GATECRASH_REDIS_URL`.
    Environment,
}

impl TargetSource {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Flag => "flag",
            Self::Environment => "environment",
        }
    }
}

impl fmt::Display for TargetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The server that a run uses, and who named it. Shows no password, in no form.
#[derive(Clone, Debug)]
pub enum Target {
    /// A server of our own, to be started.
    Private,
    /// A server of somebody else's.
    Given {
        /// Where it is.
        address: Address,
        /// Named by `--redis`; otherwise by `GATECRASH_REDIS_URL`.
        by_flag: bool,
        /// `GATECRASH_REDIS_URL` named one too, and was not asked.
        overrides: bool,
    },
}

impl Target {
    /// Chooses between what the command line and the environment name. An empty variable counts as unset: that
    /// is what a CI makes of a secret that is not there.
    pub fn choose(flag: Option<&str>, env: Option<&str>, allow_remote: bool) -> Result<Self, TargetError> {
        let env = env.filter(|url| !url.is_empty());
        let (url, by_flag) = match (flag, env) {
            (Some(url), _) => (url, true),
            (None, Some(url)) => (url, false),
            (None, None) => return Ok(Self::Private),
        };
        let origin = origin(by_flag);
        let address = Address::parse(url).map_err(|why| TargetError::Url { origin, why })?;
        if !address.is_loopback() && !allow_remote {
            return Err(TargetError::Remote { origin, address });
        }
        Ok(Self::Given { address, by_flag, overrides: by_flag && env.is_some() })
    }

    /// Who named it.
    pub fn source(&self) -> TargetSource {
        match self {
            Self::Private => TargetSource::Private,
            Self::Given { by_flag: true, .. } => TargetSource::Flag,
            Self::Given { by_flag: false, .. } => TargetSource::Environment,
        }
    }

    /// One line: which server, who named it, and whom that overrides.
    pub fn describe(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private => f.write_str("a private redis-server, started for this run"),
            Self::Given { address, by_flag, overrides } => {
                write!(f, "{address}, from {}", origin(*by_flag))?;
                if *overrides { write!(f, " (overrides {VARIABLE})") } else { Ok(()) }
            }
        }
    }
}

fn origin(by_flag: bool) -> &'static str {
    if by_flag { FLAG } else { VARIABLE }
}

/// The named server cannot be used. A mistake of usage; nothing was connected to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// What was named is no URL of a Redis server. The text is not repeated: it may hold a password.
    #[error("{origin} does not name a Redis server: {why}")]
    Url {
        /// Who named it.
        origin: &'static str,
        /// What is wrong, and what is accepted.
        why: String,
    },
    /// The server is another machine's.
    #[error(
        "{address}, from {origin}, is not on this machine: use it with --allow-remote, if it is yours to load"
    )]
    Remote {
        /// Who named it.
        origin: &'static str,
        /// Where it is.
        address: Address,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(flag: &str) -> Result<Target, TargetError> {
        Target::choose(Some(flag), None, false)
    }

    /// Everything that can be printed of a choice.
    fn shown(choice: &Result<Target, TargetError>) -> String {
        match choice {
            Ok(target) => format!("{target} {target:?} {target:#?} {}", target.describe()),
            Err(error) => format!("{error} {error:?} {error:#?}"),
        }
    }

    #[test]
    fn the_flag_comes_before_the_environment_and_says_so() {
        let url = "redis://127.0.0.1:6379";
        let both = Target::choose(Some(url), Some("redis://localhost"), false).unwrap();
        assert_eq!(both.describe(), "redis://127.0.0.1:6379/0, from --redis (overrides GATECRASH_REDIS_URL)");
        assert_eq!(both.source(), TargetSource::Flag);

        let flag = Target::choose(Some(url), Some(""), false).unwrap();
        assert_eq!(flag.describe(), "redis://127.0.0.1:6379/0, from --redis");

        let env = Target::choose(None, Some("redis://[::1]:7000/3"), false).unwrap();
        assert_eq!(env.describe(), "redis://[::1]:7000/3, from GATECRASH_REDIS_URL");
        assert_eq!(env.source(), TargetSource::Environment);
    }

    #[test]
    fn without_a_name_the_server_is_private() {
        for env in [None, Some("")] {
            assert_eq!(Target::choose(None, env, false).unwrap().source(), TargetSource::Private);
        }
    }

    #[test]
    fn an_overridden_variable_is_not_even_read() {
        assert!(Target::choose(Some("redis://localhost"), Some("nonsense"), false).is_ok());
    }

    #[test]
    fn another_machine_needs_leave() {
        let remote = [
            "redis://redis.example.com",
            "rediss://10.0.0.1:6380/2",
            "redis://[2001:db8::1]",
            "redis://localhost.example.com",
            "redis://127.0.0.1.example.com",
        ];
        for url in remote {
            let error = choose(url).unwrap_err();
            assert!(matches!(error, TargetError::Remote { .. }), "{url}: {error}");
            assert!(error.to_string().contains("--allow-remote"));
            assert!(Target::choose(Some(url), None, true).is_ok(), "{url}");
        }
    }

    #[test]
    fn loopback_needs_none() {
        let local = [
            "redis://localhost",
            "redis://LOCALHOST:1",
            "redis://127.9.9.9",
            "rediss://[::1]",
            "redis+unix:///run/redis.sock",
            "unix:///run/redis.sock?db=2",
        ];
        for url in local {
            assert!(choose(url).is_ok(), "{url}: {}", shown(&choose(url)));
        }
    }

    #[test]
    fn what_is_no_redis_url_is_told_what_is_accepted() {
        for url in ["", "localhost:6379", "http://localhost", "127.0.0.1:6379", "redis", "/run/redis.sock"] {
            let error = choose(url).unwrap_err().to_string();
            assert!(error.contains("redis://, rediss:// or redis+unix://"), "{url}: {error}");
        }
    }

    #[test]
    fn what_is_nearly_a_url_is_told_which_one() {
        for (given, meant) in [
            ("localhost:6379", "try redis://localhost:6379"),
            ("127.0.0.1:6379", "try redis://127.0.0.1:6379"),
            ("cache-1.internal:7000", "try redis://cache-1.internal:7000"),
            ("/run/redis.sock", "try redis+unix:///run/redis.sock"),
        ] {
            let error = choose(given).unwrap_err().to_string();
            assert!(error.ends_with(meant), "{error}");
        }
        for given in
            ["user:secret@localhost:6379", "secret", "localhost:99999", "localhost:", ":6379", "/run/redis"]
        {
            let error = choose(given).unwrap_err().to_string();
            assert!(!error.contains("try") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        let odd = [
            "redis://",
            "redis:///0",
            "redis:localhost",
            "redis://0.0.0.0",
            "redis://localhost/x",
            "redis://localhost?ssl=none",
            "redis://localhost#insecure",
            "rediss://localhost#unsafe",
            "redis+unix://relative.sock",
            "redis+unix://",
            "redis+unix:///run/redis.sock?db=x",
            "redis+unix:///run/redis.sock?port=1",
        ];
        for url in odd {
            assert!(matches!(choose(url), Err(TargetError::Url { .. })), "{url}: {}", shown(&choose(url)));
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let urls = [
            "redis://:hunter2@localhost/1",
            "redis://bob:hunter2@localhost",
            "redis://hunter2@localhost",
            "redis://bob:hunter2@redis.example.com",
            "rediss://:hunter2@localhost#insecure",
            "redis+unix:///run/redis.sock?pass=hunter2&user=bob",
            "redis+unix:///run/redis.sock?hunter2",
            "redis://localhost?password=hunter2",
            "redis://:hunter2@localhost:port",
            "redis://:hunter2 and a space@local host",
            "redis://:hunter2@",
            "redis://:hunter2#x@localhost",
            "redis://bob:12/hunter2@localhost",
            "redis://bob:12#hunter2@localhost",
            "redis://bob:12?hunter2@localhost",
            "http://:hunter2@localhost",
            "bob:hunter2@localhost",
            "hunter2",
            "hunter2:x@localhost",
        ];
        for url in urls {
            for allow_remote in [false, true] {
                let text = shown(&Target::choose(Some(url), Some(url), allow_remote));
                assert!(!text.contains("hunter2"), "{url}: {text}");
            }
        }
    }

    #[test]
    fn what_is_shown_says_that_there_is_a_password() {
        assert_eq!(
            choose("rediss://bob:x@localhost/4#insecure").unwrap().to_string(),
            "rediss://***@localhost:6379/4#insecure, from --redis"
        );
        assert_eq!(
            choose("unix:///run/r.sock?db=3&pass=x").unwrap().to_string(),
            "redis+unix:///run/r.sock?db=3&pass=***, from --redis"
        );
    }
}
