//! The service connectivity matrix.

use gatecrash::doctor::matrix::{self, Reached, ServiceKind};
use gatecrash::doctor::workflow_files;

use crate::{fixture, job, read};

#[test]
fn the_matrix_of_pin_045_tells_where_each_job_goes() {
    let (workflows, _) = workflow_files::workflows(&[fixture("pin-045/before/.github/workflows")]).unwrap();
    let rows = matrix::of(&workflows);
    let told: Vec<_> =
        rows.iter().map(|row| (row.job.as_str(), row.service.as_str(), row.kind, row.reached)).collect();
    let expected = [
        ("migration-check", "postgres", ServiceKind::Container, Reached::Yes),
        ("e2e-tests", "postgres", ServiceKind::Container, Reached::Yes),
        ("integration", "redis", ServiceKind::Container, Reached::No),
        ("integration", "secret UPSTASH_REDIS_URL", ServiceKind::Remote, Reached::Unknown),
    ];
    assert_eq!(told, expected);
    assert_eq!(rows[0].value.as_deref(), Some("postgresql://***@localhost:5432/app"));
    let (workflows, _) = workflow_files::workflows(&[fixture("pin-045/after/.github/workflows")]).unwrap();
    let last = matrix::of(&workflows).pop().unwrap();
    assert_eq!(
        (last.service.as_str(), last.kind, last.reached),
        ("redis", ServiceKind::Container, Reached::Yes)
    );
    assert_eq!((last.variable.as_deref(), last.source), (Some("REDIS_URL"), Some("job env")));
}

#[test]
fn the_table_fits_and_tells_no_password() {
    let long = "x".repeat(60);
    let text = job(&format!(
        "services:\n  {long}:\n    image: redis\n    ports: ['6379:6379']\nenv:\n  REDIS_URL: redis://user:hunter2@localhost:6379/0\nsteps:\n- run: pytest\n"
    ));
    let rows = matrix::of(&[read(&text)]);
    let table = matrix::table(&rows, 80);
    assert!(table.lines().all(|line| line.len() <= 80), "{table}");
    assert!(!format!("{table}{rows:?}").contains("hunter2"));
    assert_eq!(matrix::table(&[], 80).lines().count(), 1);
}
