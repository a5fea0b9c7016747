//! `gatecrash doctor` by itself: this machine, this process, and the Redis that a run would use.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::args::Common;
use super::super::plan;
use super::super::problem::Problem;
use crate::base::exit::Exit;
use crate::doctor::machine::{self, MachineState};
use crate::doctor::{Diagnosis, Fact, Finding, Severity, leftovers, server, surroundings};
use crate::redis::{OpenError, Server, Target, TargetSource};

/// Looks at everything. Beside the diagnosis: how to end if there is nothing worse in it.
pub(super) fn examine(common: &Common) -> Result<(Diagnosis, Exit), Problem> {
    let target = plan::target(common)?;
    let (mut facts, mut findings, ended) = examine_server(&target);
    let machine = MachineState::read();
    facts.extend(machine.facts());
    findings.extend(machine.findings());
    facts.extend(machine::process(|variable| std::env::var_os(variable).is_some()));
    findings.extend(surroundings::unused(&surroundings::of_the_environment()));
    match surroundings::of_the_file(Path::new(".")) {
        Ok(variables) => findings.extend(surroundings::unused(&variables)),
        Err(error) => findings.push(Finding {
            file: Some(surroundings::ENV_FILE.into()),
            ..Finding::new("unreadable", Severity::Note, error.to_string(), "gatecrash does not need it")
        }),
    }
    Ok((Diagnosis::new(findings).with_facts(facts), ended))
}

fn examine_server(target: &Target) -> (Vec<Fact>, Vec<Finding>, Exit) {
    let mut facts = vec![server::choice(target)];
    let server = match Server::open(target) {
        Ok(server) => server,
        Err(why) => {
            // A private server is started where there is one; a node of a cluster was reached.
            let ended = if matches!(why, OpenError::Given(_)) { Exit::Unavailable } else { Exit::Ok };
            return (facts, vec![server::unusable(&why)], ended);
        }
    };
    match server::look(&server) {
        Ok((more, findings)) => {
            facts.extend(more);
            (facts, findings, Exit::Ok)
        }
        Err(why) if server.is_private() => (facts, vec![server::missing(&why.to_string())], Exit::Ok),
        Err(why) => (facts, vec![server::unreachable(&why.to_string())], Exit::Unavailable),
    }
}

/// Removes what killed runs left on the server that was named.
pub(super) fn clean_up(common: &Common, interrupted: &AtomicBool) -> Result<(Diagnosis, Exit), Problem> {
    let target = plan::target(common)?;
    if target.source() == TargetSource::Private {
        return Err(Problem::Usage(
            "--clean-up needs a server: name it with --redis or GATECRASH_REDIS_URL".into(),
        ));
    }
    let server = Server::open(&target)?;
    let stop = || interrupted.load(Ordering::Relaxed);
    let (removed, findings) = leftovers::clean_up(&server, stop).map_err(crate::world::error::Error::from)?;
    let facts = [vec![server::choice(&target)], removed].concat();
    Ok((Diagnosis::new(findings).with_facts(facts), Exit::Ok))
}
