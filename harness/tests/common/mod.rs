//! What several test files build their worlds from.

use gatecrash::world::scenario::{ClientSpec, OnReject, OperationKind, Property, Scenario};
use gatecrash_limiter::algorithm;

/// A scenario of clients named A, B, ….
pub(crate) fn scenario(
    programs: &[Vec<OperationKind>],
    limit: u64,
    repeat: u32,
    on_reject: OnReject,
) -> Scenario {
    let clients = programs.iter().zip('A'..);
    Scenario {
        name: "test".into(),
        path: None,
        title: "test".into(),
        why: "test".into(),
        limit,
        limiters: algorithm::built_in(),
        clients: clients
            .map(|(program, name)| ClientSpec { name: name.into(), program: program.clone() })
            .collect(),
        on_reject,
        repeat,
        key: "slots".into(),
        lease: None,
        properties: vec![Property::OverAdmission],
        schedules: Vec::new(),
        explore: None,
    }
}
