//! What is known of programs: which run tests, which serve, which wait until something answers.

use super::shell::{self, ShellCommand};

/// Whether the command runs tests.
pub(super) fn is_test(command: &ShellCommand) -> bool {
    let words: Vec<&str> = past_runners(command).iter().map(String::as_str).collect();
    let Some((program, rest)) = words.split_first() else { return false };
    let first = rest.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
    let has = |word: &str| rest.contains(&word);
    if has("--help") || has("--version") || has("--collect-only") || has("--list") {
        return false;
    }
    match program.rsplit('/').next().unwrap_or_default() {
        "pytest" | "py.test" | "rspec" | "phpunit" | "pest" | "jest" | "vitest" | "mocha" | "ava" | "tap"
        | "bats" | "ctest" | "gotestsum" | "nosetests" | "trial" | "stestr" | "ginkgo" | "karma"
        | "cucumber" => true,
        "tox" | "nox" => {
            !has("-l") && !rest.iter().any(|word| word.contains("lint") || word.contains("docs"))
        }
        "cargo" => {
            let sub = rest.iter().find(|word| !word.starts_with(['-', '+'])).copied().unwrap_or_default();
            (sub == "test" || sub == "t" || (sub == "nextest" && has("run"))) && !has("--no-run")
        }
        "npm" | "pnpm" | "yarn" | "bun" | "deno" => {
            let named = if first == "run" {
                rest.iter().skip_while(|word| **word != "run").nth(1).copied()
            } else {
                Some(first)
            };
            named.is_some_and(|name| name == "test" || name == "t" || name.starts_with("test:"))
        }
        "mvn" | "mvnw" => has("test") || has("verify") || has("integration-test"),
        "gradle" | "gradlew" => {
            rest.iter().any(|word| *word == "test" || *word == "check" || word.ends_with(":test"))
        }
        "go" | "playwright" | "dotnet" | "mix" | "swift" | "stack" | "cabal" | "zig" | "composer"
        | "lein" | "sbt" | "flutter" | "dart" => first == "test",
        "rake" | "rails" => first == "test" || first.starts_with("test:") || first == "spec",
        "make" | "just" | "task" => matches!(first, "test" | "check" | "tests") || first.starts_with("test-"),
        "cypress" => first == "run",
        "gatecrash" => matches!(first, "run" | "explore" | "replay" | "load"),
        name if is_python(name) => match rest.iter().position(|word| *word == "-m") {
            Some(at) => matches!(
                rest.get(at + 1).copied(),
                Some("pytest" | "unittest" | "nose" | "nose2" | "tox" | "nox")
            ),
            None => first.ends_with("manage.py") && has("test") || first.ends_with("runtests.py"),
        },
        _ => false,
    }
}

/// Whether the name is that of a Python interpreter.
fn is_python(name: &str) -> bool {
    let version = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// The words past what only sets the scene: `uv run`, `poetry run`, `npx`, `bundle exec`, `coverage run -m` and the like.
fn past_runners(command: &ShellCommand) -> &[String] {
    let mut words = command.arguments();
    loop {
        let name = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        let second = words.get(1).map_or("", String::as_str);
        let skipped = match (name, second) {
            ("uv" | "poetry" | "pipenv" | "pdm" | "hatch" | "rye" | "pixi", "run")
            | ("bundle", "exec")
            | ("pnpm" | "yarn" | "npm", "exec" | "dlx") => 2,
            ("npx" | "bunx" | "dotenv" | "uvx" | "pipx", _) => 1,
            ("coverage", "run") => {
                // `-m module` as if it were the program; a script as if Python ran it.
                let module = words.iter().position(|word| word == "-m").map(|at| at + 1);
                match module {
                    Some(at) => at,
                    None => return words,
                }
            }
            _ => return words,
        };
        let options = words.iter().skip(skipped).take_while(|word| word.starts_with('-')).count();
        words = words.get(skipped + options..).unwrap_or_default();
    }
}

/// A Python program that is run: its words after the interpreter. None for another program.
pub(super) fn python(command: &ShellCommand) -> Option<&[String]> {
    let (program, rest) = past_runners(command).split_first()?;
    is_python(program.rsplit('/').next().unwrap_or_default()).then_some(rest)
}

/// Whether Python writes each line at once here: it is told so, or only its logging, which flushes, says anything.
pub(super) fn python_writes_at_once(arguments: &[String]) -> bool {
    const FLUSHING: [&str; 14] = [
        "uvicorn",
        "gunicorn",
        "hypercorn",
        "daphne",
        "http.server",
        "flask",
        "celery",
        "rq",
        "waitress",
        "pip",
        "venv",
        "streamlit",
        "jupyter",
        "moto.server",
    ];
    let own = arguments.iter().take_while(|word| word.starts_with('-') && *word != "-m" && *word != "-c");
    let unbuffered = own.clone().any(|word| !word.starts_with("--") && word.contains('u'));
    let rest = &arguments[own.count()..];
    let module = match rest {
        [flag, module, ..] if flag == "-m" => Some(module.as_str()),
        [script, ..] if script.ends_with("manage.py") => rest.get(1).map(String::as_str),
        _ => None,
    };
    unbuffered || module.is_some_and(|name| FLUSHING.contains(&name) || name == "runserver")
}

/// Whether the command waits until something answers, or asks whether it does.
pub(super) fn is_check(command: &ShellCommand) -> bool {
    const ASKERS: [&str; 22] = [
        "curl",
        "wget",
        "nc",
        "ncat",
        "netcat",
        "telnet",
        "http",
        "xh",
        "redis-cli",
        "valkey-cli",
        "pg_isready",
        "mysqladmin",
        "mongosh",
        "grpcurl",
        "grpc_health_probe",
        "wait-for-it",
        "wait-for-it.sh",
        "wait-for",
        "wait-for.sh",
        "wait4x",
        "dockerize",
        "wait-on",
    ];
    const TEXT: [&str; 8] = [
        "wait-on",
        "wait_for",
        "wait-for",
        "waitfor",
        "start-server-and-test",
        "/dev/tcp/",
        "healthy",
        "health",
    ];
    let words = past_runners(command);
    let name = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    if let (true, [flag, script, ..]) = (is_shell(name), words.get(1..).unwrap_or_default())
        && flag.starts_with('-')
        && flag.ends_with('c')
    {
        return shell::read(script).iter().any(|inner| inner.looped || is_plain_check(inner, &ASKERS));
    }
    let text = command.words.join(" ");
    let expands = |asker: &str| text.contains(&format!("$({asker} "));
    ASKERS.contains(&name)
        || ASKERS.iter().any(|asker| expands(asker))
        || TEXT.iter().any(|part| text.contains(part))
}

fn is_plain_check(command: &ShellCommand, askers: &[&str]) -> bool {
    askers.contains(&past_runners(command).first().map_or("", |word| word.rsplit('/').next().unwrap_or(word)))
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "dash" | "zsh")
}
