//! The Redis server that a run would use: what it is, and what of it would spoil a run.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::finding::{Fact, Finding, Severity};
use crate::base::words::{cut, grouped, nanoseconds, printable};
use crate::redis::{Inquiry, KEY_NAMESPACE, OpenError, Refusal, Server, Target};
use crate::world::store::StoreError;

const TOPIC: &str = "redis";
/// So much of a server's own words is shown.
const MOST_SHOWN: usize = 120;
/// How far the server's clock may be from ours before leases and logs no longer fit.
const MOST_SKEW: Duration = Duration::from_secs(1);

/// How long a server may take for all questions together, each of which has a bound of its own.
const ASKED_WITHIN: Duration = Duration::from_secs(6);

/// Asks a server. Nothing changes on it, but that it knows a script of one line.
pub fn look(server: &Server) -> Result<(Vec<Fact>, Vec<Finding>), StoreError> {
    let asked = server.clone();
    let inquiry = within(ASKED_WITHIN, &server.address().to_string(), move || Inquiry::make(&asked))?;
    let mut facts =
        vec![Fact::new(TOPIC, "version", server.version()), Fact::new(TOPIC, "run id", server.run_id())];
    facts.extend(told(&inquiry));
    Ok((facts, judge(&inquiry)))
}

/// What the work comes to, if that is in time. Its thread is left behind otherwise: a server that sends a byte now and
/// then keeps it waiting.
fn within<T: Send + 'static>(
    limit: Duration,
    place: &str,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let unavailable = |why: String| StoreError::Unavailable { what: format!("{place}: asking it"), why };
    let (done, result) = mpsc::channel();
    thread::Builder::new()
        .name("doctor-asks".into())
        // Nobody listens any more when the time is up.
        .spawn(move || drop(done.send(work())))
        .map_err(|error| unavailable(error.to_string()))?;
    let late = |_| Err(unavailable(format!("no answer to all questions within {} s", limit.as_secs())));
    result.recv_timeout(limit).unwrap_or_else(late)
}

/// Which server would be used, and why.
pub fn choice(target: &Target) -> Fact {
    let why = match target {
        Target::Private => ": neither --redis nor GATECRASH_REDIS_URL names another",
        Target::Given { .. } => "",
    };
    Fact::new(TOPIC, "server", format!("{}{why}", target.describe()))
}

/// The server that was asked for cannot be used.
pub fn unusable(why: &OpenError) -> Finding {
    match why {
        OpenError::Private(why) => missing(&why.to_string()),
        OpenError::Given(why) => unreachable(&why.to_string()),
        OpenError::Cluster(_) => Finding::new(
            "redis-cluster",
            Severity::Error,
            "the server is a node of a cluster: it refuses keys of other nodes, and gatecrash follows no redirection",
            "name a server that is not part of a cluster",
        ),
    }
}

/// The server that was asked for does not answer, or does not let us in.
pub fn unreachable(why: &str) -> Finding {
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    let fix = if says(&["NOAUTH", "WRONGPASS", "refused AUTH"]) {
        "put the password in the URL: redis://:PASSWORD@HOST:PORT, or redis://USER:PASSWORD@HOST:PORT"
    } else if says(&["NOPERM"]) {
        "allow its user to run INFO, or name another user in the URL: redis://USER:PASSWORD@HOST:PORT"
    } else {
        "start it, or name another with --redis or GATECRASH_REDIS_URL; without either, gatecrash starts its own"
    };
    Finding::new("redis-unreachable", Severity::Error, why, fix)
}

/// There is no server of our own to start, and nobody named another.
pub fn missing(why: &str) -> Finding {
    let message = format!("nothing can be run on redis: {}", why.lines().next().unwrap_or_default());
    let fix = "install redis-server or valkey-server (ci/setup does), or name a running server with --redis";
    Finding::new("no-redis", Severity::Warning, message, fix)
}

fn told(inquiry: &Inquiry) -> Vec<Fact> {
    let field = |name| inquiry.field(name).unwrap_or("unknown").to_owned();
    let memory = match inquiry.field("maxmemory").and_then(|bytes| bytes.parse().ok()) {
        Some(0u64) => "no limit".to_owned(),
        Some(bytes) => format!("at most {} bytes", grouped(bytes)),
        None => "unknown".to_owned(),
    };
    let save = inquiry.save.as_deref().map_or("unknown", |save| if save.is_empty() { "never" } else { save });
    let log = if field("aof_enabled") == "1" { "on" } else { "off" };
    let (skew, within) = skew(inquiry);
    let sign = if skew.ahead { "ahead of" } else { "behind" };
    vec![
        Fact::new(TOPIC, "mode", field("redis_mode")),
        Fact::new(TOPIC, "role", field("role")),
        Fact::new(TOPIC, "memory", format!("{memory}; eviction policy {}", field("maxmemory_policy"))),
        Fact::new(TOPIC, "persistence", format!("snapshots: {save}; append-only file: {log}")),
        Fact::new(
            TOPIC,
            "clients",
            format!("{} of at most {}", field("connected_clients"), field("maxclients")),
        ),
        Fact::new(
            TOPIC,
            "clock",
            format!("{} {sign} ours, give or take {}", measured(skew.by), measured(within)),
        ),
    ]
}

fn measured(time: Duration) -> String {
    nanoseconds(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

struct Skew {
    ahead: bool,
    by: Duration,
}

/// How far the server's clock is from ours, and how exactly that can be told: its time was read at some time between
/// our two readings.
fn skew(inquiry: &Inquiry) -> (Skew, Duration) {
    let time = inquiry.time;
    let within = time.after.saturating_sub(time.before) / 2;
    let ours = time.before + within;
    (Skew { ahead: time.server >= ours, by: time.server.abs_diff(ours) }, within)
}

/// What would spoil a run.
fn judge(inquiry: &Inquiry) -> Vec<Finding> {
    let is = |name: &str, value: &str| inquiry.field(name) == Some(value);
    let mut findings = Vec::new();
    let mut found = |rule, level, message: String, fix: &str| {
        findings.push(Finding::new(rule, level, message, fix));
    };
    if is("role", "slave") {
        if is("slave_read_only", "0") {
            let message =
                "the server is a replica: what is written there is lost when its master says otherwise";
            found("redis-replica", Severity::Warning, message.into(), "name the master");
        } else {
            let message = "the server is a replica and takes no writes: no limiter can work there";
            found("redis-read-only", Severity::Error, message.into(), "name the master");
        }
    }
    if is("loading", "1") {
        let message = "the server is still loading its data, and refuses commands until then";
        found("redis-loading", Severity::Error, message.into(), "wait until it has loaded them");
    }
    if is("rdb_last_bgsave_status", "err") {
        let message = "the server could not save itself last time; it may refuse writes because of that";
        found("redis-cannot-save", Severity::Warning, message.into(), "see its log: its disk may be full");
    }
    findings.extend(not_permitted(&inquiry.refused));
    findings.extend(eviction(inquiry));
    let (skew, within) = skew(inquiry);
    if skew.by.saturating_sub(within) > MOST_SKEW {
        let message = format!("the server's clock and ours are {} apart", measured(skew.by));
        let fix = "set both by NTP: a lease that one of them writes ends at another time for the other";
        findings.push(Finding::new("clock-skew", Severity::Warning, message, fix));
    }
    findings
}

/// The server refuses what a run needs: one finding, commands that were refused with the same words together.
fn not_permitted(refused: &[Refusal]) -> Option<Finding> {
    if refused.is_empty() {
        return None;
    }
    let groups = refused.chunk_by(|a, b| a.why == b.why).map(|group| {
        let commands: Vec<&str> = group.iter().map(|refusal| refusal.command).collect();
        format!("{} ({})", commands.join(", "), cut(&printable(&group[0].why), MOST_SHOWN))
    });
    let message = format!(
        "the server's user (ACL) may not do what a run needs: {}",
        groups.collect::<Vec<_>>().join("; ")
    );
    let fix = format!(
        "allow the commands, and keys that begin with {KEY_NAMESPACE}: ACL SETUSER NAME ~{KEY_NAMESPACE}* +@scripting \
         +@sortedset +@string +@keyspace"
    );
    Some(Finding::new("redis-not-permitted", Severity::Error, message, fix))
}

/// A limiter whose key is evicted forgets who holds its permits.
fn eviction(inquiry: &Inquiry) -> Option<Finding> {
    let limit: u64 = inquiry.field("maxmemory")?.parse().ok()?;
    let policy = inquiry.field("maxmemory_policy")?;
    if limit == 0 || policy == "noeviction" {
        return None;
    }
    let which = if policy.starts_with("volatile") { "a key that has a time to live" } else { "any key" };
    let message = format!(
        "with {} bytes the server evicts {which} ({policy}): a limiter whose key goes lets everybody in",
        grouped(limit)
    );
    Some(Finding::new(
        "redis-evicts",
        Severity::Warning,
        message,
        "set maxmemory-policy noeviction, or use another server",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::catalogue;
    use crate::redis::Time;

    const HEALTHY: [(&str, &str); 7] = [
        ("redis_mode", "standalone"),
        ("role", "master"),
        ("loading", "0"),
        ("maxmemory", "0"),
        ("maxmemory_policy", "allkeys-lru"),
        ("rdb_last_bgsave_status", "ok"),
        ("aof_enabled", "0"),
    ];

    /// What a healthy server tells, but for these fields.
    fn inquiry(but: &[(&str, &str)]) -> Inquiry {
        let fields = HEALTHY.iter().filter(|(name, _)| but.iter().all(|(other, _)| other != name)).chain(but);
        let time = Time {
            before: Duration::from_secs(50),
            server: Duration::from_millis(50_008),
            after: Duration::from_millis(50_010),
        };
        let lines: Vec<String> = fields.map(|(name, value)| format!("{name}:{value}\r\n")).collect();
        let info = lines.concat();
        Inquiry { info, save: Some(String::new()), refused: Vec::new(), time }
    }

    fn rules(inquiry: &Inquiry) -> Vec<(&'static str, Severity)> {
        judge(inquiry).iter().map(|finding| (finding.rule, finding.level)).collect()
    }

    #[test]
    fn a_healthy_server_has_facts_only() {
        let healthy = inquiry(&[]);
        assert_eq!(rules(&healthy), []);
        let facts = told(&healthy);
        let value = |name| facts.iter().find(|fact| fact.name == name).unwrap().value.as_str();
        assert_eq!(value("memory"), "no limit; eviction policy allkeys-lru");
        assert_eq!(value("clock"), "3.00 ms ahead of ours, give or take 5.00 ms");
        assert_eq!(value("persistence"), "snapshots: never; append-only file: off");
        assert_eq!(value("clients"), "unknown of at most unknown");
    }

    #[test]
    fn what_would_spoil_a_run_is_found() {
        for (fields, expected) in [
            (&[("role", "slave"), ("slave_read_only", "1")][..], ("redis-read-only", Severity::Error)),
            (&[("role", "slave"), ("slave_read_only", "0")], ("redis-replica", Severity::Warning)),
            (&[("loading", "1")], ("redis-loading", Severity::Error)),
            (&[("rdb_last_bgsave_status", "err")], ("redis-cannot-save", Severity::Warning)),
            (&[("maxmemory", "1000")], ("redis-evicts", Severity::Warning)),
            (
                &[("maxmemory", "9"), ("maxmemory_policy", "volatile-ttl")],
                ("redis-evicts", Severity::Warning),
            ),
        ] {
            assert_eq!(rules(&inquiry(fields)), [expected], "{fields:?}");
            assert!(catalogue::text_of(expected.0).is_some(), "{}", expected.0);
        }
        assert_eq!(rules(&inquiry(&[("maxmemory", "9"), ("maxmemory_policy", "noeviction")])), []);
    }

    #[test]
    fn what_its_user_may_not_do_is_told_once() {
        let refusal = |command, why: &str| Refusal { command, why: why.to_owned() };
        let mut inquiry = inquiry(&[]);
        inquiry.refused = vec![
            refusal("SCRIPT LOAD", "NOPERM User bob has no permissions to run the 'script|load' command"),
            refusal("ZADD", "NOPERM No permissions to access a key"),
            refusal("ZREM", "NOPERM No permissions to access a key"),
        ];
        assert_eq!(rules(&inquiry), [("redis-not-permitted", Severity::Error)]);
        let message = &judge(&inquiry)[0].message;
        assert!(message.contains("SCRIPT LOAD (NOPERM User bob"), "{message}");
        assert!(message.ends_with("ZADD, ZREM (NOPERM No permissions to access a key)"), "{message}");
    }

    #[test]
    fn all_questions_together_have_a_bound() {
        let (hold, never) = mpsc::channel::<()>();
        let late = within(Duration::ZERO, "redis://x", move || {
            let _ = never.recv();
            Ok(())
        });
        assert!(late.unwrap_err().to_string().contains("within 0 s"));
        drop(hold);
        assert_eq!(within(Duration::from_secs(60), "redis://x", || Ok(1)).unwrap(), 1);
    }

    #[test]
    fn who_is_not_let_in_is_told_what_is_missing() {
        let fix = |why| unreachable(why).fix;
        assert!(
            fix("redis://x: INFO failed: NOAUTH Authentication required.").starts_with("put the password")
        );
        assert!(fix("NOPERM User bob has no permissions to run the 'info' command").contains("INFO"));
        assert!(fix("connection refused").starts_with("start it"));
    }

    #[test]
    fn clocks_may_differ_by_what_cannot_be_told() {
        let mut inquiry = inquiry(&[]);
        inquiry.time.server = Duration::from_secs(48);
        assert_eq!(rules(&inquiry), [("clock-skew", Severity::Warning)]);
        // After such a wait nobody knows when it read its clock.
        inquiry.time.server = Duration::from_millis(52_900);
        inquiry.time.after = Duration::from_secs(53);
        assert_eq!(rules(&inquiry), []);
        assert_eq!(told(&inquiry).last().unwrap().value, "1.40 s ahead of ours, give or take 1.50 s");
    }
}
