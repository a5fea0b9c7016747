//! This machine and this process: what there is, and what of it would get in the way.

use std::io::IsTerminal as _;

use super::finding::{Fact, Finding, Severity};
use crate::base::words::grouped;

const TOPIC: &str = "machine";
/// Files that a run with a thousand clients has open.
const ENOUGH_FILES: u64 = 1_024;
/// Memory for a census at its default bound, in bytes.
const ENOUGH_MEMORY: u64 = 1 << 30;

/// What was read of the machine. What cannot be read is absent.
#[derive(Clone, Debug, Default)]
pub struct MachineState {
    /// How many threads run at once.
    pub cores: Option<usize>,
    /// How many files a process may have open now, and how many it may ask for.
    pub files: Option<(u64, u64)>,
    /// Bytes of memory that are free or can be freed.
    pub free_memory: Option<u64>,
    /// Bytes of memory that the control group allows.
    pub memory_limit: Option<u64>,
    /// How the processor chooses its speed.
    pub governor: Option<String>,
}

impl MachineState {
    /// Reads what there is.
    pub fn read() -> Self {
        Self {
            cores: std::thread::available_parallelism().ok().map(std::num::NonZero::get),
            files: open_files(),
            free_memory: read("/proc/meminfo").and_then(|text| available(&text)),
            memory_limit: MEMORY_LIMITS.into_iter().find_map(|file| read(file)?.trim().parse().ok()),
            governor: read(GOVERNOR).map(|text| text.trim().to_owned()),
        }
    }

    /// What there is.
    pub fn facts(&self) -> Vec<Fact> {
        let known = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
        let limit = |limit: u64| if limit >= NO_LIMIT { "no limit".to_owned() } else { grouped(limit) };
        let files = self.files.map(|(now, most)| {
            format!("{} (up to {} with ulimit -n); each client of load needs one", limit(now), limit(most))
        });
        let free = self.free_memory.map(|bytes| format!("{} free", megabytes(bytes)));
        let group = self.memory_limit.filter(|bytes| *bytes < NO_LIMIT);
        let memory = match (free, group) {
            (free, Some(limit)) => format!("{}; the control group allows {}", known(free), megabytes(limit)),
            (free, None) => known(free),
        };
        vec![
            Fact::new(TOPIC, "system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
            Fact::new(TOPIC, "cores", known(self.cores.map(|cores| cores.to_string()))),
            Fact::new(TOPIC, "open files", known(files)),
            Fact::new(TOPIC, "memory", memory),
            Fact::new(TOPIC, "cpu governor", known(self.governor.clone())),
        ]
    }

    /// What would get in the way.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some((now, most)) = self.files.filter(|(now, _)| *now < ENOUGH_FILES) {
            let message =
                format!("a process may have {now} files open: load has a connection for each client");
            let fix = format!("ulimit -n {}", most.clamp(now, 65_536));
            findings.push(Finding::new("few-open-files", Severity::Warning, message, fix));
        }
        let memory = [self.free_memory, self.memory_limit].into_iter().flatten().min();
        if let Some(bytes) = memory.filter(|bytes| *bytes < ENOUGH_MEMORY) {
            let message =
                format!("there are {} of memory; a large census takes a gigabyte", megabytes(bytes));
            findings.push(Finding::new("little-memory", Severity::Note, message, "lower --max-states"));
        }
        if self.governor.as_deref() == Some("powersave") {
            let message = "the processor saves power: latencies depend on how busy it is";
            let fix = "for measurements, set the governor: cpupower frequency-set -g performance";
            findings.push(Finding::new("cpu-powersave", Severity::Note, message, fix));
        }
        findings
    }
}

/// Where Linux says how much memory the control group allows: version 2, then version 1.
const MEMORY_LIMITS: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
const GOVERNOR: &str = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
/// As large a limit is none: version 1 writes a number of pages near this where there is none.
const NO_LIMIT: u64 = i64::MAX as u64 / 2;

/// A small file of the kernel's.
fn read(file: &str) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

/// The available memory, in bytes, in the text of `/proc/meminfo`.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MiB", grouped(bytes >> 20))
}

#[cfg(unix)]
fn open_files() -> Option<(u64, u64)> {
    use nix::sys::resource::{Resource, getrlimit};
    getrlimit(Resource::RLIMIT_NOFILE).ok()
}

#[cfg(not(unix))]
fn open_files() -> Option<(u64, u64)> {
    None
}

/// Names of variables that tell which CI this is.
const CIS: [(&str, &str); 8] = [
    ("GITHUB_ACTIONS", "GitHub Actions"),
    ("GITLAB_CI", "GitLab CI"),
    ("CIRCLECI", "CircleCI"),
    ("BUILDKITE", "Buildkite"),
    ("JENKINS_URL", "Jenkins"),
    ("TF_BUILD", "Azure Pipelines"),
    ("TRAVIS", "Travis CI"),
    ("CI", "some CI (CI is set)"),
];

/// This process: what it is, and where its output goes.
pub fn process(is_set: impl Fn(&str) -> bool) -> Vec<Fact> {
    const TOPIC: &str = "process";
    let place = |terminal| if terminal { "a terminal" } else { "no terminal" };
    let ci = CIS.into_iter().find(|(variable, _)| is_set(variable)).map_or("not detected", |(_, name)| name);
    let stdout = place(std::io::stdout().is_terminal());
    let stderr = place(std::io::stderr().is_terminal());
    vec![
        Fact::new(TOPIC, "gatecrash", env!("CARGO_PKG_VERSION")),
        Fact::new(TOPIC, "lua", format!("{} in the model", lua_version())),
        Fact::new(TOPIC, "ci", ci),
        Fact::new(TOPIC, "stdout", format!("{stdout}; each report is written and flushed at once")),
        Fact::new(TOPIC, "stderr", format!("{stderr}; whole lines, each flushed")),
    ]
}

fn lua_version() -> String {
    mlua::Lua::new().globals().get("_VERSION").unwrap_or_else(|_| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(machine: &MachineState) -> Vec<(&'static str, Severity)> {
        machine.findings().iter().map(|finding| (finding.rule, finding.level)).collect()
    }

    #[test]
    fn a_machine_with_enough_of_everything_is_left_alone() {
        let machine = MachineState {
            cores: Some(2),
            files: Some((1_024, 524_288)),
            free_memory: Some(4 << 30),
            memory_limit: Some(u64::MAX),
            governor: Some("performance".into()),
        };
        assert_eq!(rules(&machine), []);
        let facts = machine.facts();
        let value = |name| facts.iter().find(|fact| fact.name == name).unwrap().value.as_str();
        assert_eq!(
            value("open files"),
            "1,024 (up to 524,288 with ulimit -n); each client of load needs one"
        );
        assert_eq!(value("memory"), "4,096 MiB free");
        assert_eq!(rules(&MachineState::default()), []);
        assert!(MachineState::default().facts().iter().any(|fact| fact.value == "unknown"));
    }

    #[test]
    fn what_gets_in_the_way_is_found() {
        let machine = MachineState {
            files: Some((256, 10_000)),
            free_memory: Some(8 << 30),
            memory_limit: Some(512 << 20),
            governor: Some("powersave".into()),
            ..MachineState::default()
        };
        let expected = [
            ("few-open-files", Severity::Warning),
            ("little-memory", Severity::Note),
            ("cpu-powersave", Severity::Note),
        ];
        assert_eq!(rules(&machine), expected);
        assert_eq!(machine.findings()[0].fix, "ulimit -n 10000");
        assert!(machine.facts().iter().any(|fact| fact.value.ends_with("the control group allows 512 MiB")));
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    1024 kB\n"), Some(1 << 20));
        assert_eq!(available("MemTotal: 9 kB\n"), None);
        assert_eq!(available("MemAvailable: 99999999999999999999 kB\n"), None);
    }

    #[test]
    fn the_ci_is_named() {
        let ci = |set: &'static str| process(|name| name == set)[2].value.clone();
        assert_eq!(
            [ci("GITLAB_CI"), ci("CI"), ci("X")],
            ["GitLab CI", "some CI (CI is set)", "not detected"]
        );
    }
}
