//! Each rule: a workflow in which it fires, and healthy ones in which it does not.

use gatecrash::doctor::Severity::{Error, Note, Warning};

use crate::{check, job, script, told};

const SERVICE: &str = "services:\n  redis:\n    image: redis:7\n    ports: ['6379:6379']\n";
const TESTS: &str = "steps:\n- uses: actions/checkout@v4\n- run: pytest\n";

/// A job with a Redis service and these variables, whose only step runs tests.
fn with_env(env: &str) -> String {
    job(&format!("{SERVICE}env:\n  {env}\n{TESTS}"))
}

#[test]
fn a_secret_beside_a_service_is_an_error() {
    let findings = check(&with_env("REDIS_URL: ${{ secrets.REDIS_URL }}"));
    assert_eq!(told(&findings), [("redis-from-secret", Error, 10)]);
    assert!(findings[0].fix.contains("redis://localhost:6379/0"));
    for (variable, fix) in
        [("REDIS_ADDR", "`REDIS_ADDR: localhost:6379`"), ("REDIS_HOST", "`REDIS_HOST: localhost`")]
    {
        let findings = check(&with_env(&format!("{variable}: ${{{{ secrets.R }}}}")));
        assert!(findings[0].fix.contains(fix), "{}", findings[0].fix);
    }
    // For the whole workflow, it is one for the job.
    let everywhere = with_env("CI_KEY: x")
        .replace("on: push", "on: push\nenv: {CACHE: 'rediss://${{ secrets.HOST }}:6379'}");
    assert_eq!(told(&check(&everywhere)), [("redis-from-secret", Error, 2)]);
    // A script that writes it down for later steps.
    let later = format!(
        "{SERVICE}steps:\n- run: echo 'REDIS_URL=${{{{ secrets.R }}}}' >> $GITHUB_ENV\n- run: pytest\n"
    );
    assert_eq!(told(&check(&job(&later))), [("redis-from-secret", Error, 10)]);
}

#[test]
fn a_secret_with_a_way_out_is_a_warning() {
    let findings = check(&with_env("REDIS_URL: ${{ secrets.REDIS_URL || 'redis://localhost:6379' }}"));
    assert_eq!(told(&findings), [("redis-from-secret", Warning, 10)]);
}

#[test]
fn a_secret_that_tests_do_not_use_is_a_note_at_most() {
    let beside =
        with_env("REDIS_URL: redis://localhost:6379\n  UPSTASH_REDIS_URL: ${{ secrets.UPSTASH_REDIS_URL }}");
    assert_eq!(told(&check(&beside)), [("redis-from-secret", Note, 11)]);
    let deploys = format!(
        "{SERVICE}steps:\n- run: pytest --redis localhost:6379\n- run: ./deploy\n  env: {{REDIS_URL: '${{{{ secrets.PROD }}}}'}}\n"
    );
    assert_eq!(told(&check(&job(&deploys))), [("redis-from-secret", Note, 12)]);
    // A password is no address, and a job without a service may use what it likes.
    assert!(check(&with_env("REDIS_URL: redis://:${{ secrets.PASSWORD }}@localhost:6379/1")).is_empty());
    assert!(check(&job(&format!("env:\n  REDIS_URL: ${{{{ secrets.REDIS_URL }}}}\n{TESTS}"))).is_empty());
}

#[test]
fn a_redis_that_nobody_names_is_a_note() {
    assert_eq!(told(&check(&job(&format!("{SERVICE}{TESTS}")))), [("redis-not-explicit", Note, 6)]);
    let by_action = job("steps:\n- uses: supercharge/redis-github-action@1.8.0\n- run: npm test\n");
    assert_eq!(told(&check(&by_action)), [("redis-not-explicit", Note, 6)]);
    assert!(check(&with_env("REDIS_HOST: localhost")).is_empty());
    assert!(check(&job(&format!("{SERVICE}steps:\n- run: pytest --redis redis://localhost\n"))).is_empty());
    let drawn = "services: {redis: {image: redis, ports: [6379]}}\nsteps:\n- run: npm test\n  env: {PORT: '${{ job.services.redis.ports[6379] }}'}\n";
    assert!(check(&job(drawn)).is_empty());
}

#[test]
fn an_address_where_nothing_is_is_an_error() {
    // The name of a service, from the runner.
    assert_eq!(told(&check(&with_env("REDIS_URL: redis://redis:6379"))), [("redis-unreachable", Error, 10)]);
    // A port that is not mapped.
    assert_eq!(
        told(&check(&with_env("REDIS_URL: redis://localhost:6380"))),
        [("redis-unreachable", Error, 10)]
    );
    // The container's own localhost.
    let inside = with_env("REDIS_URL: redis://localhost:6379")
        .replace("services:", "container: node:20\n    services:");
    assert_eq!(told(&check(&inside)), [("redis-unreachable", Error, 11)]);
    // Through an action it may be reached by name.
    let action = format!("{SERVICE}steps:\n- uses: some/tests@v1\n  env: {{REDIS_HOST: redis}}\n");
    assert_eq!(told(&check(&job(&action))), [("redis-unreachable", Note, 11)]);
}

#[test]
fn an_address_where_something_may_be_is_none() {
    for env in [
        "REDIS_URL: redis://localhost",
        "REDIS_URL: redis://127.0.0.1:6379/2",
        "REDIS_HOST: localhost",
        "REDIS_URL: ${{ vars.REDIS }}",
    ] {
        assert!(check(&with_env(env)).is_empty(), "{env}");
    }
    let inside =
        with_env("REDIS_URL: redis://redis:6379").replace("services:", "container: node:20\n    services:");
    assert!(check(&inside).is_empty());
    let maybe_inside = with_env("REDIS_URL: redis://redis")
        .replace("services:", "container: ${{ matrix.image }}\n    services:");
    assert!(check(&maybe_inside).is_empty());
    for means in [
        "docker compose up -d --wait",
        "redis-server --port 6380 --daemonize yes",
        "echo 127.0.0.1 redis | sudo tee -a /etc/hosts",
    ] {
        for url in ["redis://localhost:6380", "redis://redis:6379"] {
            let text = with_env(&format!("REDIS_URL: {url}"))
                .replace("- run: pytest", &format!("- run: {means}\n    - run: pytest"));
            assert!(check(&text).is_empty(), "{means}, {url}");
        }
    }
}

#[test]
fn a_service_without_a_port_cannot_be_reached() {
    let unmapped = "services:\n  db:\n    image: postgres:16\nsteps:\n- run: pytest\n";
    assert_eq!(told(&check(&job(unmapped))), [("service-port-not-mapped", Warning, 6)]);
    let redis = "services:\n  redis:\n    image: redis\nenv: {REDIS_URL: 'redis://localhost:6379'}\nsteps:\n- run: pytest\n";
    assert_eq!(told(&check(&job(redis))), [("redis-unreachable", Error, 8)]);
    for healthy in [
        unmapped.replace(
            "image: postgres:16",
            "image: postgres:16\n    ports: ['5432:5432']\n    env: {HOST: localhost}",
        ) + "- run: psql -h localhost\n",
        format!("container: python\n{unmapped}- run: psql -h db\n"),
        unmapped.replace("image: postgres:16", "image: postgres:16\n    options: -p 5432:5432")
            + "- run: psql -h localhost\n",
        // Another service uses it.
        unmapped.replace(
            "steps:",
            "  app:\n    image: app\n    env: {DB: 'postgres://db/x'}\n    ports: ['80:80']\nsteps:",
        ) + "- run: curl --retry 9 localhost\n",
        format!("{unmapped}- run: docker run --network ${{{{ job.container.network }}}} app\n"),
    ] {
        assert!(check(&job(&healthy)).is_empty(), "{healthy}: {:?}", check(&job(&healthy)));
    }
}

#[test]
fn a_service_that_no_step_uses_is_told() {
    let lint = format!("{SERVICE}steps:\n- uses: actions/checkout@v4\n- run: ruff check .\n");
    assert_eq!(told(&check(&job(&lint))), [("service-unused", Warning, 6)]);
    let silent =
        "services:\n  search:\n    image: elastic\n    ports: ['9200:9200']\nsteps:\n- run: make all\n";
    assert_eq!(told(&check(&job(silent))), [("service-unused", Note, 6)]);
    assert!(check(&job(&silent.replace("make all", "SEARCH=localhost:9200 make all"))).is_empty());
}

#[test]
fn python_in_the_background_holds_its_output_back() {
    let background = |lines: &str| {
        told(&check(&script(lines)))
            .into_iter()
            .filter(|(rule, ..)| *rule == "background-buffered")
            .map(|(_, level, line)| (level, line))
            .collect::<Vec<_>>()
    };
    assert_eq!(background("cd x\nnohup python -m app > log 2>&1 &"), [(Warning, 8)]);
    assert_eq!(background("(cd x && uv run python3.12 app.py | tee log) &"), [(Warning, 7)]);
    assert_eq!(background("stdbuf -oL python app.py > log &"), [(Warning, 7)]);
    assert_eq!(background("python app.py &"), [(Note, 7)]);
    assert_eq!(background("PYTHONUNBUFFERED= python app.py > log &"), [(Warning, 7)]);
    for healthy in [
        "nohup python -u -m app > log 2>&1 &",
        "python3 -Wu app.py > log &",
        "PYTHONUNBUFFERED=1 nohup python -m app > log &",
        "export PYTHONUNBUFFERED=1\npython -m app > log &",
        "echo PYTHONUNBUFFERED=1 >> $GITHUB_ENV\nenv PYTHONUNBUFFERED=1 python -m app > log &",
        "python -m uvicorn app:app > log &",
        "python a.py > a &\npython b.py > b &\nwait",
        "python app.py > log 2>&1",
        "nohup ./server > log &",
        "echo 'python app.py > log &'",
    ] {
        assert_eq!(background(healthy), [], "{healthy}");
    }
    let by_env = script("python app.py > log &").replace("- run", "- env: {PYTHONUNBUFFERED: 1}\n      run");
    assert_eq!(told(&check(&by_env)), []);
}

#[test]
fn a_process_that_nobody_asks_for_is_told() {
    let told_of = |lines: &str| {
        told(&check(&script(lines)))
            .into_iter()
            .filter(|(rule, ..)| *rule == "background-unchecked")
            .map(|(_, level, line)| (level, line))
            .collect::<Vec<_>>()
    };
    assert_eq!(told_of("./server &\nnpx playwright test"), [(Note, 7)]);
    assert_eq!(told_of("./server &\nsleep 5\npytest"), [(Note, 7)]);
    assert_eq!(told_of("./server &\ncurl -f http://localhost:8080/"), [(Warning, 7)]);
    for healthy in [
        "./server &\nuntil curl -f localhost:8080; do sleep 1; done\npytest",
        "./server &\nnpx wait-on http://localhost:8080\npytest",
        "./server &\nfor i in $(seq 30); do nc -z localhost 80 && break; sleep 1; done\npytest",
        "./server &\ncurl --retry 10 --retry-connrefused localhost:8080",
        "./server &\ntimeout 60 sh -c 'until curl -f localhost; do sleep 1; done'\npytest",
        "./a &\n./b &\nwait",
        "pytest\n(sleep 600; kill $$) &",
    ] {
        assert_eq!(told_of(healthy), [], "{healthy}");
    }
}

#[test]
fn a_failure_that_is_ignored_is_a_warning() {
    for lines in [
        "pytest || true",
        "cargo test --all || :",
        "go test ./... || exit 0",
        "npm test || echo failed",
        "uv run pytest -q && echo ok || true",
        "pytest | tee log",
        "pytest 2>&1 | tee -a log | tail -20",
        "pytest || [ $? -eq 5 ]",
        "pytest || test $? = 5",
        "set +e\npytest\necho done",
    ] {
        let findings = check(&script(lines));
        let told = told(&findings);
        assert_eq!(told.len(), 1, "{lines}: {findings:?}");
        assert_eq!((told[0].0, told[0].1), ("test-failure-ignored", Warning), "{lines}");
    }
    let five = check(&script("pytest || rc=$?\nif [ \"$rc\" -eq 5 ]; then exit 0; fi\nexit $rc"));
    assert_eq!(told(&five), [("test-failure-ignored", Warning, 7)]);
    let status =
        "continue-on-error: true\nsteps:\n- run: pytest\n- run: cargo test\n  continue-on-error: true\n";
    assert_eq!(
        told(&check(&job(status))),
        [("test-failure-ignored", Warning, 5), ("test-failure-ignored", Warning, 9)]
    );
    let shell = script("pytest\necho done").replace("- run", "- shell: bash -l {0}\n      run");
    assert_eq!(told(&check(&shell)), [("test-failure-ignored", Warning, 8)]);
}

#[test]
fn a_failure_that_is_heeded_is_none() {
    for lines in [
        "pytest",
        "pytest || exit 1",
        "pytest || rc=$?\nexit $rc",
        "pytest || (cat log && exit 1)",
        "pytest || { echo failed; exit 1; }",
        "set -o pipefail\npytest | tee log",
        "set -euo pipefail\npytest | tee log",
        "pytest | tee log\nexit ${PIPESTATUS[0]}",
        "if pytest; then echo good; else exit 1; fi",
        "! pytest --bad",
        "go test -json ./... | tparse",
        "set +e\npytest\ncode=$?\nexit $code",
        "rm -f log || true\npytest",
        "pytest --collect-only || true",
        "cat <<EOF\npytest || true\nEOF",
        "echo 'pytest || true'",
        "ruff check . | tee log",
        "cargo test --no-run || true",
    ] {
        assert_eq!(told(&check(&script(lines))), [], "{lines}");
    }
    let bash = script("pytest | tee log");
    for shell in
        ["- shell: bash\n      run", "- shell: bash -eo pipefail {0}\n      run", "- shell: pwsh\n      run"]
    {
        assert_eq!(told(&check(&bash.replace("- run", shell))), [], "{shell}");
    }
    let default = bash.replace("on: push", "on: push\ndefaults: {run: {shell: bash}}");
    assert_eq!(told(&check(&default)), []);
    assert_eq!(told(&check(&bash.replace("ubuntu-latest", "windows-latest"))), []);
    let read_later = "steps:\n- id: t\n  run: pytest\n  continue-on-error: true\n- if: steps.t.outcome == 'failure'\n  run: exit 1\n";
    assert_eq!(told(&check(&job(read_later))), []);
    assert_eq!(
        told(&check(&job("continue-on-error: ${{ matrix.experimental }}\nsteps:\n- run: pytest\n"))),
        []
    );
}

#[test]
fn tests_that_never_run_are_told() {
    let never = "if: ${{ false }}\nsteps:\n- run: pytest\n- run: cargo test\n  if: false\n- run: make lint\n  if: false\n";
    assert_eq!(told(&check(&job(never))), [("test-never-runs", Warning, 5), ("test-never-runs", Warning, 9)]);
    assert_eq!(
        told(&check(&job("if: github.event_name == 'push'\nsteps:\n- run: pytest\n  if: always()\n"))),
        []
    );
    assert_eq!(told(&check(&script("npx jest --passWithNoTests"))), [("test-can-be-empty", Note, 7)]);
}

#[test]
fn a_limiter_whose_schedules_nobody_explores_is_a_note() {
    let limiter = with_env("REDIS_URL: redis://localhost").replace("pytest", "pytest tests/test_limiter.py");
    assert_eq!(told(&check(&limiter)), [("race-not-explored", Note, 13)]);
    assert!(check(&format!("{limiter}    - run: gatecrash run\n")).is_empty());
    assert!(check(&with_env("REDIS_URL: redis://localhost")).is_empty());
}
