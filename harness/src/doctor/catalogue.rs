//! Every rule of the doctor's: what it says, and why that matters.

/// What is known of a rule beside its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// Its name.
    pub rule: &'static str,
    /// What it finds, in one sentence.
    pub short: &'static str,
    /// Why that matters, and what to do.
    pub help: &'static str,
}

/// The text of a rule of that name.
pub fn text_of(rule: &str) -> Option<&'static RuleText> {
    RULES.binary_search_by(|text| text.rule.cmp(rule)).ok().map(|at| &RULES[at])
}

const fn text(rule: &'static str, short: &'static str, help: &'static str) -> RuleText {
    RuleText { rule, short, help }
}

/// By name.
const RULES: [RuleText; 32] = [
    text(
        "background-buffered",
        "A Python server in the background keeps its output in a buffer.",
        "When the job fails, the log ends before the cause. Run it with `python -u` or PYTHONUNBUFFERED=1.",
    ),
    text(
        "background-unchecked",
        "Nothing waits for a process in the background, or asks whether it lives.",
        "Tests may start before the server answers, or run against none. Wait until it answers, then test.",
    ),
    text(
        "clean-up-cut-short",
        "Not all keys of the server were looked at.",
        "Keys of killed runs may be left. Run `doctor --clean-up` again.",
    ),
    text(
        "clock-skew",
        "The server's clock and this machine's differ.",
        "A lease that one of them writes ends at another time for the other. Set both by NTP.",
    ),
    text(
        "cpu-powersave",
        "The processor saves power.",
        "Latencies then depend on how busy the machine is. Set the governor to performance before measuring.",
    ),
    text(
        "few-open-files",
        "A process may have few files open.",
        "`load` has a connection for each client. Raise the limit with `ulimit -n`.",
    ),
    text(
        "keys-kept",
        "A run's keys stay on the server, because the run may still go on.",
        "If the run is dead, clean up again once its keys were idle for ten minutes.",
    ),
    text("keys-removed", "Keys that a killed run left were removed.", "Nothing is left to do."),
    text(
        "little-memory",
        "The machine has little memory free.",
        "A large census takes a gigabyte. Lower `--max-states`.",
    ),
    text(
        "mapping",
        "A stub server's mapping file is broken or says too little.",
        "The server skips such a file, answers something else, or does not start. Correct the file.",
    ),
    text(
        "mappings-missing",
        "A stub server's folder of mappings is missing or empty.",
        "The server answers 404 to everything. Commit the mapping files: git keeps no empty folder.",
    ),
    text(
        "no-redis",
        "No Redis server can be started here, and none was named.",
        "Nothing runs on Redis then. Install redis-server or valkey-server, or name a server with `--redis`.",
    ),
    text(
        "not-a-workflow",
        "The file holds no workflow.",
        "Nothing in it was checked. Name files that have `jobs`.",
    ),
    text(
        "race-not-explored",
        "A job tests a limiter on Redis, and no job explores its schedules.",
        "Such a test passes by luck. Add a step that explores all schedules, such as `gatecrash run`.",
    ),
    text(
        "redis-cannot-save",
        "The server could not save its data last time.",
        "It may refuse writes because of that. See its log: its disk may be full.",
    ),
    text(
        "redis-cluster",
        "The server is a node of a cluster.",
        "It refuses keys of other nodes, and gatecrash follows no redirection. Name a server of its own.",
    ),
    text(
        "redis-evicts",
        "The server evicts keys when its memory is full.",
        "A limiter whose key goes lets everybody in. Set maxmemory-policy to noeviction.",
    ),
    text(
        "redis-from-secret",
        "A job starts a Redis service, and its tests are led to another Redis by a secret.",
        "The tests share a remote server, or fail where there is no secret. Lead them to the service.",
    ),
    text(
        "redis-loading",
        "The server is still loading its data.",
        "It refuses commands until then. Wait, and try again.",
    ),
    text(
        "redis-not-explicit",
        "No variable tells the tests which Redis to use.",
        "They use a default, which differs between machines. Set the URL in the job's `env`.",
    ),
    text(
        "redis-not-permitted",
        "The server refuses commands that a run needs.",
        "Its user lacks a permission (ACL). Allow the commands, and keys that begin with `gatecrash:`.",
    ),
    text(
        "redis-read-only",
        "The server is a replica that takes no writes.",
        "No limiter can work there. Name the master.",
    ),
    text(
        "redis-replica",
        "The server is a replica that takes writes.",
        "What is written there is lost when the master says otherwise. Name the master.",
    ),
    text(
        "redis-unreachable",
        "The server that was named does not answer, or does not let gatecrash in.",
        "Start it, put the password in the URL, or name another server.",
    ),
    text(
        "service-port-not-mapped",
        "A service's port is not mapped to the runner, where the tests run.",
        "The tests cannot reach it. Map the port with `ports`.",
    ),
    text(
        "service-unused",
        "A job starts a service, and nothing in the job uses it.",
        "The tests may use another server, or none. Lead them to the service, or take it away.",
    ),
    text(
        "stub-without-mappings",
        "A workflow starts a stub server with a folder that holds no mappings.",
        "The server answers 404 to everything. Commit mapping files there.",
    ),
    text(
        "test-can-be-empty",
        "A test command passes when it finds no tests.",
        "A typo in a path then looks like success. Take the option away.",
    ),
    text(
        "test-failure-ignored",
        "The workflow passes when its tests fail.",
        "Nobody sees the failure. Let the step's exit status be that of the tests.",
    ),
    text(
        "test-never-runs",
        "A condition keeps the tests from ever running.",
        "A job that tests nothing looks like success. Take the condition away.",
    ),
    text(
        "unreadable",
        "A file beside the run cannot be read.",
        "gatecrash does not need it, and says what it could not look at.",
    ),
    text(
        "unused-redis-variable",
        "A variable looks as if it named a Redis, and gatecrash does not read it.",
        "gatecrash reads GATECRASH_REDIS_URL only. Use that, or `--redis`, if it is the server you mean.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_by_name() {
        assert!(RULES.is_sorted_by(|a, b| a.rule < b.rule));
        for text in &RULES {
            assert_eq!(text_of(text.rule), Some(text));
            assert!(text.short.ends_with('.') && text.help.ends_with('.'), "{text:?}");
        }
        assert_eq!(text_of("no-such-rule"), None);
    }
}
