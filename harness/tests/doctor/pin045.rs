//! The workflow that PIN-045 describes: each of its four failures is reported before the run, none once it is fixed.

use gatecrash::doctor::{Finding, Severity, workflow_files};

use crate::fixture;

fn found(state: &str) -> Vec<Finding> {
    let file = fixture(&format!("pin-045/{state}/.github/workflows/ci.yml"));
    let (workflows, others) = workflow_files::workflows(&[file]).unwrap();
    assert!(others.is_empty());
    assert_eq!(workflows[0].jobs.len(), 11);
    workflow_files::check(&workflows).unwrap()
}

#[track_caller]
fn one<'a>(findings: &'a [Finding], rule: &str) -> &'a Finding {
    let mut of_rule = findings.iter().filter(|finding| finding.rule == rule);
    let first = of_rule.next().unwrap_or_else(|| panic!("no {rule} in {findings:#?}"));
    assert_eq!(of_rule.next(), None);
    first
}

fn line(finding: &Finding) -> String {
    let text = std::fs::read_to_string(finding.file.as_ref().unwrap()).unwrap();
    text.lines().nth(finding.line.unwrap() as usize - 1).unwrap().trim().to_owned()
}

#[test]
fn every_failure_is_told_before_the_run() {
    let findings = found("before");
    // 1. The race: nothing that a workflow file could prove, so a note.
    let race = one(&findings, "race-not-explored");
    assert_eq!((race.level, line(race).as_str()), (Severity::Note, "- name: Integration tests"));
    // 2. The secret that overrides the service.
    let secret = one(&findings, "redis-from-secret");
    assert_eq!(secret.level, Severity::Error);
    assert_eq!(line(secret), "UPSTASH_REDIS_URL: ${{ secrets.UPSTASH_REDIS_URL }}");
    assert!(secret.fix.contains("redis://localhost:6379/0"), "{}", secret.fix);
    // 3. The worker whose output is held back, and whom nobody asks whether it is up.
    let buffered = one(&findings, "background-buffered");
    assert_eq!(buffered.level, Severity::Warning);
    assert_eq!(line(buffered), "nohup python -m app.worker.pool > worker.log 2>&1 &");
    assert_eq!(one(&findings, "background-unchecked").line, buffered.line);
    // 4. The stub server without mappings.
    let stub = one(&findings, "stub-without-mappings");
    assert_eq!(
        (stub.level, line(stub).as_str()),
        (Severity::Error, "docker run -d --name wiremock -p 8080:8080 \\")
    );
    assert!(stub.message.contains("tools/wiremock"), "{}", stub.message);
}

#[test]
fn nothing_is_left_once_it_is_fixed() {
    let findings = found("after");
    assert!(findings.iter().all(|finding| finding.level == Severity::Note), "{findings:#?}");
    assert_eq!(findings, []);
}
