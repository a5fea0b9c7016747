//! Workflows as they are found in the wild: none of these is wrong.

use gatecrash::doctor::workflow::{self, Container, Port};
use gatecrash::doctor::yaml;

use crate::{check, job, read};

#[test]
fn on_may_be_quoted_or_not_and_jobs_may_have_no_steps() {
    for on in ["on: push", "'on': push", "\"on\": [push]", "true: push"] {
        let text = format!(
            "{on}\njobs:\n  call:\n    uses: ./.github/workflows/other.yml\n    secrets: inherit\n    with: {{redis: true}}\n"
        );
        assert!(check(&text).is_empty(), "{on}");
    }
}

#[test]
fn what_is_no_workflow_is_none() {
    for text in [
        "",
        "# nothing\n",
        "null",
        "[]",
        "a",
        "runs: {using: composite, steps: []}",
        "services: {redis: {image: redis}}",
    ] {
        assert_eq!(workflow::read("x.yml", &yaml::read(text).unwrap()), Ok(None), "{text}");
    }
}

#[test]
fn odd_shapes_are_passed_over() {
    for text in [
        "jobs:",
        "jobs: []",
        "jobs: {a: , b: 3, c: [], d: {steps: 3, services: 3, env: [x], container: [], if: {}}}",
        "jobs: {a: {services: '${{ fromJSON(needs.x.outputs.services) }}', steps: [3, {run: [x]}, {uses: {}}, null]}}",
        "jobs: {a: {env: '${{ fromJSON(x) }}', services: {redis: , r: x, s: {image: {}, ports: {a: b}, options: []}}, steps: [{run: pytest}]}}",
    ] {
        check(text);
    }
}

#[test]
fn ports_come_in_many_forms() {
    let text = job(
        "services:\n  redis:\n    image: redis\n    ports:\n    - 6379\n    - '7000:6379/tcp'\n    - 127.0.0.1:7001:6379\n    - 8000-8001:6380-6381\nsteps: []\n",
    );
    let service = &read(&text).jobs[0].services[0];
    let port = |host, container| Port { host, container };
    let expected = [
        port(None, 6379),
        port(Some(7000), 6379),
        port(Some(7001), 6379),
        port(Some(8000), 6380),
        port(Some(8001), 6381),
    ];
    assert_eq!(service.ports, expected);
    assert!(!service.ports_unknown);
    let text = job(
        "services:\n  redis:\n    image: ${{ matrix.redis && 'redis' || '' }}\n    ports: ['${{ matrix.port }}:6379']\nsteps: []\n",
    );
    let service = &read(&text).jobs[0].services[0];
    assert!(service.ports_unknown && service.conditional);
}

#[test]
fn containers_may_depend_on_a_matrix() {
    let container = |text: &str| read(&job(&format!("container: {text}\nsteps: []\n"))).jobs[0].container;
    assert_eq!(container("node:20"), Container::Inside);
    assert_eq!(container("{image: 'node:${{ matrix.node }}'}"), Container::Inside);
    assert_eq!(container("${{ matrix.image }}"), Container::Unknown);
    assert_eq!(container("''"), Container::Runner);
}

#[test]
fn a_service_that_may_not_run_is_no_error() {
    let text = job(
        "services:\n  redis:\n    image: ${{ matrix.redis && 'redis:7' || '' }}\n    ports: ['6379:6379']\nenv: {REDIS_URL: '${{ secrets.REDIS_URL }}'}\nsteps:\n- run: pytest\n",
    );
    assert!(check(&text).iter().all(|finding| finding.level < gatecrash::doctor::Severity::Error));
}

#[test]
fn more_than_any_workflow_has_is_refused() {
    let jobs = (0..1001).map(|at| format!("  j{at}: {{}}\n")).collect::<Vec<_>>().concat();
    let commands = job(&format!("steps:\n- run: {}\n", "a;".repeat(10_001)));
    let variables = (0..2001).map(|at| format!("  REDIS_URL_{at}: x\n")).collect::<Vec<_>>().concat();
    let shared = format!("env: {{A: {}}}\njobs:\n{}", "x".repeat(50_000), jobs.replace("j1000: {}", ""));
    let steps = job(&format!("steps:\n{}", "- run: x\n".repeat(1001)));
    for text in [steps, format!("jobs:\n{jobs}"), commands, job(&format!("env:\n{variables}")), shared] {
        assert!(workflow::read("x.yml", &yaml::read(&text).unwrap()).is_err(), "{}", &text[..100]);
    }
}
