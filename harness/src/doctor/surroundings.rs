//! Variables that look as if they named a Redis server, and do not: gatecrash reads one only.

use std::io::{self, Read as _};
use std::path::Path;

use super::finding::{Finding, Severity};
use crate::redis::{Target, VARIABLE};

/// The file in which many tools look for variables. gatecrash does not.
pub const ENV_FILE: &str = ".env";
/// The most of it that is read, in bytes.
const MOST: u64 = 1024 * 1024;

/// A variable, and the line of [`ENV_FILE`] where it stands, unless it is in the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// Its name.
    pub name: String,
    /// Its value, which may be a secret.
    pub value: String,
    /// Where in the file.
    pub line: Option<u32>,
}

/// The variables of this process, by name. What is no text is read as far as it is.
pub fn of_the_environment() -> Vec<EnvironmentVariable> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let variable = |(name, value)| EnvironmentVariable { name: text(name), value: text(value), line: None };
    let mut all: Vec<EnvironmentVariable> = std::env::vars_os().map(variable).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The variables in a folder's [`ENV_FILE`], if there is one.
pub fn of_the_file(folder: &Path) -> io::Result<Vec<EnvironmentVariable>> {
    let path = folder.join(ENV_FILE);
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        // A folder has no variables, and to open a pipe is to wait for who writes it.
        Ok(meta) if !meta.is_file() => return Ok(Vec::new()),
        known => known?,
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

/// The assignments in the text of such a file. Nothing is expanded.
fn parse(text: &str) -> Vec<EnvironmentVariable> {
    let assignment = |(line, text): (u32, &str)| {
        let text = text.trim();
        let (name, value) = text.strip_prefix("export ").unwrap_or(text).split_once('=')?;
        let name = name.trim();
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        plain.then(|| EnvironmentVariable {
            name: name.into(),
            value: unquoted(value.trim()).into(),
            line: Some(line),
        })
    };
    (1..).zip(text.lines()).filter_map(assignment).collect()
}

/// A value without its quotes, or without the comment that follows it.
fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some((inside, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inside;
        }
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end())
}

/// A note for each variable that looks like a Redis server and is not read. Says where it leads, but no secret.
pub fn unused(variables: &[EnvironmentVariable]) -> Vec<Finding> {
    variables.iter().filter(|variable| looks_like_redis(variable)).map(note).collect()
}

fn looks_like_redis(variable: &EnvironmentVariable) -> bool {
    let EnvironmentVariable { name, value, line } = variable;
    if value.is_empty() || name == VARIABLE && line.is_none() {
        return false;
    }
    let name = name.to_ascii_uppercase();
    let store = ["REDIS", "VALKEY"].iter().any(|word| name.contains(word));
    let place = ["URL", "URI", "HOST", "ADDR", "ENDPOINT", "DSN"].iter().any(|word| name.contains(word));
    store && place || has_scheme(value)
}

fn has_scheme(value: &str) -> bool {
    let scheme = value.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| {
        ["redis", "rediss", "redis+unix", "redis-sentinel", "redis+sentinel", "valkey", "valkeys"]
            .contains(&scheme.as_str())
    })
}

fn note(variable: &EnvironmentVariable) -> Finding {
    let EnvironmentVariable { name, value, line } = variable;
    // An address is shown without credentials; of anything else nobody knows what is secret in it.
    let place = match Target::choose(Some(value), None, true) {
        Ok(Target::Given { address, .. }) => format!(", {address},"),
        _ => String::new(),
    };
    let (here, file) = match line {
        None => ("is set", None),
        Some(_) => ("stands here", Some(ENV_FILE.to_owned())),
    };
    let message =
        format!("{name}{place} {here} and is not used: gatecrash reads {VARIABLE} in the environment only");
    let fix = format!(
        "if that is the server you mean, name it with --redis or {VARIABLE}; else there is nothing to do"
    );
    Finding { file, line: *line, ..Finding::new("unused-redis-variable", Severity::Note, message, fix) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, value: &str) -> Vec<Finding> {
        unused(&[EnvironmentVariable { name: name.into(), value: value.into(), line: None }])
    }

    #[test]
    fn what_looks_like_a_server_is_told() {
        for (name, value) in [
            ("REDIS_URL", "redis://localhost"),
            ("UPSTASH_REDIS_URL", "rediss://:hunter2@eu1.upstash.io:6379"),
            ("UPSTASH_REDIS_REST_URL", "https://eu1.upstash.io"),
            ("CELERY_BROKER_URL", "redis://:hunter2@localhost:6379/1"),
            ("redis_host", "hunter2"),
            ("MY_VALKEY_ADDR", "hunter2:6379"),
            ("BROKER", "REDIS://:hunter2@x"),
        ] {
            let found = found(name, value);
            assert_eq!(found.len(), 1, "{name}");
            assert!(found[0].message.contains(name) && found[0].level == Severity::Note);
            assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
        }
        let shown = found("REDIS_URL", "redis://bob:hunter2@localhost/3");
        assert!(shown[0].message.contains("redis://***@localhost:6379/3"), "{shown:?}");
    }

    #[test]
    fn what_does_not_is_left_alone() {
        for (name, value) in [
            ("GATECRASH_REDIS_URL", "redis://localhost"),
            ("REDIS_URL", ""),
            ("DATABASE_URL", "postgres://localhost"),
            ("CELERY_BROKER_URL", "amqp://localhost"),
            ("REDIS_VERSION", "7"),
            ("PATH", "/opt/redis/bin"),
        ] {
            assert!(found(name, value).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_file_has_assignments_with_lines() {
        let text = "# REDIS_URL=redis://no\n\nREDIS_URL = \"redis://a\" # here\nexport CACHE='redis://b'\nnonsense\n\
                    GATECRASH_REDIS_URL=redis://c # not read\nA B=redis://x\nOTHER=1\n";
        let all = parse(text);
        let shown: Vec<_> =
            all.iter().map(|v| (v.name.as_str(), v.value.as_str(), v.line.unwrap())).collect();
        let expected = [
            ("REDIS_URL", "redis://a", 3),
            ("CACHE", "redis://b", 4),
            ("GATECRASH_REDIS_URL", "redis://c", 6),
            ("OTHER", "1", 8),
        ];
        assert_eq!(shown, expected);
        // gatecrash reads no such file: there, its own variable is one that is not used either.
        let found = unused(&all);
        assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [Some(3), Some(4), Some(6)]);
        assert_eq!(found[0].file.as_deref(), Some(".env"));
    }

    #[test]
    fn a_file_that_is_not_there_has_no_variables() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of_the_file(folder.path()).unwrap(), []);
        std::fs::create_dir(folder.path().join(ENV_FILE)).unwrap();
        assert_eq!(of_the_file(folder.path()).unwrap(), []);
    }
}
